"""Notices a device that is a heater already, by its address or through entities: two hands would fight over it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_IP_ADDRESS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .const import (
    CONF_CONTROLLED,
    CONF_KIND,
    CONF_OUTDOOR_SENSOR,
    CONF_PAUSE_SWITCH,
    CONF_PLUG,
    CONF_POWER_METER,
    CONF_PROFILE,
    CONF_ROOM_SENSOR,
    CONF_SECOND_ROOM_SENSOR,
    DOMAIN,
    KIND_ENTITIES,
    KIND_NETWORKED_MINER,
)
from .engine.miners import mac
from .engine.model.errors import InvalidValueError
from .helpers import parse_host

MEASURING_AND_SWITCHING = (
    CONF_ROOM_SENSOR,
    CONF_SECOND_ROOM_SENSOR,
    CONF_OUTDOOR_SENSOR,
    CONF_POWER_METER,
    CONF_PLUG,
)
# What integrations call the address of their device.
HOST_KEYS = (CONF_HOST, CONF_IP_ADDRESS, "ip")


def heater_with_mac(hass: HomeAssistant, address: str) -> ConfigEntry | None:
    """Return the networked miner with a MAC; its unique id may be a serial number."""
    return next((entry for entry in _heaters(hass, KIND_NETWORKED_MINER) if _mac_of(entry) == address), None)


def driven_by_address(hass: HomeAssistant, entity: er.RegistryEntry) -> bool:
    """Return whether an entity's device is a heater already, by its own address or as a heater of ours."""
    if entity.platform == DOMAIN:
        return True
    device = _device(hass, entity)
    if device is None:
        return False
    macs, hosts = _macs(device), _hosts(hass, device)
    miners = _heaters(hass, KIND_NETWORKED_MINER)
    return any(_mac_of(miner) in macs or miner.data[CONF_HOST] in hosts for miner in miners)


def driven_by_entities(hass: HomeAssistant, host: str, address: str | None) -> bool:
    """Return whether a miner with this host or MAC is a heater already, through entities of another integration."""
    registry = er.async_get(hass)
    for heater in _heaters(hass, KIND_ENTITIES):
        entity = registry.async_get(heater.unique_id or "")
        device = _device(hass, entity) if entity is not None else None
        if device is not None and (address in _macs(device) or host in _hosts(hass, device)):
            return True
    return False


def chosen_errors(hass: HomeAssistant, chosen: Mapping[str, Any], heater: ConfigEntry | None = None) -> dict[str, str]:
    """Return which of the entities that a form names cannot be: one of ours, or the plug of another heater.

    A heater that measured itself with its own figure would believe it for ever; one that took a switch of ours for its
    plug would go deaf.
    """
    for key in MEASURING_AND_SWITCHING:
        if chosen.get(key) and is_own(hass, chosen[key]):
            return {key: "own_entity"}
    if in_use(hass, chosen.get(CONF_PLUG), but=heater):
        return {CONF_PLUG: "entity_in_use"}
    return {}


def is_own(hass: HomeAssistant, entity_id: str) -> bool:
    """Return whether an entity is one of ours."""
    entity = er.async_get(hass).async_get(entity_id)
    return entity is not None and entity.platform == DOMAIN


def in_use(hass: HomeAssistant, *entity_ids: str | None, but: ConfigEntry | None = None) -> bool:
    """Return whether another heater is switched or driven with one of these entities."""
    used = {
        told.get(key)
        for heater in hass.config_entries.async_entries(DOMAIN)
        if but is None or heater.entry_id != but.entry_id
        for told, key in ((heater.data, CONF_CONTROLLED), (heater.data, CONF_PAUSE_SWITCH), (heater.options, CONF_PLUG))
    }
    return any(entity_id in used for entity_id in entity_ids if entity_id is not None)


def _heaters(hass: HomeAssistant, kind: str) -> list[ConfigEntry]:
    return [entry for entry in hass.config_entries.async_entries(DOMAIN) if entry.data[CONF_KIND] == kind]


def _mac_of(miner: ConfigEntry) -> str | None:
    return mac(miner.unique_id) or mac(miner.data[CONF_PROFILE], "mac")


def _device(hass: HomeAssistant, entity: er.RegistryEntry) -> dr.DeviceEntry | None:
    """Return the device of an entity; that of a board or a fan is the whole miner."""
    registry = dr.async_get(hass)
    device = registry.async_get(entity.device_id) if entity.device_id is not None else None
    if isinstance(device, dr.ChildDeviceEntry):
        device = registry.async_get(device.parent_device_id)
    return device if isinstance(device, dr.DeviceEntry) else None


def _macs(device: dr.DeviceEntry) -> set[str]:
    """Return the MACs that an integration knows its device by, as a connection or within an identifier."""
    told = [value for kind, value in device.connections if kind == dr.CONNECTION_NETWORK_MAC]
    told += [part for identifier in device.identifiers for part in identifier[1:]]
    return {known for value in told if (known := mac(value))}


def _hosts(hass: HomeAssistant, device: dr.DeviceEntry) -> set[str]:
    """Return the hosts that an integration reaches its device at, as far as it tells."""
    owner = hass.config_entries.async_get_entry(device.config_entry_id)
    told = [owner.data.get(key) for key in HOST_KEYS] if owner is not None else []
    hosts = set[str]()
    for text in (*told, device.configuration_url):
        with suppress(InvalidValueError):
            hosts.add(parse_host(text if isinstance(text, str) else "")[0])
    return hosts
