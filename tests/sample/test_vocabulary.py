"""What can be said at the desks, and that nobody else says it."""

import ast
import re
from pathlib import Path

import pytest

from sample.grammar import Lines, expansions, slots_of
from sample.vocabulary import DATA, Problem, Vocabulary, vocabulary

ROOT = Path(__file__).parents[2]

# Words that carry no meaning of their own: a phrase made of them is English, not ours.
FUNCTION_WORDS = frozenset({
    "a", "about", "again", "ago", "all", "also", "always", "am", "an", "and", "another", "any", "are", "as",
    "at", "back", "be", "been", "before", "best", "better", "but", "by", "can", "could", "day", "days", "did",
    "do", "does", "done", "down", "each", "else", "ever", "every", "find", "first", "for", "from", "get",
    "give", "go", "good", "got", "had", "has", "have", "he", "help", "her", "here", "him", "his", "how", "i",
    "i'd", "i'm", "i've", "if", "in", "is", "it", "it's", "its", "just", "kind", "know", "last", "later",
    "least", "less", "like", "long", "look", "lot", "made", "make", "many", "may", "me", "mine", "more", "most",
    "much", "must", "my", "need", "never", "new", "next", "no", "not", "nothing", "now", "of", "off", "ok",
    "on", "once", "one", "only", "or", "other", "our", "out", "over", "own", "per", "please", "possible",
    "really", "right", "same", "say", "see", "she", "should", "so", "some", "still", "take", "tell", "than",
    "thank", "thanks", "that", "that's", "the", "their", "them", "then", "there", "these", "they", "thing",
    "this", "to", "too", "two", "up", "us", "use", "very", "want", "was", "way", "we", "well", "were", "what",
    "what's", "when", "where", "which", "who", "why", "will", "with", "without", "works", "would", "yes", "yet",
    "you", "your",
})  # fmt: skip


@pytest.fixture(params=[False, True], ids=["main", "holdout"])
def words(request) -> Vocabulary:
    return vocabulary(holdout=request.param)


def asked(problem: Problem) -> tuple[Lines, ...]:
    return problem.subjects, problem.asks, problem.details, problem.wants


def phrasings(problem: Problem) -> set[str]:
    return {text for template in problem.asks for text in expansions(template)}


def test_there_are_a_dozen_categories_with_several_problems_each(words):
    assert len(words.categories) >= 12
    for name in words.categories:
        assert sum(problem.category == name for problem in words.problems) >= 3


def test_every_problem_is_asked_about_in_twenty_ways_and_answered_in_two(words):
    for problem in words.problems:
        assert len(phrasings(problem)) >= 20, problem.id
        assert len(problem.answers) >= 2, problem.id


def test_a_question_names_what_its_answer_depends_on(words):
    for problem in words.problems:
        if problem.slot:
            assert all(problem.slot in slots_of(ask) for ask in problem.asks), problem.id


def test_answers_use_every_fact_that_changes(words):
    for problem in words.problems:
        changing = set(problem.old) | {name for facts in problem.variants.values() for name in facts}
        assert set(problem.old) <= set(problem.facts), problem.id
        for answer in problem.answers:
            assert changing <= slots_of(answer), problem.id


def test_no_fact_of_an_article_leaks_into_what_customers_say(words):
    for problem in words.problems:
        facts = set(problem.facts) | {name for changed in problem.variants.values() for name in changed}
        context = words.categories[problem.category].context
        for template in (line for part in (*asked(problem), context, words.filler) for line in part):
            assert not facts & slots_of(template), (problem.id, facts & slots_of(template))


def test_the_holdout_shares_no_problem_and_no_phrase_with_the_default(words):
    main, other = vocabulary(), vocabulary(holdout=True)
    assert not {p.id for p in main.problems} & {p.id for p in other.problems}
    assert not {t for p in main.problems for t in phrasings(p)} & {t for p in other.problems for t in phrasings(p)}
    assert not {t for t in planted("main") if len(t.split()) >= 5} & set(planted("holdout"))
    assert not set(main.people["last_names"]) & set(other.people["last_names"])


def planted(desk: str) -> list[str]:
    """Every phrase in a desk's data of three words or more, two of which mean something.

    A phrase is what stands between slots, choices and marks.
    """
    found = set()
    for path in sorted((DATA / desk).glob("*.yaml")):
        text = re.sub(r"^#.*$", "", path.read_text("utf-8"), flags=re.M)
        for piece in re.split(r"[{}\[\]|.,:;!?()\"\n]+| - ", text):
            phrase = " ".join(piece.lower().split()).strip("- ")
            if len(phrase.split()) >= 3 and len(set(phrase.split()) - FUNCTION_WORDS) >= 2:
                found.add(phrase)
    return sorted(found)


def said(path: Path) -> str:
    """What a file can act on: of YAML all but comments, of Python every string but the docstrings."""
    text = path.read_text("utf-8")
    if path.suffix == ".yaml":
        return re.sub(r"(?m)^\s*#.*$", "", text)
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return "\n".join(node.value for node in strings if id(node) not in prose)


def test_no_planted_fault_is_written_into_the_rules_or_the_code():
    """Faults are to be found by what they are: a rule that quotes the generator proves nothing."""
    read = [*(ROOT / "domain").glob("*.yaml")]
    read += [path for room in ("assets", "checks", "dagster_project") for path in (ROOT / room).rglob("*.py")]
    assert len(read) > 20
    rules = {path: " ".join(said(path).lower().split()) for path in read}
    phrases = [phrase for desk in ("main", "holdout") for phrase in planted(desk)]
    assert len(phrases) > 1000
    copied = [
        (str(path.relative_to(ROOT)), phrase)
        for path, text in rules.items()
        for phrase in phrases
        if phrase in text and re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text)
    ]
    assert copied == []


def test_the_generator_imports_nothing_of_ours():
    for path in (ROOT / "sample").glob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) (\w+)", path.read_text("utf-8"), re.M)
        assert not {"assets", "checks", "dagster_project", "dagster", "pandas"} & set(imported), path.name
