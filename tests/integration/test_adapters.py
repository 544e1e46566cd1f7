"""Home Assistant's things made into the engine's: units, ages and all that is no number."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.hashwarm.adapters.power import EntityPowerMeter
from custom_components.hashwarm.adapters.price import FixedPrice, SensorPrice, unit_factor
from custom_components.hashwarm.adapters.temperature import EntityTemperature

from .conftest import PRICE, ROOM, set_temperature

METER = "sensor.meter"
NO_NUMBERS = ["unknown", "unavailable", "", "nan", "inf", "-inf", "warm", "1e999"]


@pytest.mark.parametrize(
    ("state", "unit", "celsius"),
    [(21.5, "°C", 21.5), (70.7, "°F", 21.5), (294.65, "K", 21.5), (-3, "°C", -3.0), (21.5, None, 21.5)],
)
def test_temperatures_are_in_celsius(hass: HomeAssistant, state: float, unit: str | None, celsius: float):
    set_temperature(hass, ROOM, state, unit)
    reading = EntityTemperature(hass, ROOM).read()
    assert reading is not None
    assert reading.celsius == pytest.approx(celsius)


@pytest.mark.parametrize("state", NO_NUMBERS)
def test_what_is_no_temperature_is_none(hass: HomeAssistant, state: str):
    set_temperature(hass, ROOM, state)
    assert EntityTemperature(hass, ROOM).read() is None


def test_a_temperature_in_watts_or_of_nobody_is_none(hass: HomeAssistant):
    assert EntityTemperature(hass, ROOM).read() is None
    set_temperature(hass, ROOM, 20, "W")
    assert EntityTemperature(hass, ROOM).read() is None


def test_the_age_is_that_of_the_report_not_of_the_change(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    sensor = EntityTemperature(hass, ROOM)
    set_temperature(hass, ROOM, 20.0)
    freezer.tick(3000)
    assert sensor.read().age_s == pytest.approx(3000)
    set_temperature(hass, ROOM, 20.0)
    assert sensor.read().age_s < 1.0
    freezer.tick(-100)
    assert 0.0 <= sensor.read().age_s < 1.0, "a clock set back makes no report younger than now"


def test_a_report_goes_on_ageing_when_the_clock_is_set_back(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    elapsed_s = 1000.0
    sensor = EntityTemperature(hass, ROOM, clock=lambda: elapsed_s)
    meter = EntityPowerMeter(hass, METER, clock=lambda: elapsed_s)
    set_temperature(hass, ROOM, 20.0)
    hass.states.async_set(METER, "100", {"unit_of_measurement": "W"})
    assert sensor.read().age_s < 1.0
    assert meter.read_w() == 100.0
    freezer.tick(-86_400)
    elapsed_s += 4000
    assert sensor.read().age_s == pytest.approx(4000)
    assert meter.read_w() is None
    set_temperature(hass, ROOM, 20.0)
    hass.states.async_set(METER, "100", {"unit_of_measurement": "W"})
    assert sensor.read().age_s == 0.0, "a new report is new also on a clock that was set back"
    assert meter.read_w() == 100.0


@pytest.mark.parametrize(("state", "unit", "watts"), [(1.5, "kW", 1500.0), (250, "W", 250.0), (250, None, 250.0)])
def test_power_is_in_watts(hass: HomeAssistant, state: float, unit: str | None, watts: float):
    hass.states.async_set(METER, str(state), {"unit_of_measurement": unit} if unit else {})
    assert EntityPowerMeter(hass, METER).read_w() == watts


@pytest.mark.parametrize(("state", "unit"), [*((word, "W") for word in NO_NUMBERS), ("-5", "W"), ("5", "kWh")])
def test_what_is_no_power_is_none(hass: HomeAssistant, state: str, unit: str):
    hass.states.async_set(METER, state, {"unit_of_measurement": unit})
    assert EntityPowerMeter(hass, METER).read_w() is None


def test_a_meter_that_is_gone_or_silent_is_none(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    meter = EntityPowerMeter(hass, METER)
    assert meter.read_w() is None
    hass.states.async_set(METER, "100", {"unit_of_measurement": "W"})
    freezer.tick(299)
    assert meter.read_w() == 100.0
    freezer.tick(2)
    assert meter.read_w() is None
    hass.states.async_set(METER, "100", {"unit_of_measurement": "W"})
    assert meter.read_w() == 100.0, "the same value said again is a report"


@pytest.mark.parametrize(
    ("unit", "currency", "factor"),
    [
        ("EUR/kWh", "EUR", 1.0),
        ("€/kWh", "EUR", 1.0),
        ("eur / KWH", "EUR", 1.0),
        ("EUR/MWh", "EUR", 1e-3),
        ("EUR/Wh", "EUR", 1e3),
        ("ct/kWh", "EUR", 0.01),
        ("c/kWh", "USD", 0.01),
        ("öre/kWh", "SEK", 0.01),
        ("p/kWh", "GBP", 0.01),
        ("kr/kWh", "SEK", 1.0),
        ("Kč/kWh", "CZK", 1.0),
        ("$/kWh", "USD", 1.0),
        ("$/kWh", "CAD", 1.0),
        ("kr/kWh", "ISK", 1.0),
        ("¥/kWh", "JPY", 1.0),
        ("øre/kWh", "NOK", 0.01),
        ("gr/kWh", "PLN", 0.01),
        ("Rp/kWh", "CHF", 0.01),
        ("ct/MWh", "EUR", 1e-5),
        ("$/kWh", "EUR", None),
        ("øre/kWh", "EUR", None),
        ("øre/kWh", "SEK", None),
        ("öre/kWh", "NOK", None),
        ("p/kWh", "EUR", None),
        ("ct/kWh", "GBP", None),
        ("gr/kWh", "EUR", None),
        ("kr/kWh", "EUR", None),
        ("£/kWh", "EUR", None),
        ("¥/kWh", "EUR", None),
        ("SEK/kWh", "EUR", None),
        ("EUR", "EUR", None),
        ("EUR/m³", "EUR", None),
        ("kWh", "EUR", None),
        ("", "EUR", None),
        (None, "EUR", None),
    ],
)
def test_price_units(unit: str | None, currency: str, factor: float | None):
    assert unit_factor(unit, currency) == factor


@pytest.mark.parametrize(
    ("state", "unit", "price"),
    [
        ("0.25", "EUR/kWh", 0.25),
        ("25", "ct/kWh", 0.25),
        ("250", "EUR/MWh", 0.25),
        ("-0.02", "EUR/kWh", -0.02),
        ("0.25", "USD/kWh", None),
        *((word, "EUR/kWh", None) for word in NO_NUMBERS),
    ],
)
def test_a_price_sensor(hass: HomeAssistant, state: str, unit: str, price: Any):
    hass.states.async_set(PRICE, state, {"unit_of_measurement": unit})
    now = SensorPrice(hass, PRICE, "EUR").price_now()
    assert now == (price if price is None else pytest.approx(price))


def test_a_price_sensor_that_is_gone_and_a_price_that_is_fixed(hass: HomeAssistant):
    assert SensorPrice(hass, PRICE, "EUR").price_now() is None
    assert FixedPrice(0.3).price_now() == 0.3
