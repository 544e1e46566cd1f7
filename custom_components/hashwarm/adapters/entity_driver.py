"""Entities of another integration as a device: a power number, a mode select or a switch, spoken to as states."""

from dataclasses import dataclass
from math import isclose, isfinite
from typing import override

from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_OPTION,
    SERVICE_SELECT_OPTION,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..engine.model.driver import Driver, MinerProfile, MinerReading
from ..engine.model.errors import (
    DeviceGarbageError,
    DeviceGoneError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from ..engine.model.telemetry import DeviceStatus
from .plug import call

NUMBERS, SELECTS, SWITCHES = {"number", "input_number"}, {"select", "input_select"}, {"switch", "input_boolean"}
SERVICE_SET_VALUE, ATTR_VALUE = "set_value", "value"
# Stands for an option that has no watts: it agrees with no wish, so another one is chosen.
UNKNOWN_OPTION = -1.0


@dataclass(frozen=True, kw_only=True)
class ControlledEntity:
    """What is controlled, and with what it is paused."""

    entity_id: str
    switch_id: str | None = None
    """A switch that pauses the device; None where the entity itself does."""
    off_option: str | None = None
    """The option of a select in which the device draws nothing."""

    @property
    def domain(self) -> str:
        """Return the domain of the entity that is controlled."""
        return self.entity_id.partition(".")[0]


class EntityDriver(Driver):
    """Reads states and calls actions; the state that follows, not the action's silence, is the proof."""

    def __init__(self, hass: HomeAssistant, controlled: ControlledEntity, profile: MinerProfile) -> None:
        self._hass = hass
        self._controlled = controlled
        self._profile = profile
        self._ready: float | None = None
        """The setting that it is woken with where nothing but a setting wakes it."""

    @override
    async def identify(self) -> MinerProfile:
        return self._profile

    @override
    async def read(self) -> MinerReading:
        state = self._state(self._controlled.entity_id)
        if self._paused(state):
            return MinerReading(status=DeviceStatus.PAUSED)
        setting = self._setting(state)
        self._ready = setting if setting != UNKNOWN_OPTION else self._ready
        return MinerReading(status=DeviceStatus.RUNNING, setting=setting)

    @override
    async def write(self, setting: float) -> None:
        domain = self._controlled.domain
        if domain in NUMBERS:
            await self._call(SERVICE_SET_VALUE, **{ATTR_VALUE: setting})
        elif domain in SELECTS:
            await self._call(SERVICE_SELECT_OPTION, **{ATTR_OPTION: self._label(setting)})
        else:
            await self._call(SERVICE_TURN_ON)
        self._ready = setting
        if self._profile.write_resumes and self._controlled.switch_id is not None:
            await self._switch(SERVICE_TURN_ON)

    @override
    async def pause(self) -> None:
        controlled = self._controlled
        if controlled.switch_id is not None:
            await self._switch(SERVICE_TURN_OFF)
        elif controlled.domain in SWITCHES:
            await self._call(SERVICE_TURN_OFF)
        elif controlled.off_option is not None:
            await self._call(SERVICE_SELECT_OPTION, **{ATTR_OPTION: controlled.off_option})
        elif controlled.domain in NUMBERS and self._profile.can_pause:
            await self._call(SERVICE_SET_VALUE, **{ATTR_VALUE: 0.0})
        else:
            raise DeviceUnsupportedError("nothing to pause it with")

    @override
    async def resume(self) -> None:
        if self._controlled.switch_id is not None:
            await self._switch(SERVICE_TURN_ON)
        elif self._paused(self._state(self._controlled.entity_id)):
            # Nothing is remembered after a restart: then the lowest is what it may draw for certain.
            await self.write(self._ready if self._ready is not None else self._profile.levels[0].setting)

    def _state(self, entity_id: str) -> str:
        """Return a state. Errors: DeviceUnreachableError, DeviceGoneError."""
        state = self._hass.states.get(entity_id)
        if state is None and self._hass.state is CoreState.running and self._given_up(entity_id):
            raise DeviceGoneError(f"{entity_id} does not exist")
        if state is None or state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
            raise DeviceUnreachableError(f"{entity_id} is not available")
        return state.state

    def _given_up(self, entity_id: str) -> bool:
        """Return whether nobody means to provide an entity any more: it was deleted or disabled."""
        entry = er.async_get(self._hass).async_get(entity_id)
        return entry is None or entry.disabled

    def _paused(self, state: str) -> bool:
        controlled = self._controlled
        if controlled.switch_id is not None and self._state(controlled.switch_id) == STATE_OFF:
            return True
        if controlled.domain in SWITCHES:
            return state != STATE_ON
        if controlled.domain in NUMBERS and controlled.switch_id is None:
            return _number(state) <= 0.0
        return controlled.off_option is not None and state == controlled.off_option

    def _setting(self, state: str) -> float:
        if self._controlled.domain in NUMBERS:
            return _number(state)
        if self._controlled.domain in SWITCHES:
            return self._profile.levels[0].setting
        return next((level.setting for level in self._profile.levels if level.label == state), UNKNOWN_OPTION)

    def _label(self, setting: float) -> str:
        level = next((level for level in self._profile.levels if isclose(level.setting, setting)), None)
        if level is None:
            raise DeviceUnsupportedError(f"no option {setting}")
        return level.label

    async def _call(self, service: str, **data: object) -> None:
        await call(self._hass, self._controlled.domain, service, {ATTR_ENTITY_ID: self._controlled.entity_id, **data})

    async def _switch(self, service: str) -> None:
        switch_id = self._controlled.switch_id
        assert switch_id is not None
        await call(self._hass, switch_id.partition(".")[0], service, {ATTR_ENTITY_ID: switch_id})


def _number(state: str) -> float:
    """Return the number in a state. Errors: DeviceGarbageError."""
    try:
        value = float(state)
    except ValueError:
        raise DeviceGarbageError(f"{state[:40]!r} is no number") from None
    if not isfinite(value):
        raise DeviceGarbageError(f"{state[:40]!r} is no number")
    return value
