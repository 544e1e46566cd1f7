"""Brings what is written of jobs and what executors do together."""

import asyncio
from collections.abc import Mapping
from typing import assert_never

from ..model.errors import ExecutorError
from ..model.protocols import WallClock
from . import lifecycle
from .book import JobBook
from .executor import RunState, RunStatus
from .follower import Follower
from .job import Job, JobState
from .orders import Orders

_ALIVE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.FROZEN})


class Reconciler:
    """Looks at executors and takes what it sees into the book."""

    def __init__(self, *, book: JobBook, followers: Mapping[str, Follower], orders: Orders, now: WallClock) -> None:
        self._book = book
        self._followers = followers
        self._orders = orders
        self._now = now
        self._turns = {executor_id: asyncio.Lock() for executor_id in followers}

    async def give_up_what_died_with_us(self) -> None:
        """Queue again what ran at executors whose runs do not outlive us; their start ends what is left of it."""
        for job in list(self._book.open.values()):
            follower = self._followers.get(job.spec.executor_id)
            if job.state.on_executor and (follower is None or not follower.executor.abilities.keeps_runs):
                await self._book.put(*lifecycle.lost(job, self._now()))

    async def refresh(self, executor_id: str) -> None:
        """Look at an executor and do what follows. Errors: ExecutorError, StoreError."""
        async with self._turns[executor_id]:
            await self._refresh(self._followers[executor_id])

    async def _refresh(self, follower: Follower) -> None:
        executor_id = follower.executor_id
        before = self._steady(executor_id)
        all_steady = len(before) == len(self._at(executor_id))
        runs = {run.ref: run for run in await follower.look()}
        for job_id, revision in before.items():
            await self._compare(job_id, revision, runs)
        if all_steady and self._steady(executor_id).keys() <= before.keys():
            await self._end_strangers(follower, runs)

    def _at(self, executor_id: str) -> list[Job]:
        jobs = self._book.open.values()
        return [job for job in jobs if job.spec.executor_id == executor_id and job.state.on_executor]

    def _steady(self, executor_id: str) -> dict[str, int]:
        """Return the revisions of the jobs at an executor that nobody is changing."""
        jobs = self._at(executor_id)
        return {job.job_id: job.revision for job in jobs if not self._book.lock(job.job_id).locked()}

    async def _compare(self, job_id: str, revision: int, runs: Mapping[str, RunStatus]) -> None:
        if self._book.lock(job_id).locked():
            return
        async with self._book.lock(job_id):
            job = self._book.open.get(job_id)
            if job is None or not job.state.on_executor:
                return
            run = runs.get(lifecycle.ref(job))
            if run is not None:
                await self._take(job, run)
            elif job.revision == revision:
                await self._book.put(*lifecycle.lost(job, self._now()))

    async def _take(self, job: Job, run: RunStatus) -> None:
        match run.state:
            case RunState.ENDED:
                await self._book.put(*lifecycle.ended(job, run, self._now()))
            case RunState.LOST:
                await self._book.put(*lifecycle.lost(job, self._now()))
            case RunState.STARTING | RunState.RUNNING | RunState.FROZEN | RunState.ENDING:
                await self._take_alive(job, run)
            case _:
                assert_never(run.state)

    async def _take_alive(self, job: Job, run: RunStatus) -> None:
        """Note what a run tells, and tell it again what it was told and does not do."""
        known, job = job, lifecycle.told(job, run)
        if job.state is JobState.STARTING and run.state in {RunState.RUNNING, RunState.FROZEN}:
            job = await self._book.put(lifecycle.move(job, JobState.RUNNING, self._now()))
        elif _saved(job) != _saved(known):
            self._book.note(job)
            await self._book.flush()
        elif job != known:
            self._book.note(job)
        begun = RunState.RUNNING if run.state is RunState.STARTING else run.state
        if begun not in {lifecycle.wanted(job), RunState.ENDING}:
            await self._orders.make_so(job)

    async def _end_strangers(self, follower: Follower, runs: Mapping[str, RunStatus]) -> None:
        """End runs that are no attempt of any job: their beginning was given up, or their job cancelled."""
        ours = {lifecycle.ref(job) for job in self._at(follower.executor_id)}
        for run in runs.values():
            if run.ref not in ours and run.state in _ALIVE:
                try:
                    await follower.executor.end(run.ref, 0.0)
                except ExecutorError as error:
                    follower.failed(error)


def _saved(job: Job) -> tuple[object, ...]:
    """Return what a kill must not take back."""
    return job.safe_nano, job.last_checkpoint, job.losses
