"""What a Whatsminer of API 3 answers, turned into profile and reading. Its hash rates are in TH/s."""

from collections.abc import Mapping
from typing import Any

from ..model.errors import DeviceGarbageError
from ..model.telemetry import BoardReading, DeviceStatus, FanReading, PoolState
from .driver import Family, MinerProfile, MinerReading
from .fields import TERA, at, celsius, endpoint, flag, items, mac, number, positive, scaled, text
from .whatsminer_parse import whatsminer_profile

_LEAST_W, _MOST_W, _MOST_RPM = 1.0, 15_000.0, 50_000.0
_WORKING = {"true": True, "false": False}


def parse_profile(info: Mapping[str, Any], told: Mapping[str, Any]) -> MinerProfile:
    """Return what get.device.info and the summary tell. Errors: DeviceGarbageError where it has no name."""
    address = mac(info, "network", "mac")
    identity = address or text(info, "miner", "miner-sn")
    if identity is None:
        raise DeviceGarbageError("neither MAC nor serial number")
    return whatsminer_profile(
        family=Family.WHATSMINER_V3,
        identity=identity,
        address=address,
        model=text(info, "miner", "type"),
        firmware=text(info, "system", "fwversion"),
        limit_w=number(told, "summary", "power-limit", least=_LEAST_W, most=_MOST_W),
        fast_boot=(text(info, "miner", "fast-boot") or "").lower() == "enable",
    )


def hashes(told: Mapping[str, Any]) -> bool:
    """Return whether a summary tells of work being done."""
    return bool(_hash_rate_hs(told))


def parse_reading(told: Mapping[str, Any], *, miner: Mapping[str, Any] | None = None) -> MinerReading:
    """Return how things stand; an idle miner is asked whether it works at all (`miner`).

    Errors: DeviceGarbageError where nothing is told.
    """
    summary = at(told, "summary")
    working = _WORKING.get((text(miner, "miner", "working") or "").lower())
    if not isinstance(summary, Mapping) and working is None:
        raise DeviceGarbageError("neither summary nor state")
    rate_hs = _hash_rate_hs(told)
    pool = _pool(told)
    boards = tuple(
        BoardReading(index=index, board_c=celsius(board_c))
        for index, board_c in enumerate(items(summary, "board-temperature"))
    )
    return MinerReading(
        status=_status(summary, rate_hs, pool, working=working),
        power_w=_first(
            positive(summary, "power-realtime", most=_MOST_W), positive(summary, "power-5min", most=_MOST_W)
        ),
        hash_rate_hs=rate_hs,
        chip_c=celsius(summary, "chip-temp-max"),
        device_c=max((board.board_c for board in boards if board.board_c is not None), default=None),
        inlet_c=celsius(summary, "environment-temperature"),
        boards=boards,
        fans=tuple(
            FanReading(index=index, rpm=rpm)
            for index, key in enumerate(("fan-speed-in", "fan-speed-out"))
            if (rpm := positive(summary, key, most=_MOST_RPM)) is not None
        ),
        uptime_s=_first(positive(summary, "bootup-time"), positive(summary, "elapsed")),
        pool=pool,
        problem="miner_no_pool" if pool is not None and not pool.connected else None,
    )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _hash_rate_hs(told: Mapping[str, Any]) -> float | None:
    keys = ("hash-realtime", "hash-1min", "hash-average")
    return scaled(_first(*(positive(told, "summary", key, most=1e5) for key in keys)), TERA)


def _status(summary: Any, rate_hs: float | None, pool: PoolState | None, *, working: bool | None) -> DeviceStatus:
    if working is False:
        return DeviceStatus.PAUSED
    if pool is not None and not pool.connected:
        return DeviceStatus.NO_POOL
    if not rate_hs:
        return DeviceStatus.STARTING
    return DeviceStatus.TUNING if flag(summary, "up-freq-finish") is False else DeviceStatus.RUNNING


def _pool(told: Mapping[str, Any]) -> PoolState | None:
    """Read the pool in use; this API tells no shares, so they stay at none counted."""
    known = [pool for pool in items(told, "pools") if endpoint(pool, "url")]
    if not known:
        return None
    alive = [pool for pool in known if (text(pool, "status") or "").lower() == "alive"]
    used = [pool for pool in alive if flag(pool, "stratum-active")]
    return PoolState(connected=bool(alive), name=endpoint((used or alive or known)[0], "url"))
