"""The NerdQAxe family (NerdAxe, NerdQAxe+ and ++, NerdOctaxe and others): a child of AxeOS that went its own way.

Shut down and restarted instead of paused and resumed; one-time codes (OTP), where the owner turned them on, guard every
write and cannot be given by a program. Source: `docs/API.md` and `handler_system.cpp` of ESP-Miner-NerdQAxePlus.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, override

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError, DeviceLockedError, DeviceRefusedError, DeviceUnsupportedError
from ..model.telemetry import BoardReading, DeviceStatus, FanReading, PoolState
from .axeos import INFO, SETTINGS, ShareWork, ask, ask_asic, checked_mhz, judged
from .axeos_parse import (
    BOOT_S,
    Answer,
    difficulty,
    fans,
    frequency_levels,
    is_hashing,
    is_nerd,
    offered_mhz,
    pool_name,
    shares,
    wall_w,
)
from .driver import Driver, Family, Feature, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link
from .fields import GIGA, celsius, flag, items, mac, number, positive, scaled, text, whole
from .web import WebAnswer, WebClient

_UNAUTHORISED, _REFUSED = 401, 400
_FAN_BY_HAND, _FAN_BY_PID = 0, 2


def nerd_mhz(info: Answer, asic: Answer) -> list[float]:
    """Return the frequencies to choose from, rising: those offered and the eco one, none above the absolute limit."""
    most = number(asic, "absMaxFrequency", least=50.0, most=2000.0) or float("inf")
    eco = number(asic, "ecoFrequency", least=50.0, most=2000.0)
    return sorted({mhz for mhz in (*offered_mhz(info, asic), *filter(None, (eco,))) if mhz <= most})


def parse_profile(info: Answer, asic: Answer) -> MinerProfile:
    """Return what a NerdQAxe is and can do. Errors: DeviceGarbageError, DeviceUnsupportedError."""
    address = mac(info, "macAddr")
    if address is None:
        raise DeviceGarbageError("no MAC")
    levels = frequency_levels(info, asic, nerd_mhz(info, asic))
    if not levels:
        raise DeviceUnsupportedError("no frequencies are known for this chip")
    return MinerProfile(
        family=Family.NERDQAXE,
        identity=address,
        mac=address,
        model=text(info, "deviceModel") or "NerdQAxe",
        firmware=text(info, "version"),
        control=ControlKind.FREQUENCY,
        levels=levels,
        ramp_s=10.0,
        boot_s=60.0,
        write_interval_s=60.0,
        minimum_on_s=600.0,
        minimum_off_s=300.0,
        # Firmware that does not tell whether it is shut down is too old to be shut down.
        can_pause="shutdown" in info,
        resume_reboots=True,
        write_hits_flash=True,
        power_source=PowerSource.ESTIMATED,
        features=frozenset({Feature.FAN, Feature.RESTART}),
    )


def parse_reading(info: Answer) -> MinerReading:
    """Return how a NerdQAxe is doing. Errors: DeviceGarbageError."""
    if not is_nerd(info):
        raise DeviceGarbageError("no answer of a NerdQAxe")
    status, problem = _status(info)
    return MinerReading(
        status=status,
        problem=problem,
        identity=mac(info, "macAddr"),
        setting=None if flag(info, "shutdown") else number(info, "frequency", least=1.0, most=2000.0),
        power_w=wall_w(positive(info, "power", most=1e5)),
        hash_rate_hs=scaled(positive(info, "hashRate", most=1e9), GIGA),
        chip_c=_hottest(info),
        regulator_c=max(filter(None, (celsius(info, "vrTemp"), celsius(info, "vrTempInt"))), default=None),
        boards=(_board(info),),
        fans=_fans(info),
        fan_percent=_fan_percent(info),
        firmware=text(info, "version"),
        uptime_s=positive(info, "uptimeSeconds", most=1e10),
        pool=_pool(info, status),
    )


def _hottest(info: Answer) -> float | None:
    chips_c = (celsius(told_c) for told_c in items(info, "asicTemps")[:64])
    return max(filter(None, (celsius(info, "temp"), *chips_c)), default=None)


def _status(info: Answer) -> tuple[DeviceStatus, str | None]:
    if whole(info, "boardError", least=1) is not None:
        return DeviceStatus.FAULT, "miner_hardware"
    if flag(info, "shutdown"):
        limit_c, chip_c = celsius(info, "overheat_temp"), _hottest(info)
        if limit_c and chip_c and chip_c >= limit_c:
            return DeviceStatus.FAULT, "miner_overheated"
        return DeviceStatus.PAUSED, None
    if is_hashing(info):
        return DeviceStatus.RUNNING, None
    if _connected(info) is False and (positive(info, "uptimeSeconds") or 0.0) >= BOOT_S:
        return DeviceStatus.NO_POOL, "miner_no_pool"
    return DeviceStatus.STARTING, None


def _connected(info: Answer) -> bool | None:
    """Tell whether any pool is connected, None where the firmware does not say."""
    said = [flag(pool, "connected") for pool in items(info, "stratum", "pools")[:4]]
    said = [answer for answer in said if answer is not None]
    return any(said) if said else flag(info, "isStratumConnected")


def _board(info: Answer) -> BoardReading:
    return BoardReading(
        index=0,
        hash_rate_hs=scaled(positive(info, "hashRate", most=1e9), GIGA),
        board_c=celsius(info, "vrTemp"),
        chip_c=_hottest(info),
        chips=whole(info, "asicCount", least=1, most=256),
    )


def _fans(info: Answer) -> tuple[FanReading, ...]:
    channels = items(info, "fans")[:8]
    return tuple(
        FanReading(index=place, rpm=positive(fan, "rpm", most=1e5), percent=positive(fan, "speedPerc", most=100.0))
        for place, fan in enumerate(channels)
    ) or fans(info, "fanrpm", "fanrpm2")


def _fan_mode(info: Answer) -> int | None:
    channel = whole(info, "fans", 0, "mode", most=9)
    return whole(info, "autofanspeed", most=9) if channel is None else channel


def _fan_percent(info: Answer) -> float | None:
    if _fan_mode(info) != _FAN_BY_HAND:
        return None
    told = (positive(info, *path, most=100.0) for path in (("fans", 0, "manualSpeed"), ("manualFanSpeed",)))
    return next((percent for percent in told if percent is not None), positive(info, "fanspeed", most=100.0))


def _pool(info: Answer, status: DeviceStatus) -> PoolState:
    told = {**info, "poolDifficulty": _difficulty(info)}
    connected = _connected(info)
    return PoolState(
        connected=is_hashing(info) if connected is None else connected,
        name=pool_name(info, fallback=_uses_fallback(info)),
        problem="miner_no_pool" if status is DeviceStatus.NO_POOL else None,
        **shares(told),
    )


def _uses_fallback(info: Answer) -> bool:
    return bool(flag(info, "stratum", "usingFallback") or flag(info, "isUsingFallbackStratum"))


def _difficulty(info: Answer) -> float | None:
    # Older firmware lists the pool in use only, newer both.
    for place in (int(_uses_fallback(info)), 0):
        if told := positive(info, "stratum", "pools", place, "poolDifficulty"):
            return told
    return difficulty(info, "poolDifficulty")


class NerdqaxeDriver(Driver):
    """Speaks to one miner of the NerdQAxe family."""

    def __init__(self, link: Link, address: MinerAddress) -> None:
        self._web = WebClient(link.session, address)
        self._work = ShareWork()
        self._offered: tuple[float, ...] = ()
        self._shuts_down: bool | None = None
        self._fan_channels: int | None = None
        self._fan_key = "manualFanSpeed"
        self._fan_mode = _FAN_BY_PID
        """The automatic mode it was last seen in, to give the fan back to."""

    @override
    async def identify(self) -> MinerProfile:
        """Ask for state and chips, two requests."""
        info = await ask(self._web, INFO)
        if not is_nerd(info):
            raise DeviceGarbageError("no answer of a NerdQAxe")
        asic = await ask_asic(self._web)
        profile = parse_profile(info, asic)
        self._offered = tuple(nerd_mhz(info, asic))
        self._learn(info)
        return profile

    @override
    async def read(self) -> MinerReading:
        info = await ask(self._web, INFO)
        reading = parse_reading(info)
        self._learn(info)
        return replace(reading, pool=self._work.counted(reading.pool))

    def _learn(self, info: Mapping[str, Any]) -> None:
        self._shuts_down = "shutdown" in info
        self._fan_channels = len(items(info, "fans")[:8]) or None
        self._fan_key = "manualFanSpeed" if "manualFanSpeed" in info else "fanspeed"
        self._fan_mode = _fan_mode(info) or self._fan_mode

    async def _tell(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Send something that changes the device. Errors: DeviceLockedError where one-time codes are asked for."""
        answer = await self._web.request(method, path, body=body)
        if answer.status == _UNAUTHORISED:
            raise DeviceLockedError(
                "one-time codes (OTP) are on: turn them off on the device to let Hashwarm control it"
            )
        if answer.status >= _REFUSED:
            raise DeviceRefusedError(f"{method} {path}: {answer.status}")

    @override
    async def write(self, setting: float) -> None:
        await self._tell("PATCH", SETTINGS, {"frequency": checked_mhz(setting, self._offered)})

    @override
    async def pause(self) -> None:
        """Shut the chips down; only a restart wakes them."""
        if self._shuts_down is False:
            raise DeviceUnsupportedError("this firmware cannot be shut down")
        await self._tell("POST", "/api/system/shutdown")

    @override
    async def resume(self) -> None:
        """Restart, the only way back from a shutdown."""
        await self.restart()

    @override
    async def restart(self) -> None:
        await self._tell("POST", "/api/system/restart")

    @override
    async def set_fan(self, percent: float | None) -> None:
        mode = self._fan_mode if percent is None else _FAN_BY_HAND
        speed = None if percent is None else round(min(max(percent, 0.0), 100.0))
        if self._fan_channels:
            channel = {"mode": mode} | ({} if speed is None else {"manualSpeed": speed})
            body: dict[str, Any] = {"fans": [channel] * self._fan_channels}
        else:
            body = {"autofanspeed": mode} | ({} if speed is None else {self._fan_key: speed})
        await self._tell("PATCH", SETTINGS, body)


def knows_nerdqaxe(answer: WebAnswer) -> bool:
    """Judge the answer to the probe."""
    return judged(answer, is_nerd)


NERDQAXE = FamilyInfo(
    family=Family.NERDQAXE,
    title="NerdQAxe, NerdAxe, NerdOctaxe",
    port=80,
    driver=NerdqaxeDriver,
    probe_path=INFO,
    knows_web=knows_nerdqaxe,
)
