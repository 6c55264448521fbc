import json
import re
import sqlite3
from collections import Counter
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from assets import tables
from assets.collection.calendar import Calendar
from assets.collection.collect import TABLES, collect, survey
from assets.collection.params import CollectionParams, SourceParams
from assets.collection.sights import Sight, wanted
from assets.errors import RefineryError
from assets.ledger import balance, reasons
from sample.desk import make_desk
from tests.assets.collection.test_collect import settings_of
from tests.desks import copy_desk

KEY = b"a key for tests"
JANUARY = Calendar("day", date(2026, 1, 1), date(2026, 1, 31))
TICKETS = {
    "id": "id", "created_at": "opened", "updated_at": "changed", "customer": "who", "subject": "subject",
    "description": "words", "resolution": "answer",
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database of either kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql")
    sqlite3.connect(tmp_path / "desk.sqlite").close()
    return f"sqlite:///{tmp_path}/desk.sqlite"


def execute(url, *statements):
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def filled(url, *rows):
    """Make a table of tickets; what a row does not say is said for it."""
    execute(
        url,
        "create table tickets (id text, opened text, changed text, who text, subject text, words text, answer text)",
    )
    add(url, *rows)
    return url


def add(url, *rows):
    usual = {"opened": "2026-01-05", "changed": "2026-01-06", "subject": "Lid", "words": "Leaks.", "answer": "Turn it."}
    table = sa.table("tickets", *map(sa.column, [*TICKETS.values()]))
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for row in rows:
            connection.execute(table.insert().values(**usual | row))


def desk(url, **more):
    settings = {"name": "desk", "gives": "tickets", "kind": "sql", "url": url, "table": "tickets", "fields": TICKETS}
    return SourceParams(**{k: v for k, v in (settings | more).items() if v is not None})


def run(sources, gives="tickets", keys=None, calendar=JANUARY, params=None):
    sources = sources if isinstance(sources, list) else [sources]
    keys = calendar.keys() if keys is None else keys
    return collect(gives, sources, params or CollectionParams(), calendar=calendar, keys=keys, key=KEY)


def prints(sources, gives="tickets", calendar=JANUARY):
    sources = sources if isinstance(sources, list) else [sources]
    return survey(gives, sources, CollectionParams(), calendar=calendar, key=KEY)


def changed(before, after):
    return [key for key in before if before[key] != after[key]]


def fates(published):
    return sorted((r["outcome"], r["reason"]) for r in published.ledger.to_pylist())


def test_a_row_of_a_table_and_one_of_a_query_become_the_same_record(url):
    filled(url, {"id": "T-1", "opened": "2026-01-05 09:30"})
    query = "select *, '10:30' as at, cast('7' as integer) % 4 as rest -- a colon: no parameter\nfrom tickets;"
    by_table, by_query = run(desk(url)), run(desk(url, table=None, query=query))
    assert by_table.table.equals(by_query.table)
    [record] = by_table.table.to_pylist()
    assert (record["source_id"], record["record_id"]) == ("T-1", tables.keyed_id(KEY, "desk", "T-1"))
    assert record["created_at"] == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert [(t["speaker"], t["text"]) for t in record["turns"]] == [("customer", "Leaks."), ("agent", "Turn it.")]


def test_a_partition_holds_the_same_rows_alone_and_in_a_range(url):
    rows = [{"id": f"{n:02d}", "opened": f"2026-01-{1 + n % 9:02d}"} for n in range(40)]
    rows += [{"id": "x", "opened": ""}, {"id": "", "opened": "2026-01-04"}, {"id": "y", "subject": "", "words": ""}]
    rows += [{"id": "03", "opened": "2026-01-20", "changed": "2026-01-21"}, {"id": " 05", "opened": "2026-01-08"}]
    filled(url, *rows)
    whole = run(desk(url))
    assert reasons(whole.ledger)["duplicate_id"] == 2, "a later row with the same id puts an earlier one aside"
    for key in JANUARY.keys():  # noqa: SIM118
        alone = run(desk(url), keys=[key])
        for part, of in ((alone.table, whole.table), (alone.ledger, whole.ledger)):
            assert part.to_pylist() == [r for r in of.to_pylist() if r["partition"] == key]


def test_a_few_partitions_are_asked_for_by_id_and_most_are_read_whole():
    seen = [Sight("2026-01-01", str(n), {"id": n}) for n in range(8)] + [Sight("2026-01-02", "3", {"id": " 3"})]
    assert wanted(seen, ["2026-01-02"], "id") == [3, " 3"], "with all that share an id"
    assert wanted(seen, ["2026-01-01"], "id") is None
    assert wanted([*seen, Sight("2026-01-02", None, {"id": None})], ["2026-01-02"], "id") is None


TALKS = (
    "create table talks (id integer, opened text, changed text, topic text)",
    "create table turns (talk integer, n integer, who text, said text, after numeric(9, 3))",
    "insert into talks values (2, '2026-01-03', '2026-01-03', 'b'), (1, '2026-01-03', '2026-01-03', 'a'),"
    " (3, '2026-01-04', '2026-01-04', 'c'), (1, '2026-01-03', '2026-01-03', 'a')",
    "insert into turns values (2, 2, 'agent', 'Hello', 4.5), (2, 1, 'customer', 'Hi', 2), (1, 1, 'customer', 'Eh', 1),"
    " (9, 1, 'customer', 'of nobody', 0), (1, 10, 'agent', 'last', null), (1, 2, 'agent', 'second', 2)",
)


def talks(url, **more):
    turns = {"table": "turns", "belongs_to": "talk", "order_by": ["n"], "speaker": "who", "text": "said"}
    return SourceParams(
        **{"name": "talks", "gives": "chats", "kind": "sql", "url": url, "table": "talks"}
        | {
            "fields": {"id": "id", "created_at": "opened", "updated_at": "changed"},
            "turns": turns | more.pop("turns", {}),
        }
        | more
    )


def test_turns_of_a_table_of_their_own_come_in_order_with_their_record_and_doubled_records_stay_two(url):
    execute(url, *TALKS)
    published = run(talks(url, turns={"after": "after"}), "chats")
    told = {r["source_id"]: [(t["text"], t["at"] and t["at"].timestamp() % 60) for t in r["turns"]]
            for r in published.table.to_pylist()}  # fmt: skip
    assert told == {"1": [("Eh", 1.0), ("second", 2.0), ("last", None)], "2": [("Hi", 2.0), ("Hello", 4.5)]}
    assert reasons(published.ledger) == {"duplicate_id": 1, "no_turns": 1}


def test_turns_may_be_a_query_and_belong_by_another_column(url):
    execute(url, *TALKS)
    query = "select 'abc' as x, n, who, said, case talk when 1 then 'a' else 'b' end as t from turns where n < 10"
    source = talks(url, turns={"table": None, "query": query, "belongs_to": "t", "key": "topic"})
    found = {r["source_id"]: len(r["turns"]) for r in run(source, "chats").table.to_pylist()}
    assert found == {"1": 2, "2": 3}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_values_of_every_type_come_out_right(kind, tmp_path, request):
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql")
        execute(
            url,
            "create type mood as enum ('calm', 'cross')",
            "create table tickets (id uuid, price numeric(12, 2), opened timestamp, changed timestamptz, day date,"
            " raw bytea, extra jsonb, mood mood, gone text, yes boolean, tags text[], clock time, big bigint)",
            "insert into tickets values ('11111111-2222-3333-4444-555555555555', 1200.50, '2026-01-05 09:30:00',"
            " '2026-01-05 23:30:00-05', '2026-01-07', 'caf\\303\\251', '{\"product\": {\"name\": \"Rill\"}}', 'cross',"
            " null, true, '{a,b}', '09:30', 9007199254740993)",
        )
    else:
        url = f"sqlite:///{tmp_path}/desk.sqlite"
        with sqlite3.connect(tmp_path / "desk.sqlite") as base:
            base.execute(
                "create table tickets (id, price, opened, changed, day, raw, extra, mood, gone, yes, tags, clock, big)"
            )
            base.execute(
                "insert into tickets values (?, '1200.50', '2026-01-05T09:30:00', '2026-01-05T23:30:00-05:00',"
                " '2026-01-07', ?, ?, 'cross', null, 'true', 'a, b', '09:30:00', 9007199254740993)",
                ("11111111-2222-3333-4444-555555555555", "café".encode(), json.dumps({"product": {"name": "Rill"}})),
            )
    fields = {
        "id": "id", "created_at": "opened", "updated_at": "changed", "category": "extra.product.name",
        "priority": "mood", "channel": "gone", "consent": "yes", "licence": "tags", "subject": "raw",
        "description": "{price} {day} {clock} {big}",
    }  # fmt: skip
    source = desk(url, fields=fields, timezone="Europe/Berlin", constants={"resolution": "x"}, json_columns=["extra"])
    [record] = run(source).table.to_pylist()
    assert record["source_id"] == "11111111-2222-3333-4444-555555555555"
    assert record["created_at"] == datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    assert record["updated_at"] == datetime(2026, 1, 6, 4, 30, tzinfo=UTC)
    assert [record[c] for c in ("category", "priority", "channel", "consent", "licence", "subject")] == [
        "Rill", "cross", None, "true", "a, b", "café",
    ]  # fmt: skip
    assert record["turns"][0]["text"] == "1200.50 2026-01-07 09:30:00 9007199254740993"


def test_a_row_python_cannot_hold_is_set_aside_alone(postgresql, tmp_path):
    execute(
        postgresql,
        "create table tickets (id int, opened timestamptz, words text, answer text)",
        "insert into tickets values (1, 'infinity', 'a', 'b'), (2, '2026-01-05', 'a', 'b')",
        "insert into tickets values (3, '0044-03-15 BC', 'a', 'b')",
    )
    fields = {"id": "id", "created_at": "opened", "description": "words", "resolution": "answer"}
    assert fates(run(desk(postgresql, fields=fields))) == [("kept", None)] + 2 * [("quarantined", "no_date")]
    with sqlite3.connect(tmp_path / "desk.sqlite") as base:
        base.execute("create table tickets (id, opened, words, answer)")
        base.execute(
            "insert into tickets values (1, '2026-01-05', cast(x'ff41' as text), 'b'), (2, '2026-01-05', 'a', 'b')"
        )
    source = desk(f"sqlite:///{tmp_path}/desk.sqlite", fields=fields)
    assert fates(run(source)) == [("kept", None), ("quarantined", "undecodable")]


def test_bad_rows_are_set_aside_and_the_rest_is_unharmed(url):
    filled(
        url,
        {"id": "good"},
        {"id": "large", "words": "x" * 5_000_000},
        {"id": "twice", "changed": "2026-01-07", "answer": "new"},
        {"id": "twice", "answer": "old"},
        {"id": "skewed", "opened": "2031-01-01"},
        {"id": None},
        {"id": "early", "opened": "1999-12-31"},
        {"id": "undated", "opened": "soon"},
    )
    published = run(desk(url))
    assert fates(published) == [
        ("kept", None), ("kept", None), ("quarantined", "before_start"), ("quarantined", "duplicate_id"),
        ("quarantined", "in_future"), ("quarantined", "missing_id"), ("quarantined", "no_date"),
        ("quarantined", "too_long"),
    ]  # fmt: skip
    assert {r["turns"][1]["text"] for r in published.table.to_pylist()} == {"Turn it.", "new"}
    assert balance(published.ledger).rows_in == 8
    [position] = [r["position"] for r in published.ledger.to_pylist() if r["reason"] == "missing_id"]
    assert re.fullmatch(r"desk: tickets of 2026-01-05 row \d", position)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"table": "tickts"}, "cannot answer its table 'tickts'"),
        ({"table": None, "query": "select * from nowhere"}, "cannot answer its query"),
        ({"fields": TICKETS | {"subject": "title"}}, "tickets has no column 'title'"),
        ({"watch": ["mood"]}, "tickets has no column 'mood'"),
    ],
)
def test_a_missing_table_or_column_is_one_clear_line_from_survey_and_collection_alike(url, change, complaint):
    filled(url, {"id": "1"}, {"id": "2", "opened": "2026-01-06"}, {"id": "3", "opened": "2026-01-07"})
    for read in (prints, run, lambda s: run(s, keys=["2026-01-06"])):
        with pytest.raises(RefineryError, match=rf"sources\.desk: .*{complaint}") as caught:
            read(desk(url, **change))
        assert "\n" not in str(caught.value)
        assert "Leaks" not in str(caught.value)


