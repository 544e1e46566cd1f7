"""What asic-rs tells of a miner, as the plain values of its own dump, turned into profile and reading."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError, DeviceUnreachableError, DeviceUnsupportedError
from ..model.telemetry import BoardReading, DeviceStatus, FanReading, PoolState
from .driver import Family, Feature, MinerProfile, MinerReading, PowerLevel
from .fields import at, celsius, endpoint, flag, items, mac, number, positive, text, whole

POWER, PAUSE, RESUME, RESTART, LIGHT = (
    "supports_set_power_limit",
    "supports_pause",
    "supports_resume",
    "supports_restart",
    "supports_set_fault_light",
)
"""What the library says it can do for a model: an offer, not a proof."""
STEP_W = 10.0
UNKNOWN_W, FLOOR_SHARE = 3000.0, 0.5
_LEAST_W, _MOST_W = 1.0, 30_000.0
_RESTARTING_MAKES = ("whatsminer", "sealminer")
_UNITS = {"H/s": 1.0, "KH/s": 1e3, "MH/s": 1e6, "GH/s": 1e9, "TH/s": 1e12, "PH/s": 1e15, "EH/s": 1e18}
_STATES = {
    "mining": DeviceStatus.RUNNING,
    "stable": DeviceStatus.RUNNING,
    "degradedmining": DeviceStatus.THROTTLED,
    "paused": DeviceStatus.PAUSED,
    "stopped": DeviceStatus.PAUSED,
    "stopping": DeviceStatus.PAUSED,
    "suspended": DeviceStatus.PAUSED,
    "idling": DeviceStatus.PAUSED,
    "starting": DeviceStatus.STARTING,
    "initializing": DeviceStatus.STARTING,
    "restarting": DeviceStatus.STARTING,
    "tuning": DeviceStatus.TUNING,
    "adjustingclockvoltage": DeviceStatus.TUNING,
    "adjustingfrequency": DeviceStatus.TUNING,
    "adjustingvoltage": DeviceStatus.TUNING,
    "restricted": DeviceStatus.RESTRICTED,
    "error": DeviceStatus.FAULT,
}


def parse_profile(data: Mapping[str, Any], offers: Collection[str]) -> MinerProfile:
    """Return what the miner is.

    Errors: DeviceUnreachableError where nothing is told, DeviceGarbageError where it has no name,
    DeviceUnsupportedError where it can only be read.
    """
    must_tell(data)
    address = mac(data, "mac")
    identity = address or text(data, "serial_number")
    if identity is None:
        raise DeviceGarbageError("neither MAC nor serial number")
    can_pause = PAUSE in offers and RESUME in offers
    if POWER not in offers and not can_pause:
        raise DeviceUnsupportedError("asic-rs can read this miner but not control it")
    offered = {Feature.RESTART: RESTART, Feature.LIGHT: LIGHT}
    make = text(data, "device_info", "make") or ""
    return MinerProfile(
        family=Family.ASIC_RS,
        identity=identity,
        mac=address,
        model=f"{make} {text(data, 'device_info', 'model') or ''}".strip() or "Miner",
        firmware=text(data, "firmware_version"),
        control=ControlKind.CONTINUOUS_WATTS if POWER in offers else ControlKind.ON_OFF,
        levels=_levels(data) if POWER in offers else (_on(data),),
        step=STEP_W if POWER in offers else None,
        ramp_s=300.0,
        boot_s=300.0,
        write_interval_s=300.0,
        minimum_on_s=1800.0,
        minimum_off_s=900.0,
        starts_per_day=12,
        can_pause=can_pause,
        write_restarts=POWER in offers and make.lower() in _RESTARTING_MAKES,
        power_source=PowerSource.ESTIMATED if _power_w(data) is not None else None,
        features=frozenset(feature for feature, offer in offered.items() if offer in offers),
    )


def parse_reading(data: Mapping[str, Any], *, put_to_sleep: bool = False) -> MinerReading:
    """Return how things stand; `put_to_sleep` is what we know of its pause.

    Errors: DeviceUnreachableError where nothing is told, which is how the library says that nobody answers.
    """
    must_tell(data)
    rate_hs = _hash_rate_hs(data, "hashrate")
    status = _status(data, rate_hs, put_to_sleep=put_to_sleep)
    boards = tuple(_board(index, board) for index, board in enumerate(items(data, "hashboards")))
    return MinerReading(
        status=status,
        identity=mac(data, "mac"),
        setting=None if status is DeviceStatus.PAUSED else _target_w(data),
        power_w=_power_w(data),
        hash_rate_hs=rate_hs,
        chip_c=max((board.chip_c for board in boards if board.chip_c is not None), default=None),
        device_c=max((board.board_c for board in boards if board.board_c is not None), default=None),
        inlet_c=celsius(data, "fluid_temperature"),
        boards=boards,
        fans=tuple(
            FanReading(index=index, rpm=positive(fan, "rpm", most=50_000.0))
            for index, fan in enumerate(items(data, "fans"))
        ),
        firmware=text(data, "firmware_version"),
        uptime_s=_seconds(at(data, "uptime")),
        pool=_pool(data),
    )


def must_tell(data: Mapping[str, Any]) -> None:
    """Raise DeviceUnreachableError where the library returns data about nobody, as it does for a dead miner."""
    if mac(data, "mac") is None and _power_w(data) is None and _hash_rate_hs(data, "hashrate") is None:
        raise DeviceUnreachableError("asic-rs got no answer")


def _power_w(data: Any) -> float | None:
    return number(data, "wattage", least=_LEAST_W, most=_MOST_W)


def _target_w(data: Any) -> float | None:
    return number(_watts(data, "tuning_target"), least=_LEAST_W, most=_MOST_W)


def _watts(data: Any, *path: str) -> Any:
    target = at(data, *path)
    return at(target, "value") if at(target, "type") == "power" else None


def _levels(data: Mapping[str, Any]) -> tuple[PowerLevel, ...]:
    """Return the ends of what can be set: the device's own where it tells them, else half and all of what it has."""
    bounds = [
        number(_watts(data, "tuning_capabilities", "power", end), least=_LEAST_W, most=_MOST_W)
        for end in ("minimum", "maximum")
    ]
    highest_w = bounds[1] or _target_w(data) or _power_w(data) or UNKNOWN_W
    lowest_w = bounds[0] if bounds[0] is not None and bounds[0] < highest_w else highest_w * FLOOR_SHARE
    lowest_w = max(round(lowest_w / STEP_W) * STEP_W, STEP_W)
    return tuple(
        PowerLevel(setting=power_w, label=f"{power_w:.0f} W", power_w=power_w)
        for power_w in (lowest_w, max(highest_w, lowest_w + STEP_W))
    )


