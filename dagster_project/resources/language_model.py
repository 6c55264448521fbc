"""The language model as a run asks it: only anonymised text may leave, and nobody's data comes to rest."""

from collections.abc import Iterator, Sequence

import dagster as dg

from assets.anonymization.second_look import second_look
from assets.language_model import Guards, LanguageModel, endpoint
from dagster_project.resources.identities import search_of
from dagster_project.resources.lake import Lake
from dagster_project.settings import Settings


def guards(lake: Lake, settings: Settings) -> Guards:
    """Return who looks at texts: the second detector, and the search for everybody the lake knows."""

    def leaving(texts: Sequence[str]) -> list[int]:
        return second_look(texts, settings.anonymization)

    return Guards(leaving, lambda text: len(search_of(lake, settings).types(text)))


def language_model(context: dg.InitResourceContext) -> Iterator[LanguageModel]:
    """Hand the model over; its server, where it has one, ends with the run."""
    found, run = context.resources, context.run_id or ""
    params = found.settings.language_model
    watch = guards(found.lake, found.settings)
    model = LanguageModel(params, endpoint(params), home=found.settings.home, guards=watch, run=run)
    try:
        yield model
    finally:
        model.close()
