import json
import re

import pyarrow as pa
import pytest

from assets import tables
from assets.anonymization.anonymize import anonymize, anonymize_and_count, apply
from assets.anonymization.params import AnonymizationParams
from assets.errors import RefineryError
from assets.ledger import balance, reasons

PARAMS = AnonymizationParams(max_text_length=2_000)


def record(record_id, *turns, kind="chat", known=(), **fields):
    return {
        "record_id": record_id,
        "partition": "2024-01",
        "kind": kind,
        "source": "desk",
        "source_id": "4711",
        "thread_id": "t",
        "turns": [{"speaker": s, "text": t} for s, t in turns],
        "known": [{"type": t, "value": v} for t, v in known],
    } | fields


def published(*rows, params=PARAMS, **options):
    return anonymize(tables.NORMALIZED_RECORDS.of(rows), params, **options)


def said(out, row=0):
    return [turn["text"] for turn in out.table.to_pylist()[row]["turns"]]


def test_one_person_keeps_one_number_throughout_a_record():
    out = published(
        record(
            "r",
            ("customer", "Hi, this is Maria Lopez, my husband is Peter Lopez."),
            ("agent", "Thank you Maria. May I speak to Mr. Lopez, Peter I mean?"),
            ("customer", "LOPEZ, MARIA is on the account, maria is fine."),
            known=[("name", "Maria Lopez"), ("name", "Peter Lopez")],
            subject="Refund for Peter",
        )
    )
    assert out.table["subject"].to_pylist() == ["Refund for [PERSON_2]"], "the second on file"
    assert said(out)[0] == "Hi, this is [PERSON_1], my husband is [PERSON_2]."
    assert said(out)[1].startswith("Thank you [PERSON_1]. May I speak to")
    assert said(out)[2] == "[PERSON_1] is on the account, [PERSON_1] is fine."


def test_whoever_is_on_file_keeps_his_number_in_all_records_of_a_thread_and_links_no_two_customers():
    file = [
        ("name", "Maria Lopez"),
        ("name", "Maria"),
        ("name", "Lopez"),
        ("name", "Peter Olsen"),
        ("phone", "5550134"),
    ]
    first = record("a", ("agent", "This is Bo Ray. How is Peter, Maria?"), known=[*file, ("name", "Bo Ray")])
    later = record("b", ("customer", "Ask Mr. Olsen, not Ann Kim. Maria"), known=[*file, ("name", "Ann Kim")])
    other = record(
        "c", ("customer", "Ask Mr. Olsen, he knows. Thanks, Eve"), known=[("name", "Eve Moss")], thread_id="u"
    )
    alone = [said(published(row | {"partition": month})) for row, month in ((first, "2024-01"), (later, "2024-02"))]
    assert alone == [
        ["This is [PERSON_3]. How is [PERSON_2], [PERSON_1]?"],
        ["Ask [PERSON_2], not [PERSON_3]. [PERSON_1]"],
    ]
    assert said(published(other)) == ["Ask [PERSON_2], he knows. Thanks, [PERSON_1]"], (
        "the same Mr. Olsen, and nothing says so"
    )


def test_a_number_asked_for_is_recognised_by_the_question():
    out = published(record("r", ("agent", "Could you tell me your account number?"), ("customer", "Sure: 85731890")))
    assert said(out)[1] == "Sure: [ACCOUNT]"


def test_nothing_raw_leaves_the_room():
    out = published(record("r", ("customer", "Hello there"), known=[("name", "Ann Lee")]))
    assert not set(out.table.column_names) & {"source_id", "known", "fault"}
    assert out.table.schema.equals(tables.ANONYMIZED_RECORDS.schema)
    assert not any(column.raw for column in tables.ANONYMIZED_RECORDS.columns)


def test_free_fields_that_pass_through_are_masked_but_not_for_single_names():
    row = record("r", ("customer", "Hello there"), known=[("name", "Mark Young")])
    out = published(
        row | {"category": "Mark as paid", "channel": "mail from mark.young@corp.local", "consent": "Mark Young: yes"}
    )
    passed = out.table.to_pylist()[0]
    assert passed["category"] == "Mark as paid"
    assert passed["channel"] == "mail from [EMAIL]"
    assert passed["consent"] == "[PERSON_1]: yes"


def test_what_the_source_redacted_is_left_as_it_is():
    out = published(
        record(
            "r",
            ("customer", "I am [PERSON_1], mail [EMAIL], XXXX XXXX said no. Regards, Ann Lee"),
            known=[("name", "Ann Lee")],
        )
    )
    assert said(out) == ["I am [PERSON_1], mail [EMAIL], XXXX XXXX said no. Regards, [PERSON_2]"]


def test_entities_are_counted_by_type():
    out = published(record("r", ("customer", "a@b.org or c@d.org, card 4111 1111 1111 1111")))
    assert out.table["entities"].to_pylist() == [[{"name": "CARD", "count": 1}, {"name": "EMAIL", "count": 2}]]


