"""What the answers of LuxOS mean: pure functions from cgminer's JSON to the profile and the reading."""

from collections.abc import Mapping
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError, DeviceRefusedError
from ..model.telemetry import BoardReading, DeviceStatus, FanReading, PoolState, ThermalLoop
from .driver import Family, Feature, MinerProfile, MinerReading, PowerLevel
from .fields import (
    GIGA,
    TERA,
    at,
    celsius,
    endpoint,
    flag,
    items,
    mac,
    number,
    positive,
    scaled,
    share_work,
    text,
    whole,
)

CONFIG, POWER, SUMMARY, TEMPS, FANS, POOLS = "config", "power", "summary", "temps", "fans", "pools"
PROFILES, VERSION = "profiles", "version"
MOST_W = 20_000.0
_SENSORS = ("TopLeft", "TopRight", "BottomLeft", "BottomRight")
_LIT = {"on", "blink"}
_NO = {"E", "F"}


def accepted(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer that says yes. Errors: DeviceRefusedError with the device's own words."""
    if text(answer, "STATUS", 0, "STATUS") in _NO:
        raise DeviceRefusedError(text(answer, "STATUS", 0, "Msg") or "refused")
    return answer


def apart(answer: Mapping[str, Any], commands: tuple[str, ...]) -> dict[str, Any]:
    """Return the answers to joined commands, by command. Errors: DeviceRefusedError where it joins none."""
    accepted(answer)
    parts = {command: at(answer, command, 0) for command in commands}
    if not any(isinstance(part, Mapping) for part in parts.values()):
        raise DeviceRefusedError("it takes one command at a time")
    return parts


def parse_levels(profiles: Any) -> tuple[PowerLevel, ...]:
    """Return the profiles that tell their watts, rising; of two with the same watts the first."""
    levels: dict[float, PowerLevel] = {}
    for profile in items(profiles, "PROFILES"):
        name = text(profile, "Profile Name")
        power_w = number(profile, "Watts", least=1.0, most=MOST_W)
        if name is None or power_w is None:
            continue
        rate = scaled(number(profile, "Hashrate", least=0.1, most=1e5), TERA)
        levels.setdefault(power_w, PowerLevel(setting=power_w, label=name, power_w=power_w, hash_rate_hs=rate))
    return tuple(levels[power_w] for power_w in sorted(levels))


def parse_watts(profiles: Any) -> dict[str, float]:
    """Return the watts of every profile by its name."""
    told = (
        (text(profile, "Profile Name"), number(profile, "Watts", least=1.0, most=MOST_W))
        for profile in items(profiles, "PROFILES")
    )
    return {name: power_w for name, power_w in told if name is not None and power_w is not None}


def parse_profile(version: Any, config: Any, profiles: Any) -> MinerProfile:
    """Return what the miner is and can do. Errors: DeviceGarbageError without a name or without profiles."""
    told = at(config, "CONFIG", 0)
    spelt = mac(told, "MACAddr")
    identity = spelt or text(told, "SerialNumber")
    levels = parse_levels(profiles)
    if identity is None or not levels:
        raise DeviceGarbageError("no MAC, no serial number" if levels else "no profiles")
    return MinerProfile(
        family=Family.LUXOS,
        identity=identity,
        mac=spelt,
        model=text(version, "VERSION", 0, "Type") or text(told, "Model") or "LuxOS",
        firmware=text(version, "VERSION", 0, "LUXminer") or text(version, "VERSION", 0, "Miner"),
        control=ControlKind.PRESETS,
        levels=levels,
        ramp_s=180.0,
        boot_s=180.0,
        write_interval_s=180.0,
        minimum_on_s=900.0,
        minimum_off_s=600.0,
        starts_per_day=12,
        can_pause=True,
        pause_survives_reboot=True,
        power_source=PowerSource.ESTIMATED,
        features=frozenset({Feature.LIGHT, Feature.RESTART}),
    )


def parse_reading(answers: Mapping[str, Any], watts: Mapping[str, float]) -> MinerReading:
    """Return how things stand, from the newest answers by command and the watts of the profiles by name.

    Errors: DeviceGarbageError where neither settings nor power nor summary are told.
    """
    config = at(answers.get(CONFIG), "CONFIG", 0)
    summary = at(answers.get(SUMMARY), "SUMMARY", 0)
    power = at(answers.get(POWER), "POWER", 0)
    if not any(isinstance(part, Mapping) for part in (config, summary, power)):
        raise DeviceGarbageError("answers without an answer")
    hash_rate_hs = scaled(positive(summary, "GHS 5s", most=1e9), GIGA)
    pool = _pool(items(answers.get(POOLS), "POOLS"), summary)
    status = _status(config, hash_rate_hs, pool)
    boards = tuple(_board(index, board) for index, board in enumerate(items(answers.get(TEMPS), "TEMPS")))
    profile = text(config, "Profile")
    return MinerReading(
        status=status,
        identity=mac(config, "MACAddr"),
        setting=None if status is DeviceStatus.PAUSED or profile is None else watts.get(profile),
        power_w=positive(power, "Watts", most=MOST_W),
        hash_rate_hs=hash_rate_hs,
        device_c=max((board.board_c for board in boards if board.board_c is not None), default=None),
        boards=boards,
        fans=tuple(_fan(index, fan) for index, fan in enumerate(items(answers.get(FANS), "FANS"))),
        light=_light(config),
        uptime_s=positive(summary, "Elapsed"),
        pool=pool,
        thermal_loop=ThermalLoop.LUXOS_ATM if flag(config, "IsAtmEnabled") else None,
        problem="miner_no_pool" if status is DeviceStatus.NO_POOL else None,
    )


def knows(version: Mapping[str, Any]) -> bool:
    """Judge cgminer's version: LuxOS names its own miner program in it."""
    names = at(version, "VERSION", 0)
    return isinstance(names, Mapping) and any(str(name).lower() == "luxminer" for name in names)


def _status(config: Any, hash_rate_hs: float | None, pool: PoolState | None) -> DeviceStatus:
    if (text(config, "CurtailMode") or "").lower() == "sleep" or flag(config, "IsPowerSupplyOn") is False:
        return DeviceStatus.PAUSED
    if flag(config, "IsTuning"):
        return DeviceStatus.TUNING
    if hash_rate_hs:
        return DeviceStatus.RUNNING
    return DeviceStatus.NO_POOL if pool is not None and not pool.connected else DeviceStatus.STARTING


def _light(config: Any) -> bool | None:
    lamp = text(config, "RedLed")
    return None if lamp is None else lamp.lower() in _LIT


def _board(index: int, board: Any) -> BoardReading:
    """Read a board's sensors, which sit on the board and not in the chips."""
    sensors_c = (celsius(board, sensor) for sensor in _SENSORS)
    return BoardReading(index=index, board_c=max((value for value in sensors_c if value is not None), default=None))


def _fan(index: int, fan: Any) -> FanReading:
    return FanReading(index=index, rpm=positive(fan, "RPM", most=100_000.0), percent=positive(fan, "Speed", most=100.0))


def _pool(pools: list[Any], summary: Any) -> PoolState | None:
    if not pools:
        return None
    used = next((pool for pool in pools if flag(pool, "Stratum Active")), None)
    return PoolState(
        connected=used is not None and text(used, "Status") != "Dead",
        name=endpoint(used, "URL"),
        difficulty=positive(used, "Stratum Difficulty"),
        shares_accepted=whole(summary, "Accepted") or 0,
        shares_rejected=whole(summary, "Rejected") or 0,
        shares_stale=whole(summary, "Stale") or 0,
        share_work=share_work(positive(summary, "Difficulty Accepted"), 1.0),
        best_share=positive(summary, "Best Share"),
    )