def _on(data: Mapping[str, Any]) -> PowerLevel:
    return PowerLevel(setting=1.0, label="on", power_w=_target_w(data) or _power_w(data) or UNKNOWN_W)


def _status(data: Mapping[str, Any], rate_hs: float | None, *, put_to_sleep: bool) -> DeviceStatus:
    told = at(data, "operating_state")
    name = told if isinstance(told, str) else text(told, "type")
    known = _STATES.get("".join(filter(str.isalpha, name)).lower()) if name else None
    if known is not None:
        return known
    if rate_hs:
        return DeviceStatus.RUNNING
    # Its "mining" may be a stand-in for "nobody said otherwise"; its "not mining" was told by the miner.
    return DeviceStatus.PAUSED if put_to_sleep or flag(data, "is_mining") is False else DeviceStatus.STARTING


def _hash_rate_hs(data: Any, *path: str) -> float | None:
    rate = positive(data, *path, "value")
    unit = text(data, *path, "unit")
    factor = _UNITS.get(unit) if unit is not None else None
    return rate * factor if rate is not None and factor is not None else None


def _board(index: int, board: Any) -> BoardReading:
    return BoardReading(
        index=index,
        hash_rate_hs=_hash_rate_hs(board, "hashrate"),
        board_c=celsius(board, "board_temperature"),
        chip_c=celsius(board, "outlet_chip_temperature"),
        chips=whole(board, "working_chips", most=100_000),
    )


def _seconds(value: Any) -> float | None:
    return value.total_seconds() if isinstance(value, timedelta) else positive(value)


def _pool(data: Mapping[str, Any]) -> PoolState | None:
    groups = [items(group, "pools") for group in items(data, "pools")]
    known = [pool for group in groups for pool in group if endpoint(pool, "url")]
    if not known:
        return None
    used = [pool for pool in known if flag(pool, "active")]
    return PoolState(
        connected=any(flag(pool, "alive") for pool in known),
        name=endpoint((used or known)[0], "url"),
        shares_accepted=sum(whole(pool, "accepted_shares") or 0 for pool in known),
        shares_rejected=sum(whole(pool, "rejected_shares") or 0 for pool in known),
    )
