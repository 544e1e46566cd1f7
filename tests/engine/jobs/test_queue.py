"""The queue on a real file, against an executor in memory."""

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.jobs import (
    Abilities,
    JobState,
    PauseMode,
    Payout,
    Reason,
    RunState,
    RunStatus,
    book,
    finish,
    lifecycle,
    orders,
    part_from,
    queue,
)
from custom_components.hashwarm.engine.jobs.codec import spec_from_text, spec_to_text
from custom_components.hashwarm.engine.jobs.tables import put
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from custom_components.hashwarm.engine.model.errors import (
    ExecutorAuthError,
    ExecutorRefusedError,
    ExecutorUnreachableError,
    InvalidValueError,
    JobStateError,
    QueueFullError,
    StoreError,
    StoreUnavailableError,
    UnknownJobError,
)

from .conftest import START, FakeExecutor, Machine, World, spec

KEEPS = Abilities(freezes=True, throttles=True, slots=500, keeps_runs=True)


async def tell(world, job, act=None, share=1.0):
    await world.queue.apply([JobOrder(job_id=job.job_id, act=act, share=share)])
    return await world.queue.get(job.job_id)


async def started(world, **changes):
    job = await world.queue.submit(spec(**changes))
    await tell(world, job, Act.START)
    await world.queue.refresh()
    return await world.queue.get(job.job_id)


async def test_a_job_runs_from_its_submission_to_its_revenue(world):
    job = await started(world, payout=Payout(amount=0.5))
    assert (job.state, job.attempt) == (JobState.RUNNING, 1)
    for _ in range(6):
        world.seconds += 10
        await world.queue.tick()
    world.executor.change(job.backend_ref, state=RunState.ENDED, exit_code=0)
    await world.queue.refresh()
    job = await world.queue.get(job.job_id)
    assert (job.state, job.run_s, job.energy_mj) == (JobState.SUCCEEDED, 60.0, 6_000_000)
    assert world.booked == [(job.job_id, 500_000_000)]
    assert world.events == ["submitted", "started", "succeeded"]
    assert [step.state.value for step in await world.queue.history(job.job_id)] == [
        "queued", "starting", "running", "succeeded",
    ]  # fmt: skip
    assert await world.rows("SELECT attempt, exit_code, run_ms, energy_mj FROM jobs_attempt") == [
        (1, 0, 60_000, 6_000_000)
    ]


async def test_revenue_that_cannot_be_booked_leaves_the_job_unended_until_it_can(world):
    job = await started(world)
    world.executor.change(job.backend_ref, state=RunState.ENDED, exit_code=0)
    world.fail_booking = StoreError("no")
    with pytest.raises(StoreError):
        await world.queue.refresh()
    assert (await world.queue.get(job.job_id)).state is JobState.RUNNING
    assert await world.rows("SELECT state FROM jobs_job") == [("running",)]
    world.fail_booking = None
    await world.queue.refresh()
    await world.queue.refresh()
    assert len(world.booked) == 1


async def test_every_step_is_written_before_it_is_acted_upon(world):
    job = await world.queue.submit(spec())
    seen = []

    async def launch(launch):
        seen.extend(await world.rows("SELECT state, attempt FROM jobs_job"))
        raise ExecutorRefusedError("no")

    world.executor.launch = launch
    job = await tell(world, job, Act.START)
    assert seen == [("starting", 1)]
    assert (job.state, job.reason, job.failures) == (JobState.QUEUED, "executor_refused", 1)


async def test_freezing_thawing_throttling(world):
    job = await started(world)
    assert (await tell(world, job, Act.FREEZE)).state is JobState.PAUSED
    assert (await tell(world, job, Act.THAW, 0.5)).state is JobState.RUNNING
    assert world.queue.share(job.job_id) == 0.5
    world.seconds += 10
    await world.queue.tick({"box": 50.0})
    assert (await world.queue.get(job.job_id)).energy_mj == 500_000
    assert world.events[-2:] == ["paused", "resumed"]
    await tell(world, job, None, 0.5)
    assert [asked for asked in world.machine.asked if asked[0] == "throttle"] == [("throttle", job.backend_ref, 0.5)]


async def test_energy_is_shared_by_what_jobs_are_expected_to_draw_and_unknown_adds_none(world):
    big = await started(world, expected_power_w=300.0)
    small = await started(world, expected_power_w=100.0)
    world.seconds += 3
    await world.queue.tick({"box": 100.0})
    world.seconds += 3
    await world.queue.tick({"box": None})
    world.seconds += 3600
    await world.queue.tick({"box": 100.0})
    big, small = await world.queue.get(big.job_id), await world.queue.get(small.job_id)
    assert (big.energy_mj, small.energy_mj, big.run_s) == (225_000, 75_000, 6.0)


