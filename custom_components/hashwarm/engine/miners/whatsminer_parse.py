"""What a Whatsminer of API 2 answers, turned into profile and reading."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError
from ..model.telemetry import DeviceStatus, FanReading, PoolState
from .driver import Family, Feature, MinerProfile, MinerReading, PowerLevel
from .fields import MEGA, at, celsius, endpoint, flag, items, mac, number, positive, scaled, share_work, text, whole

FLOOR_PERCENT, MIDDLE_PERCENT, FULL_PERCENT = 50, 75, 100
"""The floor is a guess: where a machine still runs steadily is told nowhere."""
UNKNOWN_W = 3400.0
_LEAST_W, _MOST_W = 1.0, 15_000.0
_RATES = ("HS RT", "MHS 5s", "MHS 1m", "MHS av")
_UPFREQ_KEYS = ("Upfreq Complete", "up-freq-finish", "Upfreq Finish")


def parse_profile(version: Mapping[str, Any], info: Mapping[str, Any], summary: Mapping[str, Any]) -> MinerProfile:
    """Return what get_version, get_miner_info and summary tell. Errors: DeviceGarbageError where it has no name."""
    row = _row(summary)
    address = mac(info, "Msg", "mac") or mac(row, "MAC")
    identity = address or text(info, "Msg", "minersn")
    if identity is None:
        raise DeviceGarbageError("neither MAC nor serial number")
    return whatsminer_profile(
        family=Family.WHATSMINER_V2,
        identity=identity,
        address=address,
        model=text(version, "Msg", "miner_type"),
        firmware=text(version, "Msg", "fw_ver") or text(row, "Firmware Version"),
        limit_w=number(row, "Power Limit", least=_LEAST_W, most=_MOST_W),
        fast_boot=(text(row, "Btminer Fast Boot") or "").lower() == "enable",
    )


def whatsminer_profile(
    *,
    family: Family,
    identity: str,
    address: str | None,
    model: str | None,
    firmware: str | None,
    limit_w: float | None,
    fast_boot: bool,
) -> MinerProfile:
    """Return what is the same for both APIs; `limit_w` is what 100 % stands for."""
    full_w = limit_w or UNKNOWN_W
    return MinerProfile(
        family=family,
        identity=identity,
        mac=address,
        model=f"Whatsminer {model}" if model else "Whatsminer",
        firmware=firmware,
        control=ControlKind.PERCENT,
        levels=tuple(
            PowerLevel(setting=percent, label=f"{percent} %", power_w=full_w * percent / 100.0)
            for percent in (FLOOR_PERCENT, MIDDLE_PERCENT, FULL_PERCENT)
        ),
        step=1.0,
        ramp_s=420.0,
        boot_s=600.0,
        write_interval_s=300.0,
        minimum_on_s=1800.0,
        minimum_off_s=900.0,
        starts_per_day=12,
        can_pause=True,
        write_restarts=not fast_boot,
        power_source=PowerSource.ESTIMATED,
        features=frozenset({Feature.LIGHT, Feature.RESTART}),
    )


def hashes(summary: Mapping[str, Any]) -> bool:
    """Return whether a summary tells of work being done."""
    return bool(_hash_rate_hs(_row(summary)))


def parse_reading(
    summary: Mapping[str, Any], *, pools: Mapping[str, Any] | None = None, status: Mapping[str, Any] | None = None
) -> MinerReading:
    """Return how things stand; a miner at work is asked for its pools, an idle one for its status.

    Errors: DeviceGarbageError where neither summary nor status tells anything.
    """
    row = _row(summary)
    off = _said(at(status, "Msg", "mineroff"))
    if row is None and off is None:
        raise DeviceGarbageError("neither summary nor status")
    rate_hs = _hash_rate_hs(row)
    pool = _pool(row, pools)
    return MinerReading(
        status=_status(row, rate_hs, pool, off=off),
        power_w=_first(number(row, key, least=0.0, most=_MOST_W) for key in ("Power_RT", "Power")),
        hash_rate_hs=rate_hs,
        chip_c=celsius(row, "Chip Temp Max"),
        device_c=celsius(row, "Temperature"),
        inlet_c=celsius(row, "Env Temp"),
        fans=tuple(
            FanReading(index=index, rpm=rpm)
            for index, key in enumerate(("Fan Speed In", "Fan Speed Out"))
            if (rpm := positive(row, key, most=50_000.0)) is not None
        ),
        firmware=(text(row, "Firmware Version") or "").strip("'") or None,
        uptime_s=_first(positive(row, key) for key in ("Uptime", "Elapsed")),
        pool=pool,
        problem="miner_no_pool" if pool is not None and not pool.connected else None,
    )


def _row(summary: Any) -> Mapping[str, Any] | None:
    row = at(summary, "SUMMARY", 0)
    row = row if row is not None else at(summary, "Msg")
    return row if isinstance(row, Mapping) else None


def _said(value: Any) -> bool | None:
    """Read the yes and no that are sent as text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return flag(value)


def _first(values: Iterator[float | None]) -> float | None:
    return next((value for value in values if value is not None), None)


def _hash_rate_hs(row: Any) -> float | None:
    """Read MH/s, which is the unit of all of them whatever their names say."""
    return scaled(_first(positive(row, key) for key in _RATES), MEGA)


def _status(row: Any, rate_hs: float | None, pool: PoolState | None, *, off: bool | None) -> DeviceStatus:
    if off:
        return DeviceStatus.PAUSED
    if pool is not None and not pool.connected:
        return DeviceStatus.NO_POOL
    if not rate_hs:
        return DeviceStatus.STARTING
    tuned = next((value for key in _UPFREQ_KEYS if (value := flag(row, key)) is not None), True)
    return DeviceStatus.RUNNING if tuned else DeviceStatus.TUNING


def _pool(row: Any, pools: Mapping[str, Any] | None) -> PoolState | None:
    known = [pool for pool in items(pools, "POOLS") if endpoint(pool, "URL")]
    if not known:
        return None
    alive = [pool for pool in known if (text(pool, "Status") or "").lower() == "alive"]
    used = [pool for pool in alive if flag(pool, "Stratum Active")]
    return PoolState(
        connected=bool(alive),
        name=endpoint((used or alive or known)[0], "URL"),
        shares_accepted=whole(row, "Accepted") or 0,
        shares_rejected=whole(row, "Rejected") or 0,
        shares_stale=whole(row, "Stale") or 0,
        share_work=share_work(1.0, positive(row, "Difficulty Accepted")),
        best_share=positive(row, "Best Share"),
    )
