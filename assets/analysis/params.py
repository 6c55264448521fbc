"""The knobs of analysis: what a pair is reduced to before pairs are compared."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from assets.signature import TELLING_WORDS


class AnalysisParams(BaseModel):
    """What a pair's views and signature are made with; a change here makes them anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    telling_words: tuple[str, ...] = Field(
        default=TELLING_WORDS,
        description="Words (lower case, singular) that keep two pairs apart where their sequence differs, as numbers "
        "and placeholders always do.",
    )
    kept_words: tuple[str, ...] = Field(
        default=("no", "not", "never", "none", "nothing", "without", "cannot", "neither", "nor"),
        description="Stop words that views keep all the same: without them a view would say the opposite.",
    )
