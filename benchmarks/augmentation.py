"""What augmentation makes of the sample desk: whether it keeps the meaning, and what it does to diversity and balance.

python benchmarks/augmentation.py [--tickets 20000] [--holdout] [--pairs 4000] [--keep FOLDER] [--ask]

Pairs are drawn by thread, joined and split by the real rooms; variants are made by rule under the default settings.
What is kept is judged by patterns of this file, not by those of the rules. With `--ask` the language model that the
environment names (else the packaged one) is asked as well, `language_model.packaged_requests` times at the most.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from desk import SampleDesk

from assets import tables
from assets.augmentation.back_translations import back_translations
from assets.augmentation.filters import alike
from assets.augmentation.params import AugmentationParams
from assets.augmentation.rule_variants import rule_variants
from assets.augmentation.rules import chooser, misspell
from assets.augmentation.synthetic_pairs import synthetic_pairs
from assets.augmentation.wording import read_wording
from assets.balancing.balance_pairs import balance_pairs
from assets.balancing.params import BalancingParams
from assets.deduplication.deduplicate import deduplicate
from assets.deduplication.params import DeduplicationParams
from assets.language_model import Guards, LanguageModel, LanguageModelParams, endpoint
from assets.ledger import reasons
from assets.splitting.assign import assign
from assets.splitting.params import SplittingParams
from assets.splitting.split import split

Row = tuple[str, Any, str]
PARAMS = AugmentationParams()
KEPT = {
    "numbers": re.compile(r"\d+"),
    "negations": re.compile(r"\b(?:no|not|never|none|nothing|nobody|without|cannot|\w+n['’]t)\b", re.IGNORECASE),
    "entities": re.compile(r"\[[A-Z]+(?:_\d+)?\]|(?<=[a-z,] )[A-Z][\w-]+|\b\w*[a-z][A-Z]\w*"),
}
"""What must come out as it went in: digits; words that deny; placeholders, names within sentences, MixedCase."""
_PRONOUN = re.compile(r"I(?:['’]\w+)?")
BLEU_TEXTS = 100


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=20_000, help="size of the desk (default: 20000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--holdout", action="store_true", help="the language that nothing was tuned on")
    parser.add_argument("--pairs", type=int, default=4_000, help="pairs to draw, about (default: 4000)")
    parser.add_argument("--keep", type=Path, help="folder to keep the desk in, so that it is read once")
    parser.add_argument("--ask", action="store_true", help="ask the language model too")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        desk = SampleDesk.below(told.keep or Path(scratch), told.tickets, told.seed, told.holdout)
        pairs, signatures = _drawn(desk, told.pairs)
        split_pairs = _split(pairs, signatures)
        print(f"Sample desk: {desk.name}; {len(pairs):,} of {len(desk.pairs):,} pairs, {len(split_pairs):,} split.\n")
        print("| measured | value | should be |\n|---|---|---|")
        more = asked(split_pairs, Path(scratch)) if told.ask else ()
        for what, value, target in chain(rows(split_pairs, signatures), more):
            print(f"| {what} | {f'{value:.3f}' if isinstance(value, float) else value} | {target} |", flush=True)


def rows(split_pairs: pa.Table, signatures: pa.Table) -> Iterator[Row]:
    """Yield the figures of the variants by rule."""
    start = time.process_time()
    made = rule_variants(split_pairs, PARAMS)
    yield "CPU seconds, the encoder's start included", time.process_time() - start, ""
    parents = {row["pair_id"]: row for row in split_pairs.to_pylist()}
    variants = made.table.to_pylist()
    yield "variants", len(variants), ""
    yield "by rule", _told(Counter(v["rule"] for v in variants)), ""
    yield "parents without", _told(reasons(made.ledger)), ""
    yield from _fidelity([(parents[v["parent_ids"][0]]["question"], v["question"], v["rule"]) for v in variants])

    train = [row["question"] for row in parents.values() if row["split"] == "train"]
    yield "share of plain words that typo noise misspells, all train questions", _noise(train), f"{PARAMS.typo_rate}"
    texts = {"before": train, "after": [*train, *(v["question"] for v in variants)]}
    small = _smallest(parents.values())
    own = [row["question"] for row in parents.values() if row["split"] == "train" and row["category"] in small]
    of_small = {"before": own, "after": [*own, *(v["question"] for v in variants if v["category"] in small)]}
    for name, those in (("all train questions", texts), ("the five smallest categories", of_small)):
        for n in (1, 2, 3):
            shares = {when: _distinct(said, n) for when, said in those.items()}
            yield f"distinct-{n}, {name}, before and after", _both(shares), ""
        bleu = {when: _self_bleu(said) for when, said in those.items()}
        yield f"self-BLEU of {BLEU_TEXTS}, {name}, before and after (less is more diverse)", _both(bleu), ""

    yield (
        "largest to smallest category of train, as split",
        _ratio(Counter(r["category"] for r in _train(split_pairs))),
        "",
    )
    for name, more in (("without", []), ("with", [made.table])):
        balanced = balance_pairs(
            split_pairs, more, signatures, tables.CUSTOMER_FEATURES.of([]), BalancingParams()
        ).table
        weights: Counter[str | None] = Counter()
        for row in _train(balanced):
            weights[row["category"]] += row["weight"]
        counts = Counter(r["category"] for r in _train(balanced))
        yield f"the same balanced, {name} variants: pairs", _ratio(counts), ""
        yield f"the same balanced, {name} variants: weight", _ratio(weights), ""


def _fidelity(said: Sequence[tuple[str, str, str]]) -> Iterator[Row]:
    held = {name: [_marks(p, a) == _marks(p, b) for a, b, _ in said] for name, p in KEPT.items()}
    cosines = alike([a for a, _, _ in said], [b for _, b, _ in said], PARAMS)
    held["similarity"] = [bool(c >= PARAMS.min_cosine) for c in cosines]
    for name, kept in held.items():
        yield f"share that keep {name}", sum(kept) / len(kept), ""
    yield "share that keep all four", sum(map(all, zip(*held.values(), strict=True))) / len(said), ">= 0.98"
    yield "cosine to the parent, mean and least", f"{cosines.mean():.3f}, {cosines.min():.3f}", ""


def _noise(questions: Sequence[str]) -> float:
    """Return the share of the questions' plain words that typo noise misspells."""
    protected = read_wording(PARAMS.wording).protected
    plain = wrong = 0
    for question in questions:
        before = question.split()
        after = misspell(question, PARAMS.typo_rate, protected, chooser(question)).split()
        plain += sum(bool(re.fullmatch(r"[a-z]{4,}[.,!?]?", word)) for word in before)
        wrong += sum(a != b for a, b in zip(before, after, strict=True))
    return wrong / max(1, plain)


