"""A licence goes with the text, from the source to whatever is made of it."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from assets import tables
from assets.balancing.balance_pairs import balance_pairs
from assets.balancing.params import BalancingParams
from assets.collection.calendar import Calendar
from assets.collection.collect import collect
from assets.collection.external import chosen
from assets.collection.params import CollectionParams, SourceParams
from assets.errors import RefineryError
from assets.ledger import reasons
from assets.licences import Terms, inherited, strictest, terms_of
from assets.pairing.pair import pair
from assets.pairing.params import PairingParams
from assets.release.compliance import comply, duties

KEY = b"a key for tests"
OURS = {"LicenseRef-Ours": Terms(commercial=True, attribution=False)}
ASKED = (
    "How do I reset the hive scale after a battery change?",
    "Hold the button for ten seconds until the lamp blinks.",
)


def source(folder, name, rows, **more):
    (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    fields = {
        "id": "id",
        "description": "q",
        "resolution": "a",
        "title": "title?",
        "body": "body?",
        "licence": "licence?",
    }
    said = {"name": name, "gives": "external_documents", "kind": "jsonl", "path": f"{folder}/{name}.jsonl"}
    external = {"category": "public_dataset", "provenance": "a library", "retrieved": "2026-01-05"}
    stated = {"created_at": "2026-01-05", "category": "scales", "language": "en"}
    return SourceParams(**said | {"fields": fields, "constants": stated, "external": external} | more)


def collected(*sources, **params):
    day = Calendar("day", date(2026, 1, 5), date(2026, 1, 5))
    params = CollectionParams(**params)
    return collect("external_documents", sources, params, calendar=day, keys=day.keys(), key=KEY)


def test_what_comes_from_outside_without_a_known_licence_is_set_aside(tmp_path):
    licences = ["CC-BY-4.0", "cc-by-sa-4.0", None, "unknown", "free for all", "LicenseRef-Ours", "LicenseRef-Theirs"]
    rows = [{"id": n, "q": "Why?", "a": "So.", "licence": licence} for n, licence in enumerate(licences)]
    made = collected(source(tmp_path, "forum", rows), licences=OURS)
    assert sorted(made.table.column("licence").to_pylist()) == ["CC-BY-4.0", "LicenseRef-Ours", "cc-by-sa-4.0"]
    assert reasons(made.ledger) == {"unknown_licence": 4}


def test_sources_from_outside_are_chosen_by_domain_and_need_a_licence(tmp_path):
    about = {"category": "industry_report", "provenance": "p"}
    bees, heat = (source(tmp_path, name, [], external=about | {"domains": [name]}) for name in ("bees", "heat"))
    everyone = source(tmp_path, "law", [])
    assert [s.name for s in chosen([bees, heat, everyone], "bees")] == ["bees", "law"]
    assert len(chosen([bees, heat, everyone], None)) == 3
    with pytest.raises(ValidationError, match="needs a `licence`"):
        source(tmp_path, "none", [], fields={"id": "id", "title": "t", "body": "b"})


def test_a_chain_with_one_non_commercial_parent_cannot_be_released_as_commercial(tmp_path):
    """Source, record, pair, variant, balanced pair, example: the licence is still there, and the source is named."""
    rows = [{"id": n, "q": f"{ASKED[0]} Number {n}", "a": ASKED[1], "licence": "CC-BY-4.0"} for n in range(4)]
    rows[2] |= {"licence": "CC-BY-NC-4.0"}
    records = collected(source(tmp_path, "forum", rows)).table
    assert [len(turns) for turns in records.column("turns").to_pylist()] == [2] * 4
    pairs = pair(records, PairingParams(), key=KEY).table
    assert len(pairs) == 4, "a question with its answer enters as a pair"
    parts = [{**row, "split": "train"} for row in pairs.to_pylist()]
    split = tables.SPLIT_PAIRS.of(
        [*parts, *({**parts[0], "pair_id": f"x{s}", "split": s} for s in ("test", "validation"))]
    )
    # A made pair that bears the licence of one parent only, and hides the other.
    fair, unfair = (next(p for p in parts if p["licence"] == licence) for licence in ("CC-BY-4.0", "CC-BY-NC-4.0"))
    child = fair | {"pair_id": "child", "origin": "rule", "parent_ids": [fair["pair_id"], unfair["pair_id"]]}
    grandchild = fair | {"pair_id": "grandchild", "origin": "back_translation", "parent_ids": ["child"]}
    made = tables.RULE_VARIANTS.of([child, grandchild])
    balanced = balance_pairs(
        split, [made], tables.PAIR_SIGNATURES.of([]), tables.CUSTOMER_FEATURES.of([]), BalancingParams(max_variants=9)
    ).table
    examples = tables.TRAINING_EXAMPLES.conform(balanced)
    assert "origin" in examples.column_names
    with pytest.raises(RefineryError) as refused:
        comply(examples, {})
    assert "1 of forum (CC-BY-NC-4.0: non-commercial)" in str(refused.value)
    free = inherited(split.filter([row["licence"] == "CC-BY-4.0" for row in split.to_pylist()]))
    comply(tables.TRAINING_EXAMPLES.conform(free), {})
    line = inherited(tables.SPLIT_PAIRS.of([*parts, child, grandchild])).to_pylist()
    assert {row["licence"] for row in line[-2:]} == {"CC-BY-4.0 AND CC-BY-NC-4.0"}


def test_a_licence_nobody_stated_the_terms_of_is_no_licence_to_sell():
    examples = tables.TRAINING_EXAMPLES.of(
        [{"example_id": "1", "source": "desk", "licence": "LicenseRef-Ours"}, {"example_id": "2", "source": "old"}]
    )
    with pytest.raises(RefineryError, match=r"1 of desk \(LicenseRef-Ours: terms unknown\), 1 of old \(unknown: terms"):
        comply(examples, {})
    with pytest.raises(RefineryError, match="commercially: 1 of old"):
        comply(examples, OURS)
    assert duties(examples, OURS) == [
        ("LicenseRef-Ours", "yes", "no", "no", 1), ("unknown", "unknown", "unknown", "unknown", 1)
    ]  # fmt: skip


LISTED = st.sampled_from(["CC0-1.0", "MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "GPL-3.0-only",
                          "MIT OR CC-BY-NC-4.0", "CC-BY-4.0 AND CC0-1.0"])  # fmt: skip


@given(st.lists(LISTED, min_size=1, max_size=5))
def test_what_is_made_from_others_is_allowed_no_more_and_asked_no_less_than_any_of_them(parents):
    whole = terms_of(strictest(parents))
    each = [terms_of(parent) for parent in parents]
    assert whole.commercial == all(t.commercial for t in each)
    assert whole.derivatives == all(t.derivatives for t in each)
    assert whole.attribution == any(t.attribution for t in each)
    assert whole.share_alike == any(t.share_alike for t in each)
