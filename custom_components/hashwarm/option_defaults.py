"""What holds where a person has chosen nothing."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from homeassistant.config_entries import ConfigEntry

from .const import (
    CONF_CHIP_MAXIMUM,
    CONF_CUT_PLUG,
    CONF_END_THERMAL_LOOP,
    CONF_INTERVAL,
    CONF_KIND,
    CONF_MARKET_ONLINE,
    CONF_MARKET_URL,
    CONF_PARTING,
    CONF_PAYS,
    CONF_PRESET_TARGETS,
    CONF_ROOM_MAXIMUM,
    CONF_STALE_MINUTES,
    CONF_THREADS,
    KIND_LOCAL_WORKER,
    MARKET_URL,
)
from .engine.heater import HeaterSettings, SafetyLimits, default_threads
from .engine.home import Scheme
from .engine.miners import Parting

# A miner's chips run hotter than a processor, and its firmware watches them too.
MINER_CHIP_MAXIMUM_C = 95.0
MINER_DEFAULTS: dict[str, Any] = {
    CONF_CUT_PLUG: False,
    CONF_END_THERMAL_LOOP: False,
    CONF_INTERVAL: 10.0,
    CONF_PARTING: Parting.FLOOR.value,
    CONF_PAYS: Scheme.POOL.value,
}


def heater_options(entry: ConfigEntry) -> dict[str, Any]:
    """Return a heater's options, complete."""
    limits, networked = SafetyLimits(), entry.data[CONF_KIND] != KIND_LOCAL_WORKER
    targets = {preset.value: celsius for preset, celsius in HeaterSettings().preset_targets_c.items()}
    defaults: dict[str, Any] = {
        CONF_CHIP_MAXIMUM: MINER_CHIP_MAXIMUM_C if networked else limits.chip_maximum_c,
        CONF_ROOM_MAXIMUM: limits.room_maximum_c,
        CONF_STALE_MINUTES: limits.stale_after_s / 60.0,
        CONF_THREADS: default_threads(),
    }
    if networked:
        defaults |= MINER_DEFAULTS
    chosen = _readable(entry.options)
    return {**defaults, **chosen, CONF_PRESET_TARGETS: targets | _readable(chosen.get(CONF_PRESET_TARGETS, {}))}


def home_options(entry: ConfigEntry) -> dict[str, Any]:
    """Return the home's options, complete."""
    return {CONF_MARKET_ONLINE: True, CONF_MARKET_URL: MARKET_URL, **_readable(entry.options)}


def _readable(options: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is no value: no limit may be lost to a NaN that found its way into the storage."""
    return {
        key: value
        for key, value in options.items()
        if value is not None and not (isinstance(value, float) and isnan(value))
    }
