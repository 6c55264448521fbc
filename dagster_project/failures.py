"""Errors a person can read and that quote nothing: neither in Dagster's storage nor on the terminal."""

import contextlib
import functools
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from assets.errors import RefineryError


@contextlib.contextmanager
def plain_words() -> Iterator[None]:
    """Turn a RefineryError into a failure that is not retried, its cause left out."""
    try:
        yield
    except RefineryError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def plainly(asset: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Let an asset's body fail in plain words."""

    @functools.wraps(asset)
    def body(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with plain_words():
            yield from asset(*args, **kwargs)

    return body


class _PlacesOnly(logging.Formatter):
    """Says where an error arose and of which type; its message may quote a row, so it stays unsaid."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        while error and error.__cause__ and error.__cause__.__traceback__:  # below what Dagster wrapped around it
            error = error.__cause__
        frames = traceback.extract_tb(error.__traceback__)[-4:] if error else []
        places = " < ".join(f"{f.filename}:{f.lineno} ({f.name})" for f in reversed(frames))
        return f"{record.getMessage()}: {type(error).__name__} at {places}"


def redact() -> None:
    """Keep messages of unforeseen errors out of Dagster's storage and of this process's output."""
    os.environ.setdefault("DAGSTER_REDACT_USER_CODE_ERRORS", "1")
    logger = logging.getLogger("dagster.redacted_errors")
    handler = logging.StreamHandler()
    handler.setFormatter(_PlacesOnly())
    # A dg.Failure says what a person needs, by our own words, and is shown by Dagster itself.
    handler.addFilter(lambda record: not (record.exc_info and record.exc_info[0] is dg.Failure))
    logger.handlers, logger.propagate = [handler], False
