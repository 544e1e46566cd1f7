"""A temperature sensor of Home Assistant as a room or outdoor sensor, in °C with the age of its report."""

from math import isfinite
from time import monotonic
from typing import override

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfTemperature
from homeassistant.core import HomeAssistant, State
from homeassistant.util.unit_conversion import TemperatureConverter

from ..engine.model.protocols import Monotonic, RoomTemperature, TemperatureReading
from .age import ReportAge


class EntityTemperature(RoomTemperature):
    """Reads the state machine; a sensor that says nothing believable reads as None."""

    def __init__(self, hass: HomeAssistant, entity_id: str, *, clock: Monotonic = monotonic) -> None:
        self._hass = hass
        self._age = ReportAge(clock)
        self.entity_id = entity_id

    @override
    def read(self) -> TemperatureReading | None:
        state = self._hass.states.get(self.entity_id)
        if state is None or (celsius := _celsius(state)) is None:
            return None
        return TemperatureReading(celsius=celsius, age_s=self._age.age_s(state))


def _celsius(state: State) -> float | None:
    try:
        value = float(state.state)
    except ValueError:
        return None
    if not isfinite(value):
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, UnitOfTemperature.CELSIUS)
    if unit not in TemperatureConverter.VALID_UNITS:
        return None
    return TemperatureConverter.convert(value, unit, UnitOfTemperature.CELSIUS)