async def test_preempting_and_stopping_hard(world):
    job = await started(world)
    await tell(world, job, Act.PREEMPT)
    await world.queue.refresh()
    job = await world.queue.get(job.job_id)
    assert (job.state, job.lost_work) == (JobState.PREEMPTED, False)
    await tell(world, job, Act.START)
    await world.queue.refresh()
    await tell(world, job, Act.STOP)
    assert ("end", f"{job.job_id}-a2", 0.0) in world.machine.asked
    await world.queue.refresh()
    job = await world.queue.get(job.job_id)
    assert (job.state, job.reason, job.lost_work) == (JobState.PREEMPTED, Reason.SAFETY, True)


async def test_a_job_that_saves_for_too_long_is_stopped_when_safety_says_so(world):
    job = await started(world)
    world.machine.stays = True
    await tell(world, job, Act.PREEMPT)
    await world.queue.refresh()
    assert (await tell(world, job, Act.STOP)).reason == Reason.SAFETY
    assert [asked for asked in world.machine.asked if asked[0] == "end"] == [
        ("end", job.backend_ref, 30.0), ("end", job.backend_ref, 0.0),
    ]  # fmt: skip
    world.executor.change(job.backend_ref, state=RunState.ENDED)
    await world.queue.refresh()


async def test_orders_that_no_longer_fit_are_let_pass(world):
    job = await started(world)
    for act in (Act.START, Act.THAW):
        assert (await tell(world, job, act)).state is JobState.RUNNING
    await world.queue.apply([JobOrder(job_id="gone", act=Act.START)])
    await world.queue.cancel(job.job_id)
    await world.queue.refresh()
    for act in Act:
        assert (await tell(world, job, act)).state is JobState.CANCELLED


async def test_slots_are_kept(tmp_path):
    world = World(tmp_path / "jobs.db")
    world.machine.abilities = Abilities(slots=1)
    await world.open()
    await started(world)
    assert (await started(world)).state is JobState.QUEUED
    await world.close()


async def test_a_persons_pause_is_a_persons_to_take_back(world):
    job = await started(world)
    assert (await world.queue.pause(job.job_id)).state is JobState.PAUSED
    assert (await tell(world, job, Act.THAW)).state is JobState.PAUSED
    job = await world.queue.resume(job.job_id)
    assert (job.state, job.held_by_person) == (JobState.PAUSED, False)
    assert (await tell(world, job, Act.THAW)).state is JobState.RUNNING
    await world.queue.hold(job.job_id)
    await world.queue.refresh()
    job = await world.queue.get(job.job_id)
    assert job.state is JobState.HELD
    world.seconds += 1e6
    await world.queue.tick()
    assert (await tell(world, job, Act.START)).state is JobState.HELD
    assert (await world.queue.release(job.job_id)).state is JobState.QUEUED
    with pytest.raises(JobStateError):
        await world.queue.resume(job.job_id)
    assert (await world.queue.pause(job.job_id)).state is JobState.HELD


async def test_what_cannot_be_frozen_is_not(tmp_path):
    world = World(tmp_path / "jobs.db")
    world.machine.abilities = Abilities()
    await world.open()
    job = await started(world)
    with pytest.raises(JobStateError):
        await world.queue.pause(job.job_id, PauseMode.FREEZE)
    assert (await world.queue.pause(job.job_id)).state is JobState.CHECKPOINTING
    await tell(world, job, None, 0.5)
    assert world.queue.share(job.job_id) == 1.0
    await world.close()


async def test_cancelling_with_grace_and_by_force(world):
    job = await started(world)
    world.machine.stays = True
    assert (await world.queue.cancel(job.job_id)).state is JobState.STOPPING
    assert (await world.queue.cancel(job.job_id, force=True)).reason == Reason.FORCED
    assert ("end", job.backend_ref, 0.0) in world.machine.asked
    world.machine.stays = False
    await world.queue.refresh()
    world.executor.change(job.backend_ref, state=RunState.ENDED, exit_code=-9)
    await world.queue.refresh()
    with pytest.raises(JobStateError):
        await world.queue.cancel(job.job_id)
    waiting = await world.queue.submit(spec())
    assert (await world.queue.cancel(waiting.job_id)).state is JobState.CANCELLED


async def test_trying_again_goes_on_from_the_last_checkpoint(world):
    job = await world.queue.submit(spec())
    with pytest.raises(JobStateError):
        await world.queue.retry(job.job_id)
    await world.queue.cancel(job.job_id)
    again = await world.queue.retry(job.job_id)
    assert again.spec.resumes == job.job_id
    with pytest.raises(JobStateError):
        await world.queue.retry(job.job_id)
    world.seconds += 10
    assert await world.queue.clear(world.now()) == 1
    assert world.executor.forgotten == []
    await world.queue.cancel(again.job_id)
    world.seconds += 10
    assert await world.queue.clear(world.now(), {JobState.SUCCEEDED}) == 0
    assert await world.queue.clear(world.now()) == 1
    assert world.executor.forgotten == [job.job_id]
    with pytest.raises(UnknownJobError):
        await world.queue.get(job.job_id)
    assert await world.rows("SELECT * FROM jobs_transition") == []


