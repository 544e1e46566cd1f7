"""Who is master: the control select, the heat demand and the power by hand."""

from dataclasses import replace
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.hashwarm.keeping import heater_store

from .conftest import House, complaints


async def test_power_by_hand(house: House):
    await house.do("climate", "turn_on")
    await house.do("select", "select_option", "control", option="manual_power")
    assert house.state("select", "control").state == "manual_power"
    assert house.worker.commanded_w == 0.0
    assert house.state("number", "manual_power").attributes["max"] == 100.0
    await house.do("number", "set_value", "manual_power", value=33)
    assert house.worker.commanded_w == 33.0
    assert house.state("number", "manual_power").state == "33.0"
    assert house.state("sensor", "why").state == "manual_power"
    assert house.state("sensor", "power_target").state == "33.0"


async def test_another_thermostat_asks_for_heat_and_falls_silent(house: House, freezer: FrozenDateTimeFactory):
    await house.do("climate", "turn_on")
    await house.do("select", "select_option", "control", option="heat_demand")
    assert house.state("sensor", "why").state == "heat_demand_expired"
    await house.do("number", "set_value", "heat_demand", value=40)
    assert house.worker.commanded_w == 40.0
    assert house.state("sensor", "why").state == "heat_demand"
    assert house.state("number", "heat_demand").state == "40.0"
    freezer.tick(3590)
    house.room(18.0)
    await house.a_pass()
    assert house.worker.commanded_w == 40.0
    freezer.tick(20)
    await house.a_pass()
    assert house.worker.commanded_w == 0.0
    assert house.state("sensor", "why").state == "heat_demand_expired"
    assert house.state("sensor", "heat_demand").state == "0.0"
    assert house.state("number", "heat_demand").state == "0.0", "an expired wish is no wish"
    await house.do("number", "set_value", "heat_demand", value=40)
    assert house.worker.commanded_w == 40.0


@pytest.mark.parametrize(
    ("key", "mode", "other"),
    [("heat_demand", "heat_demand", "manual_power"), ("manual_power", "manual_power", "thermostat")],
)
async def test_a_number_that_is_not_in_force_says_so(house: House, key: str, mode: str, other: str):
    await house.do("select", "select_option", "control", option=other)
    before = house.state("number", key).state
    with pytest.raises(ServiceValidationError) as refused:
        await house.do("number", "set_value", key, value=50)
    assert refused.value.translation_key == f"{mode}_not_in_force"
    assert house.state("number", key).state == before


@pytest.mark.parametrize(
    ("maximum_w", "most", "step"), [(0.3, 0.3, 0.1), (6.71, 6.8, 0.1), (55.25, 56.0, 1.0), (0.0, 0.1, 0.1)]
)
async def test_all_of_a_heater_can_be_asked_for_by_hand(house: House, maximum_w: float, most: float, step: float):
    house.coordinator.data = replace(
        house.coordinator.data, capabilities=replace(house.worker.capabilities, maximum_w=maximum_w)
    )
    house.coordinator.async_update_listeners()
    entity = house.entity("number", "manual_power")
    assert (entity.native_max_value, entity.native_step) == (pytest.approx(most), step)


async def test_off_is_off_in_every_mode(house: House):
    for mode, number in (("manual_power", "manual_power"), ("heat_demand", "heat_demand")):
        await house.do("climate", "turn_on")
        await house.do("select", "select_option", "control", option=mode)
        await house.do("number", "set_value", number, value=50)
        assert house.worker.commanded_w == 50.0
        await house.do("climate", "turn_off")
        assert house.worker.commanded_w == 0.0


async def test_an_unknown_mode_is_refused(house: House):
    with pytest.raises(ServiceValidationError):
        await house.do("select", "select_option", "control", option="magic")
    assert house.state("select", "control").state == "thermostat"


async def test_a_wish_is_written_down_before_the_service_returns(
    hass: HomeAssistant, house: House, hass_storage: dict[str, Any]
):
    key = heater_store(hass, house.entry.entry_id).key
    for on in (True, False):
        target = {"entity_id": house.entity_id("climate")}
        await hass.services.async_call("climate", "turn_on" if on else "turn_off", target, blocking=True)
        assert hass_storage[key]["data"]["settings"]["on"] is on


async def test_what_control_must_not_forget_is_written_every_few_minutes(
    hass: HomeAssistant, house: House, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
):
    key = heater_store(hass, house.entry.entry_id).key
    await house.a_pass()
    assert key not in hass_storage
    freezer.tick(301)
    await house.a_pass()
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert hass_storage[key]["data"]["controller"] == house.coordinator.heater.as_dict()["controller"]


async def test_an_update_asked_for_by_hand_is_answered(
    hass: HomeAssistant, house: House, caplog: pytest.LogCaptureFixture
):
    assert await async_setup_component(hass, "homeassistant", {})
    target = {"entity_id": house.entity_id("climate")}
    await hass.services.async_call("homeassistant", "update_entity", target, blocking=True)
    assert not complaints(caplog)
    assert house.climate.state == "off"


async def test_wishes_survive_a_reload(hass: HomeAssistant, house: House):
    await house.do("climate", "turn_on")
    await house.do("select", "select_option", "control", option="manual_power")
    await house.do("number", "set_value", "manual_power", value=25)
    await hass.config_entries.async_reload(house.entry.entry_id)
    await house.a_pass()
    assert house.state("select", "control").state == "manual_power"
    assert house.worker.commanded_w == 25.0
