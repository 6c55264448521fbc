"""Records through standardization: terms, language, and the reasons to drop one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pydantic import ValidationError

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Published, reasons
from assets.standardization.language import language
from assets.standardization.params import StandardizationParams
from assets.standardization.quality import fault
from assets.standardization.standardize import standardize

HOUSE = Path(__file__).resolve().parents[3] / "domain"


def params(**knobs: object) -> StandardizationParams:
    files = {"terminology": HOUSE / "terminology.yaml", "special_cases": HOUSE / "special_cases.yaml"}
    return StandardizationParams.model_validate(files | knobs)


def record(record_id: str, *texts: str, **facts: object) -> dict:
    turns = [{"speaker": ("customer", "agent")[i % 2], "text": t} for i, t in enumerate(texts)]
    return {"record_id": record_id, "partition": "2024-05", "kind": "ticket", "turns": turns} | facts


def run(*rows: dict, **knobs: object) -> Published:
    return standardize(tables.ANONYMIZED_RECORDS.of(rows), params(**knobs))


def dropped(text: str, **knobs: object) -> str | None:
    return next(iter(reasons(run(record("a", text), **knobs).ledger)), None)


def test_subject_and_turns_are_put_in_the_houses_terms_and_counted():
    out = run(record("a", "My e-mail and wifi fail!!!", "Try w/ the web site.", subject="E-mail", entities=[]))
    (row,) = out.table.to_pylist()
    assert [t["text"] for t in row["turns"]] == ["My email and Wi-Fi fail!", "Try with the website."]
    assert (row["subject"], row["terms_replaced"], row["language"]) == ("Email", 4, "en")
    assert row["language_confidence"] > 0.9
    assert out.table.schema.equals(tables.STANDARDIZED_RECORDS.schema)


def test_a_turn_of_fillers_leaves_its_call():
    out = run(record("a", "Um.", "How can I help you today?", kind="call"))
    assert [t["text"] for t in out.table.to_pylist()[0]["turns"]] == ["How can I help you today?"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[PERSON_1] [EMAIL]\n[PHONE]", "only_placeholders"),
        ("XXXX XXXX on XX/XX/XXXX", "too_short"),
        ("XXXX XXXX", "only_placeholders"),
        ("thanks", "too_short"),
        ("", "too_short"),
        ("---- ==== //// a b c ####", "mostly_symbols"),
        ("?!?!", "too_short"),
        ("help " * 15, "repeated"),
        ("this is sooooooooooooooooooooooooooooooooooooooo slow", "repeated"),
        ("\n".join(["The parcel did not come."] * 8), "repeated"),
        ("Wie kann ich mein Passwort zurücksetzen?", "wrong_language"),
        ("请问如何重置我的密码，谢谢", "wrong_language"),
        ("Where is my order [ORDER_1]?", None),
        ("It costs $1,200.00 (10% off) - why?", None),
        ("no no no, I said no refund", None),
    ],
)
def test_what_is_not_worth_reading_is_dropped_for_its_own_reason(text: str, reason: str | None):
    assert dropped(text) == reason


@pytest.mark.parametrize(
    ("text", "knob", "value"),
    [
        ("thanks", "min_words", 1),
        ("---- ==== //// a b c ####", "min_word_share", 0.1),
        ("help " * 15, "max_top_word_share", 1),
        ("this is sooooooooooooooooooooooooooooooooooooooo slow", "max_run", 100),
        ("\n".join(["The parcel did not come."] * 8), "max_repeated_line_share", 1),
        ("Wie kann ich mein Passwort zurücksetzen?", "wanted_languages", ["en", "de"]),
        ("Wie kann ich mein Passwort zurücksetzen?", "wanted_languages", []),
    ],
)
def test_each_threshold_can_be_moved(text: str, knob: str, value: object):
    assert dropped(text) is not None
    assert dropped(text, **{knob: value}) is None


def test_chinese_and_hindi_are_text_and_not_symbols():
    assert fault(["请问如何重置我的密码"], params()) is None
    assert fault(["मेरा ऑर्डर कहाँ है?"], params()) is None


def test_the_sources_stated_language_wins():
    out = run(
        record("a", "Wie kann ich mein Passwort ändern?", language="en-GB"), record("b", "I need help", language="fr")
    )
    assert out.table.select(["record_id", "language", "language_confidence"]).to_pylist() == [
        {"record_id": "a", "language": "en", "language_confidence": None}
    ]
    assert reasons(out.ledger) == {"wrong_language": 1}


def test_short_or_unsure_text_is_taken_for_the_default_language():
    assert language("ok", None, params()) == ("en", None)
    assert language("XJ-9 QR 400 / 77 K", None, params(default_language="de")) == ("de", None)
    assert language("[PERSON_1] http://beispiel.de/hilfe-und-kontakt", None, params()) == ("en", None)


def test_shouted_text_is_recognised():
    found, confidence = language("MEIN PASSWORT GEHT NICHT, bitte HELFEN SIE MIR SOFORT WEITER", None, params())
    assert (found, confidence is not None) == ("de", True)


def test_a_language_the_detector_does_not_know_is_refused_by_its_setting():
    with pytest.raises(RefineryError, match="candidate_languages"):
        language("a text that is long enough", None, params(candidate_languages=("en", "xx")))
    with pytest.raises(ValidationError, match="no ISO 639 code"):
        params(wanted_languages=("English",))


def test_a_record_fares_the_same_alone_and_in_company():
    rows = [record("a", "Where is my order?"), record("b", "x"), record("c", "Mon colis n'est pas arrivé, où est-il ?")]
    together = run(*rows)
    alone = [run(row) for row in rows]
    assert [r for out in alone for r in out.table.to_pylist()] == together.table.to_pylist()
    assert [r for out in alone for r in out.ledger.to_pylist()] == together.ledger.to_pylist()


def test_zero_records_give_a_valid_empty_table():
    assert run().table.schema.equals(tables.STANDARDIZED_RECORDS.schema)


def test_real_questions_are_english_and_worth_reading(refinery_data: Path):
    with (refinery_data / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)][:1500]
    out = run(*(record(str(i), text) for i, text in enumerate(texts)))
    assert reasons(out.ledger).keys() <= {"too_short"}
    assert out.table.num_rows > 0.99 * len(texts)
