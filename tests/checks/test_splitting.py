from assets import tables
from checks import splitting as promises
from tests.promises import assert_each_promise_can_fail


def row(i, split, **more):
    return {
        "pair_id": f"p{i:04}",
        "thread_id": f"t{i}",
        "cluster_id": f"p{i:04}",
        "group_id": f"t{i}",
        "category": "shop",
        "source": "desk",
        "split": split,
        "fold": None if split == "test" else 0,
        **more,
    }


GOOD = [row(0, "train", customer_id="c1"), row(1, "validation"), row(2, "test", customer_id="c2"), row(3, "train")]


def torn(column):
    return [{**row(i, "test" if i % 2 else "train"), column: "one" if i < 600 else "other"} for i in range(1200)] + [
        {**row(2000 + i, "validation"), column: "one"} for i in range(600)
    ]


def test_each_promise_on_split_pairs_can_fail():
    assert_each_promise_can_fail(
        tables.SPLIT_PAIRS,
        promises.SPLIT_PAIRS,
        good=GOOD,
        bad={
            "is_not_empty": lambda rows: [],
            "pair_id_is_unique": lambda rows: [*rows, rows[0]],
            "all_three_splits_are_there": lambda rows: rows[:2],
            "every_pair_has_a_group_and_a_split": lambda rows: [*rows, row(5, "train", group_id=None)],
            "nothing_of_a_test_pair_is_trained_on": lambda rows: [*rows, row(5, "train", customer_id="c2")],
            "nothing_of_a_validation_pair_is_trained_on": lambda rows: [*rows, row(5, "train", thread_id="t1")],
            "test_pairs_alone_are_in_no_fold": lambda rows: [*rows, row(5, "test", fold=1)],
            "every_large_category_is_tested_like_the_whole": lambda rows: torn("category"),
            "every_large_source_is_tested_like_the_whole": lambda rows: torn("source"),
        },
    )
