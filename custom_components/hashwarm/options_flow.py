"""Options of a heater and of the home."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.core import HomeAssistant

from .adapters.price import unit_refused
from .const import CONF_PRESET_TARGETS, CONF_PRICE, CONF_PRICE_SENSOR
from .engine.model.control import Preset
from .flow_schemas import HEATER_OPTIONS, HOME_OPTIONS
from .option_defaults import heater_options, home_options


class HeaterOptionsFlow(OptionsFlowWithReload):
    """Temperatures of the presets, safety limits, threads and power."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and keep the options."""
        if user_input is not None:
            targets = {preset.value: user_input.pop(preset.value) for preset in Preset}
            return self.async_create_entry(data={**user_input, CONF_PRESET_TARGETS: targets})
        known = heater_options(self.config_entry)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(HEATER_OPTIONS, {**known, **known[CONF_PRESET_TARGETS]}),
        )


class HomeOptionsFlow(OptionsFlowWithReload):
    """Electricity price and market figures."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and keep the options."""
        return await self.async_step_home(user_input)

    async def async_step_home(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the home's figures."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := price_errors(self.hass, user_input)):
            return self.async_create_entry(data=user_input)
        known = user_input or home_options(self.config_entry)
        return self.async_show_form(
            step_id="home",
            data_schema=self.add_suggested_values_to_schema(HOME_OPTIONS, known),
            errors=errors,
            description_placeholders={"currency": self.hass.config.currency},
        )


def price_errors(hass: HomeAssistant, user_input: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with the price that a form names."""
    if CONF_PRICE_SENSOR not in user_input:
        return {}
    if CONF_PRICE in user_input:
        return {"base": "price_twice"}
    if unit_refused(hass, user_input[CONF_PRICE_SENSOR], hass.config.currency):
        return {CONF_PRICE_SENSOR: "price_unit"}
    return {}
