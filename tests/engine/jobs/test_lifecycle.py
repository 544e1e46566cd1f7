"""Every way a job can go, and none that it cannot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.jobs import (
    JobSpec,
    JobState,
    Payout,
    PayoutPer,
    Reason,
    RunState,
    RunStatus,
    lifecycle,
)
from custom_components.hashwarm.engine.jobs.ulid import UlidSource, is_ulid
from custom_components.hashwarm.engine.model.errors import JobStateError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def spec(**changes):
    return JobSpec(**({"name": "train", "executor_id": "box", "command": ("true",)} | changes))


def waiting(**changes):
    return lifecycle.submitted("01", spec(**changes), NOW)


def running(**changes):
    return lifecycle.move(lifecycle.starting(waiting(**changes), NOW), JobState.RUNNING, NOW)


def over(code=None, **told):
    return RunStatus(ref="r", state=RunState.ENDED, exit_code=code, **told)


def test_a_job_that_exits_with_0_has_succeeded_and_earns_its_payout():
    job = replace(running(payout=Payout(amount=1.5)), run_s=1800)
    (job,) = lifecycle.ended(job, over(0, revenue_nano=7), NOW)
    assert (job.state, job.progress, job.finished) == (JobState.SUCCEEDED, 1.0, NOW)
    assert job.revenue_nano == 1_500_000_007


def test_an_hourly_payout_pays_the_time_it_ran():
    job = replace(running(payout=Payout(amount=2.0, per=PayoutPer.HOUR)), run_s=1800)
    assert lifecycle.ended(job, over(0), NOW)[-1].revenue_nano == 1_000_000_000


def test_failures_back_off_twice_as_long_each_time_and_are_counted():
    job = running(max_attempts=10)
    waits = []
    for _ in range(9):
        (job,) = lifecycle.ended(job, over(1), NOW)
        assert job.state is JobState.QUEUED
        assert job.lost_work
        waits.append((job.not_before - NOW).total_seconds())
        job = lifecycle.starting(job, NOW)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    (job,) = lifecycle.ended(job, over(1, problem="out_of_memory"), NOW)
    assert (job.state, job.reason, job.revenue_nano) == (JobState.FAILED, "out_of_memory", 0)


def test_a_job_that_saves_forgets_its_failures():
    job = lifecycle.starting(lifecycle.ended(running(), over(1), NOW)[-1], NOW)
    assert job.failures == 1
    assert lifecycle.ended(job, over(75), NOW)[-1].failures == 0


def test_a_job_that_may_not_be_restarted_fails_at_once():
    assert lifecycle.ended(running(restartable=False), over(1), NOW)[-1].state is JobState.FAILED
    assert [job.state for job in lifecycle.lost(running(restartable=False), NOW)] == [JobState.LOST, JobState.FAILED]
    told = lifecycle.ending(running(restartable=False), NOW, Reason.NO_HEAT)
    assert lifecycle.ended(told, over(-9), NOW)[-1].reason == Reason.NOT_RESTARTABLE
    assert lifecycle.ended(told, over(75), NOW)[-1].state is JobState.PREEMPTED


def test_a_job_that_gets_lost_again_and_again_is_left_alone_for_longer_and_fails_at_last():
    job, waits = running(), []
    for _ in range(4):
        job = lifecycle.lost(job, NOW)[-1]
        waits.append((job.not_before - NOW).total_seconds() if job.not_before else 0)
        job = lifecycle.move(lifecycle.starting(job, NOW), JobState.RUNNING, NOW)
    assert waits == [0, 30, 60, 120]
    saved = lifecycle.told(job, RunStatus(ref="r", state=RunState.RUNNING, last_checkpoint=NOW))
    assert lifecycle.lost(saved, NOW)[-1].state is JobState.QUEUED
    preempted = lifecycle.ended(lifecycle.ending(job, NOW, Reason.SHUTDOWN), over(75), NOW)[-1]
    assert preempted.losses == 0
    paused = replace(job, losses=0, held_by_person=True)
    assert lifecycle.lost(paused, NOW)[-1].state is JobState.HELD
    failed = lifecycle.lost(job, NOW)[-1]
    assert (failed.state, failed.reason) == (JobState.FAILED, Reason.LOST_TOO_OFTEN)


def test_exit_0_is_done_even_where_it_was_told_to_save():
    told = lifecycle.ending(running(payout=Payout(amount=1.0)), NOW, Reason.NO_HEAT)
    (job,) = lifecycle.ended(told, over(0, saved=False), NOW)
    assert (job.state, job.revenue_nano) == (JobState.SUCCEEDED, 10**9)


def test_a_preempted_job_tells_whether_it_lost_work():
    told = lifecycle.ending(running(), NOW, Reason.NO_HEAT)
    (saved,) = lifecycle.ended(told, over(75), NOW)
    assert (saved.state, saved.reason, saved.lost_work) == (JobState.PREEMPTED, Reason.NO_HEAT, False)
    (proved,) = lifecycle.ended(told, over(None, saved=True), NOW)
    assert not proved.lost_work
    (killed,) = lifecycle.ended(told, over(-9), NOW)
    assert (killed.state, killed.reason, killed.lost_work) == (JobState.PREEMPTED, Reason.GRACE_OVER, True)
    (hard,) = lifecycle.ended(lifecycle.ending(running(), NOW, Reason.SAFETY), over(-9), NOW)
    assert hard.reason == Reason.SAFETY
    assert lifecycle.grace_s(lifecycle.ending(running(), NOW, Reason.SAFETY)) == 0.0
    assert lifecycle.grace_s(told) == 30.0


def test_a_job_that_saves_and_ends_by_itself_waits_a_little():
    (job,) = lifecycle.ended(running(), over(75), NOW)
    assert (job.state, job.reason) == (JobState.PREEMPTED, Reason.SAVED_ITSELF)
    assert not lifecycle.is_startable(job, NOW + timedelta(seconds=29))
    assert lifecycle.is_startable(job, NOW + timedelta(seconds=30))


def test_no_more_than_four_preemptions_in_any_hour():
    job, now, times = waiting(), NOW, []
    while now < NOW + timedelta(hours=6):
        if lifecycle.is_due(job, now):
            job = lifecycle.released(job, now)
        if lifecycle.is_startable(job, now):
            job = lifecycle.ending(lifecycle.starting(job, now), now, Reason.NO_HEAT)
            steps = lifecycle.ended(job, over(75), now)
            times.append(now)
            job = steps[-1]
            assert (job.state is JobState.HELD) == (len(steps) == 2)
            if job.state is JobState.HELD:
                assert job.not_before >= now + timedelta(minutes=30)
        now += timedelta(minutes=1)
    assert len(times) >= 18
    for moment in times:
        assert sum(moment <= other < moment + timedelta(hours=1) for other in times) <= 4


def test_a_shutdown_is_no_preemption_that_counts():
    job = running()
    for _ in range(8):
        (job,) = lifecycle.ended(lifecycle.ending(job, NOW, Reason.SHUTDOWN), over(75), NOW)
        assert (job.state, job.reason) == (JobState.PREEMPTED, Reason.SHUTDOWN)
        job = lifecycle.starting(job, NOW)


def test_what_a_person_paused_waits_for_the_person():
    told = lifecycle.ending(running(), NOW, Reason.PERSON, by_person=True)
    for outcome in (lifecycle.ended(told, over(75), NOW), lifecycle.ended(told, over(-9), NOW)):
        assert outcome[-1].state is JobState.HELD
    assert lifecycle.lost(told, NOW)[-1].state is JobState.HELD
    frozen = replace(lifecycle.move(running(), JobState.PAUSED, NOW), held_by_person=True)
    assert lifecycle.ended(frozen, over(1), NOW)[-1].state is JobState.HELD
    held = lifecycle.held(waiting(), NOW)
    assert not lifecycle.is_due(held, NOW + timedelta(days=99))
    assert lifecycle.released(held, NOW).state is JobState.QUEUED


def test_a_job_told_to_stop_is_cancelled_whatever_its_run_says():
    stopping = lifecycle.cancelled(running(), NOW, Reason.PERSON)
    assert stopping.state is JobState.STOPPING
    assert lifecycle.ended(stopping, over(0), NOW)[-1].state is JobState.CANCELLED
    assert lifecycle.lost(stopping, NOW)[-1].state is JobState.CANCELLED
    assert lifecycle.cancelled(waiting(), NOW, Reason.PERSON).state is JobState.CANCELLED
    too_long = lifecycle.cancelled(running(), NOW, Reason.TOO_LONG)
    assert lifecycle.ended(too_long, over(75), NOW)[-1].state is JobState.FAILED


def test_revenue_told_before_a_checkpoint_is_kept_and_what_is_done_again_is_told_again():
    job = running()
    alive = RunStatus(ref="r", state=RunState.RUNNING, revenue_nano=5, saved_nano=5, last_checkpoint=NOW)
    job = lifecycle.told(job, alive)
    job = lifecycle.told(job, replace(alive, revenue_nano=9))
    assert (job.pending_nano, job.safe_nano) == (9, 5)
    (job,) = lifecycle.ended(job, over(-9, revenue_nano=9, saved_nano=5, last_checkpoint=NOW), NOW)
    assert job.pending_nano == 5
    job = lifecycle.starting(job, NOW)
    (job,) = lifecycle.ended(job, over(0, revenue_nano=4), NOW)
    assert job.revenue_nano == 9


def test_progress_stays_within_its_bounds_and_is_kept_over_attempts():
    job = lifecycle.told(running(), RunStatus(ref="r", state=RunState.RUNNING, progress=7.0))
    assert job.progress == 1.0
    job = lifecycle.told(job, RunStatus(ref="r", state=RunState.RUNNING, progress=0.25))
    job = lifecycle.told(job, RunStatus(ref="r", state=RunState.RUNNING))
    assert lifecycle.lost(job, NOW)[-1].progress == 0.25


def test_waiting_raises_the_priority_and_the_order_is_fair():
    def job(number, **changes):
        return lifecycle.submitted(f"{number:02}", spec(**changes), NOW)

    late, soon = NOW + timedelta(days=2), NOW + timedelta(days=1)
    jobs = [job(1), job(2, priority=60), job(3, deadline=late), job(4, deadline=soon), job(0)]
    preempted = replace(job(5, priority=0), state=JobState.PREEMPTED)
    frozen = replace(job(6, priority=0), state=JobState.PAUSED)
    alive = replace(job(7, priority=0), state=JobState.RUNNING)
    order = [each.job_id for each in lifecycle.in_order([*jobs, preempted, frozen, alive], NOW)]
    assert order == ["07", "06", "05", "02", "04", "03", "00", "01"]
    old = replace(jobs[0], queued_since=NOW - timedelta(hours=61))
    assert lifecycle.priority(old, NOW) == 60
    assert lifecycle.in_order([jobs[1], old], NOW)[0] is old


def test_a_wish_not_to_start_before_a_time_is_heeded():
    job = waiting(not_before=NOW + timedelta(hours=1))
    assert not lifecycle.is_startable(job, NOW)
    assert lifecycle.is_startable(job, NOW + timedelta(hours=1))
    put_off = lifecycle.put_off(lifecycle.starting(waiting(), NOW), NOW, "executor_auth")
    assert (put_off.failures, put_off.reason) == (0, "executor_auth")
    assert not lifecycle.is_startable(put_off, NOW)


def _run(code, saved):
    return over(code, saved=saved)


STEPS = st.sampled_from([
    lambda job, now: [lifecycle.starting(job, now)],
    lambda job, now: [lifecycle.move(job, JobState.RUNNING, now)],
    lambda job, now: [lifecycle.move(job, JobState.PAUSED, now)],
    lambda job, now: [lifecycle.ending(job, now, Reason.NO_HEAT)],
    lambda job, now: [lifecycle.ending(job, now, Reason.PERSON, by_person=True)],
    lambda job, now: [lifecycle.cancelled(job, now, Reason.PERSON)],
    lambda job, now: [lifecycle.held(job, now)],
    lambda job, now: [lifecycle.released(job, now)],
    lambda job, now: [lifecycle.refused(job, now, "no")],
    lambda job, now: [lifecycle.put_off(job, now, "no")],
    lifecycle.lost,
    *(
        lambda job, now, code=code, saved=saved: lifecycle.ended(job, _run(code, saved), now)
        for code in (0, 1, 75, -9, None)
        for saved in (None, True, False)
    ),
])  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=40), st.booleans(), st.integers(1, 4))
def test_no_story_breaks_the_law(steps, restartable, most):
    job, now = waiting(restartable=restartable, max_attempts=most), NOW
    for step in steps:
        now += timedelta(minutes=7)
        final = job.state.final
        try:
            after = step(job, now)
        except JobStateError:
            continue
        for each in after:
            assert not final
            assert each.state in lifecycle.LEGAL[job.state]
            assert each.revision == job.revision + 1
            assert each.attempt == job.attempt + (each.state is JobState.STARTING)
            assert (each.finished is not None) == (each.revenue_nano is not None) == each.state.final
            assert (each.queued_since is not None) == (each.state in {JobState.QUEUED, JobState.PREEMPTED})
            assert each.failures <= most
            job = each


def test_nothing_leads_out_of_a_final_state():
    for state in JobState:
        assert (not lifecycle.LEGAL[state]) == state.final
        if state.final:
            with pytest.raises(JobStateError):
                lifecycle.move(replace(waiting(), state=state), JobState.QUEUED, NOW)


def test_names_sort_as_they_were_given_out_even_when_the_clock_is_set_back():
    source = UlidSource(lambda length: b"\xff" * length)
    names = [source.next(NOW - timedelta(seconds=step)) for step in range(5)]
    assert names == sorted(set(names))
    assert all(is_ulid(name) for name in names)
    assert not is_ulid("../../etc/passwd")
