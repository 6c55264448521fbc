import json
import random

import pytest

from assets.anonymization.anonymize import find_spans
from assets.anonymization.fast_ner import FastNER, Unsupported
from assets.anonymization.ner import language_model, stock_entities
from assets.anonymization.params import ENTITIES, AnonymizationParams
from assets.anonymization.recognizers import TYPES, presidio
from assets.anonymization.spans import CHECKED, KNOWN, PATTERN, Span, resolve

PARAMS = AnonymizationParams()


def masked(text, kind="ticket", known=()):
    return [(s.type, text[s.start : s.end]) for s in find_spans(text, known, PARAMS, kind)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail ann@corp.local", [("EMAIL", "ann@corp.local")]),
        ("card 4111-1111-1111-1111", [("CARD", "4111-1111-1111-1111")]),
        ("parcel 9400 1112 0255 5842", [("NUMBER", "9400 1112 0255 5842")]),
        ("my ssn is 078-05-1120", [("SSN", "078-05-1120")]),
        ("IBAN DE89370400440532013000", [("IBAN", "DE89370400440532013000")]),
        ("call me on 020 7946 0018", [("PHONE", "020 7946 0018")]),
        ("order #AB-10234 is late", [("ORDER", "AB-10234")]),
        ("policy number PX-998812", [("POLICY", "PX-998812")]),
        ("my account number is 85731890", [("ACCOUNT", "85731890")]),
        ("dob: 05/26/1981", [("DATE_OF_BIRTH", "05/26/1981")]),
        ("I live at 176 Willow Lane, Suite 431", [("ADDRESS", "176 Willow Lane, Suite 431")]),
        ("hi, my name is katarina miller and i lost it", [("PERSON", "katarina miller")]),
        ("Yes, it's Sarah Smith of XXXX XXXX Loan Application XXXX", [("PERSON", "Sarah Smith")]),
        ("I paid $1,299.00 on May 3rd, 2021 in Boston by PayPal (15 U.S.C. 1642)", [("LOCATION", "Boston")]),
        ("HTTP 500 after the update of 2024-05-03, version 10.2.1", []),
        ("XXXX XXXX called on XX/XX/2022 about [EMAIL]", []),
    ],
)
def test_personal_data_goes_and_what_teaches_stays(text, expected):
    assert masked(text) == expected


def test_the_language_model_looks_for_people_in_conversations_only():
    text = "Maria Lopez from Texas told us so."
    assert masked(text, "chat") == [("PERSON", "Maria Lopez"), ("LOCATION", "Texas")]
    assert masked(text, "article") == []
    assert masked(text, "article", [("name", "Maria Lopez")]) == [("PERSON", "Maria Lopez")]


def test_overlaps_follow_the_stated_rules():
    known, checked = Span(4, 8, "PERSON", 1.0, KNOWN), Span(0, 6, "CARD", 1.0, CHECKED)
    assert resolve([checked, known]) == [Span(0, 8, "PERSON", 1.0, KNOWN)]
    longer, stronger = Span(0, 9, "ADDRESS", 0.6, PATTERN), Span(5, 9, "PHONE", 0.75, PATTERN)
    assert resolve([stronger, longer])[0].type == "ADDRESS"
    assert resolve([Span(0, 4, "SSN", 0.5, PATTERN), Span(0, 4, "PHONE", 0.7, PATTERN)])[0].type == "PHONE"


@pytest.fixture(scope="module")
def sentences(refinery_data):
    rows = json.loads((refinery_data / "presidio_pii" / "synth_dataset_v2.json").read_text(encoding="utf-8"))
    return [row["full_text"] for row in random.Random(2).sample(rows, 200)]