def test_a_column_renamed_overnight_is_an_error_and_one_renamed_back_is_none(url):
    filled(url, {"id": "1"})
    before = prints(desk(url))
    execute(url, "alter table tickets rename column answer to reply")
    with pytest.raises(RefineryError, match="tickets has no column 'answer'"):
        prints(desk(url))
    execute(url, "alter table tickets rename column reply to answer")
    assert prints(desk(url)) == before


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgresql://reader:s3cret@127.0.0.1:1/desk", r"cannot open postgresql://127\.0\.0\.1:1/desk"),
        ("nosuch://reader:s3cret@host/desk", "nothing here speaks nosuch"),
        ("reader:s3cret@host/desk", "its url is none"),
        ("postgresql://reader:s3cret@host:port/desk", "its url is none"),
        ("postgresql://reader:a@s3cret@host/desk", "an '@' too many"),
        ("postgresql://reader:a@b/s3cret@host/desk", "an '@' too many"),
        ("sqlite:///no/such/desk.sqlite", "there is no file at no/such/desk.sqlite"),
        ("sqlite://", "there is no file"),
    ],
)
def test_a_wrong_url_is_one_clear_line_that_never_shows_its_password(url, complaint):
    with pytest.raises(RefineryError, match=complaint) as caught:
        run(desk(url))
    assert "s3cret" not in f"{caught.value}{caught.value.__cause__}{desk(url)!r}{desk(url).model_dump_json()}"
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_an_error(tmp_path):
    (tmp_path / "desk.sqlite").write_text("not a database at all, but a text that is long enough" * 100)
    with pytest.raises(RefineryError, match="file is not a database"):
        run(desk(f"sqlite:///{tmp_path}/desk.sqlite"))