def asked(split_pairs: pa.Table, scratch: Path) -> Iterator[Row]:
    """Yield what came of asking the language model."""
    params = LanguageModelParams()
    model = LanguageModel(
        params, endpoint(params), home=scratch / "home", guards=Guards(lambda t: [0] * len(t), lambda _: 0)
    )
    for name, ask in (("back-translations", back_translations), ("synthetic pairs", synthetic_pairs)):
        start = time.perf_counter()
        made = ask(split_pairs, PARAMS, model)
        yield f"{name}, of {model.identity}: survived", made.published.table.num_rows, ""
        yield f"{name}: what became of them", _told(made.attempts), ""
        yield f"{name}: seconds", time.perf_counter() - start, ""
    model.close()


def _drawn(desk: SampleDesk, most: int) -> tuple[pa.Table, pa.Table]:
    """Draw pairs by their threads' hashes, documents all; return them and their signatures."""
    pairs, share = tables.VALIDATED_PAIRS.conform(desk.pairs), most / len(desk.pairs)
    keys = zip(pairs["kind"].to_pylist(), pairs["thread_id"].to_pylist(), pairs["pair_id"].to_pylist(), strict=True)
    drawn = pairs.filter(pa.array([kind in ("article", "external") or _lot(t or i) < share for kind, t, i in keys]))
    ids = set(drawn["pair_id"].to_pylist())
    signatures = desk.signatures
    return drawn, signatures.filter(pa.array([i in ids for i in signatures["pair_id"].to_pylist()]))


def _split(pairs: pa.Table, signatures: pa.Table) -> pa.Table:
    unique = deduplicate(pairs, signatures, DeduplicationParams()).table
    params = SplittingParams(large_groups="cap")
    dealt = assign(unique, tables.SPLIT_ASSIGNMENTS.of([]), params, key_name="key").table
    return split(unique, dealt, params).table


def _marks(pattern: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(found.casefold() for found in pattern.findall(text) if not _PRONOUN.fullmatch(found))


def _distinct(texts: Iterable[str], n: int) -> float:
    """Return the share of distinct n-grams of words (Li et al. 2016)."""
    grams: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = text.casefold().split()
        grams.update(zip(*(words[i:] for i in range(n)), strict=False))
    return len(grams) / max(1, grams.total())


def _self_bleu(texts: Sequence[str]) -> float:
    """Return the mean BLEU of a text against the others, 0 to 100 (Zhu et al. 2018), over texts drawn by hash."""
    import sacrebleu

    drawn = sorted(texts, key=_lot)[:BLEU_TEXTS]
    scores = [sacrebleu.sentence_bleu(t, drawn[:i] + drawn[i + 1 :]).score for i, t in enumerate(drawn)]
    return sum(scores) / max(1, len(scores))


def _smallest(found: Iterable[Mapping[str, Any]]) -> set[str | None]:
    sizes = Counter(row["category"] for row in found if row["split"] == "train" and row["category"])
    return {category for category, _ in sizes.most_common()[-5:]}


def _train(table: pa.Table) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if row["split"] == "train" and row["category"]]


def _ratio(sizes: Mapping[Any, float]) -> str:
    return f"{max(sizes.values()):,.0f} : {min(sizes.values()):,.0f} = {max(sizes.values()) / min(sizes.values()):.2f}"


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _both(values: Mapping[str, float]) -> str:
    return " -> ".join(f"{value:.3f}" for value in values.values())


def _lot(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


if __name__ == "__main__":
    main()
