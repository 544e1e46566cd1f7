"""What holds where a person has chosen nothing."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from homeassistant.config_entries import ConfigEntry

from .const import (
    CONF_AWAY_AFTER,
    CONF_BOOST_MINUTES,
    CONF_CHIP_MAXIMUM,
    CONF_CUT_PLUG,
    CONF_DETECT_WINDOW,
    CONF_END_THERMAL_LOOP,
    CONF_FUSION,
    CONF_HIGHEST_TARGET,
    CONF_INTERVAL,
    CONF_KIND,
    CONF_LOWEST_TARGET,
    CONF_MARKET_ONLINE,
    CONF_MARKET_URL,
    CONF_PARTING,
    CONF_PAYS,
    CONF_PRESET_TARGETS,
    CONF_QUIET_POWER,
    CONF_ROOM_MAXIMUM,
    CONF_STALE_MINUTES,
    CONF_THREADS,
    CONF_WINDOW_DELAY,
    KIND_LOCAL_WORKER,
    MARKET_URL,
)
from .engine.heater import ComfortOptions, FusionMethod, HeaterSettings, SafetyLimits, default_threads
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

NO_OTHER_HEATING = "none"
TARIFF_WINDOWS = ("window_1", "window_2", "window_3")

COMFORT = ComfortOptions()
COMFORT_DEFAULTS: dict[str, Any] = {
    CONF_AWAY_AFTER: COMFORT.away_after_s / 60.0,
    CONF_BOOST_MINUTES: COMFORT.boost_s / 60.0,
    CONF_DETECT_WINDOW: COMFORT.detect_window,
    CONF_FUSION: FusionMethod.FIRST.value,
    CONF_HIGHEST_TARGET: COMFORT.highest_c,
    CONF_LOWEST_TARGET: COMFORT.lowest_c,
    CONF_QUIET_POWER: 0.0,
    CONF_WINDOW_DELAY: COMFORT.window_delay_s,
}


def heater_options(entry: ConfigEntry) -> dict[str, Any]:
    """Return a heater's options, complete."""
    limits, networked = SafetyLimits(), entry.data[CONF_KIND] != KIND_LOCAL_WORKER
    targets = {preset.value: celsius for preset, celsius in HeaterSettings().preset_targets_c.items()}
    defaults: dict[str, Any] = {
        **COMFORT_DEFAULTS,
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
    chosen = _readable(entry.options)
    chosen |= {name: _readable(chosen[name]) for name in TARIFF_WINDOWS if name in chosen}
    return {CONF_MARKET_ONLINE: True, CONF_MARKET_URL: MARKET_URL, **chosen}


def _readable(options: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is no value: no limit may be lost to a NaN that found its way into the storage."""
    return {
        key: value
        for key, value in options.items()
        if value is not None and not (isinstance(value, float) and isnan(value))
    }
