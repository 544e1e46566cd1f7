"""Runs jobs on this machine, each in a process group of its own that gives way to everything else."""

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from errno import E2BIG
import json
import logging
import os
from pathlib import Path
import shutil
import stat
import sys
from typing import override

from ..model.errors import CommandTooLongError, ExecutorError, ExecutorRefusedError, JobFolderClosedError
from ..model.protocols import Monotonic, WallClock
from . import sweep
from .environment import Secrets, environment, no_secret
from .executor import Abilities, Executor, Forgets, Launch, PowerReading, RunStatus
from .job import JobSpec
from .local_run import LocalRun
from .progress_lines import ProgressLines
from .ulid import is_ulid

_LOGGER = logging.getLogger(__name__)
_LAUNCHER = Path(__file__).with_name("launcher.py")
MARKER = "HASHWARM_CHECKPOINT_DIR="
LEADER = "leader.json"
_KEPT_RUNS = 100
_STOP_MOST_S = 60.0
_CHANGES_S = 0.5
NOBODY = 65534


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """How jobs run on this machine."""

    slots: int = 1
    uid: int | None = None
    """Whom jobs run as, where we are root; None runs them as ourselves."""
    gid: int = NOBODY
    hidden: tuple[Path, ...] = ()
    """What such a job must not read: Home Assistant's own files. It is not started where that cannot be had."""
    nice: int = 10
    oom_score_adj: int = 800
    open_files: int = 1024
    memory_mb: int | None = None
    """No job gets more, whatever it asks for."""
    currency: str | None = None
    """Of the home; what jobs tell of revenue in any other is not counted."""
    survivors_grace_s: float = 10.0
    """What a job of an earlier life gets to save its work."""


def as_nobody(hidden: Sequence[Path], *, slots: int = 1, currency: str | None = None) -> LocalSettings:
    """Return settings that run jobs as nobody where we are root, as ourselves otherwise."""
    uid = NOBODY if os.geteuid() == 0 else None
    return LocalSettings(slots=slots, uid=uid, hidden=tuple(hidden), currency=currency)


