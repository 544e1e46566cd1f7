"""A machine with work of its own: followed, told to pause and to go on where it can be, and left as it was found."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
import logging
from typing import Protocol, runtime_checkable

from ..model.compute import AsksSeldom, Compute, ComputeStatus
from ..model.dispatch import Act, JobOrder
from ..model.errors import ExecutorError, ExecutorRefusedError, ExecutorUnreachableError, HashwarmError
from ..model.protocols import Monotonic

PAUSE_S = 600.0
"""A pause that is not renewed ends after so long where the machine knows pauses that end."""
RENEW_S = 300.0
SILENT_S = 60.0
"""What a machine told stands for so long."""
_AGAIN_S = 10.0
"""After something failed, or something was ordered, it is looked at again so soon."""
_MOMENT_S = 1.0
_PARTING_S = 10.0
_LOGGER = logging.getLogger(__name__)


@runtime_checkable
class Controls(Protocol):
    """What a machine can be told. Errors: ExecutorError and its kin."""

    @property
    def slowdown(self) -> float:
        """By how much of its speed it may be throttled, 0 to 1; 0 where it cannot be."""
        ...

    async def start(self) -> bool:
        """Put back what an earlier life of ours left changed; return whether that life left it paused."""
        ...

    async def pause(self, for_s: float) -> None:
        """Compute nothing for so long, counted from now, at least."""
        ...

    async def finish(self, for_s: float) -> bool:
        """Pause without losing work; to be called until it returns True, which is when nothing computes any more."""
        ...

    async def resume(self) -> None:
        """Take back a pause of ours."""
        ...

    async def throttle(self, share: float) -> None:
        """Compute that share of the time, 0 to 1; 1 is as a person set it."""
        ...

    async def stop(self) -> None:
        """Let go, throttled no more; never waits for long."""
        ...


@runtime_checkable
class Offers(Protocol):
    """A machine on a market. Errors: ExecutorError and its kin."""

    async def put_on_offer(self, price_per_gpu_hour: float) -> None:
        """Offer it at a price in the market's currency."""
        ...

    async def take_off_offer(self) -> None:
        """Offer it to nobody else; who has it keeps it."""
        ...


class _Wish(StrEnum):
    RUN = "run"
    PAUSE = "pause"
    FINISH = "finish"


_WISHES = {
    Act.START: _Wish.RUN,
    Act.THAW: _Wish.RUN,
    Act.FREEZE: _Wish.PAUSE,
    Act.PREEMPT: _Wish.PAUSE,
    Act.STOP: _Wish.PAUSE,
}


