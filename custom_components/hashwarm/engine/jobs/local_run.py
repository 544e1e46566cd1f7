"""One run of a job on this machine: its processes, what they said, and how they stand."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
import logging
from math import inf
import os
import signal
from typing import Any

from ..model.protocols import Monotonic, WallClock
from .duty_cycle import DutyCycle
from .executor import EXIT_SAVED, Launch, RunState, RunStatus
from .kin import Kin
from .launcher import EXIT_NO_COMMAND, EXIT_UNSAFE
from .processes import Process as Stray, send
from .progress_lines import ProgressLines

_LOGGER = logging.getLogger(__name__)
_PIECE_BYTES = 65536
_BYTES_PER_S = 4e6
_LISTENING_SHARE = 0.05
"""A job that says more than can be heard in that part of the time is made to wait, so that it costs us little."""
_LAST_WORDS_S = 1.0
_LOOK_EVERY_S = 5.0
_LOOK_OFTEN_S = 1.0
_POLL_S = 0.05
_LEFT_MOST_S = 10.0
"""What is left of a job whose first process has ended gets so long at most to end too."""
_KILL_MOST_S = 10.0
_SIGNALLED = {
    -signal.SIGXCPU: "job_too_long",
    -signal.SIGSEGV: "job_crashed",
    -signal.SIGKILL: "job_killed",
    EXIT_UNSAFE: "job_not_safe",
    EXIT_NO_COMMAND: "job_no_command",
}


class LocalRun:
    """Owner of all processes of one run, and of the tasks that listen to them, slow them down and end them."""

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
        self._asked = False
        self._over = False
        self._kin: Kin | None = None
        self._look = asyncio.Event()
        self._silent = asyncio.Event()
        self._saves_before_end = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._slowing: asyncio.Task[None] | None = None

    @property
    def draws(self) -> bool:
        """Whether it makes heat now."""
        return not self.ended.is_set() and not self.frozen

    def begin(self, process: Process, marker: bytes, reader: asyncio.StreamReader, close: Callable[[], None]) -> None:
        """Follow a process that was started in a session of its own, what `marker` tells to be of it, and its words."""
        self._process, self._kin = process, Kin(marker, process.pid)
        listening = self._spawn(self._listen(reader))
        watching = self._spawn(self._watch(self._kin))
        self._spawn(self._wait(process, watching, listening, close))

    def freeze(self) -> None:
        """Stop all of it where it is."""
        if self._ends_s is not None:
            return
        self.frozen = True
        self._signal(signal.SIGSTOP)
        self._stop_slowing()
        self._look.set()

    def thaw(self) -> None:
        """Let it go on, at the share it had."""
        self.frozen = False
        if self._slowing is None:
            self._signal(signal.SIGCONT)
        self.throttle(self.share)

    def throttle(self, share: float) -> None:
        """Let it run that share of the time."""
        same = share == self.share and (self._slowing is not None) == (share < 1.0)
        self.share = share
        if self.frozen or self._ends_s is not None or same:
            return
        self._stop_slowing()
        self._signal(signal.SIGCONT)
        if share < 1.0:
            self._slowing = self._spawn(self._slow(share))
            self._look.set()

    def end(self, grace_s: float) -> None:
        """Tell it to save and end, thawed, and end it for good after its grace; a second call can only hurry."""
        ends_s = self._clock() + grace_s
        if self.ended.is_set() or (self._ends_s is not None and ends_s >= self._ends_s):
            return
        untold, self._ends_s = not self._asked and not self._over, ends_s
        if not self._asked:
            self._asked, self._saves_before_end = True, self.lines.checkpoints
        self._stop_slowing()
        self._look.set()
        if grace_s <= 0.0:
            self._signal(signal.SIGKILL)
            return
        if untold:
            self.frozen = False
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
        self._spawn(self._kill_later(grace_s))

    def status(self) -> RunStatus:
        """Return how it stands."""
        told, code = self.lines.told, self._exit_code
        saved = code == EXIT_SAVED or (self._asked and told.checkpoints > self._saves_before_end)
        return RunStatus(
            ref=self.launch.run_id,
            state=self._state(),
            exit_code=code,
            saved=saved if self.ended.is_set() else None,
            progress=told.progress,
            last_checkpoint=self._checkpoint_at,
            next_checkpoint=self._next_checkpoint(),
            revenue_nano=told.revenue_nano,
            saved_nano=told.saved_nano,
            problem=None if code is None or self._asked else _SIGNALLED.get(code),
        )

    def _next_checkpoint(self) -> datetime | None:
        in_s = self.lines.next_checkpoint_s
        return None if in_s is None or self._told_at is None else self._told_at + timedelta(seconds=in_s)

    async def stop(self) -> None:
        """End what is left of it, at once."""
        self._ends_s = min(self._clock(), inf if self._ends_s is None else self._ends_s)
        self._look.set()
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

    @property
    def _leads(self) -> bool:
        """Whether its first process was not reaped; its number, which is its group's too, may be another's later."""
        return self._process is not None and self._process.returncode is None

    def _signal(self, number: signal.Signals) -> None:
        """Signal the group, and what left it as far as that is known; who is found later is told then."""
        if self._process is not None and self._leads:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
        if self._kin is not None:
            self._kin.tell(number, all_of_them=not self._leads)

    def _catch_up(self, kin: Kin, stray: Stray) -> None:
        """Tell a process that was not known before what the others were told."""
        if kin.is_apart(stray) or not self._leads:
            for number in self._in_force():
                send(stray, number)

    def _in_force(self) -> tuple[signal.Signals, ...]:
        if self._ends_s is not None:
            is_late = self._clock() >= self._ends_s
            return (signal.SIGKILL,) if is_late else (signal.SIGCONT, signal.SIGTERM)
        return (signal.SIGSTOP,) if self.frozen else ()

    async def _watch(self, kin: Kin) -> None:
        """Know all processes, so that signals reach those that left the group; return when the run has none left."""
        while True:
            self._look.clear()
            over, found = self._over, await asyncio.to_thread(kin.look)
            for stray in found:
                self._catch_up(kin, stray)
            if over and (not kin.known or self._is_given_up(kin)):
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_again_s(is_news=bool(found))):
                    await self._look.wait()

    def _look_again_s(self, *, is_news: bool) -> float:
        """Return when to look again: at once where those found may have begun others before they were told."""
        if self._over or (is_news and self._in_force()):
            return _POLL_S
        return _LOOK_OFTEN_S if self._in_force() or self._slowing is not None else _LOOK_EVERY_S

    def _is_given_up(self, kin: Kin) -> bool:
        """Kill what is left where its time is over, and tell whether even that is in vain."""
        late_s = self._clock() - (self._ends_s or 0.0)
        if late_s >= 0.0:
            self._signal(signal.SIGKILL)
        if late_s > _KILL_MOST_S:
            _LOGGER.warning("Processes of a job cannot be ended: %s", [process.pid for process in kin.known])
        return late_s > _KILL_MOST_S

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
            began_s, saves = self._clock(), self.lines.checkpoints
            if self.lines.feed(data):
                self._told_at = self._now()
                if self.lines.checkpoints != saves:
                    self._checkpoint_at = self._told_at
                self._on_change()
            heard_in_s = self._clock() - began_s
            await self._pace(max(len(data) / _BYTES_PER_S, heard_in_s * (1.0 / _LISTENING_SHARE - 1.0)))

    async def _pace(self, for_s: float) -> None:
        """Let a talkative job wait; the last words of one that has ended are heard at once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await self._silent.wait()

    async def _wait(
        self,
        process: Process,
        watching: asyncio.Task[None],
        listening: asyncio.Task[None],
        close: Callable[[], None],
    ) -> None:
        code = await process.wait()
        self._stop_slowing()
        self._end_the_rest()
        with suppress(OSError):
            await watching
        self._silent.set()
        await asyncio.wait([listening], timeout=_LAST_WORDS_S)
        listening.cancel()
        close()
        self.lines.close()
        self._exit_code = code
        self.ended.set()
        self._on_change()

    def _end_the_rest(self) -> None:
        """Tell what a job left behind to end, where it was not told with it, and have it watched until it has."""
        self._over, self.frozen = True, False
        ends_s = self._clock() + min(self.launch.spec.grace_s, _LEFT_MOST_S)
        self._ends_s = min(ends_s, inf if self._ends_s is None else self._ends_s)
        if not self._asked:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
        self._look.set()
