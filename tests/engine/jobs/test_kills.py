"""A queue with real jobs, killed at random moments: nothing is lost, nothing runs twice, nothing survives."""

import asyncio
from datetime import UTC, datetime
import os
import time

import pytest

from benchmarks.jobs import kill_at_random
from custom_components.hashwarm.engine.jobs import SCHEMA, JobQueue, JobState
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from custom_components.hashwarm.engine.store import Store
from tests.engine.jobs.test_local import SAVES, make, python

KILLS = 3


async def test_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path):
    figures = await asyncio.to_thread(kill_at_random, tmp_path / "kills", KILLS)
    assert figures["jobs"] >= 6
    assert (figures["jobs_lost"], figures["double_runs"], figures["survivors"]) == (0, 0, 0)


class Life:
    def __init__(self, folder):
        def now():
            return datetime.now(UTC)

        self.changed = asyncio.Event()
        self.store = Store(folder / "jobs.db", schemas=(SCHEMA,), now=now)
        self.executor = make(folder / "jobs")
        self.queue = JobQueue(
            owner="heater",
            store=self.store,
            executors={"here": self.executor},
            now=now,
            clock=time.monotonic,
            randomness=os.urandom,
            on_event=lambda job, event: self.changed.set(),
            poll_s=0.2,
        )

    async def start(self):
        await self.store.start()
        await self.queue.start()

    async def stop(self):
        await self.queue.stop()
        await self.store.stop()

    async def tell(self, job, act):
        await self.queue.apply([JobOrder(job_id=job.job_id, act=act)])

    async def until(self, job, holds):
        async with asyncio.timeout(30):
            while not holds(found := await self.queue.get(job.job_id)):
                self.changed.clear()
                await self.changed.wait()
        return found


async def test_heat_off_and_on_again_from_frozen_to_saved_to_the_same_step(tmp_path):
    life = Life(tmp_path)
    await life.start()
    job = await life.queue.submit(python(SAVES.format(save_s=0.3)).spec)
    await life.tell(job, Act.START)
    await life.until(job, lambda found: found.progress and found.state is JobState.RUNNING)
    await life.tell(job, Act.FREEZE)
    await life.tell(job, Act.PREEMPT)
    saved = await life.until(job, lambda found: found.state is JobState.PREEMPTED)
    assert (saved.lost_work, saved.exit_code) == (False, 75)
    await life.tell(job, Act.START)
    again = await life.until(job, lambda found: (found.progress or 0) > saved.progress)
    assert (again.attempt, again.last_checkpoint) == (2, saved.last_checkpoint)
    lines = await life.queue.log(job.job_id, 9999)
    assert int(lines[0].removeprefix("from ")) >= saved.progress * 10000
    await life.stop()
    await life.start()
    assert (await life.queue.get(job.job_id)).reason == "shutdown"
    await life.stop()


@pytest.mark.parametrize("act", [Act.PREEMPT, Act.STOP])
async def test_a_save_that_takes_too_long_is_lost_and_said(tmp_path, act):
    life = Life(tmp_path)
    await life.start()
    job = await life.queue.submit(python(SAVES.format(save_s=60), grace_s=0.3).spec)
    await life.tell(job, Act.START)
    await life.until(job, lambda found: found.progress)
    await life.tell(job, act)
    found = await life.until(job, lambda found: found.state is JobState.PREEMPTED)
    assert (found.lost_work, found.reason) == (True, "grace_over" if act is Act.PREEMPT else "safety")
    await life.stop()