async def test_a_retry_counts_nothing_twice_however_often_it_is_cancelled(world):
    job = await started(world)
    for saved_nano, told_nano in ((5, 9), (1, 2), (4, 10)):
        world.executor.change(job.backend_ref, revenue_nano=told_nano, saved_nano=saved_nano)
        await world.queue.refresh()
        await world.queue.cancel(job.job_id, force=True)
        await world.queue.refresh()
        ended = job
        job = await world.queue.retry(ended.job_id)
        await tell(world, job, Act.START)
        await world.queue.refresh()
        job = await world.queue.get(job.job_id)
    world.executor.change(job.backend_ref, state=RunState.ENDED, exit_code=0, revenue_nano=6)
    await world.queue.refresh()
    # 5 + 1 + 4 were told before checkpoints, and 6 after the last.
    assert sum(nano for _, nano in world.booked) == 16
    with pytest.raises(JobStateError):
        await world.queue.retry(ended.job_id)


async def test_a_job_that_runs_for_too_long_fails(world):
    job = await started(world, max_runtime_s=15.0)
    for _ in range(2):
        world.seconds += 10
        await world.queue.tick()
    await world.queue.refresh()
    job = await world.queue.get(job.job_id)
    assert (job.state, job.reason) == (JobState.FAILED, Reason.TOO_LONG)


async def test_a_job_preempted_too_often_is_left_alone_then_waits_again(world):
    job = await world.queue.submit(spec())
    for _ in range(4):
        await tell(world, job, Act.START)
        await world.queue.refresh()
        await tell(world, job, Act.PREEMPT)
        await world.queue.refresh()
    job = await world.queue.get(job.job_id)
    assert (job.state, job.reason) == (JobState.HELD, Reason.TOO_OFTEN)
    world.seconds += 3601
    await world.queue.tick()
    assert (await world.queue.get(job.job_id)).state is JobState.QUEUED


async def test_the_queue_has_an_end(world, monkeypatch):
    monkeypatch.setattr(queue, "OPEN_MOST", 2)
    first = await world.queue.submit(spec())
    await world.queue.submit(spec(priority=60))
    with pytest.raises(QueueFullError):
        await world.queue.submit(spec())
    assert [job.spec.priority for job in world.queue.jobs] == [60, 50]
    await world.queue.set_priority(first.job_id, 70)
    assert world.queue.jobs[0].job_id == first.job_id
    with pytest.raises(InvalidValueError):
        await world.queue.set_priority(first.job_id, 101)
    assert [job.job_id for job in await world.queue.list_jobs(limit=1)] == [world.queue.jobs[1].job_id]
    assert await world.queue.counts() == {JobState.QUEUED: 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"name": "x" * 201},
        {"command": ()},
        {"command": ("",)},
        {"command": ("a\0b",)},
        {"priority": -1},
        {"grace_s": float("nan")},
        {"grace_s": -1.0},
        {"expected_power_w": float("inf")},
        {"max_attempts": 0},
        {"environment": {"HASHWARM_JOB_ID": "x"}},
        {"environment": {"A=B": "x"}},
        {"environment": {"A": "\0"}},
        {"deadline": START.replace(tzinfo=None)},
        {"payout": Payout(amount=-1.0)},
    ],
)
async def test_what_cannot_be_run_is_refused(world, changes):
    with pytest.raises(InvalidValueError):
        await world.queue.submit(spec(**changes))


def test_what_was_submitted_is_read_back_whole():
    whole = spec(deadline=START, not_before=START, payout=Payout(amount=1.0), environment={"A": "b"}, resumes="01")
    assert spec_from_text(spec_to_text(whole)) == whole
    assert spec_from_text(spec_to_text(spec())) == spec()


async def test_after_a_kill_what_died_with_us_is_queued_again_with_its_progress(world):
    job = await started(world)
    world.executor.change(job.backend_ref, progress=0.4, last_checkpoint=START, revenue_nano=3, saved_nano=3)
    await world.queue.refresh()
    await world.kill()
    await world.open()
    again = await world.queue.get(job.job_id)
    assert (again.state, again.progress, again.last_checkpoint) == (JobState.QUEUED, 0.4, START)
    assert (again.pending_nano, again.lost_work, again.reason) == (3, True, Reason.LOST)
    await tell(world, again, Act.START)
    assert world.machine.launched == [f"{job.job_id}-a1", f"{job.job_id}-a2"]


async def test_a_stop_saves_what_dies_with_us(world):
    job = await started(world)
    await tell(world, job, Act.FREEZE)
    stopping = asyncio.create_task(world.queue.stop())
    await asyncio.sleep(0.05)
    world.executor.wake()
    await stopping
    await world.store.stop()
    await world.open()
    again = await world.queue.get(job.job_id)
    assert (again.state, again.reason, again.lost_work) == (JobState.PREEMPTED, Reason.SHUTDOWN, False)


