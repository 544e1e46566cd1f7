"""How BOINC and Folding@home are told what a machine is told. A machine on vast.ai is on a market and obeys nothing."""

import asyncio
from typing import override

from ..model.errors import ExecutorError
from .executors.boinc import BoincClient
from .executors.folding import FoldingClient, FoldingState
from .keepsake import Keepsake
from .machine import Controls

MOST_SLOWDOWN = 0.75
_PAUSED, _CPUS = "paused", "cpus"


class BoincControls(Controls):
    """Every pause of BOINC ends by itself, so that nothing has to be kept."""

    def __init__(self, client: BoincClient) -> None:
        self._client = client

    @property
    @override
    def slowdown(self) -> float:
        return MOST_SLOWDOWN

    @override
    async def start(self) -> bool:
        await self._client.unthrottle()
        return False

    @override
    async def pause(self, for_s: float) -> None:
        await self._client.pause(for_s)

    @override
    async def finish(self, for_s: float) -> bool:
        return await self._client.soft_stop(for_s)

    @override
    async def resume(self) -> None:
        await self._client.resume()

    @override
    async def throttle(self, share: float) -> None:
        if share < 1.0:
            await self._client.throttle(share)
        else:
            await self._client.unthrottle()

    @override
    async def stop(self) -> None:
        await self._client.stop()


class FoldingControls(Controls):
    """Folding@home knows no pause that ends: that we paused is kept in a file, and taken back in the next life.

    It is throttled by its number of processors. A pause of a person's is never taken back.
    """

    def __init__(self, client: FoldingClient, keepsake: Keepsake | None = None) -> None:
        self._client = client
        self._keepsake = keepsake
        self._kept: dict[str, int] = {}
        self._cpus: int | None = None

    @property
    @override
    def slowdown(self) -> float:
        return 0.0 if self._cpus is None or self._cpus <= 1 else min(MOST_SLOWDOWN, 1.0 - 1.0 / self._cpus)

    @override
    async def start(self) -> bool:
        if self._keepsake is not None:
            kept = await asyncio.to_thread(self._keepsake.read)
            self._kept |= {name: kept[name] for name in (_PAUSED, _CPUS) if isinstance(kept.get(name), int)}
        self._cpus = self._kept[_CPUS] if _CPUS in self._kept else await self._client.cpus()
        await self._all_cpus()
        return _PAUSED in self._kept

    @override
    async def pause(self, for_s: float) -> None:
        if _PAUSED not in self._kept and await self._client.is_paused():
            return
        await self._keep(**{_PAUSED: 1})
        await self._client.command(FoldingState.PAUSE)

    @override
    async def finish(self, for_s: float) -> bool:
        if await self._client.is_paused() or not await self._client.units():
            await self.pause(for_s)
            return True
        if _PAUSED not in self._kept:
            await self._keep(**{_PAUSED: 1})
            await self._client.command(FoldingState.FINISH)
        return False

    @override
    async def resume(self) -> None:
        if _PAUSED in self._kept:
            await self._client.command(FoldingState.FOLD)
            await self._keep(**{_PAUSED: None})

    @override
    async def throttle(self, share: float) -> None:
        if share >= 1.0:
            await self._all_cpus()
        elif self._cpus is not None:
            await self._keep(**{_CPUS: self._cpus})
            await self._client.set_cpus(max(1, round(share * self._cpus)))

    @override
    async def stop(self) -> None:
        try:
            await self._all_cpus()
        finally:
            await self._client.stop()

    async def _all_cpus(self) -> None:
        if _CPUS in self._kept:
            await self._client.set_cpus(self._kept[_CPUS])
            await self._keep(**{_CPUS: None})

    async def _keep(self, **changes: int | None) -> None:
        """Write down what has to be put back, before it is changed and after it was put back. Errors: ExecutorError."""
        before = self._kept
        self._kept = {name: value for name, value in (before | changes).items() if value is not None}
        if self._kept == before or self._keepsake is None:
            return
        try:
            await asyncio.to_thread(self._keepsake.write, dict(self._kept))
        except ExecutorError:
            self._kept = before
            raise
