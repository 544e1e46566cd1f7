"""Bad input as a person meets it: it is said, heating goes on as safely as it can, and nothing is lost."""

from dataclasses import replace
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from custom_components.hashwarm.engine.home import FigureKind
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus

from .conftest import OUTDOOR, PRICE, ROOM, SPARE, House, SetUp, heater_of, home_of, set_temperature
from .fake_worker import POOL


async def warm(house: House) -> None:
    await house.do("climate", "turn_on")
    await house.a_pass()
    assert house.worker.commanded_w > 50.0


@pytest.mark.parametrize("nonsense", ["unknown", "unavailable", "nan", "-273.15", "1000", "gone"])
async def test_a_room_sensor_that_says_nonsense(house: House, freezer: FrozenDateTimeFactory, nonsense: str):
    await warm(house)
    if nonsense == "gone":
        house.hass.states.async_remove(ROOM)
    else:
        house.room(nonsense)
    await house.a_pass()
    assert house.climate.attributes["current_temperature"] == 18.0, "trusted for ten minutes"
    freezer.tick(601)
    await house.a_pass()
    assert house.climate.attributes["current_temperature"] is None
    assert house.worker.commanded_w == 2.0
    assert house.state("sensor", "why").state == "sensor_stale_floor"
    for _ in range(3):
        freezer.tick(3600)
        await house.a_pass()
    assert house.worker.commanded_w == 0.0
    assert house.state("sensor", "why").state == "sensor_stale_off"
    house.room(18.0)
    await house.a_pass()
    assert house.climate.attributes["current_temperature"] == 18.0
    assert house.state("sensor", "why").state == "heating_up"


async def test_a_stale_sensor_is_not_trusted_and_the_spare_takes_over(set_up: SetUp, freezer: FrozenDateTimeFactory):
    house = await set_up(heater=heater_of(second_room_sensor=SPARE))
    await warm(house)
    freezer.tick(3601)
    set_temperature(house.hass, SPARE, 17.0)
    await house.a_pass()
    assert house.climate.attributes["current_temperature"] == 17.0
    freezer.tick(3601)
    await house.a_pass()
    assert house.climate.attributes["current_temperature"] is None
    assert house.state("sensor", "why").state == "sensor_stale_floor"


async def test_blind_in_frost_there_is_a_little_heat(set_up: SetUp, freezer: FrozenDateTimeFactory):
    house = await set_up(room=21.0)
    await house.do("climate", "turn_on")
    set_temperature(house.hass, OUTDOOR, 1.0)
    house.room("unavailable")
    await house.a_pass()
    freezer.tick(700)
    await house.a_pass()
    assert house.state("sensor", "why").state == "sensor_stale_frost"
    freezer.tick(1300)
    await house.a_pass()
    assert house.state("sensor", "why").state == "sensor_stale_off"


async def test_an_outdoor_sensor_that_is_gone_costs_no_comfort(house: House):
    house.hass.states.async_remove(OUTDOOR)
    await warm(house)


async def test_a_price_that_goes_away_leaves_cost_unknown_and_comes_back(
    set_up: SetUp, hass: HomeAssistant, freezer: FrozenDateTimeFactory
):
    hass.states.async_set(PRICE, "25", {"unit_of_measurement": "ct/kWh"})
    house = await set_up(home=home_of({"market_online": False, "price_sensor": PRICE}))
    home = house.home_entry.runtime_data.home
    await warm(house)
    assert home.price_per_kwh == pytest.approx(0.25)
    assert house.coordinator.outlook.value_per_kwh is None, "without market figures nothing is said of earnings"

    async def spend() -> Any:
        for _ in range(4):
            freezer.tick(30)
            house.room(18.0)
            await house.a_pass()
        return house.coordinator.totals.all_time

    known = await spend()
    assert known.cost_known_share == 1.0
    hass.states.async_set(PRICE, "0.25", {"unit_of_measurement": "USD/kWh"})
    mixed = await spend()
    assert 0.0 < mixed.cost_known_share < 1.0
    assert mixed.cost == pytest.approx(known.cost, rel=0.6)
    hass.states.async_remove(PRICE)
    await spend()
    hass.states.async_set(PRICE, "25", {"unit_of_measurement": "ct/kWh"})
    again = await spend()
    assert again.cost > mixed.cost


async def test_a_lost_pool_is_said_and_heating_goes_on(house: House):
    await warm(house)
    house.worker.said.update(
        status=DeviceStatus.NO_POOL, pool=replace(POOL, connected=False, name=None, problem="pool_unreachable")
    )
    await house.a_pass()
    assert house.worker.commanded_w > 50.0
    assert house.climate.attributes["hvac_action"] == "heating"
    assert house.state("binary_sensor", "pool_connected").state == "off"
    assert house.state("sensor", "status").state == "no_pool"
    assert house.state("sensor", "pool").attributes["problem"] == "pool_unreachable"
    assert house.state("sensor", "shares_accepted").state == "7"


async def test_a_market_that_cannot_be_reached_leaves_figures_unknown(
    hass: HomeAssistant, set_up: SetUp, aioclient_mock: AiohttpClientMocker, caplog: pytest.LogCaptureFixture
):
    """Every request is refused."""
    aioclient_mock.clear_requests()
    house = await set_up(home=home_of({}))
    await hass.async_block_till_done(wait_background_tasks=True)
    for key in ("btc_price", "difficulty", "hashprice", "next_adjustment"):
        assert house.state("sensor", key, "home").state == "unknown"
    await warm(house)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_price_of_bitcoin_is_shown_within_a_minute_though_nothing_else_moved(
    hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory
):
    house = await set_up()
    coordinator = house.home_entry.runtime_data
    await coordinator.async_refresh()
    market = coordinator.home.market
    market._manual.figures[FigureKind.BTC_PRICE] = 123_456.0
    freezer.tick(61)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert house.state("sensor", "btc_price", "home").state == "123456.0"


async def test_a_device_that_is_lost_is_logged_once_down_and_once_up(house: House, caplog: pytest.LogCaptureFixture):
    await warm(house)
    house.worker.silent = True
    for _ in range(3):
        await house.a_pass()
    house.worker.silent = False
    for _ in range(3):
        await house.a_pass()
    said = [
        record.getMessage()
        for record in caplog.records
        if "device" in record.getMessage() and "answer" in record.getMessage()
    ]
    assert len(said) == 2
    assert house.worker.commanded_w > 50.0


async def test_a_clock_set_back_and_forth_neither_stops_the_heat_nor_invents_energy(
    house: House, freezer: FrozenDateTimeFactory
):
    await warm(house)
    freezer.tick(10)
    await house.a_pass()
    before = house.coordinator.totals.all_time.energy_kwh
    for seconds in (-7200, 7200, 86_400 * 3):
        freezer.tick(seconds)
        house.room(18.0)
        await house.a_pass()
        await house.a_pass()
    assert house.worker.commanded_w > 50.0
    assert house.coordinator.totals.all_time.energy_kwh == pytest.approx(before, rel=0.5)
