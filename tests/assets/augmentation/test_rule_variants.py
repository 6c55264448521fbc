from collections import Counter

import pytest

from assets import tables
from assets.augmentation.filters import faults, repetition
from assets.augmentation.params import AugmentationParams
from assets.augmentation.rule_variants import rule_variants
from assets.augmentation.rules import TYPOS, chooser, fixed_points, misspell, replace_words, rules_of
from assets.augmentation.wording import read_wording
from assets.errors import RefineryError
from assets.ledger import reasons

ALL = AugmentationParams(share=1.0)


def pair(i, question, *, split="train", category="shop", language="en"):
    return {
        "pair_id": f"p{i:04}",
        "partition": "2024-01",
        "group_id": f"g{i}",
        "cluster_id": f"p{i:04}",
        "category": category,
        "question": question,
        "answer": "We are glad to help with that.",
        "language": language,
        "origin": "human",
        "truth_evidence": "reviewed",
        "question_quality": 0.9,
        "answer_quality": 0.8,
        "split": split,
        "fold": None if split == "test" else i % 5,
    }


def made(*rows, params=ALL):
    return rule_variants(tables.SPLIT_PAIRS.of(rows), params)


def test_a_variant_asks_otherwise_and_is_otherwise_its_parent():
    found = made(pair(7, "Can I return the bike I bought?"))
    [variant] = found.table.to_pylist()
    assert variant["question"] != "Can I return the bike I bought?"
    assert (variant["origin"], variant["split"], variant["parent_ids"]) == ("rule", "train", ["p0007"])
    assert (variant["fold"], variant["group_id"], variant["cluster_id"]) == (2, "g7", "p0007")
    assert variant["content_hash"] == tables.content_hash(variant["question"], variant["answer"])


def test_what_was_said_of_the_parents_question_is_not_said_of_the_variant():
    [variant] = made(pair(1, "Can I return the bike I bought?")).table.to_pylist()
    assert (variant["question_quality"], variant["answer_quality"]) == (None, 0.8)
    assert variant["truth_evidence"] == "none"


def test_validation_and_test_get_no_variants():
    found = made(pair(1, "Can I return it?", split="test"), pair(2, "Can I return it now?", split="validation"))
    assert found.table.num_rows == 0
    assert reasons(found.ledger) == {"not_in_train": 2}


def test_a_variant_that_a_test_pair_asks_already_is_rejected():
    [variant] = made(pair(1, "Is there parking at the hotel?")).table.column("question").to_pylist()
    again = made(pair(1, "Is there parking at the hotel?"), pair(2, variant.upper(), split="test"))
    assert variant not in again.table.column("question").to_pylist()


def test_the_smallest_categories_come_first_and_the_share_is_kept():
    goods = ["hat", "coat", "shoe", "sock", "belt", "ring", "scarf", "glove"]
    rows = [pair(i, f"Can I return the {w}?") for i, w in enumerate(goods)]
    rare = [pair(100 + i, f"Is there a {w} for me?", category="rare") for i, w in enumerate(["seat", "room"])]
    found = made(*rows, *rare, params=AugmentationParams(share=0.2))
    assert Counter(found.table.column("category").to_pylist()) == {"rare": 2}
    assert reasons(found.ledger) == {"not_needed": 8}


def test_another_language_and_a_question_no_rule_fits_stay_as_they_are():
    found = made(pair(1, "Can I return it?", language="de"), pair(2, "Refund status"))
    assert reasons(found.ledger) == {"no_rule_applies": 2}


def test_more_variants_of_a_pair_come_from_different_rules():
    found = made(
        pair(1, "Hi, I have a big problem. Can I return the bike I bought?"),
        params=AugmentationParams(share=1.0, per_pair=3),
    )
    assert found.table.num_rows == 1  # the share binds first
    rows = [pair(i, f"Hi, I had big problems with tool {i}. Can I return it?") for i in range(9)]
    rules = [r["rule"] for r in made(*rows, params=AugmentationParams(share=1.0, per_pair=3)).table.to_pylist()]
    assert len(set(rules)) >= 3


