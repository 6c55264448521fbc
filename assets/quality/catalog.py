"""Every measure of the scorecard: what it is called, and what exactly is computed.

A measure with the unit 'share' lies in 0 to 1. Where a definition differs from the framework's
printed formula, it says so.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One line of the scorecard without its value; `{...}` in the definition names a setting."""

    measure: str
    family: str
    unit: str
    better: str
    definition: str


CATALOG: tuple[Entry, ...] = (
    Entry(
        "composite",
        "composite",
        "share",
        "higher",
        "0.25 accuracy + 0.20 completeness + 0.20 consistency + 0.15 relevance + 0.10 diversity + 0.10 bias_score; "
        "not measured as long as one of the six is not.",
    ),
    Entry(
        "accuracy",
        "composite",
        "share",
        "higher",
        "Share of examples whose answer has evidence of being true: reviewed by people, agreeing with a current "
        "article, or confirmed by the customer. A lower bound of how many are true: an answer without evidence "
        "counts as not proved, not as wrong.",
    ),
    Entry(
        "completeness",
        "composite",
        "share",
        "higher",
        "1 - (0.4 missing_values + 0.3 empty_fields + 0.3 incomplete_records), all three as shares; the printed "
        "formula adds a percentage to raw counts.",
    ),
    Entry(
        "consistency",
        "composite",
        "share",
        "higher",
        "Mean of answer_agreement, label_agreement and format_agreement, of those that were measured.",
    ),
    Entry(
        "relevance",
        "composite",
        "share",
        "higher",
        "Mean over people's own examples of the pair's relevance (share of mismatched pairs that are less alike than "
        "question and answer are); one without that score counts as 0.",
    ),
    Entry(
        "diversity",
        "composite",
        "share",
        "higher",
        "Expected share of distinct ones among {rarefaction} word triples drawn from questions and answers "
        "(rarefaction; unlike plain distinct-n it does not fall merely because the dataset grows).",
    ),
    Entry(
        "bias_score",
        "composite",
        "share",
        "higher",
        "1 - bias; the printed formula adds bias itself, so that a more biased dataset scores higher.",
    ),
    Entry(
        "missing_values",
        "completeness",
        "share",
        "lower",
        "Share of cells without a value, over {fields}.",
    ),
    Entry(
        "empty_fields",
        "completeness",
        "share",
        "lower",
        "Share of the text cells among them that say nothing: blank, a filler such as 'n/a', or only placeholders "
        "of personal data.",
    ),
    Entry(
        "incomplete_records",
        "completeness",
        "share",
        "lower",
        "Share of examples with at least one missing value or empty field.",
    ),
    Entry(
        "answer_agreement",
        "consistency",
        "share",
        "higher",
        "Share of pairs that answer as most do who were asked (nearly) the same: same numbers, same polarity, at "
        "least {same_answer} of the words. A question asked once agrees with itself; variants of a pair are left "
        "out, because they copy its answer.",
    ),
    Entry(
        "label_agreement",
        "consistency",
        "share",
        "higher",
        "Share of labelled pairs in the category most pairs of the same source have for (nearly) the same question.",
    ),
    Entry(
        "format_agreement",
        "consistency",
        "share",
        "higher",
        "Share of examples whose messages are system, user, assistant, ..., alternate, say something, and end in the "
        "output.",
    ),
    Entry(
        "bias",
        "bias",
        "share",
        "lower",
        "Mean of the kinds of bias that were measured among demographic, temporal, selection and confirmation.",
    ),
    Entry(
        "demographic_bias",
        "bias",
        "share",
        "lower",
        "How unevenly groups of customers are served; needs the customers table, and is not measured yet.",
    ),
    Entry(
        "temporal_bias",
        "bias",
        "share",
        "lower",
        "1 - evenness (entropy over its maximum) of the training weight over the months from the first to the last; "
        "sources that give all their records one date are left out.",
    ),
    Entry(
        "selection_bias",
        "bias",
        "share",
        "lower",
        "Share of the training weight that would have to change its category to match validation and test, which are "
        "never balanced (total variation distance). Small parts raise it: chance alone differs from part to part.",
    ),
    Entry(
        "confirmation_bias",
        "bias",
        "share",
        "lower",
        "Share of the training weight whose answers open with the commonest eight words: one agent's or macro's voice.",
    ),
    Entry("size", "intrinsic", "rows", "higher", "Examples in train, validation and test together."),
    Entry(
        "distinct_answers",
        "intrinsic",
        "share",
        "higher",
        "Different answers per example; case, white space and digits aside.",
    ),
    Entry(
        "size_to_minimum",
        "intrinsic",
        "ratio",
        "higher",
        "Size over the minimum viable volume of {minimum_viable} examples a task (plan: 1,000-5,000).",
    ),
    Entry(
        "size_to_production",
        "intrinsic",
        "ratio",
        "higher",
        "Size over the production volume of {production} examples a task (plan: 10,000-50,000).",
    ),
    Entry(
        "coverage",
        "intrinsic",
        "share",
        "higher",
        "Share of validation and test examples whose category has at least {per_category} training examples.",
    ),
    Entry(
        "vocabulary_coverage",
        "intrinsic",
        "share",
        "higher",
        "Share of the words of validation and test questions that occur in the training questions or answers.",
    ),
    Entry(
        "balance",
        "intrinsic",
        "share",
        "higher",
        "Evenness (entropy over its maximum) of the training weight over the categories.",
    ),
    Entry(
        "largest_source",
        "intrinsic",
        "share",
        "neither",
        "Share of the training weight that comes from the largest source.",
    ),
    Entry("complexity", "intrinsic", "tokens", "neither", "Mean tokens of the answer under the chat template."),
    Entry(
        "context", "intrinsic", "tokens", "neither", "Mean tokens before the answer: instruction, history, question."
    ),
    Entry("question_quality", "intrinsic", "share", "higher", "Mean of the pairs' question_quality, where scored."),
    Entry("answer_quality", "intrinsic", "share", "higher", "Mean of the pairs' answer_quality, where scored."),
)
