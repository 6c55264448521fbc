"""The door for heavy maps: real processes."""

import os

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from assets.errors import RefineryError
from dagster_project.resources.engine import ROWS_WORTH_A_PROCESS, Engine

ROWS = pa.table({"n": range(5 * ROWS_WORTH_A_PROCESS + 7)})


def squared(chunk: pa.Table) -> pa.Table:
    return pa.table({"n": chunk["n"], "square": pc.multiply(chunk["n"], chunk["n"])})


def where_it_ran(chunk: pa.Table) -> pa.Table:
    return pa.table({"pid": [os.getpid()] * len(chunk)})


def odd(chunk: pa.Table) -> pa.Table:
    return chunk.filter(pc.equal(pc.bit_wise_and(chunk["n"], 1), 1))


def fail(chunk: pa.Table) -> pa.Table:
    if pc.max(chunk["n"]).as_py() > ROWS_WORTH_A_PROCESS:
        raise RefineryError("rows", "one cannot be read", "correct it")
    return chunk


@pytest.mark.parametrize("workers", [1, 3])
def test_rows_come_out_in_order_and_the_same_however_many_processes_there_are(workers: int) -> None:
    assert Engine(workers).map_rows(ROWS, squared).equals(squared(ROWS))


def test_a_function_may_leave_rows_out() -> None:
    assert Engine(3).map_rows(ROWS, odd).equals(odd(ROWS))


def test_many_rows_go_to_other_processes_and_few_stay_here() -> None:
    many = set(Engine(3).map_rows(ROWS, where_it_ran)["pid"].to_pylist())
    few = set(Engine(3).map_rows(ROWS.slice(0, ROWS_WORTH_A_PROCESS), where_it_ran)["pid"].to_pylist())
    assert os.getpid() not in many
    assert few == {os.getpid()}


def test_no_rows_are_mapped_to_no_rows() -> None:
    assert Engine(3).map_rows(ROWS.slice(0, 0), squared).num_rows == 0


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_in_our_words_crosses_the_process_border(workers: int) -> None:
    with pytest.raises(RefineryError, match="rows: one cannot be read; correct it"):
        Engine(workers).map_rows(ROWS, fail)
