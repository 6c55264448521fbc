"""Evaluation's doors: one frozen test set, every approach, one recommendation."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from assets import child, page, tables
from assets.evaluation import costs, facts, judge, memorization, predict, recommend, remote, results, scores
from assets.evaluation import cross_validation as cross
from assets.evaluation.knowledge import Knowledge
from assets.evaluation.report import PLACE, report
from assets.language_model import unasked
from assets.training import APPROACHES, MODULE, TrainingRequest, read_learnt, read_result
from checks.evaluation import (
    APPROACH_COSTS,
    APPROACH_SCORES,
    CROSS_VALIDATION,
    EVALUATION_RESULTS,
    PREDICTIONS,
    RECOMMENDATION,
)
from checks.expectations import audited
from checks.gate import released_folder
from checks.privacy import personal_data
from dagster_project.failures import plainly
from dagster_project.metadata import COLUMNS, KNOBS, card, code_hash

KINDS, ASKS = ("pytorch", "openai", "parquet"), ("base_model", "language_model")
TRAINED = {asset: dg.AssetIn() for asset in APPROACHES}
"""Whatever was trained, as inputs: a row each, or none."""


def _rows(trained: Mapping[str, pa.Table]) -> pa.Table:
    return pa.concat_tables(trained[asset] for asset in APPROACHES)


@dg.asset(**card(tables.PREDICTIONS, "EvaluationFramework", PREDICTIONS, KINDS, ASKS), ins=TRAINED, pool="train")
@plainly
def predictions(
    context: dg.AssetExecutionContext,
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
    few_shot_prompts: pa.Table,
    **trained: pa.Table,
) -> Iterator[Any]:
    """What every approach answers on the frozen test set, and how likely it finds the true answer."""
    found, params = context.resources, context.resources.settings.evaluation.predictions
    folder = released_folder(dataset_release, quality_verdict, found.lake, found.settings)
    made = {row["approach"]: found.settings.home / row["folder"] for row in _rows(trained).to_pylist()}
    asked = predict.PredictionRequest(release=folder, base_model=found.base_model, trained=made, params=params)
    here = predict.predicted(asked, few_shot_prompts, on_line=context.log.info)
    far = remote.few_shot_endpoint(folder, few_shot_prompts, found.base_model, params, found.language_model)
    said = predict.predictions(here, far.rows)
    leaks = personal_data(tables.PREDICTIONS, said.table, found.lake, found.settings)
    told = {KNOBS: unasked(far.outcomes), "answers_withheld": sum(map(bool, leaks))}
    yield from audited(context, predict.withheld(said, leaks), PREDICTIONS, endpoint_outcomes=far.outcomes, **told)


@dg.asset(**card(tables.APPROACH_SCORES, "EvaluationFramework", APPROACH_SCORES))
@plainly
def approach_scores(context: dg.AssetExecutionContext, predictions: pa.Table) -> Iterator[Any]:
    """Scores of every approach, and the paired differences between them, with intervals and p values over threads."""
    params = context.resources.settings.evaluation.scores
    scored = scores.approach_scores(predictions, params)
    few = scores.too_small(predictions, params)
    yield from audited(context, scored, APPROACH_SCORES, groups_without_a_score=few)


@dg.asset(
    **card(tables.CROSS_VALIDATION, "CrossValidator", CROSS_VALIDATION, KINDS, needs=["base_model"]),
    ins={"balanced_pairs": dg.AssetIn(metadata={COLUMNS: ["pair_id", *cross.QUALITY]})},
    pool="train",
)
@plainly
def cross_validation(
    context: dg.AssetExecutionContext,
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
    lora_adapter: pa.Table,
    balanced_pairs: pa.Table,
) -> Iterator[Any]:
    """The LoRA adapter's knobs, trained without each fold of the training part in turn and asked that fold."""
    found, params = context.resources, context.resources.settings.evaluation
    folder = released_folder(dataset_release, quality_verdict, found.lake, found.settings)
    asked = cross.requests(folder, lora_adapter, found.base_model, params.cross_validation.folds)
    folds = [_fold(context, training) for training in asked]
    yield from audited(context, cross.cross_validation(folds, balanced_pairs, params.scores), CROSS_VALIDATION)


