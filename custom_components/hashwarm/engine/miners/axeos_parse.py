"""Reads the answers of AxeOS (Bitaxe), and the fields that the NerdQAxe firmware kept from it.

Sources: ESP-Miner v2.15 `system_api_json.c`, `asic_settings.c`, `openapi.yaml`. Its watts are those of the DC input.
"""

from collections.abc import Iterable, Mapping
import re
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError, DeviceUnsupportedError
from ..model.telemetry import BoardReading, DeviceStatus, FanReading, PoolState
from .driver import Family, Feature, MinerProfile, MinerReading, PowerLevel
from .fields import GIGA, at, celsius, flag, items, mac, number, positive, scaled, text, whole

SUPPLY_EFFICIENCY = 0.9
"""Of the small mains adapters these boards hang on; a guess, which makes every wall watt an estimate."""
STANDBY_W = 4.0
"""Drawn by controller and fan whatever the frequency, DC; a guess."""
FIRST_WITH_PAUSE = (2, 14)
BOOT_S = 60.0
_CUT_MV = 100.0
_STILL_HS = GIGA
_CHIP_W = {"BM1370": 17.0, "BM1368": 14.0, "BM1366": 12.0, "BM1397": 13.0, "BM1373": 20.0}
"""DC watts of one chip at its default frequency and voltage; guesses, used only where a device is idle when asked."""
_CHIP_MHZ = {
    "BM1370": (400, 625),
    "BM1368": (400, 575),
    "BM1366": (400, 575),
    "BM1397": (400, 600),
    "BM1373": (327, 410),
}
_STEP_MHZ = 25
_SUFFIXES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SUFFIXED = re.compile(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([kKMGTPE]?)")
_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})")
type Answer = Mapping[str, Any]


def is_nerd(info: Answer) -> bool:
    """Tell the NerdQAxe firmware from AxeOS; both answer under the same path, only one names the device there."""
    return text(info, "deviceModel") is not None and ("shutdown" in info or "minPower" in info)


def is_axeos(info: Answer) -> bool:
    """Tell whether this is AxeOS and not one of its relatives."""
    return text(info, "ASICModel") is not None and "frequency" in info and "power" in info and not is_nerd(info)


def version(source: Any, *path: str) -> tuple[int, int] | None:
    """Return major and minor of a firmware's version ("v2.14.0-3-gabc")."""
    found = _VERSION.match(text(source, *path) or "")
    return (int(found[1]), int(found[2])) if found else None


def difficulty(source: Any, *path: str) -> float | None:
    """Return a difficulty, also from the short form of older firmware ("4.29G")."""
    value = at(source, *path)
    found = _SUFFIXED.match(value) if isinstance(value, str) else None
    return float(found[1]) * _SUFFIXES.get(found[2], 1.0) if found else positive(source, *path)


def wall_w(dc_w: float | None) -> float | None:
    """Return the watts at the wall for watts behind the mains adapter; estimated."""
    return scaled(dc_w, 1.0 / SUPPLY_EFFICIENCY)


def expected_hs(info: Answer, asic: Answer, frequency_mhz: float) -> float | None:
    """Return the hash rate at a frequency, by the firmware's own formula (MHz x cores x chips)."""
    cores = positive(info, "smallCoreCount", most=1e6)
    return cores * chip_count(info, asic) * frequency_mhz * 1e6 if cores else None


def chip_count(info: Answer, asic: Answer) -> int:
    """Return how many chips there are, one where it is not told."""
    return whole(asic, "asicCount", least=1, most=256) or whole(info, "asicCount", least=1, most=256) or 1


def offered_mhz(info: Answer, asic: Answer) -> list[float]:
    """Return the frequencies the firmware offers, rising; from a table where it is too old to tell. May be empty."""
    told = {float(mhz) for mhz in items(asic, "frequencyOptions") if number(mhz, least=50.0, most=2000.0) is not None}
    if told:
        return sorted(told)
    span = _CHIP_MHZ.get((text(info, "ASICModel") or "").upper())
    return [float(mhz) for mhz in range(span[0], span[1] + 1, _STEP_MHZ)] if span else []


