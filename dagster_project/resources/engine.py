"""One door for heavy maps over rows: the same function on one process or many, the same bytes out."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import pyarrow as pa

ROWS_WORTH_A_PROCESS = 400
"""Below this a second process costs more (its models load once per process) than it gives."""
CHUNKS_A_WORKER = 4


class Engine:
    """Maps a function over the rows of a table in a pool of processes.

    Args:
        workers: Processes at the most; 1 stays in this one.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map_rows(self, table: pa.Table, fn: Callable[[pa.Table], pa.Table]) -> pa.Table:
        """Apply `fn`, importable by name and blind to how rows are cut, and keep the order of rows."""
        workers = min(self.workers, len(table) // ROWS_WORTH_A_PROCESS)
        if workers < 2:
            return fn(table)
        # forkserver: a fork of this process would inherit the locks of its threads
        context = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_share_cores, initargs=(workers,)) as pool:
            return pa.concat_tables(pool.map(fn, _chunks(table, workers * CHUNKS_A_WORKER)))


def _share_cores(workers: int) -> None:
    """Give a worker its share of the cores, before a numerical library starts a thread for each of them.

    Threads that wait by spinning made two workers on two cores four times slower than one.
    """
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // workers))
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"


def _chunks(table: pa.Table, n: int) -> list[pa.Table]:
    """Deal the rows out in `n` runs of equal length.

    >>> [len(c) for c in _chunks(pa.table({"x": range(10)}), 3)]
    [4, 4, 2]
    """
    size = -(-len(table) // n)
    return [table.slice(start, size) for start in range(0, len(table), size)]
