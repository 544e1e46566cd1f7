"""Small translations between Home Assistant and the engine that several modules of the face need."""

from collections.abc import Mapping
from ipaddress import ip_address
import re
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HassJob, HomeAssistant
from homeassistant.helpers.event import async_call_later
from homeassistant.requirements import (
    RequirementsNotFound,
    async_clear_install_history,
    async_process_requirements,
)
from yarl import URL

from .const import DOMAIN, HOME_UNIQUE_ID
from .coordinator import HeaterCoordinator, HomeCoordinator
from .engine.miners import ASIC_RS_REQUIREMENT, MinerAddress
from .engine.model.errors import InvalidValueError
from .engine.model.pool import PoolConfig

INSTALL_AGAIN_S = 900.0
LONGEST_HOST = 253
HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)


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
    await install(hass, ASIC_RS_REQUIREMENT)


async def install(hass: HomeAssistant, requirement: str) -> None:
    """Install a library that few need, where it is not there yet. Errors: RequirementsNotFound.

    Home Assistant tries a package that failed never again until it restarts; a network that was away is back sooner.
    """
    try:
        await async_process_requirements(hass, DOMAIN, [requirement], is_built_in=False)
    except RequirementsNotFound:
        forget = HassJob(lambda _now: async_clear_install_history(hass), cancel_on_shutdown=True)
        async_call_later(hass, INSTALL_AGAIN_S, forget)
        raise


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
    bare = _ip_address(text.strip("[]"))
    if bare is not None:
        return bare, None
    try:
        url = URL(text if "://" in text else f"http://{text}")
        host, raw_host, port = url.host, url.raw_host, url.explicit_port
    except ValueError:
        raise InvalidValueError("no address", value=text) from None
    if not host or url.scheme not in {"http", "https"} or port == 0 or not _is_host(raw_host or ""):
        raise InvalidValueError("no address", value=text)
    return host, port


def _ip_address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _is_host(raw_host: str) -> bool:
    """Return whether this can be looked up: no resolver takes longer names or other characters."""
    return _ip_address(raw_host) is not None or (len(raw_host) <= LONGEST_HOST and HOST.fullmatch(raw_host) is not None)
