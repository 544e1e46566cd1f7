"""The forms of the config flow and of the options."""

from math import isfinite
from typing import Any, Literal, override

from homeassistant.const import (
    CONF_HOST,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_USERNAME,
    UnitOfPower,
    UnitOfTemperature,
    UnitOfTime,
)
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
    CONF_CIRCUIT_LIMIT,
    CONF_CONTROLLED,
    CONF_CUT_PLUG,
    CONF_CUTS_MAINS,
    CONF_DEVICE_PRICE,
    CONF_END_THERMAL_LOOP,
    CONF_FLOOR_POWER,
    CONF_FULL_POWER,
    CONF_HEATERS,
    CONF_INSULATION,
    CONF_INTERVAL,
    CONF_MAXIMUM_POWER,
    CONF_MINIMUM_POWER,
    CONF_OTHER_LOADS,
    CONF_OUTDOOR_SENSOR,
    CONF_PARTING,
    CONF_PAUSE_SWITCH,
    CONF_PAYS,
    CONF_PLUG,
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
    CONF_SURPLUS_WARMEST,
    CONF_THREADS,
    CONF_WEATHER,
    DOMAIN,
)
from .engine.heater import Insulation, RoomResponse
from .engine.home import Scheme
from .engine.miners import LEAST_INTERVAL_S, MOST_INTERVAL_S, Parting
from .engine.model.control import Preset

_TEMPERATURE = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="temperature"))
_POWER = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="power"))
_PRICE_SENSOR = EntitySelector(EntitySelectorConfig(domain=["sensor", "input_number"]))
_WEATHER = EntitySelector(EntitySelectorConfig(domain="weather"))
_SWITCH = EntitySelector(EntitySelectorConfig(domain=["switch", "input_boolean"]))
_CONTROLLED = EntitySelector(
    EntitySelectorConfig(domain=["number", "input_number", "select", "input_select", "switch", "input_boolean"])
)
_THERMOSTATS = EntitySelector(EntitySelectorConfig(integration=DOMAIN, domain="climate", multiple=True))
_PARTING = SelectSelector(
    SelectSelectorConfig(options=[parting.value for parting in Parting], translation_key=CONF_PARTING)
)
_PAYS = SelectSelector(SelectSelectorConfig(options=[scheme.value for scheme in Scheme], translation_key=CONF_PAYS))
_RESPONSE = SelectSelector(
    SelectSelectorConfig(options=[response.value for response in RoomResponse], translation_key=CONF_ROOM_RESPONSE)
)
_INSULATION = SelectSelector(
    SelectSelectorConfig(options=[insulation.value for insulation in Insulation], translation_key=CONF_INSULATION)
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


def number(least: float, most: float, step: float | Literal["any"], unit: str | None = None) -> NumberSelector:
    """Return the field of a number."""
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
        vol.Required(CONF_INSULATION, default=Insulation.ORDINARY.value): _INSULATION,
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
        vol.Optional(CONF_PRICE): number(-10, 1000, "any"),
        vol.Optional(CONF_PRICE_SENSOR): _PRICE_SENSOR,
    }
)

WATTS = number(0, 20_000, 1, str(UnitOfPower.WATT))

_LOGIN = {vol.Optional(CONF_USERNAME): _PLAIN, vol.Optional(CONF_PASSWORD): _SECRET}

MINER = vol.Schema({vol.Required(CONF_HOST): _PLAIN, **_LOGIN})

MINER_LOGIN = vol.Schema(_LOGIN)

MINER_ROOM = ROOM.extend({vol.Optional(CONF_POWER_METER): _POWER, vol.Optional(CONF_PLUG): _SWITCH})

MINER_RECONFIGURE = MINER.extend(ROOM.schema)

ENTITIES = vol.Schema({vol.Required(CONF_CONTROLLED): _CONTROLLED, vol.Optional(CONF_PAUSE_SWITCH): _SWITCH})

CONTROLLED_NUMBER = vol.Schema({vol.Required(CONF_FLOOR_POWER): WATTS, vol.Required(CONF_FULL_POWER): WATTS})

CONTROLLED_SWITCH = vol.Schema(
    {
        vol.Required(CONF_FULL_POWER): number(1, 20_000, 1, str(UnitOfPower.WATT)),
        vol.Required(CONF_CUTS_MAINS, default=True): BooleanSelector(),
    }
)

ENTITIES_ROOM = ROOM.extend({vol.Optional(CONF_POWER_METER): _POWER})

_COMFORT = {
    **{vol.Required(preset.value): number(5, 30, 0.5, _CELSIUS) for preset in Preset},
    vol.Required(CONF_ROOM_MAXIMUM): number(15, 40, 0.5, _CELSIUS),
    vol.Required(CONF_STALE_MINUTES): number(5, 240, 1, str(UnitOfTime.MINUTES)),
}

_MONEY = {vol.Optional(CONF_DEVICE_PRICE): number(0, 1e9, "any")}

_PLANNING = {
    vol.Optional(CONF_WEATHER): _WEATHER,
    vol.Optional(CONF_SURPLUS_WARMEST): number(15, 30, 0.5, _CELSIUS),
}

HEATER_OPTIONS = vol.Schema(
    {
        **_COMFORT,
        **_PLANNING,
        **_MONEY,
        vol.Required(CONF_CHIP_MAXIMUM): number(50, 100, 1, _CELSIUS),
        vol.Required(CONF_THREADS): number(1, 256, 1),
        vol.Optional(CONF_FULL_POWER): number(1, 2000, 1, str(UnitOfPower.WATT)),
        vol.Optional(CONF_POWER_METER): _POWER,
    }
)

ENTITIES_OPTIONS = vol.Schema(
    {
        **_COMFORT,
        **_PLANNING,
        **_MONEY,
        vol.Optional(CONF_MINIMUM_POWER): WATTS,
        vol.Optional(CONF_MAXIMUM_POWER): WATTS,
        vol.Required(CONF_PARTING): _PARTING,
        vol.Required(CONF_PAYS): _PAYS,
        vol.Optional(CONF_POWER_METER): _POWER,
    }
)

MINER_OPTIONS = vol.Schema(
    {
        **_COMFORT,
        **_PLANNING,
        **_MONEY,
        vol.Required(CONF_CHIP_MAXIMUM): number(50, 110, 1, _CELSIUS),
        vol.Required(CONF_INTERVAL): number(LEAST_INTERVAL_S, MOST_INTERVAL_S, 1, str(UnitOfTime.SECONDS)),
        vol.Optional(CONF_MINIMUM_POWER): WATTS,
        vol.Optional(CONF_MAXIMUM_POWER): WATTS,
        vol.Required(CONF_PARTING): _PARTING,
        vol.Required(CONF_PAYS): _PAYS,
        vol.Required(CONF_END_THERMAL_LOOP): BooleanSelector(),
        vol.Optional(CONF_POWER_METER): _POWER,
        vol.Optional(CONF_PLUG): _SWITCH,
        vol.Required(CONF_CUT_PLUG): BooleanSelector(),
    }
)

CIRCUIT = vol.Schema(
    {
        vol.Required(CONF_NAME): _PLAIN,
        vol.Required(CONF_CIRCUIT_LIMIT): number(50, 50_000, 1, str(UnitOfPower.WATT)),
        vol.Required(CONF_HEATERS): _THERMOSTATS,
        vol.Optional(CONF_OTHER_LOADS): _POWER,
    }
)
