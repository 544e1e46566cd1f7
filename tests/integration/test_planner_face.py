"""The planner as a person meets it: what is there, what is shown while it learns, and what bad news does to it."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util.dt import utcnow
import pytest

from custom_components.hashwarm.adapters.foresight import HomeForesight
from custom_components.hashwarm.assembly import build_heater
from custom_components.hashwarm.coordinator import SAVE_LEARNED_EVERY_S
from custom_components.hashwarm.engine.control import Pilot
from custom_components.hashwarm.engine.control.effect import EffectWatch
from custom_components.hashwarm.engine.control.pilot import Trust
from custom_components.hashwarm.engine.heater import Insulation, RoomResponse, assumed_house
from custom_components.hashwarm.engine.model.driver import PowerLevel
from custom_components.hashwarm.engine.model.planning import SLOT_S, Expectation, Plan, PlannedSlot, PlannerStatus
from custom_components.hashwarm.heater_money import next_heat_cost
from custom_components.hashwarm.keeping import planner_store
from custom_components.hashwarm.revenue import MiningRevenue, along

from .conftest import ROOM, House, SetUp, complaints, heater_of, home_of, set_temperature

PLANNER = {"planner", "planned_power", "next_planned_start", "heat_loss", "time_constant", "foretelling_error"}
HOUSE = assumed_house(RoomResponse.ORDINARY, Insulation.GOOD, 60.0)


def plan_of(*watts: float, at: float | None = None, cost: float | None = 0.21) -> Plan:
    """Return a plan that begins with the quarter of an hour of now."""
    made_at = utcnow().timestamp() if at is None else at
    first = made_at // SLOT_S * SLOT_S
    return Plan(
        made_at=made_at,
        heat_cost_per_kwh=cost,
        slots=tuple(
            PlannedSlot(
                at=first + index * SLOT_S,
                power_w=power_w,
                room_c=20.0 + 0.1 * index,
                target_c=21.0,
                outdoor_c=3.14,
                price_per_kwh=0.3 if index else None,
                price_known=index in {1, 2},
            )
            for index, power_w in enumerate(watts)
        ),
    )


def trusted(house: House, plan: Plan | None = None) -> Pilot:
    """Have the planner know its house, and be in charge of it."""
    pilot: Pilot = house.coordinator.forethought.pilot
    pilot.house, pilot.trust, pilot.steering = HOUSE, Trust(rmse_k=0.31, unchanged_rmse_k=0.9), True
    pilot.learned_at, pilot.latest = utcnow().timestamp(), plan
    return pilot


def keys(hass: HomeAssistant, house: House) -> set[str]:
    entities = er.async_entries_for_config_entry(er.async_get(hass), house.entry.entry_id)
    return {entity.unique_id.removeprefix(f"{house.entry.unique_id}_") for entity in entities}


async def test_while_it_learns_it_says_so_and_guesses_nothing(house: House):
    assert house.state("sensor", "planner").state == PlannerStatus.LEARNING
    for key in PLANNER - {"planner"}:
        assert house.state("sensor", key).state == "unknown", key
    told = house.state("sensor", "planner").attributes
    assert told["foretelling_error_k"] is told["learned_at"] is told["weather_source"] is None
    assert (told["price_source"], told["history_h"]) == ("fixed", 0.0)
    assert house.state("sensor", "planned_power").attributes["plan"] == []
    assert house.state("switch", "planner").state == "on"


async def test_a_box_has_no_planner(hass: HomeAssistant, set_up: SetUp):
    house = await set_up(heater=heater_of(room_response="box"))
    assert house.coordinator.forethought is None
    assert not keys(hass, house) & PLANNER
    assert house.state("sensor", "next_heat_cost").state != "unavailable"
    assert house.state("sensor", "why").attributes["expected_temperature"] is None
    assert await planner_store(hass, house.entry.entry_id).async_load() is None
    await hass.config_entries.async_unload(house.entry.entry_id)
    assert await planner_store(hass, house.entry.entry_id).async_load() is None


async def test_a_room_that_turns_out_to_be_a_box_loses_its_planner(hass: HomeAssistant, house: House):
    assert keys(hass, house) >= PLANNER
    hass.config_entries.async_update_entry(house.entry, data={**house.entry.data, "room_response": "box"})
    await hass.config_entries.async_reload(house.entry.entry_id)
    await hass.async_block_till_done()
    assert not keys(hass, house) & PLANNER
    assert not [switch for switch in hass.states.async_entity_ids("switch") if "planner" in switch]


async def test_a_plan_is_shown_as_it_is(house: House):
    trusted(house, plan_of(0.0, 0.0, 1200.04, 1200.0))
    house.coordinator.planned()
    shown = house.state("sensor", "planned_power")
    assert shown.state == "0.0"
    assert [slot["power_w"] for slot in shown.attributes["plan"]] == [0.0, 0.0, 1200.0, 1200.0]
    assert shown.attributes["plan"][1] == {
        "start": shown.attributes["plan"][1]["start"],
        "power_w": 0.0,
        "temperature": 20.1,
        "target": 21.0,
        "outdoor": 3.1,
        "price": 0.3,
        "price_known": True,
    }
    assert shown.attributes["plan"][0]["price"] is None
    assert [slot["price_known"] for slot in shown.attributes["plan"]] == [False, True, True, False]
    assert house.state("sensor", "next_planned_start").state == shown.attributes["plan"][2]["start"]
    assert house.state("sensor", "next_heat_cost").state == "0.21"
    assert house.state("sensor", "planner").attributes["foretelling_error_as_now_k"] == 0.9
    assert float(house.state("sensor", "heat_loss").state) == pytest.approx(HOUSE.heat_loss_w_per_k)
    assert house.entity("sensor", "planned_power")._Entity__combined_unrecorded_attributes >= {"plan"}


async def test_in_charge_is_said_only_while_the_plan_decides(hass: HomeAssistant, house: House):
    def told() -> tuple[str, float | None]:
        return house.state("sensor", "planner").state, house.coordinator.expected_c

    set_temperature(hass, ROOM, 20.0)
    with patch.object(Pilot, "plan"):
        trusted(house, plan_of(10.0, 10.0))
        await house.a_pass()
        assert told() == (PlannerStatus.WAITING, None), "the thermostat is off"
        await house.do("climate", "turn_on")
        trusted(house, plan_of(10.0, 10.0))
        await house.a_pass()
        assert told() == (PlannerStatus.ACTIVE, 20.0)
        assert house.worker.commanded_w == 10.0
        await house.do("climate", "set_temperature", temperature=21.5)
        assert told() == (PlannerStatus.WAITING, None), "no plan for this wish yet"
        await house.do("climate", "set_temperature", temperature=21.0)
        await house.a_pass()
        assert told() == (PlannerStatus.ACTIVE, 20.0)
        trusted(house)
        await house.a_pass()
        assert told() == (PlannerStatus.WAITING, None), "there is none"


async def test_the_model_tells_where_a_room_should_be_that_is_heated(house: House):
    expectation = Expectation(at=utcnow().timestamp(), room_c=22.5, unsure_k=0.3)
    expected = patch.object(Pilot, "expected", return_value=expectation)
    with expected, patch.object(EffectWatch, "step", return_value=False) as step:
        await house.a_pass()
    assert step.call_args.args[0].expected == expectation


async def test_a_day_is_shown_however_far_the_plan_goes(house: House):
    trusted(house, plan_of(*[10.0] * 120))
    house.coordinator.planned()
    assert len(house.state("sensor", "planned_power").attributes["plan"]) == 96


async def test_a_plan_of_yesterday_says_nothing_of_now(house: House):
    trusted(house, plan_of(50.0, 50.0, at=utcnow().timestamp() - 86400.0, cost=None))
    house.coordinator.planned()
    assert house.state("sensor", "planned_power").state == "unknown"
    assert house.state("sensor", "next_planned_start").state == "unknown"
    assert house.coordinator.expected_c is None
    assert next_heat_cost(house.coordinator) == house.coordinator.outlook.heat_cost_per_kwh


async def test_the_state_is_published_when_the_plan_changes_and_not_before(
    house: House, freezer: FrozenDateTimeFactory
):
    trusted(house, plan_of(0.0, 0.0))
    house.coordinator.planned()
    first = house.state("sensor", "planned_power")
    freezer.tick(10)
    house.coordinator.planned()
    assert house.state("sensor", "planned_power") is first
    trusted(house, plan_of(0.0, 30.0))
    house.coordinator.planned()
    assert house.state("sensor", "planned_power").attributes["plan"][1]["power_w"] == 30.0


async def test_the_switch_gives_the_room_back_to_the_regulator(house: House):
    pilot = trusted(house, plan_of(0.0, 0.0))
    await house.do("switch", "turn_off", "planner")
    assert (house.coordinator.settings.planner, pilot.enabled) == (False, False)
    assert house.state("sensor", "planner").state == PlannerStatus.OFF
    assert house.coordinator.expected_c is None
    await house.do("switch", "turn_on", "planner")
    assert pilot.status is PlannerStatus.ACTIVE


async def test_what_was_learned_outlives_a_restart_and_goes_with_the_heater(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any]
):
    trusted(house)
    await house.do("switch", "turn_off", "planner")
    await hass.config_entries.async_reload(house.entry.entry_id)
    await hass.async_block_till_done()
    pilot = house.coordinator.forethought.pilot
    assert (pilot.house, pilot.steering, pilot.enabled) == (HOUSE, True, False)

    key = planner_store(hass, house.entry.entry_id).key
    hass_storage.pop(key)
    house.coordinator.planned()
    await asyncio.sleep(0)
    assert key not in hass_storage
    freezer.tick(SAVE_LEARNED_EVERY_S)
    house.coordinator.planned()
    await house.coordinator._learned.async_save(house.coordinator.forethought.as_dict())
    assert hass_storage[key]["data"]["steering"] is True

    await hass.config_entries.async_remove(house.entry.entry_id)
    assert key not in hass_storage


@pytest.mark.parametrize("stored", [{"history": 3}, {"house": {"heat_loss_w_per_k": "much"}}, {"steering": True}])
async def test_what_cannot_be_read_is_learned_anew(
    hass: HomeAssistant, set_up: SetUp, hass_storage: dict[str, Any], stored: dict[str, Any]
):
    heater = heater_of()
    store = planner_store(hass, heater.entry_id)
    hass_storage[store.key] = {"version": 1, "minor_version": 1, "key": store.key, "data": stored}
    house = await set_up(heater=heater)
    assert house.state("sensor", "planner").state == PlannerStatus.LEARNING


async def test_forecasts_that_raise_are_said_once_and_heating_goes_on(house: House, caplog: pytest.LogCaptureFixture):
    forethought = house.coordinator.forethought
    trusted(house, plan_of(0.0, 0.0))
    with patch.object(HomeForesight, "forecasts", side_effect=RuntimeError("a weather of its own")):
        for _ in range(3):
            forethought._wake.set()
            await house.do("climate", "turn_on")
    assert forethought.plan is None
    assert house.worker.commanded_w > 0.0
    assert house.state("sensor", "planned_power").state == "unknown"
    assert len([text for text in complaints(caplog) if "The planner failed" in text]) == 1


async def test_every_word_about_the_house_counts(hass: HomeAssistant, house: House):
    losses = {}
    for insulation in (*Insulation, None):
        data = {**house.entry.data, "insulation": insulation}
        if insulation is None:
            del data["insulation"]
        hass.config_entries.async_update_entry(house.entry, data=data)
        heater = build_heater(hass, house.entry, house.coordinator, {})
        assert heater.forethought is not None
        losses[insulation] = heater.forethought.pilot._prior.heat_loss_w_per_k
    assert losses[Insulation.POOR] > losses[Insulation.ORDINARY] > losses[Insulation.GOOD]
    assert losses[None] == losses[Insulation.ORDINARY]


async def test_revenue_follows_what_the_worker_hashes(house: House, freezer: FrozenDateTimeFactory):
    revenue = MiningRevenue(house.coordinator, clock := Clock())
    assert revenue.revenue_per_kwh_at(30.0, 0.0) is None, "nobody has looked yet"
    house.worker.said.update(hash_rate_hs=4e7, power_w=40.0)
    await house.do("climate", "turn_on")
    revenue.look()
    expected = house.coordinator.outlook.value_per_kwh
    assert expected is not None
    assert revenue.revenue_per_kwh_at(40.0, 0.0) == pytest.approx(expected)
    assert revenue.revenue_per_kwh_at(10.0, 0.0) == pytest.approx(expected), "in proportion"
    assert revenue.revenue_per_kwh_at(0.0, 0.0) is None
    with patch.object(type(house.coordinator), "mines", new=False):
        revenue.look()
        assert revenue.revenue_per_kwh_at(40.0, 0.0) is not None, "looked a moment ago"
        clock.now_s += 61.0
        revenue.look()
    assert revenue.revenue_per_kwh_at(40.0, 0.0) is None


async def test_revenue_follows_the_curve_of_a_miner(house: House):
    revenue = MiningRevenue(house.coordinator, Clock())
    house.worker.said.update(hash_rate_hs=4e7, power_w=40.0)
    await house.do("climate", "turn_on")
    revenue.look()
    seen = revenue.revenue_per_kwh_at(40.0, 0.0)
    assert seen is not None
    levels = tuple(
        PowerLevel(setting=watts, label="", power_w=watts, hash_rate_hs=rate)
        for watts, rate in ((20.0, 4e7), (40.0, 6e7))
    )
    miner = SimpleNamespace(curve=SimpleNamespace(levels=levels))
    with patch.object(type(house.coordinator), "miner", new=miner):
        assert revenue.revenue_per_kwh_at(20.0, 0.0) == pytest.approx(2.0 * seen)
        assert revenue.revenue_per_kwh_at(40.0, 0.0) == pytest.approx(1.5 * seen)


class Clock:
    """A clock that a test turns."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_the_hash_rate_along_a_curve():
    def level(power_w: float, rate: float | None) -> PowerLevel:
        return PowerLevel(setting=power_w, label="", power_w=power_w, hash_rate_hs=rate)

    curve = (level(1000.0, 50.0), level(1500.0, None), level(2000.0, 90.0))
    assert along(curve, 1000.0) == 50.0
    assert along(curve, 1500.0) == pytest.approx(70.0)
    assert along(curve, 500.0) == pytest.approx(25.0)
    assert along(curve, 3000.0) == pytest.approx(135.0)
    assert along((level(0.0, 50.0),), 10.0) is None
    assert along(tuple(replace(each, hash_rate_hs=None) for each in curve), 1500.0) is None


