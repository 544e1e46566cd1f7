"""The forms of the config flow and of the options."""

from math import isfinite
from typing import Any, Literal, override

from homeassistant.const import CONF_PASSWORD, UnitOfPower, UnitOfTemperature, UnitOfTime
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol
from yarl import URL

from .const import (
    CONF_BACKUP_POOL,
    CONF_CHIP_MAXIMUM,
    CONF_FULL_POWER,
    CONF_MANUAL_BTC_PRICE,
    CONF_MANUAL_DIFFICULTY,
    CONF_MARKET_ONLINE,
    CONF_MARKET_URL,
    CONF_OUTDOOR_SENSOR,
    CONF_POOL,
    CONF_POOL_USER,
    CONF_POWER_METER,
    CONF_PRICE,
    CONF_PRICE_SENSOR,
    CONF_ROOM_MAXIMUM,
    CONF_ROOM_RESPONSE,
    CONF_ROOM_SENSOR,
    CONF_SECOND_ROOM_SENSOR,
    CONF_STALE_MINUTES,
    CONF_THREADS,
)
from .engine.heater import RoomResponse
from .engine.home import MAX_PRICE
from .engine.model.control import Preset

_TEMPERATURE = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="temperature"))
_POWER = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="power"))
_PRICE_SENSOR = EntitySelector(EntitySelectorConfig(domain=["sensor", "input_number"]))
_RESPONSE = SelectSelector(
    SelectSelectorConfig(options=[response.value for response in RoomResponse], translation_key=CONF_ROOM_RESPONSE)
)
_PLAIN = TextSelector(TextSelectorConfig(autocomplete="off"))
_SECRET = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))


class FiniteNumberSelector(NumberSelector):
    """A number that comparisons can hold; Home Assistant's own lets NaN through, and a limit would be lost to it."""

    @override
    def __call__(self, data: Any) -> float:
        """Validate the number. Errors: vol.Invalid."""
        value = super().__call__(data)
        if not isfinite(value):
            raise vol.Invalid("not a number")
        return value


class ServerSelector(TextSelector):
    """The address of a web server."""

    @override
    def __call__(self, data: Any) -> str | list[str]:
        """Validate the address. Errors: vol.Invalid."""
        value = super().__call__(data)
        address = URL(str(value))
        if address.scheme not in {"http", "https"} or not address.host:
            raise vol.Invalid("not the address of a web server")
        return value


def _number(least: float, most: float, step: float | Literal["any"], unit: str | None = None) -> NumberSelector:
    config = NumberSelectorConfig(min=least, max=most, step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return FiniteNumberSelector(config)


_CELSIUS = str(UnitOfTemperature.CELSIUS)

ROOM = vol.Schema(
    {
        vol.Required(CONF_ROOM_SENSOR): _TEMPERATURE,
        vol.Optional(CONF_SECOND_ROOM_SENSOR): _TEMPERATURE,
        vol.Optional(CONF_OUTDOOR_SENSOR): _TEMPERATURE,
        vol.Required(CONF_ROOM_RESPONSE, default=RoomResponse.ORDINARY.value): _RESPONSE,
    }
)

POOL = vol.Schema(
    {
        vol.Optional(CONF_POOL): _PLAIN,
        vol.Optional(CONF_POOL_USER): _PLAIN,
        vol.Optional(CONF_PASSWORD): _SECRET,
        vol.Optional(CONF_BACKUP_POOL): _PLAIN,
    }
)

PRICE = vol.Schema(
    {
        vol.Optional(CONF_PRICE): _number(-10, 1000, "any"),
        vol.Optional(CONF_PRICE_SENSOR): _PRICE_SENSOR,
    }
)

HEATER_OPTIONS = vol.Schema(
    {
        **{vol.Required(preset.value): _number(5, 30, 0.5, _CELSIUS) for preset in Preset},
        vol.Required(CONF_ROOM_MAXIMUM): _number(15, 40, 0.5, _CELSIUS),
        vol.Required(CONF_CHIP_MAXIMUM): _number(50, 100, 1, _CELSIUS),
        vol.Required(CONF_STALE_MINUTES): _number(5, 240, 1, str(UnitOfTime.MINUTES)),
        vol.Required(CONF_THREADS): _number(1, 256, 1),
        vol.Optional(CONF_FULL_POWER): _number(1, 2000, 1, str(UnitOfPower.WATT)),
        vol.Optional(CONF_POWER_METER): _POWER,
    }
)

HOME_OPTIONS = PRICE.extend(
    {
        vol.Required(CONF_MARKET_ONLINE): BooleanSelector(),
        vol.Required(CONF_MARKET_URL): ServerSelector(TextSelectorConfig(type=TextSelectorType.URL)),
        vol.Optional(CONF_MANUAL_DIFFICULTY): _number(1, 1e20, "any"),
        vol.Optional(CONF_MANUAL_BTC_PRICE): _number(0.01, MAX_PRICE, "any"),
    }
)
