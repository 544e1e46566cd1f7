"""What the answers of VNish mean: pure functions from JSON to the profile and the reading."""

from collections.abc import Mapping
import re
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError, DeviceUnsupportedError
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
from .web import WebAnswer, parsed

LEAST_PERCENT, MOST_PERCENT = 20.0, 100.0
MOST_W = 20_000.0
_YES = 200
_FIRST_THROTTLE = (1, 3)
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})")
_TERAHASHES = re.compile(r"~\s*(\d+(?:\.\d+)?)\s*TH")
_STATUS = {
    "mining": DeviceStatus.RUNNING,
    "auto-tuning": DeviceStatus.TUNING,
    "auto_tuning": DeviceStatus.TUNING,
    "initializing": DeviceStatus.STARTING,
    "starting": DeviceStatus.STARTING,
    "restarting": DeviceStatus.STARTING,
    "shutting-down": DeviceStatus.PAUSED,
    "stopped": DeviceStatus.PAUSED,
    "paused": DeviceStatus.PAUSED,
    "failure": DeviceStatus.FAULT,
}
_PROBLEMS = (
    ("temp", "miner_overheated"),
    ("heat", "miner_overheated"),
    ("fan", "miner_fan"),
    ("psu", "miner_power_supply"),
    ("power supply", "miner_power_supply"),
)
_CONNECTED = {"active", "working"}
_WORKING = {DeviceStatus.RUNNING, DeviceStatus.TUNING}


def throttles(firmware: str | None) -> bool | None:
    """Return whether a version can throttle in percent; None where it names no version."""
    found = _VERSION.search(firmware) if firmware else None
    return None if found is None else (int(found[1]), int(found[2])) >= _FIRST_THROTTLE


def firmware_of(info: Any) -> str | None:
    """Return the version of the firmware."""
    return text(info, "fw_version")


def firmware_in(summary: Any) -> str | None:
    """Return the version that stands behind the model's name, as in "Antminer S19 (Vnish 1.2.6)"."""
    kind = text(summary, "miner", "miner_type") or ""
    return kind.lower().partition("vnish")[2] or None


def preset_w(preset: Any) -> float | None:
    """Return the watts of a preset, which is named by them; None for one set by hand ("disabled")."""
    return number(text(preset, "name") or "", least=1.0, most=MOST_W)


def parse_profile(info: Any, perf: Any, presets: Any, summary: Any) -> MinerProfile:
    """Return what the miner is and can do, from the presets it has or the share of the one it runs.

    Errors: DeviceGarbageError without a name, DeviceUnsupportedError where no preset gives it watts.
    """
    spelt = mac(info, "system", "network_status", "mac")
    identity = spelt or text(info, "serial")
    firmware = firmware_of(info)
    if identity is None or firmware is None:
        raise DeviceGarbageError("no MAC, no serial number" if firmware else "no version")
    throttle = throttles(firmware) is True
    return MinerProfile(
        family=Family.VNISH,
        identity=identity,
        mac=spelt,
        model=text(info, "miner") or text(info, "model") or "VNish",
        firmware=firmware,
        control=ControlKind.PERCENT if throttle else ControlKind.PRESETS,
        levels=_shares(perf, summary) if throttle else _tuned(presets),
        step=1.0 if throttle else None,
        ramp_s=80.0 if throttle else 120.0,
        boot_s=300.0,
        write_interval_s=120.0 if throttle else 900.0,
        minimum_on_s=900.0,
        minimum_off_s=600.0,
        starts_per_day=12,
        can_pause=True,
        write_restarts=not throttle,
        power_source=PowerSource.ESTIMATED,
        features=frozenset({Feature.LIGHT, Feature.RESTART}),
    )


def parse_reading(summary: Any, perf: Any, *, throttle: bool | None) -> MinerReading:
    """Return how things stand. `throttle` says whether its setting is a percentage; None is not known yet.

    Errors: DeviceGarbageError where the summary has no miner.
    """
    miner = at(summary, "miner")
    if not isinstance(miner, Mapping):
        raise DeviceGarbageError("a summary without a miner")
    pool = _pool(items(miner, "pools"))
    status = _status(miner, pool)
    return MinerReading(
        status=status,
        setting=None if status is DeviceStatus.PAUSED or throttle is None else _setting(miner, perf, throttle=throttle),
        power_w=_power_w(miner, status),
        hash_rate_hs=scaled(positive(miner, "hr_realtime", most=1e9), GIGA),
        chip_c=celsius(miner, "chip_temp", "max"),
        device_c=celsius(miner, "pcb_temp", "max"),
        boards=tuple(_board(index, board) for index, board in enumerate(items(miner, "chains"))),
        fans=tuple(_fan(index, fan, miner) for index, fan in enumerate(items(miner, "cooling", "fans"))),
        pool=pool,
        thermal_loop=ThermalLoop.VNISH_PRESET_SWITCHER if flag(perf, "preset_switcher", "enabled") else None,
        problem=_problem(miner, status),
    )


def knows(answer: WebAnswer) -> bool:
    """Judge the answer to its identity card, which is told without a log-in."""
    try:
        info = parsed(answer.raw) if answer.status == _YES else None
    except DeviceGarbageError:
        return False
    return (text(info, "fw_name") or "").lower() == "vnish"