def frequency_levels(info: Answer, asic: Answer, frequencies_mhz: Iterable[float]) -> tuple[PowerLevel, ...]:
    """Return nominal levels by P = P0 + k x f x V^2, k from the watts drawn now or, when idle, from a table.

    V is what the device is set to, and stays: only the frequency is written. Levels above the board's limit are left
    out, but never the lowest.
    """
    curve_w = _slope_w(info, asic)
    limit_w = positive(info, "maxPower", most=1e5) or float("inf")
    levels = [
        PowerLevel(
            setting=mhz,
            label=f"{mhz:g} MHz",
            power_w=(STANDBY_W + curve_w * mhz) / SUPPLY_EFFICIENCY,
            hash_rate_hs=expected_hs(info, asic, mhz),
        )
        for mhz in frequencies_mhz
    ]
    return tuple(
        level for place, level in enumerate(levels) if not place or level.power_w * SUPPLY_EFFICIENCY <= limit_w
    )


def _slope_w(info: Answer, asic: Answer) -> float:
    """Return DC watts per MHz at the voltage in force."""
    power_w, mhz = positive(info, "power", most=1e5), number(info, "frequency", least=50.0, most=2000.0)
    actual_mhz = number(info, "actualFrequency", least=50.0, most=2000.0) or mhz
    if power_w and actual_mhz and power_w > 2 * STANDBY_W and is_hashing(info):
        return (power_w - STANDBY_W) / actual_mhz
    chip_w = _CHIP_W.get((text(info, "ASICModel") or "").upper(), 15.0)
    default_mhz = number(asic, "defaultFrequency", least=50.0, most=2000.0) or mhz or 500.0
    default_mv = number(asic, "defaultVoltage", least=200.0, most=5000.0)
    set_mv = number(info, "coreVoltage", least=200.0, most=5000.0)
    strain = (set_mv / default_mv) ** 2 if default_mv and set_mv else 1.0
    return chip_w * chip_count(info, asic) / default_mhz * strain


def is_hashing(info: Answer) -> bool:
    """Tell whether it does any work right now."""
    return (positive(info, "hashRate") or 0.0) * GIGA > _STILL_HS


def parse_profile(info: Answer, asic: Answer) -> MinerProfile:
    """Return what a Bitaxe is and can do. Errors: DeviceGarbageError, DeviceUnsupportedError."""
    address = mac(info, "macAddr")
    if address is None:
        raise DeviceGarbageError("no MAC")
    levels = frequency_levels(info, asic, offered_mhz(info, asic))
    if not levels:
        raise DeviceUnsupportedError("no frequencies are known for this chip")
    chip = text(info, "ASICModel")
    return MinerProfile(
        family=Family.AXEOS,
        identity=address,
        mac=address,
        model=" ".join(("Bitaxe", *filter(None, (text(asic, "deviceModel"), chip and f"({chip})")))),
        firmware=text(info, "version"),
        control=ControlKind.FREQUENCY,
        levels=levels,
        ramp_s=10.0,
        boot_s=15.0,
        write_interval_s=60.0,
        minimum_on_s=60.0,
        minimum_off_s=60.0,
        can_pause=can_pause(info),
        write_hits_flash=True,
        power_source=PowerSource.ESTIMATED,
        features=frozenset({Feature.RESTART} | ({Feature.FAN} if "autofanspeed" in info else set())),
    )


def can_pause(info: Answer) -> bool:
    """Tell whether the firmware can pause; a build whose version says nothing is known by what it reports."""
    known = version(info, "version")
    return known >= FIRST_WITH_PAUSE if known else "miningPaused" in info


def parse_reading(info: Answer) -> MinerReading:
    """Return how a Bitaxe is doing. Errors: DeviceGarbageError."""
    if not is_axeos(info):
        raise DeviceGarbageError("no answer of AxeOS")
    status, problem = _status(info)
    return MinerReading(
        status=status,
        problem=problem,
        identity=mac(info, "macAddr"),
        setting=None if status is DeviceStatus.PAUSED else number(info, "frequency", least=1.0, most=2000.0),
        power_w=wall_w(positive(info, "power", most=1e5)),
        hash_rate_hs=scaled(positive(info, "hashRate", most=1e9), GIGA),
        chip_c=max(filter(None, (celsius(info, "temp"), celsius(info, "temp2"))), default=None),
        regulator_c=celsius(info, "vrTemp"),
        boards=(_board(info),),
        fans=fans(info, "fanrpm", "fan2rpm"),
        fan_percent=_fan_percent(info),
        firmware=text(info, "version"),
        uptime_s=positive(info, "uptimeSeconds", most=1e10),
        pool=_pool(info, status),
    )


