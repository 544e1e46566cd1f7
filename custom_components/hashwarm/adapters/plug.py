"""A switch of Home Assistant in the mains lead of a device."""

from typing import override

from homeassistant.const import (
    ATTR_ENTITY_ID,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_ON,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import voluptuous as vol

from ..engine.model.errors import DeviceRefusedError
from ..engine.model.protocols import Plug


class EntityPlug(Plug):
    """Reads and switches one switch entity."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        self._hass = hass
        self.entity_id = entity_id

    @override
    def is_on(self) -> bool | None:
        state = self._hass.states.get(self.entity_id)
        return {STATE_ON: True, STATE_OFF: False}.get(state.state) if state is not None else None

    @override
    async def turn(self, *, on: bool) -> None:
        service = SERVICE_TURN_ON if on else SERVICE_TURN_OFF
        await call(self._hass, self.entity_id.partition(".")[0], service, {ATTR_ENTITY_ID: self.entity_id})


async def call(hass: HomeAssistant, domain: str, service: str, data: dict[str, object]) -> None:
    """Call an action of another integration and wait for it. Errors: DeviceRefusedError."""
    try:
        await hass.services.async_call(domain, service, data, blocking=True)
    except (HomeAssistantError, vol.Invalid, ValueError) as error:
        raise DeviceRefusedError(f"{domain}.{service}: {error}") from error