class LocalExecutor(Executor, Forgets):
    """Owner of the jobs' processes, and of the folder where they keep their checkpoints. Errors: ExecutorError."""

    def __init__(
        self,
        folder: Path,
        *,
        now: WallClock,
        clock: Monotonic,
        settings: LocalSettings | None = None,
        measured_w: Callable[[], float | None] | None = None,
        secrets: Secrets | None = None,
        python: str = sys.executable,
    ) -> None:
        """Prepare; nothing runs before start(). `measured_w` tells what all jobs together draw, where that is known."""
        self._folder = folder.absolute()
        self._now = now
        self._clock = clock
        self._settings = settings or LocalSettings()
        self._measured_w = measured_w
        self._secrets = secrets or no_secret
        self._python = python
        self._runs: dict[str, LocalRun] = {}
        self._beginning: set[asyncio.Future[None]] = set()
        self._wake: Callable[[], None] = _nobody
        self._waking: asyncio.TimerHandle | None = None
        self._ended = 0
        self.swept = 0
        """How many processes of an earlier life were ended at the start."""

    @property
    @override
    def abilities(self) -> Abilities:
        """What it can do."""
        return Abilities(freezes=True, throttles=True, slots=self._settings.slots)

    @override
    def attach(self, wake: Callable[[], None]) -> None:
        """Call this whenever a run changes."""
        self._wake = wake

    @override
    async def start(self) -> None:
        """End what an earlier life left running. Errors: ExecutorError."""
        try:
            self.swept = await asyncio.to_thread(self._sweep)
        except OSError as error:
            raise ExecutorError(str(error)) from error

    @override
    async def stop(self) -> None:
        """End every run with its grace."""
        await asyncio.gather(*self._beginning, return_exceptions=True)
        alive = [run for run in self._runs.values() if not run.ended.is_set()]
        for run in alive:
            run.end(min(run.launch.spec.grace_s, _STOP_MOST_S))
        await asyncio.gather(*(run.ended.wait() for run in alive))
        await asyncio.gather(*(run.stop() for run in self._runs.values()))
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None

    @override
    async def launch(self, launch: Launch) -> str:
        """Begin a run. Errors: ExecutorRefusedError, ExecutorError."""
        if not is_ulid(launch.job_id) or launch.run_id in self._runs:
            raise ExecutorRefusedError("no job of ours, or begun already")
        self._forget_old_runs()
        # A launch that is given up halfway must leave no process that nobody owns.
        beginning = asyncio.ensure_future(self._begin(launch))
        self._beginning.add(beginning)
        beginning.add_done_callback(self._beginning.discard)
        await asyncio.shield(beginning)
        return launch.run_id

    @override
    async def freeze(self, ref: str) -> None:
        """Stop it where it is."""
        self._run(ref).freeze()
        self._wake()

    @override
    async def thaw(self, ref: str) -> None:
        """Let it go on."""
        self._run(ref).thaw()
        self._wake()

    @override
    async def throttle(self, ref: str, share: float) -> None:
        """Let it run that share of the time."""
        self._run(ref).throttle(min(max(share, 0.0), 1.0))

    @override
    async def end(self, ref: str, grace_s: float) -> None:
        """Tell it to save and end."""
        self._run(ref).end(grace_s)

    @override
    async def look(self) -> list[RunStatus]:
        """Return how every run of this life stands."""
        return [run.status() for run in self._runs.values()]

    @override
    async def log(self, ref: str, lines: int) -> list[str]:
        """Return the last lines that a run of this life said."""
        run = self._runs.get(ref)
        return [] if run is None else run.lines.ring.last(lines)

    @override
    def power(self) -> PowerReading:
        """Return what all runs draw: measured, else what was expected of those that run now."""
        measured_w = None if self._measured_w is None else self._measured_w()
        if measured_w is not None:
            return PowerReading(power_w=measured_w, source="measured")
        running = [run for run in self._runs.values() if run.draws]
        watts = [run.launch.spec.expected_power_w for run in running]
        if any(each is None for each in watts):
            return PowerReading()
        total_w = sum((each or 0.0) * run.share for each, run in zip(watts, running, strict=True))
        return PowerReading(power_w=total_w, source="estimated")

    @override
    async def forget(self, job_id: str) -> None:
        """Remove a job's folder."""
        if is_ulid(job_id):
            await asyncio.to_thread(shutil.rmtree, self._folder / job_id, ignore_errors=True)

    def _run(self, ref: str) -> LocalRun:
        run = self._runs.get(ref)
        if run is None:
            raise ExecutorRefusedError("there is no such run")
        return run

    def _sweep(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        notes = list(self._folder.glob(f"*/{LEADER}"))
        leaders = [leader for note in notes if (leader := sweep.read_leader(note)) is not None]
        ended = sweep.end_all(self._marker(), leaders, self._settings.survivors_grace_s)
        for note in notes:
            note.unlink(missing_ok=True)
        return ended

    def _marker(self, name: str = "") -> bytes:
        return os.fsencode(f"{MARKER}{self._folder}/{name}")

    async def _begin(self, launch: Launch) -> None:
        name = launch.spec.resumes or launch.job_id
        lines = ProgressLines(currency=self._settings.currency)
        run = LocalRun(launch, lines=lines, now=self._now, clock=self._clock, on_change=self._changed)
        try:
            home, checkpoints = await asyncio.to_thread(self._prepare, name)
            reader, close, process = await self._spawn(launch, home, checkpoints)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno == E2BIG:
                raise CommandTooLongError(str(error)) from error
            raise ExecutorError(str(error)) from error
        # From now on it has an owner, whatever else fails.
        self._runs[launch.run_id] = run
        run.begin(process, self._marker(f"{name}/checkpoints"), reader, close)
        try:
            await asyncio.to_thread(sweep.write_leader, self._folder / name / LEADER, process.pid)
        except OSError as error:
            _LOGGER.warning("A job runs that a crash would leave behind: %s", error)

    def _prepare(self, name: str) -> tuple[Path, Path]:
        """Make a job's own folders, which are nobody else's. Errors: OSError, ExecutorRefusedError."""
        if not is_ulid(name):
            raise ExecutorRefusedError("no job of ours")
        folders = (self._folder / name / "home", self._folder / name / "checkpoints")
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            if self._settings.uid is not None:
                os.chown(folder, self._settings.uid, self._settings.gid, follow_symlinks=False)
        if self._settings.uid is not None:
            self._check_reach(folders[0])
        return folders

    def _check_reach(self, folder: Path) -> None:
        """Make sure that whom jobs run as may pass through every folder above. Errors: JobFolderClosedError."""
        for above in folder.parents:
            told = above.stat()
            owns, belongs = told.st_uid == self._settings.uid, told.st_gid == self._settings.gid
            passes = stat.S_IXUSR if owns else stat.S_IXGRP if belongs else stat.S_IXOTH
            if not told.st_mode & passes:
                raise JobFolderClosedError(f"{above} is closed to others", folder=str(above))

    async def _spawn(
        self, launch: Launch, home: Path, checkpoints: Path
    ) -> tuple[asyncio.StreamReader, Callable[[], None], Process]:
        """Start the launcher from the thread of the event loop, for its end is bound to that thread's."""
        variables = await asyncio.to_thread(
            environment, launch, checkpoints=str(checkpoints), home=str(home), secrets=self._secrets
        )
        receiving, sending = os.pipe()
        reader = asyncio.StreamReader()
        try:
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(receiving, "rb", buffering=0)
            )
            process = await asyncio.create_subprocess_exec(
                *(self._python, "-I", "-S", str(_LAUNCHER), self._order(launch.spec, home)),
                stdin=DEVNULL,
                stdout=sending,
                stderr=sending,
                env=variables,
                start_new_session=True,
            )
        finally:
            os.close(sending)
        return reader, transport.close, process

    def _order(self, spec: JobSpec, home: Path) -> str:
        """Return what the launcher is told; no secrets, for everybody can read a command line."""
        limits = {"files": self._settings.open_files, "core_bytes": 0}
        if told := [most for most in (spec.requires.memory_mb, self._settings.memory_mb) if most is not None]:
            limits["memory_bytes"] = min(told) << 20
        if spec.max_runtime_s is not None:
            limits["cpu_s"] = int((spec.max_runtime_s + spec.grace_s) * max(spec.requires.cpus, 1.0)) + 1
        return json.dumps({
            "command": spec.command,
            "folder": str(home),
            "uid": self._settings.uid,
            "gid": self._settings.gid,
            "hidden": [str(path) for path in self._settings.hidden],
            "nice": self._settings.nice,
            "oom_score_adj": self._settings.oom_score_adj,
            "limits": limits,
            "parent_pid": os.getpid(),
        })  # fmt: skip

    def _changed(self) -> None:
        """Wake the queue, for a talkative job now and then only."""
        ended = sum(run.ended.is_set() for run in self._runs.values())
        if ended != self._ended or self._waking is None:
            self._wake()
        self._ended = ended
        if self._waking is None:
            self._waking = asyncio.get_running_loop().call_later(_CHANGES_S, self._rested)

    def _rested(self) -> None:
        self._waking = None
        self._wake()

    def _forget_old_runs(self) -> None:
        ended = [ref for ref, run in self._runs.items() if run.ended.is_set()]
        for ref in ended[:-_KEPT_RUNS]:
            del self._runs[ref]


def _nobody() -> None:
    """Stand in until somebody attaches."""
