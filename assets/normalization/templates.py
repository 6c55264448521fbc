"""Articles as their readers see them: Markdown without the machinery of the site it was written for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assets.normalization.draft import Edit

_CODE = r"(?P<code>^```[^\n]*+\n.*?^```|(?<![\w`])`[^`\n]++`(?![\w`]))"
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(?=[\w-]+[ \t]*:).*?^---[ \t]*(?:\n|\Z)", re.S | re.M)
_LIQUID = re.compile(
    _CODE + r"|(?P<comment>\{%-?\s*comment\b[^%]*%\}.{0,5000}?\{%-?\s*endcomment\s*-?%\})"
    r"|(?P<tag>\{%(?P<inside>.{0,500}?)%\})|(?P<value>\{\{.{0,500}?\}\})|(?P<attributes>\{:[^{}\n]*\})",
    re.S | re.M,
)
_ARGUMENT = re.compile(r"""["']([^"'\n]+)["']""")
_LINK = re.compile(
    _CODE + r"|(?P<image>!\[[^\[\]]*+\]\((?:[^()\s]|\([^()\s]*+\))*+(?:\s++\"[^\"]*+\")?\s*+\))"
    r"|\[(?P<words>(?:[^\[\]]|\[[^\[\]]*+\])*+)\](?:\((?:[^()\s]|\([^()\s]*+\))*+(?:\s++\"[^\"]*+\")?\s*+\)|\[[^\[\]\n]*+\])",
    re.S | re.M,
)
_DEFINITION = re.compile(r"^ {0,3}\[[^\[\]\n]+\]:[ \t]*<?(?:https?:|mailto:|[/#.])[^\n]*(?:\n|\Z)", re.M)
_ESCAPE = re.compile(_CODE + r"|(?<=\S)(?P<slash>\\)(?=[_#.~*()\[\]+!&>-])", re.S | re.M)
_UNDERLINE = re.compile(r"^(?P<title>[^\s#>|`=*+\d-][^\n|]*)\n(?P<line>=+|-{3,})[ \t]*$", re.M)
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_WRAPPED = 40  # a shorter line was broken on purpose: an address, a verse, a list without marks
_STARTS_ANEW = re.compile(r"[ \t]*(?:[#>|<]|[-*+][ \t]|\d+[.)][ \t]|```|~~~|[-*_=]{3,}\s*$|$)")
_STANDS_ALONE = re.compile(r"[ \t]*(?:#|\||$|[-*_=]{3,}\s*$)|.*(?:  |\\)$")


def front_matter(text: str) -> Iterator[Edit]:
    r"""Cut the YAML block an article may begin with.

    >>> [(e.start, e.end) for e in front_matter("---\ntitle: Leave\n---\nYou may.")]
    [(0, 21)]
    """
    if match := _FRONT_MATTER.match(text):
        yield Edit(0, match.end(), kind="template")


def liquid(text: str) -> Iterator[Edit]:
    """Take Liquid's tags, values and attribute lists out; a name given to a tag in mid-sentence stays.

    >>> [e.by for e in liquid('Ask in {% slack_channel "people-ops" %} today.')]
    ['people-ops']
    """
    if "{%" not in text and "{{" not in text and "{:" not in text:
        return
    for match in _LIQUID.finditer(text):
        if match["code"]:
            continue
        yield Edit(*match.span(), _shown(text, match) if match["tag"] else "", "template")


def _shown(text: str, match: re.Match[str]) -> str:
    """The words a tag shows: its first argument, unless that is a path or the tag has the line to itself."""
    argument = _ARGUMENT.search(match["inside"])
    line_start, line_end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
    around = text[line_start : match.start()] + text[match.end() : line_end if line_end >= 0 else None]
    if not argument or not around.strip() or re.search(r"[/\\]|\.\w+$", argument.group(1)):
        return ""
    return argument.group(1)


def links(text: str) -> Iterator[Edit]:
    """Leave a link's words and drop its target, which outlives no move of the site; drop pictures.

    >>> [e.by for e in links("see [the policy](/leave) or ![x](y.png)")]
    ['the policy', '']
    """
    if "](" not in text and "][" not in text and "]:" not in text:
        return
    found = [Edit(*m.span(), "" if m["image"] else m["words"], "markup") for m in _LINK.finditer(text) if not m["code"]]
    yield from found
    if not found:  # in the next pass, so that the edits of one never overlap
        yield from (Edit(*m.span(), kind="markup") for m in _DEFINITION.finditer(text))


def escapes(text: str) -> Iterator[Edit]:
    r"""Undo Markdown's backslashes, but for one that keeps a line from becoming a heading or a list.

    >>> [e.start for e in escapes(r"until March 2023\.")]
    [16]
    """
    if "\\" in text:
        yield from (Edit(*m.span(), kind="markup") for m in _ESCAPE.finditer(text) if not m["code"])


def titles(text: str) -> Iterator[Edit]:
    r"""Write an underlined title with number signs, the form sections are found by.

    >>> [e.by for e in titles("Leave\n=====\nYou may.")]
    ['# Leave']
    """
    if "\n==" in text or "\n---" in text:
        for match in _UNDERLINE.finditer(text):
            yield Edit(*match.span(), ("# " if match["line"][0] == "=" else "## ") + match["title"])


def unwrapped(text: str) -> Iterator[Edit]:
    r"""Join the lines of a hard-wrapped paragraph or list item; tables, headings and code stay.

    >>> text = "If you want to take leave, ask your\nsupervisor first:\n- a mail is enough"
    >>> [e.start for e in unwrapped(text)]
    []
    >>> text = "If you want to take some leave, please ask\nyour supervisor first:\n- a mail is enough"
    >>> [e.start for e in unwrapped(text)]
    [42]
    """
    at, fenced, before = 0, False, ""
    for line in text.split("\n"):
        fence = bool(_FENCE.match(line))
        if len(before) >= _WRAPPED and not (fenced or fence or _STANDS_ALONE.match(before) or _STARTS_ANEW.match(line)):
            yield Edit(at - 1, at + len(line) - len(line.lstrip()), " ")
        fenced ^= fence
        before = "" if fence else line  # nothing joins a fence
        at += len(line) + 1