class Machine:
    """Owner of the task that follows one machine. Only what we paused is made to go on by us."""

    def __init__(
        self,
        status: ComputeStatus,
        controls: Controls | Offers | None = None,
        *,
        clock: Monotonic,
        poll_s: float = 30.0,
    ) -> None:
        self.share = 1.0
        """Of its speed, as it was told last."""
        self._status = status
        self._controls = controls if isinstance(controls, Controls) else None
        self._offers = controls if isinstance(controls, Offers) else None
        self._clock, self._poll_s = clock, poll_s
        self._told: Compute | None = None
        self._told_s = 0.0
        self._quieted_s: float | None = None
        self._silent: str | None = None
        self._deaf: str | None = None
        self._wish: _Wish | None = None
        self._wanted_share = 1.0
        self._held = False
        self._touched = False
        self._paused_s = 0.0
        self._hurry = False
        self._wake = asyncio.Event()
        self._obeyed = asyncio.Event()
        self._news: Callable[[], None] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def reading(self) -> Compute | None:
        """What it told last, None until it did and once it has not answered for a minute."""
        stands_s = max(SILENT_S, 2 * self._poll_s)
        return self._told if self._clock() - self._told_s <= stands_s else None

    @property
    def problem(self) -> str | None:
        """Why it cannot be read or told anything now, as a translation key."""
        return self._silent or self._deaf

    @property
    def quieted(self) -> bool:
        """Whether it took a pause of ours that is still in force."""
        return self._quieted_s is not None

    @property
    def quieted_for_s(self) -> float | None:
        """How long ago it first took the pause in force, None where none is."""
        return None if self._quieted_s is None else max(self._clock() - self._quieted_s, 0.0)

    @property
    def obeys(self) -> bool:
        """Whether it can be paused at all."""
        return self._controls is not None

    @property
    def slowdown(self) -> float:
        """By how much of its speed it may be throttled, 0 to 1."""
        return 0.0 if self._controls is None else self._controls.slowdown

    def attach(self, wake: Callable[[], None]) -> None:
        """Call this after each look at it."""
        self._news = wake

    async def start(self) -> None:
        """Begin to follow it; does not wait for it."""
        self._task = asyncio.create_task(self._follow(), name="machine with work of its own")

    async def stop(self) -> None:
        """Leave it as it was found, where it can be reached."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._controls is None:
            return
        if self._touched:
            await self._part(self._resume)
        await self._part(self._controls.stop)
        self._held = False
        self._wish, self._wanted_share, self.share = None, 1.0, 1.0

    def look(self) -> None:
        """Look at it now, also at what is asked for seldom."""
        if isinstance(self._status, AsksSeldom):
            self._status.ask_anew()
        self._wake.set()

    async def obey(self, order: JobOrder) -> None:
        """Do as the dispatcher says. Returns after a moment: what takes longer, or fails, goes on by itself."""
        wish = self._wish if order.act is None else _WISHES[order.act]
        share = min(max(order.share, 1.0 - self.slowdown), 1.0)
        await self._want(wish, share)

    async def finish(self) -> None:
        """Finish what runs, then pause until it is ordered to go on."""
        await self._want(self._wish if self.quieted else _Wish.FINISH, self._wanted_share)

    async def put_on_offer(self, price_per_gpu_hour: float) -> None:
        """Offer it on its market. Errors: ExecutorError and its kin, also where it has none; InvalidValueError."""
        await self._market().put_on_offer(price_per_gpu_hour)
        self._wake.set()

    async def take_off_offer(self) -> None:
        """Offer it to nobody else. Errors: ExecutorError and its kin, also where it has no market."""
        await self._market().take_off_offer()
        self._wake.set()

    def _market(self) -> Offers:
        if self._offers is None:
            raise ExecutorRefusedError("it is on no market")
        return self._offers

    async def _want(self, wish: _Wish | None, share: float) -> None:
        if self._controls is None or (wish, share) == (self._wish, self._wanted_share):
            return
        self._wish, self._wanted_share = wish, share
        self._obeyed.clear()
        self._wake.set()
        try:
            async with asyncio.timeout(_MOMENT_S):
                await self._obeyed.wait()
        except TimeoutError:
            _LOGGER.debug("A machine takes its time to obey")

    async def _follow(self) -> None:
        while True:
            self._wake.clear()
            self._hurry = False
            if self._controls is not None:
                self._deaf = await self._tried(self._carry_out)
            self._silent = await self._tried(self._look)
            if self._news is not None:
                self._news()
            try:
                async with asyncio.timeout(min(self._poll_s, _AGAIN_S) if self._hurry else self._poll_s):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _tried(self, work: Callable[[], Awaitable[None]]) -> str | None:
        """Return what went wrong, as a translation key; nothing that goes wrong ends the following."""
        try:
            async with asyncio.timeout(SILENT_S):
                await work()
        except TimeoutError:
            key, said = ExecutorUnreachableError.key, "no answer"
        except HashwarmError as error:
            key, said = error.key, str(error)
        except Exception as error:  # noqa: BLE001 - what one machine does wrong must not end the following of it
            key, said = ExecutorError.key, repr(error)
        else:
            return None
        self._hurry = True
        if self.problem is None:
            _LOGGER.warning("A machine with work of its own cannot be followed now: %s", said)
        return key

    async def _look(self) -> None:
        self._told = await self._status.read()
        self._told_s = self._clock()

    async def _carry_out(self) -> None:
        assert self._controls is not None
        if not self._held:
            if await self._controls.start():
                self._touched = True
                self._quiet()
            self._held = True
        wish, share = self._wish, self._wanted_share
        await self._pause_or_resume(self._controls, wish)
        if share != self.share:
            await self._controls.throttle(share)
            self.share, self._hurry = share, True
        if (wish, share) == (self._wish, self._wanted_share):
            self._obeyed.set()

    async def _pause_or_resume(self, controls: Controls, wish: _Wish | None) -> None:
        match wish:
            case _Wish.RUN if self._touched:
                await self._resume()
            case _Wish.PAUSE if self._is_pause_due():
                # Whether a pause of which no answer came back was taken nobody knows; it is taken back all the same.
                self._touched, self._hurry = True, True
                await controls.pause(PAUSE_S)
                self._paused()
            case _Wish.FINISH:
                self._touched, self._hurry = True, True
                if await controls.finish(PAUSE_S):
                    self._paused()
                    self._wish = _Wish.PAUSE if self._wish is _Wish.FINISH else self._wish

    def _paused(self) -> None:
        self._paused_s = self._clock()
        self._quiet()

    def _quiet(self) -> None:
        self._quieted_s = self._clock() if self._quieted_s is None else self._quieted_s

    def _is_pause_due(self) -> bool:
        """Tell whether a pause has to be told: a first time, again before it ends, or because it works all the same."""
        disobeys = self._told is not None and bool(self._told.busy) and self._told_s > self._paused_s
        return not self.quieted or disobeys or self._clock() - self._paused_s >= RENEW_S

    async def _resume(self) -> None:
        assert self._controls is not None
        await self._controls.resume()
        self._touched, self._hurry = False, True
        self._quieted_s = None

    async def _part(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(_PARTING_S):
                await work()
        except (TimeoutError, ExecutorError) as error:
            _LOGGER.warning("A machine could not be left as it was found: %s", error)
