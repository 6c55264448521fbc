"""HTML to text. A '<' is text unless it is proved to be mark-up, and every cut knows its place in the source.

An HTML parser would do the opposite: it makes a document of whatever it gets, swallows `<john@example.com>`
and `a<b`, and forgets where it was. So this is a lexer over the names HTML has.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator

from assets.normalization.draft import Edit


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INLINE = _words("""
    a abbr acronym audio b base bdi bdo big button canvas center cite code data del dfn em embed font i iframe img
    input ins kbd label link map mark meta nobr noscript object option param path picture q s samp select small source
    span strike strong sub sup textarea time track tt u var video wbr""")
_BLOCK = _words("""
    address article aside blockquote body br caption col colgroup dd details dialog div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td
    tfoot th thead tr ul""")
_HIDDEN = _words("head script style svg template title")
_PARAGRAPH = _words("caption dd dt figcaption h1 h2 h3 h4 h5 h6 legend li p summary td th")
# words people put in angle brackets to say "put yours here": mark-up only with an attribute or an end tag
_ALSO_WORDS = _words("""
    a abbr address article aside base body button caption center cite code col data details dialog embed figure font
    footer form head header i input label legend link main map mark menu meta nav object option param path picture q s
    section select small source span style summary table template time title track u var video""")
_NAMES = "|".join(sorted(_INLINE | _BLOCK | _HIDDEN, key=len, reverse=True))

_VALUE = r"""(?:"[^"<]*+"|'[^'<]*+'|[^\s"'<>`]++)"""
_SWITCH = (
    "(?:checked|disabled|selected|hidden|nowrap|noshade|compact|required|multiple|readonly|controls|open|reversed)"
)
_TAG = (
    r"<(?P<close>/?)(?P<name>(?:(?:o|v|w|x|m|st1):[a-z]\w*|(?:{names})))(?![\w:@.-])"
    rf"(?P<attributes>(?:\s++[\w:@.-]++\s*+=\s*+{_VALUE}|\s++{_SWITCH}(?=[\s/>]))*+)\s*+/?>"
)
_CODE = r"(?P<code>^```[^\n]*+\n.*?^```|(?<![\w`])`[^`\n]++`(?![\w`]))"
_COMMENT = r"(?P<comment><!--(?:(?!<!--).)*?-->|<!\[[^\]\n]*+\]>|<!doctype[^<>]*+>|<\?xml[^<>]*+>)"
_ANGLED = r"(?P<angled><(?:https?://|mailto:)[^<>\s]++>)"
_CITED = re.compile(
    r"""(?i)\btype\s*=\s*["']?cite|gmail_quote|moz-cite-prefix|yahoo_quoted|divRplyFwdMsg|protonmail_quote"""
)
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_DEEPEST_LIST = 8
_BREAK = re.compile(r"[^\S\n]*\n\s*")
_LINE_END = re.compile(r"[^\S\n]*\n?")


def markup(text: str, transcript_tags: tuple[str, ...] = ()) -> Iterator[Edit]:
    """Turn HTML into plain text with Markdown's lists, headings and code; links keep their words.

    >>> text = "<p>Dear John <john@x.org>, if a < b:<br>try<ol><li>this<li>that</ol>"
    >>> draft = __import__("assets.normalization.draft", fromlist=["Draft"]).Draft(text)
    >>> _ = draft.apply(markup(text)); print(draft.text.strip())
    Dear John <john@x.org>, if a < b:
    try
    1. this
    2. that
    """
    if "<" in text:
        yield from _Lexer(text, transcript_tags).edits()


def entities(text: str) -> Iterator[Edit]:
    """Decode character references, however often they were escaped.

    >>> [e.by for e in entities("R&amp;amp;D &lt; 5 &euro; AT&T; &c.")]
    ['&', '<', '€']
    """
    if "&" not in text:
        return
    for match in _ENTITY.finditer(text):
        meant = html.unescape(f"&{match.group(1)};")
        # a name HTML does not know comes back as it was, or with a shorter one's character before the rest
        if not meant.endswith(";") or meant == ";":
            yield Edit(match.start(), match.end(), meant, "markup")


