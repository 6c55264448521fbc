"""Knobs a person turns for one run: a room's parameters, each optional, in Dagster's launchpad."""

import json
from typing import Any, TypeVar

import dagster as dg
from pydantic import BaseModel, Field, ValidationError, create_model

from assets.errors import RefineryError

Params = TypeVar("Params", bound=BaseModel)
_PLAIN = (int, float, str, bool)
TRAIN = "train"
"""The knob that trains an approach in one run, though the settings do not choose it."""


def knobs(params: type[BaseModel], *, trained: bool = False) -> type[dg.Config]:
    """Return the run configuration of a room's parameters: those that are plain values, each optional.

    The settings file says what they are by default; a knob left alone keeps that.

    Args:
        params: The parameters.
        trained: Whether they are of an approach, which a run may train whatever the settings choose.
    """
    fields: dict[str, Any] = {
        name: (plain | None, Field(default=None, description=field.description))
        for name, field in params.model_fields.items()
        if (plain := _plain(field.annotation)) is not None
    }
    if trained:
        fields[TRAIN] = (bool | None, Field(default=None, description="Train it in this run, chosen or not."))
    return create_model(f"{params.__name__}Knobs", __base__=dg.Config, __doc__=params.__doc__, **fields)


def turned(config: dg.Config, params: Params) -> tuple[Params, str]:
    """Return the parameters with a run's knobs turned, and what was turned, as JSON ('' for nothing).

    Raises:
        RefineryError: A knob was turned beyond its bounds.
    """
    chosen = {name: value for name, value in config.model_dump().items() if value is not None}
    if not chosen:
        return params, ""
    try:
        own = {name: value for name, value in chosen.items() if name in type(params).model_fields}
        changed = type(params).model_validate({**params.model_dump(), **own})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefineryError(f"run configuration, {where}", first["msg"], "turn it back into its bounds") from None
    return changed, json.dumps(chosen, sort_keys=True)


def _plain(annotation: Any) -> type | None:
    """Return int, float, str or bool where the annotation is one of them, or one of them or None."""
    options = [a for a in getattr(annotation, "__args__", (annotation,)) if a is not type(None)]
    return options[0] if len(options) == 1 and options[0] in _PLAIN else None
