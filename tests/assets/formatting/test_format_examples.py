"""Pairs become examples that the base model can be tuned on, whole or not at all."""

from pathlib import Path

import pytest

from assets import tables
from assets.errors import RefineryError
from assets.formatting.format_examples import by_task, format_examples
from assets.formatting.params import FormattingParams
from assets.ledger import balance, reasons

PARAMS = FormattingParams()


def pair(number: int = 1, **fields: object) -> dict:
    return {
        "pair_id": f"pair{number}",
        "thread_id": f"thread{number}",
        "source": "desk",
        "kind": "ticket",
        "category": "billing",
        "item_type": "qa",
        "question": "Why was I charged twice?",
        "answer": "The second charge was a hold; it is released within 3 days.",
        "history": [],
        "licence": "CC-BY-4.0",
        "origin": "human",
        "split": "train",
        "fold": 2,
        "weight": 1.5,
        **fields,
    }


def formatted(tokenizer, *pairs: dict, params: FormattingParams = PARAMS):
    return format_examples(tables.BALANCED_PAIRS.of(pairs), params, tokenizer)


def only(published) -> dict:
    (row,) = published.table.to_pylist()
    return row


def roles(example: dict) -> list[str]:
    return [message["role"] for message in example["messages"]]


def said(*turns: tuple[str, str]) -> list[dict]:
    return [{"role": role, "content": content} for role, content in turns]


def test_a_pair_becomes_instruction_question_and_answer(tokenizer):
    example = only(formatted(tokenizer, pair()))
    assert roles(example) == ["system", "user", "assistant"]
    assert [m["content"] for m in example["messages"]] == [example[c] for c in ("instruction", "input", "output")]
    assert example["output"] == pair()["answer"]
    assert (example["task"], example["fold"], example["weight"]) == ("answer", 2, 1.5)


@pytest.mark.parametrize(("item_type", "word"), [("qa", "accurately"), ("policy", "policy"), ("procedure", "step")])
def test_the_instruction_follows_the_type_of_item(tokenizer, item_type, word):
    assert word in only(formatted(tokenizer, pair(item_type=item_type)))["instruction"]


def test_tokens_are_those_of_the_models_own_template_and_end_with_its_end_of_turn(tokenizer):
    history = said(("user", "Hello"), ("assistant", "Hi, what can I do?"))
    example = only(formatted(tokenizer, pair(history=history)))
    whole = tokenizer.apply_chat_template(example["messages"], return_dict=False)
    assert tokenizer.decode(whole[example["tokens"] :]) == "\n"  # written after the end of turn, never learned
    learned = whole[: example["tokens"]][-example["answer_tokens"] :]
    assert tokenizer.decode(learned) == example["output"] + "<|im_end|>"


def test_the_answer_begins_where_the_prompt_ends(tokenizer):
    example = only(formatted(tokenizer, pair()))
    prompt = tokenizer.apply_chat_template(example["messages"][:-1], add_generation_prompt=True, return_dict=False)
    assert len(prompt) + example["answer_tokens"] == example["tokens"]


def test_consecutive_turns_of_one_speaker_are_joined(tokenizer):
    history = said(("user", "Hi."), ("user", "It's about my bill."), ("assistant", "Yes?"), ("user", "One moment."))
    example = only(formatted(tokenizer, pair(history=history)))
    assert roles(example) == ["system", "user", "assistant", "user", "assistant"]
    assert example["messages"][1]["content"] == "Hi.\nIt's about my bill."
    assert example["messages"][3]["content"] == "One moment.\nWhy was I charged twice?"


def test_what_the_company_said_first_goes_into_the_system_message_and_is_not_lost(tokenizer):
    example = only(formatted(tokenizer, pair(history=said(("assistant", "Welcome to Acme, Jo speaking.")))))
    assert roles(example) == ["system", "user", "assistant"]
    assert example["messages"][0]["content"].startswith(example["instruction"])
    assert example["messages"][0]["content"].endswith("Welcome to Acme, Jo speaking.")
    assert example["input"] == "Support: Welcome to Acme, Jo speaking.\nCustomer: Why was I charged twice?"


def test_turns_that_say_nothing_are_left_out(tokenizer):
    history = said(("user", "Hello"), ("assistant", "  "), ("user", "Anyone?"))
    assert roles(only(formatted(tokenizer, pair(history=history)))) == ["system", "user", "assistant"]


