"""What a stock Antminer answers, turned into profile and reading."""

from collections.abc import Mapping
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError
from ..model.telemetry import BoardReading, DeviceStatus, FanReading, PoolState
from .driver import Family, Feature, MinerProfile, MinerReading, PowerLevel
from .fields import (
    GIGA,
    MEGA,
    TERA,
    at,
    celsius,
    endpoint,
    items,
    mac,
    number,
    positive,
    scaled,
    share_work,
    text,
    whole,
)

NORMAL, SLEEP, HIGH, LOW = 0, 1, 2, 3
MODE_KEYS = ("miner-mode", "bitmain-work-mode")
NORMAL_W = (
    ("S21 XP", 3645.0), ("S21 PRO", 3510.0), ("S21", 3500.0), ("T21", 3610.0),
    ("S19 XP", 3010.0), ("S19K", 2760.0), ("S19J PRO", 3050.0), ("S19", 3250.0), ("T19", 3150.0),
    ("S17", 2520.0), ("T17", 2200.0), ("S9", 1320.0),
)  # fmt: skip
"""Nominal watts in normal mode by model, the longer name first; guesses until they are measured."""
UNKNOWN_W, LOW_SHARE, HIGH_SHARE = 3250.0, 0.75, 1.1
_POWER_KEYS = ("watt", "power", "Power", "total_power", "chain_power")
_UNITS = {"H/S": 1.0, "KH/S": 1e3, "MH/S": MEGA, "GH/S": GIGA, "TH/S": TERA, "PH/S": 1e15}
_MOST_W = 15_000.0


def parse_profile(info: Mapping[str, Any], conf: Mapping[str, Any], stats: Mapping[str, Any]) -> MinerProfile:
    """Return what get_system_info, get_miner_conf and stats tell. Errors: DeviceGarbageError where it has no name."""
    address = mac(info, "macaddr")
    identity = address or text(info, "serinum") or text(info, "serial_no")
    if identity is None:
        raise DeviceGarbageError("neither MAC nor serial number")
    model = text(info, "minertype") or "Antminer"
    mode = mode_of(conf)
    if mode is None:
        raise DeviceGarbageError("no mode among its settings")
    return MinerProfile(
        family=Family.ANTMINER,
        identity=identity,
        mac=address,
        model=model,
        firmware=text(info, "system_filesystem_version"),
        control=ControlKind.PRESETS,
        levels=_levels(model, mode),
        ramp_s=300.0,
        boot_s=300.0,
        write_interval_s=900.0,
        minimum_on_s=1800.0,
        minimum_off_s=900.0,
        starts_per_day=12,
        can_pause=True,
        pause_survives_reboot=True,
        write_restarts=True,
        write_hits_flash=True,
        power_source=PowerSource.ESTIMATED if _power_w(_row(stats)) is not None else None,
        features=frozenset({Feature.LIGHT, Feature.RESTART}),
    )


def parse_reading(
    stats: Mapping[str, Any], *, pools: Mapping[str, Any] | None = None, conf: Mapping[str, Any] | None = None
) -> MinerReading:
    """Return how things stand; `conf` stands in for `pools` where stats tell no mode."""
    row = _row(stats)
    mode = _whole_mode(row) if row is not None else None
    mode = mode_of(conf or {}) if mode is None else mode
    rate_hs = _hash_rate_hs(row)
    pool = _pool(pools)
    boards = tuple(_board(index, chain, row) for index, chain in enumerate(items(row, "chain")))
    return MinerReading(
        status=_status(mode, rate_hs, pool),
        setting=None if mode in {None, SLEEP} else mode,
        power_w=_power_w(row),
        hash_rate_hs=rate_hs,
        chip_c=_hottest(board.chip_c for board in boards),
        device_c=_hottest(board.board_c for board in boards),
        boards=boards,
        fans=tuple(
            FanReading(index=index, rpm=positive(fan, most=50_000.0)) for index, fan in enumerate(items(row, "fan"))
        ),
        uptime_s=positive(row, "elapsed"),
        pool=pool,
        problem="miner_no_pool" if pool is not None and not pool.connected else None,
    )


def tells_mode(stats: Mapping[str, Any]) -> bool:
    """Return whether stats name the mode; while it sleeps or boots they are empty."""
    return _whole_mode(_row(stats)) is not None