@functools.cache
def _token(transcript_tags: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join([_NAMES, *map(re.escape, sorted(transcript_tags, key=len, reverse=True))])
    return re.compile("|".join([_CODE, _COMMENT, _ANGLED, _TAG.replace("{names}", names)]), re.I | re.S | re.M)


class _Lexer:
    """One walk over the tags of a text."""

    def __init__(self, text: str, transcript_tags: tuple[str, ...]) -> None:
        self.text = text
        self.tokens = _token(transcript_tags)
        self.transcript = frozenset(t.lower() for t in transcript_tags)
        self.ended = {name.lower() for name in re.findall(r"</([a-zA-Z]\w*)", text)}
        self.lists: list[int | None] = []  # open lists, each with its next number, None for bullets
        self.flow = False  # in a paragraph a line break is only a space
        self.row_opened = False
        self.preformatted = False
        self.after_block = False  # between blocks white space is layout of the source
        self.item_opened_at = -1

    def edits(self) -> Iterator[Edit]:
        """Edits for every tag, and for the white space that HTML does not show."""
        at = 0
        while match := self.tokens.search(self.text, at):
            yield from self._white_space(at, match.start())
            self.after_block = False
            edit = self._edit(match)
            if edit:
                yield edit
            at = max(edit.end if edit else 0, match.end())
        yield from self._white_space(at, len(self.text))

    def _white_space(self, start: int, end: int) -> Iterator[Edit]:
        if self.preformatted:
            return
        if self.after_block and start < end < len(self.text) and self.text[start:end].isspace():
            yield Edit(start, end)
        elif self.flow:
            for match in _BREAK.finditer(self.text, start, end):
                yield Edit(match.start(), match.end(), " ")

    def _edit(self, match: re.Match[str]) -> Edit | None:
        start, end = match.span()
        if match.lastgroup == "code":
            return None
        if match["comment"]:
            return Edit(start, end, kind="markup")
        if match["angled"]:
            return self._angled(match)
        name, closing = match["name"].lower(), bool(match["close"])
        if name in self.transcript:
            return Edit(start, end, " " if match.group().endswith("/>") else "", "markup")
        if name in _ALSO_WORDS and not (closing or match["attributes"] or name in self.ended):
            return None
        if not closing and name in _HIDDEN:
            return Edit(start, self._hidden_until(name, end), kind="markup")
        if not closing and _CITED.search(match["attributes"]):
            return Edit(start, self._end_of(name, end) or len(self.text), "\n", "quoted_reply")
        if name == "br":  # a line feed after <br> is how the source was laid out, not a second break
            after = _LINE_END.match(self.text, end)
            return Edit(start, after.end() if after else end, " " if self._in_table_row(start) else "\n", "markup")
        return Edit(start, end, self._replacement(name, closing, start, end), "markup")

    def _replacement(self, name: str, closing: bool, start: int, end: int) -> str:
        """What a tag looks like in plain text."""
        if name == "code":
            return "" if self.preformatted else "`"
        if name == "pre":
            self.preformatted = not closing
            return "\n```\n" if closing else "\n\n```\n"
        if name == "sup" and not closing:
            return "^" if self.text[start - 1 : start].isdigit() and self.text[end : end + 1].isdigit() else ""
        if name not in _BLOCK:
            return ""
        self.after_block = True
        inside_item = self.item_opened_at >= 0 and not self.text[self.item_opened_at : start].strip()
        self.flow = name in _PARAGRAPH and not closing
        self.item_opened_at = -1
        if name in ("ul", "ol"):
            return self._list(name, closing)
        if name == "li":
            return "" if closing else self._item(end)
        if inside_item and not closing:  # <li><p>: the paragraph is the item
            self.item_opened_at = end
            return ""
        if name in ("td", "th", "tr", "thead", "tbody", "tfoot"):
            return "" if closing else self._cell(name)
        if name[0] == "h" and name[1:].isdigit():
            return "\n\n" if closing else "\n\n" + "#" * int(name[1]) + " "
        return "\n\n" if name in ("p", "table", "blockquote", "hr") else "\n"

    def _list(self, name: str, closing: bool) -> str:
        if closing:
            if self.lists:
                self.lists.pop()
        else:
            self.lists.append(1 if name == "ol" else None)
        return "\n\n" if closing and not self.lists else ""

    def _item(self, end: int) -> str:
        self.item_opened_at = end
        number = self.lists[-1] if self.lists else None
        indent = "  " * min(len(self.lists) - 1, _DEEPEST_LIST)
        if number is None:
            return f"\n{indent}- "
        self.lists[-1] = number + 1
        return f"\n{indent}{number}. "

    def _cell(self, name: str) -> str:
        """Rows on lines of their own, a bar between two cells."""
        if name not in ("tr", "td", "th"):
            return ""
        first, self.row_opened = self.row_opened, name == "tr"
        return "\n" if name == "tr" else "" if first else " | "

    def _angled(self, match: re.Match[str]) -> Edit:
        """`<https://...>` right after a word is where the word led to (Outlook); else it is what is meant."""
        start, end = match.span()
        if start and not self.text[start - 1].isspace() and self.text[start - 1] not in "([{:":
            return Edit(start, end, kind="markup")
        return Edit(start, end, match.group()[1:-1].removeprefix("mailto:"), "markup")

    def _end_of(self, name: str, at: int) -> int | None:
        """Where the element opened before `at` is closed, or None."""
        depth = 1
        for match in _pair(name).finditer(self.text, at):
            depth += -1 if match.group().startswith("</") else 1
            if not depth:
                return match.end()
        return None

    def _hidden_until(self, name: str, at: int) -> int:
        """Where a script or the like ends; one that never ends hides nothing."""
        if name not in self.ended:
            return at
        if end := re.compile(rf"(?i)</{name}\s*+>").search(self.text, at):
            return end.end()
        self.ended.discard(name)  # none further on either: do not look again
        return at

    def _in_table_row(self, at: int) -> bool:
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        return line.lstrip().startswith("|")


@functools.cache
def _pair(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)<{name}(?![\w-])[^<>]*+>|</{name}\s*+>")
