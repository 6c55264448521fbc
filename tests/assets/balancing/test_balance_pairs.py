from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets import tables
from assets.balancing.balance_pairs import balance_pairs, targets
from assets.balancing.labels import label_weights
from assets.balancing.params import BalancingParams, LabelParams
from assets.balancing.picture import picture
from assets.balancing.strata import shares
from assets.balancing.thinning import Likeness, thin
from assets.ledger import balance, reasons

PARAMS = BalancingParams()
NOT_SIGNED = tables.PAIR_SIGNATURES.of([])


def rows(category, n, *, split="train", origin="human", prefix="p", **more):
    return [
        {
            "pair_id": f"{prefix}{category}{split}{i:05}",
            "record_id": f"r{category}{split}{i:05}",
            "category": category,
            "split": split,
            "origin": origin,
            "kind": "ticket",
            "question": "How do I reset it?",
            "answer": "Hold the button.",
        }
        | more
        for i in range(n)
    ]


NOBODY = tables.CUSTOMER_FEATURES.of([])


def balanced(pairs, variants=(), params=PARAMS, signatures=NOT_SIGNED, customers=NOBODY):
    made = [tables.RULE_VARIANTS.of(variants)] if variants else []
    return balance_pairs(tables.SPLIT_PAIRS.of(pairs), made, signatures, customers, params)


def counts(published):
    return Counter((r["category"], r["split"], r["origin"]) for r in published.table.to_pylist())


def signed(vectors):
    return tables.PAIR_SIGNATURES.of(
        {"pair_id": pair_id, "question_embedding": v, "answer_embedding": v} for pair_id, v in vectors.items()
    )


def test_a_category_far_above_the_median_is_cut_but_never_by_more_than_its_bound():
    found = balanced([*rows("big", 2000), *rows("b", 100), *rows("c", 100), *rows("big", 50, split="test")])
    assert counts(found)["big", "train", "human"] == 1500
    assert counts(found)["big", "test", "human"] == 50
    assert reasons(found.ledger) == {"over_represented": 500}


def test_where_a_category_is_cut_its_most_frequent_complexity_and_length_give_way():
    rare = rows(
        "big", 40, prefix="rare", answer="Notwithstanding counterindications, institutional authorisation. " * 9
    )
    found = balanced([*rows("big", 960), *rare, *rows("b", 100), *rows("c", 100)])
    left = Counter(r["complexity_band"] for r in found.table.to_pylist() if r["category"] == "big")
    assert sum(left.values()) == 800
    assert left["complex"] == 40


def test_a_small_category_takes_variants_first_and_weight_after():
    variants = [*rows("small", 10, origin="rule", prefix="v"), *rows("b", 5, origin="rule", prefix="v")]
    found = balanced([*rows("small", 50), *rows("b", 100), *rows("c", 100)], variants)
    weights = {(r["category"], r["weight"]) for r in found.table.to_pylist()}
    assert counts(found)["small", "train", "rule"] == 10
    assert weights == {("small", round(100 / 60, 4)), ("b", 1.0), ("c", 1.0)}
    assert reasons(found.ledger) == {"variant_not_needed": 5}


def test_the_rarest_length_takes_the_variants_first_and_counts_more_the_mean_of_the_category_as_it_was():
    long = "Hold the button until the light is on and then let it go. " * 8
    short_and_long = [("v", "Hold the button."), ("w", long)]
    variants = [v for p, a in short_and_long for v in rows("small", 20, origin="rule", prefix=p, answer=a)]
    pairs = [*rows("small", 55), *rows("small", 5, prefix="q", answer=long), *rows("b", 80), *rows("c", 80)]
    found = [r for r in balanced(pairs, variants).table.to_pylist() if r["category"] == "small"]
    assert Counter(r["length_band"] for r in found if r["origin"] == "rule") == {"long": 20}
    by_band = {r["length_band"]: r["weight"] for r in found}
    assert by_band["long"] > by_band["short"]
    assert np.mean([r["weight"] for r in found]) == pytest.approx(1, abs=1e-3)


def test_pairs_of_the_rarer_customers_count_more_whichever_of_their_rows_wrote():
    customers = tables.CUSTOMER_FEATURES.of(
        [
            {"customer_id": "often", "segment": "frequent"},
            {"customer_id": "first", "merged_ids": ["second"], "segment": "new"},
        ]
    )
    pairs = [
        *rows("b", 80, prefix="often", customer_id="often"),
        *rows("b", 5, prefix="first", customer_id="first"),
        *rows("b", 5, prefix="second", customer_id="second"),
        *rows("b", 10, prefix="article"),
    ]
    found = balanced(pairs, customers=customers).table.to_pylist()
    weights = {r["customer_id"]: (r["customer_segment"], r["weight"]) for r in found}
    assert weights["first"] == weights["second"]
    assert weights["often"][1] < weights[None][1] < weights["first"][1]
    assert (weights["often"][0], weights["first"][0], weights[None][0]) == ("frequent", "new", None)
    assert weights["first"][1] / weights["often"][1] <= PARAMS.max_band_weight**4
    assert np.mean([r["weight"] for r in found]) == pytest.approx(1, abs=1e-3)
    assert "| customer segment: largest over smallest | 8.0 | 8.0 |" in picture(
        tables.SPLIT_PAIRS.of(pairs), tables.BALANCED_PAIRS.of(found), NOT_SIGNED
    )


def test_no_category_is_a_category_of_its_own():
    found = balanced([*rows(None, 40), *rows("b", 100), *rows("c", 100)])
    assert {r["weight"] for r in found.table.to_pylist() if r["category"] is None} == {2.0}


