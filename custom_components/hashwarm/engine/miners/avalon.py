"""Avalon's home miners Nano 3S, Mini 3 and Q: cgminer's TCP API, no password, a few power levels, a slow start.

One connection per request. Soft off and on carry a time of day, so the device's clock must be near ours.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import time
from typing import Any, override

from ..model.errors import (
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from .avalon_parse import MINING, MODELS, HomeMiner, is_home_miner, model_in, pairs, parse_profile, parse_reading
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link
from .fields import at, text
from .rpc import CGMINER_PORT, RpcClient

_AHEAD_S = 5
_SLOWEST_FAN, _FASTEST_FAN, _FAN_BY_ITSELF = 25, 100, -1
_SAYS_NO = {"E", "F"}


class AvalonDriver(Driver):
    """Speaks to one Avalon. `now` is the time of day as a Unix time, for soft off and on."""

    def __init__(self, link: Link, address: MinerAddress, *, now: Callable[[], float] = time.time) -> None:
        self._link = link
        self._rpc = RpcClient(address, connect=self._connect)
        self._now = now
        self._connections = 0
        self._model: HomeMiner | None = None
        self._fan_percent: float | None = None
        self._uptime_s = 0.0

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        streams = await self._link.connect(host, port)
        self._connections += 1
        return streams

    @override
    async def identify(self) -> MinerProfile:
        """Ask for its version and its statistics, two requests."""
        version = await self._rpc.command("version")
        profile = parse_profile(version, await self._estats())
        self._model = next(model for model in MODELS.values() if model.title == profile.model)
        return profile

    async def _estats(self) -> dict[str, Any]:
        answer = await self._rpc.command("estats")
        self._model = model_in(pairs(answer)) or self._model
        return answer

    @override
    async def read(self) -> MinerReading:
        reading = parse_reading(await self._estats())
        if reading.uptime_s is not None:
            if reading.uptime_s < self._uptime_s:
                # It restarted: nobody knows who rules the fan now.
                self._fan_percent = None
            self._uptime_s = reading.uptime_s
        return replace(reading, fan_percent=self._fan_percent)

    @override
    async def write(self, setting: float) -> None:
        model = await self._known_model()
        if setting not in {float(step) for step, _, _ in model.levels}:
            raise DeviceUnsupportedError(f"{model.title} has no level {setting:g}")
        await self._set(f"{model.setting},set,{int(setting)}")

    async def _known_model(self) -> HomeMiner:
        if self._model is None:
            await self._estats()
        if self._model is None:
            raise DeviceUnsupportedError("not one of Avalon's home miners")
        return self._model

    @override
    async def pause(self) -> None:
        await self._set(f"softoff,1:{int(self._now()) + _AHEAD_S}")

    @override
    async def resume(self) -> None:
        await self._set(f"softon,1:{int(self._now()) + _AHEAD_S}", may_hang_up=True)

    @override
    async def restart(self) -> None:
        await self._set("reboot,0", may_hang_up=True)

    @override
    async def set_fan(self, percent: float | None) -> None:
        by_hand = None if percent is None else round(min(max(percent, _SLOWEST_FAN), _FASTEST_FAN))
        await self._set(f"fan-spd,{_FAN_BY_ITSELF if by_hand is None else by_hand}")
        self._fan_percent = by_hand

    @override
    async def end_thermal_loop(self) -> None:
        """Have the Mini 3 mine instead of heating by its own room thermostat."""
        model = await self._known_model()
        if model is not MODELS["mini3"]:
            raise DeviceUnsupportedError(f"{model.title} has no loop of its own")
        await self._set(f"workmode,set,{MINING}")

    async def _set(self, what: str, *, may_hang_up: bool = False) -> None:
        """Send one `ascset`. A device that wakes or reboots may hang up on us without a word."""
        before = self._connections
        try:
            answer = await self._rpc.command("ascset", f"0,{what}")
        except DeviceUnreachableError:
            if may_hang_up and self._connections > before:
                return
            raise
        said = text(answer, "STATUS", 0, "STATUS") or text(answer, "STATUS", "STATUS")
        if said is None:
            raise DeviceGarbageError("ascset: no status")
        if said in _SAYS_NO:
            raise DeviceRefusedError(text(answer, "STATUS", 0, "Msg") or str(at(answer, "STATUS"))[:100])


AVALON = FamilyInfo(
    family=Family.AVALON,
    title="Avalon Nano 3S, Mini 3, Q",
    port=CGMINER_PORT,
    driver=AvalonDriver,
    knows_rpc=is_home_miner,
    tells_pool=False,
    tells_work=False,
)
