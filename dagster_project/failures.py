"""Errors a person can read and that quote nothing: neither in Dagster's storage nor on the terminal."""

import functools
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from assets.errors import RefineryError


def plainly(asset: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Turn a RefineryError of an asset's body into a failure that is not retried, its cause left out."""

    @functools.wraps(asset)
    def body(*args: Any, **kwargs: Any) -> Iterator[Any]:
        try:
            yield from asset(*args, **kwargs)
        except RefineryError as error:
            raise dg.Failure(str(error), allow_retries=False) from None

    return body


class _PlacesOnly(logging.Formatter):
    """Says where an error arose and of which type; its message may quote a row, so it stays unsaid."""

    def format(self, record: logging.LogRecord) -> str:
        kind, _, trace = record.exc_info or (None, None, None)
        frames = traceback.extract_tb(trace)[-4:]
        places = " < ".join(f"{f.filename}:{f.lineno} ({f.name})" for f in reversed(frames))
        return f"{record.getMessage()}: {kind.__name__ if kind else 'error'} at {places}"


def redact() -> None:
    """Keep messages of unforeseen errors out of Dagster's storage and of this process's output."""
    os.environ.setdefault("DAGSTER_REDACT_USER_CODE_ERRORS", "1")
    logger = logging.getLogger("dagster.redacted_errors")
    handler = logging.StreamHandler()
    handler.setFormatter(_PlacesOnly())
    # A dg.Failure says what a person needs, by our own words, and is shown by Dagster itself.
    handler.addFilter(lambda record: not (record.exc_info and record.exc_info[0] is dg.Failure))
    logger.handlers, logger.propagate = [handler], False