def test_the_desk_is_never_written_to(url):
    filled(url, {"id": "1"})
    for query in ("delete from tickets", "with gone as (delete from tickets returning id) select * from gone"):
        with pytest.raises(RefineryError, match="cannot answer its query"):
            run(desk(url, table=None, query=query))
    if url.startswith("postgresql"):
        execute(url, "create function sweep() returns int language sql as 'delete from tickets returning 1'")
        with pytest.raises(RefineryError):
            run(desk(url, table=None, query="select *, sweep() as swept from tickets"))
    assert run(desk(url)).table.num_rows == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"url": None}, "needs `url`"),
        ({"table": None}, "either `table` or `query`"),
        ({"query": "select 1"}, "either `table` or `query`"),
        ({"path": "x"}, "takes no `path`"),
        ({"kind": "csv", "url": None, "table": None}, "needs `path`"),
        ({"turns": {"table": "x"}}, "need `belongs_to` and `order_by`"),
        ({"turns": {"path": "x", "table": "x"}}, "one place"),
        ({"turns": {"path": "x", "key": "x"}}, "belong to turns of a table"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, complaint):
    with pytest.raises(ValidationError, match=complaint):
        desk(**{"url": "sqlite:///x"} | change)


def test_a_survey_reads_no_texts_and_sees_what_updated_at_tells(url):
    filled(url, *({"id": str(n), "opened": f"2026-01-{5 + n:02d}"} for n in range(5)))
    before = prints(desk(url))
    execute(url, "update tickets set answer = 'unseen' where id = '1'")
    assert prints(desk(url)) == before, "only ids and dates are looked at"
    execute(url, "update tickets set changed = '2026-01-09' where id = '2'")
    assert changed(before, prints(desk(url))) == ["2026-01-07"]
    execute(url, "delete from tickets where id = '0'")
    add(
        url,
        {"id": "new", "opened": "2026-01-20"},
        {"id": "undated", "opened": ""},
        {"id": None, "opened": "2026-01-21"},
    )
    assert changed(before, prints(desk(url))) == ["2026-01-01", "2026-01-05", "2026-01-07", "2026-01-20", "2026-01-21"]


