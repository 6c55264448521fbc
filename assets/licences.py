"""What a licence asks, read from its SPDX expression; and what licence a text made from others has.

Which ids exist, and which family each is of, says the index of ScanCode's LicenseDB that `license-expression` ships.
The terms of a licence that is nobody else's (`LicenseRef-...`) are stated in the settings. What is not known is denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, reduce
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

UNKNOWN = "unknown"
_OWN = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
"""A licence outside the SPDX list, as the specification's annex on expressions spells it."""
_FREE = frozenset({"Permissive", "Copyleft", "Copyleft Limited", "Public Domain"})
"""Families whose licences allow commercial use; what is source-available or proprietary is taken not to."""


class Terms(BaseModel):
    """What a licence allows and asks of whoever passes on what was made from the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commercial: bool = Field(default=False, description="Whether it may be used commercially.")
    derivatives: bool = Field(default=True, description="Whether what is made from it may be passed on.")
    attribution: bool = Field(default=True, description="Whether its authors must be named.")
    share_alike: bool = Field(default=False, description="Whether what is made from it must bear the same licence.")

    def both(self, other: Terms) -> Terms:
        """Return what holds where both licences do."""
        return Terms(
            commercial=self.commercial and other.commercial,
            derivatives=self.derivatives and other.derivatives,
            attribution=self.attribution or other.attribution,
            share_alike=self.share_alike or other.share_alike,
        )

    @property
    def freedom(self) -> int:
        """How much is allowed and how little asked; of licences to choose from the freest is chosen."""
        return 8 * self.commercial + 4 * self.derivatives + 2 * (not self.share_alike) + (not self.attribution)


Own = Mapping[str, Terms]
"""The terms of licences that are on no list, by their ids."""
_NONE: Own = MappingProxyType({})


def terms_of(expression: str | None, own: Own = _NONE) -> Terms | None:
    """Return what a licence expression comes to; null where any licence in it is not known.

    >>> terms_of("CC-BY-NC-4.0").commercial, terms_of("CC-BY-SA-4.0").share_alike, terms_of("free for all")
    (False, True, None)
    >>> terms_of("MIT AND CC-BY-NC-4.0").commercial, terms_of("MIT OR CC-BY-NC-4.0").commercial
    (False, True)
    """
    parsed = _parsed(expression)
    return None if parsed is None else _terms(parsed, own)


def strictest(expressions: Iterable[str | None]) -> str | None:
    """Return the licence of what was made from texts under these: all of them hold (SPDX `AND`).

    Of an unknown one it stays unknown, and so stays what is made from it.

    >>> strictest(["CC-BY-4.0", "mit", "CC-BY-4.0", "MIT AND CC0-1.0"])
    'CC-BY-4.0 AND MIT AND CC0-1.0'
    >>> strictest(["CC-BY-4.0", None]), strictest(["CC-BY-4.0"])
    ('unknown', 'CC-BY-4.0')
    """
    distinct = list(dict.fromkeys(expressions))
    if len(distinct) < 2:
        return distinct[0] if distinct else None
    parsed = [_parsed(expression) for expression in distinct]
    known = [part for part in parsed if part is not None]
    if len(known) < len(parsed):
        return UNKNOWN
    parts = [part for whole in known for part in (whole.args if _is(whole, "AND") else (whole,))]
    return " AND ".join(dict.fromkeys(f"({part})" if _is(part, "OR") else str(part) for part in parts))


def inherited(pairs: pa.Table) -> pa.Table:
    """Give every pair the licence that its own and those of its parents in the table come to.

    Args:
        pairs: A table with `pair_id`, `parent_ids` and `licence`.
    """
    rows = pairs.select(["pair_id", "parent_ids", "licence"]).to_pylist()
    own = {row["pair_id"]: row for row in rows}
    if not any(row["parent_ids"] for row in rows):
        return pairs
    licences = [strictest(_line_of(row, own)) for row in rows]
    at = pairs.schema.get_field_index("licence")
    return pairs.set_column(at, pairs.schema.field(at), pa.array(licences, pa.string()))


def _line_of(row: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]) -> list[str | None]:
    """Return the licences of a pair and of all it was made from, its own first."""
    found, waiting = {}, [row]
    while waiting:
        one = waiting.pop()
        if one["pair_id"] not in found:
            found[one["pair_id"]] = one["licence"]
            waiting += [own[parent] for parent in reversed(one["parent_ids"] or ()) if parent in own]
    return list(found.values())


@cache
def _spdx() -> Any:
    from license_expression import get_spdx_licensing  # its index takes a tenth of a second to read

    return get_spdx_licensing()


@cache
def _families() -> dict[str, str]:
    from license_expression import get_license_index

    listed = (entry for entry in get_license_index() if "spdx_license_key" in entry)
    return {entry["spdx_license_key"]: entry["category"] for entry in listed}


@cache
def _parsed(expression: str | None) -> Any:
    """Return an expression parsed, its ids spelled as SPDX does; null where it is none or an id is unknown."""
    from license_expression import ExpressionError, ExpressionParseError

    if not expression or not expression.strip():
        return None
    try:
        parsed = _spdx().parse(expression)
    except (ExpressionError, ExpressionParseError):
        return None
    unknown = _spdx().unknown_license_keys(parsed)
    return None if any(not _OWN.fullmatch(key) for key in unknown) else parsed


def _is(parsed: Any, operator: str) -> bool:
    return bool(getattr(parsed, "operator", "").strip() == operator)


def _terms(parsed: Any, own: Own) -> Terms | None:
    if hasattr(parsed, "args") and parsed.args:
        parts = [_terms(part, own) for part in parsed.args]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return reduce(Terms.both, known) if _is(parsed, "AND") else max(known, key=lambda terms: terms.freedom)
    key = getattr(parsed, "license_symbol", parsed).key  # of a licence with an exception the licence counts
    return own.get(key) or _listed(key)


def _listed(key: str) -> Terms | None:
    """Return the terms of a licence on the SPDX list; Creative Commons says NC and ND in the name itself."""
    family, parts = _families().get(key), key.split("-")
    if family is None:
        return None
    return Terms(
        commercial=family in _FREE and "NC" not in parts,
        derivatives="ND" not in parts,
        attribution=family != "Public Domain" and key not in ("0BSD", "MIT-0"),
        share_alike=family.startswith("Copyleft") or "SA" in parts,
    )
