"""What mail programs add to a message: the earlier messages below or between, and the signature at its end.

The libraries for this (talon, mail-parser-reply) hand back the first reply as a new text; they lose what is
written below a quote and cannot say where they cut. The marks themselves are few, and stand here by language.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from assets.normalization.draft import Edit

# "On 3 May 2024, at 10:00, Ann wrote:", often broken over lines
_WROTE = re.compile(
    r"^[ \t]*(?:"
    r"On\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\b(?:wrote|writes)"  # English
    r"|Am\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\bschrieb[^\n:]{0,100}"  # German
    r"|Le\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\ba écrit"  # French
    r"|El\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\bescribió"  # Spanish
    r"|Il\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\bha scritto"  # Italian
    r"|Em\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\bescreveu"  # Portuguese
    r"|Op\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\bschreef[^\n:]{0,100}"  # Dutch
    r"|(?:Den|På)\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\bskrev[^\n:]{0,100}"  # Danish, Norwegian, Swedish
    r"|W dniu\b[^\n]{4,150}(?:\n[^\n]{0,100}){0,2}?\b(?:pisze|napisał(?:\(a\)|a)?)"  # Polish
    r")[ \t]*:[ \t]*$",
    re.M,
)
# the same in a text whose line breaks an export has lost
_WROTE_INLINE = re.compile(
    r"\bOn (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?"
    r"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? "
    r"\d{1,2}|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}),? "
    r"[^\n]{0,40}?\d{1,2}:\d\d[^\n]{0,120}? wrote:(?= |$)",
    re.M,
)
_SEPARATOR = re.compile(
    r"^[ \t]*-{2,}[ \t]*(?:Original Message|Original Appointment|Reply Message|Ursprüngliche Nachricht|"
    r"Originalnachricht|Message d['’]origine|Message original|Mensaje original|Messaggio originale|"
    r"Mensagem original|Oorspronkelijk bericht|Oprindelig meddelelse|Ursprungligt meddelande|"
    r"Wiadomość oryginalna)[ \t]*-{2,}[ \t]*$",
    re.M | re.I,
)
_FORWARDED = re.compile(
    r"^[ \t]*(?:-{3,}[ \t]*(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado|"
    r"Messaggio inoltrato|Mensagem encaminhada|Doorgestuurd bericht)[ \t]*-{3,}"
    r"|Begin forwarded message:|Anfang der weitergeleiteten Nachricht:|Début du message transféré[ \t]*:)[ \t]*$",
    re.M | re.I,
)
_RULE = re.compile(r"[ \t]*[_-]{10,}[ \t]*")
_FROM = re.compile(r"[ \t]*\*{0,2}(?:From|Von|De|Da|Van|Från|Fra|Od)[ \t]?:\*{0,2}[ \t]*\S", re.I)
_FIELD = re.compile(
    r"[ \t]*\*{0,2}(?:From|Sent|Date|To|Cc|Bcc|Reply-To|Subject|Importance|Attachments"
    r"|Von|Gesendet|Datum|An|Betreff|Priorität|De|Envoyé|À|Objet|Enviado(?: el)?|Fecha|Para|Asunto"
    r"|Da|Inviato|Data|A|Oggetto|Assunto|Van|Verzonden|Aan|Onderwerp|Från|Skickat|Till|Ämne|Fra|Sendt|Til|Emne"
    r"|Od|Wysłano|Do|Temat)[ \t]?:",
    re.I,
)
_QUOTED = re.compile(r"[ \t]*>")
_COMPARISON = re.compile(r"[ \t]*>=?[ \t]*[$€£]?\d")
_HINT = re.compile(r">|:[ \t]*$|-{2}|wrote:|^[ \t]*\*{0,2}(?:From|Von|De|Da|Van|Från|Fra|Od)[ \t]?:", re.M | re.I)

_CLOSING = re.compile(
    r"[ \t]*(?P<word>(?:(?:with )?(?:kind|kindest|warm|warmest|best|many)[ \t]+(?:regards|wishes|thanks)|regards|best|"
    r"thanks(?: again| and (?:kind |best )?regards| in advance)?|thank you|many thanks|cheers|"
    r"(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?|respectfully|cordially|take care|"
    r"mit freundlichen gr(?:ü|ue)(?:ß|ss)en|(?:viele|beste|liebe|freundliche) gr(?:ü|ue)(?:ß|ss)e|mfg|"
    r"cordialement|bien (?:à vous|cordialement)|(?:un )?cordial saludo|saludos(?: cordiales)?|atentamente|"
    r"cordiali saluti|distinti saluti|atenciosamente|met vriendelijke groet(?:en)?|"
    r"med v[äe]nlig[ae]? h[äi]lsning(?:ar)?))"
    r"[ \t]*[,.!]?[ \t]*(?:[-–—][ \t]*)?",
    re.I,
)
_NAME = re.compile(r"(?:(?-i:[A-ZÀ-ÖØ-Þ][\w'’.-]*)[ \t]*){1,4}")
_DELIMITER = re.compile(r"--[ \t]*")
_DEVICE = re.compile(
    r"[ \t]*(?:sent (?:from|via|with) (?:my |a )?[^\n.!?]{2,40}|get outlook for (?:ios|android)\S*|"
    r"(?:von meine[mr] \w+|von \w+ für \w+) gesendet|gesendet von (?:meinem |mail )?[^\n.!?]{2,30}|"
    r"envoyé (?:de|depuis) mon [^\n.!?]{2,30}|enviado (?:desde|do) m[ie]u? [^\n.!?]{2,30}|"
    r"inviato da(?:l mio)? [^\n.!?]{2,30}|verzonden vanaf mijn [^\n.!?]{2,30}|wysłane z [^\n.!?]{2,30})"
    r"[ \t]*[.!]?[ \t]*",
    re.I,
)
_SENTENCE = re.compile(r"[?!]\s*$|\w{3,}\.\s*$|:\s*$")
_LONGEST_SIGNATURE_LINE = 70


class _Lines:
    """The lines of a text with their places."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.starts, at = [], 0
        for line in self.lines:
            self.starts.append(at)
            at += len(line) + 1
        self.end = len(text)

    def __len__(self) -> int:
        return len(self.lines)

    def start(self, number: int) -> int:
        """Where a line starts; one past the last starts at the end."""
        return self.starts[number] if number < len(self.starts) else self.end

    def number(self, at: int) -> int:
        """The line that holds a position."""
        return bisect_right(self.starts, at) - 1


