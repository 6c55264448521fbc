from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from assets import tables
from assets.errors import RefineryError
from assets.ledger import reasons
from assets.splitting.assign import assign, deal
from assets.splitting.groups import group_ids
from assets.splitting.params import SplittingParams
from assets.splitting.split import contaminated_by, split

PARAMS = SplittingParams()
NOTHING = tables.SPLIT_ASSIGNMENTS.of([])
START = datetime(2024, 1, 1, tzinfo=UTC)


def pair(i, *, customer=None, thread=None, cluster=None, day=0, **more):
    return {
        "pair_id": f"p{i:04}",
        "partition": "2024-01",
        "thread_id": f"t{i if thread is None else thread}",
        "customer_id": None if customer is None else f"c{customer}",
        "cluster_id": f"p{i if cluster is None else cluster:04}",
        "created_at": START + timedelta(days=day),
        "question": f"What became of number {i}?",
        "answer": f"It is number {i} still.",
        **more,
    }


def night(rows, before=NOTHING, params=PARAMS):
    """Assign and split, as one night does."""
    pairs = tables.UNIQUE_PAIRS.of(rows)
    assignments = assign(pairs, before, params, key_name="key").table
    return assignments, split(pairs, assignments, params)


def sides(rows, params=PARAMS):
    table = night(rows, params=params)[1].table
    return {r["pair_id"]: r for r in table.select(["pair_id", "group_id", "split", "fold"]).to_pylist()}


def where(published):
    return dict(zip(*(published.table.column(c).to_pylist() for c in ("pair_id", "split")), strict=True))


def one_of(split, found, *, but=()):
    return next(i for i, s in sorted(found.items()) if s == split and i not in but)