def mode_of(conf: Mapping[str, Any]) -> int | None:
    """Return the mode that its settings name."""
    return next((mode for key in MODE_KEYS if (mode := whole(conf, key, most=LOW)) is not None), None)


def with_mode(conf: Mapping[str, Any], mode: int) -> dict[str, Any]:
    """Return the miner's whole settings with the mode changed and everything else as it came.

    The API takes nothing less than all of them and wants some under another name than it gives them.
    Errors: DeviceGarbageError where pools are missing, for then they would be wiped.
    """
    if not items(conf, "pools") or mode_of(conf) is None:
        raise DeviceGarbageError("settings without pools or mode are not sent back")
    body = dict(conf)
    for key in MODE_KEYS:
        if key in conf:
            body[key] = str(mode) if isinstance(conf[key], str) else mode
    body.setdefault("miner-mode", mode)
    if "freq-level" not in body and "bitmain-freq-level" in conf:
        body["freq-level"] = conf["bitmain-freq-level"]
    return body


def _levels(model: str, mode: int) -> tuple[PowerLevel, ...]:
    name = model.upper()
    normal_w = next((power_w for part, power_w in NORMAL_W if part in name), UNKNOWN_W)
    low = PowerLevel(setting=LOW, label="low", power_w=normal_w * LOW_SHARE)
    normal = PowerLevel(setting=NORMAL, label="normal", power_w=normal_w)
    high = PowerLevel(setting=HIGH, label="high", power_w=normal_w * HIGH_SHARE)
    # Which models have a high mode is told nowhere; one that runs in it has it.
    return (low, normal, high) if mode == HIGH else (low, normal)


def _row(stats: Any) -> Mapping[str, Any] | None:
    row = at(stats, "STATS", -1)
    return row if isinstance(row, Mapping) else None


def _whole_mode(row: Any) -> int | None:
    return whole(row, "miner-mode", most=LOW)


def _status(mode: int | None, rate_hs: float | None, pool: PoolState | None) -> DeviceStatus:
    if mode == SLEEP:
        return DeviceStatus.PAUSED
    if pool is not None and not pool.connected:
        return DeviceStatus.NO_POOL
    return DeviceStatus.RUNNING if rate_hs else DeviceStatus.STARTING


def _power_w(row: Any) -> float | None:
    found = (number(row, key, least=1.0, most=_MOST_W) for key in _POWER_KEYS)
    return next((power_w for power_w in found if power_w is not None), None)


def _unit(*rows: Any) -> float | None:
    unit = next((at(row, "rate_unit") for row in rows if at(row, "rate_unit") is not None), "GH/S")
    return _UNITS.get(unit.strip().upper()) if isinstance(unit, str) else None


def _hash_rate_hs(row: Any) -> float | None:
    unit = _unit(row)
    rate = positive(row, "rate_5s")
    if rate is not None and unit is not None:
        return rate * unit
    return scaled(positive(row, "GHS 5s"), GIGA)


def _board(index: int, chain: Any, row: Any) -> BoardReading:
    unit = _unit(chain, row)
    return BoardReading(
        index=index if (told := whole(chain, "index", most=255)) is None else told,
        hash_rate_hs=scaled(positive(chain, "rate_real"), unit) if unit is not None else None,
        board_c=_hottest(celsius(value) for value in items(chain, "temp_pcb")),
        chip_c=_hottest(celsius(value) for value in items(chain, "temp_chip")),
        chips=whole(chain, "asic_num", most=10_000),
    )


def _hottest(values: Any) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _pool(pools: Mapping[str, Any] | None) -> PoolState | None:
    known = [pool for pool in items(pools, "POOLS") if endpoint(pool, "url")]
    if not known:
        return None
    alive = [pool for pool in known if (text(pool, "status") or "").lower() == "alive"]
    pool = (alive or known)[0]
    return PoolState(
        connected=bool(alive),
        name=endpoint(pool, "url"),
        shares_accepted=sum(whole(each, "accepted") or 0 for each in known),
        shares_rejected=sum(whole(each, "rejected") or 0 for each in known),
        shares_stale=sum(whole(each, "stale") or 0 for each in known),
        share_work=share_work(1.0, sum(positive(each, "diffa") or 0.0 for each in known)) or 0,
    )
