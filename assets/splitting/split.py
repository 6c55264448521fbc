"""The verb of splitting: pairs to train, validation and test, as they were assigned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Ledger, Published
from assets.splitting.assign import place
from assets.splitting.benchmarks import read_texts
from assets.splitting.decontaminate import HeldOut, copies
from assets.splitting.groups import READ, Row
from assets.splitting.params import DecontaminationParams, SplittingParams
from assets.splitting.register import Register

TEST = "test"
_BETWEEN = "; "


def split(pairs: pa.Table, assignments: pa.Table, params: SplittingParams) -> Published:
    """Put every pair where it was assigned; who cannot stand there leaves, and the ledger says why.

    `near_test` and `near_validation`: tonight something joins the pair to one that was always held out.
    `contaminated`: it says what a test pair or a benchmark file asks; validation is cleared of such pairs
    too, for it chooses the model and is trained on in cross-validation. `over_group_cap`, `no_date` and
    `after_test_from` belong to the settings that cap groups or split forward in time.

    Args:
        pairs: Tonight's unique pairs.
        assignments: What `assign` made of them.
        params: The knobs of splitting.

    Raises:
        RefineryError: Pairs were never assigned, or a benchmark file cannot be read.
    """
    pairs = pairs.sort_by("pair_id")
    rows = pairs.select(list(READ)).to_pylist()
    placed = place(rows, Register.of(assignments, params.folds), params, dealing=False)
    if unassigned := placed.leaving.count("unassigned"):
        raise RefineryError("split_pairs", f"{unassigned} pairs were never assigned", "make split_assignments first")
    ledger = Ledger.of(pairs, key="pair_id")
    for row, why in zip(rows, placed.leaving, strict=True):
        if why is not None:
            ledger.drop(row["pair_id"], why)
    copied = _contaminated(pairs, placed.splits, params.decontamination)
    for i, sources in copied.items():
        ledger.drop(rows[i]["pair_id"], "contaminated", position=_BETWEEN.join(sorted(sources)))
    table = (
        pairs.append_column("group_id", pa.array(placed.groups, pa.string()))
        .append_column("split", pa.array(placed.splits, pa.string()))
        .append_column("fold", pa.array(placed.folds, pa.int64()))
        .append_column("ever_tested", pa.array(_ever_tested(rows, assignments), pa.bool_()))
    )
    stays = pa.array([split is not None and i not in copied for i, split in enumerate(placed.splits)], pa.bool_())
    return ledger.close(tables.SPLIT_PAIRS.conform(table.filter(stays)), key="pair_id")


def contaminated_by(ledger: pa.Table) -> dict[str, int]:
    """Count the pairs that left as copies, by what they were copies of: the test, or a benchmark file."""
    left = ledger.filter(pc.equal(ledger.column("reason"), "contaminated"))
    told = (source for position in left.column("position").to_pylist() for source in position.split(_BETWEEN))
    return dict(sorted(Counter(told).items()))


def _contaminated(
    pairs: pa.Table, splits: Sequence[str | None], params: DecontaminationParams
) -> dict[int, frozenset[str]]:
    """Return what the rows to learn from are copies of, those that are."""
    asked = pairs.select(["question", "answer"]).to_pylist()
    told = [(row["question"] or "", row["answer"] or "") for row in asked]
    held_out = [HeldOut(TEST, *texts) for texts, split in zip(told, splits, strict=True) if split == TEST]
    held_out += [HeldOut(str(file), text) for file in params.benchmarks for text in read_texts(file)]
    learnt = [i for i, split in enumerate(splits) if split in ("train", "validation")]
    found = copies([told[i] for i in learnt], held_out, params)
    return {i: sources for i, sources in zip(learnt, found, strict=True) if sources}


def _ever_tested(rows: Sequence[Row], assignments: pa.Table) -> list[bool]:
    """Say of each row whether any of its ids was ever in the test: asked of the table itself, not of the deal."""
    tested = set(assignments.filter(pc.equal(assignments.column("split"), TEST)).column("id").to_pylist())
    return [
        not tested.isdisjoint((row["pair_id"], row["thread_id"], row["customer_id"], *(row["parent_ids"] or ())))
        for row in rows
    ]
