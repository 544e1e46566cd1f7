"""How entities of another integration become a heater: what they control, and the watts that it stands for."""

from collections.abc import Sequence
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import State
from homeassistant.helpers import entity_registry as er
from homeassistant.util.unit_conversion import PowerConverter
import voluptuous as vol

from .adapters.entity_driver import NUMBERS, SELECTS
from .const import (
    CONF_CONTROLLED,
    CONF_CUTS_MAINS,
    CONF_FLOOR_POWER,
    CONF_FULL_POWER,
    CONF_KIND,
    CONF_OFF_OPTION,
    CONF_PAUSE_SWITCH,
    CONF_PROFILE,
    KIND_ENTITIES,
)
from .doubles import driven_by_address, in_use
from .engine.miners import MinerProfile, profile_as_dict
from .entity_profile import number_profile, select_profile, switch_profile
from .flow_base import HeaterFlow, room_errors
from .flow_schemas import CONTROLLED_NUMBER, CONTROLLED_SWITCH, ENTITIES, ENTITIES_ROOM, ROOM, WATTS


class EntitySteps(HeaterFlow):
    """Steps from an entity to a heater."""

    _controlled: dict[str, Any]
    _state: State
    """Of the entity as it was when it was chosen; it may go away meanwhile."""
    _profile_of: MinerProfile
    _off_option: str | None = None

    async def async_step_entities(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which entity sets the power, and which switch pauses the device."""
        errors: dict[str, str] = {}
        if user_input is not None:
            entity_id = user_input[CONF_CONTROLLED]
            entry = er.async_get(self.hass).async_get(entity_id)
            await self.async_set_unique_id(entry.id if entry is not None else entity_id, raise_on_progress=False)
            self._abort_if_unique_id_configured()
            if entry is not None and driven_by_address(self.hass, entry):
                return self.async_abort(reason="driven_by_address")
            if not (errors := self._take_entities(user_input)):
                return await self._ask_watts(entity_id.partition(".")[0])
        return self.async_show_form(
            step_id="entities",
            data_schema=self.add_suggested_values_to_schema(ENTITIES, user_input),
            errors=errors,
        )

    def _take_entities(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Keep what was chosen; returns what is wrong with it."""
        entity_id, switch_id = user_input[CONF_CONTROLLED], user_input.get(CONF_PAUSE_SWITCH)
        state = self.hass.states.get(entity_id)
        if state is None or not _can_be_set(state):
            return {CONF_CONTROLLED: "entity_missing"}
        if in_use(self.hass, entity_id):
            return {CONF_CONTROLLED: "entity_in_use"}
        if switch_id == entity_id or in_use(self.hass, switch_id):
            return {CONF_PAUSE_SWITCH: "entity_in_use"}
        if state.domain in NUMBERS and _range(state)[0] > 0.0 and switch_id is None:
            return {CONF_PAUSE_SWITCH: "pause_needed"}
        self._controlled, self._state = user_input, state
        return {}

    async def _ask_watts(self, domain: str) -> ConfigFlowResult:
        if domain in NUMBERS:
            in_watts = _unit(self._state) is not None
            return await (self.async_step_controlled_power() if in_watts else self.async_step_controlled_number())
        if domain in SELECTS:
            return await self.async_step_controlled_select()
        return await self.async_step_controlled_switch()

    async def async_step_controlled_power(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask between which powers a number that counts power may be set."""
        errors: dict[str, str] = {}
        low, high, step = _range(self._state)
        floor_w, maximum_w = _watts(self._state, max(low, step)), _watts(self._state, high)
        if user_input is not None:
            ends = [_level(self._state, user_input[key]) for key in (CONF_FLOOR_POWER, CONF_FULL_POWER)]
            if not ends[0][1] < ends[1][1]:
                errors = {CONF_FULL_POWER: "power_order"}
            elif ends[0][1] < floor_w or maximum_w < ends[1][1]:
                errors = {"base": "power_range"}
            else:
                return await self._take_number(ends, step)
        suggested = user_input or {CONF_FLOOR_POWER: floor_w, CONF_FULL_POWER: maximum_w}
        return self.async_show_form(
            step_id="controlled_power",
            data_schema=self.add_suggested_values_to_schema(CONTROLLED_NUMBER, suggested),
            errors=errors,
            description_placeholders={"entity": self._state.name, "low": f"{floor_w:g}", "high": f"{maximum_w:g}"},
        )

    async def _take_number(self, ends: Sequence[tuple[float, float]], step: float) -> ConfigFlowResult:
        self._profile_of = number_profile(self.unique_id or "", self._state.name, (ends[0], ends[1]), step)
        return await self.async_step_entities_room()

    async def async_step_controlled_number(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what the ends of a number in % or any other unit draw."""
        errors: dict[str, str] = {}
        low, high, step = _range(self._state)
        first = max(low, step)
        if user_input is not None:
            ends = [(first, user_input[CONF_FLOOR_POWER]), (high, user_input[CONF_FULL_POWER])]
            if ends[0][1] < ends[1][1]:
                return await self._take_number(ends, step)
            errors = {CONF_FULL_POWER: "power_order"}
        return self.async_show_form(
            step_id="controlled_number",
            data_schema=self.add_suggested_values_to_schema(CONTROLLED_NUMBER, user_input),
            errors=errors,
            description_placeholders={"entity": self._state.name, "low": f"{first:g}", "high": f"{high:g}"},
        )

    async def async_step_controlled_select(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what each option draws; none is the option that pauses."""
        errors: dict[str, str] = {}
        options = _options(self._state)
        schema = vol.Schema({vol.Required(option): WATTS for option in options})
        if user_input is not None:
            off = next((option for option in options if user_input[option] <= 0.0), None)
            running = {option: user_input[option] for option in options if user_input[option] > 0.0}
            if off is None and CONF_PAUSE_SWITCH not in self._controlled:
                errors = {"base": "pause_needed"}
            elif not running:
                errors = {"base": "power_order"}
            else:
                self._off_option = off
                self._profile_of = select_profile(self.unique_id or "", self._state.name, running)
                return await self.async_step_entities_room()
        return self.async_show_form(
            step_id="controlled_select",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders={"entity": self._state.name},
        )

    async def async_step_controlled_switch(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what the device draws when on, and whether the switch cuts its mains."""
        if user_input is not None:
            self._profile_of = switch_profile(
                self.unique_id or "",
                self._state.name,
                user_input[CONF_FULL_POWER],
                cuts_mains=user_input[CONF_CUTS_MAINS],
            )
            return await self.async_step_entities_room()
        return self.async_show_form(
            step_id="controlled_switch",
            data_schema=CONTROLLED_SWITCH,
            description_placeholders={"entity": self._state.name},
        )

    async def async_step_entities_room(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Pick the room and the power sensor."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := room_errors(self.hass, user_input)):
            data = {CONF_KIND: KIND_ENTITIES, **self._controlled, CONF_OFF_OPTION: self._off_option}
            return await self.finish(
                title=self._profile_of.model,
                data={**data, CONF_PROFILE: profile_as_dict(self._profile_of)},
                room=user_input,
            )
        return self.async_show_form(
            step_id="entities_room",
            data_schema=self.add_suggested_values_to_schema(ENTITIES_ROOM, user_input),
            errors=errors,
        )

    async def async_step_reconfigure_entities(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the sensors; history stays."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := room_errors(self.hass, user_input)):
            kept = {key: value for key, value in entry.data.items() if key not in {str(field) for field in ROOM.schema}}
            return self.async_update_reload_and_abort(entry, data={**kept, **user_input})
        return self.async_show_form(
            step_id="reconfigure_entities",
            data_schema=self.add_suggested_values_to_schema(ROOM, user_input or entry.data),
            errors=errors,
        )


def _range(state: State) -> tuple[float, float, float]:
    """Return the lowest and the highest value of a number, and its step."""
    attributes = state.attributes
    low, high = float(attributes.get("min", 0.0)), float(attributes.get("max", 100.0))
    return low, high, float(attributes.get("step", 1.0)) or 1.0


def _can_be_set(state: State) -> bool:
    """Return whether there is anything to choose from."""
    low, high, step = _range(state)
    return {**dict.fromkeys(NUMBERS, max(low, step) < high), **dict.fromkeys(SELECTS, bool(_options(state)))}.get(
        state.domain, True
    )


def _options(state: State) -> list[str]:
    return [str(option) for option in state.attributes.get("options", [])]


def _unit(state: State) -> str | None:
    """Return the unit of a number that counts power, None of any other."""
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    return unit if unit in PowerConverter.VALID_UNITS else None


def _watts(state: State, value: float) -> float:
    return round(PowerConverter.convert(value, _unit(state), UnitOfPower.WATT), 3)


def _level(state: State, power_w: float) -> tuple[float, float]:
    """Return the value of a number next to a power, and the watts that it really stands for."""
    low, _, step = _range(state)
    wanted = PowerConverter.convert(power_w, UnitOfPower.WATT, _unit(state))
    value = round(low + round((wanted - low) / step) * step, 6)
    return value, _watts(state, value)
