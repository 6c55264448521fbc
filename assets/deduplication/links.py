"""Which pairs say the same, and which ask the same and are answered otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assets.deduplication.candidates import Link, banded, components, sharing
from assets.deduplication.compare import Comparison, Overlap, Runs, names_differ
from assets.deduplication.params import DeduplicationParams
from assets.deduplication.signed import Signed
from assets.signature import grams, jaccard, said

_AT_ONCE = 262_144
_ALIKE = 0.9
"""Overlap from which two questions are one text, whose answers say something else if they do not agree."""

_RUNS = (2, 4)
"""Runs of stems by which a question is sought: two find it in other words, four among hundreds about the same."""

Strong = tuple[float, Link]


class Asked(NamedTuple):
    """Links between rows that ask the same, the strongest first.

    Args:
        same: What is answered is the same.
        otherwise: It is another answer.
        together: Asked so much alike that whatever is answered, both belong in one split.
    """

    same: list[Link]
    otherwise: list[Link]
    together: list[Link]


def exact_sets(signed: Signed) -> list[list[int]]:
    """Return the rows that share question and answer word for word after normalisation, set by set."""
    key = np.column_stack([signed.hashes("question_hash"), signed.hashes("answer_hash")])
    _, label = np.unique(key, axis=0, return_inverse=True)
    sets: dict[int, list[int]] = {}
    for i, at in enumerate(label.ravel().tolist()):
        sets.setdefault(at, []).append(i)
    return list(sets.values())


def near_links(signed: Signed, rows: Sequence[int], params: DeduplicationParams) -> list[Link]:
    """Return links between near-duplicates among some rows.

    Only rows of equal marks (numbers, placeholders, telling words, side by side) are compared. The runs of words of
    question and answer joined must be alike, and so must the words of each side, and no name may differ: all of it
    computed on the words themselves, so that a collision of bands never links.
    """
    chosen = np.asarray(rows, dtype=np.int64)
    links = []
    for a, b in banded(signed.matrix("bands")[chosen], signed.marks[chosen]):
        i, j = int(chosen[a]), int(chosen[b])
        if (
            jaccard(signed.joined(i), signed.joined(j)) >= params.min_similarity
            and all(
                jaccard(said(s[i]), said(s[j])) >= params.min_side_similarity for s in (signed.question, signed.answer)
            )
            and not names_differ(signed.question[i], signed.question[j])
            and not names_differ(signed.answer[i], signed.answer[j])
        ):
            links.append((i, j))
    return links


class Again:
    """Finds what is asked again in another frame, and whether it is answered the same.

    Two questions ask the same if they share enough of what is rare in them (`Overlap`), in weight and in share, are
    near by their embeddings, and no number, name or negation in the same place differs. The answers say the same if
    they too share enough, are near, neither gives a number the other lacks while the other gives one too, and again
    nothing differs in the same place. Both sides together must weigh `min_evidence`: what two short texts share is
    soon a coincidence (Fellegi and Sunter 1969: the evidence of independent agreements adds up). Of two questions of
    one customer, who has not many, a part of it all is enough.

    Args:
        signed: The signatures.
        rows: {customer_id, created_at} of each, in the same order.
        params: What is enough.
    """

    def __init__(self, signed: Signed, rows: Sequence[Mapping[str, Any]], params: DeduplicationParams) -> None:
        self._signed, self._params = signed, params
        self._sought = Runs(signed.question_terms)
        self._asked = Overlap(Runs(signed.question), signed.embeddings["answer"])
        self._told = Overlap(Runs(signed.answer_terms))
        self._asks, self._says = Comparison(signed.question, self._asked.idle), Comparison(signed.answer)
        time = np.array([r["created_at"].timestamp() if r["created_at"] else np.inf for r in rows])
        self._place = np.empty(len(rows), dtype=np.int64)
        self._place[np.lexsort((np.arange(len(rows)), time))] = np.arange(len(rows))
        customers: dict[Any, int] = {None: -1}
        self._customer = np.array(
            [customers.setdefault(r["customer_id"], len(customers)) for r in rows], dtype=np.int64
        )

    def links(self) -> Asked:
        """Return the links between all rows, the strongest first; the time taken grows as their number does."""
        runs = (sharing(*self._sought.of(size), self._place) for size in _RUNS)
        pairs = np.unique(np.concatenate(list(runs)), axis=0)
        found: tuple[list[Strong], ...] = ([], [], [])
        for start in range(0, len(pairs), _AT_ONCE):
            for links, more in zip(found, self._judge(pairs[start : start + _AT_ONCE], 1.0), strict=True):
                links.extend(more)
        return Asked(*([link for _, link in sorted(links)] for links in found))

    def same(self, i: int, others: Sequence[int]) -> bool:
        """Whether a row says the same as all others, which a third one links it with: part of what is usual will do."""
        pairs = np.array([(i, j) for j in others], dtype=np.int64).reshape(-1, 2)
        return len(self._judge(pairs, self._params.part_if_linked)[0]) == len(pairs)

    def _judge(self, pairs: NDArray[np.int64], part: float) -> tuple[list[Strong], list[Strong], list[Strong]]:
        """Return the pairs as in `Asked`, each behind the weight its questions share, negative."""
        found: tuple[list[Strong], list[Strong], list[Strong]] = ([], [], [])
        params, signed = self._params, self._signed
        weight, share = self._asked.of(pairs)
        a, b = self._customer[pairs[:, 0]], self._customer[pairs[:, 1]]
        enough = np.minimum(part, np.where((a == b) & (a >= 0), params.part_if_linked, 1))
        near = signed.cosines("question", pairs)
        again = (weight >= params.min_weight_asked_again) & (near >= params.min_cosine_asked_again)
        again &= share >= params.min_overlap_asked_again
        asks = share >= np.where(enough < 1, params.min_overlap_if_linked, params.min_question_overlap)
        asks &= (weight >= enough * params.min_shared_weight) & (near >= params.min_question_cosine)
        likely = again | asks
        pairs, weight, share, enough = pairs[likely], weight[likely], share[likely], enough[likely]
        told, _ = self._told.of(pairs)
        says = (told >= enough * params.min_shared_weight) & (weight + told >= enough * params.min_evidence)
        says &= asks[likely] & (signed.cosines("answer", pairs) >= params.min_answer_cosine)
        found_by = zip(pairs.tolist(), weight.tolist(), share.tolist(), says, again[likely], strict=True)
        for (i, j), shared, alike, agree, asked_again in found_by:
            if not (agree or asked_again) or self._asks.differ(i, j, closely=True):
                continue
            conflict = self._conflict(i, j)
            strong = (-shared, (i, j))
            if agree and not conflict:
                found[0].append(strong)
            elif asked_again and (conflict or alike >= _ALIKE):
                found[1].append(strong)
            if asked_again and alike >= params.min_overlap_together:
                found[2].append(strong)
        return found

    def _conflict(self, i: int, j: int) -> bool:
        return self._says.numbers_conflict(i, j) or self._says.differ(i, j)


def question_links(signed: Signed, rows: Sequence[int], params: DeduplicationParams) -> list[Link]:
    """Return links between the rows whose questions are near-duplicates, so that the split keeps them together.

    Taken alone that joins everything: in an FAQ of 332 businesses, linking equal short questions puts 97 % of the
    articles into one group, and even those asked only twice 39 %. A question below `specific_words` is therefore
    linked only where its answers agree too; without that, a test answer was never shown in training.
    """
    chosen = np.asarray(rows, dtype=np.int64)
    runs = {int(i): grams(said(signed.question[i]), 3) for i in chosen}
    alike = [
        (a, b)
        for a, b in banded(signed.matrix("question_bands")[chosen])
        if jaccard(runs[int(chosen[a])], runs[int(chosen[b])]) >= params.min_question_similarity
    ]
    asked = np.asarray(components(len(chosen), alike), dtype=np.int64)
    short = np.array([len(said(signed.question[i])) < params.specific_words for i in chosen], dtype=bool)
    links: list[Link] = []
    first: dict[int, int] = {}
    for a in np.flatnonzero(~short).tolist():
        links.append((int(chosen[first.setdefault(int(asked[a]), a)]), int(chosen[a])))
    brief = np.flatnonzero(short)
    for a, b in banded(signed.matrix("answer_bands")[chosen[brief]], asked[brief]):
        i, j = int(chosen[brief[a]]), int(chosen[brief[b]])
        if jaccard(said(signed.answer[i]), said(signed.answer[j])) >= params.min_answer_agreement:
            links.append((i, j))
    return links
