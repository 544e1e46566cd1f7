"""The durable queue of one heater's AI jobs.

Every step is written before it is acted upon. What an executor was told and did not do, because it could not be reached
or because we were killed in between, is told again after the next look at it.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
import logging

from ..model.dispatch import JobOrder
from ..model.errors import JobStateError, QueueFullError, StoreError
from ..model.protocols import Monotonic, WallClock
from . import lifecycle
from .book import Booking, JobBook, JobEvent, JobFile, OnEvent
from .codec import check, check_priority
from .executor import Abilities, Executor, Forgets, PowerReading
from .follower import Follower
from .job import Job, JobSpec, JobState
from .lifecycle import Reason
from .orders import Orders
from .parting import part_from
from .reconcile import Reconciler
from .stopwatch import Stopwatch
from .tables import Transition
from .tally import Tally
from .ulid import Randomness, UlidSource

_LOGGER = logging.getLogger(__name__)
OPEN_MOST = 500
_POLL_S = 10.0
_FIRST_LOOK_S = 5.0
_STOP_MOST_S = 60.0
_AFTER_GRACE_S = 5.0
_PART_S = 10.0
_FLUSH_S = 1.0


class PauseMode(StrEnum):
    """How a person wants a job to be paused."""

    FREEZE = "freeze"
    CHECKPOINT = "checkpoint"
    AUTO = "auto"
    """Frozen where its executor can do that."""


class JobQueue:
    """Owner of a heater's jobs, and of its executors while it runs. Errors: JobError and StoreError."""

    def __init__(
        self,
        *,
        owner: str,
        store: JobFile,
        executors: Mapping[str, Executor],
        now: WallClock,
        clock: Monotonic,
        randomness: Randomness,
        book: Booking | None = None,
        on_event: OnEvent | None = None,
        poll_s: float = _POLL_S,
    ) -> None:
        """Prepare; `book` books what a job earned inside the transaction that ends it, `owner` names the heater."""
        self._now = now
        self._clock = clock
        self._names = UlidSource(randomness)
        self._on_event = on_event
        self._stepped = asyncio.Event()
        self._stopwatch = Stopwatch(now, clock)
        self._tally = Tally(clock)
        self._powers: Mapping[str, float | None] = {}
        self._book = JobBook(
            owner=owner,
            store=store,
            book=book,
            count=self.count,
            on_event=self._tell,
            on_step=self._stopwatch.note,
        )
        self._followers = {
            executor_id: Follower(executor_id, executor, refresh=self._refresh, poll_s=poll_s)
            for executor_id, executor in executors.items()
        }
        self._orders = Orders(book=self._book, followers=self._followers, now=now, lasted=self.lasted)
        self._reconciler = Reconciler(book=self._book, followers=self._followers, orders=self._orders, now=now)

    async def start(self) -> None:
        """Take up the jobs that an earlier life left, and the executors; one that is away is waited for beside."""
        await self._book.load()
        self._names.after(await self._book.last_name() or "")
        await self._reconciler.give_up_what_died_with_us()
        for follower in self._followers.values():
            follower.start()
        await asyncio.gather(*(follower.seen(_FIRST_LOOK_S) for follower in self._followers.values()))

    async def stop(self, *, parting: Collection[str] = ()) -> None:
        """Save what dies with us, leave running what outlives us, and let go of the executors.

        What runs at those in `parting`, which are left for good, is ended too; what cannot be reached in time is said.
        """
        self._orders.parting = frozenset(parting)
        ending = await self._orders.save_what_dies_with_us()
        longest_s = max((job.spec.grace_s for job in ending), default=0.0)
        for job in ending:
            if job.spec.grace_s > _STOP_MOST_S:
                said = (
                    "Job %s gets %.0f s to save, not the %.0f s that it asks for: Home Assistant does not wait longer"
                )
                _LOGGER.warning(said, job.job_id, _STOP_MOST_S, job.spec.grace_s)
        await self._ended(ending, min(longest_s, _STOP_MOST_S) + _AFTER_GRACE_S)
        await self._orders.stop()
        await part_from([(name, one.executor) for name, one in self._followers.items() if name in parting], _PART_S)
        await asyncio.gather(*(follower.stop() for follower in self._followers.values()))
        try:
            await self._flush()
        except StoreError as error:
            _LOGGER.warning("What jobs drew last is not written: %s", error)

    async def _ended(self, jobs: Collection[Job], timeout_s: float) -> None:
        """Wait until no executor has any of these jobs, so long at most."""
        try:
            async with asyncio.timeout(timeout_s):
                while any(self._book.is_at_executor(job.job_id) for job in jobs):
                    self._stepped.clear()
                    await self._stepped.wait()
        except TimeoutError:
            _LOGGER.warning("Jobs did not end within their grace, and are ended for good")

    @property
    def jobs(self) -> list[Job]:
        """The jobs that have not ended, in the order in which they get watts."""
        return lifecycle.in_order(self._book.open.values(), self._now())

    def share(self, job_id: str) -> float:
        """Return the share of its speed that a job was last given."""
        return self._orders.shares.get(job_id, 1.0)

    def is_startable(self, job: Job) -> bool:
        """Tell whether a job may be started now, by itself and by its executor."""
        follower = self._followers.get(job.spec.executor_id)
        is_time = lifecycle.is_startable(job, self._now(), self.lasted(job))
        return follower is not None and follower.usable and is_time

    def lasted(self, job: Job) -> timedelta:
        """Return how long a job has been in its state, whatever the clock was set to meanwhile."""
        return self._stopwatch.lasted(job)

    def problem(self, executor_id: str) -> str | None:
        """Return why an executor cannot be used now, as a translation key."""
        follower = self._followers.get(executor_id)
        if follower is None:
            return "executor_gone"
        return follower.problem.key if follower.problem else None

    def abilities(self, executor_id: str) -> Abilities | None:
        """Return what an executor can do, None where there is none of that name."""
        follower = self._followers.get(executor_id)
        return follower.executor.abilities if follower else None

    def powers(self) -> dict[str, PowerReading]:
        """Return what the runs of each executor draw."""
        return {executor_id: follower.power() for executor_id, follower in self._followers.items()}

    async def submit(self, spec: JobSpec) -> Job:
        """Take in a job. Errors: InvalidValueError, QueueFullError, StoreError."""
        check(spec)
        if len(self._book.open) >= OPEN_MOST:
            raise QueueFullError(f"{OPEN_MOST} jobs wait", most=str(OPEN_MOST))
        now = self._now()
        return await self._book.put(lifecycle.submitted(self._names.next(now), spec, now))

    async def cancel(self, job_id: str, *, force: bool = False) -> Job:
        """End a job for good, with its grace or at once."""
        async with self._book.lock(job_id):
            job = await self._open(job_id)
            reason = Reason.FORCED if force else Reason.PERSON
            if not job.state.on_executor:
                return await self._book.put(lifecycle.cancelled(job, self._now(), reason))
            stopping = replace(job, reason=reason)
            if job.state is not JobState.STOPPING:
                stopping = lifecycle.cancelled(job, self._now(), reason)
            stopping = await self._book.put_whatever(stopping)
            await self._orders.make_so(stopping)
            if job.state is JobState.STARTING and self._outlives_us(job):
                # It has not begun; should it ever, it is a stranger and is ended.
                return await self._book.put(lifecycle.move(stopping, JobState.CANCELLED, self._now(), reason))
            return stopping

    async def pause(self, job_id: str, mode: PauseMode = PauseMode.AUTO, *, until: datetime | None = None) -> Job:
        """Quiet a job until then, or until a person lets it go on; the dispatcher does not."""
        async with self._book.lock(job_id):
            job = await self._open(job_id)
            if not job.state.on_executor:
                job = job if job.state is JobState.HELD else lifecycle.held(job, self._now())
                return await self._book.put(replace(job, held_by_person=True, reason=Reason.PERSON, not_before=until))
            if job.state is JobState.CHECKPOINTING:
                # It is being saved already; it only is not to go on by itself.
                job = replace(job, held_by_person=True, reason=Reason.PERSON)
            elif mode is not PauseMode.CHECKPOINT and self._freezes(job):
                paused = job if job.state is JobState.PAUSED else lifecycle.move(job, JobState.PAUSED, self._now())
                job = replace(paused, held_by_person=True, reason=Reason.PERSON)
            elif mode is PauseMode.FREEZE:
                raise JobStateError("its executor cannot freeze it", state=job.state.value)
            else:
                job = lifecycle.ending(job, self._now(), Reason.PERSON, by_person=True)
            job = await self._book.put_whatever(replace(job, not_before=until))
            await self._orders.make_so(job)
            return job

    async def hold(self, job_id: str) -> Job:
        """Keep a job from starting; one that runs is saved and ended first."""
        return await self.pause(job_id, PauseMode.CHECKPOINT)

    async def resume(self, job_id: str) -> Job:
        """Take back a person's pause; whether the job then runs is up to the heat."""
        async with self._book.lock(job_id):
            job = await self._open(job_id)
            if job.state is not JobState.HELD and not job.held_by_person:
                raise JobStateError("nobody paused it", state=job.state.value)
            return await self._book.put(lifecycle.let_go(job, self._now()))

    async def release(self, job_id: str) -> Job:
        """Let a job that was held start again."""
        return await self.resume(job_id)

    async def retry(self, job_id: str) -> Job:
        """Submit a job that did not succeed once more, to go on from its last checkpoint."""
        origin = lifecycle.origin(await self._book.find(job_id))
        # Of two who ask at the same time the second finds what the first submitted.
        async with self._book.lock(f"again/{origin}"):
            job, newest = await self._book.find(job_id), (await self._book.chain(origin))[0]
            for each in (job, newest):
                if each.state not in {JobState.FAILED, JobState.CANCELLED}:
                    raise JobStateError("it has not ended, or was submitted again already", state=each.state.value)
            return await self.submit(lifecycle.again(newest))

    async def set_priority(self, job_id: str, priority: int) -> Job:
        """Let a job go before or behind others."""
        check_priority(priority)
        async with self._book.lock(job_id):
            job = await self._open(job_id)
            return await self._book.put(replace(job, spec=replace(job.spec, priority=priority)))

    async def get(self, job_id: str) -> Job:
        """Return a job. Errors: UnknownJobError."""
        return await self._book.find(job_id)

    async def history(self, job_id: str) -> list[Transition]:
        """Return every step of a job."""
        return await self._book.history((await self._book.find(job_id)).job_id)

    async def list_jobs(self, states: Collection[JobState] = tuple(JobState), limit: int = OPEN_MOST) -> list[Job]:
        """Return jobs in those states, newest first."""
        return await self._book.newest(states, limit)

    async def counts(self) -> dict[JobState, int]:
        """Return how many jobs there are of each state."""
        return await self._book.counts()

    async def log(self, job_id: str, lines: int = 100) -> list[str]:
        """Return the last lines that a job's newest run said. Errors: ExecutorError."""
        job = await self._book.find(job_id)
        follower = self._followers.get(job.spec.executor_id)
        return [] if follower is None or not job.attempt else await follower.executor.log(lifecycle.ref(job), lines)

    async def clear(self, before: datetime, states: Collection[JobState] = tuple(JobState)) -> int:
        """Forget jobs that ended before then, with what executors keep of them; return how many."""
        gone = await self._book.remove(states, before)
        for origin, executor_id in {(lifecycle.origin(job), job.spec.executor_id) for job in gone}:
            follower = self._followers.get(executor_id)
            if follower is None or not isinstance(follower.executor, Forgets):
                continue
            if not lifecycle.needs_checkpoints(await self._book.chain(origin)):
                await follower.executor.forget(origin)
        return len(gone)

    async def apply(self, orders: Iterable[JobOrder]) -> None:
        """Do what the dispatcher decided; what takes longer than a moment goes on beside."""
        await self._orders.apply(orders)

    async def tick(self, power_w: Mapping[str, float | None] | None = None) -> None:
        """Count energy and time of what runs, and do what has come due. Power in W by executor, else their own word.

        Errors: StoreError; what was counted is written with the next tick then.
        """
        self.count(power_w)
        await self.settle()

    def count(self, power_w: Mapping[str, float | None] | None = None) -> None:
        """Count energy and time of what runs, by what was told last where nothing is; `settle` writes it."""
        if power_w is not None:
            self._powers = power_w
        powers = self._powers or {name: reading.power_w for name, reading in self.powers().items()}
        for job in self._tally.count(list(self._book.open.values()), powers, self._orders.shares):
            self._book.note(job)

    async def settle(self) -> None:
        """Do what has come due, and write what was counted. Errors: StoreError, and it is written later."""
        await self._orders.do_what_is_due()
        if self._tally.is_time_to_write():
            await self._flush()

    async def _flush(self) -> None:
        """Write what was counted; while a backup is taken that waits for a later tick. Errors: StoreError."""
        try:
            async with asyncio.timeout(_FLUSH_S):
                await self._book.flush()
        except TimeoutError:
            _LOGGER.debug("What jobs drew is written later")

    async def refresh(self) -> None:
        """Look at every executor that can be used, now. Errors: ExecutorError."""
        await asyncio.gather(*(self._refresh(name) for name, one in self._followers.items() if one.usable))

    async def _refresh(self, executor_id: str) -> None:
        await self._reconciler.refresh(executor_id)

    def _tell(self, job: Job, event: JobEvent) -> None:
        self._stepped.set()
        if self._on_event is not None:
            self._on_event(job, event)

    async def _open(self, job_id: str) -> Job:
        """Return a job that has not ended. Errors: UnknownJobError, JobStateError."""
        job = await self._book.find(job_id)
        if job.state.final:
            raise JobStateError("it has ended", state=job.state.value)
        return job

    def _outlives_us(self, job: Job) -> bool:
        follower = self._followers.get(job.spec.executor_id)
        return follower is not None and follower.executor.abilities.keeps_runs

    def _freezes(self, job: Job) -> bool:
        follower = self._followers.get(job.spec.executor_id)
        running = job.state in {JobState.STARTING, JobState.RUNNING, JobState.PAUSED}
        return running and follower is not None and follower.executor.abilities.freezes
