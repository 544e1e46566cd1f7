"""The form of a heater's comfort options, in sections."""

from homeassistant.const import UnitOfPower, UnitOfTemperature, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TimeSelector,
)
import voluptuous as vol

from .const import (
    CONF_AWAY_AFTER,
    CONF_BOOST_MINUTES,
    CONF_DETECT_WINDOW,
    CONF_FUSION,
    CONF_HIGHEST_TARGET,
    CONF_LOWEST_TARGET,
    CONF_OUTLET_LIMIT,
    CONF_PRESENCE,
    CONF_QUIET_FROM,
    CONF_QUIET_POWER,
    CONF_QUIET_TO,
    CONF_ROOM_SENSORS,
    CONF_SCHEDULE,
    CONF_WEEKEND_FROM,
    CONF_WEEKEND_TO,
    CONF_WEIGHTS,
    CONF_WINDOW_DELAY,
    CONF_WINDOWS,
    CONF_WORKDAY_FROM,
    CONF_WORKDAY_TO,
)
from .engine.heater import FusionMethod
from .flow_schemas import number

_CELSIUS, _WATT = str(UnitOfTemperature.CELSIUS), str(UnitOfPower.WATT)
_MINUTES, _SECONDS = str(UnitOfTime.MINUTES), str(UnitOfTime.SECONDS)
_HELPER = EntitySelector(EntitySelectorConfig(domain="schedule"))
_SOMEBODY = EntitySelector(
    EntitySelectorConfig(domain=["person", "device_tracker", "binary_sensor", "input_boolean"], multiple=True)
)
_WINDOWS = EntitySelector(EntitySelectorConfig(domain=["binary_sensor", "input_boolean"], multiple=True))
_TEMPERATURES = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="temperature", multiple=True))
_FUSION = SelectSelector(
    SelectSelectorConfig(options=[method.value for method in FusionMethod], translation_key=CONF_FUSION)
)

SECTIONS: dict[str, vol.Schema] = {
    "times": vol.Schema(
        {
            vol.Optional(CONF_SCHEDULE): _HELPER,
            vol.Optional(CONF_WORKDAY_FROM): TimeSelector(),
            vol.Optional(CONF_WORKDAY_TO): TimeSelector(),
            vol.Optional(CONF_WEEKEND_FROM): TimeSelector(),
            vol.Optional(CONF_WEEKEND_TO): TimeSelector(),
        }
    ),
    "people": vol.Schema(
        {
            vol.Optional(CONF_PRESENCE): _SOMEBODY,
            vol.Required(CONF_AWAY_AFTER, default=30): number(0, 600, 1, _MINUTES),
            vol.Required(CONF_LOWEST_TARGET, default=5): number(5, 29, 0.5, _CELSIUS),
            vol.Required(CONF_HIGHEST_TARGET, default=30): number(6, 30, 0.5, _CELSIUS),
            vol.Required(CONF_BOOST_MINUTES, default=60): number(5, 600, 1, _MINUTES),
        }
    ),
    "openings": vol.Schema(
        {
            vol.Optional(CONF_WINDOWS): _WINDOWS,
            vol.Required(CONF_WINDOW_DELAY, default=60): number(0, 1800, 1, _SECONDS),
            vol.Required(CONF_DETECT_WINDOW, default=False): BooleanSelector(),
        }
    ),
    "sensors": vol.Schema(
        {
            vol.Optional(CONF_ROOM_SENSORS): _TEMPERATURES,
            vol.Required(CONF_FUSION, default=FusionMethod.FIRST.value): _FUSION,
            vol.Optional(CONF_WEIGHTS): TextSelector(TextSelectorConfig(autocomplete="off")),
        }
    ),
    "power": vol.Schema(
        {
            vol.Optional(CONF_QUIET_FROM): TimeSelector(),
            vol.Optional(CONF_QUIET_TO): TimeSelector(),
            vol.Required(CONF_QUIET_POWER, default=0): number(0, 20_000, 1, _WATT),
            vol.Optional(CONF_OUTLET_LIMIT): number(1, 20_000, 1, _WATT),
        }
    ),
}
COMFORT_KEYS = frozenset(str(field) for schema in SECTIONS.values() for field in schema.schema)

COMFORT_OPTIONS = vol.Schema(
    {
        vol.Optional(name, default=dict): section(schema, {"collapsed": name != "times"})
        for name, schema in SECTIONS.items()
    }
)
