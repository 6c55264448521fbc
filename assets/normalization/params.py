"""The knobs of normalization."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

_BOILERPLATE = (
    r"#*-+ ?please type your reply above this line ?-+#*",
    r"(please )?consider the environment before printing this (e-?mail|message)\W*",
    r"(caution|warning|\[?external\]?):? this (e-?mail|message) (originated|came) from outside\b.*",
    r"this (e-?mail|message)( and any (files|attachments).{0,60})? (is|are|may be|contains?|may contain)\b"
    r".{0,40}\b(confidential|privileged)\b.*",
    r"if you (are|were) not the intended recipient\b.*",
    r"this is an? (automated|automatic|auto-generated) (e-?mail|message|notification)\b.*",
    r"(please )?do not reply (directly )?to this (e-?mail|message)\b.*",
    r"(to )?unsubscribe( from (this list|these e-?mails))?:? ?(<?https?://\S+>?|click here)\W*",
)


class NormalizationParams(BaseModel):
    """What is taken out of a text before anybody reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repair_encoding: bool = Field(default=True, description="Undo mojibake such as 'donâ€™t' (ftfy).")
    strip_markup: bool = Field(default=True, description="Turn HTML into text; keep lists, headings and code.")
    strip_templating: bool = Field(
        default=True,
        description="In articles and external documents: take out front matter, Liquid tags and link targets, "
        "and join hard-wrapped lines.",
    )
    strip_quoted_replies: bool = Field(default=True, description="In tickets and chats: cut quoted earlier messages.")
    strip_signatures: bool = Field(default=True, description="In tickets and chats: cut signatures at the end.")
    signature_lines: int = Field(
        default=8, ge=1, le=30, description="Longest block, in lines, that may still count as a signature."
    )
    transcript_tags: tuple[str, ...] = Field(
        default=(
            "unsure", "unin", "unintelligible", "inaudible", "inaudible_speech", "unclear", "unk", "noise", "silence",
            "pause", "crosstalk", "overlap", "laugh", "laughs", "laughter", "cough", "breath", "music", "beep",
        ),
        description="Transcribers' marks: <tag> loses the tag and keeps its words, [tag] in a call goes.",
    )  # fmt: skip
    boilerplate: tuple[str, ...] = Field(
        default=_BOILERPLATE,
        description="Regular expressions, case ignored; a line of a ticket or chat that one matches whole is removed.",
    )
    macros: tuple[str, ...] = Field(
        default=(),
        description="The desk's own macros, word for word: removed wherever they stand, white space and case ignored.",
    )
    max_characters: int = Field(
        default=200_000, ge=1_000, description="A record with a longer text is quarantined as too_long."
    )

    @field_validator("boilerplate")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for number, pattern in enumerate(patterns, 1):
            try:
                re.compile(pattern)
            except re.error as fault:
                raise ValueError(f"pattern {number} is no regular expression: {fault}") from None
        return patterns

    @field_validator("macros")
    @classmethod
    def _says_something(cls, macros: tuple[str, ...]) -> tuple[str, ...]:
        if any(not macro.strip() for macro in macros):
            raise ValueError("a macro must hold text")
        return macros

    @field_validator("transcript_tags")
    @classmethod
    def _is_a_name(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        for tag in tags:
            if not re.fullmatch(r"[A-Za-z][\w-]*", tag):
                raise ValueError(f"{tag!r} is not the name of a tag")
        return tags
