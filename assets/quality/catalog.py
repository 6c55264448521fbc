"""Every measure of the scorecard: what it is called, and what exactly is computed.

A measure with the unit 'share' lies in 0 to 1. Where a definition differs from the framework's
printed formula, it says so.
"""

from __future__ import annotations

from typing import NamedTuple

RANGES = {
    "share": "0 to 1",
    "rows": "0 and up",
    "ratio": "0 and up",
    "tokens": "0 and up",
    "messages": "0 and up",
    "rows a month": "0 and up",
    "months": "0 and up",
}
"""The values a measure of each unit can take."""


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
        "composite_at_worst",
        "composite",
        "share",
        "higher",
        "The lowest composite that other weights could give, each within {weight_tolerance} (as a share of itself) "
        "of the framework's, then normalised.",
    ),
    Entry(
        "composite_at_best",
        "composite",
        "share",
        "higher",
        "The highest composite that such weights could give. Near the lowest: the weights hardly matter.",
    ),
    Entry(
        "accuracy",
        "composite",
        "share",
        "higher",
        "Share of examples whose answer has evidence of being true: reviewed by people, agreeing with a current "
        "article, or confirmed by the customer. A lower bound of how many are true: an answer without evidence "
        "counts as not proved, not as wrong; one that says nothing, or that is found to say otherwise than the current "
        "article does, is not true.",
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
        "Mean of answer_agreement, label_agreement and format_agreement; without those that the dataset cannot have "
        "(no source names categories).",
    ),
    Entry(
        "relevance",
        "composite",
        "share",
        "higher",
        "Mean over people's own examples of the pair's relevance (share of mismatched pairs that are less alike than "
        "question and answer are); one without that score or without an answer counts as 0.",
    ),
    Entry(
        "diversity",
        "composite",
        "share",
        "higher",
        "Expected share of distinct ones among {rarefaction} word triples, each drawn from an example's question or "
        "answer (rarefied distinct-3; unlike plain distinct-n it does not fall merely because the dataset grows). "
        "A side that says nothing counts to the commonest triple.",
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
        "Share of cells, over the same columns, whose text says nothing: blank, a filler such as 'n/a', or only "
        "placeholders of personal data.",
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
        "least {same_answer} of the words. A question asked once agrees with itself, an answer that says nothing with "
        "none, nor does one that is found to contradict a better proved pair; variants of a pair are left out, because "
        "they copy its answer.",
    ),
    Entry(
        "label_agreement",
        "consistency",
        "share",
        "higher",
        "Share of pairs in the category most pairs of the same source have for (nearly) the same question; over the "
        "sources that name categories, in which a pair without one agrees with none, nor one whose words are found to "
        "speak for another category.",
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
        "Mean over its kinds ({bias}); not measured as long as one of them is not.",
    ),
    Entry(
        "demographic_bias",
        "bias",
        "share",
        "lower",
        "Share of the training weight that would have to move to another group of customers for the groups to weigh "
        "what they do among the records of the source (total variation distance); of {demographics}, those the "
        "records carry, and of the groups of customer_features, the worst.",
    ),
    Entry(
        "temporal_bias",
        "bias",
        "share",
        "lower",
        "1 - evenness (entropy over its maximum) of the training weight over the months the source's conversations "
        "span; a single month is 1. Sources that give all their records one date are left out.",
    ),
    Entry(
        "selection_bias",
        "bias",
        "share",
        "lower",
        "The dataset against the source population: share of the training weight that would have to move to another "
        "category of a source for the mix to be that of the records (total variation distance). Balancing buys "
        "evenness with it.",
    ),
    Entry(
        "confirmation_bias",
        "bias",
        "share",
        "lower",
        "Share of the training weight whose answers open with the commonest eight words: one agent's or template's "
        "voice. An answer that says nothing counts to it.",
    ),
    Entry("size", "volume", "rows", "higher", "Examples in train, validation and test together, of all tasks."),
    Entry("smallest_task", "volume", "rows", "higher", "Examples of the task that has fewest."),
    Entry(
        "size_to_minimum",
        "volume",
        "ratio",
        "higher",
        "The smallest task over the minimum viable volume of {minimum_viable} examples a task (plan: 1,000-5,000).",
    ),
    Entry(
        "size_to_production",
        "volume",
        "ratio",
        "higher",
        "The smallest task over the production volume of {production} examples a task (plan: 10,000-50,000).",
    ),
    Entry(
        "monthly_arrival",
        "volume",
        "rows a month",
        "higher",
        "Examples of the smallest task that people wrote in the latest {arrival_days} days of the source's "
        "conversations, a month (30.4 days).",
    ),
    Entry(
        "months_to_production",
        "volume",
        "months",
        "lower",
        "Months until the smallest task has {production} examples if they go on arriving like that; 0: it has.",
    ),
    Entry(
        "coverage",
        "coverage",
        "share",
        "higher",
        "Share of validation and test examples whose category has at least {per_category} training examples.",
    ),
    Entry(
        "category_coverage",
        "coverage",
        "share",
        "higher",
        "Share of the source's categories that have at least {per_category} training examples.",
    ),
    Entry(
        "population_coverage",
        "coverage",
        "share",
        "higher",
        "Share of the source's records whose category has at least {per_category} training examples.",
    ),
    Entry(
        "article_coverage",
        "coverage",
        "share",
        "higher",
        "Share of the source's articles that at least one example was taken from.",
    ),
    Entry(
        "vocabulary_coverage",
        "coverage",
        "share",
        "higher",
        "Mean share of a held-out question's words that occur in the training questions or answers.",
    ),
    Entry(
        "distinct_answers",
        "intrinsic",
        "share",
        "higher",
        "Different answers per example; case, white space and digits aside.",
    ),
    Entry(
        "vendi",
        "intrinsic",
        "share",
        "higher",
        "Of 100 examples drawn, how many different ones they are worth, over 100: Vendi score of order 2 over TF-IDF "
        "cosines of question and answer, on at most 1,000 training examples.",
    ),
    Entry(
        "balance",
        "intrinsic",
        "share",
        "higher",
        "Evenness (entropy over its maximum) of the training weight over the categories the sources name; an example "
        "without one counts to the commonest.",
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
    Entry("turns", "intrinsic", "messages", "neither", "Mean messages of an example, the system's among them."),
    Entry(
        "question_quality",
        "intrinsic",
        "share",
        "higher",
        "Mean of the pairs' question_quality, variants aside; one without that score counts as 0.",
    ),
    Entry(
        "answer_quality",
        "intrinsic",
        "share",
        "higher",
        "Mean of the pairs' answer_quality, variants aside; one without that score counts as 0.",
    ),
)
