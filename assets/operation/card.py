"""The model card: what the package is for, what it was made of, how good it is, under which terms, and its limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

import yaml

from assets.errors import RefineryError
from assets.operation.marks import FEW_SHOT
from assets.operation.packaged import Score

NAMES = {
    "zero_shot": "the base model under an instruction",
    "few_shot": "few-shot prompts for the base model",
    "few_shot_endpoint": "few-shot prompts for a model behind an endpoint",
    "lora": "a LoRA adapter",
    "instruction": "an instruction-tuned LoRA adapter",
    "multitask": "a multi-task LoRA adapter",
    "transfer": "a LoRA adapter trained in two stages",
    "full": "a fully tuned model",
}
_LIBRARIES = {"prompts": None, "adapter": "peft", "model": "transformers"}
_CARD = Template("""---
${front_matter}---
# Support assistant: $what

## Intended use

Drafts answers to customers' questions to the support desk whose data it was made from, for a person to look at before
they are sent. It is not for decisions about people, and not for questions of another desk.

## How it was made

| | |
|---|---|
$made

$training

## Measured

On the release's frozen test set, which nothing was trained on. But the approach was chosen by it, and packages contend
on it again and again: the best of many looks somewhat better here than it is. Intervals are bootstrapped over threads.
$shots

$scores

$differences

## Data: sources and licences

From the card of the dataset release `$release`:

$licences

The base model stands under its own licence. Whoever passes this package on is bound by both.

## Limits

- It writes fluently whether it knows or not: prices, dates and steps must be checked.
- It knows what the desk answered up to the release, and repeats what was wrong or has changed since.
- Personal data was removed from what it learnt from; that is measured, not perfect. Placeholders such as `[PERSON_1]`
  may stand in its answers. Treat the package as internal.
- The figures hold for questions like those of the test set: in language, length and kind.
- $template
""")
_SHOTS = {
    None: "",
    False: "\nThe shots were those for any category; a category's own, shown where one is stated, were not measured.\n",
    True: "\nThe shots were those of each question's own category: the figures hold where whoever asks states it.\n",
}
"""What the figures say of few-shot prompts, by whether the category was known."""
_BARE = "Labels are asked for without shots: their figures are those of the bare instruction.\n"
_ENDPOINT = """
The endpoint got each question as one JSON object, `examples` (the shots) and `question`, under the instruction, the
template's words without their places, and the rule that the object is data; it answered with an object of one `answer`,
by a strict JSON schema and within `evaluation.predictions.endpoint_tokens`. Answers were scored by their first
`max_new_tokens` tokens. `prompts.json` holds instructions, templates and shots: put otherwise, they were not measured.
"""
_SECTION = re.compile(r"(?ms)^## Sources and licences\n+(.*?)\n+(?=^## )")


def card(facts: Mapping[str, Any], trained: Mapping[str, Any] | None, dataset_card: Path) -> str:
    """Return the card as Markdown under the front matter of Hugging Face's model cards.

    Args:
        facts: What `package.json` will state, without its files.
        trained: The row of what was trained; None for prompts.
        dataset_card: The release's card.

    Raises:
        RefineryError: The release has no card that says under which terms its data stand.
    """
    front, licences = _terms(dataset_card)
    own = [score for score in facts["metrics"] if score.baseline is None]
    made = {name.replace("_", " "): facts[name] for name in ("approach", "base_model", "artifact", "release")}
    made |= {"base model": None, "endpoint": facts["base_model"]} if facts["template_sha256"] is None else {}
    made |= {"verdict of the quality gate": facts["verdict_id"], "recommendation": facts["recommended"]}
    return _CARD.substitute(
        front_matter=yaml.safe_dump(_front_matter(facts, front, own), sort_keys=False, allow_unicode=True),
        what=NAMES[facts["approach"]],
        made="\n".join(f"| {name} | `{value}` |" for name, value in made.items() if value is not None),
        training=_training(trained) if trained else "Nothing was trained.",
        scores=_table(own),
        differences=_differences([score for score in facts["metrics"] if score.baseline is not None]),
        release=facts["release"],
        licences=licences,
        shots=_SHOTS[facts["category_known"]]
        + (_BARE if facts["approach"] == FEW_SHOT else _ENDPOINT if facts["template_sha256"] is None else ""),
        template=_template(facts["template_sha256"]),
    )


def _template(sha256: str | None) -> str:
    if sha256 is None:
        return "Whoever runs the endpoint can change the model behind its name: measure it again then."
    return f"It must be asked under the chat template it was made with (`{sha256}`)."


def _terms(dataset_card: Path) -> tuple[dict[str, Any], str]:
    """Return the front matter of the release's card, and what it says of sources and licences."""
    try:
        _, front, text = dataset_card.read_text(encoding="utf-8").split("---\n", 2)
        stated = yaml.safe_load(front)
    except (OSError, ValueError, yaml.YAMLError):
        stated, text = None, ""
    section = _SECTION.search(text)
    if not isinstance(stated, dict) or section is None:
        where, what = f"release {dataset_card.parent.name}", "has no card that says under which terms its data stand"
        raise RefineryError(where, what, "release the dataset again")
    return stated, section[1]


def _front_matter(facts: Mapping[str, Any], dataset: Mapping[str, Any], own: Iterable[Score]) -> dict[str, Any]:
    results = [
        {
            "task": {"type": "text-generation", "name": score.task},
            "dataset": {"name": f"frozen test set of release {facts['release']}", "type": facts["release"]},
            "metrics": [{"type": score.metric, "value": score.value}],
        }
        for score in own
    ]
    stated = {
        "license": "other",
        "license_name": "data-and-base-model",
        "license_link": "README.md",
        "language": dataset.get("language"),
        "library_name": _LIBRARIES[facts["kind"]],
        "pipeline_tag": "text-generation",
        "base_model": facts["base_model"].partition("@")[0] if facts["template_sha256"] else None,
        "tags": ["customer-support", facts["approach"].replace("_", "-")],
        "model-index": [{"name": f"support-{facts['approach']}", "results": results}],
    }
    return {name: value for name, value in stated.items() if value is not None}


def _training(trained: Mapping[str, Any]) -> str:
    return (
        f"Trained on {trained['distinct_examples']:,} distinct examples in {trained['steps']:,} steps "
        f"({trained['answer_tokens']:,} tokens of answers). Loss on the validation part: "
        f"{_number(trained['validation_loss'])} nats a token, the base model's "
        f"{_number(trained['base_validation_loss'])}.\n\nKnobs: `{trained['params']}`"
    )


def _differences(scores: list[Score]) -> str:
    return f"Less what others came to on the same examples:\n\n{_table(scores)}" if scores else ""


def _table(scores: Iterable[Score]) -> str:
    head = ["| task | metric | against | value | interval | examples | threads |", "|---|---|---|---|---|---|---|"]
    cells = (
        (s.task, s.metric, s.baseline or "", _number(s.value), _interval(s), f"{s.n:,}", f"{s.threads:,}")
        for s in scores
    )
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in cells)])


def _interval(score: Score) -> str:
    return "not known" if score.low is None else f"{_number(score.low)} to {_number(score.high)}"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"
