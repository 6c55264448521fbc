"""The must-fail test of a suite: each promise is seen kept by good rows and broken by bad ones."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from assets.ledger import summary
from assets.tables import Table
from checks import Promise
from checks.expectations import findings_on

Rows = list[dict[str, Any]]


def assert_each_promise_can_fail(
    table: Table, promises: Sequence[Promise], *, good: Rows, bad: Mapping[str, Callable[[Rows], Rows]]
) -> None:
    """Good rows keep every promise; each of `bad` turns them into rows that break the one it is named after."""
    assert set(bad) == {p[0] for p in promises}, "one way to break each promise, and no other"
    assert broken(table, promises, good) == set()
    for name, breaking in bad.items():
        assert name in broken(table, promises, breaking(deepcopy(good))), f"{name} was not broken"


def broken(table: Table, promises: Sequence[Promise], rows: Rows) -> set[str]:
    """Return the promises that a table of these rows breaks."""
    made = table.of(rows)
    published = summary(made, key=table.key, parents=[]) if _unique(made, table.key) else None
    from checks import expectations

    if published is not None:
        return {f.name for f in findings_on(table, published, promises) if not f.kept}
    found = expectations._validate(expectations.frame(made), promises, keys=expectations._keys(table))
    return {f.name for f in found if not f.kept}


def _unique(table: Any, key: str) -> bool:
    ids = table.column(key).to_pylist()
    return len(set(ids)) == len(ids)
