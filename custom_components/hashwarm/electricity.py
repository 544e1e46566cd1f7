"""Makes what tells of electricity and of the heating otherwise used, as a person chose for the home."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import partial
from time import monotonic
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util.dt import get_default_time_zone, parse_time, utcnow

from .adapters.energy_preferences import READ_AGAIN_AFTER, EnergyPreferences
from .adapters.energy_shares import EnergyDashboard
from .adapters.price import Charges
from .adapters.price_forecast import EntityPriceForecast, FixedPriceForecast
from .adapters.recorded import Recorder
from .adapters.surplus import GridMeter
from .adapters.tariff import EVERY_DAY, Tariff, TariffPriceForecast, TariffWindow
from .adapters.temperature import EntityTemperature
from .adapters.weather import EntityWeather
from .const import (
    CONF_BATTERY_METER,
    CONF_BATTERY_PRICE,
    CONF_CHARGE_POSITIVE,
    CONF_COP_COLD,
    CONF_COP_MILD,
    CONF_EXPORT_POSITIVE,
    CONF_FEED_IN_PRICE,
    CONF_GRID_METER,
    CONF_HEAT_PUMP_CLASS,
    CONF_KIND,
    CONF_OTHER_EFFICIENCY,
    CONF_OTHER_HEATING,
    CONF_OTHER_PRICE,
    CONF_OUTDOOR_SENSOR,
    CONF_PRICE,
    CONF_PRICE_FACTOR,
    CONF_PRICE_OFFSET,
    CONF_PRICE_SENSOR,
    CONF_TARIFF_DAYS,
    CONF_TARIFF_FROM,
    CONF_TARIFF_PRICE,
    CONF_TARIFF_TO,
    CONF_WEATHER,
    DOMAIN,
    KIND_HOME,
)
from .engine.money import (
    AlternativePrice,
    Burner,
    Electricity,
    HeatingKind,
    HeatPump,
    HeatPumpClass,
    MeteredElectricity,
    OtherHeating,
    Resistive,
)
from .option_defaults import NO_OTHER_HEATING, TARIFF_WINDOWS, heater_options
from .sharing import shared

OUTDOOR_STALE_S = 3 * 3600.0
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

type PriceSource = EntityPriceForecast | TariffPriceForecast | FixedPriceForecast


@callback
def build_price(hass: HomeAssistant, options: Mapping[str, Any]) -> PriceSource | None:
    """Return the price of electricity from the grid, one and the same for the ledger and for the planner."""
    if (sensor := options.get(CONF_PRICE_SENSOR)) is not None:
        charges = Charges(factor=options.get(CONF_PRICE_FACTOR, 1.0), offset=options.get(CONF_PRICE_OFFSET, 0.0))
        return shared(hass, EntityPriceForecast, sensor, hass.config.currency, shared(hass, Recorder), charges)
    tariff = tariff_of(options)
    if tariff.windows:
        return TariffPriceForecast(tariff, get_default_time_zone(), utcnow)
    return FixedPriceForecast(tariff.base_per_kwh) if tariff.base_per_kwh is not None else None


def tariff_of(options: Mapping[str, Any]) -> Tariff:
    """Return the base price and the windows that are filled in."""
    told = (options[name] for name in TARIFF_WINDOWS if name in options)
    windows = (_window(window) for window in told if CONF_TARIFF_PRICE in window)
    return Tariff(base_per_kwh=options.get(CONF_PRICE), windows=tuple(window for window in windows if window))


def _window(told: Mapping[str, Any]) -> TariffWindow | None:
    """Return a window, None for one without readable times."""
    begin, end = _time(told.get(CONF_TARIFF_FROM)), _time(told.get(CONF_TARIFF_TO))
    if begin is None or end is None:
        return None
    days = frozenset(WEEKDAYS.index(day) for day in told.get(CONF_TARIFF_DAYS, ()) if day in WEEKDAYS)
    return TariffWindow(per_kwh=told[CONF_TARIFF_PRICE], begin=begin, end=end, days=days or EVERY_DAY)


def _time(told: Any) -> time | None:
    return parse_time(told) if isinstance(told, str) else None


@callback
def drawn_by_heaters_w(hass: HomeAssistant) -> float:
    """Return what all our heaters draw, in W; those of which nobody knows draw nothing."""
    telemetries = (
        entry.runtime_data.data.telemetry
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        if entry.data[CONF_KIND] != KIND_HOME
    )
    return sum(telemetry.power_w or 0.0 for telemetry in telemetries if telemetry is not None)


@callback
def grid_meter(hass: HomeAssistant, options: Mapping[str, Any]) -> GridMeter | None:
    """Return the grid meter that a person named."""
    meter = options.get(CONF_GRID_METER)
    return shared(hass, _grid_meter, meter, options.get(CONF_EXPORT_POSITIVE, False)) if meter is not None else None


@callback
def battery_meter(hass: HomeAssistant, options: Mapping[str, Any]) -> GridMeter | None:
    """Return the battery's meter that a person named; what is discharged is positive."""
    meter = options.get(CONF_BATTERY_METER)
    return shared(hass, _grid_meter, meter, options.get(CONF_CHARGE_POSITIVE, False)) if meter is not None else None


