"""What the flows of all kinds of heaters share: the room, the price, and the entry at the end."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_SYSTEM, ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.core import HomeAssistant

from .const import CONF_PLUG, CONF_POWER_METER, CONF_ROOM_SENSOR, CONF_SECOND_ROOM_SENSOR, DOMAIN
from .doubles import chosen_errors
from .flow_schemas import PRICE
from .helpers import has_home
from .home_options_flow import price_errors

# A person chooses these with the room, and may change them later without setting up anew.
CHOSEN_AS_OPTIONS = (CONF_POWER_METER, CONF_PLUG)


class HeaterFlow(ConfigFlow):
    """Carries what was gathered to the price, where there is no home yet, and to the entry."""

    def __init__(self) -> None:
        self._title = "Hashwarm heater"
        self._data: dict[str, Any] = {}
        self._options: dict[str, Any] = {}

    async def finish(self, *, title: str, data: Mapping[str, Any], room: Mapping[str, Any]) -> ConfigFlowResult:
        """Make the heater; with the first one, ask what electricity costs."""
        self._title = title
        self._options = {key: room[key] for key in CHOSEN_AS_OPTIONS if key in room}
        self._data = {**data, **{key: value for key, value in room.items() if key not in CHOSEN_AS_OPTIONS}}
        return self._create_heater() if has_home(self.hass) else await self.async_step_price_alone()

    async def async_step_price_alone(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what electricity costs where no pool says how often a share is expected."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := price_errors(self.hass, user_input)):
            return await self._create_home_and_heater(user_input)
        return self.async_show_form(
            step_id="price_alone",
            data_schema=self.add_suggested_values_to_schema(PRICE, user_input),
            errors=errors,
            description_placeholders={"currency": self.hass.config.currency},
        )

    async def _create_home_and_heater(self, options: dict[str, Any]) -> ConfigFlowResult:
        await self.hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_SYSTEM}, data=options)
        return self._create_heater()

    def _create_heater(self) -> ConfigFlowResult:
        return self.async_create_entry(title=self._title, data=self._data, options=self._options)


def room_errors(
    hass: HomeAssistant, user_input: Mapping[str, Any], heater: ConfigEntry | None = None
) -> dict[str, str]:
    """Return what is wrong with the sensors, the meter and the plug that a form names."""
    if user_input[CONF_ROOM_SENSOR] == user_input.get(CONF_SECOND_ROOM_SENSOR):
        return {CONF_SECOND_ROOM_SENSOR: "same_sensor"}
    return chosen_errors(hass, user_input, heater)
