"""Breaker circuits as a person adds, changes and removes them, and what heaters make of them."""

from math import inf
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.model.control import ControlMode
from custom_components.hashwarm.engine.store import StoreNewerError
from custom_components.hashwarm.sensor import CIRCUIT_EVERY
from custom_components.hashwarm.wiring import assumed_w, wiring

from .conftest import HEATER_ID, ROOM, House, SetUp, complaints, heater_of, home_of

SECOND_ID = "fedcba9876543210"
PROFILE_LEVELS = [
    {"setting": 1.0, "label": "low", "power_w": 400.0},
    {"setting": 2.0, "label": "high", "power_w": 900.0},
]


def second_heater(**data: Any) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id=SECOND_ID,
        title="Second heater",
        data={"kind": "local_worker", "room_sensor": ROOM, "room_response": "ordinary", "pools": [], **data},
        options={"threads": 1},
        entry_id="second_entry",
    )


async def add_second(house: House, **data: Any) -> House:
    """Set a second heater up beside the first."""
    entry = second_heater(**data)
    entry.add_to_hass(house.hass)
    before = len(house.workers)
    await house.hass.config_entries.async_setup(entry.entry_id)
    await house.hass.async_block_till_done()
    assert len(house.workers) == before + 1
    return House(house.hass, entry, [house.workers.pop()])


async def both(set_up: SetUp, **data: Any) -> tuple[House, House]:
    first = await set_up()
    return first, await add_second(first, **data)


def by_hand(house: House, power_w: float) -> None:
    settings = house.coordinator.settings
    settings.on, settings.mode, settings.manual_power_w = True, ControlMode.MANUAL_POWER, power_w


async def passes(*houses: House, rounds: int = 3) -> None:
    for _ in range(rounds):
        for house in houses:
            await house.a_pass()


async def start(house: House, source: str = SOURCE_USER, **context: Any) -> Any:
    return await house.hass.config_entries.subentries.async_init(
        (house.home_entry.entry_id, "circuit"), context={"source": source, **context}
    )


async def fill(hass: HomeAssistant, flow: Any, **changes: Any) -> Any:
    answer = {
        "name": "Kitchen",
        "limit": 120,
        "heaters": ["climate.hashwarm_heater", "climate.second_heater"],
        **changes,
    }
    result = await hass.config_entries.subentries.async_configure(flow["flow_id"], answer)
    await hass.async_block_till_done()
    return result


async def add_circuit(house: House, **changes: Any) -> Any:
    result = await fill(house.hass, await start(house), **changes)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    return next(iter(house.home_entry.subentries.values()))


def suggested(flow: Any) -> dict[str, Any]:
    return {
        str(field): field.description["suggested_value"]
        for field in flow["data_schema"].schema
        if field.description and "suggested_value" in field.description
    }


def shown(house: House, circuit: Any, key: str) -> Any:
    return house.state("sensor", f"circuit_{circuit.subentry_id}_{key}", "home")


async def test_a_circuit_is_added_and_its_heaters_share_its_watts_at_once(
    hass: HomeAssistant, set_up: SetUp, caplog: pytest.LogCaptureFixture
):
    first, second = await both(set_up)
    for house in (first, second):
        by_hand(house, 100.0)
    await passes(first, second)
    assert (first.worker.commanded_w, second.worker.commanded_w) == (100.0, 100.0)
    stopped, home = first.worker.stopped, first.home_entry.runtime_data
    circuit = await add_circuit(first)
    assert circuit.title == "Kitchen"
    assert dict(circuit.data) == {"limit": 120.0, "heaters": [HEATER_ID, SECOND_ID]}
    await passes(first, second)
    assert first.worker.commanded_w + second.worker.commanded_w <= 120.0
    assert {first.state("sensor", "why").state, second.state("sensor", "why", SECOND_ID).state} == {
        "manual_power",
        "breaker",
    }
    assert first.worker.stopped == stopped, "heaters run on"
    assert first.home_entry.runtime_data is not home, "the home shows the new circuit"
    assert not complaints(caplog)


async def test_the_planner_is_told_what_the_circuit_leaves(set_up: SetUp):
    first, second = await both(set_up)
    by_hand(first, 100.0)
    await passes(first, second)
    assert planned_with_w(second) is None
    circuit = await add_circuit(first)
    await passes(first, second)
    assert (planned_with_w(first), planned_with_w(second)) == (120.0, 20.0)
    first.hass.config_entries.async_remove_subentry(first.home_entry, circuit.subentry_id)
    await first.hass.async_block_till_done()
    await passes(first, second)
    assert planned_with_w(second) is None


