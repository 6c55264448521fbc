"""What the leak proof costs: seconds and memory of the list, megabytes a second, and found of what was planted.

python benchmarks/leaks.py [--people 1000 100000] [--megabytes 8]

People are drawn by hash, five identities each (name, mail, phone, street, account). Texts are complaints of
`cfpb_complaints` under REFINERY_DATA; into every fiftieth one identity is planted, written as people write it. Each
list is measured in a process of its own, in CPU seconds, so that a busy machine changes little. The peer is one regular
expression of a thousand of the values as they stand, in the same process.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import multiprocessing
import os
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from assets.anonymization.leaks import Watchlist

DATA = Path(os.environ.get("REFINERY_DATA", "../shared/data"))
_SYLLABLES = (
    "ba be bi bo da de di do ka ke ki ko la le li lo ma me mi mo na ne ni no ra re ri ro sa se si so ta te ti to"
)
SYLLABLES = _SYLLABLES.split()


def person(n: int) -> list[tuple[str, str]]:
    """Return the identities of person `n`."""
    lot = int.from_bytes(hashlib.sha256(str(n).encode()).digest())

    def draw(below: int) -> int:
        nonlocal lot
        lot, drawn = divmod(lot, below)
        return drawn

    def word(size: int) -> str:
        return "".join(SYLLABLES[draw(len(SYLLABLES))] for _ in range(size)).capitalize()

    first, last = word(2), word(3)
    return [
        ("name", f"{first} {last}"),
        ("email", f"{first}.{last}{draw(1000)}@example{draw(40)}.com".lower()),
        ("phone", f"+1 {200 + draw(790)} {200 + draw(790)} {draw(10_000):04}"),
        ("address", f"{1 + draw(9999)} {word(3)} Street"),
        ("account", f"AC-{draw(10_000):04}-{draw(10_000):04}"),
    ]


def rewritten(kind: str, value: str, n: int) -> str:
    """Write an identity as somebody might."""
    if kind == "name":
        first, last = value.split()
        return (f"{last}, {first}", value.upper(), value.lower(), value)[n % 4]
    if kind == "phone":
        digits = "".join(c for c in value if c.isdigit())[1:]
        a, b, c = digits[:3], digits[3:6], digits[6:]
        return (f"({a}) {b}-{c}", f"{a}.{b}.{c}", digits, f"+1{digits}", f"{a} {b} {c}")[n % 5]
    return (value.upper(), value, value.replace("-", " "))[n % 3]


def texts(megabytes: int) -> Iterator[str]:
    """Yield complaints until there are so many megabytes, from the first again where they run out."""
    csv.field_size_limit(1 << 24)
    with (DATA / "cfpb_complaints/complaints_mixed.csv").open(newline="", encoding="utf-8") as handle:
        rows = [max(row.values(), key=lambda v: len(v or "")) or "" for row in csv.DictReader(handle)]
    size, n = 0, 0
    while size < megabytes * 1_000_000:
        yield rows[n % len(rows)]
        size += len(rows[n % len(rows)])
        n += 1


def measure(people: int, megabytes: int, out: multiprocessing.Queue[str]) -> None:
    """Build a list, search the texts, and put a row of the table out."""
    known = [identity for n in range(people) for identity in person(n)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    watch = Watchlist(known)
    built = time.process_time() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    clean = list(texts(megabytes))
    planted = [(n, *known[n * 7919 % len(known)]) for n in range(0, len(clean), 50)]
    marked = clean.copy()
    for n, kind, value in planted:
        marked[n] = f"{clean[n][:200]} {rewritten(kind, value, n // 50)} {clean[n][200:]}"
    start = time.process_time()
    found = [watch.find(text) for text in marked]
    seconds = time.process_time() - start
    hit = sum(any(leak.type == kind for leak in found[n]) for n, kind, _ in planted)
    where = {n for n, _, _ in planted}
    other = sum(len(leaks) for n, leaks in enumerate(found) if n not in where)
    size = sum(map(len, marked)) / 1e6
    out.put(
        f"| {people:,} | {len(known):,} | {built:.1f} | {memory:,.0f} | {size / seconds:.1f} "
        f"| {hit} of {len(planted)} | {other} | {peer(known, marked[: len(marked) // 20]):.3f} |"
    )


def peer(known: list[tuple[str, str]], some: list[str]) -> float:
    """Return megabytes a second of one regular expression of a thousand values as they stand."""
    values = sorted((value for _, value in known[:1000]), key=len, reverse=True)
    expression = re.compile("|".join(map(re.escape, values)), re.IGNORECASE)
    start = time.process_time()
    for text in some:
        expression.search(text)
    return sum(map(len, some)) / 1e6 / (time.process_time() - start)


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[1_000, 20_000, 100_000])
    parser.add_argument("--megabytes", type=int, default=8)
    told = parser.parse_args()
    print("| people | identities | built in s | MB | MB/s | planted found | others | peer MB/s, 1,000 values |")
    print("|---|---|---|---|---|---|---|---|")
    context = multiprocessing.get_context("spawn")
    for people in told.people:
        rows = context.Queue()
        process = context.Process(target=measure, args=(people, told.megabytes, rows))
        process.start()
        print(rows.get(), flush=True)
        process.join()


if __name__ == "__main__":
    main()
