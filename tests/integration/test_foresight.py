"""The foresight that a heater's options make."""

from datetime import UTC, datetime
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.hashwarm.adapters.price_forecast import EntityPriceForecast, FixedPriceForecast
from custom_components.hashwarm.electricity import drawn_by_heaters_w
from custom_components.hashwarm.foresight import build_foresight

from .conftest import HOME_OPTIONS, OUTDOOR, PRICE, ROOM, SetUp, heater_of, home_of, options_form

BY_SENSOR = {key: value for key, value in HOME_OPTIONS.items() if key != "price"}


async def test_what_nobody_chose_is_missing(hass: HomeAssistant, set_up: SetUp):
    house = await set_up(home=home_of(BY_SENSOR), heater=heater_of(outdoor_sensor=None))
    foresight = build_foresight(hass, house.entry)
    assert (foresight.prices, foresight.weather, foresight.surplus, foresight.outdoor) == (None,) * 4
    assert foresight.room.room == ROOM
    assert foresight.room.power == house.entity_id("sensor", "power")
    found = await foresight.forecasts(datetime.now(UTC))
    assert (found.prices, found.price_now, found.outdoor) == ([], None, [])


async def test_everything_chosen_is_there(hass: HomeAssistant, set_up: SetUp):
    home = {
        **BY_SENSOR,
        "price_sensor": PRICE,
        "grid_meter": "sensor.grid",
        "export_positive": True,
        "feed_in_price": 0.08,
    }
    hass.states.async_set("sensor.grid", "900", {"unit_of_measurement": "W"})
    hass.states.async_set(PRICE, "0.3", {"unit_of_measurement": "EUR/kWh"})
    house = await set_up(home=home_of(home), heater=heater_of(options={"weather": "weather.home"}))
    foresight = build_foresight(hass, house.entry)
    assert isinstance(foresight.prices, EntityPriceForecast)
    assert foresight.weather is not None
    assert (foresight.room.outdoor, foresight.room.weather) == (OUTDOOR, "weather.home")
    found = await foresight.forecasts(datetime.now(UTC))
    assert found.price_now == 0.3
    assert found.surplus[0][1] == 900.0 + drawn_by_heaters_w(hass)
    assert found.surplus_price_per_kwh == 0.08
    assert found.outdoor_now_c == 5.0


async def test_heaters_share_who_asks_and_not_what_they_measure(hass: HomeAssistant, set_up: SetUp):
    home = {**BY_SENSOR, "price_sensor": PRICE, "grid_meter": "sensor.grid"}
    house = await set_up(home=home_of(home), heater=heater_of(options={"weather": "weather.home"}))
    one, other = build_foresight(hass, house.entry), build_foresight(hass, house.entry)
    assert one.prices is other.prices
    assert one.weather is other.weather
    assert one.recorder is other.recorder
    assert one.outdoor is not other.outdoor


async def test_a_fixed_price(hass: HomeAssistant, house: Any):
    foresight = build_foresight(hass, house.entry)
    assert isinstance(foresight.prices, FixedPriceForecast)
    assert foresight.prices.price_now() == 0.3


async def test_what_our_heaters_draw_is_added_up(hass: HomeAssistant, house: Any):
    assert drawn_by_heaters_w(hass) == (house.coordinator.data.telemetry.power_w or 0.0)


async def test_without_a_home_there_is_no_price_and_no_surplus(hass: HomeAssistant):
    entry = heater_of()
    entry.add_to_hass(hass)
    foresight = build_foresight(hass, entry)
    assert (foresight.prices, foresight.surplus, foresight.feed_in_price_per_kwh) == (None, None, 0.0)


@pytest.mark.parametrize(("kind", "power"), [("local_worker", None), ("networked_miner", "sensor.meter")])
async def test_a_meter_that_is_older_than_the_heater(hass: HomeAssistant, kind: str, power: str | None):
    entry = heater_of(kind=kind, options={"power_meter": "sensor.meter"})
    entry.add_to_hass(hass)
    assert build_foresight(hass, entry).room.power == power


async def test_the_options_are_kept_and_follow_a_rename(hass: HomeAssistant, house: Any):
    registry = er.async_get(hass)
    registry.async_get_or_create("weather", "met", "home", suggested_object_id="home")
    result = await options_form(hass, house.entry.entry_id)
    suggested = {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}
    chosen = {name: value for name, value in suggested.items() if value is not None}
    chosen |= {"weather": "weather.home", "surplus_warmest": 23.5}
    result = await hass.config_entries.options.async_configure(result["flow_id"], chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert house.entry.options["surplus_warmest"] == 23.5
    registry.async_update_entity("weather.home", new_entity_id="weather.garden")
    await hass.async_block_till_done()
    assert house.entry.options["weather"] == "weather.garden"
    foresight = build_foresight(hass, house.entry)
    assert foresight.weather is not None
    assert foresight.weather.entity_id == "weather.garden"


async def test_an_outdoor_sensor_that_tells_no_weather_gives_way_to_the_weather_entity(
    hass: HomeAssistant, set_up: SetUp
):
    hass.states.async_set("weather.home", "sunny", {"temperature": 3.0, "temperature_unit": "°C"})
    house = await set_up(heater=heater_of(options={"weather": "weather.home"}))
    hass.states.async_set(OUTDOOR, "85", {"unit_of_measurement": "°C"})
    found = await build_foresight(hass, house.entry).forecasts(datetime.now(UTC))
    assert found.outdoor_now_c == 3.0