def planned_with_w(house: House) -> float | None:
    return house.coordinator.forethought._standpoint.circuit_w


async def test_a_circuit_shows_what_is_left_and_what_is_drawn(
    hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory
):
    first, second = await both(set_up)
    circuit = await add_circuit(first, limit=150)
    by_hand(first, 60.0)
    await passes(first, second)
    freezer.tick(CIRCUIT_EVERY)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    left, drawn = shown(first, circuit, "left"), shown(first, circuit, "drawn")
    assert (left.state, drawn.state) == ("90.0", "60.0")
    assert left.attributes["limit_w"] == 150.0
    assert left.attributes["other_loads_w"] is None
    assert left.attributes["friendly_name"] == "Hashwarm home Kitchen power left"
    freezer.tick(CIRCUIT_EVERY)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert shown(first, circuit, "left").last_reported == left.last_reported, "nothing changed"


async def test_a_circuit_is_changed_and_removed(hass: HomeAssistant, set_up: SetUp):
    first, second = await both(set_up)
    circuit = await add_circuit(first)
    for house in (first, second):
        by_hand(house, 100.0)
    flow = await start(first, SOURCE_RECONFIGURE, subentry_id=circuit.subentry_id)
    assert suggested(flow) == {
        "name": "Kitchen",
        "limit": 120.0,
        "heaters": ["climate.hashwarm_heater", "climate.second_heater"],
    }
    result = await fill(hass, flow, name=" Cellar ", limit=170)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert circuit.title == "Cellar"
    await passes(first, second)
    assert first.worker.commanded_w + second.worker.commanded_w == 170.0
    assert shown(first, circuit, "left").attributes["friendly_name"] == "Hashwarm home Cellar power left"
    hass.config_entries.async_remove_subentry(first.home_entry, circuit.subentry_id)
    await hass.async_block_till_done()
    await passes(first, second)
    assert first.worker.commanded_w + second.worker.commanded_w == 200.0
    registry = er.async_get(hass)
    assert not [known for known in registry.entities.values() if known.unique_id.startswith("home_circuit_")]


async def test_what_is_wrong_with_a_circuit_is_told(hass: HomeAssistant, set_up: SetUp):
    house = await set_up()
    one = {"heaters": ["climate.hashwarm_heater"]}
    await add_circuit(house, **one)
    result = await fill(hass, await start(house), **one)
    assert result["errors"] == {"name": "circuit_name"}
    assert suggested(result)["limit"] == 120.0
    result = await fill(hass, result, name="  ", **one)
    assert result["errors"] == {"name": "circuit_name"}
    result = await fill(hass, result, name="Other", heaters=[])
    assert result["errors"] == {"heaters": "no_heaters"}
    registry = er.async_get(hass)
    foreign = registry.async_get_or_create("climate", "other", "1", suggested_object_id="bedroom").entity_id
    for heaters in ([foreign], [*one["heaters"], foreign], ["climate.unknown"]):
        result = await fill(hass, result, name="Other", heaters=heaters)
        assert result["errors"] == {"heaters": "foreign_heater"}
    power = registry.async_get_entity_id("sensor", "hashwarm", f"{house.entry.unique_id}_power")
    result = await fill(hass, result, name="Other", other_loads=power, **one)
    assert result["errors"] == {"other_loads": "own_entity"}
    result = await fill(hass, result, name="Other", **one)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    circuit = next(iter(house.home_entry.subentries.values()))
    flow = await start(house, SOURCE_RECONFIGURE, subentry_id=circuit.subentry_id)
    result = await fill(hass, flow, name="Other", **one)
    assert result["errors"] == {"name": "circuit_name"}
    assert (await fill(hass, result, **one))["reason"] == "reconfigure_successful"


@pytest.mark.parametrize(("country", "limit_w"), [("DE", 2944), ("US", 1440)])
async def test_the_limit_suggested_is_what_a_breaker_carries_for_hours(
    hass: HomeAssistant, house: House, country: str, limit_w: int
):
    hass.config.country = country
    assert suggested(await start(house)) == {"limit": limit_w}


async def test_only_the_home_has_circuits(hass: HomeAssistant, house: House):
    assert set(house.entry.supported_subentry_types) == {"executor", "template"}
    assert set(house.home_entry.supported_subentry_types) == {"account", "circuit"}