def test_rows_that_share_an_id_mark_each_others_partitions(url):
    filled(url, *({"id": str(n), "opened": f"2026-01-{5 + n:02d}"} for n in range(5)))
    before = prints(desk(url))
    add(url, {"id": "1", "opened": "2026-01-20", "changed": "2026-01-21"})
    assert changed(before, prints(desk(url))) == ["2026-01-06", "2026-01-20"]


def test_without_updated_at_every_row_is_read(url):
    filled(url, *({"id": str(n), "opened": f"2026-01-{5 + n:02d}"} for n in range(5)))
    source = desk(url, fields={k: v for k, v in TICKETS.items() if k != "updated_at"})
    before = prints(source)
    execute(url, "update tickets set answer = 'seen' where id = '1'")
    assert changed(before, prints(source)) == ["2026-01-06"]


def test_settings_of_a_source_mark_all_its_partitions_and_where_the_desk_lies_marks_none(url, tmp_path):
    filled(url, {"id": "1"})
    before = prints(desk(url))
    assert changed(before, prints(desk(url, constants={"licence": "MIT"}))) == ["2026-01-05"]
    sqlite3.connect(tmp_path / "moved.sqlite").close()
    moved = filled(f"sqlite:///{tmp_path}/moved.sqlite", {"id": "1"})
    assert prints(desk(moved)) == before