async def test_without_a_price_nothing_is_said_of_cost(set_up: SetUp):
    house = await set_up(home=home_of({"market_online": False}), heater=heater_of(pools=[]))
    assert house.state("sensor", "next_heat_cost").state == "unknown"
    assert house.state("sensor", "planner").attributes["price_source"] is None


async def test_a_heater_that_earns_nothing_heats_at_the_price(set_up: SetUp):
    house = await set_up(heater=heater_of(pools=[]))
    assert next_heat_cost(house.coordinator) == 0.3
    await house.hass.config_entries.async_unload("home_entry")
    assert next_heat_cost(house.coordinator) is None


async def test_diagnostics_tell_of_the_house_and_the_plan(hass: HomeAssistant, house: House):
    from custom_components.hashwarm.diagnostics import async_get_config_entry_diagnostics

    trusted(house, plan_of(5.0))
    told = (await async_get_config_entry_diagnostics(hass, house.entry))["planner"]
    assert told["house"] == HOUSE.as_dict()
    assert told["trust"] == {"rmse_k": 0.31, "unchanged_rmse_k": 0.9}
    assert told["plan"]["slots"][0]["power_w"] == 5.0
    assert told["forecasts"]["price_now"] == 0.3


async def test_what_was_learned_of_another_room_is_not_believed(hass: HomeAssistant, house: House):
    trusted(house)
    room = house.entry.data["room_sensor"]
    other = "sensor.bathroom"
    hass.states.async_set(other, "24.0", {"unit_of_measurement": "°C", "device_class": "temperature"})
    await hass.config_entries.async_reload(house.entry.entry_id)
    assert house.coordinator.forethought.pilot.house == HOUSE
    hass.config_entries.async_update_entry(house.entry, data={**house.entry.data, "room_sensor": other})
    await hass.config_entries.async_reload(house.entry.entry_id)
    assert house.coordinator.forethought.pilot.status is PlannerStatus.LEARNING
    hass.config_entries.async_update_entry(house.entry, data={**house.entry.data, "room_sensor": room})
    await hass.config_entries.async_reload(house.entry.entry_id)
    assert house.coordinator.forethought.pilot.house is None


async def test_a_weather_that_is_chosen_later_counts_for_the_days_that_were_learned_from(
    hass: HomeAssistant, house: House
):
    trusted(house)
    entry_id = house.entry.entry_id
    with patch.object(HomeForesight, "history", return_value=[]) as asked:
        await hass.config_entries.async_reload(entry_id)
        await hass.async_block_till_done()
        assert not asked.called
        hass.config_entries.async_update_entry(house.entry, options={**house.entry.options, "weather": "weather.home"})
        await hass.config_entries.async_reload(entry_id)
        await hass.async_block_till_done()
        assert asked.call_count == 1
        await hass.config_entries.async_reload(entry_id)
        await hass.async_block_till_done()
        assert asked.call_count == 1
    assert house.coordinator.forethought.pilot.house == HOUSE