def _grid_meter(hass: HomeAssistant, entity_id: str, negative: bool) -> GridMeter:  # noqa: FBT001 - part of a key
    return GridMeter(hass, entity_id, export_is_positive=negative)


async def build_electricity(hass: HomeAssistant, entry: ConfigEntry, options: Mapping[str, Any]) -> MeteredElectricity:
    """Return prices and supply; where no meter is named those of the Energy dashboard are read."""
    preferences = shared(hass, EnergyPreferences)
    dashboard = shared(hass, energy_dashboard)
    await preferences.refresh()

    async def refresh(_now: datetime) -> None:
        await preferences.refresh()
        # A counter that nobody looks at for long tells no power.
        dashboard.grid_w()
        dashboard.battery_w()

    # A second later than the next reading is due, so that it is never found too early.
    every = READ_AGAIN_AFTER + timedelta(seconds=1)
    entry.async_on_unload(async_track_time_interval(hass, refresh, every, cancel_on_shutdown=True))
    price, grid, battery = build_price(hass, options), grid_meter(hass, options), battery_meter(hass, options)
    return MeteredElectricity(
        grid_price=price.price_now if price is not None else _unknown,
        feed_in_price=options.get(CONF_FEED_IN_PRICE),
        battery_price=options.get(CONF_BATTERY_PRICE),
        grid_w=grid.read_w if grid is not None else dashboard.grid_w,
        battery_w=battery.read_w if battery is not None else dashboard.battery_w,
    )


def energy_dashboard(hass: HomeAssistant) -> EnergyDashboard:
    """Return the meters of the Energy dashboard."""
    return EnergyDashboard(hass, shared(hass, EnergyPreferences))


def _unknown() -> None:
    return None


@callback
def build_alternative(
    hass: HomeAssistant, options: Mapping[str, Any], electricity: Electricity
) -> AlternativePrice | None:
    """Return what the heating otherwise used costs, None where nobody said which that is."""
    heating = other_heating(options)
    if heating is None:
        return None
    return AlternativePrice(
        heating,
        electricity=electricity,
        own_power_w=partial(drawn_by_heaters_w, hass),
        outdoor_c=Outdoors(hass, options).read_c,
        clock=monotonic,
    )


def other_heating(options: Mapping[str, Any]) -> OtherHeating | None:
    """Return the heating that a person described; one of a fuel without its price is none."""
    told, price = options.get(CONF_OTHER_HEATING, NO_OTHER_HEATING), options.get(CONF_OTHER_PRICE)
    if told == NO_OTHER_HEATING:
        return None
    kind = HeatingKind(told)
    if kind is HeatingKind.RESISTIVE:
        return Resistive(price_per_kwh=price)
    if kind is HeatingKind.HEAT_PUMP:
        usual = HeatPump.of(HeatPumpClass(options.get(CONF_HEAT_PUMP_CLASS, HeatPumpClass.ORDINARY)))
        mild = options.get(CONF_COP_MILD, usual.cop_mild)
        # One figure of a person's own says how good the other one is.
        cold = options.get(CONF_COP_COLD, usual.cop_cold * mild / usual.cop_mild)
        return HeatPump(cop_mild=mild, cop_cold=cold, price_per_kwh=price)
    percent = options.get(CONF_OTHER_EFFICIENCY)
    return Burner.of(kind, price, percent / 100.0 if percent is not None else None) if price is not None else None


class Outdoors:
    """The outdoor temperature of the home: a sensor or weather entity that was named, else one of its heaters'."""

    def __init__(self, hass: HomeAssistant, options: Mapping[str, Any]) -> None:
        self._hass = hass
        self._options = options

    def read_c(self) -> float | None:
        """Return the first that is known, in °C."""
        told: list[Mapping[str, Any]] = [self._options]
        told += [
            {CONF_WEATHER: heater_options(entry).get(CONF_WEATHER), **entry.data}
            for entry in self._hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
            if entry.data[CONF_KIND] != KIND_HOME
        ]
        return next((celsius for one in told if (celsius := self._read(one)) is not None), None)

    def _read(self, told: Mapping[str, Any]) -> float | None:
        sensor, weather = told.get(CONF_OUTDOOR_SENSOR), told.get(CONF_WEATHER)
        if sensor is not None:
            reading = shared(self._hass, EntityTemperature, sensor).read()
            if reading is not None and reading.age_s < OUTDOOR_STALE_S:
                return reading.celsius
        return shared(self._hass, EntityWeather, weather).outdoor_now_c if weather is not None else None
