"""What a person can choose for the home, and what follows from it."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util.dt import utcnow
import pytest

from custom_components.hashwarm.adapters.tariff import Tariff
from custom_components.hashwarm.electricity import tariff_of
from custom_components.hashwarm.foresight import FollowingForesight

from .conftest import HOME_OPTIONS, PRICE, options_form


async def go_options(hass: HomeAssistant, result: Any, user_input: dict[str, Any]) -> Any:
    return await hass.config_entries.options.async_configure(result["flow_id"], user_input)


async def test_the_menu_of_the_home(hass: HomeAssistant, house):
    menu = await hass.config_entries.options.async_init(house.home_entry.entry_id)
    assert (menu["type"], menu["step_id"]) == (FlowResultType.MENU, "home")
    assert menu["menu_options"] == ["electricity", "tariff", "supply", "market", "comparison"]


async def test_the_price_of_electricity(hass: HomeAssistant, house):
    entry = house.home_entry
    planner = FollowingForesight(hass, house.entry)
    assert (await planner.forecasts(utcnow())).price_now == 0.3
    result = await options_form(hass, entry.entry_id, "electricity")
    assert (result["step_id"], result["description_placeholders"]) == ("electricity", {"currency": "EUR"})
    result = await go_options(hass, result, {"price": 0.2, "price_sensor": PRICE})
    assert result["errors"] == {"base": "price_twice"}
    hass.states.async_set(PRICE, "0.3", {"unit_of_measurement": "USD/kWh"})
    result = await go_options(hass, result, {"price_sensor": PRICE})
    assert result["errors"] == {"price_sensor": "price_unit"}
    result = await go_options(hass, result, {"price": 0.2})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.options == {**HOME_OPTIONS, "price": 0.2, "price_factor": 1.0, "price_offset": 0.0}
    assert entry.runtime_data.home.price_per_kwh == 0.2
    hass.states.async_set(PRICE, "10", {"unit_of_measurement": "ct/kWh"})
    form = await options_form(hass, entry.entry_id, "electricity")
    await go_options(hass, form, {"price_sensor": PRICE, "price_factor": 1.19, "price_offset": 0.1})
    await hass.async_block_till_done()
    assert entry.runtime_data.home.price_per_kwh == pytest.approx(0.219)
    assert (await planner.forecasts(utcnow())).price_now == pytest.approx(0.219)


async def test_a_tariff(hass: HomeAssistant, house, freezer):
    await hass.config.async_set_time_zone("Europe/Berlin")
    entry = house.home_entry
    form = await options_form(hass, entry.entry_id, "tariff")
    result = await go_options(hass, form, {"window_1": {"tariff_price": 0.2, "tariff_from": "22:00:00"}})
    assert result["errors"] == {"base": "tariff_incomplete"}
    night = {"tariff_price": 0.2, "tariff_from": "22:00:00", "tariff_to": "06:00:00"}
    noon = {"tariff_price": 0.1, "tariff_from": "12:00:00", "tariff_to": "14:00:00", "tariff_days": ["sun"]}
    result = await go_options(hass, result, {"window_1": night, "window_2": noon})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.options == {**HOME_OPTIONS, "window_1": night, "window_2": noon}
    for at, price in (("22T11:30", 0.1), ("23T11:30", 0.3), ("23T22:00", 0.2)):
        freezer.move_to(f"2026-11-{at}:00+00:00")
        await hass.async_block_till_done()
        assert entry.runtime_data.home.price_per_kwh == price, at
    form = await options_form(hass, entry.entry_id, "electricity")
    result = await go_options(hass, form, {"price_sensor": PRICE})
    assert result["errors"] == {"price_sensor": "tariff_with_sensor"}
    form = await options_form(hass, entry.entry_id, "tariff")
    await go_options(hass, form, {})
    await hass.async_block_till_done()
    assert entry.options == HOME_OPTIONS
    form = await options_form(hass, entry.entry_id, "electricity")
    await go_options(hass, form, {"price_sensor": PRICE})
    await hass.async_block_till_done()
    form = await options_form(hass, entry.entry_id, "tariff")
    assert (await go_options(hass, form, {"window_3": night}))["errors"] == {"base": "tariff_with_sensor"}


async def test_market_figures_by_hand_leave_the_price_alone(hass: HomeAssistant, house):
    entry = house.home_entry
    form = await options_form(hass, entry.entry_id, "market")
    told = {"market_online": False, "market_url": "https://my.server", "manual_difficulty": 1.5e14}
    await go_options(hass, form, told)
    await hass.async_block_till_done()
    assert entry.options == {"price": 0.3, **told}


async def test_meters_are_none_of_ours(hass: HomeAssistant, house):
    entry = house.home_entry
    ours = house.entity_id("sensor", "power")
    result = await options_form(hass, entry.entry_id, "supply")
    result = await go_options(hass, result, {"feed_in_price": 0.08, "grid_meter": ours})
    assert result["errors"] == {"grid_meter": "own_entity"}
    result = await go_options(hass, result, {"grid_meter": "sensor.grid", "battery_meter": "sensor.grid"})
    assert result["errors"] == {"battery_meter": "same_meter"}
    right = {"feed_in_price": 0.08, "grid_meter": "sensor.grid", "export_positive": True, "solar_forecast": False}
    result = await go_options(hass, result, {**right, "battery_meter": "sensor.battery"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    kept = {**right, "battery_meter": "sensor.battery", "charge_positive": False}
    assert entry.options == {**HOME_OPTIONS, **kept}


async def test_where_the_electricity_comes_from(hass: HomeAssistant, house):
    form = await options_form(hass, house.home_entry.entry_id, "supply")
    told = {"grid_meter": "sensor.grid", "battery_meter": "sensor.battery", "charge_positive": True}
    await go_options(hass, form, {**told, "feed_in_price": 0.09})
    await hass.async_block_till_done()
    electricity = house.home_entry.runtime_data.home.electricity
    assert not electricity.known
    hass.states.async_set("sensor.grid", "0.2", {"unit_of_measurement": "kW"})
    hass.states.async_set("sensor.battery", "-300", {"unit_of_measurement": "W"})
    assert electricity.known
    supply = electricity.supply(1000.0)
    assert (supply.grid, supply.battery, supply.solar) == pytest.approx((0.2, 0.3, 0.5))
    prices = electricity.prices()
    assert (prices.grid, prices.solar, prices.battery) == pytest.approx((0.3, 0.09, 0.1))


def test_a_window_without_readable_times_is_left_out():
    stored = {"price": 0.3, "window_1": {"tariff_price": 0.1, "tariff_from": "noon", "tariff_to": None}}
    assert tariff_of(stored) == Tariff(base_per_kwh=0.3)


@pytest.mark.parametrize(
    ("kind", "step", "described", "cost"),
    [
        ("none", None, {}, None),
        ("resistive", "resistive", {}, 0.3),
        ("resistive", "resistive", {"other_price": 0.25}, 0.25),
        ("gas", "fuel", {"other_price": 0.12, "other_efficiency": 96}, 0.125),
        ("oil", "fuel", {"other_price": 1.02}, 0.12),
        ("district_heat", "fuel", {"other_price": 0.14}, 0.14),
        ("heat_pump", "heat_pump", {}, 0.3 / (2.4 + 12 / 14 * 1.2)),
        ("heat_pump", "heat_pump", {"cop_mild": 5.0, "cop_cold": 5.0, "other_price": 0.25}, 0.05),
    ],
)
async def test_the_heating_to_compare_with(hass: HomeAssistant, house, kind, step, described, cost):
    form = await options_form(hass, house.home_entry.entry_id, "comparison")
    result = await go_options(hass, form, {"other_heating": kind})
    if step is not None:
        assert result["step_id"] == step
        result = await go_options(hass, result, described)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert house.home_entry.runtime_data.home.alternative_per_kwh == (cost if cost is None else pytest.approx(cost))


async def test_another_heating_keeps_nothing_of_the_last(hass: HomeAssistant, house):
    entry = house.home_entry
    for kind, described in (("gas", {"other_price": 0.1, "other_efficiency": 90}), ("heat_pump", {"cop_mild": 4})):
        form = await options_form(hass, entry.entry_id, "comparison")
        form = await go_options(hass, form, {"other_heating": kind})
        await go_options(hass, form, described)
        await hass.async_block_till_done()
    assert entry.options == {
        **HOME_OPTIONS, "other_heating": "heat_pump", "heat_pump_class": "ordinary", "cop_mild": 4.0,
    }  # fmt: skip


async def test_the_form_shows_what_was_said_of_the_same_heating(hass: HomeAssistant, house):
    """The price of oil is none for gas."""
    entry = house.home_entry
    form = await go_options(hass, await options_form(hass, entry.entry_id, "comparison"), {"other_heating": "oil"})
    await go_options(hass, form, {"other_price": 1.02})
    await hass.async_block_till_done()
    for heating, suggested in (("oil", [1.02]), ("gas", [])):
        form = await options_form(hass, entry.entry_id, "comparison")
        form = await go_options(hass, form, {"other_heating": heating})
        fields = [(field.description or {}).get("suggested_value") for field in form["data_schema"].schema]
        assert [value for value in fields if value is not None] == suggested


async def test_no_heat_pump_does_better_in_the_cold(hass: HomeAssistant, house):
    form = await options_form(hass, house.home_entry.entry_id, "comparison")
    form = await go_options(hass, form, {"other_heating": "heat_pump"})
    assert (await go_options(hass, form, {"cop_cold": 4.5}))["errors"] == {"cop_cold": "cop_order"}
