import pytest

BODY = """\
Everyone may take leave, with approval, at any time of the year.

## Eligibility

You must have one year of service. Contractors are not eligible, and may not apply.

## Applying for leave

1. Open the form.
2. Submit the form to your manager.

## How is it counted

Each day counts as eight hours against your yearly balance.

```
# not a heading
```

## Resources

- a link to a page that says more about all of this
"""


def read(make, pairs, body, title, **knobs):
    rows, _ = pairs(make("article", ("agent", body), subject=title), **knobs)
    return {r["question"]: r for r in rows}


def test_title_and_headings_become_questions(make, pairs):
    found = read(make, pairs, BODY, "Parental leave")
    assert {question: row["item_type"] for question, row in found.items()} == {
        "What should I know about parental leave?": "qa",
        "What is the policy on Eligibility (Parental leave)?": "policy",
        "How do I apply for leave?": "procedure",
        "How is it counted (Parental leave)?": "qa",
    }
    assert "# not a heading" in found["How is it counted (Parental leave)?"]["answer"]
    assert {row["truth_evidence"] for row in found.values()} == {"agrees_with_article"}


def test_a_question_as_title_is_asked_as_it_stands(make, pairs):
    assert list(read(make, pairs, "Yes, it is free.", "Do you have parking?")) == ["Do you have parking?"]
    assert list(read(make, pairs, "Yes, it is free.", "Is parking free")) == ["Is parking free?"]


@pytest.mark.parametrize(
    ("title", "question"),
    [
        ("Travel policy", "What is the policy on travel policy?"),
        ("GSA credit cards", "What is the policy on GSA credit cards?"),
        ("How to request a refund", "How do I request a refund?"),
        ("How reviews work", "How do reviews work?"),
    ],
)
def test_a_topic_is_put_into_a_template_it_fits(make, pairs, title, question):
    assert list(read(make, pairs, "You must ask your manager first, and may not book alone.", title)) == [question]


def test_templates_are_a_setting(make, pairs):
    found = read(make, pairs, "We have three of them on the second floor.", "Printers", qa_template="Explain {topic}.")
    assert list(found) == ["Explain Printers."]


def test_sections_that_say_too_little_are_left_out(make, pairs):
    assert (
        len(read(make, pairs, "## Fees\n\nNone.\n\n## Hours\n\nWe open at nine and close at five every day.", "Bank"))
        == 1
    )


def test_a_long_section_is_split_only_where_its_parts_have_names(make, pairs):
    labelled = "\n\n".join(f"**{name}.** " + "You will get a letter about it. " * 6 for name in ("Gold", "Silver"))
    plain = "\n\n".join("You will get a letter about it. " * 6 for _ in range(2))
    cards = "## Cards\n\n"
    assert len(read(make, pairs, cards + labelled, "Bank", max_section_chars=300)) == 2
    whole = read(make, pairs, cards + plain, "Bank", max_section_chars=300)
    assert [row["answer"] for row in whole.values()] == [plain.strip()]


def test_two_sections_never_get_the_same_question(make, pairs):
    text = "We open at nine and close at five every day.\n\n"
    found, _ = pairs(make("article", ("agent", f"{text}## Overview\n\n{text}"), subject="Opening hours"))
    assert len({row["question"] for row in found}) == len(found) == 2


def test_equal_headings_keep_different_ids(make, pairs):
    text = "\n\nYou pay nothing at all for this in the first year.\n\n"
    rows, _ = pairs(make("article", ("agent", f"# Gold\n\n## Fees{text}# Silver\n\n## Fees{text}"), subject="Cards"))
    assert [r["question"] for r in rows] == [
        "What should I know about Fees (Gold)?",
        "What should I know about Fees (Silver)?",
    ]
    assert len({r["pair_id"] for r in rows}) == 2


def test_lines_broken_at_the_margin_are_joined_and_lists_are_not(make, pairs):
    body = "The office is open from Monday to Friday, from nine to five, and\nclosed on holidays:\n\n- one\n- two"
    (row,) = read(make, pairs, body, "Office").values()
    assert row["answer"] == body.replace("and\nclosed", "and closed")


def test_the_handbook_gives_questions_of_every_type(make, pairs, refinery_data):
    file = refinery_data / "handbook_18f/travel-and-leave/fmla.md"
    found = read(make, pairs, file.read_text().split("---", 2)[2], "Family Medical Leave Act (FMLA)")
    assert "How does FMLA work?" in found
    assert all(row["answer"].strip() for row in found.values())
