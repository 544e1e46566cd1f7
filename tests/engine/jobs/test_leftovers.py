"""What an executor on this machine leaves behind goes with it, but never under a job that still runs."""

import subprocess
import sys

import pytest

from custom_components.hashwarm.engine.jobs import remove_leftovers, sweep
from custom_components.hashwarm.engine.jobs.local import LEADER, MARKER
from custom_components.hashwarm.engine.model.errors import ExecutorError

EXECUTOR = "01K9ZZZZZZ0000000000000000"
OTHER = "01K9ZZZZZZ0000000000000001"
JOB = "01K9ZZZZZZ00000000000000AA"
NAME = MARKER.removesuffix("=")
WAIT = (sys.executable, "-S", "-c", "import sys; sys.stdin.read()")


@pytest.fixture
def jobs(tmp_path):
    for executor_id in (EXECUTOR, OTHER):
        checkpoints = tmp_path / "jobs" / executor_id / JOB / "checkpoints"
        checkpoints.mkdir(parents=True)
        (checkpoints / "weights").write_text("0.5")
    return tmp_path / "jobs"


def test_it_goes_alone(jobs):
    assert remove_leftovers(jobs, EXECUTOR)
    assert [left.name for left in jobs.iterdir()] == [OTHER]
    assert remove_leftovers(jobs, EXECUTOR), "what is gone needs nothing"
    assert remove_leftovers(jobs / "nowhere", EXECUTOR)


@pytest.mark.parametrize("executor_id", ["", ".", "..", "../jobs", "/etc", f"{EXECUTOR}/{JOB}", "executor_box"])
def test_nothing_else_goes(jobs, executor_id):
    assert not remove_leftovers(jobs, executor_id)
    assert len(list(jobs.iterdir())) == 2


def test_a_link_is_not_followed(jobs, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (jobs / EXECUTOR).rename(elsewhere)
    (jobs / EXECUTOR).symlink_to(elsewhere)
    assert not remove_leftovers(jobs, EXECUTOR)
    (jobs / OTHER / "link").symlink_to(elsewhere)
    assert remove_leftovers(jobs, OTHER)
    assert (elsewhere / JOB / "checkpoints" / "weights").exists()


def test_not_while_a_job_runs(jobs):
    checkpoints = jobs / EXECUTOR / JOB / "checkpoints"
    job = subprocess.Popen(WAIT, stdin=subprocess.PIPE, env={NAME: str(checkpoints)})
    try:
        assert not remove_leftovers(jobs, EXECUTOR)
        assert (checkpoints / "weights").exists()
        assert remove_leftovers(jobs, OTHER), "a job of another executor is no hindrance"
    finally:
        job.communicate()
    assert remove_leftovers(jobs, EXECUTOR)
    assert not (jobs / EXECUTOR).exists()


def test_not_while_a_job_runs_that_forgot_its_environment(jobs):
    job = subprocess.Popen(WAIT, stdin=subprocess.PIPE, env={}, start_new_session=True)
    try:
        sweep.write_leader(jobs / EXECUTOR / JOB / LEADER, job.pid)
        assert not remove_leftovers(jobs, EXECUTOR)
    finally:
        job.communicate()
    assert remove_leftovers(jobs, EXECUTOR)


def test_what_cannot_go_is_said(jobs):
    (jobs / "01K9ZZZZZZ0000000000000002").write_text("no folder")
    with pytest.raises(ExecutorError):
        remove_leftovers(jobs, "01K9ZZZZZZ0000000000000002")
