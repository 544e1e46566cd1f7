"""Small translations between Home Assistant and the engine that several modules of the face need."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from .const import DOMAIN, HOME_UNIQUE_ID
from .coordinator import HeaterCoordinator, HomeCoordinator
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
