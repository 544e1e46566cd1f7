"""Reads the answers of Avalon's home miners: cgminer's JSON around a text of KEY[value] pairs.

Of the power supply's list PS[...] only index 6 is watts at the wall (recorded: `PS[0 1209 1187 297 3526 1188 3731]
WALLPOWER[3731]`); index 5 is a commanded voltage that looks like watts, index 4 the watts behind the supply.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
import re
from typing import Any

from ..model.capabilities import ControlKind, PowerSource
from ..model.errors import DeviceGarbageError, DeviceUnsupportedError
from ..model.telemetry import BoardReading, DeviceStatus, FanReading, ThermalLoop
from .driver import Family, Feature, MinerProfile, MinerReading, PowerLevel
from .fields import GIGA, at, celsius, mac, number, positive, scaled, text, whole

WALL_WATTS, SUPPLY_ERROR = 6, 0
HEATING, MINING = 0, 1
"""Work modes of the Mini 3; what it does when heating is decided by its own room thermostat."""
_IDLE_SHARE = 0.05
"""Of its highest level: more than that at rest is a stale figure (an idle Q was seen telling 146 W)."""
_LONGEST = 1 << 16
_PAIR = re.compile(r"\b(\w{1,24})\[([^\[\]]{0,4000})\]")
_WORK = re.compile(r"Work:\s*([\w ]{1,24})")
_FANS = 4
_IDLE, _AT_WORK = "in idle", "in work"


@dataclass(frozen=True, kw_only=True)
class HomeMiner:
    """One model: the key it is set by, and its levels as (number, name, nominal wall W)."""

    title: str
    setting: str
    told_as: tuple[str, ...]
    levels: tuple[tuple[int, str, float], ...]


MODELS = {
    "nano3s": HomeMiner(
        title="Avalon Nano 3S",
        setting="workmode",
        told_as=("WORKMODE",),
        levels=((0, "Low", 65.0), (1, "Mid", 100.0), (2, "High", 140.0)),
    ),
    "mini3": HomeMiner(
        title="Avalon Mini 3",
        setting="worklevel",
        told_as=("WORKLEVEL", "WORKLVL"),
        levels=((-1, "Eco", 450.0), (0, "Super", 850.0)),
    ),
    "q": HomeMiner(
        title="Avalon Q",
        setting="workmode",
        told_as=("WORKMODE",),
        levels=((0, "Eco", 800.0), (1, "Standard", 1300.0), (2, "Super", 1700.0)),
    ),
}


def model_of(name: str | None) -> HomeMiner | None:
    """Return the model behind "Nano3s", "Mini3-25022401" or "Q"."""
    return MODELS.get((name or "").partition("-")[0].strip().lower().replace(" ", ""))


def version_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the facts of an answer to `version`, empty where there are none."""
    facts = at(answer, "VERSION", 0)
    return facts if isinstance(facts, Mapping) else {}


def is_home_miner(answer: Mapping[str, Any]) -> bool:
    """Judge cgminer's answer to `version`; Avalon's bigger machines are none of ours."""
    facts = version_of(answer)
    return "avalon" in (text(facts, "PROD") or "").lower() and model_of(text(facts, "MODEL")) is not None