def test_a_record_that_cannot_be_processed_is_set_aside_and_the_rest_goes_on():
    out = published(
        record("long", ("customer", "x" * 3_000)),
        record("empty"),
        record("good", ("customer", "Mail ann@corp.local"), ("agent", None)),
        record("crowd", ("customer", "Hello there"), known=[("name", f"P{i} Q{i}") for i in range(30)]),
        params=PARAMS.model_copy(update={"max_known": 20}),
    )
    assert reasons(out.ledger) == {"no_turns": 1, "too_long": 1, "too_many_known": 1}
    assert said(out) == ["Mail [EMAIL]", None]
    assert balance(out.ledger).rows_in == 4


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x01\x7f" * 200,
        "\u0627\u062a\u0635\u0644 0501234567 \u202e moc.elpmaxe@nna \u202c",
        "e\u0301" * 300,
        "a@" * 400,
        "1" * 1_500,
        "((((" * 300 + "))))" * 100,
        "\N{PERSON WITH FOLDED HANDS}\u200d\N{FEMALE SIGN}" * 100,
        " ",
    ],
)
def test_garbage_is_masked_or_set_aside_and_never_crashed_on(text):
    out = published(record("bad", ("customer", text)), record("good", ("customer", "Mail ann@corp.local")))
    assert said(out, -1) == ["Mail [EMAIL]"]
    assert balance(out.ledger).kept + balance(out.ledger).quarantined == 2


def test_zero_width_joiners_inside_an_address_do_not_save_it():
    out = published(
        record("r", ("customer", "j\u200dohn@exa\u200dmple.com, card \uff14\uff11\uff11\uff11 1111 1111 1111"))
    )
    assert said(out) == ["[EMAIL], card [CARD]"]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Jose\u0301 Nu\u0301n\u0303ez", ("name", "Jos\u00e9 N\u00fa\u00f1ez")),
        (
            "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f \u0639\u0644\u064a",
            ("name", "\u0645\u062d\u0645\u062f \u0639\u0644\u064a"),
        ),
        (
            "\u05d9\u05d5\u05e1\u05d9 \u200f\u05db\u05d4\u05df",
            ("name", "\u05d9\u05d5\u05b9\u05e1\u05b4\u05d9 \u05db\u05b9\u05bc\u05d4\u05b5\u05df"),
        ),
        ("\u202eann\u200d@co\u200brp.lo\u00adcal\u202c", ("email", "ann@corp.local")),
        ("\uff10\uff12\uff10 \uff17\uff19\uff14\uff16 \uff10\uff10\uff11\uff18", ("phone", "+44 20 7946 0018")),
        ("\x00\x01ann@corp.local\x00\xff", ("email", "ann@corp.local")),
        ("\uff21\uff4e\uff4e \uff2c\uff45\uff45", ("name", "Ann Lee")),
    ],
)
def test_no_script_mark_or_broken_byte_hides_who_is_known(text, known):
    out = published(record("r", ("customer", f"That is {text}, and nobody else"), known=[known]))
    assert not any(piece in "".join(said(out)) for piece in re.findall(r"\w{2,}", text))


def test_the_result_does_not_depend_on_how_rows_are_cut():
    rows = [
        record(f"r{i}", ("customer", f"I am Maria Lopez number {i}, mail a{i}@b.org"), ("agent", "Hi Maria!"))
        for i in range(7)
    ]

    def row_by_row(table, fn):
        return pa.concat_tables([fn(table.slice(i, 1)) for i in range(table.num_rows)])

    assert published(*rows).table.equals(published(*rows, map_rows=row_by_row).table)
    assert published(*rows).table.slice(3, 1).equals(published(rows[3]).table)


def test_it_says_by_partition_which_texts_no_language_model_read():
    german = ("customer", "Das Thermostat im Wohnzimmer zeigt leider seit gestern nichts mehr an")
    rows = [
        record("a", ("customer", "The bill of last month is wrong"), ("agent", "Sorry!"), ("system", "...")),
        record("b", german, ("agent", "Danke")) | {"partition": "2024-02"},
        record("c", ("agent", "How to read a bill"), kind="article"),
        record("d") | {"partition": "2024-03"},
    ]
    out, modes = anonymize_and_count(tables.NORMALIZED_RECORDS.of(rows), PARAMS)
    assert modes == {
        "2024-01": {"every_detector": 2, "patterns_and_known": 1},
        "2024-02": {"without_language_model": 2},
    }
    assert "modes" not in out.table.column_names


@pytest.mark.parametrize(
    "text", ["Reach me on 612 345 678", "91 123 45 67", "06 12 34 56 78", "030 1234567", "098765 43210", "07700 900123"]
)
def test_phone_numbers_as_they_are_dialled_at_home(text):
    assert said(published(record("r", ("customer", text))))[0] in ("Reach me on [PHONE]", "[PHONE]")


def test_an_empty_table_stays_a_table():
    assert published().table.schema.equals(tables.ANONYMIZED_RECORDS.schema)


