"""Where a heater keeps what must survive a restart."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .const import DOMAIN

STORE_VERSION = 1


def heater_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where a heater keeps its settings and what its control must not forget."""
    return Store(hass, STORE_VERSION, f"{DOMAIN}.{entry_id}", atomic_writes=True)


def planner_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where a heater keeps what its planner saw and learned; larger than the rest, and written less often."""
    return Store(hass, STORE_VERSION, f"{DOMAIN}.{entry_id}.planner", atomic_writes=True)