def test_equal_input_gives_equal_variants_in_any_order():
    rows = [pair(i, f"Can I return item {i}?") for i in range(30)]
    assert made(*rows).table.equals(made(*reversed(rows)).table)


@pytest.mark.parametrize(
    "text",
    [
        "Why can't I log into Apple Pay with 2 cards for $30 before 10:30?",
        "I want to change nothing, [PERSON_1]; please don't fix https://x.org/issues for kids.",
        "Hi, thanks, but {{Order Number}} isn't here. How do I fix the issue with my large Bike Pro?",
    ],
)
def test_no_rule_touches_a_number_a_negation_a_placeholder_a_link_or_a_name(text):
    for name, rule in rules_of(read_wording(ALL.wording), typo_rate=0.3).items():
        for seed in range(20):
            assert fixed_points(rule(text, chooser(str(seed)))) == fixed_points(text), name


def test_words_are_replaced_whole_and_keep_their_case():
    words = {"kid": ["child"], "problem": ["issue"]}
    said = replace_words("KID, kidney, Kid's problem. Problem? a problem", words, [], chooser("x"))
    assert said == "CHILD, kidney, Kid's issue. Issue? a problem"


def test_a_protected_phrase_hides_the_words_in_it():
    assert replace_words("the kids menu for kids", {"kids": ["children"]}, ["kids menu"], chooser("x")) == (
        "the kids menu for children"
    )


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("synonyms: [", "line"),
        ("colours: {}", "colours"),
        ("paraphrases: [{ask: 'How?', instead: ['Why {rest}?']}]", "paraphrases.0.ask"),
    ],
)
def test_a_wrong_wording_file_is_a_clear_error(tmp_path, content, where):
    file = tmp_path / "synonyms.yaml"
    file.write_text(content)
    with pytest.raises(RefineryError, match=where):
        read_wording(file)


def test_a_missing_wording_file_is_a_clear_error(tmp_path):
    with pytest.raises(RefineryError, match="does not exist"):
        read_wording(tmp_path / "synonyms.yaml")


def test_typo_noise_comes_at_its_rate_and_spares_what_carries_meaning():
    text = "Why does my heating never start before 10:30 in the living room, although nobody changed Apple Pay? "
    said = misspell(text * 200, 0.1, ["living room"], chooser("x"))
    before, after = (text * 200).split(), said.split()
    hit = [a for a, b in zip(before, after, strict=True) if a != b]
    assert len(hit) / (200 * 5) == pytest.approx(0.1, abs=0.03)
    assert set(hit) <= {"does", "heating", "start", "before", "although", "changed"}
    assert fixed_points(said) == fixed_points(text * 200)


def test_misspelt_variants_are_the_smaller_part():
    rows = [pair(i, f"{i} {'lamps' * (i % 3 + 1)} were delivered without their covers yesterday.") for i in range(40)]
    params = AugmentationParams(share=1.0, typo_share=0.1, typo_rate=0.3, min_cosine=0.3)
    assert Counter(made(*rows, params=params).table["rule"].to_pylist()) == {TYPOS: 4}


def test_a_near_copy_of_another_pair_is_rejected():
    parent = "Hello, my boiler in the cellar makes a loud noise at night and wakes the whole house. Can I return it?"
    [variant] = made(pair(1, parent)).table["question"].to_pylist()
    near = pair(2, f"{variant} Please", split="test")
    assert variant not in made(pair(1, parent), near).table["question"].to_pylist()


def test_what_is_written_worse_than_its_parent_is_seen():
    assert faults("Is there an issue with a unit and an hour?") == 0
    assert faults("Is there a issue with the the unit ?") == 3
    assert repetition("it is open, it is open, it is open") > 0.5
