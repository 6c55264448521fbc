"""The knobs of pairing."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _has_topic(template: str) -> str:
    if template.count("{topic}") != 1:
        raise ValueError("must hold {topic} once")
    return template


Template = Annotated[str, AfterValidator(_has_topic)]


class PairingParams(BaseModel):
    """What counts as a question with its answer, and how much of a conversation stands before it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_pairs_per_record: int = Field(
        default=20, ge=1, description="Pairs taken from one record, in the order they stand; the rest is not used."
    )
    max_history_turns: int = Field(
        default=6, ge=0, description="Earlier turns of a conversation a pair carries, the latest ones; 0 for none."
    )
    max_history_chars: int = Field(
        default=2000, ge=0, description="Length of these turns together, in characters; a turn is never cut."
    )
    min_question_words: int = Field(
        default=3, ge=1, description="Words a customer's turn needs, courtesies aside, to be read as a question."
    )
    max_clarifications: int = Field(
        default=6,
        ge=0,
        description="How often an agent may ask back before a request counts as given up; "
        "what the customer replies becomes part of the question.",
    )
    tidy_speech: bool = Field(
        default=True, description="Whether fillers (um, uh) and stammered words are left out of calls."
    )
    min_section_words: int = Field(
        default=8, ge=1, description="Words a section of an article needs to answer a question of its own."
    )
    max_section_chars: int = Field(
        default=2000, ge=200, description="Longer sections are split where paragraphs carry labels of their own."
    )
    skip_headings: tuple[str, ...] = Field(
        default=(
            "additional resources",
            "change log",
            "changelog",
            "contact",
            "contact us",
            "contents",
            "external links",
            "further reading",
            "learn more",
            "links",
            "more information",
            "questions",
            "references",
            "related",
            "related articles",
            "related links",
            "resources",
            "see also",
            "still have questions",
            "table of contents",
        ),
        description="Headings of sections that point elsewhere instead of saying something, in lower case.",
    )
    policy_template: Template = Field(
        default="What is the policy on {topic}?", description="Question for a section that states rules."
    )
    procedure_template: Template = Field(
        default="How do I {topic}?", description="Question for a section that gives steps, if its heading is a verb."
    )
    qa_template: Template = Field(
        default="What should I know about {topic}?", description="Question for any other section."
    )
