"""Which pairs say the same, which of them stays, and which questions belong together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from assets import tables
from assets.deduplication.candidates import Link, components
from assets.deduplication.links import Again, exact_sets, near_links, question_links
from assets.deduplication.params import DeduplicationParams
from assets.deduplication.signed import Signed
from assets.errors import RefineryError
from assets.ledger import Ledger, Published
from assets.signature import BANDS, ROWS, TELLING_WORDS, bands, coded, gist, text_hash, words_of

_TRUTH = ("reviewed", "agrees_with_article", "customer_confirmed", "none")
_READ = ("pair_id", "customer_id", "truth_evidence", "created_at")

Rank = Callable[[int], Any]
Same = Callable[[int, Sequence[int]], bool]


class Merge(NamedTuple):
    """A row that another one stands for."""

    row: int
    into: int
    reason: str


def deduplicate(pairs: pa.Table, signatures: pa.Table, params: DeduplicationParams) -> Published:
    """Return one pair of each set that says the same, with the cluster its question lies in.

    Duplicates agree in question AND answer: word for word after normalisation (`exact_duplicate`), closely enough
    with the same numbers, placeholders, telling words and names (`near_duplicate`), or in another frame
    (`semantic_duplicate`, see `Again`). Of a connected set stays the pair with the best evidence of truth (what
    people verified first), then the longest answer (placeholders not counted), then the newest, then the smallest id.
    Only what says the same as the pair that stays is merged into it, so that no chain joins its two ends. Of the
    pairs left that share one answer `max_per_answer` stay, chosen by hash (`stock_answer`).

    Pairs of one `cluster_id` are linked by their questions: near-duplicates, asked again in nearly the same words, or
    (short questions) near-duplicates with answers that agree; never by an answer alone. Pairs that ask the same and are
    answered otherwise contradict one another, and so do those that stand for them.

    Args:
        pairs: `tables.RELEVANT_PAIRS`; of their texts nothing is read.
        signatures: `tables.PAIR_SIGNATURES` of the same pairs, computed when each of them was new.
        params: What is alike enough.

    Raises:
        RefineryError: A pair without a signature.
    """
    pairs = pairs.sort_by("pair_id")
    rows = pairs.select(list(_READ)).to_pylist()
    signed = Signed(matched(signatures, pairs, "unique_pairs"))
    ledger = Ledger.of(pairs, key="pair_id")
    again = Again(signed, rows, params)
    asked = again.links()

    lengths = signed.lengths.tolist()
    gone = {}
    same = asked.same if params.semantic else ()
    for row, into, reason in merges(signed, same, lambda i: ranked(rows[i], lengths[i]), params, again.same):
        ledger.merge(rows[row]["pair_id"], rows[into]["pair_id"], reason)
        gone[row] = into
    survivors = [i for i in range(len(rows)) if i not in gone]

    together = [(gone.get(i, i), gone.get(j, j)) for i, j in asked.together]
    clusters = components(len(rows), [*question_links(signed, survivors, params), *together])
    answers = signed.hashes("answer_hash").tolist()
    stock = _beyond(params.max_per_answer, [(answers[i], rows[i]["pair_id"]) for i in survivors])
    for pair_id in stock:
        ledger.drop(pair_id, "stock_answer")
    kept = [i for i in survivors if rows[i]["pair_id"] not in stock]
    named: dict[int, str] = {}
    for i in kept:  # in the order of their ids: the first of a cluster names it
        named.setdefault(clusters[i], rows[i]["pair_id"])
    cluster_ids = pa.array([named[clusters[i]] for i in kept], pa.string())
    table = pairs.take(pa.array(kept, pa.int64())).append_column("cluster_id", cluster_ids)
    against = _against(((gone.get(i, i), gone.get(j, j)) for i, j in asked.otherwise), set(kept))
    contradicts = [sorted(rows[j]["pair_id"] for j in against.get(i, ())) for i in kept]
    table = table.append_column("contradicts", pa.array(contradicts, pa.list_(pa.string())))
    return ledger.close(tables.UNIQUE_PAIRS.conform(table), key="pair_id")


def merges(
    signed: Signed,
    again: Sequence[Link],
    rank: Rank,
    params: DeduplicationParams,
    same: Same = lambda i, others: not others,
) -> Iterator[Merge]:
    """Yield each row that says what another one says, with the row that stands for it and how alike they are.

    Args:
        signed: The signatures.
        again: Links between rows that say the same in another frame, the strongest first.
        rank: Orders rows, the one that stays first.
        params: What is alike enough.
        same: Whether a row says the same as all others that a third is linked with.
    """
    sets = {min(same, key=rank): same for same in exact_sets(signed)}
    best = {i: head for head, same in sets.items() for i in same}
    reason: dict[Link, str] = {}
    for name, links in (("near_duplicate", near_links(signed, sorted(sets), params)), ("semantic_duplicate", again)):
        for i, j in links:
            if best[i] != best[j]:
                reason.setdefault((min(best[i], best[j]), max(best[i], best[j])), name)
    for head, into in _stars(sorted(sets), list(reason), rank, same).items():
        why = reason.get((min(head, into), max(head, into)), "semantic_duplicate")
        for row in sets[head]:
            if row != into:
                yield Merge(row, into, "exact_duplicate" if head == into else why)


def _stars(heads: Sequence[int], links: Sequence[Link], rank: Rank, same: Same) -> dict[int, int]:
    """Return for each row the one that stands for it: itself, or a better one that says the same.

    The strongest links come first: two stars become one if all of the lesser proves the `same` as the row that would
    stand for it, or is linked with it. So the likest stay together, and no chain joins its two ends.
    """
    into = {head: head for head in heads}
    stars = {head: [head] for head in heads}
    linked, apart = set(links), set[Link]()
    for link in links:
        best, other = sorted((into[row] for row in link), key=rank)
        if best == other or (best, other) in apart:
            continue
        doubtful = [row for row in stars[other] if (min(best, row), max(best, row)) not in linked]
        if same(best, doubtful):
            into |= dict.fromkeys(stars[other], best)
            stars[best] += stars.pop(other)
        else:
            apart.add((best, other))
    return into


def apply(rows: Iterable[Mapping[str, Any]], params: DeduplicationParams) -> Iterator[dict[str, Any]]:
    """Say of each {id, text} whether it stays: {id, kept, into, reason}, in the order they came.

    The longest text of a set stays, then the smallest id. A row without a text is set aside (`no_text`). A text alone
    shows no answer that could confirm a paraphrase, so only exact and near duplicates are merged.

    >>> rows = [{"id": 1, "text": "Where is my order?"}, {"id": 2, "text": "where is  my order"}]
    >>> [(r["id"], r["kept"], r["into"], r["reason"]) for r in apply(rows, DeduplicationParams())]
    [(1, True, None, None), (2, False, 1, 'exact_duplicate')]
    """
    rows = list(rows)
    read = [i for i, row in enumerate(rows) if isinstance(row.get("text"), str) and row["text"].strip()]
    signed = Signed(_signed([rows[i]["text"] for i in read]))
    lengths = signed.lengths.tolist()
    found = merges(signed, (), lambda k: (-lengths[k], str(rows[read[k]].get("id")), k), params)
    outcome: dict[int, tuple[bool, Any, str | None]] = dict.fromkeys(range(len(rows)), (False, None, "no_text"))
    outcome |= dict.fromkeys(read, (True, None, None))
    outcome |= {read[m.row]: (False, rows[read[m.into]].get("id"), m.reason) for m in found}
    for i, row in enumerate(rows):
        kept, into, reason = outcome[i]
        yield {"id": row.get("id"), "kept": kept, "into": into, "reason": reason}


def _signed(texts: Sequence[str]) -> pa.Table:
    """Sign plain texts, as answers to a question that says nothing."""
    telling, words = frozenset(TELLING_WORDS), words_of(texts)
    keys = bands(words, size=3, bands=BANDS, rows=ROWS).tolist()
    rows = [
        {"answer_hash": text_hash(text), "question_hash": 0, "answer_words": coded(gist(text), telling), "bands": key}
        for text, key in zip(texts, keys, strict=True)
    ]
    return tables.PAIR_SIGNATURES.of(rows)


def matched(signatures: pa.Table, pairs: pa.Table, reader: str) -> pa.Table:
    """Return the signatures of the pairs, in their order.

    Raises:
        RefineryError: A pair without a signature; says in which asset.
    """
    at = {pair_id: i for i, pair_id in enumerate(signatures["pair_id"].to_pylist())}
    wanted = [at.get(pair_id) for pair_id in pairs["pair_id"].to_pylist()]
    if None in wanted:
        raise RefineryError(reader, f"{wanted.count(None)} pair(s) have no signature", "materialise pair_signatures")
    return signatures.take(pa.array(wanted, pa.int64()))


def ranked(row: Mapping[str, Any], length: int) -> tuple[int, int, float, str]:
    """Order the pairs of a set, the one that stays first."""
    truth = row["truth_evidence"] if row["truth_evidence"] in _TRUTH else "none"
    newest = row["created_at"].timestamp() if row["created_at"] else float("-inf")
    return (_TRUTH.index(truth), -length, -newest, row["pair_id"])


def _against(links: Iterable[Link], kept: set[int]) -> dict[int, set[int]]:
    """Return for each row that stays those it contradicts; what a merged row contradicts, its survivor does."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for i, j in links:
        if i != j and i in kept and j in kept:
            found[i].add(j)
            found[j].add(i)
    return found


def _beyond(most: int, told: Sequence[tuple[int, str]]) -> set[str]:
    """Return the ids, of (answer, id), that come after the first `most` of their answer in hash order."""
    seen: Counter[int] = Counter()
    beyond = set()
    for answer, pair_id in sorted(told, key=lambda item: tables.content_hash(item[1])):
        seen[answer] += 1
        if seen[answer] > most:
            beyond.add(pair_id)
    return beyond
