"""What holds where a person has chosen nothing."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from homeassistant.config_entries import ConfigEntry

from .const import (
    CONF_CHIP_MAXIMUM,
    CONF_MARKET_ONLINE,
    CONF_MARKET_URL,
    CONF_PRESET_TARGETS,
    CONF_ROOM_MAXIMUM,
    CONF_STALE_MINUTES,
    CONF_THREADS,
    MARKET_URL,
)
from .engine.heater import HeaterSettings, SafetyLimits, default_threads


def heater_options(entry: ConfigEntry) -> dict[str, Any]:
    """Return a heater's options, complete."""
    limits = SafetyLimits()
    targets = {preset.value: celsius for preset, celsius in HeaterSettings().preset_targets_c.items()}
    defaults: dict[str, Any] = {
        CONF_CHIP_MAXIMUM: limits.chip_maximum_c,
        CONF_ROOM_MAXIMUM: limits.room_maximum_c,
        CONF_STALE_MINUTES: limits.stale_after_s / 60.0,
        CONF_THREADS: default_threads(),
    }
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
