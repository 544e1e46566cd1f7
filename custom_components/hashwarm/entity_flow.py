"""How entities of another integration become a heater: what they control, and the watts that it stands for."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower, UnitOfRatio
from homeassistant.core import State
from homeassistant.helpers import device_registry as dr, entity_registry as er
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
from .engine.miners import MinerProfile, profile_as_dict
from .entity_profile import number_profile, select_profile, switch_profile
from .flow_base import HeaterFlow, room_errors
from .flow_schemas import CONTROLLED_NUMBER, CONTROLLED_SWITCH, ENTITIES, ENTITIES_ROOM, ROOM, WATTS
from .helpers import heater_of_device


class EntitySteps(HeaterFlow):
    """Steps from an entity to a heater."""

    _controlled: dict[str, Any]
    _profile_of: MinerProfile
    _off_option: str | None = None

    async def async_step_entities(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which entity sets the power, and which switch pauses the device."""
        errors: dict[str, str] = {}
        if user_input is not None:
            entry = er.async_get(self.hass).async_get(user_input[CONF_CONTROLLED])
            await self.async_set_unique_id(entry.id if entry is not None else user_input[CONF_CONTROLLED])
            self._abort_if_unique_id_configured()
            if entry is not None and self._driven_already(entry):
                return self.async_abort(reason="driven_by_address")
            self._controlled = user_input
            state = self.hass.states.get(user_input[CONF_CONTROLLED])
            if state is not None:
                return await self._ask_watts(user_input[CONF_CONTROLLED].partition(".")[0])
            errors = {CONF_CONTROLLED: "entity_missing"}
        return self.async_show_form(
            step_id="entities",
            data_schema=self.add_suggested_values_to_schema(ENTITIES, user_input),
            errors=errors,
        )

    def _driven_already(self, entry: er.RegistryEntry) -> bool:
        """Return whether the entity's device is a heater already, by its own address."""
        device = dr.async_get(self.hass).async_get(entry.device_id) if entry.device_id is not None else None
        return isinstance(device, dr.DeviceEntry) and heater_of_device(self.hass, device) is not None

    async def _ask_watts(self, domain: str) -> ConfigFlowResult:
        if domain in NUMBERS:
            return await self.async_step_controlled_number()
        if domain in SELECTS:
            return await self.async_step_controlled_select()
        return await self.async_step_controlled_switch()

    @property
    def _state(self) -> State:
        state = self.hass.states.get(self._controlled[CONF_CONTROLLED])
        assert state is not None
        return state

    async def async_step_controlled_number(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what the ends of the number draw; a number in watts says so itself."""
        errors: dict[str, str] = {}
        low, high, step = _range(self._state)
        if user_input is not None:
            pauses = low <= 0.0 or CONF_PAUSE_SWITCH in self._controlled
            if not user_input[CONF_FLOOR_POWER] < user_input[CONF_FULL_POWER]:
                errors = {CONF_FULL_POWER: "power_order"}
            elif not pauses:
                errors = {"base": "pause_needed"}
            else:
                first = max(low, step)
                ends = ((first, user_input[CONF_FLOOR_POWER]), (high, user_input[CONF_FULL_POWER]))
                self._profile_of = number_profile(self.unique_id or "", self._state.name, ends, step)
                return await self.async_step_entities_room()
        return self.async_show_form(
            step_id="controlled_number",
            data_schema=self.add_suggested_values_to_schema(
                CONTROLLED_NUMBER, user_input or _suggested_watts(self._state)
            ),
            errors=errors,
            description_placeholders={"entity": self._state.name, "low": f"{max(low, step):g}", "high": f"{high:g}"},
        )

    async def async_step_controlled_select(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what each option draws; none is the option that pauses."""
        errors: dict[str, str] = {}
        options = [str(option) for option in self._state.attributes.get("options", [])]
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
        if user_input is not None and not (errors := room_errors(user_input)):
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
        if user_input is not None and not (errors := room_errors(user_input)):
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


def _suggested_watts(state: State) -> Mapping[str, Any]:
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if unit not in PowerConverter.VALID_UNITS or unit == UnitOfRatio.PERCENTAGE:
        return {}
    low, high, step = _range(state)
    ends = (PowerConverter.convert(value, unit, UnitOfPower.WATT) for value in (max(low, step), high))
    return dict(zip((CONF_FLOOR_POWER, CONF_FULL_POWER), ends, strict=True))
