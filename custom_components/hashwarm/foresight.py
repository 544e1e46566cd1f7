"""Makes the adapters that tell a heater's planner of the hours to come, as a person's choices name them."""

from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util.hass_dict import HassKey

from .adapters.foresight import HomeForesight
from .adapters.price_forecast import EntityPriceForecast, FixedPriceForecast
from .adapters.recorded import Recorder
from .adapters.room_history import RecordedRoom, SunAt
from .adapters.solar import SolarForecast
from .adapters.surplus import GridMeter, RoofSurplus
from .adapters.temperature import EntityTemperature
from .adapters.weather import EntityWeather
from .const import (
    CONF_EXPORT_POSITIVE,
    CONF_FEED_IN_PRICE,
    CONF_GRID_METER,
    CONF_KIND,
    CONF_OUTDOOR_SENSOR,
    CONF_POWER_METER,
    CONF_PRICE,
    CONF_PRICE_SENSOR,
    CONF_ROOM_SENSOR,
    CONF_SOLAR_FORECAST,
    CONF_WEATHER,
    DOMAIN,
    KIND_HOME,
    KIND_LOCAL_WORKER,
)
from .coordinator import HeaterConfigEntry
from .helpers import home_entry
from .option_defaults import heater_options, home_options

# Heaters ask for the same prices, weather and surplus: they share who asks, so that others are asked once.
SHARED: HassKey[dict[tuple[Any, ...], Any]] = HassKey(f"{DOMAIN}_foresight")


@callback
def build_foresight(hass: HomeAssistant, entry: HeaterConfigEntry, sun_at: SunAt | None = None) -> HomeForesight:
    """Return what a heater's planner is told by; every part may be missing."""
    options, home = heater_options(entry), home_entry(hass)
    shared_options = home_options(home) if home is not None else {}
    outdoor, weather = entry.data.get(CONF_OUTDOOR_SENSOR), options.get(CONF_WEATHER)
    return HomeForesight(
        recorder=_shared(hass, Recorder),
        room=RecordedRoom(
            room=entry.data[CONF_ROOM_SENSOR],
            outdoor=outdoor,
            power=_power_sensor(hass, entry, options),
            weather=weather,
        ),
        prices=_prices(hass, shared_options),
        weather=_shared(hass, EntityWeather, weather) if weather else None,
        outdoor=EntityTemperature(hass, outdoor) if outdoor else None,
        surplus=_surplus(hass, shared_options),
        feed_in_price_per_kwh=shared_options.get(CONF_FEED_IN_PRICE, 0.0),
        sun_at=sun_at,
    )


@callback
def drawn_by_heaters_w(hass: HomeAssistant) -> float:
    """Return what all our heaters draw, in W; those of which nobody knows draw nothing."""
    telemetries = (
        entry.runtime_data.data.telemetry
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        if entry.data[CONF_KIND] != KIND_HOME
    )
    return sum(telemetry.power_w or 0.0 for telemetry in telemetries if telemetry is not None)


def _shared[T](hass: HomeAssistant, made: Callable[..., T], *told: Any) -> T:
    parts = hass.data.setdefault(SHARED, {})
    key = (made, *told)
    if key not in parts:
        parts[key] = made(hass, *told)
    part: T = parts[key]
    return part


def _prices(hass: HomeAssistant, options: dict[str, Any]) -> EntityPriceForecast | FixedPriceForecast | None:
    if (sensor := options.get(CONF_PRICE_SENSOR)) is not None:
        return _shared(hass, EntityPriceForecast, sensor, hass.config.currency, _shared(hass, Recorder))
    if (price := options.get(CONF_PRICE)) is not None:
        return FixedPriceForecast(price)
    return None


def _surplus(hass: HomeAssistant, options: dict[str, Any]) -> RoofSurplus | None:
    """Return the surplus of the roof; without a grid meter nobody knows what the house itself draws of it."""
    if (meter := options.get(CONF_GRID_METER)) is None:
        return None
    return RoofSurplus(
        GridMeter(hass, meter, export_is_positive=options.get(CONF_EXPORT_POSITIVE, False)),
        solar=_shared(hass, SolarForecast) if options.get(CONF_SOLAR_FORECAST, True) else None,
        own_power_w=lambda: drawn_by_heaters_w(hass),
    )


def _power_sensor(hass: HomeAssistant, entry: HeaterConfigEntry, options: dict[str, Any]) -> str | None:
    """Return whose past tells of the heater's power: its meter may be older than the heater.

    A meter of this machine counts more than the worker, whose own sensor knows better.
    """
    if entry.data[CONF_KIND] != KIND_LOCAL_WORKER and (meter := options.get(CONF_POWER_METER)) is not None:
        return str(meter)
    return er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{entry.unique_id}_power")
