"""The options of the home."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.core import HomeAssistant
import voluptuous as vol

from .adapters.btc_price import unit_refused as btc_unit_refused
from .adapters.price import unit_refused
from .const import (
    CONF_BATTERY_METER,
    CONF_BTC_SENSOR,
    CONF_COP_COLD,
    CONF_GRID_METER,
    CONF_OTHER_HEATING,
    CONF_PRICE,
    CONF_PRICE_SENSOR,
    CONF_TARIFF_FROM,
    CONF_TARIFF_PRICE,
    CONF_TARIFF_TO,
)
from .doubles import is_own
from .electricity import other_heating, tariff_of
from .engine.money import HeatingKind, HeatPump
from .helpers import loaded_heaters
from .home_schema import (
    COMPARISON,
    ELECTRICITY,
    FUEL,
    HEAT_PUMP,
    MARKET,
    OF_THE_OTHER_HEATING,
    RESISTIVE,
    SUPPLY,
    TARIFF,
)
from .option_defaults import NO_OTHER_HEATING, home_options

METERS = (CONF_GRID_METER, CONF_BATTERY_METER)
UNITS = {HeatingKind.OIL: "l", HeatingKind.PELLETS: "kg", HeatingKind.WOOD: "kg"}


class HomeOptionsFlow(OptionsFlowWithReload):
    """What electricity costs and where it comes from, the market, and the heating to compare with."""

    def __init__(self) -> None:
        self._chosen: dict[str, Any] = {}

    async def async_step_init(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which options are meant."""
        return await self.async_step_home()

    async def async_step_home(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what there is to choose from."""
        return self.async_show_menu(
            step_id="home", menu_options=["electricity", "tariff", "supply", "market", "comparison"]
        )

    async def async_step_electricity(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what electricity from the grid costs."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = price_errors(self.hass, user_input)
            if not errors and CONF_PRICE_SENSOR in user_input and tariff_of(self._known).windows:
                errors = {CONF_PRICE_SENSOR: "tariff_with_sensor"}
            if not errors:
                return self._keep(user_input, ELECTRICITY)
        return self.async_show_form(
            step_id="electricity",
            data_schema=self.add_suggested_values_to_schema(ELECTRICITY, user_input or self._known),
            errors=errors,
            description_placeholders={"currency": self.hass.config.currency},
        )

    async def async_step_tariff(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the times at which electricity costs something else."""
        errors: dict[str, str] = {}
        if user_input is not None:
            windows = {name: window for name, window in user_input.items() if window}
            errors = tariff_errors(windows, self._known)
            if not errors:
                return self._keep(windows, TARIFF)
        return self.async_show_form(
            step_id="tariff",
            data_schema=self.add_suggested_values_to_schema(TARIFF, user_input or self._known),
            errors=errors,
            description_placeholders={"currency": self.hass.config.currency},
        )

    async def async_step_supply(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the meters of the grid and of a battery, and what their electricity is worth."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = meter_errors(self.hass, user_input)
            if not errors:
                return self._keep(user_input, SUPPLY)
        return self.async_show_form(
            step_id="supply",
            data_schema=self.add_suggested_values_to_schema(SUPPLY, user_input or self._known),
            errors=errors,
            description_placeholders={"currency": self.hass.config.currency},
        )

    async def async_step_market(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the sources of market figures."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = btc_errors(self.hass, user_input)
            if not errors:
                return self._keep(user_input, MARKET)
        return self.async_show_form(
            step_id="market",
            data_schema=self.add_suggested_values_to_schema(MARKET, user_input or self._known),
            errors=errors,
            description_placeholders={"currency": self.hass.config.currency},
        )

    async def async_step_comparison(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the heating that would be used otherwise."""
        if user_input is None:
            return self.async_show_form(
                step_id="comparison", data_schema=self.add_suggested_values_to_schema(COMPARISON, self._known)
            )
        self._chosen = user_input
        kind = user_input[CONF_OTHER_HEATING]
        if kind == NO_OTHER_HEATING:
            return self._keep_heating({})
        if kind == HeatingKind.RESISTIVE:
            return await self.async_step_resistive()
        return await (self.async_step_heat_pump() if kind == HeatingKind.HEAT_PUMP else self.async_step_fuel())

    async def async_step_resistive(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what the electricity of another electric heating costs."""
        if user_input is not None:
            return self._keep_heating(user_input)
        return self.async_show_form(
            step_id="resistive",
            data_schema=self.add_suggested_values_to_schema(RESISTIVE, self._described),
            description_placeholders={"currency": self.hass.config.currency},
        )

    async def async_step_fuel(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what the fuel or the bought heat costs."""
        if user_input is not None:
            return self._keep_heating(user_input)
        unit = UNITS.get(HeatingKind(self._chosen[CONF_OTHER_HEATING]), "kWh")
        return self.async_show_form(
            step_id="fuel",
            data_schema=self.add_suggested_values_to_schema(FUEL, self._described),
            description_placeholders={"currency": self.hass.config.currency, "unit": unit},
        )

    async def async_step_heat_pump(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how good the heat pump is, and what its electricity costs."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = heat_pump_errors({**self._chosen, **user_input})
            if not errors:
                return self._keep_heating(user_input)
        return self.async_show_form(
            step_id="heat_pump",
            data_schema=self.add_suggested_values_to_schema(HEAT_PUMP, user_input or self._described),
            errors=errors,
            description_placeholders={"currency": self.hass.config.currency},
        )

    @property
    def _known(self) -> dict[str, Any]:
        return home_options(self.config_entry)

    @property
    def _described(self) -> dict[str, Any]:
        """Return what is known of the chosen heating; the price of another one would be wrong."""
        known = self._known
        return known if known.get(CONF_OTHER_HEATING) == self._chosen[CONF_OTHER_HEATING] else {}

    def _keep(self, chosen: Mapping[str, Any], schema: vol.Schema) -> ConfigFlowResult:
        """Keep what one form asked for, and what the others did."""
        return self._keep_in_place_of({str(field) for field in schema.schema}, chosen)

    def _keep_heating(self, described: Mapping[str, Any]) -> ConfigFlowResult:
        keys = {str(field) for field in COMPARISON.schema} | OF_THE_OTHER_HEATING
        told = (self._known.get(CONF_OTHER_HEATING, NO_OTHER_HEATING), self._chosen[CONF_OTHER_HEATING])
        if (told[0] == NO_OTHER_HEATING) is not (told[1] == NO_OTHER_HEATING):
            # Savings and payback come and go with it.
            for heater in loaded_heaters(self.hass):
                self.hass.config_entries.async_schedule_reload(heater.config_entry.entry_id)
        return self._keep_in_place_of(keys, {**self._chosen, **described})

    def _keep_in_place_of(self, keys: set[str] | frozenset[str], chosen: Mapping[str, Any]) -> ConfigFlowResult:
        others = {key: value for key, value in self.config_entry.options.items() if key not in keys}
        return self.async_create_entry(data={**others, **chosen})


def price_errors(hass: HomeAssistant, user_input: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the price that a form names."""
    if CONF_PRICE_SENSOR not in user_input:
        return {}
    if CONF_PRICE in user_input:
        return {"base": "price_twice"}
    if unit_refused(hass, user_input[CONF_PRICE_SENSOR], hass.config.currency):
        return {CONF_PRICE_SENSOR: "price_unit"}
    return {}


def tariff_errors(windows: Mapping[str, Mapping[str, Any]], known: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the windows that are filled in."""
    if windows and CONF_PRICE_SENSOR in known:
        return {"base": "tariff_with_sensor"}
    needed = {CONF_TARIFF_PRICE, CONF_TARIFF_FROM, CONF_TARIFF_TO}
    if not all(needed <= set(window) for window in windows.values()):
        return {"base": "tariff_incomplete"}
    return {}


def meter_errors(hass: HomeAssistant, user_input: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the meters that a form names."""
    for field in METERS:
        if field in user_input and is_own(hass, user_input[field]):
            return {field: "own_entity"}
    if user_input.get(CONF_GRID_METER, "") == user_input.get(CONF_BATTERY_METER):
        return {CONF_BATTERY_METER: "same_meter"}
    return {}


def heat_pump_errors(described: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the figures of a heat pump: none does better in the cold."""
    pump = other_heating(described)
    if isinstance(pump, HeatPump) and pump.cop_cold > pump.cop_mild:
        return {CONF_COP_COLD: "cop_order"}
    return {}


def btc_errors(hass: HomeAssistant, user_input: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with the sensor that a form names for the price of a bitcoin."""
    sensor = user_input.get(CONF_BTC_SENSOR)
    if sensor is None:
        return {}
    if is_own(hass, sensor):
        return {CONF_BTC_SENSOR: "own_entity"}
    if btc_unit_refused(hass, sensor, hass.config.currency):
        return {CONF_BTC_SENSOR: "btc_unit"}
    return {}