def test_spans_equal_those_of_the_stock_analyzer(sentences, monkeypatch):
    """Presidio's own engine, whole pipeline and all recognizers, on the same texts; at least 99 in 100 identical."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    monkeypatch.setattr(tldextract, "extract", offline)
    nlp = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": PARAMS.spacy_model}])
    nlp.nlp = {"en": language_model(PARAMS.spacy_model)}
    stock = AnalyzerEngine(nlp_engine=nlp)
    ours = presidio(PARAMS.spacy_model, PARAMS.phone_regions, frozenset(ENTITIES), PARAMS.min_score)

    texts = [*sentences, "My account is 85731890.", "saving 12345678 for the licence A1234567", "dial 911 or 5551234"]
    expected = [
        {
            (r.start, r.end, TYPES[r.entity_type])
            for r in stock.analyze(text, "en", entities=sorted(ours.wanted), score_threshold=PARAMS.min_score)
        }
        for text in texts
    ]
    found = zip(ours.patterns(texts), stock_entities(ours.nlp, texts), strict=True)
    got = [{(s.start, s.end, s.type) for s in [*patterns, *ours.guesses(named)]} for patterns, named in found]
    same = sum(a == b for a, b in zip(expected, got, strict=True))
    assert same >= 0.99 * len(texts)
    assert sum(map(len, expected)) > 100


def test_the_fast_decoder_finds_the_entities_spacy_finds(sentences):
    nlp = language_model(PARAMS.spacy_model)
    texts = [*sentences, "", " \n ", "a", "Ann", "\n\nAnn Lee\n", "John  Smith"]
    assert list(FastNER(nlp).pipe(texts)) == list(stock_entities(nlp, texts))


def test_another_architecture_is_refused_by_the_fast_decoder():
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("ner", config={"model": {"@architectures": "spacy.TransitionBasedParser.v2", "state_type": "ner",
        "extra_state_tokens": True, "hidden_width": 8, "maxout_pieces": 2, "use_upper": True, "nO": None,
        "tok2vec": {"@architectures": "spacy.HashEmbedCNN.v2", "pretrained_vectors": None, "width": 8, "depth": 1,
        "embed_size": 10, "window_size": 1, "maxout_pieces": 2, "subword_features": True}}})  # fmt: skip
    nlp.get_pipe("ner").add_label("PERSON")
    nlp.initialize()
    with pytest.raises(Unsupported):
        FastNER(nlp)


def test_standard_recall_is_presidios_own_decision():
    text = "my partner Otis, reservation MZDDS4, mail ann@corp.local"
    found = find_spans(text, (), AnonymizationParams(recall="standard"))
    assert ("EMAIL", "ann@corp.local") in [(s.type, text[s.start : s.end]) for s in found]
    assert {s.type for s in found} <= {"EMAIL", "PERSON", "LOCATION"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Meine Bestellung H 551464 ist weg, IBAN FR8859333974185703989248TC",
            ["H 551464", "FR8859333974185703989248TC"],
        ),
        (
            "My partner Otis lives at the corner of Elm Street 7 and Vine Road",
            ["Otis", "the corner of Elm Street 7 and Vine Road"],
        ),
        ("Why is Natasja so impulsive?", ["Natasja"]),
        ("Mrs. Kathrine Filemonsen DDS and Shane M Culp called", ["Mrs. Kathrine Filemonsen DDS", "Shane M Culp"]),
    ],
)
def test_patterns_faint_guesses_and_neighbours_join(text, expected):
    assert [value for _, value in masked(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "The Rill and my Beck 7 Pro are from Tarnwick Home, I am willing to wait",
        "Rill does not pair with my Beck 7 Pro",
        "Change it under Plan, then Offload, before the engineer comes. Honestly, UNBELIEVABLE.",
        "My mother gave it to us and my daughter bought another. May I have it back? Nooo!",
        "Bonjour à tous",
        "The values are VLAN 132 and MTU 1492, changed on 04062018 at 1115 am.",
    ],
)
def test_products_courtesies_deeds_and_days_are_no_people_and_no_places(text):
    params = AnonymizationParams(keep=("Rill", "Beck", "Beck 7", "Tarnwick"))
    assert find_spans(text, (), params) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My NI number is AB123456C", [("SSN", "AB123456C")]),
        ("mi NIF es 12345678Z", [("TAX_ID", "12345678Z")]),
        ("PAN card ABCPE1234F", [("TAX_ID", "ABCPE1234F")]),
    ],
)
def test_identifiers_of_other_countries_are_found(text, expected):
    assert masked(text) == expected