def quoted_replies(text: str) -> Iterator[Edit]:
    r"""Cut earlier messages: what stands below "Ann wrote:" or an Outlook header, and lines that begin with '>'.

    What is written below or between quoted lines stays, and so does a message that is nothing but a forward.

    >>> text = "It works now.\n\nOn 3 May 2024, Ann <a@x.org> wrote:\n> Does it?\n\nAnd thanks!"
    >>> [text[e.start:e.end] for e in quoted_replies(text)]
    ['On 3 May 2024, Ann <a@x.org> wrote:\n> Does it?\n\n']
    """
    if not _HINT.search(text):
        return
    lines = _Lines(text)
    edits, at = [], 0
    for start, body, is_forward in _headers(text, lines):
        if start < at:
            continue
        first = lines.number(start)
        end = body
        while end < len(lines) and not lines.lines[end].strip():
            end += 1
        if end < len(lines) and _QUOTED.match(lines.lines[end]):
            end = _end_of_quote(lines, end)
        elif is_forward or not text[:start].strip():  # a forward: its words are the message
            end = body
        else:
            end = len(lines)
        edits.append(Edit(max(lines.start(first), start), lines.start(end), kind="quoted_reply"))
        at = lines.start(end)
    yield from _merged(edits, _quoted_lines(lines))


