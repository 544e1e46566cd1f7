"""A power sensor of Home Assistant as the heater's meter, in W."""

from math import isfinite
from time import monotonic
from typing import override

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant, State
from homeassistant.util.unit_conversion import PowerConverter

from ..engine.model.protocols import Monotonic, PowerMeter
from .age import ReportAge

STALE_AFTER_S = 300.0


class EntityPowerMeter(PowerMeter):
    """Reads the state machine; silent for five minutes means unknown."""

    def __init__(self, hass: HomeAssistant, entity_id: str, *, clock: Monotonic = monotonic) -> None:
        self._hass = hass
        self._age = ReportAge(clock)
        self.entity_id = entity_id

    @override
    def read_w(self) -> float | None:
        state = self._hass.states.get(self.entity_id)
        power_w = fresh_w(state, self._age, STALE_AFTER_S)
        return None if power_w is None or power_w < 0.0 else power_w


def fresh_w(state: State | None, age: ReportAge, stale_after_s: float) -> float | None:
    """Return the power that a sensor tells, in W, below zero too; None when unknown, of no power or too old."""
    if state is None or age.age_s(state) > stale_after_s:
        return None
    try:
        value = float(state.state)
    except ValueError:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, UnitOfPower.WATT)
    if not isfinite(value) or unit not in PowerConverter.VALID_UNITS:
        return None
    return PowerConverter.convert(value, unit, UnitOfPower.WATT)