async def test_other_loads_are_taken_off_and_a_lost_meter_says_so(
    hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory
):
    house = await set_up()
    hass.states.async_set("sensor.kettle", "0.03", {"unit_of_measurement": "kW", "device_class": "power"})
    await add_circuit(house, heaters=["climate.hashwarm_heater"], limit=100, other_loads="sensor.kettle")
    by_hand(house, 100.0)
    await house.a_pass()
    assert house.worker.commanded_w == 70.0
    assert house.state("sensor", "why").state == "breaker"
    freezer.tick(400)
    hass.states.async_set("sensor.kettle", "unavailable")
    house.room(18.1)
    await house.a_pass()
    assert house.worker.commanded_w == 70.0
    assert house.state("sensor", "why").state == "breaker_meter_lost"


async def test_without_its_ledger_the_home_still_keeps_its_circuits(hass: HomeAssistant, set_up: SetUp, monkeypatch):
    first, second = await both(set_up)
    await add_circuit(first)
    for house in (first, second):
        by_hand(house, 100.0)
    assert await hass.config_entries.async_unload(first.home_entry.entry_id)
    await passes(first, second)
    assert first.worker.commanded_w + second.worker.commanded_w == 120.0

    async def newer(*_: Any) -> None:
        raise StoreNewerError("from tomorrow")

    monkeypatch.setattr("custom_components.hashwarm.open_home_of", newer)
    await hass.config_entries.async_setup(first.home_entry.entry_id)
    assert first.home_entry.state is ConfigEntryState.SETUP_ERROR
    await passes(first, second)
    assert first.worker.commanded_w + second.worker.commanded_w == 120.0


async def test_a_reload_of_one_heater_keeps_its_watts_for_it(hass: HomeAssistant, set_up: SetUp):
    first, second = await both(set_up)
    await add_circuit(first)
    by_hand(first, 100.0)
    await passes(first, second)
    by_hand(second, 100.0)
    await hass.config_entries.async_reload(first.entry.entry_id)
    await passes(first, second)
    assert (first.worker.commanded_w, second.worker.commanded_w) == (100.0, 20.0)


async def test_a_heater_that_is_removed_or_disabled_leaves_its_watts_to_the_rest(hass: HomeAssistant, set_up: SetUp):
    first, second = await both(set_up)
    await add_circuit(first)
    for house in (first, second):
        by_hand(house, 100.0)
    await passes(first, second)
    await hass.config_entries.async_set_disabled_by(second.entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    await passes(first)
    assert first.worker.commanded_w == 100.0
    await hass.config_entries.async_remove(second.entry.entry_id)
    await hass.async_block_till_done()
    await passes(first)
    assert first.worker.commanded_w == 100.0
    circuit = next(iter(first.home_entry.subentries.values()))
    flow = await start(first, SOURCE_RECONFIGURE, subentry_id=circuit.subentry_id)
    assert suggested(flow)["heaters"] == ["climate.hashwarm_heater"]


async def test_the_wiring_lets_go_with_the_last_entry(hass: HomeAssistant, house: House):
    held = wiring(hass)
    for entry in (house.entry, house.home_entry):
        await hass.config_entries.async_unload(entry.entry_id)
    assert held._unsubscribe is None
    assert await hass.config_entries.async_setup(house.entry.entry_id)
    assert wiring(hass) is held
    assert held._unsubscribe is not None


def miner(parting: str = "floor", *, damaged: bool = False, **options: Any) -> MockConfigEntry:
    profile = (
        {}
        if damaged
        else {
            "family": "entities",
            "identity": "abc",
            "model": "Some number",
            "control": "presets",
            "levels": PROFILE_LEVELS,
            "power_source": None,
            "features": [],
            "can_pause": True,
            **dict.fromkeys(("ramp_s", "boot_s", "write_interval_s", "minimum_on_s", "minimum_off_s"), 0.0),
        }
    )
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id="abc",
        data={"kind": "entities", "profile": profile, "room_sensor": ROOM, "room_response": "ordinary"},
        options={"parting": parting, **options},
    )


@pytest.mark.parametrize(
    ("entry", "disabled", "power_w"),
    [
        (home_of(), False, 0.0),
        (heater_of(), False, 0.0),
        (miner("off"), False, 900.0),
        (miner("off", maximum_power=600.0), False, 600.0),
        (miner("leave"), True, 900.0),
        (miner("floor"), True, 400.0),
        (miner("off"), True, 0.0),
        (miner(damaged=True), False, inf),
    ],
)
async def test_what_a_heater_counts_at_while_nothing_was_heard_of_it(
    monkeypatch, entry: MockConfigEntry, disabled: bool, power_w: float
):
    object.__setattr__(entry, "disabled_by", ConfigEntryDisabler.USER if disabled else None)
    assert assumed_w(entry) == power_w