def _shares(perf: Any, summary: Any) -> tuple[PowerLevel, ...]:
    """Return 20 and 100 % of the preset in force, or of what it draws where that was set by hand."""
    full_w = preset_w(at(perf, "current_preset")) or _drawn_at_full(at(summary, "miner"))
    if full_w is None:
        raise DeviceUnsupportedError("choose a preset on the miner first")
    rate = _rate(at(perf, "current_preset"))
    return tuple(
        PowerLevel(
            setting=percent,
            label=f"{percent:g} %",
            power_w=full_w * percent / MOST_PERCENT,
            hash_rate_hs=scaled(rate, percent / MOST_PERCENT),
        )
        for percent in (LEAST_PERCENT, MOST_PERCENT)
    )


def _drawn_at_full(miner: Any) -> float | None:
    power_w = number(miner, "power_consumption", least=1.0, most=MOST_W)
    percent = number(miner, "miner_status", "throttled", least=LEAST_PERCENT, most=MOST_PERCENT)
    return None if power_w is None else power_w * MOST_PERCENT / (percent or MOST_PERCENT)


def _tuned(presets: Any) -> tuple[PowerLevel, ...]:
    """Return the presets that were tuned: any other would tune for hours."""
    levels: dict[float, PowerLevel] = {}
    for preset in items(presets):
        power_w = preset_w(preset)
        if power_w is not None and text(preset, "status") == "tuned":
            levels[power_w] = PowerLevel(
                setting=power_w, label=f"{power_w:g} W", power_w=power_w, hash_rate_hs=_rate(preset)
            )
    if not levels:
        raise DeviceUnsupportedError("no preset is tuned")
    return tuple(levels[power_w] for power_w in sorted(levels))


def _rate(preset: Any) -> float | None:
    """Return the hash rate that a preset is called after, as in "2000 watt ~ 70 TH"."""
    found = _TERAHASHES.search(text(preset, "pretty") or "")
    return scaled(number(found[1], least=0.1, most=1e5), TERA) if found else None


def _setting(miner: Any, perf: Any, *, throttle: bool) -> float | None:
    if throttle:
        return number(miner, "miner_status", "throttled", least=LEAST_PERCENT, most=MOST_PERCENT)
    return preset_w(at(perf, "current_preset"))


def _status(miner: Any, pool: PoolState | None) -> DeviceStatus:
    told = _STATUS.get((text(miner, "miner_status", "miner_state") or "").lower())
    hashes = positive(miner, "hr_realtime")
    if told is None:
        return DeviceStatus.RUNNING if hashes else DeviceStatus.STARTING
    if told is DeviceStatus.RUNNING and not hashes and pool is not None and not pool.connected:
        return DeviceStatus.NO_POOL
    return told


def _problem(miner: Any, status: DeviceStatus) -> str | None:
    if status is DeviceStatus.NO_POOL:
        return "miner_no_pool"
    if status is not DeviceStatus.FAULT:
        return None
    told = (text(miner, "miner_status", "description") or "").lower()
    return next((problem for word, problem in _PROBLEMS if word in told), "miner_hardware")


def _power_w(miner: Any, status: DeviceStatus) -> float | None:
    """Return the watts; a supply without a meter says zero while it works. `power_usage` is J/TH."""
    power_w = positive(miner, "power_consumption", most=MOST_W)
    return None if power_w == 0.0 and status in _WORKING else power_w


def _board(index: int, board: Any) -> BoardReading:
    rate = positive(board, "hashrate_rt", most=1e9)
    return BoardReading(
        index=index,
        hash_rate_hs=scaled(rate if rate is not None else positive(board, "hr_realtime", most=1e9), GIGA),
        board_c=celsius(board, "pcb_temp", "max"),
        chip_c=celsius(board, "chip_temp", "max"),
        power_w=positive(board, "power_consumption", most=MOST_W) or None,
    )


def _fan(index: int, fan: Any, miner: Any) -> FanReading:
    return FanReading(
        index=index,
        rpm=positive(fan, "rpm", most=100_000.0),
        percent=positive(miner, "cooling", "fan_duty", most=100.0),
    )


def _pool(pools: list[Any]) -> PoolState | None:
    """Read the pool in use; the one that takes the firmware's own share of the work is not the person's."""
    own = [pool for pool in pools if (text(pool, "pool_type") or "").lower() != "devfee"]
    if not own:
        return None
    used = next((pool for pool in own if text(pool, "status") == "active"), None)
    used = used or next((pool for pool in own if text(pool, "status") in _CONNECTED), None)
    return PoolState(
        connected=used is not None,
        name=endpoint(used, "url"),
        difficulty=positive(used, "ls_diff") or None,
        shares_accepted=sum(whole(pool, "accepted") or 0 for pool in own),
        shares_rejected=sum(whole(pool, "rejected") or 0 for pool in own),
        shares_stale=sum(whole(pool, "stale") or 0 for pool in own),
        share_work=sum(share_work(positive(pool, "diffa"), 1.0) or 0 for pool in own),
    )
