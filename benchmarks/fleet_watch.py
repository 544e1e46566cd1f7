"""What is watched inside the Home Assistant of a fleet: how late its loop is, and how late the miners are asked."""

import asyncio
from collections.abc import Awaitable, Callable
import gc
import statistics
import time
from typing import Any, Self

TICK_S = 0.01
OLDEST = 2
"""The generation whose collection looks at every object there is."""
SOONER_S = 0.5
"""An update that comes so much sooner than the interval was asked for out of turn."""


def spread(values: list[float]) -> dict[str, float]:
    """Return median, 95th and 99th percentile and maximum; nothing of too few."""
    if len(values) < 2:
        return {}
    shares = statistics.quantiles(values, n=100, method="inclusive")
    figures = {"p50": shares[49], "p95": shares[94], "p99": shares[98], "max": max(values)}
    return {name: round(value, 2) for name, value in figures.items()}


class Lags:
    """How late a timer of this loop fires, in ms."""

    def __init__(self) -> None:
        self._lags_ms: list[float] = []

    async def run(self, seconds: float) -> None:
        """Watch for so long."""
        end_s = time.perf_counter() + seconds
        while (began_s := time.perf_counter()) < end_s:
            await asyncio.sleep(TICK_S)
            self._lags_ms.append((time.perf_counter() - began_s - TICK_S) * 1e3)

    def figures(self) -> dict[str, float]:
        """Return the spread."""
        return spread(self._lags_ms)


class Collections:
    """How long the full collections of Python's garbage collector hold the loop, in ms."""

    def __init__(self) -> None:
        self._began_s = 0.0
        self._times_ms: list[float] = []

    def __enter__(self) -> Self:
        """Look on."""
        gc.callbacks.append(self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        """Look away."""
        gc.callbacks.remove(self._seen)

    def _seen(self, phase: str, info: dict[str, int]) -> None:
        if info["generation"] < OLDEST:
            return
        if phase == "start":
            self._began_s = time.perf_counter()
        else:
            self._times_ms.append(round((time.perf_counter() - self._began_s) * 1e3, 1))

    def figures(self) -> list[float]:
        """Return the times."""
        return self._times_ms


class Updates:
    """Counts the updates of all miners, and how much later than its interval after the last one each is there."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last_s: dict[str, float] = {}
        self._count = self._failed = 0
        self._late_ms: list[float] = []

    def watch(self, name: str, driver: Any) -> None:
        """Look on whenever this driver reads."""
        vars(driver)["read"] = self._watched(name, driver.read)

    def _watched(self, name: str, read: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        async def watched() -> Any:
            try:
                reading = await read()
            except BaseException:
                self._failed += 1
                self._last_s.pop(name, None)
                raise
            self._took(name, time.perf_counter())
            return reading

        return watched

    def _took(self, name: str, now_s: float) -> None:
        self._count += 1
        last_s, self._last_s[name] = self._last_s.get(name), now_s
        late_s = now_s - last_s - self._interval_s if last_s is not None else -self._interval_s
        if late_s > -SOONER_S:
            self._late_ms.append(late_s * 1e3)

    def clear(self) -> None:
        """Begin anew."""
        self._count = self._failed = 0
        self._late_ms.clear()
        self._last_s.clear()

    def figures(self) -> dict[str, Any]:
        """Return the counts and how late they were."""
        return {"updates": self._count, "updates_failed": self._failed, "update_late_ms": spread(self._late_ms)}