@pytest.fixture
async def remote(tmp_path):
    """A world whose executor's runs outlive us."""
    world = World(tmp_path / "jobs.db")
    world.machine.abilities = KEEPS
    await world.open()
    yield world
    world.machine.error = None
    await world.close()


async def test_what_outlives_us_is_taken_up_again(remote):
    job = await started(remote)
    frozen = await started(remote)
    await remote.kill()
    remote.machine.runs[frozen.backend_ref] = RunStatus(ref=frozen.backend_ref, state=RunState.FROZEN)
    await remote.open()
    assert (await remote.queue.get(job.job_id)).state is JobState.RUNNING
    assert remote.machine.runs[frozen.backend_ref].state is RunState.RUNNING
    await remote.queue.stop()
    assert ("end", job.backend_ref, 30.0) not in remote.machine.asked
    await remote.store.stop()
    await remote.open()
    assert (await remote.queue.get(job.job_id)).attempt == 1


async def test_a_run_that_its_executor_forgot_is_lost_and_queued_again(remote):
    job = await started(remote)
    told = await started(remote)
    remote.machine.runs.pop(job.backend_ref)
    remote.executor.change(told.backend_ref, state=RunState.LOST)
    await remote.queue.refresh()
    for each in (job, told):
        assert (await remote.queue.get(each.job_id)).state is JobState.QUEUED
    assert remote.events.count("lost") == 2


async def test_a_launch_of_unknown_outcome_is_looked_for_before_it_is_done_again(remote):
    job = await remote.queue.submit(spec())
    launch = remote.executor.launch

    async def launched_unheard(asked):
        await launch(asked)
        raise ExecutorUnreachableError("no answer")

    remote.executor.launch = launched_unheard
    assert (await tell(remote, job, Act.START)).state in {JobState.STARTING, JobState.RUNNING}
    await asyncio.sleep(0.05)
    assert (await remote.queue.get(job.job_id)).state is JobState.RUNNING
    assert remote.machine.launched == [f"{job.job_id}-a1"]

    async def never_arrived(asked):
        raise ExecutorUnreachableError("no answer")

    remote.executor.launch = never_arrived
    other = await remote.queue.submit(spec())
    await tell(remote, other, Act.START)
    await asyncio.sleep(0.05)
    assert (await remote.queue.get(other.job_id)).state is JobState.QUEUED


async def test_a_job_cancelled_before_it_began_is_cancelled_at_once_and_its_ghost_is_ended(remote):
    job = await remote.queue.submit(spec())
    launch = remote.executor.launch

    async def pends(asked):
        ref = await launch(asked)
        remote.executor.change(ref, state=RunState.STARTING)
        return ref

    remote.executor.launch = pends
    await tell(remote, job, Act.START)
    await remote.queue.refresh()
    remote.machine.stays = True
    assert (await remote.queue.cancel(job.job_id)).state is JobState.CANCELLED
    ref = f"{job.job_id}-a1"
    remote.machine.runs[ref] = RunStatus(ref=ref, state=RunState.RUNNING)
    remote.machine.stays = False
    await remote.queue.refresh()
    assert remote.machine.runs[ref].state is RunState.ENDED


async def test_an_executor_that_is_away_is_told_when_it_is_back(remote):
    job = await started(remote)
    remote.machine.error = ExecutorUnreachableError("away")
    assert (await tell(remote, job, Act.FREEZE)).state is JobState.PAUSED
    await asyncio.sleep(0.05)
    assert remote.queue.problem("box") == "executor_unreachable"
    assert not remote.queue.is_startable(await remote.queue.submit(spec()))
    await tell(remote, job, None, 0.5)
    remote.machine.error = None
    remote.executor.wake()
    await asyncio.sleep(0.05)
    assert remote.machine.runs[job.backend_ref].state is RunState.FROZEN
    assert remote.queue.problem("box") is None


async def test_a_refused_token_burns_no_attempt(remote):
    job = await remote.queue.submit(spec())

    async def refuses(asked):
        raise ExecutorAuthError("no")

    remote.executor.launch = refuses
    job = await tell(remote, job, Act.START)
    assert (job.state, job.failures, job.reason) == (JobState.QUEUED, 0, "executor_auth")


async def test_an_executor_that_cannot_be_taken_hold_of_starts_nothing_until_it_can(tmp_path):
    world = World(tmp_path / "jobs.db")
    world.machine.error = ExecutorUnreachableError("away")
    await world.open(poll_s=0.01)
    job = await world.queue.submit(spec())
    assert (await tell(world, job, Act.START)).state is JobState.QUEUED
    assert world.queue.powers()["box"].power_w is None
    world.machine.error = None
    await asyncio.sleep(0.1)
    assert (await tell(world, job, Act.START)).state is not JobState.QUEUED
    await world.close()


