"""What the answers of Braiins OS mean: pure functions from JSON to the profile and the reading."""

from collections.abc import Mapping
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError
from ..model.telemetry import BoardReading, DeviceStatus, FanReading, PoolState, ThermalLoop
from .driver import Family, Feature, MinerProfile, MinerReading, PowerLevel
from .fields import (
    DIFFICULTY_HASHES,
    GIGA,
    at,
    celsius,
    endpoint,
    flag,
    items,
    mac,
    number,
    positive,
    scaled,
    text,
    whole,
)
from .web import WebAnswer, parsed

STATS, DETAILS, BOARDS = "/api/v1/miner/stats", "/api/v1/miner/details", "/api/v1/miner/hw/hashboards"
TUNER, COOLING, POOLS = "/api/v1/performance/tuner-state", "/api/v1/cooling/state", "/api/v1/pools/"
CONSTRAINTS, CONFIGURATION = "/api/v1/configuration/constraints", "/api/v1/configuration/miner"
RESUME_S = 300.0
"""A guess, where no quick ramping time is set."""
MOST_W = 20_000.0
_LONGEST_RAMP_S = 3600.0
_YES = 200
_SENSOR_ON_CHIP = 1
_SPANS = ("last_15s", "last_5s", "last_1m")
_NORMAL, _SUSPENDED = 2, 4
_STATUS = {1: DeviceStatus.STARTING, 3: DeviceStatus.PAUSED, 5: DeviceStatus.RESTRICTED}
_TUNER_ERROR = 4
_TUNER = {3: DeviceStatus.TUNING, 6: DeviceStatus.STARTING}


class ShareWork:
    """Adds up what accepted shares stand for, for the device tells the difficulty of the newest only."""

    def __init__(self) -> None:
        self._accepted: int | None = None
        self._hashes = 0

    def of(self, stats: Any) -> int:
        """Return the hashes of all shares accepted since the first look."""
        accepted = whole(stats, "pool_stats", "accepted_shares")
        difficulty = positive(stats, "pool_stats", "last_difficulty")
        if accepted is None:
            return self._hashes
        if self._accepted is not None and difficulty is not None:
            new = accepted - self._accepted if accepted >= self._accepted else accepted
            self._hashes += int(new * difficulty * DIFFICULTY_HASHES)
        self._accepted = accepted
        return self._hashes


def parse_profile(details: Any, constraints: Any, configuration: Any) -> MinerProfile:
    """Return what the miner is and can do. Errors: DeviceGarbageError without a name or a range of power."""
    spelt = mac(details, "mac_address")
    identity = spelt or text(details, "serial_number") or text(details, "uid")
    if identity is None:
        raise DeviceGarbageError("no MAC, no serial number")
    return MinerProfile(
        family=Family.BRAIINS,
        identity=identity,
        mac=spelt,
        model=text(details, "miner_identity", "miner_model") or text(details, "miner_identity", "name") or "Braiins OS",
        firmware=text(details, "bos_version", "current"),
        control=ControlKind.CONTINUOUS_WATTS,
        levels=_levels(at(constraints, "tuner_constraints", "power_target")),
        step=1.0,
        ramp_s=300.0,
        boot_s=number(configuration, "hashboard_config", "quick_ramping_time_up_s", least=1.0, most=_LONGEST_RAMP_S)
        or RESUME_S,
        write_interval_s=180.0,
        minimum_on_s=900.0,
        minimum_off_s=600.0,
        starts_per_day=12,
        can_pause=True,
        power_source=PowerSource.ESTIMATED,
        features=frozenset({Feature.LIGHT, Feature.RESTART}),
    )


def parse_reading(stats: Any, answers: Mapping[str, Any], *, share_work: int = 0) -> MinerReading:
    """Return how things stand, from the newest statistics and the newest of the other answers, by path.

    Errors: DeviceGarbageError where the statistics have nothing that one knows.
    """
    if at(stats, "power_stats") is None and at(stats, "miner_stats") is None:
        raise DeviceGarbageError("statistics without statistics")
    details, tuner, cooling = answers.get(DETAILS), answers.get(TUNER), answers.get(COOLING)
    hash_rate_hs = _hash_rate(at(stats, "miner_stats"))
    pool = _pool(stats, answers.get(POOLS), share_work)
    status = _status(details, tuner, hash_rate_hs, pool, answers.get(CONFIGURATION))
    boards = tuple(_board(index, board) for index, board in enumerate(items(answers.get(BOARDS), "hashboards")))
    chip_c, device_c = _temperatures(cooling, boards)
    return MinerReading(
        status=status,
        identity=mac(details, "mac_address"),
        setting=None if status is DeviceStatus.PAUSED else _target(answers),
        power_w=positive(stats, "power_stats", "approximated_consumption", "watt", most=MOST_W),
        hash_rate_hs=hash_rate_hs,
        chip_c=chip_c,
        device_c=device_c,
        boards=boards,
        fans=tuple(_fan(index, fan) for index, fan in enumerate(items(cooling, "fans"))),
        firmware=text(details, "bos_version", "current"),
        uptime_s=positive(details, "system_uptime_s"),
        pool=pool,
        thermal_loop=ThermalLoop.BRAIINS_DPS if _scales(answers.get(CONFIGURATION)) else None,
        problem={DeviceStatus.FAULT: "miner_hardware", DeviceStatus.NO_POOL: "miner_no_pool"}.get(status),
    )


