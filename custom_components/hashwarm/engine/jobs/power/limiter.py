"""Owner of a power limit: keeps what it found, sets and reads it in a thread of its own, and puts it back."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
import logging
from pathlib import Path
import re
from typing import Any, Protocol, override

from ...model.protocols import Monotonic
from ..keepsake import Keepsake
from .cap import CapError, CapForbiddenError, CapUnsupportedError, PowerCap

NO_LIMIT, DUTY_CYCLE = "none", "duty_cycle"
_ANSWER_S = 3.0
_OPENING_S = 30.0
"""A driver that nobody uses yet takes its time."""
_STANDS_FOR = 3
_TAKEN_WITHIN = 0.05
_TAKEN_WITHIN_W = 2.0
_SETTING = "setting"
_TELLING = (CapForbiddenError.key, CapUnsupportedError.key, CapError.key)
_LOGGER = logging.getLogger(__name__)


class PowerLimiter(Protocol):
    """Limits the watts of AI work on this machine."""

    @property
    def method(self) -> str:
        """How: nvml, amdgpu or rapl; duty_cycle where nothing can be limited; none before it was looked."""
        ...

    @property
    def problem(self) -> str | None:
        """Why nothing better is in use, as a translation key."""
        ...

    @property
    def most_w(self) -> float | None:
        """What the hardware may draw without a limit of ours; None where nothing can be limited."""
        ...

    async def start(self) -> None:
        """Find what can be limited, and put back what an earlier life left limited; once, and never raises."""
        ...

    async def stop(self) -> None:
        """Put back what was found; never raises."""
        ...

    async def limit(self, power_w: float | None) -> float | None:
        """Let it draw that much at most, as much as was found set with None; never raises.

        Returns the power in W that is set now, which may be more than was asked for, None where nothing can be set.
        """
        ...

    def read_w(self) -> float | None:
        """Return what the hardware draws, None when unknown."""
        ...


class HardwareLimiter(PowerLimiter):
    """Takes the first of several limits that can really be written; reads the first that can be read."""

    def __init__(self, caps: Sequence[PowerCap], *, folder: Path, clock: Monotonic, poll_s: float = 5.0) -> None:
        self._caps = caps
        self._folder = folder
        self._clock = clock
        self._poll_s = poll_s
        self._open: list[PowerCap] = []
        self._cap: PowerCap | None = None
        self._method = NO_LIMIT
        self._why: str | None = None
        self._failure: str | None = None
        self._found: list[int] = []
        self._limited = False
        self._reading: tuple[float, float | None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._calling: asyncio.Future[Any] | None = None
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    @override
    def method(self) -> str:
        return self._method

    @property
    @override
    def problem(self) -> str | None:
        return self._failure or self._why

    @property
    @override
    def most_w(self) -> float | None:
        return None if self._cap is None else self._cap.power_of(self._found)

    @override
    async def start(self) -> None:
        if self._thread is not None:
            return
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashwarm-power")
        problems: list[str] = []
        for cap in self._caps:
            if self._cap is None:
                try:
                    await self._in_thread(self._take, cap, answer_s=_OPENING_S)
                except CapError as error:
                    _LOGGER.info("Power cannot be limited by %s: %s", cap.method, error)
                    problems.append(error.key)
        telling = [key for key in _TELLING if key in problems]
        # That there is no NVIDIA GPU is nothing to be told where there is one of AMD.
        self._why = next(iter(telling if self._cap is not None else [*telling, *problems]), None)
        self._method = DUTY_CYCLE if self._cap is None else self._cap.method
        if self._open:
            self._task = asyncio.create_task(self._follow(self._open[0]), name="power of AI work")

    @override
    async def stop(self) -> None:
        if self._thread is None:
            return
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with self._turn:
                await self._in_thread(self._let_go)
        except CapError as error:
            _LOGGER.warning("A power limit could not be put back: %s", error)
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._thread = self._task = self._cap = self._reading = self._failure = self._why = None
        self._method = NO_LIMIT

    @override
    async def limit(self, power_w: float | None) -> float | None:
        cap = self._cap
        if cap is None:
            return None
        try:
            async with self._turn:
                set_w: float = await self._in_thread(self._limit, cap, power_w)
        except CapError as error:
            if self._failure is None:
                _LOGGER.warning("Power is not limited by %s: %s", cap.method, error)
            self._failure, self._method = error.key, DUTY_CYCLE
            return None
        self._failure, self._method = None, cap.method
        return set_w

    @override
    def read_w(self) -> float | None:
        if self._reading is None or self._clock() - self._reading[0] > _STANDS_FOR * self._poll_s:
            return None
        return self._reading[1]

    def _take(self, cap: PowerCap) -> None:
        """Take hold of a limit, proving that it can be written by setting what is set, or was before a crash."""
        cap.open()
        self._open.append(cap)
        kept = self._keepsake(cap).read().get(_SETTING)
        found = cap.setting()
        if isinstance(kept, list) and len(kept) == len(found) and all(type(part) is int for part in kept):
            found = kept
        cap.put(found)
        self._keepsake(cap).write({})
        self._cap, self._found, self._limited = cap, found, False

    def _limit(self, cap: PowerCap, power_w: float | None) -> float:
        wanted = self._found if power_w is None else cap.setting_for(power_w, self._found)
        if cap.setting() != wanted:
            if not self._limited:
                self._keepsake(cap).write({_SETTING: self._found})
                self._limited = True
            cap.put(wanted)
        if power_w is None:
            self._keepsake(cap).write({})
            self._limited = False
        asked_w, set_w = cap.power_of(wanted), cap.power_of(cap.setting())
        if abs(set_w - asked_w) > max(_TAKEN_WITHIN * asked_w, _TAKEN_WITHIN_W):
            raise CapUnsupportedError(f"{asked_w:.0f} W were to be set, {set_w:.0f} W are")
        return set_w

    def _let_go(self) -> None:
        try:
            if self._cap is not None and self._limited:
                self._cap.put(self._found)
                self._keepsake(self._cap).write({})
                self._limited = False
        finally:
            while self._open:
                with suppress(CapError):
                    self._open.pop().close()

    def _keepsake(self, cap: PowerCap) -> Keepsake:
        name = re.sub(r"[^\w.-]", "_", f"{cap.method}-{cap.name}", flags=re.ASCII)
        return Keepsake(self._folder / f"power-limit-{name}.json")

    async def _follow(self, cap: PowerCap) -> None:
        while True:
            try:
                async with self._turn:
                    self._reading = (self._clock(), await self._in_thread(cap.read_w))
            except CapError:
                self._reading = None
            await asyncio.sleep(self._poll_s)

    async def _in_thread[T](self, call: Callable[..., T], *values: Any, answer_s: float = _ANSWER_S) -> T:
        """Return what a blocking call returns. One that hangs holds up the next, and nobody else. Errors: CapError."""
        if self._thread is None or not await _is_done(self._calling, answer_s):
            raise CapError("no answer from the driver")
        self._calling = calling = asyncio.get_running_loop().run_in_executor(self._thread, call, *values)
        if not await _is_done(calling, answer_s):
            raise CapError("no answer from the driver")
        try:
            return calling.result()
        except CapError:
            raise
        except Exception as error:
            raise CapError(repr(error)) from error


async def _is_done(calling: asyncio.Future[Any] | None, answer_s: float) -> bool:
    if calling is not None and not calling.done():
        await asyncio.wait({calling}, timeout=answer_s)
    return calling is None or calling.done()
