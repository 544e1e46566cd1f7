"""What AI work earned per kWh: realised, fading, and never a promise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hashwarm.engine.heater.ai_worth import Earned, per_hour, realised_per_kwh, worth_per_kwh
from custom_components.hashwarm.engine.heater.job_views import next_checkpoint, remaining_s
from custom_components.hashwarm.engine.jobs import Checkpointing, Job, JobSpec, JobState

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KWH_MJ = 3_600_000_000
JOB = Job(
    job_id="j",
    spec=JobSpec(name="n", executor_id="e", command=("x",)),
    state=JobState.SUCCEEDED,
    created=NOW,
    finished=NOW - timedelta(days=1),
    revenue_nano=500_000_000,
    energy_mj=KWH_MJ,
)


def test_nothing_paid_is_unknown_not_zero():
    assert realised_per_kwh([], NOW) is None
    assert realised_per_kwh([replace(JOB, revenue_nano=0)], NOW) is None
    assert realised_per_kwh([replace(JOB, energy_mj=0)], NOW) is None


def test_energy_that_brought_nothing_counts_too():
    assert realised_per_kwh([JOB], NOW) == pytest.approx(0.5)
    assert realised_per_kwh([JOB, replace(JOB, state=JobState.FAILED, revenue_nano=0)], NOW) == pytest.approx(0.25)


def test_what_is_long_ago_counts_less_and_then_not_at_all():
    rich = replace(JOB, finished=NOW - timedelta(days=15), revenue_nano=5_000_000_000)
    assert 0.5 < realised_per_kwh([JOB, rich], NOW) < 1.5
    assert realised_per_kwh([JOB, replace(rich, finished=NOW - timedelta(days=29))], NOW) == pytest.approx(0.5)
    assert realised_per_kwh([JOB, replace(rich, finished=NOW + timedelta(days=1))], NOW) == pytest.approx(0.5)
    assert realised_per_kwh([replace(JOB, finished=None)], NOW) is None


def test_jobs_decide_while_there_are_any_and_machines_else():
    rented = [Earned(per_hour=0.15, power_w=300.0), Earned(per_hour=0.05, power_w=100.0)]
    assert worth_per_kwh(0.3, rented, jobs_wait=True) == 0.3
    assert worth_per_kwh(None, rented, jobs_wait=True) is None
    assert worth_per_kwh(0.3, rented, jobs_wait=False) == pytest.approx(0.5)
    assert worth_per_kwh(0.3, [], jobs_wait=False) == 0.3


def test_what_an_hour_brings():
    rented = [Earned(per_hour=0.15, power_w=300.0)]
    assert per_hour(0.5, 0.0, []) is None
    assert per_hour(0.5, 0.0, rented) == 0.15
    assert per_hour(0.5, 200.0, rented) == pytest.approx(0.25)
    assert per_hour(None, 200.0, rented) is None


def test_remaining_time_needs_progress():
    assert remaining_s(JOB) is None
    assert remaining_s(replace(JOB, progress=0.01, run_s=60.0)) is None
    assert remaining_s(replace(JOB, progress=0.25, run_s=60.0)) == pytest.approx(180.0)


def test_the_next_checkpoint_is_as_told_else_by_its_interval():
    periodic = replace(JOB.spec, checkpointing=Checkpointing.PERIODIC, checkpoint_interval_s=600.0)
    running = replace(JOB, state=JobState.RUNNING, spec=periodic, last_checkpoint=NOW)
    assert next_checkpoint(running) == NOW + timedelta(minutes=10)
    assert next_checkpoint(replace(running, next_checkpoint=NOW + timedelta(minutes=1))) == NOW + timedelta(minutes=1)
    assert next_checkpoint(replace(running, state=JobState.QUEUED)) is None
    assert next_checkpoint(replace(running, last_checkpoint=None)) is None
    assert next_checkpoint(replace(running, spec=replace(periodic, checkpointing=Checkpointing.SIGNAL))) is None
