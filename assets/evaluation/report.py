"""The comparison of approaches as people get it: one page that stands alone, `reports/approaches.html`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import pyarrow as pa

from assets import page
from assets.evaluation.compared import DO_NOT
from assets.evaluation.costs import BASELINE
from assets.evaluation.figures import figures
from assets.evaluation.knowledge import FACTORS, Condition, Knowledge
from assets.evaluation.scores import ALL
from assets.page import Column

PLACE = "reports/approaches.html"
"""Where the page rests, below REFINERY_HOME."""
COMPARED = ("training_time", "computational_cost", "performance", "flexibility", "maintenance")
METRICS = {
    ("answer", "nll_per_token"): "nats a token ↓",
    ("answer", "question_gain"): "question gain ↑",
    ("answer", "chrf"): "chrF ↑",
    ("answer", "bleu"): "BLEU ↑",
    ("answer", "token_f1"): "token F1 ↑",
    ("answer", "embedding_similarity"): "similarity ↑",
    ("classify_category", "macro_f1"): "categories, macro F1 ↑",
    ("triage_priority", "weighted_kappa"): "priorities, kappa ↑",
}
_LEGEND = (
    "Scores are of the frozen test set, with 95 % intervals over threads. ↑ higher is better, ↓ lower is better. "
    "Question gain: by how many nats a token its own question makes the true answer likelier than another's does.",
    "What is marked prior was not measured here: it is the framework's rating or figure, or ours where it has none.",
    "Hours and machines cost their hourly rate (evaluation.costs), tokens theirs by the million (language_model). The "
    "weighted share takes each factor as a share of the dearest approach's, under the framework's weights: measured "
    "ones among each other, priors among each other. Hold totals against each other in the same way. An answer "
    "that was cut off at the longest length would have cost more.",
)
Row = Mapping[str, Any]


def report(recommendation: pa.Table, scores: pa.Table, costs: pa.Table, trained: pa.Table, knowledge: Knowledge) -> str:
    """Return the page.

    Args:
        recommendation: A table in the form of `tables.RECOMMENDATION`, of one row.
        scores: A table in the form of `tables.APPROACH_SCORES`.
        costs: A table in the form of `tables.APPROACH_COSTS`.
        trained: The tables of what was trained, one after the other.
        knowledge: What is known of the approaches.
    """
    advice = recommendation.to_pylist()[0]
    costed = costs.to_pylist()
    learnt = trained.to_pylist()
    drawn = "\n".join(page.figure(*one) for one in figures(scores, costed, learnt, knowledge))
    facts = ", ".join(f"{f['name'].replace('_', ' ')} {f['value']:,.0f}" for f in advice["facts"])
    chosen = [at for at, row in enumerate(costed) if row["approach"] == advice["approach"]]
    return page.html(
        "Which approach pays",
        escape(f"Measured here: {facts}"),
        [
            _verdict(advice, costed, knowledge),
            f'<div class="cards">\n{drawn}\n</div>',
            _listed("Why", advice["reasons"]),
            _listed("What would flip it", advice["would_flip"]),
            _listed(f"What is lacking to leave {advice['phase']}", advice["lacking"]),
            page.table("The approaches compared", _comparison(), map(_compared, costed), chosen),
            page.table("Measured on the frozen test set", _scored(), _scores(scores, knowledge)),
            page.table("What they cost", _costing(costed[0]), map(_costed, costed), chosen),
            page.table("For and against", _rule_columns(), _rules(advice, knowledge)),
            page.table("The road map and its gates", _gate_columns(), _gates(advice, knowledge)),
        ],
        _LEGEND,
    )


def _verdict(advice: Row, costed: Sequence[Row], knowledge: Knowledge) -> str:
    names = {**knowledge.names, DO_NOT: "use prompts as they are, and do not fine-tune"}
    trained = knowledge.kinds.get(advice["approach"], "prompt_based") != "prompt_based"
    dear = any(row["approach"] == advice["approach"] and row["pays"] is False for row in costed)
    costs = f" <b>At the requests a month stated it costs more than {names[BASELINE]}.</b>" if dear else ""
    said = (
        f"<div><p>{escape(advice['strategy'])}</p><p><b>Measured here: {escape(names[advice['approach']])}.</b> "
        f"{escape(advice['phase'])}.{costs}</p></div>"
    )
    return page.verdict("good" if trained else "blue", "Train" if trained else "Prompt", said)


def _listed(heading: str, lines: Sequence[str]) -> str:
    return f"<h2>{escape(heading)}</h2>\n{page.listed(lines)}" if lines else ""


def _comparison() -> list[Column]:
    said = [Column(name.replace("_", " ")) for name in COMPARED]
    return [Column("approach", "name"), *said, Column("advantages"), Column("disadvantages")]


def _compared(row: Row) -> list[str]:
    values = [f"{escape(row[name])}<br>{_mark(name in row['measured'], row)}" for name in COMPARED]
    sides = [escape(", ".join(row[name])) for name in ("advantages", "disadvantages")]
    return [_called(row["title"]), *values, *sides]


def _called(title: str) -> str:
    name = title.removeprefix("the ")
    return escape(name[0].upper() + name[1:])


def _mark(measured: bool, row: Row) -> str:
    whose = "" if row["said_by"] == "framework" else ", ours"
    return '<small class="good">measured</small>' if measured else f"<small>prior{whose}</small>"


def _scored() -> list[Column]:
    return [Column("approach", "name"), *(Column(said, "number") for said in METRICS.values())]


def _scores(scores: pa.Table, knowledge: Knowledge) -> Iterator[list[str]]:
    found = {
        (row["approach"], row["task"], row["metric"]): row
        for row in scores.to_pylist()
        if row["baseline"] is None and row["source"] == row["subset"] == ALL
    }
    for name, said in knowledge.names.items():
        cells = [_score(found.get((name, *metric))) for metric in METRICS]
        if any(cells):
            yield [_called(said), *cells]


def _score(row: Row | None) -> str:
    if row is None:
        return ""
    interval = "" if row["low"] is None else f"<br><small>{row['low']:,.3f} – {row['high']:,.3f}</small>"
    return f"{row['value']:,.3f}{interval}"


def _costing(row: Row) -> list[Column]:
    factors = [Column(factor.replace("_", " "), "number") for factor in FACTORS]
    total = Column(f"total, {row['months']} months", "number")
    answer = Column("an answer", "number")
    weighed = [Column("weighted", "number"), Column("by priors alone", "number"), Column("break-even")]
    return [Column(f"approach ({row['currency']})", "name"), *factors, total, *weighed, answer]


def _costed(row: Row) -> list[str]:
    factors = [
        f"{row[f'{factor}_cost']:,.0f}<br>{_mark(f'{factor}_cost' in row['measured'], row)}" for factor in FACTORS
    ]
    prior = f"{row['prior_total']:,.0f}<br><small>{row['prior_weighted']:.2f}</small>"
    return [
        _called(row["title"]),
        *factors,
        f"<b>{row['total']:,.0f}</b>",
        "" if row["weighted"] is None else f"{row['weighted']:.2f}",
        prior,
        escape(row["break_even"]),
        _answer(row),
    ]


def _answer(row: Row) -> str:
    if row["request_cost"] is None:
        return ""
    cut = f"<br><small>{row['cut_off']:.0%} cut off</small>" if row["cut_off"] else ""
    return f"{row['request_cost']:.6f}{cut}"


def _rule_columns() -> list[Column]:
    return [Column("approach", "name"), Column("best for"), Column("not for"), Column("fired here")]


def _rules(advice: Row, knowledge: Knowledge) -> Iterator[list[str]]:
    for kind, known in knowledge.approaches.items():
        fired = [rule for rule in advice["rules"] if rule["kind"] == kind]
        said = [f"{'+' if f['verdict'] == 'for' else '–'} {f['rule']}: {f['because']}" for f in fired]
        yield [escape(known.title), *map(_lines, (known.best_for, known.not_for)), page.listed(said)]


def _lines(lines: Sequence[Condition]) -> str:
    return escape(", ".join(line.text for line in lines))


def _gate_columns() -> list[Column]:
    return [Column("phase", "name"), Column("gate"), Column("passed"), Column("", "said")]


def _gates(advice: Row, knowledge: Knowledge) -> Iterator[list[str]]:
    about = {phase.name: f"weeks {phase.weeks}: {', '.join(phase.does)}" for phase in knowledge.phases}
    before = None
    for gate in advice["gates"]:
        name = gate["phase"]
        here = ' <span class="good">you are here</span>' if name == advice["phase"] else ""
        phase = f"{escape(name)}{here}<br><small>{escape(about[name])}</small>" if name != before else ""
        passed = '<span class="good">yes</span>' if gate["passed"] else '<span class="none">no</span>'
        yield [phase, escape(gate["gate"]), passed, escape(gate["because"])]
        before = name
