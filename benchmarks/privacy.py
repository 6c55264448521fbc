"""Measure what anonymization finds, what it spares, and how fast.

Usage: python benchmarks/privacy.py [quality|speed|all] [--rows N] [--misses SET]

Quality, per set: recall of every type (a span counts only if all its letters and digits are masked) with a 95 %
Wilson interval, layer by layer and joined, beside plain Presidio and four textbook regular expressions; precision
(masked characters inside any labelled span / all masked characters); other words masked, and those of them that are
words of the dictionary; words of the domain (article titles, categories, domain files) masked. Speed: ratios to the
stock `AnalyzerEngine` loop and to Rampart's own onnxruntime session, measured in turn in this process on one thread.
REFINERY_DATA names the folder of the public sets (default ../shared/data). `--misses` prints what one set lost; those
are the invented people of public sets: never use it on your own data.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from assets.anonymization import domain, house
from assets.anonymization.detection import Detector
from assets.anonymization.ner import dictionary, language_model, recognizer
from assets.anonymization.params import AnonymizationParams
from assets.anonymization.rampart import folder, rampart
from assets.anonymization.recognizers import TYPES, presidio
from assets.anonymization.text import plain
from benchmarks import privacy_sets
from benchmarks.privacy_sets import Case, Gold
from sample.desk import make_desk
from sample.vocabulary import vocabulary

COMPANIES = [vocabulary(holdout=holdout).company for holdout in (False, True)]
KEEP = tuple(
    word
    for company in COMPANIES
    for name in (company["name"], *company["products"])
    for word in {name, name.split()[0]}
)
"""The names the owners of the sample desks would list under `keep`: their company and products, whole and in short."""
DATA = Path(os.environ.get("REFINERY_DATA", "../shared/data"))
Masks = list[tuple[int, int]]
Find = Callable[[Sequence[Case]], list[list[Masks]]]
GROUPS = {"GPE": "LOCATION", "STREET_ADDRESS": "LOCATION", "ZIP_CODE": "LOCATION"}
PERSONAL = frozenset({"PERSON", "LOCATION", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "IBAN_CODE"})
"""Types of presidio_pii whose characters count as personal (GPE, STREET_ADDRESS, ZIP_CODE are LOCATION)."""
TEXTBOOK = re.compile(
    r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b|\b\d{3}[-.]?\d{4}\b|\b\d{3}-\d{2}-\d{4}\b"
    r"|\b\d{4}[-\s]?\d{4}[-\s]?\d{4}\b"
)
"""The four expressions as they are commonly printed."""


def textbook(cases: Sequence[Case]) -> list[list[Masks]]:
    """Mask with the four textbook expressions."""
    return [[[m.span() for m in TEXTBOOK.finditer(text)] for text in case.texts] for case in cases]


def house_patterns(cases: Sequence[Case]) -> list[list[Masks]]:
    """Mask what the house patterns find."""
    patterns = house.compiled(domain.pii_domain(AnonymizationParams().patterns).patterns)
    out = []
    for case in cases:
        views = [plain(text) for text in case.texts]
        befores = ["\n".join(v.text for v in views[max(0, i - house.TURNS) : i]) for i in range(len(views))]
        spans = [house.find(patterns, view.text, before) for view, before in zip(views, befores, strict=True)]
        out.append([[view.original(s.start, s.end) for s in found] for view, found in zip(views, spans, strict=True)])
    return out


def second_detector(cases: Sequence[Case]) -> list[list[Masks]]:
    """Mask what Rampart labels."""
    found = rampart().find([text for case in cases for text in case.texts])
    return [[[(s.start, s.end) for s in next(found)] for _ in case.texts] for case in cases]


def through(**changes: Any) -> Find:
    """Mask with the room's own detector, under settings, without what is known."""
    return lambda cases: _masks([replace(case, known=()) for case in cases], AnonymizationParams(keep=KEEP, **changes))


def with_known(cases: Sequence[Case]) -> list[list[Masks]]:
    """Mask with the room's own detector and what is known of the people."""
    return _masks(cases, AnonymizationParams(keep=KEEP))


def _masks(cases: Sequence[Case], params: AnonymizationParams) -> list[list[Masks]]:
    detector = Detector(params)
    detector.prepare((case.kind, text) for case in cases for text in case.texts)
    return [
        [[(s.start, s.end) for s in spans] for spans in detector.find_all(case.texts, case.known, case.kind)]
        for case in cases
    ]


LAYERS: dict[str, Find] = {
    "textbook": textbook,
    "Presidio": through(recall="standard", patterns=Path(os.devnull)),
    "patterns": house_patterns,
    "Rampart": second_detector,
    "high": through(),
}


