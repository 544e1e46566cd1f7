"""A person's pause that ends by itself."""

from datetime import timedelta

import pytest

from custom_components.hashwarm.engine.jobs import JobState, PauseMode
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from custom_components.hashwarm.engine.model.errors import JobStateError

HALF_AN_HOUR_S = 1800.0


@pytest.fixture
def in_half_an_hour(world):
    return world.now() + timedelta(seconds=HALF_AN_HOUR_S)


async def started(world, make_spec):
    job = await world.queue.submit(make_spec())
    await world.queue.apply([JobOrder(job_id=job.job_id, act=Act.START)])
    await world.queue.refresh()
    return await world.queue.get(job.job_id)


async def after(world, seconds, job):
    world.seconds += seconds
    await world.queue.tick()
    return await world.queue.get(job.job_id)


async def test_a_frozen_job_is_let_go_when_its_time_is_over(world, make_spec, in_half_an_hour):
    job = await started(world, make_spec)
    assert (await world.queue.pause(job.job_id, until=in_half_an_hour)).state is JobState.PAUSED
    assert (await after(world, HALF_AN_HOUR_S - 1.0, job)).held_by_person
    job = await after(world, 2.0, job)
    assert (job.state, job.held_by_person, job.not_before) == (JobState.PAUSED, False, None)
    await world.queue.apply([JobOrder(job_id=job.job_id, act=Act.THAW)])
    assert (await world.queue.get(job.job_id)).state is JobState.RUNNING


@pytest.mark.parametrize("runs", [True, False])
async def test_a_held_job_waits_for_a_start_when_its_time_is_over(world, make_spec, in_half_an_hour, runs):
    job = await started(world, make_spec) if runs else await world.queue.submit(make_spec())
    await world.queue.pause(job.job_id, PauseMode.CHECKPOINT, until=in_half_an_hour)
    await world.queue.refresh()
    assert (await after(world, HALF_AN_HOUR_S - 1.0, job)).state is JobState.HELD
    job = await after(world, 2.0, job)
    assert (job.state, job.held_by_person, job.not_before) == (JobState.QUEUED, False, None)


async def test_its_end_outlives_us(world, make_spec, in_half_an_hour):
    job = await world.queue.submit(make_spec())
    await world.queue.pause(job.job_id, until=in_half_an_hour)
    await world.close()
    await world.open()
    assert (await after(world, 1.0, job)).state is JobState.HELD
    assert (await after(world, HALF_AN_HOUR_S, job)).state is JobState.QUEUED


async def test_the_last_word_counts(world, make_spec, in_half_an_hour):
    job = await world.queue.submit(make_spec())
    await world.queue.pause(job.job_id, until=in_half_an_hour)
    assert (await world.queue.pause(job.job_id)).not_before is None
    assert (await after(world, 1e6, job)).state is JobState.HELD
    assert (await world.queue.resume(job.job_id)).state is JobState.QUEUED
    with pytest.raises(JobStateError):
        await world.queue.resume(job.job_id)


async def test_a_frozen_job_may_be_let_go_early(world, make_spec, in_half_an_hour):
    job = await started(world, make_spec)
    await world.queue.pause(job.job_id, until=in_half_an_hour)
    job = await world.queue.resume(job.job_id)
    assert (job.state, job.held_by_person, job.not_before) == (JobState.PAUSED, False, None)
