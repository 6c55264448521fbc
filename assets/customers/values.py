"""One value of a column: what type it is of, and whether it is far from the others."""

from __future__ import annotations

import math
import re
from datetime import date

import numpy as np
from numpy.typing import NDArray

from assets.customers.params import ColumnPolicy

_TRUE = frozenset({"yes", "y", "true", "t", "1", "on"})
_FALSE = frozenset({"no", "n", "false", "f", "0", "off"})
_NUMBER = re.compile(r"[-+]?(\d[\d,]*\.?\d*|\.\d+)([eE][-+]?\d+)?")
_UNIT = re.compile(r"^[^\d+.-]*|[^\d.]*$")
_MAD_OF_NORMAL = 0.6745
"""Median absolute deviation of a normal distribution, in its standard deviations."""


def value_of(text: str | None, policy: ColumnPolicy) -> tuple[str | float | None, str | None]:
    """Return a value as its column's type has it, and what is wrong with it; a wrong one is no value.

    Numbers may have a unit or a currency around them and commas between their thousands; a date is ISO 8601, with or
    without joints, and comes back as such.

    >>> value_of("$1,234.50", ColumnPolicy(type="number")), value_of("19080419", ColumnPolicy(type="date"))
    ((1234.5, None), ('1908-04-19', None))
    >>> value_of("Yes", ColumnPolicy(type="boolean")), value_of("abc", ColumnPolicy(type="number"))
    ((1.0, None), (None, 'wrong_type'))
    """
    said = " ".join(text.split()) if text else ""
    if not said:
        return None, None
    found: str | float | None = said
    if policy.type == "number":
        found = _number(said)
    elif policy.type == "boolean":
        found = 1.0 if said.casefold() in _TRUE else 0.0 if said.casefold() in _FALSE else None
    elif policy.type == "date":
        found = _date(said)
    if found is None:
        return None, "wrong_type"
    low, high = policy.minimum, policy.maximum
    if isinstance(found, float) and ((low is not None and found < low) or (high is not None and found > high)):
        return None, "out_of_range"
    return found, None


def _number(said: str) -> float | None:
    bare = _UNIT.sub("", said)
    if not _NUMBER.fullmatch(bare):
        return None
    found = float(bare.replace(",", ""))
    return found if math.isfinite(found) else None


def _date(said: str) -> str | None:
    try:
        return date.fromisoformat(said[:10] if "-" in said else said).isoformat()
    except ValueError:
        return None


def far(values: NDArray[np.float64], policy: ColumnPolicy) -> tuple[float, float] | None:
    """Return the bounds beyond which a number is an outlier; null where the others do not differ enough to tell.

    `mad`: the median and 3.5 modified z-scores, .6745 (x - median) / MAD, to both sides (Iglewicz and Hoaglin, "How
    to Detect and Handle Outliers", ASQC 1993). `iqr`: 1.5 quartile ranges beyond the quartiles (Tukey, "Exploratory
    Data Analysis", 1977). Where more than half of the values are equal, the MAD is 0 and says nothing: all others would
    be outliers.

    >>> far(np.array([1.0, 2.0, 3.0, 4.0, 100.0]), ColumnPolicy(type="number", rule="iqr"))
    (-1.0, 7.0)
    """
    if not len(values):
        return None
    if policy.rule == "iqr":
        first, third = np.quantile(values, [0.25, 0.75])
        reach, low, high = (policy.cutoff or 1.5) * (third - first), first, third
    else:
        low = high = np.median(values)
        reach = (policy.cutoff or 3.5) * np.median(np.abs(values - low)) / _MAD_OF_NORMAL
    return (float(low - reach), float(high + reach)) if reach > 0 else None
