"""An executor on this machine whose jobs are throttled in hardware as far as that goes, by duty cycle for the rest."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import override

from ...model.errors import ExecutorError
from ..executor import Abilities, Executor, Forgets, Launch, PowerReading, RunState, RunStatus
from .limiter import PowerLimiter

_OVER = frozenset({RunState.ENDED, RunState.LOST})
_SAME = 0.005


class LimitedExecutor(Executor, Forgets):
    """Owner of an executor and of a limiter of what its jobs run on.

    The hardware is limited for the job with the largest share; what others shall have less, and what lies below the
    least that the hardware can be limited to, is left to the duty cycle.
    """

    def __init__(self, executor: Executor, limiter: PowerLimiter) -> None:
        self.limiter = limiter
        self._executor = executor
        self._shares: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._limit = 1.0
        """The part of its power that the hardware is limited to."""
        self._turn = asyncio.Lock()

    @property
    @override
    def abilities(self) -> Abilities:
        return self._executor.abilities

    @override
    def attach(self, wake: Callable[[], None]) -> None:
        self._executor.attach(wake)

    @override
    async def start(self) -> None:
        await self.limiter.start()
        await self._executor.start()

    @override
    async def stop(self) -> None:
        try:
            await self._executor.stop()
        finally:
            await self.limiter.stop()
            self._limit = 1.0
            self._shares.clear()
            self._told.clear()

    @override
    async def launch(self, launch: Launch) -> str:
        ref = await self._executor.launch(launch)
        self._shares[ref] = 1.0
        await self._fit()
        return ref

    @override
    async def freeze(self, ref: str) -> None:
        await self._executor.freeze(ref)

    @override
    async def thaw(self, ref: str) -> None:
        await self._executor.thaw(ref)

    @override
    async def throttle(self, ref: str, share: float) -> None:
        self._shares[ref] = min(max(share, 0.0), 1.0)
        await self._fit()

    @override
    async def end(self, ref: str, grace_s: float) -> None:
        await self._executor.end(ref, grace_s)

    @override
    async def look(self) -> list[RunStatus]:
        runs = await self._executor.look()
        alive = {run.ref for run in runs if run.state not in _OVER}
        gone = self._shares.keys() - alive
        for ref in gone:
            del self._shares[ref]
            self._told.pop(ref, None)
        if gone:
            await self._fit()
        return runs

    @override
    async def log(self, ref: str, lines: int) -> list[str]:
        return await self._executor.log(ref, lines)

    @override
    def power(self) -> PowerReading:
        reading = self._executor.power()
        if reading.source == "estimated" and reading.power_w is not None:
            return replace(reading, power_w=reading.power_w * self._limit)
        return reading

    @override
    async def forget(self, job_id: str) -> None:
        if isinstance(self._executor, Forgets):
            await self._executor.forget(job_id)

    async def _fit(self) -> None:
        """Give every job its share, by both means together."""
        async with self._turn:
            self._limit = await self._limited_to(max(self._shares.values(), default=1.0))
            for ref, share in list(self._shares.items()):
                rest = min(share / self._limit, 1.0)
                if abs(rest - self._told.get(ref, 1.0)) > _SAME:
                    # A job that ended meanwhile needs nothing.
                    with suppress(ExecutorError):
                        await self._executor.throttle(ref, rest)
                        self._told[ref] = rest

    async def _limited_to(self, share: float) -> float:
        """Limit the hardware to a share of its power; return the share it is limited to, 1 where it cannot be."""
        most_w = self.limiter.most_w
        if not most_w:
            return 1.0
        set_w = await self.limiter.limit(None if share >= 1.0 else share * most_w)
        return 1.0 if not set_w else min(set_w / most_w, 1.0)
