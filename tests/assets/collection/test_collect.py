import csv
import json
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from assets import tables
from assets.collection.calendar import Calendar
from assets.collection.collect import TABLES, collect, survey
from assets.collection.params import CollectionParams, PartitionParams, SourceParams
from assets.errors import RefineryError
from assets.ledger import balance, reasons

KEY = b"a key for tests"
JANUARY = Calendar("day", date(2026, 1, 1), date(2026, 1, 31))
NAMES = ["id", "opened", "changed", "who", "status", "subject", "description", "resolution"]
FIELDS = {
    "id": "id", "created_at": "opened", "updated_at": "changed", "customer": "who", "status": "status",
    "subject": "subject", "description": "description", "resolution": "resolution",
}  # fmt: skip


def desk(folder, **more):
    return SourceParams(
        **{"name": "desk", "gives": "tickets", "kind": "csv", "path": f"{folder}/tickets.csv", "fields": FIELDS} | more
    )


def write(folder, *rows):
    """Write tickets; what a row does not say is said for it."""
    with (folder / "tickets.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, NAMES)
        table.writeheader()
        for row in rows:
            said = {"opened": "2026-01-05", "subject": "Lid", "description": "It leaks.", "resolution": "Turn it."}
            table.writerow(said | {"status": "solved"} | row)


def run(sources, gives="tickets", calendar=JANUARY, keys=None, params=None):
    sources = sources if isinstance(sources, list) else [sources]
    keys = calendar.keys() if keys is None else keys
    return collect(gives, sources, params or CollectionParams(), calendar=calendar, keys=keys, key=KEY)


def fates(published):
    return sorted((r["outcome"], r["reason"]) for r in published.ledger.to_pylist())


def prints(sources, gives="tickets"):
    return survey(gives, sources, CollectionParams(), calendar=JANUARY, key=KEY)


def changed(before, after):
    return [key for key in before if before[key] != after[key]]


def test_a_ticket_is_its_description_and_its_resolution(tmp_path):
    write(tmp_path, {"id": "T-1", "opened": "2026-01-05 09:30", "who": "C-9", "description": "<b>Why</b>?"})
    [record] = run(desk(tmp_path, constants={"licence": "MIT"})).table.to_pylist()
    assert record["record_id"] == tables.keyed_id(KEY, "desk", "T-1")
    assert record["source_id"] == "T-1"
    assert (record["partition"], record["kind"], record["source"]) == ("2026-01-05", "ticket", "desk")
    assert (record["subject"], record["licence"]) == ("Lid", "MIT")
    assert record["created_at"] == record["updated_at"] == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert re.fullmatch("[0-9a-f]{32}", record["customer_id"])
    assert re.fullmatch("[0-9a-f]{32}", record["thread_id"])
    assert [(t["speaker"], t["text"]) for t in record["turns"]] == [("customer", "<b>Why</b>?"), ("agent", "Turn it.")]


def test_tickets_that_are_no_question_with_an_answer_are_dropped_with_their_reason(tmp_path):
    write(
        tmp_path,
        {"id": "1"},
        {"id": "2", "status": "Open"},
        {"id": "3", "resolution": " "},
        {"id": "4", "status": "SPAM", "resolution": ""},
        {"id": "5", "subject": "Undeliverable: Lid"},
        {"id": "6", "subject": "Automatic reply: Lid"},
        {"id": "7", "resolution": "This ticket was merged into 1"},
        {"id": "8", "status": "on-hold"},
    )
    assert reasons(run(desk(tmp_path)).ledger) == {
        "unresolved": 3, "auto_answered": 1, "bounced": 1, "merged": 1, "spam": 1,
    }  # fmt: skip


def test_what_marks_a_ticket_is_a_setting(tmp_path):
    write(tmp_path, {"id": "1", "subject": "Hello dear friend"}, {"id": "2", "status": "open"})
    params = CollectionParams.model_validate(
        {
            "tickets": {
                "spam": [{"field": "subject", "patterns": ["dear friend"]}],
                "unresolved": [{"field": "resolution", "missing": True}],
            }
        }
    )
    published = run(desk(tmp_path), params=params)
    assert fates(published) == [("dropped", "spam"), ("kept", None)]


def test_rows_with_a_rule_of_their_source_leave_with_its_reason(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"id": 1, "score": 0.0, "b": "x"}\n{"id": 2, "score": 1, "b": "y"}\n')
    source = SourceParams(
        name="faq", gives="articles", kind="jsonl", path=f"{tmp_path}/t.jsonl", fields={"id": "id", "body": "b"},
        constants={"created_at": "2026-01-02", "title": "T"},
        drop_if=[{"reason": "unsolved", "field": "score", "values": [0]}],
    )  # fmt: skip
    assert fates(run(source, "articles")) == [("dropped", "unsolved"), ("kept", None)]


def test_one_bad_row_never_takes_its_batch_along(tmp_path):
    write(
        tmp_path,
        {"id": "1"},
        {"id": ""},
        {"id": "3", "opened": "last week"},
        {"id": "4", "opened": "2025-12-31"},
        {"id": "5", "opened": "2026-02-01"},
        {"id": "6", "subject": "", "description": ""},
        {"id": "7"},
    )
    with (tmp_path / "tickets.csv").open("a") as file:
        file.write("8,short\n")
    published = run(desk(tmp_path))
    assert fates(published) == [
        ("kept", None), ("kept", None), ("quarantined", "before_start"), ("quarantined", "in_future"),
        ("quarantined", "missing_description"), ("quarantined", "missing_id"), ("quarantined", "no_date"),
        ("quarantined", "wrong_number_of_fields"),
    ]  # fmt: skip
    positions = {r["reason"]: r["position"] for r in published.ledger.to_pylist() if r["position"]}
    assert positions["no_date"] == "desk: tickets.csv row 3"
    assert positions["wrong_number_of_fields"] == "desk: tickets.csv row 8"


def test_rows_that_cannot_be_dated_are_accounted_for_in_the_first_partition_alone(tmp_path):
    write(tmp_path, {"id": "1", "opened": "?"}, {"id": "2", "opened": "2026-01-05", "subject": "", "description": ""})
    assert fates(run(desk(tmp_path), keys=["2026-01-01"])) == [("quarantined", "no_date")]
    assert fates(run(desk(tmp_path), keys=["2026-01-05"])) == [("quarantined", "missing_description")]
    assert fates(run(desk(tmp_path), keys=["2026-01-06"])) == []


def test_of_rows_with_one_id_the_latest_stands_and_of_equals_the_first(tmp_path):
    write(
        tmp_path,
        {"id": "1", "changed": "2026-01-06", "resolution": "Old."},
        {"id": "1", "changed": "2026-01-08", "resolution": "New."},
        {"id": "1", "changed": "2026-01-07", "resolution": "Between."},
        {"id": "2", "resolution": "First."},
        {"id": "2", "resolution": "Second."},
    )
    published = run(desk(tmp_path))
    assert {r["turns"][1]["text"] for r in published.table.to_pylist()} == {"New.", "First."}
    assert reasons(published.ledger) == {"duplicate_id": 3}


def test_a_partition_holds_the_same_rows_alone_and_in_a_range(tmp_path):
    write(
        tmp_path, *({"id": str(n), "opened": f"2026-01-{1 + n % 9:02d}"} for n in range(40)), {"id": "x", "opened": ""}
    )
    whole = run(desk(tmp_path))
    for key in JANUARY.keys():  # noqa: SIM118
        alone = run(desk(tmp_path), keys=[key])
        for part, of in ((alone.table, whole.table), (alone.ledger, whole.ledger)):
            assert part.to_pylist() == [r for r in of.to_pylist() if r["partition"] == key]


def test_a_missing_column_is_an_error_that_names_source_file_and_column(tmp_path):
    (tmp_path / "tickets.csv").write_text("id,opened\n1,2026-01-05\n")
    source = desk(tmp_path, fields={"id": "id", "created_at": "opened", "resolution": "answer", "description": "text?"})
    with pytest.raises(RefineryError, match=r"sources\.desk: tickets\.csv has no column 'answer'"):
        run(source)


def test_a_column_renamed_in_one_of_several_tables_is_an_error_that_names_it(tmp_path):
    (tmp_path / "a.csv").write_text("id,opened,text\n1,2026-01-05,x\n")
    (tmp_path / "b.csv").write_text("id,opened,txt\n2,2026-01-05,x\n")
    fields = {"id": "id", "created_at": "opened", "description": "text"}
    with pytest.raises(RefineryError, match=r"b\.csv has no column 'text'"):
        run(desk(tmp_path, path=f"{tmp_path}/*.csv", fields=fields))


def test_a_name_that_only_some_rows_of_a_json_have_is_no_error_and_one_that_none_has_is(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"id": 1, "b": "x", "tag": "a"}\n{"id": 2, "b": "y"}\n')
    common = {"name": "faq", "gives": "articles", "kind": "jsonl", "path": f"{tmp_path}/t.jsonl"}
    constants = {"created_at": "2026-01-02", "title": "T"}
    ok = SourceParams(**common, fields={"id": "id", "body": "b", "category": "tag"}, constants=constants)
    assert [r["category"] for r in run(ok, "articles").table.to_pylist()].count(None) == 1
    with pytest.raises(RefineryError, match="no column 'tags'"):
        run(
            SourceParams(**common, fields={"id": "id", "body": "b", "category": "tags"}, constants=constants),
            "articles",
        )


def test_no_sources_and_no_rows_give_a_valid_empty_table(tmp_path):
    assert run([]).table.schema.equals(tables.TICKETS.schema)
    write(tmp_path)
    assert balance(run(desk(tmp_path)).ledger).rows_in == 0


def talk(folder, rows, **more):
    (folder / "talks.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    turns = {
        "path": "talk", "speaker": "who", "text": "said", "customer": ["user"], "agent": ["bot"], "system": ["log"],
    }  # fmt: skip
    return SourceParams(
        **{"name": "talks", "gives": "chats", "kind": "jsonl", "path": f"{folder}/talks.jsonl", "fields": {"id": "id"}}
        | {"constants": {"created_at": "2026-01-03"}, "turns": turns | more.pop("turns", {})}
        | more
    )


def turns(published):
    return [[(t["speaker"], t["text"]) for t in r["turns"]] for r in published.table.to_pylist()]


def test_turns_are_chosen_named_and_timed_by_settings(tmp_path):
    talks = [
        {"who": "user", "said": "Hi ##END##", "do": "say", "sec": 2.5},
        {"who": "tool", "said": "{}", "do": "call"},
        {"who": "bot", "said": None, "do": "say"},
        {"who": "bot", "said": "Hello", "do": "say", "sec": 4},
        {"who": "log", "said": "left", "do": "say"},
        {"who": "user", "said": "##END##", "do": "say"},
    ]
    source = talk(
        tmp_path,
        [{"id": 1, "talk": talks}],
        turns={"where": {"do": ["say"]}, "after": "sec"},
        replace={"##[A-Z]+##": ""},
    )
    published = run(source, "chats")
    assert turns(published) == [[("customer", "Hi"), ("agent", "Hello"), ("system", "left")]]
    assert published.table["turns"][0].as_py()[1]["at"] == datetime(2026, 1, 3, 0, 0, 4, tzinfo=UTC)


def test_a_talk_with_a_speaker_nobody_named_or_with_no_words_is_set_aside(tmp_path):
    rows = [
        {"id": 1, "talk": [{"who": "ghost", "said": "Boo"}]},
        {"id": 2, "talk": []},
        {"id": 3, "talk": "no list"},
        {"id": 4, "talk": [{"who": "user", "said": "Hi"}]},
    ]
    assert fates(run(talk(tmp_path, rows), "chats")) == [
        ("kept", None), ("quarantined", "no_turns"), ("quarantined", "unknown_speaker"), ("quarantined", "wrong_type"),
    ]  # fmt: skip


def test_of_a_thread_told_several_times_the_longest_row_stands_and_the_others_are_merged_into_it(tmp_path):
    def say(*words):
        return [{"who": "user" if n % 2 == 0 else "bot", "said": w} for n, w in enumerate(words)]

    rows = [{"id": 1, "talk": say("a", "b")}, {"id": 2, "talk": say("a", "b", "c")}, {"id": 3, "talk": say("x")}]
    source = talk(
        tmp_path, rows, fields={"id": "id", "thread": "talk[0].said"}, one_a_thread="longest",
    )  # fmt: skip
    published = run(source, "chats")
    merged = [r for r in published.ledger.to_pylist() if r["outcome"] == "merged"]
    assert [(r["id"], r["into"], r["reason"]) for r in merged] == [
        (tables.keyed_id(KEY, "talks", "1"), tables.keyed_id(KEY, "talks", "2"), "told_again")
    ]
    assert published.table.num_rows == 2


PEOPLE = {"A": {"name": "Ann Elm", "mail": "ann@elm.example"}, "B": {"name": "Bo Ash", "mail": None}}


def with_people(folder, people=PEOPLE):
    (folder / "people.json").write_text(json.dumps(people))
    customers = SourceParams(
        name="people", gives="customers", kind="json", path=f"{folder}/people.json", explode=[{"key": "who"}],
        fields={"id": "who"}, known=[{"type": "name", "path": "name"}, {"type": "email", "path": "mail"}],
    )  # fmt: skip
    return [desk(folder, people={"source": "people", "key": "who"}), customers]


def test_what_is_known_of_a_customer_comes_from_where_the_identities_are(tmp_path):
    write(tmp_path, {"id": "1", "who": "A"}, {"id": "2", "who": "B"}, {"id": "3", "who": ""}, {"id": "4", "who": "Z"})
    known = {r["source_id"]: r["known"] for r in run(with_people(tmp_path)).table.to_pylist()}
    assert known == {
        "1": [{"type": "name", "value": "Ann Elm"}, {"type": "email", "value": "ann@elm.example"}],
        "2": [{"type": "name", "value": "Bo Ash"}],
        "3": [],
        "4": [],
    }


def test_what_a_row_itself_says_of_its_people_is_known_without_what_stands_around_it(tmp_path):
    write(tmp_path, {"id": "1", "who": 'is("Ann Elm.")'}, {"id": "2", "who": "n/a"})
    source = desk(tmp_path, known=[{"type": "name", "path": "who", "pattern": r'"(.+?)[."]'}], nulls=["n/a"])
    assert [r["known"] for r in run(source).table.to_pylist()] in (
        [[{"type": "name", "value": "Ann Elm"}], []],
        [[], [{"type": "name", "value": "Ann Elm"}]],
    )


def test_where_identities_are_unreadable_a_customer_not_found_is_set_aside_rather_than_passed_on(tmp_path):
    write(tmp_path, {"id": "1", "who": "A"}, {"id": "2", "who": "Z"})
    ticket_source, people = with_people(tmp_path)
    lines = f'{json.dumps({"who": "A", "name": "Ann", "mail": None})}\n{{"who": "Z"\n'
    (tmp_path / "people.jsonl").write_text(lines)
    people = SourceParams(
        name="people", gives="customers", kind="jsonl", path=f"{tmp_path}/people.jsonl", fields={"id": "who"},
        known=[{"type": "name", "path": "name"}],
    )  # fmt: skip
    assert fates(run([ticket_source, people])) == [("kept", None), ("quarantined", "identity_unread")]


def test_one_customer_has_one_pseudonym_in_all_sources_that_share_the_identities(tmp_path):
    write(tmp_path, {"id": "1", "who": "A"})
    sources = with_people(tmp_path)
    chats = talk(tmp_path, [{"id": 1, "u": "A", "talk": [{"who": "user", "said": "Hi"}]}])
    chats = chats.model_copy(update={"people": sources[0].people.model_copy(update={"key": "u"})})
    sources = [*sources, chats]
    [ticket], [chat] = (run(sources, gives).table["customer_id"].to_pylist() for gives in ("tickets", "chats"))
    assert ticket == chat


def test_a_people_source_that_does_not_exist_is_an_error(tmp_path):
    write(tmp_path, {"id": "1"})
    with pytest.raises(RefineryError, match="no source called 'people' gives customers"):
        run(with_people(tmp_path)[:1])


def test_two_sources_of_one_name_are_an_error(tmp_path):
    with pytest.raises(RefineryError, match="two sources are called desk"):
        run([desk(tmp_path), desk(tmp_path)])


def test_a_changed_row_marks_its_own_partition_and_no_other(tmp_path):
    rows = [{"id": str(n), "opened": f"2026-01-{5 + n:02d}"} for n in range(5)]
    write(tmp_path, *rows)
    before = prints([desk(tmp_path)])
    write(tmp_path, *rows[:2], rows[2] | {"resolution": "Turn it twice."}, *rows[3:])
    after = prints([desk(tmp_path)])
    assert changed(before, after) == ["2026-01-07"]
    assert list(before) == JANUARY.keys()


def test_order_and_a_column_nobody_maps_mark_nothing_and_a_new_or_deleted_row_marks_its_day(tmp_path):
    rows = [{"id": str(n), "opened": f"2026-01-{5 + n:02d}"} for n in range(5)]
    write(tmp_path, *rows)
    before = prints([desk(tmp_path)])
    write(tmp_path, *reversed(rows))
    assert prints([desk(tmp_path)]) == before
    write(tmp_path, {"id": "new", "opened": "2026-01-20"}, *rows[1:])
    assert changed(before, prints([desk(tmp_path)])) == ["2026-01-05", "2026-01-20"]


def test_a_row_that_moves_to_another_day_marks_both(tmp_path):
    write(tmp_path, {"id": "1", "opened": "2026-01-05"})
    before = prints([desk(tmp_path)])
    write(tmp_path, {"id": "1", "opened": "2026-01-09"})
    assert changed(before, prints([desk(tmp_path)])) == ["2026-01-05", "2026-01-09"]


def test_a_customer_whose_identity_changed_marks_exactly_the_partitions_with_his_records(tmp_path):
    days = {"05": "A", "06": "B", "07": "A", "08": ""}
    write(tmp_path, *({"id": day, "opened": f"2026-01-{day}", "who": who} for day, who in days.items()))
    before = prints(with_people(tmp_path))
    after = prints(with_people(tmp_path, PEOPLE | {"A": {"name": "Ann Oak", "mail": "ann@elm.example"}}))
    assert changed(before, after) == ["2026-01-05", "2026-01-07"]


def test_what_is_collected_is_read_anew_when_the_file_changes(tmp_path):
    write(tmp_path, {"id": "1"})
    assert run(desk(tmp_path)).table.num_rows == 1
    write(tmp_path, {"id": "1"}, {"id": "2"})
    assert run(desk(tmp_path)).table.num_rows == 2


def test_ids_follow_the_key(tmp_path):
    write(tmp_path, {"id": "1", "who": "A"})
    ours = run(desk(tmp_path)).table
    theirs = collect(
        "tickets", [desk(tmp_path)], CollectionParams(), calendar=JANUARY, keys=JANUARY.keys(), key=b"another"
    ).table
    for column in ("record_id", "thread_id", "customer_id"):
        assert ours[column].to_pylist() != theirs[column].to_pylist()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fields": {"created_at": "opened"}}, "must map `id`"),
        ({"fields": {"id": "id"}}, "`created_at` must be mapped"),
        ({"fields": FIELDS | {"title": "x"}}, "tickets have no title"),
        ({"fields": FIELDS | {"colour": "x"}}, "colour"),
        ({"gives": "chats", "fields": {"id": "id", "created_at": "o"}}, "chats need `turns`"),
        ({"timezone": "Mars/Base"}, "unknown time zone 'Mars/Base'"),
        ({"replace": {"(": ""}}, "not a regular expression"),
        ({"drop_if": [{"reason": "x", "field": "status"}]}, "a mark needs"),
        ({"drop_if": [{"reason": "Not A Word", "field": "status", "missing": True}]}, "reason"),
        ({"encodin": "utf-8"}, "encodin"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(tmp_path, change, complaint):
    with pytest.raises(ValidationError, match=re.escape(complaint)):
        desk(tmp_path, **change)


def settings_of(path, **environment):
    """Read an example as the settings loader does."""
    text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: environment.get(m[1], m[2]), Path(path).read_text())
    settings = yaml.safe_load(text)
    cut = PartitionParams(**settings["partitions"])
    return [SourceParams(**s) for s in settings["sources"]], Calendar(cut.every, cut.start, date(2026, 11, 21))


def test_the_hand_written_desk_is_collected_whole():
    sources, calendar = settings_of("tests/data/refinery.yaml")
    collected = {gives: run(sources, gives, calendar) for gives in TABLES}
    assert {gives: published.table.num_rows for gives, published in collected.items()} == {
        "tickets": 60, "chats": 8, "calls": 4, "articles": 6, "external_documents": 3,
    }  # fmt: skip
    assert reasons(collected["tickets"].ledger) == {
        "unresolved": 4, "auto_answered": 1, "bounced": 1, "merged": 1, "spam": 1,
    }  # fmt: skip
    assert all(r["known"] for gives in ("tickets", "chats", "calls") for r in collected[gives].table.to_pylist())
    assert len(set(collected["tickets"].table["partition"].to_pylist())) == 12


def test_the_public_sets_are_collected_and_every_row_is_accounted_for(refinery_data):
    sources, calendar = settings_of("examples/public_support.yaml", REFINERY_DATA=os.fspath(refinery_data))
    collected = {gives: run(sources, gives, calendar) for gives in TABLES}
    per_source = {}
    for published in collected.values():
        balance(published.ledger)
        for record in published.table.select(["source", "licence", "turns"]).to_pylist():
            per_source[record["source"]] = per_source.get(record["source"], 0) + 1
            assert record["licence"]
            assert not any("###STOP" in turn["text"] for turn in record["turns"])
    assert per_source == {
        "coffee_questions": 140, "consumer_complaints": 1667, "city_requests": 1173, "bank_chats": 260,
        "airline_chats": 13, "tourist_calls": 64, "clinic_calls": 24, "tourist_faq": 5881, "office_handbook": 99,
        "retail_guidelines": 55, "company_policies": 2,
    }  # fmt: skip
    assert reasons(collected["tickets"].ledger) == {"no_narrative": 433, "unresolved": 37}
    assert reasons(collected["chats"].ledger) == {"unsolved": 19}
    assert reasons(collected["calls"].ledger) == {"told_again": 93}
    airline = [r for r in collected["chats"].table.to_pylist() if r["source"] == "airline_chats"]
    assert all({"name", "email", "birth_date"} <= {k["type"] for k in r["known"]} for r in airline)
