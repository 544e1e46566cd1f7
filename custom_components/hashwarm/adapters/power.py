"""A power sensor of Home Assistant as the heater's meter, in W."""

from math import isfinite
from time import monotonic
from typing import override

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant
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
        if state is None or self._age.age_s(state) > STALE_AFTER_S:
            return None
        try:
            value = float(state.state)
        except ValueError:
            return None
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, UnitOfPower.WATT)
        if not isfinite(value) or value < 0.0 or unit not in PowerConverter.VALID_UNITS:
            return None
        return PowerConverter.convert(value, unit, UnitOfPower.WATT)
