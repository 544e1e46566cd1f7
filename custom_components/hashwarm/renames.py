"""Follows the entities that a person named into their new names."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_entity_registry_updated_event

from .const import (
    CONF_BATTERY_METER,
    CONF_BTC_SENSOR,
    CONF_CONTROLLED,
    CONF_GRID_METER,
    CONF_OTHER_LOADS,
    CONF_OUTDOOR_SENSOR,
    CONF_PAUSE_SWITCH,
    CONF_PLUG,
    CONF_POWER_METER,
    CONF_PRESENCE,
    CONF_PRICE_SENSOR,
    CONF_ROOM_SENSOR,
    CONF_ROOM_SENSORS,
    CONF_SCHEDULE,
    CONF_SECOND_ROOM_SENSOR,
    CONF_WEATHER,
    CONF_WINDOWS,
)

NAMED = {
    CONF_BATTERY_METER,
    CONF_BTC_SENSOR,
    CONF_CONTROLLED,
    CONF_GRID_METER,
    CONF_OTHER_LOADS,
    CONF_OUTDOOR_SENSOR,
    CONF_PAUSE_SWITCH,
    CONF_PLUG,
    CONF_POWER_METER,
    CONF_PRESENCE,
    CONF_PRICE_SENSOR,
    CONF_ROOM_SENSOR,
    CONF_ROOM_SENSORS,
    CONF_SCHEDULE,
    CONF_SECOND_ROOM_SENSOR,
    CONF_WEATHER,
    CONF_WINDOWS,
}


@callback
def follow_renames(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Write new names into an entry for as long as it is loaded, and begin anew with them."""
    named = [entity_id for told in _tellings(entry) for key in NAMED for entity_id in _listed(told.get(key))]

    @callback
    def look(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        if event.data["action"] != "update" or "old_entity_id" not in event.data:
            return
        old, new = event.data["old_entity_id"], event.data["entity_id"]
        for subentry in entry.subentries.values():
            hass.config_entries.async_update_subentry(entry, subentry, data=_renamed(subentry.data, old, new))
        data, options = _renamed(entry.data, old, new), _renamed(entry.options, old, new)
        hass.config_entries.async_update_entry(entry, data=data, options=options)
        hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(async_track_entity_registry_updated_event(hass, named, look))


def _tellings(entry: ConfigEntry[Any]) -> list[Mapping[str, Any]]:
    return [entry.data, entry.options, *(subentry.data for subentry in entry.subentries.values())]


def _renamed(told: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    return {key: _replaced(value, old, new) if key in NAMED else value for key, value in told.items()}


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, list):
        return [new if entity_id == old else entity_id for entity_id in value]
    return new if value == old else value


def _listed(value: Any) -> list[str]:
    """Return the entities that a field names: none, one or several."""
    return [entity_id for entity_id in (value if isinstance(value, list) else [value]) if isinstance(entity_id, str)]