def test_a_house_pattern_that_is_wrong_is_named_without_its_text(tmp_path):
    path = tmp_path / "patterns.yaml"
    path.write_text('patterns: [{name: broken, entity: ORDER, regex: "(("}]', encoding="utf-8")
    with pytest.raises(RefineryError, match="pattern 'broken'"):
        published(record("r", ("customer", "Hello")), params=AnonymizationParams(patterns=path))
    with pytest.raises(RefineryError, match=r"nowhere\.yaml"):
        published(record("r", ("customer", "Hello")), params=AnonymizationParams(agents=tmp_path / "nowhere.yaml"))


def test_agents_are_masked_in_every_record(tmp_path):
    path = tmp_path / "agents.yaml"
    path.write_text("names: [Priya Raman]", encoding="utf-8")
    out = published(
        record("a", ("agent", "this is priya from the desk"), kind="article"), params=AnonymizationParams(agents=path)
    )
    assert said(out) == ["this is [PERSON_1] from the desk"]


def test_words_to_keep_are_kept(tmp_path):
    path = tmp_path / "patterns.yaml"
    path.write_text("keep: [Maria Callas Maker]", encoding="utf-8")
    out = published(
        record("a", ("customer", "My Maria Callas Maker is broken")), params=AnonymizationParams(patterns=path)
    )
    assert said(out) == ["My Maria Callas Maker is broken"]


def test_apply_gives_spans_over_the_input_text():
    text = "Ann L\u00e9e, ann@corp.local"
    row, long = apply([{"id": 1, "text": text, "known": ["Ann Lee"]}, {"id": 2, "text": "x" * 5_000}], PARAMS)
    assert row["text"] == "[PERSON_1], [EMAIL]"
    assert [(text[s["start"] : s["end"]], s["type"]) for s in row["spans"]] == [
        ("Ann L\u00e9e", "PERSON"),
        ("ann@corp.local", "EMAIL"),
    ]
    assert (long["text"], long["spans"], long["error"]) == ("", [], "too_long")


def test_what_bank_customers_disclosed_is_gone(refinery_data):
    import gzip

    path = refinery_data / "star_bank_chats" / "dialogues.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        chats = [json.loads(line) for _, line in zip(range(40), lines, strict=False)]
    types = {"FullName": "name", "AccountNumber": "account", "PIN": "other", "DateOfBirth": "birth_date"}
    types |= {"SecurityAnswer1": "other", "SecurityAnswer2": "other"}
    rows = []
    for chat in chats:
        turns = [(e["Agent"], e["Text"]) for e in chat["Events"] if e["Action"] in ("utter", "pick_suggestion")]
        facts = [f for e in chat["Events"] if e["Action"] == "query" for c in e["Constraints"] for f in c.items()]
        known = {(types[k], str(v).strip('"')) for k, v in facts if k in types}
        rows.append(record(str(chat["DialogueID"]), *turns, known=sorted(known)))
    out = published(*rows)
    left = [
        kind
        for row, before in zip(out.table.to_pylist(), rows, strict=True)
        for kind, value in ((k["type"], k["value"]) for k in before["known"] if len(k["value"]) > 2)
        if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", "\n".join(t["text"] for t in row["turns"]), re.IGNORECASE)
    ]
    assert sum(len(row["known"]) for row in rows) > 50
    assert left == []


def test_each_type_is_replaced_masked_hashed_or_kept_as_the_settings_say():
    params = AnonymizationParams(actions={"EMAIL": "hash", "SSN": "mask", "ORDER": "keep"})
    text = "ssn 078-05-1120, order #AB-10234, mail ann@corp.local or Ann@corp.local"
    rows = [record("a", ("customer", text)), record("b", ("customer", text), thread_id="other")]
    first, second = (said(published(*rows, params=params, key=b"k"), i)[0] for i in range(2))
    assert first.startswith("ssn ***-**-****, order #AB-10234, mail [EMAIL_")
    mails = re.findall(r"\[EMAIL_[A-P]{10}\]", first)
    assert len(mails) == 2
    assert len(set(mails)) == 1
    assert not set(mails) & set(re.findall(r"\[EMAIL_[A-P]{10}\]", second)), "hashes link nothing across threads"
    assert said(published(*rows, params=params, key=b"rotated"))[0] != first
    assert said(published(*rows, params=params))[0].endswith("mail [EMAIL] or [EMAIL]")


def test_what_is_promised_to_be_gone_cannot_be_kept():
    with pytest.raises(ValueError, match="EMAIL: promised to be gone"):
        AnonymizationParams(actions={"EMAIL": "keep"})


def test_a_text_of_five_megabytes_is_set_aside_and_ten_thousand_people_are_not_too_many():
    people = [("name", f"Given{i} Family{i}") for i in range(10_000)]
    out = published(
        record("long", ("customer", "Ann Lee " * 650_000)),
        record("crowd", ("customer", "from Given7 Family7, to Family9999 Given9999"), known=people),
        params=AnonymizationParams(),
    )
    assert reasons(out.ledger) == {"too_long": 1}
    assert said(out) == ["from [PERSON_8], to [PERSON_10000]"], "as they stand on file"
