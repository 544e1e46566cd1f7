"""The jobs of one queue: open ones in memory, all of them in the file; written before anything is done about them."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
import logging
import sqlite3
from typing import Protocol
from weakref import WeakValueDictionary

from ..model.errors import StoreError, UnknownJobError
from . import tables
from .job import Job, JobState

_LOGGER = logging.getLogger(__name__)


class JobEvent(StrEnum):
    """What happened to a job."""

    SUBMITTED = "submitted"
    STARTED = "started"
    PROGRESS = "progress"
    CHECKPOINT = "checkpoint"
    PAUSED = "paused"
    RESUMED = "resumed"
    PREEMPTED = "preempted"
    HELD = "held"
    RELEASED = "released"
    RETRIED = "retried"
    """It waits for another attempt after one that failed."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


class JobFile(Protocol):
    """Where jobs are kept: transactions one after the other. Errors: StoreError, also while there is no file."""

    async def write[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in a transaction of its own."""
        ...

    async def read[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Look at something."""
        ...


type OnEvent = Callable[[Job, JobEvent], None]
type Booking = Callable[[sqlite3.Connection, Job], None]
"""Books what a job that has ended earned, inside the transaction that ends it."""

_AT_ONCE_S = 0.5
"""So long is a quieting step held up by the file, which is not written to while a backup is taken."""
_EVENTS = {
    JobState.PAUSED: JobEvent.PAUSED,
    JobState.PREEMPTED: JobEvent.PREEMPTED,
    JobState.HELD: JobEvent.HELD,
    JobState.SUCCEEDED: JobEvent.SUCCEEDED,
    JobState.FAILED: JobEvent.FAILED,
    JobState.CANCELLED: JobEvent.CANCELLED,
    JobState.LOST: JobEvent.LOST,
}


class JobBook:
    """Owner of what is known of the jobs of one heater. Errors: StoreError where a step cannot be written."""

    def __init__(
        self,
        *,
        owner: str,
        store: JobFile,
        book: Booking | None,
        count: Callable[[], None],
        on_event: OnEvent,
        on_step: Callable[[Job], None],
    ) -> None:
        """Prepare; `count` notes what jobs drew until now, before a step changes whether one draws."""
        self._owner = owner
        self._count = count
        self._store = store
        self._book = book
        self._on_event = on_event
        self._on_step = on_step
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unwritten: dict[str, list[Job]] = {}
        self.open: dict[str, Job] = {}
        """Jobs that have not ended, oldest first."""

    async def load(self) -> None:
        """Read the jobs that have not ended."""
        jobs = await self._store.read(lambda connection: tables.open_jobs(connection, self._owner))
        self.open = {job.job_id: job for job in jobs}
        for job in jobs:
            self._on_step(job)

    def lock(self, job_id: str) -> asyncio.Lock:
        """Return what whoever changes a job holds meanwhile."""
        return self._locks.setdefault(job_id, asyncio.Lock())

    async def put(self, *steps: Job) -> Job:
        """Write steps of one job, the end of it together with its revenue, then tell of them."""
        job_id = steps[-1].job_id
        self._count()
        steps = tuple(self._counted(step) for step in steps)
        before = self._unwritten.pop(job_id, None)
        try:
            await self._store.write(lambda connection: self._write(connection, [*(before or ()), *steps]))
        except BaseException:
            if before is not None:
                self._unwritten[job_id] = [*before, *self._unwritten.get(job_id, ())]
            raise
        return self._take(steps)

    async def put_whatever(self, *steps: Job) -> Job:
        """Write steps that quiet a job; they are taken all the same where that cannot be done at once."""
        try:
            async with asyncio.timeout(_AT_ONCE_S):
                return await self.put(*steps)
        except (StoreError, TimeoutError) as error:
            _LOGGER.warning("A job is quieted though that cannot be written: %s", error)
            self._unwritten.setdefault(steps[-1].job_id, []).extend(steps)
            return self._take(steps)

    def note(self, job: Job) -> None:
        """Take facts of a job that are no step; `flush` writes them."""
        if job.job_id in self.open:
            self._unwritten.setdefault(job.job_id, [])
            self._tell_facts(self.open[job.job_id], job)
            self.open[job.job_id] = job

    def is_at_executor(self, job_id: str) -> bool:
        """Tell whether an executor has a run of a job."""
        job = self.open.get(job_id)
        return job is not None and job.state.on_executor

    async def flush(self) -> None:
        """Write the facts noted since."""
        due, self._unwritten = self._unwritten, {}
        batch = [[*steps, self.open[job_id]] for job_id, steps in due.items() if job_id in self.open]
        try:
            if batch:
                await self._store.write(lambda connection: self._write_all(connection, batch))
        except BaseException:
            self._unwritten = due | self._unwritten
            raise

    async def find(self, job_id: str) -> Job:
        """Return a job, ended or not. Errors: UnknownJobError."""
        job = self.open.get(job_id) or await self._store.read(lambda c: tables.find(c, self._owner, job_id))
        if job is None:
            raise UnknownJobError(f"no job {job_id[:40]}", job_id=job_id[:40])
        return job

    async def last_name(self) -> str | None:
        """Return the newest name of a job in the file."""
        return await self._store.read(tables.last_name)

    async def chain(self, origin: str) -> list[Job]:
        """Return a job and those that do it again, newest first."""
        return await self._store.read(lambda c: tables.chain(c, self._owner, origin))

    async def newest(self, states: Collection[JobState], most: int) -> list[Job]:
        """Return jobs in those states, newest first, as they stand now."""
        jobs = await self._store.read(lambda c: tables.newest(c, self._owner, states, most))
        current = (self.open.get(job.job_id, job) for job in jobs)
        return [job for job in current if job.state in states]

    async def counts(self) -> dict[JobState, int]:
        """Return how many jobs there are of each state."""
        return await self._store.read(lambda c: tables.counts(c, self._owner))

    async def history(self, job_id: str) -> list[tables.Transition]:
        """Return every step of a job."""
        return await self._store.read(lambda c: tables.history(c, job_id))

    async def remove(self, states: Collection[JobState], before: datetime) -> list[Job]:
        """Forget jobs that ended before then, and return them."""
        before_ms = round(before.timestamp() * 1000)
        return await self._store.write(lambda c: tables.remove(c, self._owner, states, before_ms))

    def _write(self, connection: sqlite3.Connection, steps: list[Job]) -> None:
        if not steps[-1].state.final:
            tables.put(connection, self._owner, steps)
        elif tables.finish(connection, self._owner, steps) and self._book is not None:
            self._book(connection, steps[-1])

    def _write_all(self, connection: sqlite3.Connection, batch: list[list[Job]]) -> None:
        for steps in batch:
            self._write(connection, steps)

    def _take(self, steps: tuple[Job, ...]) -> Job:
        before = self.open.get(steps[-1].job_id)
        # Some of it was counted while the step was being written.
        job = self._counted(steps[-1])
        self._on_step(job)
        if job.state.final:
            self.open.pop(job.job_id, None)
        else:
            self.open[job.job_id] = job
        for step in steps:
            event = _event(before, step)
            if event is not None:
                self._on_event(step, event)
            before = step
        return job

    def _counted(self, step: Job) -> Job:
        """Return a step with what was counted of its job since it was made."""
        known = self.open.get(step.job_id, step)
        return replace(step, energy_mj=max(step.energy_mj, known.energy_mj), run_s=max(step.run_s, known.run_s))

    def _tell_facts(self, before: Job, job: Job) -> None:
        if job.last_checkpoint != before.last_checkpoint:
            self._on_event(job, JobEvent.CHECKPOINT)
        if job.progress != before.progress:
            self._on_event(job, JobEvent.PROGRESS)


def _event(before: Job | None, job: Job) -> JobEvent | None:
    """Return what a step means to whoever looks on."""
    if before is None:
        return JobEvent.SUBMITTED
    if job.state is before.state:
        return None
    if job.state is JobState.RUNNING:
        return JobEvent.RESUMED if before.state is JobState.PAUSED else JobEvent.STARTED
    if job.state is JobState.QUEUED:
        return JobEvent.RELEASED if before.state is JobState.HELD else JobEvent.RETRIED
    return _EVENTS.get(job.state)
