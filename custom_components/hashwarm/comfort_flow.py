"""The comfort options of a heater: times, people, windows, sensors and quiet hours."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .comfort_options import room_sensors, weights_of
from .comfort_schema import COMFORT_KEYS, COMFORT_OPTIONS, SECTIONS
from .const import (
    CONF_FUSION,
    CONF_HIGHEST_TARGET,
    CONF_LOWEST_TARGET,
    CONF_PRESENCE,
    CONF_QUIET_FROM,
    CONF_QUIET_TO,
    CONF_ROOM_SENSORS,
    CONF_SCHEDULE,
    CONF_WEEKEND_FROM,
    CONF_WEEKEND_TO,
    CONF_WEIGHTS,
    CONF_WINDOWS,
    CONF_WORKDAY_FROM,
    CONF_WORKDAY_TO,
    DOMAIN,
)
from .engine.heater import FusionMethod
from .engine.model.errors import InvalidValueError
from .option_defaults import heater_options

PAIRS = (
    (CONF_WORKDAY_FROM, CONF_WORKDAY_TO),
    (CONF_WEEKEND_FROM, CONF_WEEKEND_TO),
    (CONF_QUIET_FROM, CONF_QUIET_TO),
)
TIMES = {CONF_WORKDAY_FROM, CONF_WORKDAY_TO, CONF_WEEKEND_FROM, CONF_WEEKEND_TO}
FOLLOWED = (CONF_PRESENCE, CONF_WINDOWS, CONF_ROOM_SENSORS)


class ComfortFlow(OptionsFlowWithReload):
    """Shows and keeps the comfort options; the options of the device stay as they are."""

    async def async_step_comfort(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and keep the comfort options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            chosen = {key: value for part in user_input.values() for key, value in part.items()}
            errors = comfort_errors(self.hass, chosen) or self._weights_errors(chosen)
            if not errors:
                return self.keep(chosen, COMFORT_KEYS)
        known = heater_options(self.config_entry)
        shown = user_input or {
            name: {str(field): known[field] for field in schema.schema if field in known}
            for name, schema in SECTIONS.items()
        }
        return self.async_show_form(
            step_id="comfort",
            data_schema=self.add_suggested_values_to_schema(COMFORT_OPTIONS, shown),
            errors=errors,
        )

    def keep(self, chosen: Mapping[str, Any], keys: frozenset[str]) -> ConfigFlowResult:
        """Keep what one form asked for, and what the others did."""
        others = {key: value for key, value in self.config_entry.options.items() if key not in keys}
        return self.async_create_entry(data={**others, **chosen})

    def _weights_errors(self, chosen: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with the weights; there is one for each room sensor."""
        try:
            weights = weights_of(chosen.get(CONF_WEIGHTS, ""))
        except InvalidValueError:
            return {"base": "weights_wrong"}
        sensors = room_sensors(self.config_entry, chosen)
        if chosen[CONF_FUSION] == FusionMethod.WEIGHTED and len(weights) != len(sensors):
            return {"base": "weights_wrong"}
        return {}


def comfort_errors(hass: HomeAssistant, chosen: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the comfort options that a form names."""
    if any((begin in chosen) is not (end in chosen) for begin, end in PAIRS):
        return {"base": "times_incomplete"}
    if CONF_SCHEDULE in chosen and not TIMES.isdisjoint(chosen):
        return {"base": "schedule_twice"}
    if CONF_WEEKEND_FROM in chosen and CONF_WORKDAY_FROM not in chosen:
        return {"base": "times_incomplete"}
    if chosen[CONF_LOWEST_TARGET] >= chosen[CONF_HIGHEST_TARGET]:
        return {"base": "target_order"}
    if any(_ours(hass, entity_id) for key in FOLLOWED for entity_id in chosen.get(key, ())):
        return {"base": "own_entity"}
    return {}


def _ours(hass: HomeAssistant, entity_id: str) -> bool:
    """Return whether an entity is one of ours: what it tells follows from what it would be used for."""
    entity = er.async_get(hass).async_get(entity_id)
    return entity is not None and entity.platform == DOMAIN
