"""One run of a job on this machine: its processes, what they said, and how they stand."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
import os
import signal
from typing import Any

from ..model.protocols import Monotonic, WallClock
from .duty_cycle import DutyCycle
from .executor import EXIT_SAVED, Launch, RunState, RunStatus
from .launcher import EXIT_NO_COMMAND, EXIT_UNSAFE
from .progress_lines import ProgressLines

_PIECE_BYTES = 65536
_BYTES_PER_S = 4e6
"""A job that says more is made to wait, so that listening costs Home Assistant little."""
_LAST_WORDS_S = 1.0
_SIGNALLED = {
    -signal.SIGXCPU: "job_too_long",
    -signal.SIGSEGV: "job_crashed",
    -signal.SIGKILL: "job_killed",
    EXIT_UNSAFE: "job_not_safe",
    EXIT_NO_COMMAND: "job_no_command",
}


class LocalRun:
    """Owner of one process group, and of the tasks that listen to it, slow it down and end it."""

    def __init__(
        self,
        launch: Launch,
        *,
        lines: ProgressLines,
        now: WallClock,
        clock: Monotonic,
        on_change: Callable[[], None],
    ) -> None:
        self.launch = launch
        self.lines = lines
        self.share = 1.0
        self.frozen = False
        self.ended = asyncio.Event()
        self._now = now
        self._clock = clock
        self._on_change = on_change
        self._process: Process | None = None
        self._exit_code: int | None = None
        self._checkpoint_at: datetime | None = None
        self._told_at: datetime | None = None
        self._ends_s: float | None = None
        self._saves_before_end = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._slowing: asyncio.Task[None] | None = None

    @property
    def draws(self) -> bool:
        """Whether it makes heat now."""
        return not self.ended.is_set() and not self.frozen

    def begin(self, process: Process, reader: asyncio.StreamReader, close: Callable[[], None]) -> None:
        """Follow a process that was started in a session of its own, and what it says."""
        self._process = process
        listening = self._spawn(self._listen(reader))
        self._spawn(self._wait(process, listening, close))

    def freeze(self) -> None:
        """Stop the whole group where it is."""
        if self._ends_s is not None:
            return
        self.frozen = True
        self._signal(signal.SIGSTOP)
        self._stop_slowing()

    def thaw(self) -> None:
        """Let the group go on, at the share it had."""
        self.frozen = False
        if self._slowing is None:
            self._signal(signal.SIGCONT)
        self.throttle(self.share)

    def throttle(self, share: float) -> None:
        """Let the group run that share of the time."""
        same = share == self.share and (self._slowing is not None) == (share < 1.0)
        self.share = share
        if self.frozen or self._ends_s is not None or same:
            return
        self._stop_slowing()
        self._signal(signal.SIGCONT)
        if share < 1.0:
            self._slowing = self._spawn(self._slow(share))

    def end(self, grace_s: float) -> None:
        """Tell the group to save and end, thawed, and end it for good after its grace; a second call can only hurry."""
        ends_s = self._clock() + grace_s
        if self.ended.is_set() or (self._ends_s is not None and ends_s >= self._ends_s):
            return
        first, self._ends_s = self._ends_s is None, ends_s
        self._stop_slowing()
        if grace_s <= 0.0:
            self._signal(signal.SIGKILL)
            return
        if first:
            self.frozen = False
            self._saves_before_end = self.lines.checkpoints
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
        self._spawn(self._kill_later(grace_s))

    def status(self) -> RunStatus:
        """Return how it stands."""
        told, code = self.lines.told, self._exit_code
        saved = code == EXIT_SAVED or (self._ends_s is not None and told.checkpoints > self._saves_before_end)
        return RunStatus(
            ref=self.launch.run_id,
            state=self._state(),
            exit_code=code,
            saved=saved if self.ended.is_set() else None,
            progress=told.progress,
            last_checkpoint=self._checkpoint_at,
            next_checkpoint=self._next_checkpoint(),
            revenue_nano=told.revenue_nano,
            problem=None if code is None or self._ends_s is not None else _SIGNALLED.get(code),
        )

    def _next_checkpoint(self) -> datetime | None:
        in_s = self.lines.next_checkpoint_s
        return None if in_s is None or self._told_at is None else self._told_at + timedelta(seconds=in_s)

    async def stop(self) -> None:
        """End what is left of it, at once."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            await self.ended.wait()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _state(self) -> RunState:
        if self.ended.is_set():
            return RunState.ENDED
        if self._ends_s is not None:
            return RunState.ENDING
        return RunState.FROZEN if self.frozen else RunState.RUNNING

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _signal(self, number: signal.Signals) -> None:
        """Signal the group, unless its leader was reaped: its number may be another's then."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _stop_slowing(self) -> None:
        if self._slowing is not None:
            self._slowing.cancel()
            self._slowing = None

    async def _slow(self, share: float) -> None:
        cycle = DutyCycle(share, self._clock())
        while True:
            runs, for_s = cycle.turn(self._clock())
            self._signal(signal.SIGCONT if runs else signal.SIGSTOP)
            await asyncio.sleep(for_s)

    async def _kill_later(self, grace_s: float) -> None:
        await asyncio.sleep(grace_s)
        self._signal(signal.SIGKILL)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(_PIECE_BYTES):
            saves = self.lines.checkpoints
            if self.lines.feed(data):
                self._told_at = self._now()
                if self.lines.checkpoints != saves:
                    self._checkpoint_at = self._told_at
                self._on_change()
            await asyncio.sleep(len(data) / _BYTES_PER_S)

    async def _wait(self, process: Process, listening: asyncio.Task[None], close: Callable[[], None]) -> None:
        code = await process.wait()
        self._stop_slowing()
        with suppress(ProcessLookupError, PermissionError):
            # Children that it left keep its number in use, so that this reaches them or nobody.
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.wait([listening], timeout=_LAST_WORDS_S)
        listening.cancel()
        close()
        self.lines.close()
        self._exit_code = code
        self.ended.set()
        self._on_change()