def _status(info: Answer) -> tuple[DeviceStatus, str | None]:
    if text(info, "hardware_fault"):
        return DeviceStatus.FAULT, "miner_hardware"
    if text(info, "power_fault"):
        return DeviceStatus.FAULT, "miner_power_supply"
    if flag(info, "overheat_mode"):
        # It has lowered its own frequency and voltage for good; while it cools down it does not hash at all.
        return (DeviceStatus.THROTTLED if is_hashing(info) else DeviceStatus.FAULT), "miner_overheated"
    if flag(info, "miningPaused"):
        return DeviceStatus.PAUSED, None
    if _pools_gone(info):
        return DeviceStatus.NO_POOL, "miner_no_pool"
    return (DeviceStatus.RUNNING if is_hashing(info) else DeviceStatus.STARTING), None


def _pools_gone(info: Answer) -> bool:
    """Tell whether it stands still for want of a pool: since 2.14 it then cuts the power of its chips."""
    if flag(info, "poolsUnavailable") or flag(info, "pools_unavailable"):
        return True
    if is_hashing(info) or (positive(info, "uptimeSeconds") or 0.0) < BOOT_S:
        return False
    volts_mv = positive(info, "coreVoltageActual")
    return _says_connected(info) is False or (volts_mv is not None and volts_mv < _CUT_MV)


def _says_connected(info: Answer) -> bool | None:
    said = text(info, "poolConnectionInfo")
    return None if said is None else "not connected" not in said.lower()


def _board(info: Answer) -> BoardReading:
    return BoardReading(
        index=0,
        hash_rate_hs=scaled(positive(info, "hashRate", most=1e9), GIGA),
        board_c=celsius(info, "vrTemp"),
        chip_c=celsius(info, "temp"),
        chips=len(items(info, "hashrateMonitor", "asics")) or whole(info, "asicCount", least=1, most=256),
    )


def fans(info: Answer, *keys: str) -> tuple[FanReading, ...]:
    """Return the fans that turn or should; a second one that never turns is not there."""
    percent = positive(info, "fanspeed", most=100.0)
    speeds = [positive(info, key, most=1e5) for key in keys]
    return tuple(
        FanReading(index=place, rpm=rpm, percent=percent)
        for place, rpm in enumerate(speeds)
        if rpm is not None and (place == 0 or rpm > 0.0)
    )


def _fan_percent(info: Answer) -> float | None:
    if flag(info, "autofanspeed") is not False:
        return None
    by_hand = positive(info, "manualFanSpeed", most=100.0)
    return by_hand if by_hand is not None else positive(info, "fanspeed", most=100.0)


def pool_name(info: Answer, *, fallback: bool) -> str | None:
    """Return host:port of the pool in use."""
    prefix = "fallbackS" if fallback else "s"
    host, port = text(info, f"{prefix}tratumURL"), whole(info, f"{prefix}tratumPort", least=1, most=65535)
    host = host.partition("://")[2] or host if host else None
    return f"{host}:{port}" if host and port else host


def _pool(info: Answer, status: DeviceStatus) -> PoolState:
    said = _says_connected(info)
    connected = status is not DeviceStatus.NO_POOL and (is_hashing(info) if said is None else said)
    return PoolState(
        connected=connected,
        name=pool_name(info, fallback=bool(flag(info, "isUsingFallbackStratum"))),
        problem="miner_no_pool" if status is DeviceStatus.NO_POOL else None,
        **shares(info),
    )


def shares(info: Answer) -> dict[str, Any]:
    """Return the fields of PoolState on shares."""
    told = difficulty(info, "poolDifficulty")
    return {
        "difficulty": (difficulty(info, "stratumDiff") if told is None else told) or None,
        "shares_accepted": whole(info, "sharesAccepted") or 0,
        "shares_rejected": whole(info, "sharesRejected") or 0,
        "best_share": difficulty(info, "bestSessionDiff") or None,
        "reject_reasons": tuple(
            (reason, count)
            for entry in items(info, "sharesRejectedReasons")[:16]
            if (reason := text(entry, "message")) and (count := whole(entry, "count"))
        ),
    }