def with_people(url, **more):
    people = SourceParams(
        name="people", gives="customers", kind="sql", url=url, table="people", fields={"id": "id"},
        known=[{"type": "name", "path": "name"}],
    )  # fmt: skip
    return [desk(url, people={"source": "people", "key": "who"}, **more), people]


def test_a_customer_whose_identity_changed_marks_exactly_the_partitions_with_his_records(url):
    filled(
        url,
        *(
            {"id": day, "opened": f"2026-01-{day}", "who": who}
            for day, who in {"05": "A", "06": "B", "07": "", "08": "A"}.items()
        ),
    )
    execute(
        url, "create table people (id text, name text)", "insert into people values ('A', 'Ann Elm'), ('B', 'Bo Ash')"
    )
    before = prints(with_people(url))
    execute(url, "update people set name = 'Ann Oak' where id = 'A'")
    assert changed(before, prints(with_people(url))) == ["2026-01-05", "2026-01-08"]
    known = {r["source_id"]: r["known"] for r in run(with_people(url)).table.to_pylist()}
    assert known["05"] == known["08"] == [{"type": "name", "value": "Ann Oak"}]
    assert known["07"] == []


def test_a_watched_column_is_seen_to_change_although_updated_at_stays(url):
    filled(url, {"id": "1", "who": "A"}, {"id": "2", "who": "B", "opened": "2026-01-09"})
    execute(url, "create table people (id text, consent text)", "insert into people values ('A', 'yes'), ('B', 'yes')")
    query = "select tickets.*, people.consent from tickets join people on people.id = tickets.who"
    source = desk(url, table=None, query=query, fields=TICKETS | {"consent": "consent"}, watch=["consent"])
    before = prints(source)
    execute(url, "update people set consent = 'no' where id = 'B'")
    assert changed(before, prints(source)) == ["2026-01-09"]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return make_desk(tmp_path_factory.mktemp("sample"), tickets=400, seed=11, until=date(2026, 1, 31), holdout=False)


def of_sample(url):
    return settings_of("examples/sample_desk.yaml", REFINERY_DESK=url)


def test_the_sample_desk_is_collected_whole_with_everyone_known(sample):
    sources, calendar = of_sample(f"sqlite:///{sample.desk}")
    collected = {gives: run(sources, gives, calendar=calendar) for gives in TABLES}
    with sqlite3.connect(sample.desk) as base:
        for gives, published in collected.items():
            assert balance(published.ledger).rows_in == base.execute(f"select count(*) from {gives}").fetchone()[0]
            assert set(reasons(published.ledger)) <= {"unresolved", "spam", "merged", "outdated", "unknown_licence"}
        for gives in ("tickets", "chats", "calls"):
            named = f"select {gives}.id, first_name || ' ' || last_name || '|' || email from {gives}"
            customers = dict(base.execute(f"{named} join customers on customers.id = customer_id").fetchall())
            for record in collected[gives].table.to_pylist():
                known = {k["value"] for k in record["known"]}
                assert set(customers[int(record["source_id"])].split("|")) <= known
    truth = pq.read_table(sample.truth).to_pylist()
    fate = {r["id"]: r["reason"] or r["outcome"] for r in collected["tickets"].ledger.to_pylist()}
    for kind, allowed in (
        ("merged", {"merged"}), ("spam", {"spam", "unresolved"}), ("auto_reply", {"unresolved", "auto_answered"}),
        ("bounce", {"bounced", "unresolved"}), ("open", {"unresolved"}),
    ):  # fmt: skip
        found = Counter(fate[tables.keyed_id(KEY, "tickets", r["row_id"])] for r in truth if r["kind"] == kind)
        assert found, f"the truth tells of {kind} tickets"
        assert set(found) <= allowed


def test_the_sample_desk_is_the_same_in_postgresql(sample, postgresql):
    copy_desk(sample.desk, postgresql)
    here, calendar = of_sample(f"sqlite:///{sample.desk}")
    there, _ = of_sample(postgresql)
    for gives in TABLES:
        ours, theirs = run(here, gives, calendar=calendar), run(there, gives, calendar=calendar)
        assert ours.table.num_rows
        assert theirs.table.equals(ours.table)
        assert theirs.ledger.equals(ours.ledger)