def test_validation_and_test_pass_with_weight_one():
    pairs = [*rows("b", 100), *rows("small", 5), *rows("small", 3, split="validation"), *rows("new", 2, split="test")]
    found = balanced(pairs)
    assert {r["weight"] for r in found.table.to_pylist() if r["split"] != "train"} == {1.0}
    assert len(found.table) == len(pairs)


def test_hundreds_of_tiny_categories_do_not_pull_the_target_down():
    tiny = [row for i in range(300) for row in rows(f"t{i}", 1)]
    found = balanced([*tiny, *rows("big", 500), *rows("b", 80)])
    assert reasons(found.ledger) == {}


def test_the_same_pairs_are_cut_whatever_their_order():
    pairs = [*rows("big", 900), *rows("b", 50), *rows("c", 50)]
    assert balanced(pairs).table.equals(balanced(pairs[::-1]).table)
    assert not balanced(pairs).table.equals(balanced(pairs, params=BalancingParams(seed="2")).table)


def test_every_row_has_one_outcome():
    found = balanced([*rows("big", 900), *rows("b", 50), *rows("c", 50)], rows("b", 3, origin="rule", prefix="v"))
    assert balance(found.ledger).rows_in == 1003
    assert balance(found.ledger).rows_out == len(found.table)


def test_what_leaves_is_near_what_stays_and_what_is_rare_stays():
    near = {f"near{i}": [1.0, 0.01 * i] for i in range(20)}
    rare = {"rare": [0.0, 1.0], "rarer": [-1.0, 0.0]}
    likeness = Likeness(signed({**near, **rare}))
    gone = thin([*near, *rare], 12, likeness)
    stay = [i for i in (*near, *rare) if i not in gone]
    assert len(gone) == 12
    assert {"rare", "rarer"} <= set(stay)
    assert likeness.nearest(gone, stay).min() > 0.99


def test_more_than_half_can_leave_and_all_of_them_too():
    likeness = Likeness(signed({str(i): [np.cos(i), np.sin(i)] for i in range(9)}))
    for drop in (7, 9):
        assert len(set(thin(list(map(str, range(9))), drop, likeness))) == drop


def test_a_record_teaches_its_category_once_by_its_opening_and_what_was_made_of_it():
    said = [{"role": "user", "content": "Hello"}]
    later = rows("a", 30, prefix="later", history=said)
    variants = rows("a", 1, origin="rule", prefix="v", parent_ids=["patrain00000"])
    article = rows("a", 30, prefix="article", kind="article")
    found = balanced([*rows("a", 30), *later, *rows("b", 250), *article], variants).table.to_pylist()
    taught = {r["pair_id"] for r in found if r["category_weight"] is not None}
    assert taught == {r["pair_id"] for r in [*rows("a", 30), *rows("b", 250), *variants]}


def test_a_frequent_label_is_cut_and_a_rare_one_counts_more_within_bounds():
    pairs = [*rows("much", 400), *rows("some", 40), *rows("few", 10), *rows("one", 1), *rows("few", 3, split="test")]
    weights = label_weights(pairs, "category", LabelParams(), lambda i: i)
    counted = Counter(i.removeprefix("p").split("train")[0] for i in weights)
    assert (counted["much"], counted["some"], counted["few"], counted["one"]) == (160, 40, 10, 0)
    assert (weights["pfewtrain00000"], weights["pfewtest00000"]) == (3.0, 1.0)
    assert weights["pmuchtrain00000"] == round(max(1 / 3, 210 / (3 * 160)), 4)


def test_a_label_of_one_value_teaches_nothing():
    assert label_weights(rows("only", 99), "category", LabelParams(), lambda i: i) == {}


def test_the_picture_counts_before_and_after_and_quotes_no_text():
    pairs = [*rows("big", 900), *rows("b", 50), *rows("c", 50)]
    found = balanced(pairs)
    told = picture(tables.SPLIT_PAIRS.of(pairs), found.table, NOT_SIGNED)
    assert "| all | 1,000 | 775 | 775 |" in told
    assert "| category: largest over smallest | 18.0 | 13.5 | 13.5 |" in told
    assert "225 pairs left." in told
    assert "reset" not in told


@given(st.dictionaries(st.text(max_size=2), st.integers(0, 50), min_size=1, max_size=6), st.integers(0, 200))
def test_shares_never_exceed_what_is_there_and_use_all_places(sizes, total):
    given_ = shares(sizes, total)
    assert all(given_[n] <= sizes[n] for n in sizes)
    assert sum(given_.values()) == min(total, sum(sizes.values()))
    cut = [given_[n] for n in sizes if given_[n] < sizes[n]]
    assert all(given_[n] >= sizes[n] or given_[n] >= max(cut) - 1 for n in sizes)


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 3000), min_size=1, max_size=12))
def test_the_spread_of_categories_never_grows_and_no_bound_is_broken(sizes):
    goals = targets(sizes, dict.fromkeys(sizes, 7), PARAMS)
    weighed = [(g.pairs + g.variants) * g.weight for g in goals.values()]
    assert max(weighed) / min(weighed) <= max(sizes.values()) / min(sizes.values()) + 0.01
    for category, goal in goals.items():
        assert goal.pairs >= sizes[category] * (1 - PARAMS.max_dropped)
        assert 1 <= goal.weight <= PARAMS.max_weight
        assert goal.variants <= sizes[category] * PARAMS.max_variants
