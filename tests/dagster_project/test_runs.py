"""Runs whose process is gone are over; those of a process that lives go on."""

import subprocess
import sys
import time

import dagster as dg
import pytest

from dagster_project import runs
from dagster_project.resources.lake import Lake
from dagster_project.settings import Settings

WORKER = """
import os, sys, time
import dagster as dg

@dg.op
def step():
    print("at work", flush=True)
    time.sleep(600)

@dg.job
def work():
    step()

work.execute_in_process(instance=dg.DagsterInstance.from_config(sys.argv[1]))
"""


@pytest.fixture
def worker(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    runs.dagster_home(Settings(home=tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert "at work" in process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def test_a_run_whose_process_was_killed_is_reported_as_failed_and_one_that_is_worked_on_is_not(worker, tmp_path):
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert runs.end_the_orphaned(instance, Lake(tmp_path)) == 0
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.STARTED]
        worker.kill()
        worker.wait()
        assert runs.end_the_orphaned(instance, Lake(tmp_path)) == 1
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]
        assert runs.end_the_orphaned(instance, Lake(tmp_path)) == 0


def test_another_process_that_bears_its_number_now_does_not_count(worker, tmp_path, monkeypatch):
    class Later:
        def __init__(self, pid: int) -> None:
            assert pid == worker.pid

        def create_time(self) -> float:
            return time.time()

    monkeypatch.setattr(runs.psutil, "Process", Later)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert runs.end_the_orphaned(instance, Lake(tmp_path)) == 1