async def test_a_full_disk_keeps_no_job_from_being_quieted_but_starts_none(world):
    job = await started(world)
    for call in (tell(world, job, Act.FREEZE), world.queue.submit(spec())):
        # A connection that failed is opened anew, so each failure is asked for.
        await world.store.read(lambda c: c.execute("PRAGMA query_only = 1").fetchall())
        if call.__name__ == "tell":
            assert (await call).state is JobState.PAUSED
            continue
        with pytest.raises(StoreError):
            await call
    assert world.machine.runs[job.backend_ref].state is RunState.FROZEN
    world.seconds += 11
    await world.queue.tick()
    assert [step.state.value for step in await world.queue.history(job.job_id)][-1] == "paused"


async def test_a_job_of_an_executor_that_was_removed_waits_and_says_so(world):
    job = await world.queue.submit(spec(executor_id="gone"))
    assert (await tell(world, job, Act.START)).state is JobState.QUEUED
    assert world.queue.problem("gone") == "executor_gone"
    assert world.queue.abilities("gone") is None
    assert world.queue.abilities("box").freezes
    assert await world.queue.log(job.job_id) == []
    runs = await started(world)
    assert await world.queue.log(runs.job_id, 5) == [f"{runs.backend_ref} says 5"]


async def test_what_was_written_never_changes(world):
    job = await world.queue.submit(spec())
    await world.queue.cancel(job.job_id)
    for statement in ("UPDATE jobs_job SET state = 'queued'", "UPDATE jobs_transition SET state = 'running'"):
        with pytest.raises(StoreError):
            await world.store.write(lambda c, statement=statement: c.execute(statement))
    await world.store.write(lambda c: c.execute("PRAGMA ignore_check_constraints = 1"))


OTHERS = ("submit", "kill", "refresh", "cancel", "pause", "resume", "crash", "done", "tick")
OPERATIONS = st.lists(
    st.tuples(st.sampled_from([*Act, *OTHERS]), st.integers(0, 3)),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OPERATIONS, st.booleans())
async def test_whatever_happens_no_job_is_lost_and_none_runs_twice(tmp_path_factory, operations, keeps):
    world = World(tmp_path_factory.mktemp("story") / "jobs.db")
    world.machine.abilities = Abilities(freezes=True, slots=500, keeps_runs=keeps)
    await world.open()
    names = []
    for operation, number in operations:
        name = names[number] if number < len(names) else None
        run = name and next((ref for ref in reversed(world.machine.launched) if ref.startswith(name)), None)
        world.seconds += 40
        try:
            if operation == "submit":
                names.append((await world.queue.submit(spec())).job_id)
            elif operation == "kill":
                await world.kill()
                await world.open()
            elif operation == "refresh":
                await world.queue.refresh()
            elif operation == "tick":
                await world.queue.tick()
            elif name and operation in {"cancel", "pause", "resume"}:
                await getattr(world.queue, operation)(name)
            elif run in world.machine.runs and operation in {"crash", "done"}:
                world.executor.change(run, state=RunState.ENDED, exit_code=int(operation == "crash"))
            elif name and isinstance(operation, Act):
                await world.queue.apply([JobOrder(job_id=name, act=operation)])
        except JobStateError:
            continue
    # Looks at the executor go on beside: only what stands in the file when all is still can be held against the books.
    await world.close()
    await world.store.start()
    found = dict(await world.rows("SELECT id, state FROM jobs_job"))
    await world.store.stop()
    assert found.keys() == set(names)
    assert len(world.booked) == len({name for name, _ in world.booked})
    assert {name for name, _ in world.booked} == {name for name, state in found.items() if JobState(state).final}


async def test_time_waits_for_nobody(world):
    late = await world.queue.submit(spec(not_before=START + timedelta(hours=1)))
    assert (await tell(world, late, Act.START)).state is JobState.QUEUED
    world.seconds += 3600
    assert (await tell(world, late, Act.START)).state is not JobState.QUEUED


async def fail_writes(world):
    """Let the next write fail."""
    await world.store.read(lambda c: c.execute("PRAGMA query_only = 1").fetchall())


async def test_what_was_counted_is_written_when_the_disk_is_there_again(world):
    job = await started(world)
    for seconds in (6, 11, 11):
        world.seconds += seconds
        await fail_writes(world)
        if seconds == 6:
            await world.queue.tick()
            with pytest.raises(StoreError):
                await world.queue.set_priority(job.job_id, 1)
        else:
            with pytest.raises(StoreError):
                await world.queue.tick()
    world.seconds += 11
    await world.queue.tick()
    assert await world.rows("SELECT run_ms FROM jobs_job") == [(39_000,)]
    world.seconds += 1
    await world.queue.tick()
    await fail_writes(world)
    job = await tell(world, job, Act.STOP)
    assert job.state is JobState.CHECKPOINTING


async def test_a_backup_holds_up_writing_but_no_freezing(world, monkeypatch):
    monkeypatch.setattr(book, "_AT_ONCE_S", 0.05)
    monkeypatch.setattr(queue, "_FLUSH_S", 0.05)
    job = await started(world)
    await world.store.pause()
    assert (await tell(world, job, Act.FREEZE)).state is JobState.PAUSED
    assert world.machine.runs[job.backend_ref].state is RunState.FROZEN
    world.seconds += 11
    await world.queue.tick()
    world.store.resume()
    world.seconds += 11
    await world.queue.tick()
    assert await world.rows("SELECT state FROM jobs_job") == [("paused",)]


