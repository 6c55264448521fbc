"""From what the sources say of customers to typed values, each person once (TabularDataProcessor, first half)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from assets import tables
from assets.customers.matching import clusters, plain
from assets.customers.params import ColumnPolicy, CustomersParams
from assets.customers.values import far, value_of
from assets.errors import RefineryError
from assets.ledger import Ledger, Published

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_TEXT = ColumnPolicy()
Value = str | float | None


@dataclass
class _Row:
    """A customer on the way: what the source said, and what has become of it."""

    said: Mapping[str, Any]
    values: dict[str, Value]
    fields: dict[str, str]
    flags: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.said["customer_id"])

    @property
    def rank(self) -> tuple[int, float, str]:
        """Who stands for a person: the row that says most, then the latest, then the first by id."""
        told = sum(v is not None for v in self.values.values()) + len(self.fields)
        updated = self.said["updated_at"] or self.said["since"] or _LONG_AGO
        return -told, -updated.timestamp(), self.id


def clean_customers(customers: pa.Table, params: CustomersParams) -> Published:
    """Give every value its type, join the rows of one person, and deal with what is missing or far out.

    In this order, so that a gap is first filled by what another row of the person says, and neither a
    wrong value nor a filled one says what is usual. Nothing is changed without a flag.

    Args:
        customers: A table in the form of `tables.CUSTOMERS`.
        params: The knobs of the room.

    Raises:
        RefineryError: A policy is about a column that no customer has.
    """
    ledger = Ledger.of(customers, key="customer_id")
    rows = [_row(said, params) for said in customers.to_pylist()]
    _refuse_unknown(rows, params)
    rows = _persons(rows, params, ledger)
    gone: dict[str, str] = {}
    for name, policy in params.columns.items():
        usual = [row.values[name] for row in rows if row.values[name] is not None]
        _pull_in(rows, name, policy)
        for row in rows:
            if row.values[name] is None and policy.missing == "drop":
                gone.setdefault(row.id, name)
            elif row.values[name] is None and policy.missing != "keep":
                row.values[name] = _usual(usual, policy)
                row.flags.append(f"filled:{name}")
    for id_, name in gone.items():
        ledger.drop(id_, "missing_value", position=name)
    kept = sorted((row for row in rows if row.id not in gone), key=lambda row: row.id)
    return ledger.close(tables.CLEAN_CUSTOMERS.of(_as_row(row) for row in kept), key="customer_id")


def flagged(clean: pa.Table) -> dict[str, int]:
    """Count the values that were changed or doubted, by what:column, most frequent first."""
    counts = Counter(flag for flags in clean.column("flags").to_pylist() for flag in flags)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _row(said: Mapping[str, Any], params: CustomersParams) -> _Row:
    stated = {a["name"]: a["value"] for a in said["attributes"] or ()}
    row = _Row(said, {}, _fields(said, stated, params))
    for name in {**params.columns, **stated}:
        policy = params.columns.get(name, _TEXT)
        row.values[name], fault = value_of(stated.get(name), policy)
        if fault:
            row.flags.append(f"{fault}:{name}")
    return row


def _fields(said: Mapping[str, Any], stated: Mapping[str, str], params: CustomersParams) -> dict[str, str]:
    """Return what tells the person apart: values known of a type joined, and the columns that match."""
    found: dict[str, str] = {}
    for type_ in params.matching.known:
        found[type_] = " ".join(k["value"] for k in said["known"] or () if k["type"] == type_)
    found.update({name: stated.get(name) or "" for name, policy in params.columns.items() if policy.match})
    return {name: text for name, value in found.items() if (text := plain(value))}


def _refuse_unknown(rows: Sequence[_Row], params: CustomersParams) -> None:
    stated = {a["name"] for row in rows for a in row.said["attributes"] or ()}
    if rows and (unknown := sorted(params.columns.keys() - stated)):
        what = f"no customer has a value for {', '.join(unknown)}"
        raise RefineryError("customers.columns", what, "name attributes that a source of customers maps")


def _persons(rows: Sequence[_Row], params: CustomersParams, ledger: Ledger) -> list[_Row]:
    """Join the rows of one person; a gap is filled by the others, best first."""
    persons: dict[int, list[_Row]] = {}
    for row, number in zip(rows, clusters([row.fields for row in rows], params.matching), strict=True):
        persons.setdefault(number, []).append(row)
    found = []
    for person in persons.values():
        first, *others = sorted(person, key=lambda row: row.rank)
        told = dict(first.values)
        for other in others:
            same = other.fields == first.fields and other.values == told
            ledger.merge(other.id, first.id, "exact_duplicate" if same else "fuzzy_duplicate")
            first.merged.append(other.id)
            for name, value in other.values.items():
                if first.values.get(name) is None and value is not None:
                    first.values[name] = value
                    first.flags.append(f"from_duplicate:{name}")
        first.said = {**first.said, **_joined([row.said for row in (first, *others)])}
        found.append(first)
    return found


def _joined(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what holds of a person of several rows: joined with the first, agreed to only what all rows agree on."""
    consents = {row["consent"] for row in rows}
    return {
        "since": min((row["since"] for row in rows if row["since"]), default=None),
        "consent": consents.pop() if len(consents) == 1 else None,
        "language": next((row["language"] for row in rows if row["language"]), None),
    }


def _pull_in(rows: Iterable[_Row], name: str, policy: ColumnPolicy) -> None:
    """Flag the numbers that are far from the others, and pull them in where the policy says so."""
    if policy.type != "number" or policy.outliers == "keep":
        return
    stated = [row for row in rows if row.values[name] is not None]
    bounds = far(np.array([row.values[name] for row in stated], float), policy)
    if bounds is None:
        return
    low, high = bounds
    for row in stated:
        value = float(row.values[name])  # type: ignore[arg-type] # a number, by its policy
        if not low <= value <= high:
            row.flags.append(f"{'winsorised' if policy.outliers == 'winsorise' else 'outlier'}:{name}")
            if policy.outliers == "winsorise":
                row.values[name] = min(max(value, low), high)


def _usual(values: Sequence[Value], policy: ColumnPolicy) -> Value:
    """Return what fills a gap; of values equally frequent the least, and of none nothing."""
    if policy.missing == "constant":
        return value_of(policy.constant, policy)[0]
    if not values:
        return None
    if policy.missing == "median":
        return float(np.median(np.array(values, float)))
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))


def _as_row(row: _Row) -> dict[str, Any]:
    cells = [
        {"name": name, "text" if isinstance(value, str) else "number": value}
        for name, value in sorted(row.values.items())
        if value is not None
    ]
    carried = ("customer_id", "source", "since", "consent", "language")
    return {
        **{name: row.said[name] for name in carried},
        "merged_ids": sorted(row.merged),
        "cells": cells,
        "flags": sorted(row.flags),
    }
