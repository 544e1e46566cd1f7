"""Jobs on a Ray cluster, over the REST API of its head. The queue is ours: what is submitted should run now."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import override

import aiohttp
from yarl import URL

from ...model.errors import ExecutorError, ExecutorRefusedError, ExecutorUnreachableError
from ...model.protocols import WallClock
from ..environment import Secrets, no_secret, resolved
from ..executor import EXIT_SAVED, Abilities, Executor, Launch, Parts, PowerReading, RunState, RunStatus
from . import ray_answers
from .answers import TooLongError, record, text
from .growing_log import GrowingLog
from .ray_answers import ClusterResources, RayJob, RayState
from .ray_run import RayRun
from .web import ANSWER_S, NOT_FOUND, SERVER_ERROR, WebClient

LARGEST_LOG = 8 << 20
CHECKPOINT_ROOT = "/tmp/hashwarm"  # noqa: S108
TOKEN_MODE = "token"  # noqa: S105 - what a head says of itself
_REMEMBERED = timedelta(days=1)
_MOST_ENDED = 100
_RESOURCES_EVERY = timedelta(minutes=1)
_DOUBT = timedelta(seconds=60)
_PACE = timedelta(seconds=1) / (1 << 16)
"""A log is told whole each time, so that a longer one is asked for less often: this long for each of its characters."""
_LOG_TRIES = 3
_JOBS = "/api/jobs/"


class RayExecutor(Executor, Parts):
    """Runs jobs on a Ray cluster. `owner` tells our jobs from those of another home on the same cluster.

    Every job gets a folder for its checkpoints below `checkpoint_root`, which it has to make itself. Its grace is what
    it was submitted with. A job that waits for room at the head counts as ended as soon as it is told to end.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        *,
        owner: str,
        now: WallClock,
        token: str | None = None,
        slots: int = 1,
        currency: str | None = None,
        checkpoint_root: str = CHECKPOINT_ROOT,
        secrets: Secrets | None = None,
        transit_poll_s: float = 1.0,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.url = url
        self._web = WebClient(session, url, token=token, answer_s=answer_s)
        self._owner = owner
        self._now = now
        self._currency = currency
        self._checkpoint_root = checkpoint_root
        self._secrets = secrets or no_secret
        self._mode: str | None = TOKEN_MODE
        self._transit_poll_s = transit_poll_s
        self._abilities = Abilities(keeps_runs=True, slots=slots)
        self._runs: dict[str, RayRun] = {}
        self._wake: Callable[[], None] = lambda: None
        self._looking = asyncio.Lock()
        self._watcher: asyncio.Task[None] | None = None
        self._in_transit = asyncio.Event()
        self.resources: ClusterResources | None = None
        """What the cluster has and uses, None while it does not tell."""
        self._resources_due: datetime | None = None

    @property
    @override
    def abilities(self) -> Abilities:
        """What it can do."""
        return self._abilities

    @property
    def is_open_to_all(self) -> bool:
        """Whether the head, as it said last, lets anybody in its network run anything."""
        return self._mode != TOKEN_MODE

    @override
    async def start(self) -> None:
        """Find the head and take up again what an earlier life submitted. Errors: ExecutorError and its kin."""
        self._mode = await self.authentication_mode()
        told = await self._web.json("GET", _JOBS)
        ours = ray_answers.jobs_of(told, self._owner)
        since = self._now() - _REMEMBERED
        ended = [job for job in ours if job.state.final and job.ended_at is not None and job.ended_at > since]
        ended.sort(key=lambda job: job.ended_at or since)
        for job in [*ended[-_MOST_ENDED:], *(job for job in ours if not job.state.final)]:
            self._adopt(job)
        self._watcher = asyncio.create_task(self._watch(), name="runs at Ray")

    @override
    async def stop(self) -> None:
        """Let go; the cluster goes on with what it has."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None

    @override
    async def part(self, within_s: float) -> list[str]:
        """End all runs of ours, each with its grace; return those of which the head was not told in that time.

        One that it has not begun is among them: a head stops it only when it begins. Errors: ExecutorError and its kin.
        """
        if self._watcher is None:
            await self.start()
        ends_s = asyncio.get_running_loop().time() + within_s
        while True:
            try:
                for run in list(self._runs.values()):
                    await self.end(run.ref, 0.0)
                await self.look()
            except ExecutorError:
                if asyncio.get_running_loop().time() >= ends_s:
                    raise
            untold = [run.ref for run in self._runs.values() if not run.is_told_to_end]
            if not untold or asyncio.get_running_loop().time() >= ends_s:
                return untold
            await asyncio.sleep(self._transit_poll_s)

    @override
    async def launch(self, launch: Launch) -> str:
        """Submit it. Errors: ExecutorUnreachableError where nobody can tell whether it was; ExecutorError and kin."""
        given = await asyncio.to_thread(resolved, launch.spec.environment, self._secrets)
        telling = replace(launch, spec=replace(launch.spec, environment=given))
        body = ray_answers.submission(telling, owner=self._owner, checkpoint_root=self._checkpoint_root)
        run = RayRun(ref=launch.run_id, log=GrowingLog(self._currency), power_w=launch.spec.expected_power_w)
        try:
            answer = await self._web.request("POST", _JOBS, body=body)
            if answer.status == SERVER_ERROR:
                await self._adopt_twin(launch.run_id)
                return launch.run_id
            answer.checked()
        except ExecutorUnreachableError:
            run.doubtful_until = self._now() + _DOUBT
            self._keep(run)
            raise
        self._keep(run)
        return run.ref

    @override
    async def freeze(self, ref: str) -> None:
        """Refused: the head stops a frozen job's processes without letting them save."""
        raise ExecutorRefusedError("Ray freezes no jobs")

    @override
    async def thaw(self, ref: str) -> None:
        """Do nothing: nothing is ever frozen."""

    @override
    async def throttle(self, ref: str, share: float) -> None:
        """Refused."""
        raise ExecutorRefusedError("Ray throttles no jobs")

    @override
    async def end(self, ref: str, grace_s: float) -> None:
        """Tell it to save and end. Errors: ExecutorError and its kin; it is told again at every look until it was."""
        run = self._runs.get(ref)
        if run is None:
            run = self._runs[ref] = RayRun(ref=ref, log=GrowingLog(self._currency), adopted=True)
        if run.stop_wanted or run.state in {RunState.ENDED, RunState.LOST}:
            return
        run.stop_wanted = True
        self._in_transit.set()
        await self._refresh(run)

    @override
    async def look(self) -> list[RunStatus]:
        """Ask the head about every run that has not ended. Errors: ExecutorError and its kin."""
        async with self._looking:
            if not any(run.is_open for run in self._runs.values()):
                await self.version()
            for run in [run for run in self._runs.values() if run.is_open]:
                await self._refresh(run)
            await self._look_at_cluster()
            return [run.status() for run in self._runs.values()]

    @override
    async def log(self, ref: str, lines: int) -> list[str]:
        """Return the last lines a run said, as far as they are known. Errors: ExecutorRefusedError for a stranger."""
        run = self._runs.get(ref)
        if run is None:
            raise ExecutorRefusedError(f"no run {ref}")
        if run.state is not RunState.LOST:
            async with run.lock:
                await self._read_log(run)
        return run.log.told.ring.last(lines)

    @override
    def power(self) -> PowerReading:
        """Return what the runs are expected to draw; unknown where one of them was submitted without."""
        drawing = [run for run in self._runs.values() if run.state in {RunState.RUNNING, RunState.ENDING}]
        known = [run.power_w for run in drawing if run.power_w is not None]
        if len(known) < len(drawing):
            return PowerReading()
        return PowerReading(power_w=sum(known), source="estimated")

    @override
    def attach(self, wake: Callable[[], None]) -> None:
        """Call this when a run begins or ends."""
        self._wake = wake

    async def version(self) -> str | None:
        """Return the version of Ray. Errors: ExecutorError and its kin."""
        return text(record(await self._web.json("GET", "/api/version")).get("ray_version"))

    async def authentication_mode(self) -> str | None:
        """Return `token` or `disabled`; a head before 2.52 knows no tokens and tells nothing, which is None.

        Errors: ExecutorError and its kin.
        """
        answer = await self._web.request("GET", "/api/authentication_mode")
        if answer.status == NOT_FOUND:
            return None
        return text(record(answer.json()).get("authentication_mode"))

    async def cluster(self) -> ClusterResources:
        """Return what the cluster has and what of it is in use. Errors: ExecutorError and its kin."""
        return ray_answers.cluster(await self._web.json("GET", "/api/cluster_status"))

    async def _look_at_cluster(self) -> None:
        """Ask what the cluster has, now and then; a head that does not tell that is no worse for it."""
        if self._lies_ahead(self._resources_due, _RESOURCES_EVERY):
            return
        self._resources_due = self._now() + _RESOURCES_EVERY
        try:
            self.resources = await self.cluster()
        except ExecutorError:
            self.resources = None

    def _lies_ahead(self, moment: datetime | None, most: timedelta) -> bool:
        """Tell whether a moment is to come; one farther ahead than it can be is none, for the clock was set back."""
        return moment is not None and timedelta() < moment - self._now() <= most

    def _adopt(self, job: RayJob) -> None:
        run = RayRun(ref=job.ref, log=GrowingLog(self._currency), power_w=job.power_w, adopted=True)
        run.state = RunState.RUNNING if job.state is RayState.RUNNING else RunState.STARTING
        self._runs[job.ref] = run

    async def _adopt_twin(self, ref: str) -> None:
        """Take up a run that the head had already under this name. Errors: ExecutorRefusedError where it had not."""
        answer = await self._web.request("GET", _JOBS + ref)
        if answer.status == NOT_FOUND:
            raise ExecutorRefusedError("the head could not take the job")
        twin = ray_answers.job(answer.json())
        if twin.metadata.get(ray_answers.METADATA_OWNER) != self._owner:
            raise ExecutorRefusedError("another's job has this name")
        if ref not in self._runs:
            self._adopt(twin)
        self._in_transit.set()

    def _keep(self, run: RayRun) -> None:
        """Follow a run, and forget what ended long ago."""
        self._runs[run.ref] = run
        gone = [ref for ref, other in self._runs.items() if not other.is_open]
        for ref in gone[:-_MOST_ENDED]:
            del self._runs[ref]
        self._in_transit.set()

    async def _send_stop(self, run: RayRun) -> bool:
        """Return whether the head was told; it answers before anything has ended."""
        answer = await self._web.request("POST", f"{_JOBS}{run.ref}/stop", body={})
        if answer.status == NOT_FOUND:
            self._lose(run)
            return False
        answer.checked()
        return True

    async def _refresh(self, run: RayRun) -> None:
        """Ask about one run. Errors: ExecutorError and its kin."""
        async with run.lock:
            answer = await self._web.request("GET", _JOBS + run.ref)
            if answer.status == NOT_FOUND:
                self._lose(run)
                return
            job = ray_answers.job(answer.json())
            run.doubtful_until = None
            run.power_w = job.power_w if run.power_w is None else run.power_w
            if run.ghost:
                await self._lay(run, job)
            else:
                await self._read_log(run, job.state)
                await self._take(run, job)

    async def _lay(self, run: RayRun, job: RayJob) -> None:
        """Stop a run that was given up and begins after all."""
        if job.state.final:
            run.ghost = False
        elif job.state is RayState.RUNNING:
            await self._send_stop(run)

    def _lose(self, run: RayRun) -> None:
        if self._lies_ahead(run.doubtful_until, _DOUBT):
            return
        run.state = run.state if run.ghost else RunState.LOST
        run.ghost = False

    async def _take(self, run: RayRun, job: RayJob) -> None:
        """Take in how a run stands at the head, and tell it to end where it should."""
        if job.state.final:
            self._finish(run, job)
            return
        run.state = RunState.STARTING if job.state is RayState.PENDING else RunState.RUNNING
        if run.stop_wanted and job.state is RayState.PENDING:
            # A head does not stop what it has not begun, and tells so only when it begins.
            run.ghost, run.state, run.saved = True, RunState.ENDED, True
            await self._send_stop(run)
        elif run.stop_wanted:
            run.state = RunState.ENDING
            if not run.stop_sent:
                run.checkpoints_before = run.log.told.checkpoints
                run.stop_sent = await self._send_stop(run)

    def _finish(self, run: RayRun, job: RayJob) -> None:
        """Count a run as ended. Whether its work was saved stands in its log, which may have to be asked for again."""
        if not run.log_ends:
            run.state = RunState.ENDING
            return
        run.state = RunState.ENDED
        run.exit_code, run.problem = job.exit_code, job.problem or run.problem
        saved_since = run.log.told.checkpoints > run.checkpoints_before
        run.saved = job.exit_code == EXIT_SAVED or (saved_since if run.stop_sent and run.log_heard else None)

    async def _read_log(self, run: RayRun, state: RayState | None = None) -> None:
        """Read what a run said since; what keeps a log from being read is no trouble of the head."""
        hurried = state is None or state.final or (run.stop_wanted and not run.stop_sent)
        is_due = not self._lies_ahead(run.log_due, LARGEST_LOG * _PACE)
        if run.log_ends or state is RayState.PENDING or not (hurried or is_due):
            return
        is_last = state is not None and state.final
        try:
            answer = await self._web.request("GET", f"{_JOBS}{run.ref}/logs", largest=LARGEST_LOG)
            self._hear(run, ray_answers.log_text(answer.json()))
            run.log_ends = run.log_heard = is_last
        except TooLongError:
            run.log_ends, run.problem = True, "ray_log_too_long"
        except ExecutorError:
            run.log_misses += is_last
            run.log_ends = run.log_misses >= _LOG_TRIES
        if run.log_ends:
            run.log.finish(self._now())

    def _hear(self, run: RayRun, whole: str) -> None:
        run.log.read(whole, None if run.adopted else self._now())
        run.log_due = self._now() + len(whole) * _PACE
        run.adopted = False

    async def _watch(self) -> None:
        """Look often while something is about to begin or to end, and wake the queue when it has."""
        while True:
            await self._in_transit.wait()
            await asyncio.sleep(self._transit_poll_s)
            before = self._states()
            with suppress(ExecutorError):
                await self.look()
            if self._states() != before:
                self._wake()
            if not any(run.is_in_transit for run in self._runs.values()):
                self._in_transit.clear()

    def _states(self) -> dict[str, RunState]:
        return {ref: run.state for ref, run in self._runs.items()}