def knows(answer: WebAnswer) -> bool:
    """Judge the answer to the version of the API, which is told without a log-in: three numbers."""
    try:
        version = parsed(answer.raw) if answer.status == _YES else None
    except DeviceGarbageError:
        return False
    return all(whole(version, part) is not None for part in ("major", "minor", "patch"))


def knows_rpc(version: Mapping[str, Any]) -> bool:
    """Judge cgminer's version, which names the miner program of Braiins OS."""
    names = at(version, "VERSION", 0)
    return isinstance(names, Mapping) and any(str(name).lower() in {"boser", "bosminer", "bosminer+"} for name in names)


def _levels(power: Any) -> tuple[PowerLevel, ...]:
    watts = {name: number(power, name, "watt", least=1.0, most=MOST_W) for name in ("min", "default", "max")}
    lowest, usual, highest = watts["min"], watts["default"], watts["max"]
    if lowest is None or highest is None or lowest >= highest:
        raise DeviceGarbageError("no range of the power target")
    between = {usual} if usual is not None and lowest < usual < highest else set()
    return tuple(
        PowerLevel(setting=power_w, label=f"{power_w:g} W", power_w=power_w)
        for power_w in sorted({lowest, highest} | between)
    )


def _hash_rate(stats: Any) -> float | None:
    rates = (positive(stats, "real_hashrate", span, "gigahash_per_second", most=1e9) for span in _SPANS)
    return scaled(next((rate for rate in rates if rate is not None), None), GIGA)


def _status(
    details: Any, tuner: Any, hash_rate_hs: float | None, pool: PoolState | None, configuration: Any
) -> DeviceStatus:
    told = whole(details, "status")
    if told == _SUSPENDED:
        return DeviceStatus.THROTTLED if _scales(configuration) else DeviceStatus.FAULT
    if told in _STATUS:
        return _STATUS[told]
    return _at_work(whole(tuner, "overall_tuner_state"), hash_rate_hs, pool)


def _at_work(tuner: int | None, hash_rate_hs: float | None, pool: PoolState | None) -> DeviceStatus:
    if tuner in _TUNER:
        return _TUNER[tuner]
    if hash_rate_hs:
        return DeviceStatus.RUNNING
    if tuner == _TUNER_ERROR:
        return DeviceStatus.FAULT
    return DeviceStatus.NO_POOL if pool is not None and not pool.connected else DeviceStatus.STARTING


def _target(answers: Mapping[str, Any]) -> float | None:
    return number(
        answers.get(TUNER), "mode_state", "powertargetmodestate", "current_target", "watt", least=1.0, most=MOST_W
    )


def _scales(configuration: Any) -> bool:
    return flag(configuration, "dps", "enabled") is True


def _temperatures(cooling: Any, boards: tuple[BoardReading, ...]) -> tuple[float | None, float | None]:
    hottest_c = celsius(cooling, "highest_temperature", "temperature", "degree_c")
    if whole(cooling, "highest_temperature", "location") == _SENSOR_ON_CHIP:
        return hottest_c, None
    chips_c = [board.chip_c for board in boards if board.chip_c is not None]
    return max(chips_c, default=None), hottest_c


def _board(index: int, board: Any) -> BoardReading:
    return BoardReading(
        index=index,
        hash_rate_hs=_hash_rate(at(board, "stats")),
        board_c=celsius(board, "board_temp", "degree_c"),
        chip_c=celsius(board, "highest_chip_temp", "temperature", "degree_c"),
        chips=whole(board, "chips_count", most=10_000),
    )


def _fan(index: int, fan: Any) -> FanReading:
    return FanReading(
        index=index,
        rpm=positive(fan, "rpm", most=100_000.0),
        percent=scaled(positive(fan, "target_speed_ratio", most=1.0), 100.0),
    )


def _pool(stats: Any, groups: Any, share_work: int) -> PoolState | None:
    pools = [pool for group in items(groups) for pool in items(group, "pools")]
    if not pools:
        return None
    used = next((pool for pool in pools if flag(pool, "active")), None)
    return PoolState(
        connected=used is not None and flag(used, "alive") is not False,
        name=endpoint(used, "url"),
        difficulty=positive(stats, "pool_stats", "last_difficulty"),
        shares_accepted=whole(stats, "pool_stats", "accepted_shares") or 0,
        shares_rejected=whole(stats, "pool_stats", "rejected_shares") or 0,
        shares_stale=whole(stats, "pool_stats", "stale_shares") or 0,
        share_work=share_work,
        best_share=positive(stats, "pool_stats", "best_share"),
    )
