"""Small translations between Home Assistant and the engine that several modules of the face need."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.requirements import async_process_requirements
from yarl import URL

from .const import CONF_KIND, DOMAIN, HOME_UNIQUE_ID, KIND_ENTITIES
from .coordinator import HeaterCoordinator, HomeCoordinator
from .engine.miners import ASIC_RS_REQUIREMENT, MinerAddress, mac
from .engine.model.errors import InvalidValueError
from .engine.model.pool import PoolConfig


def home_entry(hass: HomeAssistant) -> ConfigEntry | None:
    """Return the home's entry, None before the first heater."""
    return hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, HOME_UNIQUE_ID)


def has_home(hass: HomeAssistant) -> bool:
    """Return whether the home was made already."""
    return home_entry(hass) is not None


def loaded_home(hass: HomeAssistant) -> HomeCoordinator | None:
    """Return the home's coordinator, None while it is not loaded."""
    entry = home_entry(hass)
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    coordinator: HomeCoordinator = entry.runtime_data
    return coordinator


def loaded_heaters(hass: HomeAssistant) -> list[HeaterCoordinator]:
    """Return the coordinators of all heaters that run."""
    entries = hass.config_entries.async_loaded_entries(DOMAIN)
    return [entry.runtime_data for entry in entries if isinstance(entry.runtime_data, HeaterCoordinator)]


def pool_from_dict(stored: Mapping[str, Any]) -> PoolConfig:
    """Read a pool as an entry keeps it."""
    return PoolConfig(
        host=stored["host"],
        port=stored["port"],
        tls=stored["tls"],
        user=stored["user"],
        password=stored["password"],
    )


async def install_asic_rs(hass: HomeAssistant) -> None:
    """Install the library for miners of the long tail, where it is not there yet. Errors: RequirementsNotFound."""
    await async_process_requirements(hass, DOMAIN, [ASIC_RS_REQUIREMENT])


def address_of(data: Mapping[str, Any]) -> MinerAddress:
    """Return where an entry's miner is and how it lets us in."""
    return MinerAddress(
        host=data[CONF_HOST],
        port=data.get(CONF_PORT),
        username=data.get(CONF_USERNAME),
        password=data.get(CONF_PASSWORD),
    )


def parse_host(text: str) -> tuple[str, int | None]:
    """Return host and port of an address as a person writes it, with or without http://. Errors: InvalidValueError."""
    text = text.strip()
    try:
        url = URL(text if "://" in text else f"http://{text}")
        host, port = url.host, url.explicit_port
    except ValueError:
        raise InvalidValueError("no address", value=text) from None
    if not host or url.scheme not in {"http", "https"} or any(character.isspace() for character in host):
        raise InvalidValueError("no address", value=text)
    return host, port


def heater_of_device(hass: HomeAssistant, device: dr.DeviceEntry) -> ConfigEntry | None:
    """Return the heater that drives a device by its own address."""
    macs = {known for kind, value in device.connections if kind == dr.CONNECTION_NETWORK_MAC and (known := mac(value))}
    entries = hass.config_entries.async_entries(DOMAIN)
    return next((entry for entry in entries if entry.unique_id in macs), None)


def heater_with_mac(hass: HomeAssistant, address: str) -> ConfigEntry | None:
    """Return the heater that drives the device with a MAC through entities of another integration."""
    devices = dr.async_get(hass).async_get_devices(connections={(dr.CONNECTION_NETWORK_MAC, address)})
    registry = er.async_get(hass)
    ids = {
        entry.id
        for device in devices
        for entry in er.async_entries_for_device(registry, device.id, include_disabled_entities=True)
    }
    entries = hass.config_entries.async_entries(DOMAIN)
    return next(
        (entry for entry in entries if entry.data[CONF_KIND] == KIND_ENTITIES and entry.unique_id in ids), None
    )
