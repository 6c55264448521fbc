"""The three lines as jobs, and the jobs that join them. Selected by group, so no asset is imported."""

import dagster as dg

RECORD_ROOMS = ("collection", "normalization", "anonymization", "standardization", "pairing", "validation")
DATASET_ROOMS = ("deduplication", "splitting", "augmentation", "balancing", "formatting", "quality", "release")
TUNING_ROOMS = ("tuning", "evaluation")
ROOMS = (*RECORD_ROOMS, *DATASET_ROOMS, *TUNING_ROOMS)

LINES = {"record_line": RECORD_ROOMS, "dataset_line": DATASET_ROOMS, "tuning_line": TUNING_ROOMS}

record_line = dg.define_asset_job(
    "record_line",
    selection=dg.AssetSelection.groups(*RECORD_ROOMS),
    description="Collect, clean, anonymise, standardise, pair and validate the records of some days.",
)
dataset_line = dg.define_asset_job(
    "dataset_line",
    selection=dg.AssetSelection.groups(*DATASET_ROOMS),
    description="From all valid pairs to a released dataset with its verdict.",
)
tuning_line = dg.define_asset_job(
    "tuning_line",
    selection=dg.AssetSelection.groups(*TUNING_ROOMS),
    description="Tune the approaches on the release, evaluate them on its frozen test set, and recommend one.",
)
JOBS = [record_line, dataset_line, tuning_line]
