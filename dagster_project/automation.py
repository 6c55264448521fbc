"""When a refinery acts by itself: its knobs, and what was tried for a difference and how often. Knows no Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

AT_ONCE = "at_once"


class AutomationParams(BaseModel):
    """What schedule and sensors do; times are cron expressions."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    running: bool = Field(default=True, description="Whether schedule and sensors start switched on.")
    nightly: str = Field(default="0 2 * * *", description="When every source row is compared with the lake.")
    timezone: str = Field(default="UTC", description="Time zone of the times here (IANA name).")
    every_seconds: int = Field(default=30, ge=5, description="Seconds between two looks at the desk for new tickets.")
    dataset: Literal["nightly", "at_once"] = Field(
        default="nightly", description="When new pairs enter the dataset: after the night's refresh, or at once."
    )
    tuning: str | None = Field(
        default="0 4 * * 0",
        description="When a changed release is trained on: a time, at_once, or null for new examples only.",
    )
    tuning_new_examples: int | None = Field(
        default=1000, ge=1, description="New examples after which training does not wait for its time; null waits."
    )
    attempts: int = Field(
        default=5, ge=1, description="Runs that may fail, or change nothing, on one difference before it is given up."
    )
    backoff_seconds: int = Field(default=120, ge=0, description="Wait after a run in vain; doubles with every one.")

    @field_validator("nightly", "tuning")
    @classmethod
    def _is_a_time(cls, value: str | None, info: ValidationInfo) -> str | None:
        from dagster._utils.schedules import is_valid_cron_string  # what the schedule itself will ask

        at_once = value == AT_ONCE and info.field_name == "tuning"
        if value is not None and not at_once and not is_valid_cron_string(value):
            raise ValueError("not a cron expression, such as '0 2 * * *'")
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"unknown time zone '{name}'") from None
        return name


@dataclass(frozen=True)
class Attempt:
    """One earlier run for a difference; `ended_at` in Unix seconds, None while it is queued or under way."""

    ended_at: float | None


@dataclass(frozen=True)
class Decision:
    """Whether to ask for a run now: the number of the attempt, or why not."""

    attempt: int
    wait: str | None = None
    given_up: bool = False


def decide(past: Sequence[Attempt], now: float, params: AutomationParams) -> Decision:
    """Decide whether a difference that is still there is worth another run.

    A run that mends a difference makes it go away, so all that ended before failed or changed nothing.

    >>> decide([], 0.0, AutomationParams())
    Decision(attempt=1, wait=None, given_up=False)
    >>> decide([Attempt(100.0)], 130.0, AutomationParams(backoff_seconds=60)).wait
    'attempt 1 was in vain; the next one in 30 s'
    >>> decide([Attempt(100.0)] * 5, 9e9, AutomationParams(attempts=5)).given_up
    True
    """
    attempt = len(past) + 1
    if any(a.ended_at is None for a in past):
        return Decision(attempt, "its run is queued or under way")
    if not past:
        return Decision(attempt)
    if len(past) >= params.attempts:
        return Decision(attempt, f"given up after {len(past)} runs in vain; look at the last one", given_up=True)
    due = max(a.ended_at or 0.0 for a in past) + params.backoff_seconds * 2 ** (len(past) - 1)
    if now < due:
        return Decision(attempt, f"attempt {len(past)} was in vain; the next one in {due - now:.0f} s")
    return Decision(attempt)
