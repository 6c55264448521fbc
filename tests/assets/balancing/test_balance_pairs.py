from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from assets import tables
from assets.balancing.balance_pairs import balance_pairs, targets
from assets.balancing.params import BalancingParams
from assets.ledger import balance, reasons

PARAMS = BalancingParams()


def rows(category, n, *, split="train", origin="human", prefix="p"):
    return [
        {"pair_id": f"{prefix}{category}{split}{i:05}", "category": category, "split": split, "origin": origin}
        for i in range(n)
    ]


def balanced(pairs, variants=(), params=PARAMS):
    return balance_pairs(tables.SPLIT_PAIRS.of(pairs), tables.RULE_VARIANTS.of(variants), params)


def counts(published):
    return Counter((r["category"], r["split"], r["origin"]) for r in published.table.to_pylist())


def test_a_category_far_above_the_median_is_cut_but_never_by_more_than_its_bound():
    found = balanced([*rows("big", 2000), *rows("b", 100), *rows("c", 100), *rows("big", 50, split="test")])
    assert counts(found)["big", "train", "human"] == 1500
    assert counts(found)["big", "test", "human"] == 50
    assert reasons(found.ledger) == {"over_represented": 500}


def test_a_small_category_takes_variants_first_and_weight_after():
    variants = [*rows("small", 10, origin="rule", prefix="v"), *rows("b", 5, origin="rule", prefix="v")]
    found = balanced([*rows("small", 50), *rows("b", 100), *rows("c", 100)], variants)
    weights = {(r["category"], r["weight"]) for r in found.table.to_pylist()}
    assert counts(found)["small", "train", "rule"] == 10
    assert weights == {("small", round(100 / 60, 4)), ("b", 1.0), ("c", 1.0)}
    assert reasons(found.ledger) == {"variant_not_needed": 5}


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


def test_one_category_only_stays_as_it_is():
    found = balanced(rows("only", 30), rows("only", 4, origin="rule", prefix="v"))
    assert len(found.table) == 30
    assert {r["weight"] for r in found.table.to_pylist()} == {1.0}


def test_the_same_pairs_are_cut_whatever_their_order():
    pairs = [*rows("big", 900), *rows("b", 50), *rows("c", 50)]
    assert balanced(pairs).table.equals(balanced(pairs[::-1]).table)
    assert not balanced(pairs).table.equals(balanced(pairs, params=BalancingParams(seed="2")).table)


def test_every_row_has_one_outcome():
    found = balanced([*rows("big", 900), *rows("b", 50), *rows("c", 50)], rows("b", 3, origin="rule", prefix="v"))
    assert balance(found.ledger).rows_in == 1003
    assert balance(found.ledger).rows_out == len(found.table)


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 3000), min_size=1, max_size=12))
def test_the_spread_of_categories_never_grows_and_no_bound_is_broken(sizes):
    goals = targets(sizes, dict.fromkeys(sizes, 7), PARAMS)
    weighed = [(g.pairs + g.variants) * g.weight for g in goals.values()]
    assert max(weighed) / min(weighed) <= max(sizes.values()) / min(sizes.values()) + 0.01
    for category, goal in goals.items():
        assert goal.pairs >= sizes[category] * (1 - PARAMS.max_dropped)
        assert 1 <= goal.weight <= PARAMS.max_weight
        assert goal.variants <= sizes[category] * PARAMS.max_variants
