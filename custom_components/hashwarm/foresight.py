"""Makes the adapters that tell a heater's planner of the hours to come, as a person's choices name them."""

from datetime import datetime
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .adapters.foresight import HomeForesight
from .adapters.recorded import Recorder
from .adapters.room_history import RecordedRoom, SunAt
from .adapters.solar import SolarForecast
from .adapters.surplus import RoofSurplus
from .adapters.temperature import EntityTemperature
from .adapters.weather import EntityWeather
from .const import (
    CONF_FEED_IN_PRICE,
    CONF_KIND,
    CONF_OUTDOOR_SENSOR,
    CONF_POWER_METER,
    CONF_ROOM_SENSOR,
    CONF_SOLAR_FORECAST,
    CONF_WEATHER,
    DOMAIN,
    KIND_LOCAL_WORKER,
)
from .coordinator import HeaterConfigEntry
from .electricity import battery_meter, build_price, drawn_by_heaters_w, grid_meter
from .engine.model.forecasts import Forecasts, Foresight
from .engine.model.planning import RoomSample
from .helpers import home_entry
from .option_defaults import heater_options, home_options
from .sharing import shared


class FollowingForesight(Foresight):
    """What a heater's planner is told by, made anew when a person chooses otherwise for the home."""

    def __init__(self, hass: HomeAssistant, entry: HeaterConfigEntry, sun_at: SunAt | None = None) -> None:
        self._hass = hass
        self._entry = entry
        self._sun_at = sun_at
        self._chosen: dict[str, Any] | None = None
        self._current: HomeForesight | None = None

    @override
    async def forecasts(self, now: datetime) -> Forecasts:
        return await self._followed().forecasts(now)

    @override
    async def history(self, start: datetime, end: datetime) -> list[RoomSample]:
        return await self._followed().history(start, end)

    def _followed(self) -> HomeForesight:
        home = home_entry(self._hass)
        chosen = dict(home.options) if home is not None else None
        if self._current is None or chosen != self._chosen:
            self._chosen = chosen
            self._current = build_foresight(self._hass, self._entry, self._sun_at)
        return self._current


@callback
def build_foresight(hass: HomeAssistant, entry: HeaterConfigEntry, sun_at: SunAt | None = None) -> HomeForesight:
    """Return what a heater's planner is told by; every part may be missing."""
    options, home = heater_options(entry), home_entry(hass)
    shared_options = home_options(home) if home is not None else {}
    outdoor, weather = entry.data.get(CONF_OUTDOOR_SENSOR), options.get(CONF_WEATHER)
    return HomeForesight(
        recorder=shared(hass, Recorder),
        room=RecordedRoom(
            room=entry.data[CONF_ROOM_SENSOR],
            outdoor=outdoor,
            power=_power_sensor(hass, entry, options),
            weather=weather,
        ),
        prices=build_price(hass, shared_options),
        weather=shared(hass, EntityWeather, weather) if weather else None,
        outdoor=EntityTemperature(hass, outdoor) if outdoor else None,
        surplus=_surplus(hass, shared_options),
        feed_in_price_per_kwh=shared_options.get(CONF_FEED_IN_PRICE, 0.0),
        sun_at=sun_at,
    )


def _surplus(hass: HomeAssistant, options: dict[str, Any]) -> RoofSurplus | None:
    """Return the surplus of the roof; without a grid meter nobody knows what the house itself draws of it."""
    if (grid := grid_meter(hass, options)) is None:
        return None
    battery = battery_meter(hass, options)
    return RoofSurplus(
        grid,
        battery_w=battery.read_w if battery is not None else _no_battery,
        solar=shared(hass, SolarForecast) if options.get(CONF_SOLAR_FORECAST, True) else None,
        own_power_w=lambda: drawn_by_heaters_w(hass),
    )


def _no_battery() -> None:
    return None


def _power_sensor(hass: HomeAssistant, entry: HeaterConfigEntry, options: dict[str, Any]) -> str | None:
    """Return whose past tells of the heater's power: its meter may be older than the heater.

    A meter of this machine counts more than the worker, whose own sensor knows better.
    """
    if entry.data[CONF_KIND] != KIND_LOCAL_WORKER and (meter := options.get(CONF_POWER_METER)) is not None:
        return str(meter)
    return er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{entry.unique_id}_power")
