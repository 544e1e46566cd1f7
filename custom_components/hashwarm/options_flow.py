"""Options of a heater."""

from collections.abc import Mapping
from math import ceil, floor, inf
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
import voluptuous as vol

from .backends import known_profile
from .comfort_flow import ComfortFlow
from .const import (
    CONF_CUT_PLUG,
    CONF_KIND,
    CONF_MAXIMUM_POWER,
    CONF_MINIMUM_POWER,
    CONF_PLUG,
    CONF_PRESET_TARGETS,
    KIND_ENTITIES,
    KIND_NETWORKED_MINER,
)
from .doubles import chosen_errors
from .engine.miners import MinerProfile
from .engine.model.control import Preset
from .flow_schemas import ENTITIES_OPTIONS, HEATER_OPTIONS, MINER_OPTIONS
from .option_defaults import heater_options


class HeaterOptionsFlow(ComfortFlow):
    """Temperatures of the presets, safety limits, threads and power; comfort has a form of its own."""

    async def async_step_init(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which options are meant."""
        return self.async_show_menu(step_id="init", menu_options=["device", "comfort"])

    async def async_step_device(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the options of the device that heats."""
        kind = self.config_entry.data[CONF_KIND]
        if kind == KIND_NETWORKED_MINER:
            return await self.async_step_miner()
        if kind == KIND_ENTITIES:
            return await self.async_step_entities()
        return await self.async_step_worker()

    async def async_step_worker(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and keep the options of the worker on this machine."""
        if user_input is not None:
            return self._keep_device(user_input, HEATER_OPTIONS)
        return self.async_show_form(
            step_id="worker", data_schema=self.add_suggested_values_to_schema(HEATER_OPTIONS, self._known)
        )

    def _keep_device(self, user_input: dict[str, Any], schema: vol.Schema) -> ConfigFlowResult:
        targets = {preset.value: user_input.pop(preset.value) for preset in Preset}
        keys = {str(field) for field in schema.schema} | {CONF_PRESET_TARGETS}
        return self.keep({**user_input, CONF_PRESET_TARGETS: targets}, frozenset(keys))

    async def async_step_miner(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and keep the options of a networked miner."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = self._power_errors(user_input) or self._plug_errors(user_input)
            errors = errors or chosen_errors(self.hass, user_input, self.config_entry)
            if not errors:
                return self._keep_device(user_input, MINER_OPTIONS)
        return self.async_show_form(
            step_id="miner",
            data_schema=self.add_suggested_values_to_schema(MINER_OPTIONS, user_input or self._known),
            errors=errors,
            description_placeholders=self._range,
        )

    async def async_step_entities(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and keep the options of entities as a heater."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = self._power_errors(user_input) or chosen_errors(self.hass, user_input, self.config_entry)
            if not errors:
                return self._keep_device(user_input, ENTITIES_OPTIONS)
        return self.async_show_form(
            step_id="entities",
            data_schema=self.add_suggested_values_to_schema(ENTITIES_OPTIONS, user_input or self._known),
            errors=errors,
            description_placeholders=self._range,
        )

    @property
    def _profile(self) -> MinerProfile:
        return known_profile(self.config_entry, {})

    @property
    def _range(self) -> dict[str, str]:
        levels = self._profile.levels
        return {"floor": f"{levels[0].power_w:.0f}", "maximum": f"{levels[-1].power_w:.0f}"}

    def _power_errors(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with the limits; one that the device cannot keep would be none."""
        least_w, most_w = user_input.get(CONF_MINIMUM_POWER, 0.0), user_input.get(CONF_MAXIMUM_POWER, inf)
        if least_w > most_w:
            return {CONF_MAXIMUM_POWER: "power_order"}
        levels = self._profile.levels
        if most_w < floor(levels[0].power_w):
            return {CONF_MAXIMUM_POWER: "power_range"}
        if least_w > ceil(levels[-1].power_w):
            return {CONF_MINIMUM_POWER: "power_range"}
        return {}

    def _plug_errors(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        if user_input[CONF_CUT_PLUG] and CONF_PLUG not in user_input:
            return {CONF_PLUG: "plug_missing"}
        if not self._profile.can_pause and CONF_PLUG not in user_input:
            return {CONF_PLUG: "plug_needed"}
        return {}

    @property
    def _known(self) -> dict[str, Any]:
        known = heater_options(self.config_entry)
        return {**known, **known[CONF_PRESET_TARGETS]}
