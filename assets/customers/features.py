"""What may be known of customers outside the restricted zone (TabularDataProcessor, second half)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from assets import tables
from assets.customers.anonymity import UNKNOWN, anonymous, bands, common
from assets.customers.params import CustomersParams
from assets.ledger import Ledger, Published

_MONTH = 365.25 / 12
CONTACT = ("customer_id", "created_at", "channel")
"""What is read of a record."""


def customer_features(clean: pa.Table, records: pa.Table, params: CustomersParams) -> Published:
    """Engineer the features of every customer: how long, how often, how lately, in which groups.

    All is measured up to one stated moment, never a clock's. Whole months and weeks, bands instead of numbers; a
    combination of groups held by fewer than `min_group` customers becomes 'other', column by column (k-anonymity by
    local recoding, Sweeney, "k-Anonymity: A Model for Protecting Privacy", 2002), and so does a rare value of a
    feature. Of fewer customers than that no groups and features are told.

    Args:
        clean: A table in the form of `tables.CLEAN_CUSTOMERS`.
        records: Records with the columns of `CONTACT`.
        params: The knobs of the room.
    """
    ledger, rows = Ledger.of(clean, key="customer_id"), clean.to_pylist()
    contacts = records.select(CONTACT).to_pylist()
    dated = [c["created_at"] for c in contacts if c["created_at"]]
    as_of = _end_of(params) if params.as_of else max(dated, default=None)
    own = _by_person(rows, contacts, as_of)
    reach = min((moment for moment in dated), default=None)
    groups, features = _coarse(rows, params, as_of)
    made = [
        {
            "customer_id": row["customer_id"],
            "merged_ids": row["merged_ids"],
            "as_of": as_of,
            **_behaviour(row["since"], own[row["customer_id"]], reach, as_of, params),
            "groups": [{"name": name, "value": value} for name, value in groups[n].items()],
            "features": [{"name": name, "value": value} for name, value in features[n].items()],
        }
        for n, row in enumerate(rows)
    ]
    return ledger.close(tables.CUSTOMER_FEATURES.of(made), key="customer_id")


def _end_of(params: CustomersParams) -> datetime | None:
    return datetime.combine(params.as_of, time.max, UTC) if params.as_of else None


def _by_person(
    rows: Sequence[Mapping[str, Any]], contacts: Sequence[Mapping[str, Any]], as_of: datetime | None
) -> dict[str, list[Mapping[str, Any]]]:
    """Return each customer's contacts up to the moment, those of the person's other rows included."""
    person = {id_: row["customer_id"] for row in rows for id_ in (row["customer_id"], *row["merged_ids"])}
    own: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for contact in contacts:
        who, when = person.get(contact["customer_id"]), contact["created_at"]
        if who is not None and when is not None and as_of is not None and when <= as_of:
            own[who].append(contact)
    return own


def _behaviour(
    since: datetime | None,
    contacts: Sequence[Mapping[str, Any]],
    reach: datetime | None,
    as_of: datetime | None,
    params: CustomersParams,
) -> dict[str, Any]:
    """Return tenure, frequency, recency and what they come to.

    Frequency is measured over the window, or as much of it as both the records and the customer have been there.
    """
    times = sorted(c["created_at"] for c in contacts)
    joined = min([*([since] if since else []), *times[:1]], default=None)
    if as_of is None:
        return {"contacts": 0, "segment": "silent"}
    opened = as_of - timedelta(days=params.window_days)
    span = as_of - max(moment for moment in (opened, reach, joined) if moment is not None)
    recent = sum(moment > opened for moment in times)
    months = max(1.0, span / timedelta(days=_MONTH))
    tenure = _whole(as_of - joined, _MONTH) if joined and joined <= as_of else None
    frequency = round(recent / months, 2)
    channels = Counter(c["channel"] for c in contacts if c["channel"])
    return {
        "tenure_months": tenure,
        "contacts": len(times),
        "frequency": frequency,
        "recency_weeks": _whole(as_of - times[-1], 7) if times else None,
        "channel": min(channels, key=lambda name: (-channels[name], name), default=None),
        "segment": _segment(tenure, recent, frequency, params),
    }


def _whole(span: timedelta, days: float) -> int:
    return int(span / timedelta(days=days))


def _segment(tenure: int | None, recent: int, frequency: float, params: CustomersParams) -> str:
    """Return the one word review routing and classification may go by.

    >>> [_segment(t, n, f, CustomersParams()) for t, n, f in ((40, 0, 0.0), (1, 2, 2.0), (40, 9, 1.5), (40, 2, 0.2))]
    ['silent', 'new', 'frequent', 'occasional']
    """
    if not recent:
        return "silent"
    if tenure is not None and tenure < params.new_months:
        return "new"
    return "frequent" if frequency >= params.frequent else "occasional"


def _coarse(
    rows: Sequence[Mapping[str, Any]], params: CustomersParams, as_of: datetime | None
) -> tuple[list[dict[str, str]], list[dict[str, float]]]:
    """Return by customer the groups, and the features encoded as numbers: ranks of what has an order, else one-hot."""
    used = {name: policy for name, policy in params.columns.items() if policy.use != "none"}
    if len(rows) < params.min_group:
        return [{} for _ in rows], [{} for _ in rows]
    cells = [{c["name"]: c["number"] if c["text"] is None else c["text"] for c in row["cells"]} for row in rows]
    columns: dict[str, list[str]] = {}
    ranks: dict[str, dict[str, int]] = {}
    for name, policy in used.items():
        values = [row.get(name) for row in cells]
        if policy.type in ("number", "date"):
            columns[name], ranks[name] = bands(values, policy, as_of, k=params.min_group)
        else:
            columns[name] = [_word(value) for value in values]
            ordered = ("no", "yes") if policy.type == "boolean" else policy.order
            ranks[name] = {word: rank for rank, word in enumerate(ordered)}
    shown = anonymous({n: columns[n] for n, policy in used.items() if policy.use == "group"}, params.min_group)
    every = {**{n: common(columns[n], params.min_group) for n in used}, **shown}
    codes = {name: _codes(name, column, ranks[name]) for name, column in every.items()}
    groups = [{name: column[n] for name, column in shown.items()} for n in range(len(rows))]
    return groups, [_merged(codes[name][column[n]] for name, column in every.items()) for n in range(len(rows))]


def _codes(name: str, column: Sequence[str], ranks: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Return by value what it is encoded as: its rank (what has none says nothing), or one-hot."""
    words = sorted(set(column))
    if ranks:
        return {word: {name: float(ranks[word])} if word in ranks else {} for word in words}
    return {word: {f"{name}={other}": float(word == other) for other in words} for word in words}


def _merged(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    return {name: value for part in parts for name, value in part.items()}


def _word(value: str | float | None) -> str:
    if value is None:
        return UNKNOWN
    return value if isinstance(value, str) else "yes" if value else "no"
