"""Sensors at windows and doors."""

from collections.abc import Iterable

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant


def any_open(hass: HomeAssistant, entity_ids: Iterable[str]) -> bool | None:
    """Return whether a window is open; None while none is known to be, and of one nothing is known."""
    states = [state.state if (state := hass.states.get(entity_id)) else None for entity_id in entity_ids]
    if STATE_ON in states:
        return True
    return False if states and all(state == STATE_OFF for state in states) else None