def interval(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    >>> [round(x, 2) for x in interval(9, 10)]
    [0.6, 0.98]
    """
    if not n:
        return 0.0, 1.0
    z, share = 1.96, hits / n
    middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def covered(text: str, gold: Gold, masks: Masks) -> bool:
    """Tell whether every letter and digit of a labelled span is masked.

    >>> covered("Ann Lee", (0, 7, "PERSON"), [(0, 3), (4, 7)]), covered("Ann Lee", (0, 7, "PERSON"), [(0, 3)])
    (True, False)
    """
    start, end, _ = gold
    return all(any(a <= i < b for a, b in masks) for i in range(start, end) if text[i].isalnum())


class Tally:
    """What one way of masking did to one set."""

    def __init__(
        self, cases: Sequence[Case], found: Sequence[Sequence[Masks]], terms: Container[str] = frozenset()
    ) -> None:
        self._terms, self._ordinary = terms, ordinary_words()
        self.terms = self.terms_masked = self.ordinary_masked = 0
        self.hits: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self.misses: list[tuple[str, str, str]] = []
        self.masked = self.right = self.personal = self.gone = self.words = self.words_masked = 0
        self.spoiled: Counter[str] = Counter()
        for case, masks_of in zip(cases, found, strict=True):
            for text, gold, masks in zip(case.texts, case.gold, masks_of, strict=True):
                self._count(text, gold, masks)

    def _count(self, text: str, gold: Sequence[Gold], masks: Masks) -> None:
        inside = set(chain.from_iterable(range(a, b) for a, b, _ in gold))
        hidden = set(chain.from_iterable(range(a, b) for a, b in masks))
        self.masked += len(hidden)
        self.right += len(hidden & inside)
        for span in gold:
            kind = GROUPS.get(span[2], span[2])
            self.all[kind] += 1
            if kind in PERSONAL:
                self.personal += span[1] - span[0]
                self.gone += len(hidden & set(range(*span[:2])))
            if covered(text, span, masks):
                self.hits[kind] += 1
            else:
                self.misses.append((kind, text[span[0] : span[1]], text))
        addresses = [m.span() for m in re.finditer(r"\S+@\S+", text)]  # care@tarnwick.example is nobody's word
        for word in re.finditer(r"[^\W_]+", text):
            if not inside & set(range(*word.span())):
                self.words += 1
                low, gone = word.group().lower(), bool(hidden & set(range(*word.span())))
                self.words_masked += gone
                self.ordinary_masked += gone and low in self._ordinary
                term = low in self._terms and not any(a <= word.start() < b for a, b in addresses)
                self.terms += term
                self.terms_masked += gone and term
                self.spoiled[word.group()] += gone

    def rows(self) -> list[tuple[str, int, int]]:
        """List type, spans found and spans there, then all together."""
        kinds = [(kind, self.hits[kind], n) for kind, n in self.all.most_common()]
        return [*kinds, ("all", self.hits.total(), self.all.total())]


def ordinary_words() -> frozenset[str]:
    """Words of the dictionary that are no common names: what a text loses where one of them is masked by mistake.

    The sets do not label all that is personal (MultiDoGO no address, STAR no number that was tried and wrong, none the
    places), so that most other words that are masked are somebody's after all; these are not.
    """
    params = AnonymizationParams()
    return dictionary(params.spacy_model) - frozenset(domain.pii_domain(params.patterns).common_names)


def show(
    name: str, cases: Sequence[Case], layers: Iterable[str] = LAYERS, terms: Container[str] = frozenset()
) -> dict[str, Tally]:
    """Print the table of one set."""
    tallies = {layer: Tally(cases, LAYERS[layer](cases), terms) for layer in layers}
    joined = list(tallies.values())[-1]
    print(f"\n## {name}: {len(cases)} records\n\n| type | n | {' | '.join(tallies)} | 95 % | misses |")
    print("|" + "---|" * (len(tallies) + 4))
    for kind, hits, n in joined.rows():
        shares = " | ".join(f"{dict((k, h) for k, h, _ in t.rows())[kind] / n:.3f}" for t in tallies.values())
        low, high = interval(hits, n)
        print(f"| {kind} | {n} | {shares} | {low:.3f} to {high:.3f} | {n - hits} |")
    for label, share in (
        ("personal characters masked", lambda t: t.gone / t.personal if t.personal else math.nan),
        ("precision (characters)", lambda t: t.right / t.masked if t.masked else math.nan),
        ("other words masked", lambda t: t.words_masked / max(1, t.words)),
        ("of them words of the dictionary", lambda t: t.ordinary_masked / max(1, t.words)),
        ("domain words masked", lambda t: t.terms_masked / t.terms if t.terms else math.nan),
    ):
        print(f"| {label} | | {' | '.join(f'{share(t):.4f}' for t in tallies.values())} | | |")
    return tallies


def quality(limit: int | None, lost: str | None) -> None:
    """Print every table."""
    everything = [*LAYERS, "high and known"]
    LAYERS["high and known"] = with_known
    with tempfile.TemporaryDirectory() as place:
        for name in ("main", "holdout"):
            make_desk(Path(place) / name, tickets=500, seed=7, holdout=name == "holdout")
        terms = {f"sample desk, {name}": privacy_sets.terms(Path(place) / name) for name in ("main", "holdout")}
        sets = {
            "presidio_pii, half looked at": (privacy_sets.presidio(DATA, 0), everything[:-1]),
            "presidio_pii, other half": (privacy_sets.presidio(DATA, 1), everything[:-1]),
            "sample desk, main": (privacy_sets.desk(Path(place) / "main"), everything[-2:]),
            "sample desk, holdout": (privacy_sets.desk(Path(place) / "holdout"), everything[-2:]),
            "STAR": (privacy_sets.star(DATA), everything[-2:]),
            "tau-bench": (privacy_sets.taubench(DATA), everything[-2:]),
            "MultiDoGO": (privacy_sets.multidogo(DATA), everything[-2:-1]),
        }
    for name, (cases, layers) in sets.items():
        if lost and lost not in name:
            continue
        tallies = show(name, cases[:limit], layers, terms.get(name, frozenset()))
        if lost:
            for layer in layers[-2:]:
                print(f"\n{layer} lost:")
                print(*tallies[layer].misses, sep="\n")
                print("spoiled:", tallies[layer].spoiled.most_common(150))


def speed(rows: int) -> None:
    """Print ratios, each pair timed in turn in this process on one thread, after one run to warm up."""
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        make_desk(Path(place), tickets=500, seed=7)
        cases = privacy_sets.desk(Path(place))
    texts = [text for case in cases for text in case.texts if text][:rows]
    params = AnonymizationParams()
    stock, session = _stock_analyzer(params), _stock_session()
    ways: dict[str, Callable[[], object]] = {
        "stock AnalyzerEngine": lambda: [stock(text) for text in texts],
        "standard": lambda: _masks([Case((t,), ((),)) for t in texts], AnonymizationParams(recall="standard")),
        "high": lambda: _masks([Case((t,), ((),)) for t in texts], params),
        "stock onnxruntime session": lambda: [session(text) for text in texts],
        "our Rampart": lambda: list(rampart().find(list(dict.fromkeys(texts)))),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(3):
        for name, way in ways.items():
            start = time.process_time()
            way()
            took[name].append(time.process_time() - start)
    best = {name: min(times[1:]) for name, times in took.items()}
    print(f"\n## Speed: {len(texts)} texts, {sum(map(len, texts)) // len(texts)} characters on average\n")
    print("| | texts per second of processor time |\n|---|---|")
    print(*(f"| {name} | {len(texts) / seconds:.1f} |" for name, seconds in best.items()), sep="\n")
    for name, against in (("standard", "stock AnalyzerEngine"), ("high", "stock AnalyzerEngine")):
        print(f"\n{name} / {against}: {best[against] / best[name]:.2f}")
    print(f"\nour Rampart / stock session: {best['stock onnxruntime session'] / best['our Rampart']:.2f}")
    ours = presidio(params.spacy_model, params.phone_regions, frozenset(params.entities), params.min_score)
    named = zip(ours.patterns(texts), recognizer(params.spacy_model, params.fast_ner)(texts), strict=True)
    got = [{(s.start, s.end, s.type) for s in [*spans, *ours.guesses(found)]} for spans, found in named]
    same = sum(a == stock(text) for a, text in zip(got, texts, strict=True))
    print(f"\nsame spans as the stock engine: {same} of {len(texts)} texts")
    print(
        f"\nlargest resident size of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"
    )


def _stock_analyzer(params: AnonymizationParams) -> Callable[[str], set[tuple[int, int, str]]]:
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # it would ask the network
    engine: Any = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": params.spacy_model}])
    engine.nlp = {"en": language_model(params.spacy_model)}  # as it is: our decoder computes on a copy
    stock = AnalyzerEngine(nlp_engine=engine)
    stock.registry.remove_recognizer("PhoneRecognizer")
    stock.registry.add_recognizer(PhoneRecognizer(supported_regions=params.phone_regions))
    wanted = [theirs for theirs, ours in TYPES.items() if ours in params.entities]

    def analyze(text: str) -> set[tuple[int, int, str]]:
        found = stock.analyze(text, "en", entities=wanted, score_threshold=params.min_score)
        return {(r.start, r.end, TYPES[r.entity_type]) for r in found}

    return analyze


def _stock_session() -> Callable[[str], object]:
    """Rampart as its package runs it: text by text, windows of 480 characters that share 64."""
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = str(folder() / "onnx" / "model_q4.onnx")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder() / "tokenizer.json"))

    def run(text: str) -> object:
        out = []
        for at in range(0, max(1, len(text) - 64), 416):
            ids = np.array([tokenizer.encode(text[at : at + 480]).ids])
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            out.append(session.run(None, feed))
        return out

    return run


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="all", choices=["quality", "speed", "all"])
    parser.add_argument("--rows", type=int, help="use only so many records of each set")
    parser.add_argument("--misses", metavar="SET", help="print what was lost in the sets so named")
    arguments = parser.parse_args()
    if arguments.what != "speed":
        quality(arguments.rows, arguments.misses)
    if arguments.what != "quality":
        speed(arguments.rows or 600)


if __name__ == "__main__":
    main()
