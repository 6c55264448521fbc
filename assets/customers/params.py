"""The knobs of the tabular line: what becomes of each column, and when two rows are one customer."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Known = Literal["name", "email", "phone", "address", "account", "birth_date", "card", "other"]


class _Knobs(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnPolicy(_Knobs):
    """What becomes of one attribute of the customers, from its text to its feature."""

    type: Literal["text", "category", "number", "date", "boolean"] = Field(
        default="text", description="What its values are; one that is none is cleared and flagged (wrong_type)."
    )
    missing: Literal["keep", "drop", "median", "mode", "constant"] = Field(
        default="keep", description="What becomes of a missing value: it stays, its row goes, or it is filled."
    )
    constant: str | None = Field(default=None, description="What fills it, under `missing: constant`.")
    minimum: float | None = Field(default=None, description="Least number there can be; less is cleared and flagged.")
    maximum: float | None = Field(default=None, description="Greatest number there can be; more is cleared.")
    outliers: Literal["keep", "flag", "winsorise"] = Field(
        default="flag", description="What becomes of a number far from the others; pulled in, it is flagged too."
    )
    rule: Literal["mad", "iqr"] = Field(
        default="mad",
        description="What is far: a modified z-score (Iglewicz and Hoaglin 1993), or a distance in quartile ranges "
        "from the quartiles (Tukey 1977).",
    )
    cutoff: float | None = Field(default=None, gt=0, description="How far; 3.5 for mad and 1.5 for iqr if not given.")
    match: bool = Field(default=False, description="Whether it tells people apart, and so who is there twice.")
    use: Literal["none", "feature", "group"] = Field(
        default="none", description="Whether it becomes a feature, and tells groups of people apart (demographics)."
    )
    bands: int | tuple[float, ...] = Field(
        default=4, description="Bands of a number, or of a date's age in years: how many of equal size, or their edges."
    )
    order: tuple[str, ...] = Field(default=(), description="Categories from low to high; encoded by rank.")

    @model_validator(mode="after")
    def _makes_sense(self) -> ColumnPolicy:
        if (self.missing == "constant") != (self.constant is not None):
            raise ValueError("`constant` goes with `missing: constant`")
        if self.missing == "median" and self.type not in ("number", "boolean"):
            raise ValueError("only a number has a median")
        if self.use != "none" and self.type == "text":
            raise ValueError("a text is no feature; say category, number, date or boolean")
        if not isinstance(self.bands, int) and list(self.bands) != sorted(set(self.bands)):
            raise ValueError("the edges of `bands` rise")
        return self


class Level(_Knobs):
    """A degree to which two values agree."""

    at_least: float = Field(ge=0, le=1, description="Similarity from which on values stand on it.")
    m: float = Field(gt=0, lt=1, description="Share of pairs of rows of one person that stand on it.")


class MatchingParams(_Knobs):
    """When two rows are about one person (Fellegi and Sunter)."""

    known: tuple[Known, ...] = Field(
        default=("name", "email", "phone", "address", "birth_date"),
        description="What is known of a person that is compared, beside the columns of `match: true`. An account "
        "number is none: one person's two rows have two.",
    )
    levels: tuple[Level, ...] = Field(
        default=(
            Level(at_least=1.0, m=0.85),
            Level(at_least=0.85, m=0.08),
            Level(at_least=0.7, m=0.03),
            Level(at_least=0.0, m=0.04),
        ),
        min_length=2,
        description="Degrees of agreement, from equal to nothing in common, and how often one person's rows show each.",
    )
    own: tuple[str, ...] = Field(
        default=("name", "birth_date"),
        description="Fields that are a person's own and not a household's: rows that both state some, and are alike in "
        "none of them, are two people whatever else they share.",
    )
    expected: float = Field(default=0.1, gt=0, le=5, description="Duplicate pairs expected, as a share of the rows.")
    certainty: float = Field(default=0.99, gt=0.5, lt=1, description="Least probability of a match.")
    max_block: int = Field(default=60, ge=2, description="A key that more rows share brings none of them together.")


class CustomersParams(_Knobs):
    """How customers are cleaned, and what may be known of them outside the restricted zone."""

    columns: dict[str, ColumnPolicy] = Field(
        default={}, description="By attribute of the sources what becomes of it; without a policy it stays a text."
    )
    matching: MatchingParams = Field(default=MatchingParams(), description="When two rows are about one person.")
    as_of: date | None = Field(
        default=None, description="End of the day (UTC) the features speak of; null is the moment of the last record."
    )
    window_days: int = Field(default=365, ge=1, description="Days before that over which frequency is measured.")
    new_months: int = Field(default=3, ge=0, description="Months of tenure below which a customer is new.")
    frequent: float = Field(default=1.0, gt=0, description="Contacts a month from which on a customer is frequent.")
    min_group: int = Field(
        default=5, ge=2, description="k: fewest customers who share a combination of groups, or the value of a feature."
    )