def pairs(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the KEY[value] pairs of an answer to `estats`. Errors: DeviceGarbageError."""
    stats = at(answer, "STATS", 0)
    lines = stats.items() if isinstance(stats, Mapping) else ()
    told = next((line for key, line in lines if key.startswith("MM ID0") and isinstance(line, str)), "")
    found: dict[str, str] = {}
    for key, value in _PAIR.findall(told[:_LONGEST]):
        found.setdefault(key, value)
    if "Ver" not in found and "SYSTEMSTATU" not in found:
        raise DeviceGarbageError("no statistics of an Avalon")
    return found


def model_in(told: Mapping[str, str]) -> HomeMiner | None:
    """Return the model that the statistics name."""
    return model_of(told.get("Ver"))


def parse_profile(version: Mapping[str, Any], estats: Mapping[str, Any]) -> MinerProfile:
    """Return what an Avalon is and can do. Errors: DeviceGarbageError, DeviceUnsupportedError."""
    facts, told = version_of(version), pairs(estats)
    model = model_of(text(facts, "MODEL")) or model_in(told)
    if model is None:
        raise DeviceUnsupportedError("not one of Avalon's home miners")
    address = mac(facts, "MAC")
    identity = address or text(facts, "DNA") or text(told, "DNA")
    if identity is None:
        raise DeviceGarbageError("neither MAC nor serial number")
    return MinerProfile(
        family=Family.AVALON,
        identity=identity,
        mac=address,
        model=model.title,
        firmware=text(facts, "LVERSION") or text(facts, "CGVERSION") or text(told, "Ver"),
        control=ControlKind.PRESETS,
        levels=_levels(model, told),
        ramp_s=180.0,
        boot_s=240.0,
        write_interval_s=300.0,
        minimum_on_s=900.0,
        minimum_off_s=600.0,
        can_pause=True,
        power_source=PowerSource.MEASURED,
        features=frozenset({Feature.FAN, Feature.RESTART}),
    )


def _levels(model: HomeMiner, told: Mapping[str, str]) -> tuple[PowerLevel, ...]:
    """Return the nominal levels; the watts of the one in force are told by the device where that keeps the order."""
    levels = [PowerLevel(setting=float(step), label=name, power_w=watts) for step, name, watts in model.levels]
    in_force, most_w = setting_in(model, told), positive(told, "MPO", most=1e5)
    for place, level in enumerate(levels):
        if level.setting == in_force and most_w:
            below_w = levels[place - 1].power_w if place else 0.0
            above_w = levels[place + 1].power_w if place + 1 < len(levels) else float("inf")
            if below_w < most_w < above_w:
                levels[place] = replace(level, power_w=most_w)
    return tuple(levels)


def setting_in(model: HomeMiner, told: Mapping[str, str]) -> float | None:
    """Return the level in force, None where it is not one of the model's."""
    known = {float(step) for step, _, _ in model.levels}
    return next((step for key in model.told_as if (step := number(told, key)) in known), None)


def parse_reading(estats: Mapping[str, Any]) -> MinerReading:
    """Return how an Avalon is doing. Errors: DeviceGarbageError."""
    told = pairs(estats)
    model = model_in(told)
    status = _status(told)
    rate_hs = _rate_hs(told, status)
    return MinerReading(
        status=status,
        problem=_problem(told),
        setting=setting_in(model, told) if model and status is not DeviceStatus.PAUSED else None,
        power_w=_power_w(told, model),
        hash_rate_hs=rate_hs,
        chip_c=celsius(told, "TMax"),
        device_c=_warmest(told),
        inlet_c=celsius(told, "ITemp"),
        boards=(BoardReading(index=0, hash_rate_hs=rate_hs, board_c=_warmest(told), chip_c=celsius(told, "TMax")),),
        fans=_fans(told),
        firmware=text(told, "Ver"),
        uptime_s=positive(told, "Elapsed", most=1e10),
        thermal_loop=_loop(told, model),
    )


def _work(told: Mapping[str, str]) -> str:
    """Return what it says it is at: "in init", "in work" or "in idle"."""
    found = _WORK.search(told.get("SYSTEMSTATU", ""))
    return found[1].strip().lower() if found else ""


def _status(told: Mapping[str, str]) -> DeviceStatus:
    work = _work(told)
    if work == _IDLE and number(told, "SoftOFF", least=1.0) is not None:
        return DeviceStatus.PAUSED
    if work == _AT_WORK and positive(told, "GHSspd") != 0.0:
        return DeviceStatus.RUNNING
    # It rests though nobody told it to, or has just begun: it is on its way unless it says what is wrong.
    return DeviceStatus.FAULT if _problem(told) else DeviceStatus.STARTING


def _problem(told: Mapping[str, str]) -> str | None:
    if (_supply(told, SUPPLY_ERROR) or 0.0) > 0.0:
        return "miner_power_supply"
    return "miner_fan" if whole(told, "FanErr", least=1) is not None else None


def _supply(told: Mapping[str, str], index: int) -> float | None:
    parts = told.get("PS", "").split()
    return number(parts, index, least=0.0, most=1e5)


def _power_w(told: Mapping[str, str], model: HomeMiner | None) -> float | None:
    """Return wall watts; what cannot be true at rest or at work is unknown."""
    measured_w = positive(told, "WALLPOWER", most=1e5)
    watts = _supply(told, WALL_WATTS) if measured_w is None else measured_w
    if watts is None or _work(told) != _IDLE:
        return watts or None
    highest_w = model.levels[-1][2] if model else 0.0
    return watts if 0.0 < watts <= highest_w * _IDLE_SHARE else None


def _rate_hs(told: Mapping[str, str], status: DeviceStatus) -> float | None:
    """Return the hash rate now. The averages go on telling of better times when it rests, so they are no answer."""
    now = scaled(positive(told, "GHSspd", most=1e9), GIGA)
    if now is None and status is DeviceStatus.RUNNING:
        return scaled(positive(told, "GHSavg", most=1e9), GIGA)
    return now


def _warmest(told: Mapping[str, str]) -> float | None:
    return celsius(told, "HBOTemp") or celsius(told, "OTemp") or celsius(told, "HBTemp")


def _fans(told: Mapping[str, str]) -> tuple[FanReading, ...]:
    percent = positive(told, "FanR", most=100.0)
    speeds = [(place, positive(told, f"Fan{place + 1}", most=1e5)) for place in range(_FANS)]
    return tuple(FanReading(index=place, rpm=rpm, percent=percent) for place, rpm in speeds if rpm is not None)


def _loop(told: Mapping[str, str], model: HomeMiner | None) -> ThermalLoop | None:
    heats_itself = model is MODELS["mini3"] and number(told, "WORKMODE") == HEATING
    return ThermalLoop.AVALON_HEATING_MODE if heats_itself else None
