"""Validation against the truth: non-answers, machine mail, shuffled answers, strays, and what speaks for an answer."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from desk import SampleDesk, public_pairs

from assets import tables
from assets.validation.decide import failures
from assets.validation.evidence import agreeing
from assets.validation.machine_mail import KINDS
from assets.validation.non_answers import essence, substance
from assets.validation.params import ValidationParams
from assets.validation.relate import Relation, related
from assets.validation.score import score
from assets.validation.stock import put_offs

SAMPLE = 4000
"""Pairs that are embedded, so that hundreds of answers are shuffled each way: minutes of one core."""
LETTERS = 500
"""Machines' letters of a kind and customers' of a set, at the most."""
SHUFFLED = 0.1
STRAYS = 60
DOCUMENTS = ("article", "external")
SIZES = (1000, 3000, 10_000)
PARAMS = ValidationParams()
PUBLIC = ("tourist_faq", "coffee_questions", "bank_chats")
LETTER_SETS = (*PUBLIC, "consumer_complaints", "city_requests", "airline_chats", "tourist_calls")
Row = tuple[str, object, str]


def rows(desk: SampleDesk) -> Iterator[Row]:
    """Yield what validation finds of what was planted."""
    pairs = desk.pairs.to_pylist()
    yield from _non_answers(desk, pairs)
    yield from _machine_mail(desk, pairs)
    yield from _evidence(desk, pairs)
    clean = _without_planted(desk, pairs)
    foreign = {name: _sample(_valid(found), STRAYS) for name, found in public_pairs(PUBLIC).items()}
    yield from _desk_relations("desk", _sample(clean, SAMPLE), foreign["coffee_questions"])
    for name, found in public_pairs(PUBLIC).items():
        # A document is never dropped for its relevance; judged as tickets, published answers test it.
        told = [pair | {"kind": "ticket"} for pair in _valid(found)]
        yield from _desk_relations(name, _sample(told, SAMPLE // 2), [])
    yield from _times(pairs)


class Tried(NamedTuple):
    """What became of the pairs of one trial, with what was done to each: '', random, category or stray."""

    done: np.ndarray
    relations: list[Relation]
    """Of the pairs that the limits let through; the others failed before."""
    passed: np.ndarray


def trial(pairs: Sequence[dict[str, Any]], strays: Sequence[dict[str, Any]]) -> Tried:
    """Shuffle a tenth of the answers, half of them within the category; add strays; validate all as one desk."""
    told = [dict(pair) for pair in pairs] + [dict(stray) for stray in strays]
    done = ["" for _ in pairs] + ["stray" for _ in strays]
    for at, pair in enumerate(pairs):
        roll = _roll("shuffle", pair["pair_id"])
        if roll % 1000 >= 1000 * SHUFFLED or pair["kind"] in DOCUMENTS:
            continue
        way = ("random", "category")[roll // 1000 % 2]
        if other := _other(at, pairs, way):
            told[at]["answer"], done[at] = other["answer"], way
    scores = score(tables.QA_PAIRS.of(told), PARAMS.scoring).to_pylist()
    passed = np.array([not failures(s, PARAMS.limits_for(p["kind"])) for s, p in zip(scores, told, strict=True)])
    fit = [pair | found for pair, found, ok in zip(told, scores, passed, strict=True) if ok]
    return Tried(np.array(done), related(fit, PARAMS.desk), passed)


def _desk_relations(name: str, pairs: list[dict[str, Any]], strays: list[dict[str, Any]]) -> Iterator[Row]:
    tried = trial(pairs, strays)
    done = tried.done[tried.passed]
    relevance = np.array([r.relevance for r in tried.relations])
    reasons = np.array([";".join(r.reasons) for r in tried.relations])
    kinds = np.array([p["kind"] for p in [*pairs, *strays]])[tried.passed]
    good = (done == "") & ~np.isin(kinds, DOCUMENTS)
    if not good.any():
        return
    at_five = np.quantile(relevance[good], 0.05)
    for way, target in (("random", ">= 0.85"), ("category", "")):
        if (done == way).any():
            found = relevance[done == way] < at_five
            yield f"{name}: shuffled answers found at 5 % false positives ({way})", float(found.mean()), target
            yield f"{name}: the same, of how many; 95 % interval ({way})", _interval(int(found.sum()), len(found)), ""
            dropped = (np.char.str_len(reasons[done == way]) > 0).mean()
            yield f"{name}: shuffled answers dropped at the default limit ({way})", float(dropped), ""
    yield (
        f"{name}: good pairs dropped as irrelevant, off topic or put-off",
        float((np.char.str_len(reasons[good]) > 0).mean()),
        "",
    )
    for reason in ("irrelevant_answer", "off_topic", "non_answer"):
        yield f"{name}: good pairs dropped, {reason}", float(np.char.find(reasons[good], reason).__ge__(0).mean()), ""
    yield f"{name}: good pairs dropped before, by the limits", float(1 - tried.passed[tried.done == ""].mean()), ""
    if strays:
        hit = 1 - ((done == "stray") & (reasons == "")).sum() / (tried.done == "stray").sum()
        yield f"{name}: foreign pairs (coffee) dropped", float(hit), ""


def _other(at: int, pairs: Sequence[dict[str, Any]], way: str) -> dict[str, Any] | None:
    for attempt in range(20):
        other = pairs[_roll("other", pairs[at]["pair_id"], attempt) % len(pairs)]
        if other["answer"] != pairs[at]["answer"] and (way == "random" or other["category"] == pairs[at]["category"]):
            return other
    return None


def _times(pairs: Sequence[dict[str, Any]]) -> Iterator[Row]:
    """Time the judgement of a pair against its desk, by the size of the desk; vectors are drawn, not embedded."""
    chosen = sorted(pairs, key=lambda p: _roll("time", p["pair_id"]))
    spent: dict[int, float] = {}
    for size in (n for n in SIZES if n <= len(chosen)):
        vectors = np.random.default_rng(7).standard_normal((size, 2, 384)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
        told = [
            {**pair, "relevance": 0.5, "question_vector": q, "answer_vector": a}
            for pair, (q, a) in zip(chosen[:size], vectors, strict=True)
        ]
        start = time.process_time()
        related(told, PARAMS.desk)
        spent[size] = (time.process_time() - start) / size
        yield f"milliseconds of CPU a pair, judged against a desk of {size:,}", round(1000 * spent[size], 2), ""
    if SIZES[1] in spent and SIZES[2] in spent:
        yield f"the same at {SIZES[2]:,} against {SIZES[1]:,}", spent[SIZES[2]] / spent[SIZES[1]], "<= 1.15"


def _non_answers(desk: SampleDesk, pairs: list[dict[str, Any]]) -> Iterator[Row]:
    """Of tickets, which the truth speaks of: what the lexicon finds, and what the desk adds to it."""
    planted = {f["record_id"] for kind in ("non_answer", "one_word_resolution") for f in desk.planted(kind)}
    tickets = [pair for pair in pairs if pair["kind"] == "ticket"]
    truth = np.array([pair["record_id"] in planted for pair in tickets])
    short = np.array([len(pair["answer"].strip()) < PARAMS.answer_min_chars for pair in tickets])
    lexicon = np.array([substance(pair["answer"]).substance < PARAMS.min_substance for pair in tickets]) | short
    rest = [pair for pair, found in zip(tickets, lexicon, strict=True) if not found]
    found = lexicon.copy()
    d = PARAMS.desk
    found[~lexicon] = put_offs(
        [p["pair_id"] for p in rest],
        [essence(p["question"]) for p in rest],
        [essence(p["answer"]) for p in rest],
        longest=d.put_off_words,
        fewest=d.put_off_repeats,
        spread=d.put_off_spread,
        reference=d.reference_pairs,
    )
    yield "non-answers, by length and lexicon alone: recall", _share(lexicon[truth]), ""
    yield "non-answers: recall", _share(found[truth]), ">= 0.9"
    yield "non-answers: precision", _share(truth[found]), ">= 0.9"


def _machine_mail(desk: SampleDesk, pairs: list[dict[str, Any]]) -> Iterator[Row]:
    """Of the desk's tickets, answered or not: collection leaves most of these out before validation sees them.

    All questions are judged as if they were letters, of the public sets too; what is no ticket has no target,
    for validation never takes a chat, a call or an article for a machine's.
    """
    letters = {str(row["id"]): f"{row['subject']} {row['description']}" for row in desk.rows("tickets")}
    for kind in KINDS:
        planted = sorted((letters[fact["row_id"]] for fact in desk.planted(kind)), key=lambda text: _roll(text))
        found = _machines(planted[:LETTERS])
        yield f"{kind}: recall, of {len(found)}", _share([bool(f) for f in found]), ">= 0.9"
        yield f"{kind}: named so", _share([kind in f for f in found]), ""
    tickets = [pair["question"] for pair in pairs if pair["kind"] == "ticket"]
    own = sorted(tickets, key=lambda text: _roll(text))[: 2 * LETTERS]
    yield f"customers' letters taken for a machine's, of {len(own)}", _share(map(bool, _machines(own))), "<= 0.01"
    for name, rows in public_pairs(LETTER_SETS).items():
        told = sorted({row["question"] for row in rows}, key=lambda text: _roll(text))[:LETTERS]
        target = "<= 0.01" if any(row["kind"] == "ticket" for row in rows) else ""
        yield f"{name}: questions taken for a machine's, of {len(told)}", _share(map(bool, _machines(told))), target


def _machines(letters: Sequence[str]) -> list[list[str]]:
    """Return for each letter what it is taken for, given an answer with substance."""
    answer = "Hold the button for ten seconds."
    told = [{"pair_id": str(n), "kind": "ticket", "question": q, "answer": answer} for n, q in enumerate(letters)]
    scores = score(tables.QA_PAIRS.of(told), PARAMS.scoring).to_pylist()
    limits = PARAMS.limits_for("ticket")
    return [[reason for reason in failures(found, limits) if reason in KINDS] for found in scores]


def _interval(hits: int, of: int) -> str:
    """Return the Wilson score interval of a share (Wilson 1927), with its numbers.

    >>> _interval(45, 50)
    '45 of 50; 0.786 to 0.957'
    """
    z, share = 1.96, hits / of
    middle, half = share + z * z / (2 * of), z * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    low, high = ((middle + sign * half) / (1 + z * z / of) for sign in (-1, 1))
    return f"{hits} of {of}; {low:.3f} to {high:.3f}"


def _evidence(desk: SampleDesk, pairs: list[dict[str, Any]]) -> Iterator[Row]:
    articles = [f"{p['question']}\n{p['answer']}" for p in pairs if p["kind"] == "article"]
    wrong = {f["record_id"] for kind in ("contradiction", "outdated_answer") for f in desk.planted(kind)}
    tickets = [p for p in _without_planted(desk, pairs, ("non_answer", "one_word_resolution")) if p["kind"] == "ticket"]
    d = PARAMS.desk
    agrees = agreeing(
        [essence(p["answer"]) for p in tickets],
        articles,
        [p["category"] or "" for p in tickets],
        [p["category"] or "" for p in pairs if p["kind"] == "article"],
        mistaken=d.mistaken_agreement,
        least=d.least_pairs,
        least_covered=d.min_covered,
    )
    false = np.array([p["record_id"] in wrong for p in tickets])
    yield "answers that agree with an article, of those that do", _share(agrees[~false]), ""
    yield "answers that agree with an article, of contradicting and outdated ones", _share(agrees[false]), ""
    for table in ("chats", "calls"):
        kind = table.removesuffix("s")
        said = {
            f["record_id"]: f["kind"]
            for end in ("confirmed", "unconfirmed", "dropped")
            for f in desk.planted(f"{kind}_{end}")
        }
        talks: dict[str, bool] = {}
        for p in pairs:
            if p["record_id"] in said:
                talks[p["record_id"]] = talks.get(p["record_id"], False) or p["truth_evidence"] == "customer_confirmed"
        yield (
            f"{table} the customer confirmed: found",
            _share([v for r, v in talks.items() if said[r].endswith("_confirmed")]),
            "",
        )
        yield (
            f"{table} taken for confirmed that were confirmed",
            _share([said[r].endswith("_confirmed") for r, v in talks.items() if v]),
            "",
        )


def _without_planted(
    desk: SampleDesk,
    pairs: Iterable[dict[str, Any]],
    kinds: Sequence[str] = ("non_answer", "one_word_resolution", "spam", "auto_reply", "bounce"),
) -> list[dict[str, Any]]:
    planted = {f["record_id"] for kind in kinds for f in desk.planted(kind)}
    return [pair for pair in pairs if pair["record_id"] not in planted]


def _valid(pairs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [p for p in pairs if substance(p["answer"]).substance >= PARAMS.min_substance and len(p["answer"]) >= 20]


def _sample(pairs: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    articles = [p for p in pairs if p["kind"] == "article"][:most]
    rest = sorted((p for p in pairs if p["kind"] != "article"), key=lambda p: _roll("sample", p["pair_id"]))
    return articles + rest[: most - len(articles)]


def _share(hits: Iterable[Any]) -> float:
    found = [bool(hit) for hit in hits]
    return sum(found) / len(found) if found else float("nan")


def _roll(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:8])
