"""Tells from persons, trackers and presence sensors whether anybody is at home."""

from collections.abc import Iterable

from homeassistant.const import STATE_HOME, STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State

ON_OR_OFF = {"binary_sensor", "input_boolean"}


def anybody_home(hass: HomeAssistant, entity_ids: Iterable[str]) -> bool | None:
    """Return whether anybody is at home; None while nobody is known to be, and of somebody nothing is known."""
    told = [_home(hass.states.get(entity_id)) for entity_id in entity_ids]
    if any(told):
        return True
    return None if None in told or not told else False


def _home(state: State | None) -> bool | None:
    if state is None or state.state in {STATE_UNKNOWN, STATE_UNAVAILABLE}:
        return None
    if state.domain in ON_OR_OFF:
        return {STATE_ON: True, STATE_OFF: False}.get(state.state)
    # A person who is in any other zone is away.
    return state.state == STATE_HOME