async def test_a_start_that_cannot_be_written_is_none(world):
    job = await world.queue.submit(spec())
    await fail_writes(world)
    assert (await tell(world, job, Act.START)).state is JobState.QUEUED
    assert world.machine.launched == []


async def test_a_reference_that_cannot_be_written_is_found_again(world):
    launch = world.executor.launch

    async def then_full(asked):
        ref = await launch(asked)
        await fail_writes(world)
        return ref

    world.executor.launch = then_full
    job = await world.queue.submit(spec())
    await tell(world, job, Act.START)
    await world.queue.refresh()
    assert (await world.queue.get(job.job_id)).state is JobState.RUNNING


async def test_a_slow_executor_holds_up_nobody_and_is_given_up_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(orders, "_MOMENT_S", 0.05)
    world = World(tmp_path / "jobs.db")
    await world.open()
    quick = await started(world)
    begun = asyncio.Event()

    async def never(asked):
        begun.set()
        await asyncio.Event().wait()

    world.executor.launch = never
    slow = await world.queue.submit(spec())
    await tell(world, slow, Act.START)
    assert begun.is_set()
    await world.queue.refresh()
    assert (await tell(world, quick, Act.FREEZE)).state is JobState.PAUSED
    await world.kill()
    await world.open()
    assert (await world.queue.get(slow.job_id)).state is JobState.QUEUED
    await world.close()


async def test_a_job_that_does_not_end_does_not_hold_up_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(queue, "_AFTER_GRACE_S", 0.05)
    world = World(tmp_path / "jobs.db")
    await world.open()
    job = await started(world, grace_s=0.05)
    world.machine.stays = True
    world.seconds += 1
    await world.queue.tick()
    stop = world.executor.stop

    async def stop_then_full():
        await stop()
        await fail_writes(world)
        raise ExecutorUnreachableError("gone")

    world.executor.stop = stop_then_full
    await world.close()
    await world.open()
    assert (await world.queue.get(job.job_id)).reason == Reason.LOST
    await world.close()


async def test_what_changes_while_it_is_looked_at_is_not_judged_by_the_look(remote):
    job = await started(remote)
    look = remote.executor.look

    async def look_while(change):
        seen = await look()
        await change()
        return seen

    remote.executor.look = lambda: look_while(lambda: remote.queue.cancel(job.job_id))
    await remote.queue.refresh()
    remote.executor.look = look
    await remote.queue.refresh()
    assert (await remote.queue.get(job.job_id)).state is JobState.CANCELLED
    held = await started(remote)

    async def lose():
        remote.machine.runs.clear()
        return []

    remote.executor.look = lose
    async with remote.queue._book.lock(held.job_id):
        await remote.queue.refresh()
        assert (await remote.queue.get(held.job_id)).state is JobState.RUNNING
    both = asyncio.gather(remote.queue.refresh(), remote.queue.refresh())
    await both
    assert (await remote.queue.get(held.job_id)).state is JobState.QUEUED


async def test_an_executor_with_a_mistake_of_its_own_is_followed_on(world):
    world.machine.error = KeyError("mistake")
    world.executor.wake()
    await asyncio.sleep(0.05)
    assert world.queue.problem("box") == "executor_failed"
    world.machine.error = None
    world.executor.wake()
    await asyncio.sleep(0.05)
    assert world.queue.problem("box") is None


async def test_a_stranger_that_cannot_be_ended_is_tried_again(remote):
    remote.machine.runs["stranger"] = RunStatus(ref="stranger", state=RunState.RUNNING)
    end = remote.executor.end

    async def away(ref, grace_s):
        raise ExecutorUnreachableError("away")

    remote.executor.end = away
    await remote.queue.refresh()
    assert remote.queue.problem("box") == "executor_unreachable"
    remote.executor.end = end
    remote.executor.wake()
    await asyncio.sleep(0.05)
    assert remote.machine.runs["stranger"].state is RunState.ENDED


async def test_a_damaged_row_is_left_out(world):
    job = await world.queue.submit(spec())
    await world.queue.submit(spec())
    await world.store.write(lambda c: c.execute("UPDATE jobs_job SET spec = '[]' WHERE id = ?", (job.job_id,)))
    await world.kill()
    await world.open()
    assert len(world.queue.jobs) == 1


async def test_an_end_that_was_written_is_not_booked_again(world):
    job = await world.queue.submit(spec())
    ended = await world.queue.cancel(job.job_id)
    assert not await world.store.write(lambda c: finish(c, "heater", [ended]))
    assert len(world.booked) == 1


