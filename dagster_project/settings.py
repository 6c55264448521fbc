"""The settings of one refinery: `refinery.yaml`, checked as a whole before anything runs.

Every room's section is the room's own `Params`. Values may name the environment (`${NAME:-default}`);
`REFINERY_<SECTION>__<KEY>` overrides one; secrets come from the environment only.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from assets.analysis.params import AnalysisParams
from assets.anonymization.leaks_params import PrivacyParams
from assets.anonymization.params import AnonymizationParams
from assets.augmentation.params import AugmentationParams
from assets.balancing.params import BalancingParams
from assets.collection.external import credits
from assets.collection.params import CollectionParams, PartitionParams, SourceParams
from assets.customers.params import CustomersParams
from assets.deduplication.params import DeduplicationParams
from assets.errors import RefineryError
from assets.evaluation.params import EvaluationParams
from assets.formatting.params import FormattingParams
from assets.language_model import PRICES, LanguageModelParams, endpoint
from assets.normalization.params import NormalizationParams
from assets.operation.params import OperationParams
from assets.pairing.params import PairingParams
from assets.quality.params import QualityParams
from assets.release.params import ReleaseParams
from assets.splitting.params import SplittingParams
from assets.standardization.params import StandardizationParams
from assets.tuning.params import TuningParams
from assets.validation.params import ValidationParams
from dagster_project.automation import AutomationParams
from dagster_project.places import DEFAULT_HOME, config_file, read_config

_SPELLED = "override one key with REFINERY_SECTION__KEY"


class Settings(BaseSettings):
    """Everything a person decides about a refinery."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="REFINERY_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    home: Path = Field(Path(DEFAULT_HOME), description="Where lake, ledger, artifacts and Dagster's storage rest.")
    lake_url: str | None = Field(None, description="Any fsspec URL for the lake; null keeps it under home.")
    workers: int = Field(2, ge=1, description="Processes for heavy maps over rows.")
    base_model: str = Field(
        "SmolLM2-135M-Instruct", description="Model to tune: the packaged one, or a Hugging Face folder."
    )
    language_model: LanguageModelParams = Field(
        default_factory=LanguageModelParams,
        description="Who is asked for back-translations, pairs and answers.",
    )
    partitions: PartitionParams = Field(default_factory=PartitionParams)
    sources: tuple[SourceParams, ...] = Field((), description="Where the records come from.")
    automation: AutomationParams = Field(default_factory=AutomationParams)
    collection: CollectionParams = Field(default_factory=CollectionParams)
    normalization: NormalizationParams = Field(default_factory=NormalizationParams)
    anonymization: AnonymizationParams = Field(default_factory=AnonymizationParams)
    privacy: PrivacyParams = Field(default_factory=PrivacyParams, description="Retention, and the leak proof's budget.")
    standardization: StandardizationParams = Field(default_factory=StandardizationParams)
    pairing: PairingParams = Field(default_factory=PairingParams)
    validation: ValidationParams = Field(default_factory=ValidationParams)
    analysis: AnalysisParams = Field(default_factory=AnalysisParams)
    deduplication: DeduplicationParams = Field(default_factory=DeduplicationParams)
    customers: CustomersParams = Field(default_factory=CustomersParams)
    splitting: SplittingParams = Field(default_factory=SplittingParams)
    augmentation: AugmentationParams = Field(default_factory=AugmentationParams)
    balancing: BalancingParams = Field(default_factory=BalancingParams)
    formatting: FormattingParams = Field(default_factory=FormattingParams)
    quality: QualityParams = Field(default_factory=QualityParams)
    release: ReleaseParams = Field(default_factory=ReleaseParams)
    tuning: TuningParams = Field(default_factory=TuningParams)
    evaluation: EvaluationParams = Field(default_factory=EvaluationParams)
    operation: OperationParams = Field(default_factory=OperationParams)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment beats the file; no other place is read."""
        return env_settings, init_settings

    @property
    def lake_root(self) -> str:
        """Folder or URL of the lake."""
        return self.lake_url or str(self.home)

    @property
    def credits(self) -> dict[str, str]:
        """By source from outside how it is to be named."""
        return credits(self.sources)

    def section_hash(self, room: str, asset: str = "") -> str:
        """Hash what a room is told: its section, and the content of every domain file it names.

        Where a room says which of its knobs decide an asset (`told`), only those.
        """
        section = getattr(self, room)
        if asset and (told := getattr(section, "told", None)):
            section = told(asset)
        digest = hashlib.sha256(section.model_dump_json().encode())
        if room in ("formatting", "tuning", "evaluation") or asset == "model_package":
            digest.update(self.base_model.encode())
        if room == "release":  # what the sources ask of whoever passes them on
            licences = {id_: terms.model_dump() for id_, terms in self.collection.licences.items()}
            digest.update(json.dumps([licences, self.credits], sort_keys=True).encode())
        told_to = self.evaluation.predictions.endpoint_examples, self.evaluation.judge.examples
        asks = dict(zip(("predictions", "evaluation_results"), told_to, strict=True))
        if asset in ("back_translations", "synthetic_pairs") or asks.get(asset):
            digest.update((endpoint(self.language_model).identity + self.language_model.model_dump_json()).encode())
        if asset == "approach_costs":
            digest.update(self.language_model.model_dump_json(include=set(PRICES)).encode())
        for file in _files(section):
            digest.update(_content(file))
        return digest.hexdigest()


def load(path: Path | str | None = None) -> Settings:
    """Load the settings of this process, once per file; `REFINERY_CONFIG` names it, or refinery.yaml.

    Raises:
        RefineryError: The file is missing or wrong; names file, line and key.
    """
    return _load(str(config_file(path)))


@cache
def _load(path: str) -> Settings:
    name, text, values = read_config(Path(path))
    try:
        return Settings(**values)
    except SettingsError:
        raise RefineryError("the environment", "a REFINERY_ variable of a section is not JSON", _SPELLED) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        where = _variable(first["loc"]) or f"{name}, line {_line(text, first['loc'])}, {_key(first['loc'])}"
        raise RefineryError(where, first["msg"] + more, "correct it, or leave it out for the default") from None


def cache_folder() -> Path:
    """Return where converted models rest, outside REFINERY_HOME: they are the same for every refinery."""
    stated = os.environ.get("REFINERY_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(stated) if stated else base / "support-refinery"


def _key(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)


def _variable(loc: tuple[int | str, ...]) -> str | None:
    """Return the variable of the environment that says what stands at `loc`, if one does."""
    stated = {name.upper() for name in os.environ}
    names = ["REFINERY_" + "__".join(str(p) for p in loc[:n]).upper() for n in range(len(loc), 0, -1)]
    return next((name for name in names if name in stated), None)


def _line(text: str, loc: tuple[int | str, ...]) -> int:
    """Return the line of the deepest key of `loc` that the file holds."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == str(part)]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _files(section: BaseModel) -> Iterator[Path]:
    """Yield every file a section names, sections within it included."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _files(value)
        elif isinstance(value, Path):
            yield value
        elif isinstance(value, tuple):
            yield from (file for file in value if isinstance(file, Path))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise RefineryError(str(file), "the file is not there", "correct its path in the settings") from None


def as_json(section: BaseModel) -> str:
    """Return a section as canonical JSON."""
    return json.dumps(section.model_dump(mode="json"), sort_keys=True)
