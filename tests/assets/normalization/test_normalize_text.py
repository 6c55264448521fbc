"""What cleaning takes out of a text, and what it must leave alone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.normalization.normalize import apply, normalize_text
from assets.normalization.params import NormalizationParams

PARAMS = NormalizationParams(macros=("Thank you for contacting us.  We value your time.",))


def clean(text: str, kind: str = "ticket", params: NormalizationParams = PARAMS) -> str:
    return normalize_text(text, params, kind).text


def removed(text: str, kind: str = "ticket") -> list[tuple[str, str]]:
    return [(r.kind, text[r.start : r.end]) for r in normalize_text(text, PARAMS, kind).removed()]


# encoding and invisible characters


def test_mojibake_is_undone_and_correct_letters_stay():
    assert clean("It doesnâ€™t open the cafÃ© page") == "It doesn’t open the café page"
    assert clean("Zoë O’Brien paid 20 € in Łódź") == "Zoë O’Brien paid 20 € in Łódź"


def test_letters_are_composed():
    assert clean("Jose\u0301") == "Jos\u00e9"


def test_zero_width_characters_cannot_hide_an_address():
    assert clean("ann\u200b.lee\u200d@exa\u2060mple.org\ufeff") == "ann.lee@example.org"


def test_joiners_that_shape_letters_and_emoji_stay():
    assert clean("می\u200cخواهم") == "می\u200cخواهم"
    assert clean("👩\u200d💻 fixed it") == "👩\u200d💻 fixed it"


def test_control_characters_go_and_line_breaks_become_one_kind():
    assert clean("a\x00b\x1b[31mc\r\nd\re\u2028f") == "abc\nd\ne\nf"


# mark-up


@pytest.mark.parametrize(
    "text",
    [
        "if a < b and c > d then stop",
        "Write to Ann <ann@example.org> today",
        "enter <your name> and <address>, then press <Enter>",
        "the vector<int> has x<y elements",
        "I <3 this shop",
        "use `<br>` for a line break",
        "AT&T; and R&D",
        "it costs &c. more",
    ],
)
def test_an_angle_bracket_or_ampersand_that_is_text_stays(text: str):
    assert clean(text) == text


def test_html_becomes_text_with_lists_headings_links_words_and_code():
    html = (
        "<html><head><title>x</title><style>p {color: red}</style></head><body><h2>Reset</h2>"
        '<p class="a">Open\nthe <a href="https://x.org/reset">reset page</a>&nbsp;first.</p>'
        "<ol>\n<li>Type <b>your</b> mail</li>\n<li><p>Press <em>Send</em></p></li>\n</ol>\n"
        "<ul><li>one<ul><li>two</li></ul></li></ul><pre><code>if (a &lt; b)\n    go()</code></pre><!-- end --></body>"
    )
    assert clean(html) == (
        "## Reset\n\nOpen the reset page first.\n\n1. Type your mail\n2. Press Send\n\n"
        "- one\n  - two\n\n```\nif (a < b)\n    go()\n```"
    )


def test_breaks_are_kept_and_a_layout_line_feed_after_one_is_not_a_second_break():
    assert clean("Hello<br />\nworld<br><br>again<div>bye</div>") == "Hello\nworld\n\nagain\nbye"


def test_escaped_markup_is_markup_but_not_in_code():
    assert clean("&lt;p&gt;Hello&lt;/p&gt;") == "Hello"
    assert clean("<p>write <code>&lt;b&gt;</code></p>") == "write `<b>`"


def test_a_link_in_angle_brackets_is_dropped_after_its_words_and_kept_alone():
    assert clean("See our page<https://x.org/a?b=1> or <https://x.org>") == "See our page or https://x.org"


def test_table_cells_stay_apart():
    assert clean("<table><tr><td>Fee</td><td>5 USD</td></tr><tr><td>Tax</td><td>1 USD</td></tr></table>") == (
        "Fee | 5 USD\nTax | 1 USD"
    )


def test_an_unclosed_tag_of_a_cut_off_text_goes_and_takes_no_words_along():
    assert clean("<div><p>It stopped<br>and then <b>the") == "It stopped\nand then the"
    assert clean("<style>lost, but not hidden") == "<style>lost, but not hidden"


def test_transcribers_tags_lose_the_tag_and_keep_the_words():
    text = "So <UNIN/> <UNSURE>my stomach</UNSURE> [inaudible 00:12] hurts. <INAUDIBLE_SPEECH/>"
    assert clean(text, "call") == "So my stomach hurts."


# articles


def test_an_article_keeps_its_markdown_and_loses_its_machinery():
    article = (
        "---\ntitle: Leave\ntags: x\n---\n\nLeave policy\n============\n\n"
        'You may ask your supervisor for leave in the [leave\ntool]({% page "/leave" %}) '
        'or in {% slack_channel "leave" %}.\n\n{% alert "info" %}\n{{ site.note }}\n\n'
        "## Steps {: .steps}\n\n* Ask\n    * early\n\n| a | b |\n|---|---|\n| 1<br>2 | 3 |\n\n"
        "```\n<b>{{ kept }}</b>\n```\nUntil March 2023\\. ![logo](x.png)\n"
    )
    assert clean(article, "article") == (
        "# Leave policy\n\nYou may ask your supervisor for leave in the leave tool or in leave.\n\n"
        "## Steps\n\n* Ask\n    * early\n\n| a | b |\n|---|---|\n| 1 2 | 3 |\n\n"
        "```\n<b>{{ kept }}</b>\n```\nUntil March 2023."
    )


def test_a_rule_at_the_head_of_an_article_is_no_front_matter():
    assert clean("---\nWelcome, all.\n\n---\nMore.", "article") == "---\nWelcome, all.\n\n---\nMore."


def test_a_tickets_curly_braces_and_short_lines_are_its_own():
    assert clean("cancel order {{Order Number}}\nplease") == "cancel order {{Order Number}}\nplease"


# quoted replies


@pytest.mark.parametrize(
    "header",
    [
        "On Tue, 3 Mar 2024 at 10:00, Ann Lee <ann@example.org> wrote:",
        "On Tue, 3 Mar 2024 at 10:00, Ann Lee\n<ann@example.org> wrote:",
        "Am 03.03.2024 um 10:00 schrieb Ann Lee:",
        "Le mar. 3 mars 2024 à 10:00, Ann Lee <ann@example.org> a écrit :",
        "El mar, 3 mar 2024 a las 10:00, Ann Lee escribió:",
        "Il giorno mar 3 mar 2024 alle ore 10:00 Ann Lee ha scritto:",
        "Em ter., 3 de mar. de 2024 às 10:00, Ann Lee escreveu:",
        "Op di 3 mrt 2024 om 10:00 schreef Ann Lee <ann@example.org>:",
        "W dniu 3.03.2024 o 10:00, Ann Lee pisze:",
        "-----Original Message-----\nFrom: Ann\nSent: Tuesday\nTo: Desk\nSubject: Help",
        "----- Ursprüngliche Nachricht -----\nVon: Ann\nGesendet: Dienstag",
        "________________________________\nFrom: Ann Lee <ann@example.org>\nSent: Tuesday\nTo: Desk\nSubject: Help",
        "**From:** Ann Lee\n**Date:** 3 March\n**To:** Desk\n**Subject:** Help",
        "De : Ann Lee\nEnvoyé : mardi\nÀ : Desk\nObjet : Aide",
    ],
)
def test_everything_below_a_header_of_an_earlier_message_goes(header: str):
    assert clean(f"Yes, it works.\n\n{header}\n\nDid you restart it?\nAnn") == "Yes, it works."


def test_what_is_written_below_and_between_quoted_lines_stays():
    text = "On 3 May 2024, Ann wrote:\n> Is the light on?\n\nYes, it is.\n> And the cable?\nPlugged in.\n\nWhat now?"
    assert clean(text) == "Yes, it is.\nPlugged in.\n\nWhat now?"


def test_a_forward_keeps_the_forwarded_words():
    text = (
        "---------- Forwarded message ---------\nFrom: Ann\nDate: 3 May\nSubject: Help\nTo: Bob\n\nMy screen is black."
    )
    assert clean(text) == "My screen is black."
    assert clean("From: Ann\nSent: Monday\nTo: Bob\nSubject: Help\n\nMy screen is black.") == "My screen is black."


@pytest.mark.parametrize(
    "text",
    [
        "My manager wrote: it is fine",
        "On the phone she wrote:\nplease wait",
        "It should take\n> 30 days",
        "From: London\nTo: Paris\nI need two tickets",
        "Date: tomorrow\nPlease call me.",
    ],
)
def test_what_only_looks_like_a_quote_stays(text: str):
    assert clean(text) == text


def test_an_inline_header_is_found_where_an_export_lost_the_line_breaks():
    assert (
        clean("Fixed, thanks. On Mon, Mar 3, 2024 at 9:15 AM Ann <a@x.org> wrote: Did you restart?") == "Fixed, thanks."
    )


def test_a_quoted_part_marked_in_html_goes_and_a_plain_blockquote_stays():
    assert clean('<p>Done.</p><div class="gmail_quote"><div>old</div> text</div><p>Bye</p>') == "Done.\n\nBye"
    assert (
        clean("<p>The manual says:</p><blockquote><p>Press twice.</p></blockquote>")
        == "The manual says:\n\nPress twice."
    )


# signatures and macros


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAnn Lee\nShop Ltd, 12 High Street\n+1 555 0100",
        "Best regards,\nAnn Lee\nCustomer Care",
        "Kind regards\n\nAnn",
        "Thanks,\nAnn",
        "Thanks, Ann Lee",
        "Regards,",
        "Mit freundlichen Grüßen\nAnn Lee",
        "Cordialement,\nAnn",
        "Sent from my iPhone",
        "Thanks,\nAnn\n\nSent from my iPhone",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
    ],
)
def test_a_signature_at_the_end_goes(signature: str):
    assert clean(f"My order has not come.\n\n{signature}") == "My order has not come."


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, that solved it.",
        "Thanks!",
        "It works.\nThank you",
        "Best regards,\nplease tell me when it will arrive.",
        "Thanks,\nI will try that and let you know what the result of it is tomorrow morning.",
        "I did this:\nThanks to Ann\nit works\nbut can you send me the invoice as well?",
        "Sent from my old address, the parcel came back. What now?",
        "Ann Lee\nShop Ltd",
    ],
)
def test_what_only_looks_like_a_signature_stays(text: str):
    assert clean(text) == text


def test_macros_and_boilerplate_lines_go():
    text = (
        "##- Please type your reply above this line -##\nThank you for contacting us. We value\nyour time. Press reset."
        "\nThis email and any attachments are confidential and intended for the addressee only.\n"
    )
    assert clean(text) == "Press reset."


def test_calls_and_articles_keep_what_is_a_quote_only_in_mail():
    assert clean("> a pull quote\n\nThanks,\nAnn", "article") == "> a pull quote\n\nThanks,\nAnn"


# white space, and the whole


def test_runs_collapse_and_paragraphs_stay():
    assert clean("  a \t b\u00a0c  \n\n\n\n d\n  - e\n") == "a b c\n\nd\n  - e"


def test_a_switch_turns_its_stage_off():
    off = NormalizationParams(
        repair_encoding=False, strip_markup=False, strip_quoted_replies=False, strip_signatures=False, boilerplate=()
    )
    text = "<b>donâ€™t</b>\n> old\nThanks,\nAnn"
    assert clean(text, params=off) == text


def test_removed_spans_stand_exactly_where_they_stood_in_the_input():
    text = "<p>Hi &amp; bye</p>\r\n\r\n> old <b>one</b>\r\nIt’s\u200b fine\r\n\r\nBest regards,\r\nAnn"
    assert removed(text) == [
        ("markup", "<p>"),
        ("markup", "&amp;"),
        ("markup", "</p>"),
        ("quoted_reply", "> old <b>one</b>\r\n"),
        ("control", "\u200b"),
        ("signature", "Best regards,\r\nAnn"),
    ]


def test_apply_returns_every_row_with_spans_over_its_input():
    rows = list(apply([{"id": "a", "text": "Hi\n> old", "known": ["x"]}, {"id": "b", "text": None}], PARAMS))
    assert rows == [
        {"id": "a", "text": "Hi", "spans": [{"start": 3, "end": 8, "type": "quoted_reply", "score": 1.0}]},
        {"id": "b", "text": "", "spans": []},
    ]


FRAGMENTS = """<p>|</p>|<br>|<b>|</b>|<li>|<ul>|</ul>|<ol>|<pre>|</pre>|<code>|</code>|`|```|&amp;|&lt;|&gt;|&nbsp;|lt;
<|> |><UNIN/>|<UNSURE>|[inaudible]|<script>|</script>|<style|<a href="x">|</a>|<https://x.y>|<mailto:a@b.c>|<!--|-->|<td>|<sup>|5
On 3 May 2024, Ann wrote:|wrote:|-----Original Message-----|From: a|To: b|Subject: c|Begin forwarded message:|</div>
<div class="gmail_quote">|Regards,|Thanks|Ann Lee|--|Sent from my iPhone|Please do not reply to this email|# T|===|---
- x|1. x|[a](b)|![a](b)|[a]: http://x|\\.|\\|{% page "x" %}|{% x|{{ y }}|{: .c}|%}|title: x|a word|â€™|Ã©|é|ß¢
a sentence that is longer than forty letters""".replace("\n", "|").split("|")
FRAGMENTS += ["|", "\n", " ", "  ", "\t", "\n\n", "\r", "\u200b", "\u200d", "\x00", "\x85", "\u2028", "\xa0", "\uff11"]
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=25).map("".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("\n".join),
)
KINDS = st.sampled_from(["ticket", "chat", "call", "article", "external"])


@settings(max_examples=400, deadline=None)
@given(TEXTS, KINDS)
def test_cleaning_twice_equals_cleaning_once(text: str, kind: str):
    once = clean(text, kind)
    assert clean(once, kind) == once


@settings(max_examples=400, deadline=None)
@given(TEXTS, KINDS)
def test_any_text_gives_a_clean_one_and_spans_inside_the_input(text: str, kind: str):
    draft = normalize_text(text, PARAMS, kind)
    assert draft.text == draft.text.strip()
    assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in draft.text)
    starts = [r.start for r in draft.removed()]
    assert starts == sorted(starts)
    assert all(0 <= r.start < r.end <= len(text) for r in draft.removed())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.from_regex(r"[A-Za-z0-9,]{1,12}", fullmatch=True), min_size=1, max_size=30).map(" ".join))
def test_plain_words_are_left_alone(text: str):
    assert clean(text) == text
