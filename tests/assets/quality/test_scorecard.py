"""The scorecard says what the dataset is worth, and what it could not measure."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from assets import tables
from assets.errors import RefineryError
from assets.ledger import balance
from assets.quality.catalog import CATALOG
from assets.quality.combined import composite
from assets.quality.params import COMPOSITE, QualityParams
from assets.quality.scorecard import scorecard

FAST = QualityParams(resamples=20)


def measured(tables_: tuple, params: QualityParams = FAST) -> dict[str, dict]:
    return {row["measure"]: row for row in scorecard(*tables_, params).table.to_pylist()}


def values(tables_: tuple, params: QualityParams = FAST) -> dict[str, float | None]:
    return {name: row["value"] for name, row in measured(tables_, params).items()}


def test_a_sound_dataset_is_measured_as_worked_out_by_hand(rows, dataset):
    found = values(dataset(rows))
    assert found["accuracy"] == 0.5
    assert (found["completeness"], found["consistency"], found["relevance"]) == (1.0, 1.0, 0.9)
    assert (found["temporal_bias"], found["balance"], found["selection_bias"]) == (0.0, 1.0, 0.0)
    assert found["confirmation_bias"] == pytest.approx(0.2)  # five sentences, digits aside
    assert (found["size"], found["size_to_minimum"], found["size_to_production"]) == (100, 0.1, 0.01)
    assert (found["complexity"], found["context"]) == (20, 30)


def test_the_composite_is_the_frameworks_weighted_sum_with_bias_turned_round(rows, dataset):
    found = values(dataset(rows))
    assert found["bias_score"] == pytest.approx(1 - found["bias"])
    assert found["composite"] == pytest.approx(sum(w * found[name] for name, w in COMPOSITE.items()), abs=1e-4)
    assert sum(COMPOSITE.values()) == pytest.approx(1)


def test_the_composite_is_not_known_as_long_as_a_part_is_not():
    assert composite({name: 1.0 for name in COMPOSITE if name != "accuracy"}) != 1.0
    assert composite({**dict.fromkeys(COMPOSITE, 1.0), "accuracy": float("nan")}) is not None
    assert str(composite({})) == "nan"


def test_every_measure_of_the_catalog_has_its_line_and_the_row_count_it_stands_on(rows, dataset):
    found = measured(dataset(rows))
    assert list(found) == [entry.measure for entry in CATALOG]
    assert (found["accuracy"]["n"], found["coverage"]["n"], found["confirmation_bias"]["n"]) == (100, 20, 80)
    assert not [name for name, row in found.items() if "{" in row["definition"]]


def test_what_was_not_measured_is_null_and_never_a_perfect_score(rows, dataset):
    for row in rows:
        row |= {"truth_evidence": None, "relevance": None, "question_quality": None}
    found = values(dataset(rows))
    for name in ("accuracy", "relevance", "question_quality", "composite"):
        assert found[name] is None, name
    assert found["completeness"] == 1.0


def test_an_empty_dataset_has_a_scorecard_that_knows_nothing(dataset):
    found = values(dataset([]))
    assert [found.pop(n) for n in ("size", "smallest_task", "size_to_minimum", "size_to_production")] == [0] * 4
    assert set(found.values()) == {None}


def test_a_single_example_has_values_and_no_intervals(rows, dataset):
    found = measured(dataset(rows[50:51]))
    assert found["relevance"]["value"] == 0.9
    assert found["relevance"]["low"] is None


@pytest.mark.parametrize(
    ("worse", "measure"),
    [
        ({"truth_evidence": "none"}, "accuracy"),
        ({"truth_evidence": None}, "accuracy"),
        ({"relevance": 0.1}, "relevance"),
        ({"relevance": None}, "relevance"),
        ({"category": None}, "completeness"),
        ({"category": " n/a "}, "completeness"),
        ({"licence": None}, "completeness"),
        ({"output": "[PERSON_1], [EMAIL]."}, "completeness"),
        ({"output": None}, "completeness"),
        ({"question": None, "input": None}, "completeness"),
        ({"messages": []}, "consistency"),
        ({"messages": [{"role": r, "content": "x"} for r in ("system", "assistant", "user")]}, "consistency"),
    ],
)
def test_a_worse_row_lowers_its_measure_and_never_raises_the_composite(rows, dataset, worse, measure):
    before = values(dataset(rows))
    for row in rows[1::8]:
        row |= worse
    after = values(dataset(rows))
    assert after[measure] < before[measure]
    assert after["composite"] <= before["composite"]


def test_completeness_weighs_shares_of_cells_texts_and_records(rows, dataset):
    for row in rows[:10]:
        row["language"] = None
    for row in rows[10:15]:
        row["licence"] = "N/A"
    params = FAST.model_copy(update={"fields": ("output", "language", "licence")})
    found = values(dataset(rows), params)
    assert found["missing_values"] == pytest.approx(10 / 300, abs=1e-4)
    assert found["empty_fields"] == pytest.approx(5 / 300, abs=1e-4)
    assert found["incomplete_records"] == pytest.approx(15 / 100)
    assert found["completeness"] == pytest.approx(1 - 0.4 * 10 / 300 - 0.3 * 5 / 300 - 0.3 * 0.15, abs=1e-4)


def test_answers_that_contradict_the_commonest_of_their_cluster_are_counted(rows, dataset):
    answers = ["Breakfast is free."] * 3 + ["Breakfast is not free.", "Breakfast is free of charge from 7 to 10."]
    for row, answer in zip(rows, answers, strict=False):
        row |= {"cluster_id": "breakfast", "output": answer, "messages": [*row["messages"][:2]]}
        row["messages"].append({"role": "assistant", "content": answer})
    found = values(dataset(rows))
    assert found["answer_agreement"] == pytest.approx(0.98)
    assert found["consistency"] < 1


def test_variants_do_not_vote_on_what_the_commonest_answer_is(rows, dataset):
    for row in rows[20:24]:
        row |= {"cluster_id": "c", "output": "No, never."}
    rows[23]["output"] = rows[22]["output"] = rows[21]["output"] = "Yes, always."
    for row in rows[21:24]:
        row["origin"] = "rule"
    assert values(dataset(rows))["answer_agreement"] == 1.0


def test_labels_are_compared_within_a_source_only(rows, dataset):
    for row, category in zip(rows, ["billing", "billing", "shipping"], strict=False):
        row |= {"cluster_id": "c", "category": category}
    assert values(dataset(rows))["label_agreement"] == pytest.approx(0.99)
    rows[2]["source"] = "another desk"
    assert values(dataset(rows, rows))["label_agreement"] == 1.0


def test_repeated_words_lower_diversity_but_growth_alone_does_not(rows, dataset):
    varied = values(dataset(rows))["diversity"]
    for row in rows[30:]:
        row |= {"question": rows[30]["question"], "output": rows[30]["output"]}
    assert values(dataset(rows))["diversity"] < varied


def test_a_training_mix_unlike_the_held_out_one_is_selection_bias(rows, dataset):
    for row in rows[20:]:
        row["weight"] = 0.0 if row["category"] == "parcel" else 1.0
    assert values(dataset(rows))["selection_bias"] == pytest.approx(0.2)


def test_a_month_that_holds_everything_is_temporal_bias_and_an_undated_source_is_not(rows, dataset):
    for row in rows[24:]:
        row["created_at"] = datetime(2024, 1, 1 + int(row["pair_id"][1:]) % 9, tzinfo=UTC)
    assert values(dataset(rows, rows))["temporal_bias"] > 0.5
    for row in rows:
        row["created_at"] = datetime(2024, 1, 1, tzinfo=UTC)
    assert values(dataset(rows, rows))["temporal_bias"] is None


def test_one_macro_that_opens_most_answers_is_confirmation_bias(rows, dataset):
    for row in rows[20:60]:
        row["output"] = "Thank you for contacting us, we are sorry to hear that. " + row["output"]
    assert values(dataset(rows))["confirmation_bias"] == pytest.approx(0.5)


def test_categories_and_words_that_training_lacks_lower_coverage(rows, dataset):
    assert values(dataset(rows), FAST.model_copy(update={"per_category": 16}))["coverage"] == 1.0
    assert values(dataset(rows), FAST.model_copy(update={"per_category": 17}))["coverage"] == 0.0
    before = values(dataset(rows))["vocabulary_coverage"]
    rows[0]["question"] = "Quo vadis, domine mi?"
    assert values(dataset(rows))["vocabulary_coverage"] < before


def test_an_interval_surrounds_its_value_and_another_seed_moves_it_a_little(rows, dataset):
    params = QualityParams(resamples=200)
    one, two = (measured(dataset(rows), params.model_copy(update={"seed": seed})) for seed in (0, 1))
    for name, row in one.items():
        if row["low"] is not None:
            assert row["low"] <= row["value"] <= row["high"], name
    assert one["accuracy"]["low"] == pytest.approx(0.4, abs=0.04)  # 0.5 +- 1.96 * sqrt(0.25 / 100)
    assert one["accuracy"]["low"] != two["accuracy"]["low"] or one["accuracy"]["high"] != two["accuracy"]["high"]
    assert one["accuracy"]["value"] == two["accuracy"]["value"]


def test_the_interval_widens_when_pairs_come_in_few_groups(rows, dataset):
    def width() -> float:
        row = measured(dataset(rows), QualityParams(resamples=200))["accuracy"]
        return row["high"] - row["low"]

    alone = width()
    for number, row in enumerate(rows):
        row["group_id"] = f"g{number % 2}{number // 20}"
    assert width() > 2 * alone


def test_the_order_of_the_rows_does_not_matter(rows, dataset):
    straight = dataset(rows)
    order = pc.sort_indices(straight[0].column("example_id"), sort_keys=[("", "descending")])
    assert scorecard(*straight, FAST) == scorecard(*(table.take(order) for table in straight), FAST)


def test_an_example_without_its_pair_is_refused(rows, dataset):
    examples, pairs, records = dataset(rows)
    with pytest.raises(RefineryError, match="3 example"):
        scorecard(examples, pairs.slice(3), records, FAST)


def test_a_setting_that_names_no_column_is_refused(rows, dataset):
    with pytest.raises(RefineryError, match="no column colour"):
        scorecard(*dataset(rows), QualityParams(fields=("output", "colour")))


def test_a_dataset_without_training_examples_says_nothing_of_training(rows, dataset):
    found = values(dataset(rows[:20]))
    names = ("diversity", "balance", "temporal_bias", "selection_bias", "confirmation_bias", "bias_score", "composite")
    assert {name: found[name] for name in names} == dict.fromkeys(names)


def test_every_line_is_accounted_for(rows, dataset):
    published = scorecard(*dataset(rows), FAST)
    assert balance(published.ledger).derived == len(published.table) == len(CATALOG)
    assert published.table.schema.equals(tables.QUALITY_REPORT.schema)


def test_a_category_seen_once_is_one_category_more(rows, dataset):
    rows[30]["category"] = "bees"
    found = values(dataset(rows, rows), FAST.model_copy(update={"per_category": 5}))
    assert found["category_coverage"] == pytest.approx(5 / 6, abs=1e-4)
    assert found["population_coverage"] == pytest.approx(0.99)
    assert found["balance"] < 1


def test_all_rows_identical_are_measured_and_worth_little(rows, dataset):
    said = {name: rows[50][name] for name in ("question", "answer", "input", "output", "messages", "category")}
    same = [row | said | {"cluster_id": "c"} for row in rows]
    found = values(dataset(same, same))
    assert found["composite"] is not None
    assert (found["confirmation_bias"], found["vendi"], found["distinct_answers"]) == (1.0, 0.01, 0.01)
    assert found["diversity"] < 0.02


def test_a_desk_without_categories_has_a_composite_and_no_measure_of_categories(rows, dataset):
    for row in rows:
        row["category"] = None
    found = values(dataset(rows, rows))
    names = ("label_agreement", "coverage", "category_coverage", "population_coverage", "balance")
    assert {name: found[name] for name in names} == dict.fromkeys(names)
    assert found["composite"] is not None


def test_without_a_held_out_row_only_what_is_about_them_is_not_measured(rows, dataset):
    for row in rows:
        row["split"] = "train"
    found = values(dataset(rows))
    assert [name for name in ("coverage", "vocabulary_coverage", "composite") if found[name] is None] == [
        "coverage",
        "vocabulary_coverage",
    ]


def test_what_pulls_a_measure_down_is_named_worst_first_and_no_more_than_asked_for(rows, dataset):
    rows[7]["relevance"], rows[40]["relevance"] = 0.1, 0.3
    found = measured(dataset(rows), FAST.model_copy(update={"culprits": 2}))
    assert found["relevance"]["pulled_down_by"] == ["e007", "e040"]
    assert measured(dataset(rows), FAST.model_copy(update={"culprits": 0}))["relevance"]["pulled_down_by"] == []
    rows[30]["licence"] = None
    assert measured(dataset(rows))["completeness"]["pulled_down_by"] == ["e030"]


def test_the_weights_of_the_composite_are_moved_and_its_sensitivity_stated(rows, dataset):
    found = measured(dataset(rows))
    assert found["composite_at_worst"]["value"] < found["composite"]["value"] < found["composite_at_best"]["value"]
    fixed = measured(dataset(rows), FAST.model_copy(update={"weight_tolerance": 0.0}))
    assert fixed["composite_at_worst"]["value"] == fixed["composite_at_best"]["value"] == fixed["composite"]["value"]
    gain = 0.05 * (0.5 - found["composite"]["value"]) / 0.75
    assert found["accuracy"]["sensitivity"] == pytest.approx(gain, abs=1e-4)


def test_groups_of_customers_that_weigh_less_than_at_the_source_are_demographic_bias(rows, dataset):
    source = [row | {"language": "fr" if number % 4 == 0 else "en"} for number, row in enumerate(rows)]
    kept = [row for number, row in enumerate(source) if number % 4]
    assert values(dataset(source, source))["demographic_bias"] == 0
    assert values(dataset(kept, source))["demographic_bias"] == pytest.approx(0.25)


def test_groups_of_the_customers_table_count_too_and_a_merged_row_is_of_its_persons_group(rows, dataset):
    """Every second customer is from the north; the dataset keeps half of their examples."""
    people = [
        {"customer_id": f"c{n:03}", "merged_ids": [f"m{n:03}"] if n % 4 else [],
         "groups": [{"name": "land", "value": "north" if n % 2 else "south"}]}
        for n in range(100)
    ]  # fmt: skip
    examples, pairs, records = dataset(rows, rows)
    owners = [f"{'m' if n % 4 else 'c'}{n:03}" for n in range(100)]
    at = records.schema.get_field_index("customer_id")
    records = records.sort_by("record_id").set_column(at, records.schema.field(at), pa.array(owners))
    customers = tables.CUSTOMER_FEATURES.of(people)
    even = scorecard(examples, pairs, records, FAST, customers=customers).table.to_pylist()
    kept = [n for n in range(100) if n % 4 != 1]
    fewer = examples.sort_by("example_id").take(kept)
    skewed = scorecard(fewer, pairs, records, FAST, customers=customers).table.to_pylist()
    alone = scorecard(fewer, pairs, records, FAST).table.to_pylist()
    worst = [next(r["value"] for r in t if r["measure"] == "demographic_bias") for t in (even, skewed, alone)]
    assert worst[0] == pytest.approx(0)
    assert worst[1] == pytest.approx(1 / 2 - 1 / 3, abs=0.01)
    assert worst[2] == pytest.approx(0), "without the table of customers it goes unseen"
    assert "north" not in str(skewed), "no group is named"


def test_the_arrival_rate_says_when_the_production_volume_is_reached(rows, dataset):
    for number, row in enumerate(rows):
        row["created_at"] = datetime(2024, 1, 1 + number % 31, number % 24, tzinfo=UTC)
    found = values(dataset(rows, rows), FAST.model_copy(update={"production": 200}))
    assert found["monthly_arrival"] == pytest.approx(100, rel=0.05)
    assert found["months_to_production"] == pytest.approx(1, rel=0.05)
    assert values(dataset(rows, rows), FAST.model_copy(update={"production": 90}))["months_to_production"] == 0


def test_a_finding_pulls_down_what_it_speaks_against_and_nothing_else(rows, dataset):
    """A tenth of the pairs is found fault with; what people reviewed is past doubt."""
    examples, pairs, records = dataset(rows)
    hidden = dict.fromkeys(pairs["pair_id"].to_pylist()[::10], 0)
    before = {row["measure"]: row["value"] for row in scorecard(examples, pairs, records, FAST).table.to_pylist()}
    sure = {row["pair_id"]: row["truth_evidence"] for row in pairs.to_pylist()}
    share = sum(sure[i] != "reviewed" for i in hidden) / len(pairs)
    for kind, measure in (("contradiction", "answer_agreement"), ("label_error", "label_agreement")):
        said = tables.CONSISTENCY_FINDINGS.of({"finding_id": i, "kind": kind, "pair_id": i} for i in hidden)
        report = scorecard(examples, pairs, records, FAST, findings=said).table.to_pylist()
        found = {row["measure"]: row for row in report}
        assert found[measure]["value"] == pytest.approx(before[measure] - share)
        assert len(found[measure]["pulled_down_by"]) == min(round(share * len(pairs)), FAST.culprits)
        moved = {name for name, row in found.items() if row["value"] != before[name]}
        assert moved == {measure, "consistency", *(n for n in moved if n.startswith("composite"))}
