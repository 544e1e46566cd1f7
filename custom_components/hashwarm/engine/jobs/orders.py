"""Carries out what jobs are told: the step is written, then the executor does it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
import logging

from ..model.dispatch import Act, JobOrder
from ..model.errors import ExecutorAuthError, ExecutorError, ExecutorUnreachableError, HashwarmError, StoreError
from ..model.protocols import WallClock
from . import lifecycle
from .book import JobBook
from .executor import Launch
from .follower import Follower
from .job import Job, JobState
from .lifecycle import Reason

_LOGGER = logging.getLogger(__name__)
_MOMENT_S = 1.0
"""So long at most does the dispatcher wait for its orders to be carried out."""
_QUIETABLE = frozenset({JobState.STARTING, JobState.RUNNING})
_ENDABLE = frozenset({*_QUIETABLE, JobState.PAUSED})


class Orders:
    """Owner of the tasks that carry out orders."""

    def __init__(
        self, *, book: JobBook, followers: Mapping[str, Follower], now: WallClock, lasted: Callable[[Job], timedelta]
    ) -> None:
        self._book = book
        self._followers = followers
        self._now = now
        self._lasted = lasted
        self._tasks: set[asyncio.Task[None]] = set()
        self._said: set[tuple[str, str]] = set()
        self.shares: dict[str, float] = {}
        """The share of their speed that jobs were given, where it is not all of it."""
        self.parting: frozenset[str] = frozenset()
        """Executors that are left for good: what outlives us there ends like what does not."""

    async def apply(self, orders: Iterable[JobOrder]) -> None:
        """Carry out orders, each job's on its own; returns after a moment, whatever an executor takes longer for."""
        tasks = [asyncio.create_task(self._guarded(order)) for order in orders]
        self._tasks.update(tasks)
        for task in tasks:
            task.add_done_callback(self._tasks.discard)
        if tasks:
            await asyncio.wait(tasks, timeout=_MOMENT_S)

    async def stop(self) -> None:
        """End what is still being carried out; what was written of it is done after the next start."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def save_what_dies_with_us(self) -> list[Job]:
        """Tell every job to save and end whose run would not outlive us, and return those jobs."""
        dying = [job for job in self._book.open.values() if job.state.on_executor and not self._keeps_runs(job)]
        await asyncio.gather(*(self._save(job.job_id) for job in dying))
        return dying

    async def do_what_is_due(self) -> None:
        """Let jobs wait for a start again that were left alone for long enough, and end those that run for too long."""
        for job in list(self._book.open.values()):
            most_s = job.spec.max_runtime_s
            if lifecycle.is_due(job, self._now(), self._lasted(job)):
                await self._locked(job.job_id, self._release)
            elif most_s is not None and job.run_s > most_s and job.state in _ENDABLE:
                await self._locked(job.job_id, self._end_for_good)

    async def make_so(self, job: Job) -> None:
        """Tell a job's executor how its run should stand; what fails is told again after the next look."""
        follower = self._followers.get(job.spec.executor_id)
        if follower is None or not job.state.on_executor:
            return
        executor, ref = follower.executor, lifecycle.ref(job)
        try:
            if job.state is JobState.PAUSED:
                await executor.freeze(ref)
            elif job.state is JobState.RUNNING:
                await executor.thaw(ref)
            elif job.state in {JobState.CHECKPOINTING, JobState.STOPPING}:
                await executor.end(ref, lifecycle.grace_s(job))
        except ExecutorError as error:
            follower.failed(error)
            follower.wake()

    async def _guarded(self, order: JobOrder) -> None:
        try:
            await self._locked(order.job_id, lambda job: self._obey(job, order))
        except HashwarmError as error:
            _LOGGER.warning("Job %s could not be told: %s", order.job_id, error)

    async def _locked(self, job_id: str, work: Callable[[Job], Awaitable[None]]) -> None:
        """Do something with a job as it stands when nobody else changes it; nothing where it has ended."""
        if job_id not in self._book.open:
            return
        async with self._book.lock(job_id):
            job = self._book.open.get(job_id)
            if job is not None:
                await work(job)

    async def _obey(self, job: Job, order: JobOrder) -> None:
        """Do what fits the job as it stands; the dispatcher may have seen it a moment ago."""
        match order.act:
            case Act.START:
                await self._launch(job)
            case Act.FREEZE if job.state in _QUIETABLE:
                await self._tell(lifecycle.move(job, JobState.PAUSED, self._now(), Reason.NO_HEAT))
            case Act.THAW if job.state is JobState.PAUSED and not job.held_by_person:
                await self._thaw(job)
            case Act.PREEMPT if job.state in _ENDABLE:
                await self._tell(lifecycle.ending(job, self._now(), Reason.NO_HEAT))
            case Act.STOP if job.state in _ENDABLE:
                await self._tell(lifecycle.ending(job, self._now(), Reason.SAFETY))
            case Act.STOP if job.state is JobState.CHECKPOINTING:
                await self._tell(replace(job, reason=Reason.SAFETY))
        await self._throttle(job.job_id, order.share)

    async def _tell(self, job: Job) -> None:
        await self.make_so(await self._book.put_whatever(job))

    async def _thaw(self, job: Job) -> None:
        await self.make_so(await self._book.put(lifecycle.move(job, JobState.RUNNING, self._now())))

    async def _launch(self, job: Job) -> None:
        """Write the attempt, then begin it. One whose begin nobody can tell is looked for before it is begun anew."""
        follower = self._followers.get(job.spec.executor_id)
        free = follower is not None and follower.usable and self._runs(job.spec.executor_id) < _slots(follower)
        if follower is None or not free or not lifecycle.is_startable(job, self._now(), self._lasted(job)):
            return
        job = await self._book.put(lifecycle.starting(job, self._now()))
        self.shares.pop(job.job_id, None)
        try:
            ref = await follower.executor.launch(Launch(job_id=job.job_id, attempt=job.attempt, spec=job.spec))
        except ExecutorUnreachableError as error:
            follower.failed(error)
        except ExecutorAuthError as error:
            follower.failed(error)
            await self._book.put(lifecycle.put_off(job, self._now(), error.key))
        except ExecutorError as error:
            await self._book.put(lifecycle.refused(job, self._now(), error.key))
        except Exception as error:  # noqa: BLE001 - it is said, and the attempt is over
            # Whatever it began all the same is a stranger now, and ended. Without an end of this attempt the job would
            # be lost and begun anew for ever.
            self._say_once(follower, error)
            await self._book.put(lifecycle.refused(job, self._now(), ExecutorError.key))
        else:
            await self._launched(replace(job, backend_ref=ref))
        follower.wake()

    def _say_once(self, follower: Follower, error: Exception) -> None:
        known = (follower.executor_id, repr(error))
        if known not in self._said:
            _LOGGER.error("%s cannot begin a job", follower.executor_id, exc_info=error)
        self._said.add(known)

    async def _launched(self, job: Job) -> None:
        """Write what the executor knows the run by; where that fails it is found again by its name."""
        try:
            await self._book.put(job)
        except StoreError as error:
            _LOGGER.warning("The reference of a run is not written: %s", error)
            self._book.note(job)

    def _runs(self, executor_id: str) -> int:
        jobs = self._book.open.values()
        return sum(job.state.on_executor and job.spec.executor_id == executor_id for job in jobs)

    async def _throttle(self, job_id: str, share: float) -> None:
        job = self._book.open.get(job_id)
        follower = None if job is None else self._followers.get(job.spec.executor_id)
        if job is None or follower is None or job.state not in _ENDABLE or self.shares.get(job_id, 1.0) == share:
            return
        if not follower.executor.abilities.throttles:
            return
        try:
            await follower.executor.throttle(lifecycle.ref(job), share)
        except ExecutorError as error:
            follower.failed(error)
            return
        self.shares[job_id] = share

    async def _save(self, job_id: str) -> None:
        await self._locked(job_id, self._save_locked)

    async def _save_locked(self, job: Job) -> None:
        if job.state in _ENDABLE:
            await self._tell(lifecycle.ending(job, self._now(), Reason.SHUTDOWN))

    async def _release(self, job: Job) -> None:
        if lifecycle.is_due(job, self._now(), self._lasted(job)):
            await self._book.put(lifecycle.let_go(job, self._now()))

    async def _end_for_good(self, job: Job) -> None:
        if job.state in _ENDABLE:
            await self._tell(lifecycle.cancelled(job, self._now(), Reason.TOO_LONG))

    def _keeps_runs(self, job: Job) -> bool:
        follower = self._followers.get(job.spec.executor_id)
        leaves = job.spec.executor_id in self.parting
        return follower is not None and follower.executor.abilities.keeps_runs and not leaves


def _slots(follower: Follower) -> int:
    return follower.executor.abilities.slots