def _headers(text: str, lines: _Lines) -> list[tuple[int, int, bool]]:
    """Every line that introduces an earlier message: its place, the line after it, and whether it forwards."""
    found = []
    for pattern in (_WROTE, _WROTE_INLINE):
        for match in pattern.finditer(text):
            if any(c.isdigit() for c in match.group()):
                inline = pattern is _WROTE_INLINE and text[match.end() : match.end() + 1] == " "
                found.append((match.start(), lines.number(match.end()) + (0 if inline else 1), False))
    for pattern, is_forward in ((_SEPARATOR, False), (_FORWARDED, True)):
        for match in pattern.finditer(text):
            first = lines.number(match.end()) + 1
            found.append((match.start(), _after_fields(lines, first), is_forward))
    number = 0
    while number < len(lines):
        after = _after_fields(lines, number) if _FROM.match(lines.lines[number]) else number
        if sum(bool(_FIELD.match(line)) for line in lines.lines[number:after]) >= 3:
            ruled = number > 0 and _RULE.fullmatch(lines.lines[number - 1])
            found.append((lines.start(number - 1 if ruled else number), after, False))
            number = after
        else:
            number += 1
    return sorted(found)


def _after_fields(lines: _Lines, number: int) -> int:
    """The line after a block of From:, Sent:, To:, Subject: and the lines they run over."""
    after, blank = number, number
    while blank < len(lines) and blank - after < 2:
        if _FIELD.match(lines.lines[blank]):
            after = blank + 1
        elif lines.lines[blank].strip() and blank > after:
            break
        blank += 1
    return after


def _end_of_quote(lines: _Lines, number: int) -> int:
    """The line after a run of '>' lines and of the blank lines among and below them."""
    while number < len(lines) and (not lines.lines[number].strip() or _QUOTED.match(lines.lines[number])):
        number += 1
    return number


def _quoted_lines(lines: _Lines) -> Iterator[Edit]:
    """Runs of lines that begin with '>'; a lone '> 30 days' compares and quotes nothing."""
    number = 0
    while number < len(lines):
        if not _QUOTED.match(lines.lines[number]):
            number += 1
            continue
        end = _end_of_quote(lines, number)
        run = [line for line in lines.lines[number:end] if line.strip()]
        if not all(_COMPARISON.match(line) for line in run):
            yield Edit(lines.start(number), lines.start(end), kind="quoted_reply")
        number = end


def _merged(*groups: list[Edit] | Iterator[Edit]) -> Iterator[Edit]:
    """Edits of several rules as one list without overlaps; the first and longer one wins."""
    at = 0
    for edit in sorted((e for group in groups for e in group), key=lambda e: (e.start, -e.end)):
        if edit.start >= at:
            yield edit
            at = edit.end


def signature(text: str, max_lines: int) -> Iterator[Edit]:
    r"""Cut what ends a message and says nothing: '-- ' blocks, 'Sent from my ...', a closing with its name block.

    Only at the end, only if something stands before it, and only lines that cannot be sentences.

    >>> text = "It arrived broken.\n\nBest regards,\nAnn Lee\nShop Ltd"
    >>> [text[e.start:e.end] for e in signature(text, 8)]
    ['Best regards,\nAnn Lee\nShop Ltd']
    """
    lines = _Lines(text)
    last = first = len(lines)
    while True:  # each cut may lay another one bare: device line, then closing
        while last and not lines.lines[last - 1].strip():
            last -= 1
        cut = _signature_start(lines, last, max_lines)
        if cut is None or not any(line.strip() for line in lines.lines[:cut]):
            break
        last = first = cut
    if first < len(lines):
        yield Edit(lines.start(first), lines.end, kind="signature")


def _signature_start(lines: _Lines, last: int, max_lines: int) -> int | None:
    """The first line of a signature that ends before line `last`, if one does."""
    if last and _DEVICE.fullmatch(lines.lines[last - 1]):
        return last - 1
    block = 0
    for number in range(last - 1, -1, -1):
        line = lines.lines[number]
        if _DELIMITER.fullmatch(line):
            return number
        if closing := _CLOSING.match(line):
            rest = line[closing.end() :].strip()
            said_more = bool(rest) and not (_NAME.fullmatch(rest) and re.search(r"[,.!–—-]\s*$", closing.group()))
            thanks = closing["word"].lower().startswith(("thank", "many thank", "best", "cheers", "take"))
            alone = not rest and not block and (thanks and closing["word"].lower() != "best")
            return None if said_more or alone else number
        if line.strip():
            block += 1
            if block > max_lines or len(line) > _LONGEST_SIGNATURE_LINE or _SENTENCE.search(line):
                return None
    return None