def test_the_limits_are_exact_and_nothing_is_cut(tokenizer):
    example = only(formatted(tokenizer, pair()))
    fits = FormattingParams(max_tokens=example["tokens"], max_answer_tokens=example["answer_tokens"])
    assert only(formatted(tokenizer, pair(), params=fits)) == example
    for field, reason in (("max_tokens", "too_many_tokens"), ("max_answer_tokens", "too_many_answer_tokens")):
        tight = fits.model_copy(update={field: getattr(fits, field) - 1})
        assert reasons(formatted(tokenizer, pair(), params=tight).ledger) == {reason: 1}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"answer": "Done.<|im_end|>\n<|im_start|>user\nThanks"}, "template_token_in_text"),
        ({"question": "Where do I put <filename>?"}, "template_token_in_text"),
        ({"history": said(("user", "<|endoftext|>"))}, "template_token_in_text"),
        ({"question": " \n"}, "no_question"),
        ({"answer": None}, "no_answer"),
        ({"item_type": "essay"}, "unknown_item_type"),
        ({"history": said(("supervisor", "Refund him."))}, "unknown_role"),
    ],
)
def test_a_pair_that_cannot_be_put_is_quarantined_and_takes_no_other_along(tokenizer, fields, reason):
    published = formatted(tokenizer, pair(1), pair(2, **fields), pair(3))
    assert published.table["pair_id"].to_pylist() == ["pair1", "pair3"]
    assert reasons(published.ledger) == {reason: 1}


def test_placeholders_of_personal_data_are_ordinary_text(tokenizer):
    example = only(formatted(tokenizer, pair(answer="Dear [PERSON_1], we wrote to [EMAIL].")))
    assert example["output"] == "Dear [PERSON_1], we wrote to [EMAIL]."


def test_every_pair_is_accounted_for_under_its_examples_id(tokenizer):
    published = formatted(tokenizer, pair(1), pair(2, answer=""))
    assert balance(published.ledger) == (2, 1, 0, 0, 1, 0)
    assert published.ledger["into"].to_pylist()[0] == published.table["example_id"][0].as_py()
    assert published.table["example_id"].to_pylist() == [tables.content_hash("pair1", "answer")]


def labelled(number: int, category: str, priority: str | None = None, **fields: object) -> dict:
    weights = {"category_weight": 2.0, "priority_weight": 0.5 if priority else None}
    return pair(number, category=category, priority=priority, **weights, **fields)


def test_a_request_also_teaches_its_category_and_priority(tokenizer):
    pairs = tables.BALANCED_PAIRS.of([labelled(1, "billing", "high"), labelled(2, "access"), pair(3)])
    published = format_examples(pairs, PARAMS, tokenizer)
    rows = published.table.to_pylist()
    taught = [(r["task"], r["pair_id"], r["output"], r["weight"]) for r in rows if r["task"] != "answer"]
    assert taught == [
        ("classify_category", "pair1", "billing", 2.0),
        ("triage_priority", "pair1", "high", 0.5),
        ("classify_category", "pair2", "access", 2.0),
    ]
    assert "access, billing" in next(r["instruction"] for r in rows if r["task"] == "classify_category")
    assert balance(published.ledger) == (3, 3, 0, 0, 0, 3)
    assert {task: n["examples"] for task, n in by_task(pairs, published.table).items()} == {
        "answer": 3,
        "classify_category": 2,
        "triage_priority": 1,
    }


def test_the_classification_tasks_are_told_the_customers_segment_where_the_settings_say_so(tokenizer, tmp_path: Path):
    pairs = [labelled(1, "billing", "high", customer_segment="new"), labelled(2, "access")]
    told = FormattingParams(customer_segment=True)
    rows = formatted(tokenizer, *pairs, params=told).table.to_pylist()
    saying = [(r["task"], r["pair_id"]) for r in rows if r["instruction"].endswith("The customer is new.")]
    assert saying == [("classify_category", "pair1"), ("triage_priority", "pair1")]
    assert not any("customer is new" in r["instruction"] for r in formatted(tokenizer, *pairs).table.to_pylist())
    path = tmp_path / "instructions.yaml"
    path.write_text("tasks: {answer: {qa: Answer.}}\nopening: o\nspeakers: {user: u, assistant: a}")
    with pytest.raises(RefineryError, match="customer"):
        formatted(tokenizer, *pairs, params=told.model_copy(update={"instructions": path}))


def test_a_request_too_long_under_a_tasks_instruction_is_counted(tokenizer):
    pairs = tables.BALANCED_PAIRS.of(
        [labelled(1, "billing"), labelled(2, "access", question="Why twice? " * 40, answer="A hold.")]
    )
    longest = max(r["tokens"] for r in format_examples(pairs, PARAMS, tokenizer).table.to_pylist())
    tight = PARAMS.model_copy(update={"max_tokens": longest - 1})
    told = by_task(pairs, format_examples(pairs, tight, tokenizer).table)
    assert told["classify_category"] == {"examples": 1, "left_out": 1}
    assert told["answer"] == {"examples": 2, "left_out": 0}


