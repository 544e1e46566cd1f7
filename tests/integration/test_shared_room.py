"""Two heaters with the same room sensor share what the room asks for."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import PropertyMock, patch

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
import pytest

from custom_components.hashwarm.coordinator import HeaterCoordinator

from .conftest import House, SetUp, complaints
from .test_circuits import SECOND_ID, add_second, both, passes
from .test_planner_face import trusted

OTHER_ROOM = "sensor.other_room"


async def heat(house: House, target_c: float = 19.0) -> None:
    await house.hass.services.async_call(
        "climate",
        "set_temperature",
        {
            "entity_id": house.entity_id("climate", owner=house.entry.unique_id),
            "temperature": target_c,
            "hvac_mode": "heat",
        },
        blocking=True,
    )


def why(house: House) -> str:
    return house.state("sensor", "why", house.entry.unique_id).state


def demand_w(house: House) -> float:
    return house.coordinator.data.decision.demand_w


async def test_the_heater_that_earns_gives_the_heat(
    hass: HomeAssistant, set_up: SetUp, caplog: pytest.LogCaptureFixture
):
    """The first one mines and its heat is cheaper; the second one has no pool and pays for all of it."""
    first, second = await both(set_up)
    first.room(18.8)
    for house in (first, second):
        await heat(house)
    await passes(first, second)
    assert 0.0 < first.worker.commanded_w <= 100.0
    assert second.worker.commanded_w == 0.0
    assert why(second) == "shared_demand"
    assert why(first) == "holding"
    assert not complaints(caplog)


async def test_in_another_room_each_gives_its_own(hass: HomeAssistant, set_up: SetUp):
    first = await set_up()
    hass.states.async_set(OTHER_ROOM, "18.8", {"unit_of_measurement": "°C", "device_class": "temperature"})
    first.room(18.8)
    second = await add_second(first, room_sensor=OTHER_ROOM)
    for house in (first, second):
        await heat(house)
    await passes(first, second)
    assert first.worker.commanded_w > 0.0
    assert second.worker.commanded_w > 0.0


async def test_when_one_does_not_answer_the_other_takes_over(hass: HomeAssistant, set_up: SetUp):
    first, second = await both(set_up)
    first.room(18.8)
    for house in (first, second):
        await heat(house)
    await passes(first, second)
    assert second.worker.commanded_w == 0.0
    first.worker.silent = True
    await passes(first, second)
    assert second.worker.commanded_w > 0.0
    assert why(second) in {"holding", "heating_up"}


async def test_one_that_is_turned_off_takes_its_demand_with_it(hass: HomeAssistant, set_up: SetUp):
    first, second = await both(set_up)
    first.room(18.8)
    for house in (first, second):
        await heat(house)
    await passes(first, second)
    together_w = first.worker.commanded_w
    await first.do("climate", "turn_off")
    await passes(second)
    assert 0.0 < second.worker.commanded_w < together_w
    assert first.worker.commanded_w == 0.0


async def test_without_the_home_the_room_is_still_shared(hass: HomeAssistant, set_up: SetUp):
    first, second = await both(set_up)
    first.room(18.8)
    for house in (first, second):
        await heat(house)
    await hass.config_entries.async_unload(first.home_entry.entry_id)
    await passes(first, second)
    commands: list[Any] = sorted([first.worker.commanded_w, second.worker.commanded_w])
    assert commands[0] == 0.0 < commands[1]
    assert demand_w(first) + demand_w(second) == pytest.approx(sum(commands))
    assert second.entry.unique_id == SECOND_ID


async def test_a_miner_that_never_ran_is_judged_by_its_nominal_figures(house: House):
    levels = (SimpleNamespace(power_w=1000.0, hash_rate_hs=50e12),)
    miner = SimpleNamespace(curve=SimpleNamespace(levels=levels))
    with patch.object(HeaterCoordinator, "miner", new_callable=PropertyMock, return_value=miner):
        nominal = house.coordinator._heat_cost(None, None)
    assert nominal == house.coordinator._heat_cost(50e12, 1000.0)
    assert nominal < house.coordinator._heat_cost(None, None) == 0.3


async def test_in_a_shared_room_no_plan_decides_and_the_planner_says_so(hass: HomeAssistant, set_up: SetUp):
    first, second = await both(set_up)
    first.room(18.8)
    for house in (first, second):
        await heat(house)
        trusted(house)
    await passes(first, second)
    assert first.state("sensor", "planner", first.entry.unique_id).state == "shadow"
    assert first.coordinator.heater._guidance() is None
    await hass.config_entries.async_set_disabled_by(second.entry.entry_id, ConfigEntryDisabler.USER)
    await passes(first)
    await passes(first)
    # Trusted again, and the plan is made beside the passes.
    assert first.state("sensor", "planner", first.entry.unique_id).state in {"waiting", "active"}