async def test_a_commit_of_unknown_outcome_is_booked_once(world):
    job = await started(world)
    write = world.store.write

    async def unheard(work):
        await write(work)
        raise StoreUnavailableError("no answer")

    world.executor.change(job.backend_ref, state=RunState.ENDED, exit_code=0)
    world.store.write = unheard
    with pytest.raises(StoreUnavailableError):
        await world.queue.refresh()
    world.store.write = write
    await world.queue.refresh()
    assert (await world.queue.get(job.job_id)).state is JobState.SUCCEEDED
    assert len(world.booked) == 1


async def test_facts_that_come_late_do_not_undo_a_step(world):
    early = await world.queue.submit(spec())
    await world.queue.hold(early.job_id)
    await world.store.write(lambda c: put(c, "heater", [early]))
    assert await world.rows("SELECT state FROM jobs_job") == [("held",)]


@pytest.mark.parametrize("parting", [(), ("box",), ("another",)])
async def test_what_outlives_us_ends_only_where_its_executor_is_left_for_good(tmp_path, parting):
    world = World(tmp_path / "jobs.db")
    world.machine.abilities = KEEPS
    await world.open()
    job = await started(world)
    await world.queue.stop(parting=parting)
    state = RunState.ENDED if parting == ("box",) else RunState.RUNNING
    assert world.machine.runs[job.backend_ref].state is state
    assert await world.rows("SELECT state FROM jobs_job") == [("preempted" if state is RunState.ENDED else "running",)]
    await world.store.stop()


class Leaves(FakeExecutor):
    """An executor that can be left for good."""

    left = ()

    async def part(self, within_s):
        if isinstance(self.left, Exception):
            raise self.left
        return list(self.left)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ((), False),
        (("01J-a1",), "01J-a1"),
        (ExecutorUnreachableError("gone"), "gone"),
        (TimeoutError(), "TimeoutError"),
    ],
)
async def test_what_may_run_on_where_nobody_listens_is_said(left, said, caplog):
    executor = Leaves(Machine())
    executor.left = left
    await part_from([("Cluster", executor), ("Box", FakeExecutor(Machine()))], 0.01)
    assert len(caplog.records) == bool(said)
    assert not said or (said in caplog.text and "Cluster" in caplog.text)


async def test_a_job_that_takes_us_down_each_time_is_given_up(world):
    job = await world.queue.submit(spec())
    for _ in range(lifecycle.LOSSES_MOST):
        world.seconds += 3600
        await tell(world, job, Act.START)
        await world.queue.refresh()
        assert (await world.queue.get(job.job_id)).state is JobState.RUNNING
        await world.kill()
        await world.open()
    job = await world.queue.get(job.job_id)
    assert (job.state, job.reason, job.attempt) == (JobState.FAILED, Reason.LOST_TOO_OFTEN, lifecycle.LOSSES_MOST)
    assert len(world.booked) == 1


async def test_a_mistake_of_an_executor_that_begins_a_job_is_a_failed_attempt_and_said_once(world, caplog):
    async def mistaken(_launch):
        raise KeyError("mistake")

    world.executor.launch = mistaken
    job = await world.queue.submit(spec(max_attempts=3))
    for number in range(1, 4):
        job = await tell(world, job, Act.START)
        assert (job.failures, job.reason) == (number, "executor_failed")
        world.seconds += 3600
    assert job.state is JobState.FAILED
    assert sum("cannot begin a job" in record.message for record in caplog.records) == 1


DAY_S = 86400.0


@pytest.mark.parametrize("set_by_s", [-DAY_S, DAY_S])
async def test_a_clock_that_is_set_makes_no_state_longer_or_shorter(world, set_by_s):
    job = await started(world)
    world.seconds += 20
    assert world.queue.lasted(job) == timedelta(seconds=20)
    world.ahead_s = set_by_s
    world.seconds += 20
    assert world.queue.lasted(job) == timedelta(seconds=40)


@pytest.mark.parametrize("set_by_s", [-DAY_S, DAY_S])
async def test_a_clock_that_is_set_makes_no_back_off_longer_or_shorter(world, set_by_s):
    job = await started(world)
    world.executor.change(job.backend_ref, state=RunState.ENDED, exit_code=1)
    await world.queue.refresh()
    world.ahead_s = set_by_s
    world.seconds += 29
    job = await world.queue.get(job.job_id)
    assert not world.queue.is_startable(job)
    world.seconds += 1
    assert world.queue.is_startable(job)


async def test_a_back_off_begun_by_a_clock_that_was_ahead_is_no_longer_in_another_life(world):
    job = await started(world)
    world.ahead_s = 365 * DAY_S
    world.executor.change(job.backend_ref, state=RunState.ENDED, exit_code=1)
    await world.queue.refresh()
    world.ahead_s = 0.0
    await world.kill()
    await world.open()
    job = await world.queue.get(job.job_id)
    assert world.queue.lasted(job) == timedelta()
    world.seconds += 30
    assert (await tell(world, job, Act.START)).state is not JobState.QUEUED