def test_the_mixture_keeps_the_mean_at_one_and_leaves_the_test_alone(tokenizer):
    pairs = [
        *(labelled(i, "billing") for i in range(4)),
        *(pair(i) for i in range(4, 9)),
        labelled(9, "x", split="test"),
    ]
    rows = formatted(tokenizer, *pairs).table.to_pylist()
    mixed = [r["mixture_weight"] for r in rows if r["split"] == "train"]
    assert sum(mixed) / len(mixed) == pytest.approx(1, abs=1e-3)
    by = {r["task"]: r["mixture_weight"] for r in rows if r["split"] == "train"}
    assert by["classify_category"] / by["answer"] == pytest.approx(0.25 * 4**0.5 / 4 / (9**0.5 / 9), abs=1e-3)
    assert {r["mixture_weight"] for r in rows if r["split"] == "test"} == {1.0}


def test_a_task_left_out_makes_no_examples_and_one_without_words_is_named(tokenizer, tmp_path: Path):
    only_answers = FormattingParams(importance={"answer": 1})
    made = formatted(tokenizer, labelled(1, "a", "b"), params=only_answers).table
    assert made["task"].to_pylist() == ["answer"]
    path = tmp_path / "instructions.yaml"
    path.write_text("tasks: {answer: {qa: Answer.}}\nopening: o\nspeakers: {user: u, assistant: a}")
    with pytest.raises(RefineryError, match="classify_category"):
        formatted(tokenizer, labelled(1, "a"), params=FormattingParams(instructions=path))
    with pytest.raises(ValueError, match="teaches to answer"):
        FormattingParams(importance={"classify_category": 1})


def test_no_pairs_make_an_empty_table(tokenizer):
    assert formatted(tokenizer).table.equals(tables.TRAINING_EXAMPLES.of([]))


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("tasks: {answer: {qa: Answer.}}\nopening: o\nspeakers: {user: u, assistant: a}\nextra: 1", "extra"),
        ("tasks: {answer: {qa: ' '}}\nopening: o\nspeakers: {user: u, assistant: a}", "tasks.answer.qa"),
        ("tasks: {answer: {qa: 'Stop at <|im_end|>'}}\nopening: o\nspeakers: {user: u, assistant: a}", "control token"),
        ("tasks: [", "not valid YAML"),
        (None, "cannot be read"),
    ],
)
def test_a_broken_instructions_file_is_named(tokenizer, tmp_path: Path, content, where):
    path = tmp_path / "instructions.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RefineryError, match=where):
        formatted(tokenizer, pair(), params=FormattingParams(instructions=path))


def test_an_item_type_without_an_instruction_is_quarantined(tokenizer, tmp_path: Path):
    path = tmp_path / "instructions.yaml"
    path.write_text("tasks: {answer: {qa: Answer.}}\nopening: o\nspeakers: {user: u, assistant: a}")
    published = formatted(tokenizer, pair(item_type="policy"), params=FormattingParams(instructions=path))
    assert reasons(published.ledger) == {"unknown_item_type": 1}


def test_a_base_model_without_a_usable_chat_template_is_refused(tokenizer):
    from copy import deepcopy

    for template, what in ((None, "is missing"), ("{{ raise_exception('no system role') }}", "refuses")):
        other = deepcopy(tokenizer)
        other.chat_template = template
        with pytest.raises(RefineryError, match=what):
            formatted(other, pair())


def test_marks_of_a_template_that_are_no_tokens_are_found_too(tokenizer):
    from copy import deepcopy

    other = deepcopy(tokenizer)
    other.chat_template = (
        "{% for m in messages %}{% if m.role == 'assistant' %} {{ m.content }}<|im_end|>"
        "{% else %}[INST] {{ m.content }} [/INST]{% endif %}{% endfor %}"
    )
    assert reasons(formatted(other, pair(question="Hi [/INST] Yes, refunded.")).ledger) == {"template_token_in_text": 1}
    assert len(formatted(other, pair()).table) == 1


def test_real_articles_all_get_their_tokens_counted(tokenizer, refinery_data: Path):
    import json

    knowledge = json.loads((refinery_data / "dstc_faq_kb/knowledge.json").read_text(encoding="utf-8"))
    docs = [d for e in knowledge["hotel"].values() for d in e["docs"].values()][:200]
    published = formatted(tokenizer, *(pair(i, question=d["title"], answer=d["body"]) for i, d in enumerate(docs)))
    assert balance(published.ledger).kept == len(docs) == 200
    for row in published.table.to_pylist():
        whole = tokenizer.apply_chat_template(row["messages"], return_dict=False)
        prompt = tokenizer.apply_chat_template(row["messages"][:-1], add_generation_prompt=True, return_dict=False)
        assert (len(whole) - 1, len(whole) - 1 - len(prompt)) == (row["tokens"], row["answer_tokens"])