links = st.one_of(st.none(), st.integers(0, 30))
pairs_of_a_day = st.lists(st.tuples(links, st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=60)


def dealt(days):
    facts = [(day, *fact) for day, facts in enumerate(days) for fact in facts]
    return [pair(i, day=d, customer=c, thread=t, cluster=q) for i, (d, c, t, q) in enumerate(facts)]


@settings(max_examples=60, deadline=None)
@given(pairs_of_a_day, st.sampled_from(["train", "cap"]))
def test_no_customer_thread_or_cluster_stands_on_two_sides(facts, large):
    rows = [*dealt([facts]), *(pair(1000 + i) for i in range(3))]
    found = sides(rows, SplittingParams(large_groups=large, small_group=5))
    for link in ("customer_id", "thread_id", "cluster_id"):
        seen = {}
        for row in rows:
            if row[link] is not None and row["pair_id"] in found:
                assert seen.setdefault(row[link], found[row["pair_id"]]["split"]) == found[row["pair_id"]]["split"]


@settings(max_examples=60, deadline=None)
@given(pairs_of_a_day, pairs_of_a_day)
def test_later_pairs_move_no_pair_and_only_what_meets_a_more_held_out_pair_leaves(today, tomorrow):
    still = [pair(2000 + i) for i in range(60)]
    params = SplittingParams(large_groups="train", small_group=1000)
    assignments, before = night(dealt([today]) + still, params=params)
    again, after = night(dealt([today, tomorrow]) + still, assignments, params)
    moved = {i: s for i, s in where(before).items() if where(after).get(i, s) != s}
    assert moved == {}
    assert again.slice(0, len(assignments)).equals(assignments)
    assert set(reasons(after.ledger)) <= {"near_test", "near_validation"}
    held = {r["id"] for r in before.ledger.to_pylist() if where(before).get(r["id"]) == "test"}
    assert held <= where(after).keys(), "no test pair ever leaves"


def test_a_group_is_named_by_the_thread_of_its_oldest_pair():
    rows = [pair(1, thread=9, customer=1, day=0), pair(2, thread=1, customer=1, day=5), pair(3, thread=5)]
    assert group_ids(rows) == ["t9", "t9", "t5"]


def test_a_missing_customer_joins_nothing():
    assert len(set(group_ids([pair(1), pair(2)]))) == 2


def test_a_pair_stays_with_what_it_was_made_from_and_with_its_siblings():
    rows = [pair(1), pair(2, parent_ids=["p0001"]), pair(3, parent_ids=["gone"]), pair(4, parent_ids=["gone"]), pair(5)]
    groups = group_ids(rows)
    assert groups[0] == groups[1] != groups[2] == groups[3] != groups[4]


def test_shares_come_near_what_was_asked_for():
    counts = Counter(row["split"] for row in sides([pair(i) for i in range(3000)]).values())
    assert abs(counts["test"] / 3000 - 0.1) < 0.02
    assert abs(counts["validation"] / 3000 - 0.1) < 0.02


@pytest.mark.parametrize("n", [3, 4, 7])
def test_three_groups_are_enough_for_three_splits(n):
    assert set(deal([f"g{i}" for i in range(n)], PARAMS).values()) == {"train", "validation", "test"}


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_groups_are_refused(n):
    with pytest.raises(RefineryError, match=rf"{n} group\(s\)"):
        night([pair(i) for i in range(n)])


def test_another_seed_deals_anew_and_the_order_of_rows_does_not():
    rows = [pair(i) for i in range(200)]
    assert sides(rows) != sides(rows, SplittingParams(seed="2"))
    assert sides(rows) == sides(list(reversed(rows)))


def test_shares_must_sum_to_one():
    with pytest.raises(ValidationError, match="sum to 1"):
        SplittingParams(train=0.8, validation=0.2, test=0.2)


# memory


@pytest.fixture(scope="module")
def first():
    """A first night of 60 pairs, each of a customer of its own."""
    rows = [pair(i, customer=i, day=-i) for i in range(60)]
    assignments, made = night(rows)
    return rows, assignments, where(made)


def join(rows, a, b):
    return [{**r, "cluster_id": min(a, b)} if r["pair_id"] in (a, b) else r for r in rows]


def test_where_test_and_train_are_joined_the_train_pairs_leave_and_come_back_when_it_is_undone(first):
    rows, assignments, found = first
    test, train = one_of("test", found), one_of("train", found)
    later, joined = night(join(rows, test, train), assignments)
    assert where(joined) == {i: s for i, s in found.items() if i != train}
    assert reasons(joined.ledger) == {"near_test": 1}
    assert where(night(rows, later)[1]) == found


def test_where_test_and_validation_are_joined_the_validation_pairs_leave(first):
    rows, assignments, found = first
    test, validation = one_of("test", found), one_of("validation", found)
    joined = night(join(rows, test, validation), assignments)[1]
    assert validation not in where(joined)
    assert reasons(joined.ledger)["near_test"] == 1


def test_where_validation_and_train_are_joined_the_train_pairs_leave(first):
    rows, assignments, found = first
    joined = night(join(rows, one_of("validation", found), one_of("train", found)), assignments)[1]
    assert reasons(joined.ledger) == {"near_validation": 1}


def test_a_new_pair_of_a_test_customer_is_tested_also_when_his_old_pairs_are_gone(first):
    rows, assignments, found = first
    test = one_of("test", found)
    away = [r for r in rows if r["pair_id"] != test]
    new = pair(100, customer=int(test[1:]))
    assert where(night([*away, new], assignments)[1])["p0100"] == "test"


def test_a_test_pair_that_was_away_comes_back_as_one_whatever_became_of_its_customer(first):
    rows, assignments, found = first
    test, train = one_of("test", found), one_of("train", found)
    later = night([r for r in rows if r["pair_id"] != test], assignments)[0]
    back = [{**r, "customer_id": f"c{int(train[1:])}"} if r["pair_id"] == test else r for r in rows]
    made = where(night(back, later)[1])
    assert made[test] == "test"
    assert train not in made


def test_a_new_pair_between_a_train_customer_and_a_test_pair_is_in_no_split_and_binds_nobody(first):
    rows, assignments, found = first
    test, train = one_of("test", found), one_of("train", found)
    between = pair(100, customer=int(train[1:]), cluster=int(test[1:]))
    later, made = night([*rows, between], assignments)
    assert reasons(made.ledger) == {"near_test": 2}
    assert later.equals(assignments)


def test_the_children_of_a_pair_once_tested_are_tested_when_it_is_gone(first):
    rows, assignments, found = first
    test = one_of("test", found)
    away = [r for r in rows if r["pair_id"] != test]
    made = night([*away, pair(100, parent_ids=[test])], assignments)[1]
    assert where(made)["p0100"] == "test"


def test_what_nobody_wrote_is_trained_on_alone_or_leaves(first):
    rows, assignments, found = first
    alone = [pair(i, origin="synthetic") for i in range(100, 140)]
    with_test = pair(200, origin="rule", parent_ids=[one_of("test", found)])
    with_train = pair(201, origin="rule", parent_ids=[one_of("train", found)])
    made = night([*rows, *alone, with_test, with_train], assignments)[1]
    assert {where(made)[r["pair_id"]] for r in [*alone, with_train]} == {"train"}
    assert reasons(made.ledger) == {"near_test": 1}


def test_no_setting_makes_a_test_pair_a_training_pair(first):
    rows, assignments, found = first
    for changed in (
        {"seed": "2"},
        {"test": 0.01, "train": 0.89},
        {"folds": 3},
        {"large_groups": "cap", "small_group": 1},
    ):
        made = where(night(rows, assignments, SplittingParams(**changed))[1])
        assert {i for i, s in made.items() if s == "test"} == {i for i, s in found.items() if s == "test"}


def test_the_same_night_again_adds_nothing(first):
    rows, assignments, found = first
    assert night(rows, assignments)[0].equals(assignments)
    away = [r for r in rows if r["pair_id"] != one_of("train", found)]
    assert night(away, assignments)[0].equals(assignments), "and who is away is not forgotten"


def test_a_test_that_vanished_is_filled_with_new_groups_and_never_with_old_ones(first):
    rows, assignments, found = first
    rest = [r for r in rows if found[r["pair_id"]] != "test"]
    with pytest.raises(RefineryError, match=r"0 group\(s\) of pairs that stood in no split before cannot fill test"):
        night(rest, assignments)
    made = where(night([*rest, pair(100)], assignments)[1])
    assert made["p0100"] == "test"


def test_assignments_of_another_key_are_refused(first):
    rows, assignments, _ = first
    with pytest.raises(RefineryError, match="rotate-key"):
        assign(tables.UNIQUE_PAIRS.of(rows), assignments, PARAMS, key_name="another")


def test_pairs_that_were_never_assigned_are_refused(first):
    rows, assignments, _ = first
    with pytest.raises(RefineryError, match="1 pairs were never assigned; make split_assignments first"):
        split(tables.UNIQUE_PAIRS.of([*rows, pair(100)]), assignments, PARAMS)


def test_the_release_says_of_itself_what_was_ever_tested(first):
    rows, assignments, found = first
    table = night(rows, assignments)[1].table
    assert {i: t for i, t in zip(*(table.column(c).to_pylist() for c in ("pair_id", "ever_tested")), strict=True)} == {
        i: s == "test" for i, s in found.items()
    }


# large groups and bad input


def half_of_one():
    return [pair(i, customer=1 if i < 50 else i, day=i) for i in range(100)]


def test_a_customer_who_holds_half_is_refused_and_the_cause_is_named():
    with pytest.raises(RefineryError, match="50 of 100 pairs") as caught:
        night(half_of_one())
    assert "one customer_id alone holds 50 pairs" in caught.value.what
    assert "large_groups" in caught.value.do


def test_a_large_group_goes_to_train_as_a_whole_where_the_settings_say_so():
    for seed in "123456":
        found = sides(half_of_one(), SplittingParams(large_groups="train", seed=seed))
        assert {found[f"p{i:04}"]["split"] for i in range(50)} == {"train"}
        assert {row["split"] for row in found.values()} == {"train", "validation", "test"}


def test_a_capped_group_keeps_its_oldest_pairs_and_nothing_of_it_stands_elsewhere():
    made = night(half_of_one(), params=SplittingParams(large_groups="cap", small_group=5))[1]
    kept = {i for i in where(made) if int(i[1:]) < 50}
    assert kept == {f"p{i:04}" for i in range(5)}
    assert len({where(made)[i] for i in kept}) == 1
    assert reasons(made.ledger) == {"over_group_cap": 45}


def test_a_capped_chain_loses_the_pairs_between_its_parts_and_few_others():
    chain = [pair(i, customer=i // 2, cluster=(i + 1) // 2 * 2, day=i) for i in range(100)]
    made = night([*chain, *(pair(200 + i) for i in range(100))], params=SplittingParams(large_groups="cap"))[1]
    assert reasons(made.ledger)["over_group_cap"] <= 100 // 20
    assert max(Counter(made.table.column("group_id").to_pylist()).values()) <= 20


def test_pairs_that_are_all_alike_are_refused():
    with pytest.raises(RefineryError, match="one group holds 100 of 100"):
        night([pair(i, cluster=0) for i in range(100)])


def test_without_categories_and_with_one_seen_once_all_pairs_are_split():
    rows = [pair(i, category="rare" if i == 7 else None) for i in range(100)]
    assert len(sides(rows)) == 100


def test_folds_need_not_be_filled_where_there_are_fewer_groups():
    found = sides([pair(i) for i in range(4)])
    folds = [row["fold"] for row in found.values() if row["split"] != "test"]
    assert len(set(folds)) == 3


# folds


def test_folds_are_grouped_stratified_and_the_test_has_none():
    rows = [pair(i, thread=i // 2, category="rare" if i % 40 < 2 else "usual") for i in range(1000)]
    of = {r["pair_id"]: r["category"] for r in rows}
    found = sides(rows)
    assert all((row["fold"] is None) == (row["split"] == "test") for row in found.values())
    assert len({(row["group_id"], row["fold"]) for row in found.values()}) == 500
    for category in ("rare", "usual"):
        held = Counter(row["fold"] for i, row in found.items() if of[i] == category and row["fold"] is not None)
        assert set(held) == {0, 1, 2, 3, 4}
        assert max(held.values()) - min(held.values()) <= 2


def test_folds_stay_when_pairs_come_and_go(first):
    rows, assignments, _ = first
    before = night(rows, assignments)[1].table
    after = night([*rows[5:], *(pair(100 + i) for i in range(20))], assignments)[1].table
    fold = dict(zip(*(before.column(c).to_pylist() for c in ("pair_id", "fold")), strict=True))
    for pair_id, now in zip(*(after.column(c).to_pylist() for c in ("pair_id", "fold")), strict=True):
        assert fold.get(pair_id, now) == now


def test_another_number_of_folds_is_remembered_beside_the_first(first):
    rows, assignments, _ = first
    three = SplittingParams(folds=3)
    later, made = night(rows, assignments, three)
    assert set(made.table.column("fold").to_pylist()) == {None, 0, 1, 2}
    assert later.slice(0, len(assignments)).equals(assignments)
    assert night(rows, later, three)[1].table.equals(made.table)
    assert night(rows, later)[1].table.equals(night(rows, assignments)[1].table)


# forward in time


def test_forward_in_time_the_newest_are_tested_and_nothing_of_their_time_is_trained_on():
    rows = [pair(i, customer=i % 40, day=i // 2) for i in range(200)]
    params = SplittingParams(test_from=date(2024, 4, 1), large_groups="train")
    made = night(rows, params=params)[1]
    dates = dict(zip(*(made.table.column(c).to_pylist() for c in ("pair_id", "created_at")), strict=True))
    for pair_id, side in where(made).items():
        assert (dates[pair_id].date() >= params.test_from) == (side == "test")
    assert set(reasons(made.ledger)) == {"near_test"}


def test_forward_in_time_a_trained_customers_new_pair_leaves_instead_of_taking_the_others_along():
    rows = [pair(i, customer=i, day=i) for i in range(100)]
    params = SplittingParams(test_from=date(2024, 3, 31))
    assignments, first = night(rows, params=params)
    train = one_of("train", where(first))
    made = night([*rows, pair(200, customer=int(train[1:]), day=120)], assignments, params)[1]
    assert where(made) == where(first)
    assert reasons(made.ledger) == {"after_test_from": 1}


def test_forward_in_time_a_day_without_pairs_is_refused_and_a_better_one_is_named():
    with pytest.raises(RefineryError, match="newest 10% begin on 2024-03-30"):
        night([pair(i, day=i) for i in range(100)], params=SplittingParams(test_from=date(2025, 1, 1)))
    with pytest.raises(RefineryError, match="set a later day"):
        night([pair(i, day=i) for i in range(100)], params=SplittingParams(test_from=date(2023, 1, 1)))


def test_forward_in_time_a_pair_without_a_date_leaves():
    rows = [*(pair(i, day=i) for i in range(100)), {**pair(100), "created_at": None}]
    made = night(rows, params=SplittingParams(test_from=date(2024, 3, 31)))[1]
    assert reasons(made.ledger) == {"no_date": 1}


# decontamination


def test_a_training_pair_that_asks_what_a_test_pair_asks_leaves(first):
    rows, assignments, found = first
    test, train = one_of("test", found), one_of("train", found)
    said = {test: "my hive sensor shows a red light since the frost came and the app says it is offline all day"}
    said[train] = f"hello there, {said[test]}, please help"
    rows = [{**r, "question": said.get(r["pair_id"], r["question"])} for r in rows]
    made = night(rows, assignments)[1]
    assert reasons(made.ledger) == {"contaminated": 1}
    assert contaminated_by(made.ledger) == {"test": 1}
    assert train not in where(made)


def test_what_a_benchmark_file_asks_is_not_trained_on_and_counted_by_file(first, tmp_path: Path):
    rows, assignments, found = first
    one, other = one_of("train", found), one_of("validation", found)
    asked = "which of the two queens stays in the hive when the old one has not left by the end of june"
    rows = [{**r, "question": asked} if r["pair_id"] == one else r for r in rows]
    rows = [{**r, "answer": asked} if r["pair_id"] == other else r for r in rows]
    lines, text = tmp_path / "bench.jsonl", tmp_path / "bench.txt"
    lines.write_text(f'{{"messages": [{{"role": "user", "content": "{asked}?"}}]}}\n')
    text.write_text(f"Nothing of ours is here.\n\n{asked}\n")
    params = SplittingParams(decontamination={"benchmarks": [str(lines), str(text)]})
    made = night(rows, assignments, params)[1]
    assert contaminated_by(made.ledger) == {str(lines): 2, str(text): 2}
    assert reasons(made.ledger) == {"contaminated": 2}
    assert where(night(rows, assignments)[1])[one] == "train", "without the files it comes back"


def test_a_large_desk_of_strings_is_cut_the_same_in_chunks():
    rows = [pair(i, customer=i // 3) for i in range(90)]
    whole = tables.UNIQUE_PAIRS.of(rows)
    chunks = pa.concat_tables([whole.slice(0, 40), whole.slice(40)])
    assert assign(whole, NOTHING, PARAMS, key_name="k").table.equals(
        assign(chunks, NOTHING, PARAMS, key_name="k").table
    )
