"""Which pairs say the same, which of them stays, and which questions belong together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from assets import tables
from assets.deduplication.near import Link, components, near_pairs
from assets.deduplication.params import DeduplicationParams
from assets.deduplication.words import jaccard, marks, names_differ, normalise
from assets.ledger import Ledger, Published

_TRUTH = ("reviewed", "agrees_with_article", "customer_confirmed", "none")
_READ = ("pair_id", "question", "answer", "truth_evidence", "created_at")


def deduplicate(pairs: pa.Table, params: DeduplicationParams) -> Published:
    """Return one pair of each set that says the same, with the cluster its question lies in.

    Duplicates agree in question AND answer: word for word after normalisation (`exact_duplicate`),
    or closely enough with the same numbers, placeholders, telling words and names
    (`near_duplicate`). Of each connected set stays the pair with the best evidence of truth, then
    the longest answer (placeholders not counted), then the newest, then the smallest id. Of the
    pairs left that share one answer `max_per_answer` stay, chosen by hash (`stock_answer`).
    """
    pairs = pairs.sort_by("pair_id")
    rows = pairs.select(list(_READ)).to_pylist()
    texts = [(row["question"] or "", row["answer"] or "") for row in rows]
    normal = [(normalise(question), normalise(answer)) for question, answer in texts]
    ledger = Ledger.of(pairs, key="pair_id")

    survivors = []
    for same in _sets(len(rows), duplicate_links(texts, params)):
        best = min(same, key=lambda i: _rank(rows[i], normal[i][1]))
        survivors.append(best)
        for i in same:
            if i != best:
                reason = "exact_duplicate" if normal[i] == normal[best] else "near_duplicate"
                ledger.merge(rows[i]["pair_id"], rows[best]["pair_id"], reason)
    survivors.sort()

    clusters = question_clusters([normal[i] for i in survivors], params)
    stock = _beyond(params.max_per_answer, [(normal[i][1], rows[i]["pair_id"]) for i in survivors])
    for pair_id in stock:
        ledger.drop(pair_id, "stock_answer")
    kept = [(i, c) for i, c in zip(survivors, clusters, strict=True) if rows[i]["pair_id"] not in stock]
    named: dict[int, str] = {}
    for i, cluster in kept:  # in the order of their ids: the first of a cluster names it
        named.setdefault(cluster, rows[i]["pair_id"])
    cluster_ids = pa.array([named[cluster] for _, cluster in kept], pa.string())
    table = pairs.take(pa.array([i for i, _ in kept], pa.int64())).append_column("cluster_id", cluster_ids)
    return ledger.close(tables.UNIQUE_PAIRS.conform(table), key="pair_id")


def duplicate_links(texts: Sequence[tuple[str, ...]], params: DeduplicationParams) -> list[Link]:
    """Return links between rows that say the same in each of their parts (question and answer, or one text).

    Texts are compared only where their marks (numbers, placeholders, telling words) are equal,
    part by part; the whole must be alike, and so must each part, and no name may differ.
    """
    normal = [tuple(normalise(part) for part in parts) for parts in texts]
    telling = frozenset(params.telling_words)
    marked: dict[object, int] = {}
    within = [marked.setdefault(tuple(marks(p, telling) for p in parts), len(marked)) for parts in normal]
    links = near_pairs([" ".join(parts) for parts in normal], threshold=params.min_similarity, within=within)
    return [
        (i, j)
        for i, j in links
        if normal[i] == normal[j]
        or (
            all(
                jaccard(set(a.split(" ")), set(b.split(" "))) >= params.min_side_similarity
                for a, b in zip(normal[i], normal[j], strict=True)
            )
            and not any(names_differ(a, b) for a, b in zip(texts[i], texts[j], strict=True))
        )
    ]


def question_clusters(normal: Sequence[tuple[str, str]], params: DeduplicationParams) -> list[int]:
    """Return the number of the cluster of each (question, answer), both normalised.

    Near-duplicate questions share a cluster, so that the split cannot put one into training and
    the other into the test. Taken alone that joins everything: in an FAQ of 332 businesses, linking
    equal short questions puts 97 % of the articles into one group, and even those asked only twice
    39 %. A question below `specific_words` is therefore linked only where its answers agree too; without
    that, a test answer was never shown in training. New pairs only ever add links.
    """
    alike = components(len(normal), near_pairs([q for q, _ in normal], threshold=params.min_question_similarity))
    told = [answer if question.count(" ") + 1 < params.specific_words else "" for question, answer in normal]
    agree = near_pairs(told, threshold=params.min_answer_agreement, size=1, bands=32, within=alike)
    return components(len(normal), agree)


def apply(rows: Iterable[Mapping[str, Any]], params: DeduplicationParams) -> Iterator[dict[str, Any]]:
    """Say of each {id, text} whether it stays: {id, kept, into, reason}, in the order they came.

    The longest text of a set stays, then the smallest id. A row without a text is set aside (`no_text`).

    >>> rows = [{"id": 1, "text": "Where is my order?"}, {"id": 2, "text": "where is  my order"}]
    >>> [(r["id"], r["kept"], r["into"], r["reason"]) for r in apply(rows, DeduplicationParams())]
    [(1, True, None, None), (2, False, 1, 'exact_duplicate')]
    """
    rows = list(rows)
    texts = {i: row["text"] for i, row in enumerate(rows) if isinstance(row.get("text"), str) and row["text"].strip()}
    read, normal = list(texts), {i: normalise(text) for i, text in texts.items()}
    outcome: dict[int, tuple[bool, Any, str | None]] = dict.fromkeys(range(len(rows)), (False, None, "no_text"))
    for same in _sets(len(read), duplicate_links([(text,) for text in texts.values()], params)):
        members = [read[k] for k in same]
        best = min(members, key=lambda i: (-_length(normal[i]), str(rows[i].get("id")), i))
        for i in members:
            why = "exact_duplicate" if normal[i] == normal[best] else "near_duplicate"
            outcome[i] = (True, None, None) if i == best else (False, rows[best].get("id"), why)
    for i, row in enumerate(rows):
        kept, into, reason = outcome[i]
        yield {"id": row.get("id"), "kept": kept, "into": into, "reason": reason}


def _sets(n: int, links: Iterable[Link]) -> list[list[int]]:
    """Return the connected sets of 0 to n-1, their members in order."""
    sets = defaultdict(list)
    for i, label in enumerate(components(n, links)):
        sets[label].append(i)
    return list(sets.values())


def _rank(row: Mapping[str, Any], answer: str) -> tuple[int, int, float, str]:
    """Order the pairs of a set, the one that stays first."""
    truth = row["truth_evidence"] if row["truth_evidence"] in _TRUTH else "none"
    newest = row["created_at"].timestamp() if row["created_at"] else float("-inf")
    return (_TRUTH.index(truth), -_length(answer), -newest, row["pair_id"])


def _length(normal: str) -> int:
    """Count the words that say something: placeholders do not."""
    return sum(word[0] not in "[{" for word in normal.split(" ") if word)


def _beyond(most: int, told: Sequence[tuple[str, str]]) -> set[str]:
    """Return the ids, of (answer, id), that come after the first `most` of their answer in hash order."""
    seen: Counter[str] = Counter()
    beyond = set()
    for answer, pair_id in sorted(told, key=lambda item: tables.content_hash(item[1])):
        seen[answer] += 1
        if seen[answer] > most:
            beyond.add(pair_id)
    return beyond
