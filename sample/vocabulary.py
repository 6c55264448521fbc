"""What can be said at the desk: the YAML files under `data/`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from sample.grammar import Lines, lines

DATA = Path(__file__).parent / "data"
_RESERVED = frozenset({"weight", "lower"})


@dataclass(frozen=True)
class Problem:
    """Something customers write about; facts, steps and answers are its article's."""

    id: str
    category: str
    title: str
    priority: str
    facts: Mapping[str, str]
    old: Mapping[str, str]
    slot: str | None
    variants: Mapping[str, Mapping[str, str]]
    pii: tuple[str, ...]
    subjects: Lines
    asks: Lines
    details: Lines
    wants: Lines
    steps: Lines
    answers: Lines

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The values of the slot the answer depends on, such as products; empty where it depends on none."""
        return tuple(self.variants)

    def said(self, variant: str | None, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """The facts as they hold for a variant, with `changes` over them."""
        facts = dict(self.facts)
        if variant is not None and self.slot is not None:
            facts |= {self.slot: variant, **self.variants[variant]}
        return facts | dict(changes or {})


@dataclass(frozen=True)
class Category:
    """A category of the desk; `context` is what customers add to any of its problems."""

    id: str
    name: str
    context: Lines
    products: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """Everything a desk is made from."""

    company: Mapping[str, Any]
    categories: Mapping[str, Category]
    problems: tuple[Problem, ...]
    slots: Mapping[str, Lines]
    sticky: tuple[str, ...]
    moods: Mapping[str, Mapping[str, Any]]
    filler: Lines
    form: Lines
    pii: Mapping[str, Lines]
    agents: Mapping[str, Lines]
    defects: Mapping[str, Any]
    twins: tuple[Mapping[str, Any], ...]
    languages: Mapping[str, Any]
    talk: Mapping[str, Any]
    fillers: tuple[str, ...]
    documents: tuple[Mapping[str, str], ...]
    people: Mapping[str, Any]

    @cached_property
    def problem_weights(self) -> tuple[int, ...]:
        """Cumulative weights: some problems come up four times as often as others."""
        return tuple(accumulate(1 + n * 7 % 4 for n in range(len(self.problems))))

    @cached_property
    def mood_weights(self) -> tuple[int, ...]:
        """Cumulative weights of the moods."""
        return tuple(accumulate(mood["weight"] for mood in self.moods.values()))


def _templates(tree: Any) -> Any:
    """Turn every text of a nested mapping into its templates."""
    if isinstance(tree, str):
        return lines(tree)
    if isinstance(tree, dict):
        return {k: v if k in _RESERVED or k == "category" else _templates(v) for k, v in tree.items()}
    return [_templates(item) for item in tree] if isinstance(tree, list) else tree


def _strings(facts: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (facts or {}).items()}


def _problem(category: str, raw: dict[str, Any]) -> Problem:
    ((slot, variants),) = (raw.get("by") or {None: {}}).items()
    return Problem(
        id=raw["id"],
        category=category,
        title=raw["title"],
        priority=raw["priority"],
        facts=_strings(raw.get("facts")),
        old=_strings(raw.get("old")),
        slot=slot,
        variants={str(key): _strings(facts) for key, facts in variants.items()},
        pii=tuple(raw.get("pii", ())),
        **{name: lines(raw[name]) for name in ("subjects", "asks", "details", "wants", "steps", "answers")},
    )


def read(path: Path) -> Any:
    """Read one YAML file."""
    with path.open(encoding="utf-8") as file:
        return yaml.load(file, yaml.CSafeLoader)


@cache
def vocabulary(*, holdout: bool = False) -> Vocabulary:
    """Return the words of the default desk, or of the one that nothing was tuned on."""
    folder = DATA / ("holdout" if holdout else "main")
    files = {path.stem: read(path) for path in sorted(folder.glob("*.yaml"))}
    phrases, defects, talk = files["phrases"], files["defects"], files["talk"]
    categories: dict[str, Category] = {}
    problems: list[Problem] = []
    for content in files.values():
        for name, raw in (content.get("categories", {}) if isinstance(content, dict) else {}).items():
            categories[name] = Category(name, raw["name"], lines(raw["context"]), tuple(raw.get("products", ())))
            problems += [_problem(name, problem) for problem in raw["problems"]]
    twins, fillers = defects.pop("twins"), talk.pop("fillers")
    return Vocabulary(
        company=phrases["company"],
        categories=categories,
        problems=tuple(problems),
        slots=_templates(phrases["slots"]),
        sticky=tuple(phrases["sticky"]),
        moods=_templates(phrases["moods"]),
        filler=lines(phrases["filler"]),
        form=lines(phrases["form"]),
        pii=_templates(phrases["pii"]),
        agents=_templates(phrases["agents"]),
        defects=_templates(defects),
        twins=tuple(twins),
        languages=_templates(files["languages"]),
        talk=_templates(talk),
        fillers=tuple(fillers),
        documents=tuple(files["documents"]),
        people=_half(read(DATA / "people.yaml"), 1 if holdout else 0),
    )


def _half(tree: Any, start: int) -> Any:
    """Take every second entry of every list, so that the two desks share no name."""
    if isinstance(tree, dict):
        return {key: _half(value, start) for key, value in tree.items()}
    return tree[start::2]
