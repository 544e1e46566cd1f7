"""The forms of the home's options: electricity, its tariff and supply, the market, and the other heating."""

from homeassistant.const import PERCENTAGE
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelectorConfig,
    TextSelectorType,
    TimeSelector,
)
import voluptuous as vol

from .const import (
    CONF_BATTERY_METER,
    CONF_BATTERY_PRICE,
    CONF_BTC_SENSOR,
    CONF_CHARGE_POSITIVE,
    CONF_COP_COLD,
    CONF_COP_MILD,
    CONF_EXPORT_POSITIVE,
    CONF_FEED_IN_PRICE,
    CONF_GRID_METER,
    CONF_HEAT_PUMP_CLASS,
    CONF_MANUAL_BTC_PRICE,
    CONF_MANUAL_DIFFICULTY,
    CONF_MARKET_ONLINE,
    CONF_MARKET_URL,
    CONF_OTHER_EFFICIENCY,
    CONF_OTHER_HEATING,
    CONF_OTHER_PRICE,
    CONF_OUTDOOR_SENSOR,
    CONF_PRICE_FACTOR,
    CONF_PRICE_OFFSET,
    CONF_SOLAR_FORECAST,
    CONF_TARIFF_DAYS,
    CONF_TARIFF_FROM,
    CONF_TARIFF_PRICE,
    CONF_TARIFF_TO,
    CONF_WEATHER,
)
from .electricity import WEEKDAYS
from .engine.home import MAX_PRICE
from .engine.money import HeatingKind, HeatPumpClass
from .flow_schemas import PRICE, ServerSelector, number
from .option_defaults import NO_OTHER_HEATING, TARIFF_WINDOWS

_POWER = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="power"))
_TEMPERATURE = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="temperature"))
_WEATHER = EntitySelector(EntitySelectorConfig(domain="weather"))
_PRICE_OF_BITCOIN = EntitySelector(EntitySelectorConfig(domain=["sensor", "input_number"]))
_WEEKDAYS = SelectSelector(
    SelectSelectorConfig(
        options=list(WEEKDAYS), multiple=True, translation_key="weekday", mode=SelectSelectorMode.DROPDOWN
    )
)
_HEATINGS = SelectSelector(
    SelectSelectorConfig(
        options=[NO_OTHER_HEATING, *(kind.value for kind in HeatingKind)], translation_key=CONF_OTHER_HEATING
    )
)
_HEAT_PUMPS = SelectSelector(
    SelectSelectorConfig(options=[quality.value for quality in HeatPumpClass], translation_key=CONF_HEAT_PUMP_CLASS)
)
_MONEY = number(-10, 1000, "any")
_COP = number(1, 10, 0.1)

ELECTRICITY = PRICE.extend(
    {
        vol.Optional(CONF_PRICE_FACTOR, default=1.0): number(0, 10, "any"),
        vol.Optional(CONF_PRICE_OFFSET, default=0.0): _MONEY,
    }
)

SECTIONS: dict[str, vol.Schema] = {
    name: vol.Schema(
        {
            vol.Optional(CONF_TARIFF_PRICE): _MONEY,
            vol.Optional(CONF_TARIFF_FROM): TimeSelector(),
            vol.Optional(CONF_TARIFF_TO): TimeSelector(),
            vol.Optional(CONF_TARIFF_DAYS): _WEEKDAYS,
        }
    )
    for name in TARIFF_WINDOWS
}

TARIFF = vol.Schema(
    {
        vol.Optional(name, default=dict): section(schema, {"collapsed": name != TARIFF_WINDOWS[0]})
        for name, schema in SECTIONS.items()
    }
)

SUPPLY = vol.Schema(
    {
        vol.Optional(CONF_GRID_METER): _POWER,
        vol.Optional(CONF_EXPORT_POSITIVE, default=False): BooleanSelector(),
        vol.Optional(CONF_FEED_IN_PRICE): _MONEY,
        vol.Optional(CONF_BATTERY_METER): _POWER,
        vol.Optional(CONF_CHARGE_POSITIVE, default=False): BooleanSelector(),
        vol.Optional(CONF_BATTERY_PRICE): _MONEY,
        vol.Optional(CONF_SOLAR_FORECAST, default=True): BooleanSelector(),
    }
)

MARKET = vol.Schema(
    {
        vol.Required(CONF_MARKET_ONLINE): BooleanSelector(),
        vol.Required(CONF_MARKET_URL): ServerSelector(TextSelectorConfig(type=TextSelectorType.URL)),
        vol.Optional(CONF_BTC_SENSOR): _PRICE_OF_BITCOIN,
        vol.Optional(CONF_MANUAL_DIFFICULTY): number(1, 1e20, "any"),
        vol.Optional(CONF_MANUAL_BTC_PRICE): number(0.01, MAX_PRICE, "any"),
    }
)

COMPARISON = vol.Schema(
    {
        vol.Required(CONF_OTHER_HEATING, default=NO_OTHER_HEATING): _HEATINGS,
        vol.Optional(CONF_OUTDOOR_SENSOR): _TEMPERATURE,
        vol.Optional(CONF_WEATHER): _WEATHER,
    }
)

FUEL = vol.Schema(
    {
        vol.Required(CONF_OTHER_PRICE): number(0, 1000, "any"),
        vol.Optional(CONF_OTHER_EFFICIENCY): number(10, 120, 1, PERCENTAGE),
    }
)

RESISTIVE = vol.Schema({vol.Optional(CONF_OTHER_PRICE): _MONEY})

HEAT_PUMP = vol.Schema(
    {
        vol.Required(CONF_HEAT_PUMP_CLASS, default=HeatPumpClass.ORDINARY.value): _HEAT_PUMPS,
        vol.Optional(CONF_COP_MILD): _COP,
        vol.Optional(CONF_COP_COLD): _COP,
        vol.Optional(CONF_OTHER_PRICE): _MONEY,
    }
)

OF_THE_OTHER_HEATING = frozenset(
    {CONF_COP_COLD, CONF_COP_MILD, CONF_HEAT_PUMP_CLASS, CONF_OTHER_EFFICIENCY, CONF_OTHER_PRICE}
)
"""What describes a heating; of another one it would be wrong."""
