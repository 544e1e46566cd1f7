"""A loop whose clock, and with it every clock of the house, leaps over the time in which nothing happens."""

import asyncio
from collections.abc import Callable
import selectors
from time import sleep
from typing import Any

from freezegun.api import FrozenDateTimeFactory

# Long enough for bytes to cross the loopback before the time that they took is leapt over.
GRACE_S = 0.0001
LONGEST_LEAP_S = 5.0


class LeapingSelector:
    """Waits for sockets for a moment only; then time leaps to the next timer instead of passing."""

    def __init__(self, inner: selectors.BaseSelector, clock: FastClock) -> None:
        self._inner = inner
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0.0 or self._clock.held:
            return self._inner.select(timeout if not self._clock.held else min(timeout or 0.01, 0.01))
        events = self._inner.select(0)
        if not events:
            # A selector would round so short a wait up to a millisecond, ten thousand times in three hours.
            sleep(GRACE_S)
            events = self._inner.select(0)
        if not events and not self._clock.held:
            self._clock.leap(min(timeout, LONGEST_LEAP_S))
        return events


class FastClock:
    """The one clock; `held` while a thread works, for real work takes real time."""

    def __init__(self, freezer: FrozenDateTimeFactory) -> None:
        self._freezer = freezer
        self.now_s = 1000.0
        self._threads = 0

    @property
    def held(self) -> bool:
        return self._threads > 0

    def time(self) -> float:
        return self.now_s

    def leap(self, seconds: float) -> None:
        self.now_s += seconds
        self._freezer.tick(seconds)

    def take_over(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Drive a running loop; returns what gives it back to real time."""
        selector, run_in_executor = loop._selector, loop.run_in_executor  # type: ignore[attr-defined]
        self.now_s = loop.time()

        def counted(executor: Any, function: Any, *arguments: Any) -> asyncio.Future[Any]:
            self._threads += 1
            future = run_in_executor(executor, function, *arguments)
            future.add_done_callback(lambda _: self._done())
            return future

        # The watch over slow callbacks costs more than all that it watches.
        loop.set_debug(False)
        # The frozen clock counts from 1970: a nanosecond is lost in such numbers, and with it the timer that is due.
        loop._clock_resolution = 1e-5  # type: ignore[attr-defined]
        loop.time = self.time  # type: ignore[method-assign]
        loop._selector = LeapingSelector(selector, self)  # type: ignore[attr-defined]
        loop.run_in_executor = counted  # type: ignore[method-assign,assignment]

        def give_back() -> None:
            del loop.time, loop.run_in_executor
            loop._selector = selector  # type: ignore[attr-defined]

        return give_back

    def _done(self) -> None:
        self._threads -= 1