def _fold(context: dg.AssetExecutionContext, training: TrainingRequest) -> cross.Fold:
    """Train without a fold, then ask it; what was done for this very request is not done again."""
    settings = context.resources.settings
    few = {
        "max_test": settings.evaluation.cross_validation.examples,
        "max_crossed": 0,
        "max_generated": 0,
        "max_labelled": 0,
    }
    params = settings.evaluation.predictions.model_copy(update=few)
    out = settings.home / f"artifacts/cross_validation/{training.version}"
    child.run(MODULE, training, out, on_line=context.log.info)
    asked = predict.PredictionRequest(
        release=training.release,
        base_model=training.base_model,
        trained={"lora": out},
        fold=training.fold,
        params=params,
    )
    decides = tables.content_hash(params.model_dump_json(), code_hash("evaluation"))
    if not (said := out / f"predictions-{decides}.parquet").is_file():
        child.run("assets.evaluation.predict", asked, said, on_line=context.log.info)
    return cross.Fold(read_result(out), read_learnt(out), pq.read_table(said))


def _canaries(context: dg.AssetExecutionContext, folder: Path, adapter: pa.Table) -> list[memorization.Exposure]:
    """Train the adapter with canaries among what it learns, and ask for them; what was done is not done again."""
    settings, base = context.resources.settings, context.resources.base_model
    params = settings.evaluation.canaries
    if (training := memorization.request(folder, adapter, base, params)) is None:
        return []
    out = settings.home / f"artifacts/canaries/{training.version}"
    child.run(MODULE, training, out, on_line=context.log.info)
    asked = memorization.MemorizationRequest(trained=out, base_model=base, controls=params.controls)
    if not (said := out / f"exposure-{params.controls}.json").is_file():
        child.run(memorization.MODULE, asked, said)
    return memorization.read(said)


@dg.asset(
    **card(tables.EVALUATION_RESULTS, "EvaluationFramework", EVALUATION_RESULTS, KINDS, ASKS),
    pool="train",
)
@plainly
def evaluation_results(
    context: dg.AssetExecutionContext,
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
    quality_report: pa.Table,
    approach_scores: pa.Table,
    predictions: pa.Table,
    lora_adapter: pa.Table,
) -> Iterator[Any]:
    """The dataset and the models trained on it in four families: intrinsic, extrinsic, quality and bias metrics."""
    found, params = context.resources, context.resources.settings.evaluation
    folder = released_folder(dataset_release, quality_verdict, found.lake, found.settings)
    said = judge.judged(folder, predictions, params, found.language_model)
    seen = results.suspected(predictions, found.language_model.guards.leaving, params.results.suspected)
    learnt = memorization.memorization(_canaries(context, folder, lora_adapter))
    measured = (quality_report, approach_scores, predictions, params.scores)
    gathered = results.evaluation_results(*measured, [*said.rows, *seen, *learnt])
    told = {KNOBS: unasked(said.outcomes), "verdicts_passed_over": said.passed_over}
    yield from audited(context, gathered, EVALUATION_RESULTS, judge_outcomes=said.outcomes, **told)


@dg.asset(**card(tables.APPROACH_COSTS, "CostAnalyzer", APPROACH_COSTS), ins=TRAINED)
@plainly
def approach_costs(
    context: dg.AssetExecutionContext,
    predictions: pa.Table,
    approach_scores: pa.Table,
    tuning_trials: pa.Table,
    **trained: pa.Table,
) -> Iterator[Any]:
    """What every approach costs, measured where it could be, beside the framework's priors and ratings."""
    told = context.resources.settings.evaluation
    known, made = Knowledge.load(told.approaches), (predictions, approach_scores, _rows(trained), tuning_trials)
    rates = costs.rates(told.costs, context.resources.settings.language_model)
    costed = costs.approach_costs(*made, known, rates, told.predictions.max_new_tokens)
    yield from audited(context, costed, APPROACH_COSTS)


@dg.asset(
    **card(tables.RECOMMENDATION, "FineTuningFramework", RECOMMENDATION),
    ins={**TRAINED, "training_examples": dg.AssetIn(metadata={COLUMNS: [*facts.EXAMPLES]})},
)
@plainly
def recommendation(
    context: dg.AssetExecutionContext,
    approach_scores: pa.Table,
    approach_costs: pa.Table,
    training_examples: pa.Table,
    tuning_trials: pa.Table,
    **trained: pa.Table,
) -> Iterator[Any]:
    """Which approach to take, why, and what would change it; drawn up as a page in reports/approaches.html."""
    told, place = context.resources.settings.evaluation, context.resources.settings.home / PLACE
    known, measured = Knowledge.load(told.approaches), (approach_scores, approach_costs)
    case = facts.facts(training_examples, approach_scores, tuning_trials, told.costs)
    advice = recommend.recommendation(*measured, case, known, told.recommendation)
    yield from audited(context, advice, RECOMMENDATION, page=dg.MetadataValue.path(place))
    page.write(report(advice.table, *measured, _rows(trained), known), place)
