"""Articles and documents: the title and every heading become questions, the text below them the answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from assets.pairing.acts import words
from assets.pairing.exchange import Exchange, Record, Unpaired
from assets.pairing.item_types import form_of
from assets.pairing.params import PairingParams
from assets.pairing.questions import placed, question_about, topic_of

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_LABEL = re.compile(r"(?:\*\*(?P<bold>[^*\n]{3,60}?)[.:]?\*\*[.:]?|(?P<plain>[A-Z][\w ,'/()-]{2,50}):)\s+(?=\S)")
_OWN_LINE = re.compile(r"\s*(?:[-*+•>|#]|\d{1,3}[.)]|```|~~~)(?:\s|$)|\s*[|>#`~]| {4,}\S")
_LINE_ONLY = re.compile(r"\s*(?:\||#|```|~~~)")
_WRAPPED_AT = 60


class Section(NamedTuple):
    """A heading with the text up to the next one; `parent` is the heading it stands under, level 1 the title's."""

    heading: str
    parent: str
    text: str


def read(record: Record, params: PairingParams) -> list[Exchange]:
    """Return a question with its answer for the article's opening and for each of its sections.

    An article is its own authority: its answers carry the evidence `agrees_with_article`.

    Raises:
        Unpaired: `no_question` where neither title nor heading says what the text is about, `no_answer` where no
            section says enough.
    """
    title = (record["subject"] or "").strip().lstrip("# ")
    body = "\n\n".join((t["text"] or "").strip() for t in record["turns"] or ())
    sections = [part for section in sections_of(body, title) for part in _parts(section, params)]
    named = [s for s in sections if s.heading]
    if not named:
        raise Unpaired("no_answer" if title and not sections else "no_question")
    found = list(_exchanges(named, title, params))
    if not found:
        raise Unpaired("no_answer")
    return found


def _exchanges(sections: list[Section], title: str, params: PairingParams) -> Iterator[Exchange]:
    seen: Counter[str] = Counter()
    asked: set[str] = set()
    for section in sections:
        anchor = "-".join(re.findall(r"\w+", section.heading.lower())) or "section"
        seen[anchor] += 1
        if seen[anchor] > 1:
            anchor = f"{anchor}-{seen[anchor]}"
        if _says_enough(section, title, params):
            yield Exchange(
                question=_question(section, title, params, asked),
                answer=unwrapped(section.text),
                anchor=anchor,
                truth_evidence="agrees_with_article",
            )


def _question(section: Section, title: str, params: PairingParams, asked: set[str]) -> str:
    """Ask for a section, never in the words another section of the article was asked for."""
    form = form_of(section.text)
    question = question_about(topic_of(section.heading, section.parent, title), form, params)
    if question in asked:
        question = question_about(placed(section.heading, section.parent or title), form, params)
    asked.add(question)
    return question


def _says_enough(section: Section, title: str, params: PairingParams) -> bool:
    """Whether a section answers a question: long enough, unless a question is its title and this its whole answer."""
    if section.heading.lower().strip(" ?!.:") in params.skip_headings:
        return False
    count = len(words(section.text))
    return count >= params.min_section_words or (count > 0 and section.heading == title)


def sections_of(body: str, title: str) -> list[Section]:
    r"""Cut a Markdown body at its headings; the text before the first stands under the title.

    >>> sections_of("Welcome.\n\n## Fees\n\nNone.", "Accounts")
    [Section(heading='Accounts', parent='', text='Welcome.'), Section(heading='Fees', parent='Accounts', text='None.')]
    """
    lines = body.split("\n")
    sections: list[Section] = []
    path: list[tuple[int, str]] = [(0, title)]
    start = 0

    def close(end: int) -> None:
        if text := "\n".join(lines[start:end]).strip():
            sections.append(Section(path[-1][1], path[-2][1] if len(path) > 1 else "", text))

    for level, heading, first, after in _headings(body):
        close(first)
        while len(path) > 1 and path[-1][0] >= level:
            path.pop()
        if heading.lower() != title.lower():
            path.append((level, heading))
        start = after
    close(len(lines))
    return sections


def _headings(body: str) -> Iterator[tuple[int, str, int, int]]:
    """Yield level, text, first line and line after of every heading outside code and lists."""
    tokens = _markdown().parse(body)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            text = "".join(c.content for c in inline.children or () if c.type in ("text", "code_inline")).strip()
            # "{#anchor}" and trailing marks are the format's, not the heading's.
            text = re.sub(r"\s*\{#.*\}$", "", text).strip(" *_")
            yield int(opening.tag[1:]), text, opening.map[0], opening.map[1]


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def unwrapped(text: str) -> str:
    r"""Join the lines an editor broke at a column's edge; breaks somebody meant stay.

    >>> unwrapped("You may request travel comp time when you are approved to travel\nfor work.\n\n- one\n- two")
    'You may request travel comp time when you are approved to travel for work.\n\n- one\n- two'
    """
    lines: list[str] = []
    wrapped = False
    for line in text.split("\n"):
        if wrapped and line.strip() and not _OWN_LINE.match(line):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
        # A line this long was broken by its width; two spaces or a backslash at the end mean a break.
        wrapped = len(line) >= _WRAPPED_AT and not line.endswith(("  ", "\\", "|")) and not _LINE_ONLY.match(line)
    return "\n".join(lines)


def _parts(section: Section, params: PairingParams) -> list[Section]:
    """Split an over-long section where every paragraph group opens with a label of its own.

    Without labels its parts would be answers without a question, so it stays whole, for validation to judge.
    """
    if len(section.text) <= params.max_section_chars:
        return [section]
    parts: list[Section] = []
    for paragraph in re.split(r"\n\s*\n", section.text):
        label = _LABEL.match(paragraph)
        if label:
            parts.append(Section(label["bold"] or label["plain"], section.heading, paragraph))
        elif parts:
            parts[-1] = parts[-1]._replace(text=f"{parts[-1].text}\n\n{paragraph}")
        else:
            return [section]
    return parts if len(parts) > 1 else [section]
