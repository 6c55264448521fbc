from assets import tables
from assets.ledger import summary
from checks import splitting as promises
from checks.expectations import findings_on
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
        "fold": None if split == "test" else i % 2,
        "ever_tested": split == "test",
        "origin": "human",
        "parent_ids": [],
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
            "nothing_ever_tested_is_trained_on": lambda rows: [*rows, row(5, "train", ever_tested=True)],
            "only_what_people_wrote_is_tested": lambda rows: [*rows, row(5, "test", origin="rule")],
            "nothing_of_a_validation_pair_is_trained_on": lambda rows: [*rows, row(5, "train", thread_id="t1")],
            "test_pairs_alone_are_in_no_fold": lambda rows: [*rows, row(5, "test", fold=1)],
            "every_large_category_is_tested_like_the_whole": lambda rows: torn("category"),
            "every_large_source_is_tested_like_the_whole": lambda rows: torn("source"),
            "every_large_category_is_in_every_fold_alike": lambda rows: (
                rows + [row(1000 + i, "train", category="x", fold=int(i % 10 != 0)) for i in range(600)]
            ),
        },
    )


def test_whatever_joins_a_training_pair_to_a_test_pair_breaks_the_promise():
    tested = row(2, "test", customer_id="c2", parent_ids=["gone", "made from"])
    good = [GOOD[0], GOOD[1], tested, row(3, "train", parent_ids=["p0000"])]
    bad = [
        row(10, "train", thread_id="t2"),
        row(11, "train", cluster_id="p0002"),
        row(12, "train", group_id="t2"),
        row(13, "train", parent_ids=["p0000", "p0002"]),
        row(14, "train", parent_ids=["gone"]),
        row(15, "train", pair_id="made from"),
    ]
    made = tables.SPLIT_PAIRS.of([*good, *bad])
    published = summary(made, key="pair_id", parents=[])
    failing = {
        f.name: f.failing for f in findings_on(tables.SPLIT_PAIRS, published, promises.SPLIT_PAIRS) if not f.kept
    }
    assert failing == {"nothing_of_a_test_pair_is_trained_on": [(None, r["pair_id"]) for r in bad]}


def assignment(id_, split, *, kind="pair", **more):
    learnt = kind == "pair" and split != "test"
    dealt = {"fold": 1, "folds": 5} if learnt else {}
    name = f"{id_}:{split}:5" if learnt else f"{id_}:{split}"
    return {"assignment_id": name, "id": id_, "kind": kind, "split": split, "key_name": "key", **dealt, **more}


def test_each_promise_on_split_assignments_can_fail():
    assert_each_promise_can_fail(
        tables.SPLIT_ASSIGNMENTS,
        promises.SPLIT_ASSIGNMENTS,
        good=[
            assignment("p1", "train"),
            assignment("p2", "test"),
            assignment("c1", "train", kind="customer"),
            assignment("c1", "test", kind="customer"),
        ],
        bad={
            "is_not_empty": lambda rows: [],
            "assignment_id_is_unique": lambda rows: [*rows, rows[0]],
            "kind_is_known": lambda rows: [*rows, assignment("r1", "test", kind="record")],
            "split_is_known": lambda rows: [*rows, assignment("p3", "holdout")],
            "every_assignment_is_whole": lambda rows: [*rows, assignment("p3", "test", key_name=None)],
            "a_pair_stands_in_one_split_for_good": lambda rows: [*rows, assignment("p1", "test")],
            "what_is_learnt_has_a_fold": lambda rows: [*rows, assignment("p3", "train", fold=None)],
        },
    )