@pytest.mark.parametrize("set_by_s", [-DAY_S, DAY_S])
async def test_a_job_preempted_too_often_is_left_alone_as_long_as_ever(world, set_by_s):
    job = await world.queue.submit(spec())
    for _ in range(4):
        await tell(world, job, Act.START)
        await world.queue.refresh()
        await tell(world, job, Act.PREEMPT)
        await world.queue.refresh()
    world.ahead_s = set_by_s
    world.seconds += 3590
    await world.queue.tick()
    assert (await world.queue.get(job.job_id)).state is JobState.HELD
    world.seconds += 10
    await world.queue.tick()
    assert (await world.queue.get(job.job_id)).state is JobState.QUEUED


async def test_a_time_that_a_person_named_is_that_of_the_wall(world):
    job = await world.queue.submit(spec(not_before=START + timedelta(hours=1)))
    assert not world.queue.is_startable(job)
    world.ahead_s = 3600.0
    assert world.queue.is_startable(job)
    await world.queue.pause(job.job_id, until=START + timedelta(hours=2))
    world.ahead_s = 7200.0
    await world.queue.tick()
    assert (await world.queue.get(job.job_id)).state is JobState.QUEUED


async def test_checkpoints_stay_as_long_as_a_job_may_go_on_from_them(world):
    first = await world.queue.submit(spec())
    await world.queue.cancel(first.job_id)
    second = await world.queue.retry(first.job_id)
    world.seconds += 10
    await world.queue.cancel(second.job_id)
    assert await world.queue.clear(world.now()) == 1
    assert world.executor.forgotten == []
    third = await world.queue.retry(second.job_id)
    assert third.spec.resumes == first.job_id
    await tell(world, third, Act.START)
    await world.queue.refresh()
    third = await world.queue.get(third.job_id)
    world.executor.change(third.backend_ref, state=RunState.ENDED, exit_code=0)
    await world.queue.refresh()
    world.seconds += 10
    # The second, cancelled, stays; the third says that it was done.
    assert await world.queue.clear(world.now(), {JobState.SUCCEEDED}) == 0
    with pytest.raises(JobStateError):
        await world.queue.retry(second.job_id)
    assert await world.queue.clear(world.now(), {JobState.CANCELLED}) == 1
    assert world.executor.forgotten == [first.job_id]
    assert await world.queue.clear(world.now()) == 1


async def test_a_grace_longer_than_home_assistant_waits_is_said(tmp_path, caplog):
    world = World(tmp_path / "jobs.db")
    await world.open()
    job = await started(world, grace_s=600.0)
    await world.close()
    assert f"Job {job.job_id} gets 60 s to save, not the 600 s" in caplog.text


async def test_what_a_job_drew_since_the_last_count_is_counted_when_it_ends(world):
    job = await started(world)
    await world.queue.tick({"box": 50.0})
    world.seconds += 8
    world.executor.change(job.backend_ref, state=RunState.ENDED, exit_code=0)
    await world.queue.refresh()
    done = await world.queue.get(job.job_id)
    assert (done.state, done.run_s, done.energy_mj) == (JobState.SUCCEEDED, 8.0, 400_000)
    assert await world.rows("SELECT run_ms, energy_mj FROM jobs_job") == [(8000, 400_000)]


async def test_of_several_who_retry_a_job_at_once_one_is_heard(world, monkeypatch):
    job = await world.queue.submit(spec())
    await world.queue.cancel(job.job_id)
    chain = world.queue._book.chain

    async def slow(origin):
        found = await chain(origin)
        await asyncio.sleep(0.01)
        return found

    monkeypatch.setattr(world.queue._book, "chain", slow)
    told = await asyncio.gather(*(world.queue.retry(job.job_id) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, JobStateError) for one in told) == 3


async def test_a_retry_comes_after_what_it_does_again_though_the_clock_was_set_back(world):
    job = await world.queue.submit(spec())
    await world.queue.cancel(job.job_id)
    await world.close()
    world.seconds -= 86_400
    await world.open()
    again = await world.queue.retry(job.job_id)
    assert again.job_id > job.job_id
    with pytest.raises(JobStateError):
        await world.queue.retry(job.job_id)


async def test_a_job_is_counted_from_its_start_and_not_while_it_is_frozen(world):
    job = await world.queue.submit(spec())
    await world.queue.tick({"box": 50.0})
    world.seconds += 7
    await tell(world, job, Act.START)
    await world.queue.refresh()
    world.seconds += 2
    await tell(world, job, Act.FREEZE)
    world.seconds += 3
    await tell(world, job, Act.THAW)
    world.seconds += 1
    await world.queue.tick({"box": 50.0})
    now = await world.queue.get(job.job_id)
    assert (now.run_s, now.energy_mj) == (3.0, 150_000)


async def test_the_attempt_of_a_run_that_is_gone_is_counted_to_the_end_too(world):
    await started(world)
    await world.queue.tick({"box": 50.0})
    world.seconds += 6
    world.machine.runs.clear()
    await world.queue.refresh()
    assert await world.rows("SELECT run_ms, energy_mj FROM jobs_attempt") == [(6000, 300_000)]
