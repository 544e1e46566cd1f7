"""How entities of another integration become a heater, and what may be chosen later."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.miners import profile_as_dict
from custom_components.hashwarm.entity_profile import select_profile

from .conftest import ROOM, SPARE, heater_of, home_of, options_form

ROOM_INPUT = {"room_sensor": ROOM, "room_response": "light"}
NUMBER, SELECT, SWITCH, PAUSE = "number.power", "select.mode", "switch.miner", "switch.pause"

pytestmark = pytest.mark.usefixtures("no_setup")


@pytest.fixture
def no_setup() -> Iterator[None]:
    with (
        patch("custom_components.hashwarm.async_setup_entry", AsyncMock(return_value=None)),
        patch("custom_components.hashwarm.async_unload_entry", AsyncMock(return_value=None)),
    ):
        yield


@pytest.fixture(autouse=True)
def _entities(hass: HomeAssistant) -> None:
    home_of().add_to_hass(hass)
    number(hass, low=0, high=3500, step=10, unit="W")
    hass.states.async_set(SELECT, "eco", {"options": ["off", "eco", "turbo"], "friendly_name": "Mode"})
    hass.states.async_set(SWITCH, "on", {"friendly_name": "Plug"})
    hass.states.async_set(PAUSE, "on")


def number(hass: HomeAssistant, *, low: float, high: float, step: float, unit: str | None) -> None:
    told = {"min": low, "max": high, "step": step, "friendly_name": "Power limit"}
    hass.states.async_set(NUMBER, str(low), told | ({"unit_of_measurement": unit} if unit else {}))


def registered(hass: HomeAssistant, platform: str, **owner: Any) -> Any:
    """Put the number into the registry."""
    hass.states.async_remove(NUMBER)
    entity = er.async_get(hass).async_get_or_create("number", platform, "x", suggested_object_id="power", **owner)
    assert entity.entity_id == NUMBER
    number(hass, low=0, high=3500, step=10, unit="W")
    return entity


async def go(hass: HomeAssistant, result: Any, user_input: dict[str, Any]) -> Any:
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


async def choose(hass: HomeAssistant, controlled: str, switch_id: str | None = None, result: Any = None) -> Any:
    if result is None:
        result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        result = await go(hass, result, {"next_step_id": "entities"})
        assert (result["type"], result["step_id"]) == ("form", "entities")
    return await go(hass, result, {"controlled": controlled} | ({"pause_switch": switch_id} if switch_id else {}))


async def finish(hass: HomeAssistant, result: Any) -> Any:
    assert result["step_id"] == "entities_room", result
    result = await go(hass, result, ROOM_INPUT)
    assert result["type"] == "create_entry"
    return result["result"]


def levels(entry: Any) -> list[tuple[float, str, float]]:
    return [(level["setting"], level["label"], level["power_w"]) for level in entry.data["profile"]["levels"]]


def suggested(result: Any) -> dict[str, Any]:
    return {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}


async def test_a_number_in_watts_is_what_it_says(hass: HomeAssistant):
    result = await choose(hass, NUMBER)
    assert result["step_id"] == "controlled_power"
    assert result["description_placeholders"] == {"entity": "Power limit", "low": "10", "high": "3500"}
    assert suggested(result) == {"floor_power": 10.0, "full_power": 3500.0}
    for floor_w, full_w, errors in (
        (900, 900, {"full_power": "power_order"}),
        (900, 904, {"full_power": "power_order"}),
        (900, 4000, {"base": "power_range"}),
        (0, 3000, {"base": "power_range"}),
    ):
        result = await go(hass, result, {"floor_power": floor_w, "full_power": full_w})
        assert result["errors"] == errors
        assert suggested(result)["full_power"] == full_w
    entry = await finish(hass, await go(hass, result, {"floor_power": 803, "full_power": 3000}))
    assert levels(entry) == [(800.0, "800", 800.0), (3000.0, "3000", 3000.0)]
    assert (entry.unique_id, entry.title) == (NUMBER, "Power limit")
    assert entry.data["controlled"] == NUMBER


async def test_a_number_in_kilowatts_is_converted(hass: HomeAssistant):
    number(hass, low=0, high=3.6, step=0.1, unit="kW")
    result = await choose(hass, NUMBER)
    assert suggested(result) == {"floor_power": 100.0, "full_power": 3600.0}
    entry = await finish(hass, await go(hass, result, {"floor_power": 790, "full_power": 3600}))
    assert levels(entry) == [(0.8, "0.8", 800.0), (3.6, "3.6", 3600.0)]


async def test_a_number_in_percent_is_given_its_watts(hass: HomeAssistant):
    number(hass, low=20, high=100, step=1, unit="%")
    result = await choose(hass, NUMBER)
    assert result["errors"] == {"pause_switch": "pause_needed"}
    result = await choose(hass, NUMBER, PAUSE, result)
    assert result["step_id"] == "controlled_number"
    assert result["description_placeholders"] == {"entity": "Power limit", "low": "20", "high": "100"}
    result = await go(hass, result, {"floor_power": 900, "full_power": 800})
    assert result["errors"] == {"full_power": "power_order"}
    entry = await finish(hass, await go(hass, result, {"floor_power": 700, "full_power": 3200}))
    assert levels(entry) == [(20.0, "20", 700.0), (100.0, "100", 3200.0)]
    assert entry.data["pause_switch"] == PAUSE


async def test_modes_have_watts_and_the_one_without_any_pauses(hass: HomeAssistant):
    result = await choose(hass, SELECT)
    assert (result["step_id"], result["description_placeholders"]) == ("controlled_select", {"entity": "Mode"})
    assert [str(key) for key in result["data_schema"].schema] == ["off", "eco", "turbo"]
    result = await go(hass, result, {"off": 5, "eco": 700, "turbo": 300})
    assert result["errors"] == {"base": "pause_needed"}
    result = await go(hass, result, {"off": 0, "eco": 0, "turbo": 0})
    assert result["errors"] == {"base": "power_order"}
    hass.states.async_remove(SELECT)
    entry = await finish(hass, await go(hass, result, {"off": 0, "eco": 700, "turbo": 300}))
    assert levels(entry) == [(0.0, "turbo", 300.0), (1.0, "eco", 700.0)]
    assert entry.data["off_option"] == "off"


async def test_modes_that_all_run_are_paused_by_a_switch(hass: HomeAssistant):
    result = await choose(hass, SELECT, PAUSE)
    entry = await finish(hass, await go(hass, result, {"off": 100, "eco": 300, "turbo": 700}))
    assert (entry.data["off_option"], entry.data["pause_switch"]) == (None, PAUSE)


@pytest.mark.parametrize(("cuts_mains", "on_s", "starts"), [(True, 1800.0, 6), (False, 900.0, 12)])
async def test_a_switch_that_cuts_the_mains_is_used_sparingly(
    hass: HomeAssistant, cuts_mains: bool, on_s: float, starts: int
):
    result = await choose(hass, SWITCH)
    assert (result["step_id"], result["description_placeholders"]) == ("controlled_switch", {"entity": "Plug"})
    result = await go(hass, result, {"full_power": 400, "cuts_mains": cuts_mains})
    result = await go(hass, result, {**ROOM_INPUT, "second_room_sensor": ROOM})
    assert result["errors"] == {"second_room_sensor": "same_sensor"}
    result = await go(hass, result, {**ROOM_INPUT, "power_meter": "sensor.meter"})
    entry = result["result"]
    assert entry.options == {"power_meter": "sensor.meter"}
    profile = entry.data["profile"]
    assert (profile["minimum_on_s"], profile["starts_per_day"]) == (on_s, starts)


@pytest.mark.parametrize("entity_id", ["number.nobody", "select.empty", "number.fixed"])
async def test_nothing_to_choose_from_is_said(hass: HomeAssistant, entity_id: str):
    hass.states.async_set("select.empty", "unavailable", {"options": []})
    hass.states.async_set("number.fixed", "1", {"min": 0, "max": 1, "step": 1})
    result = await choose(hass, entity_id)
    assert result["errors"] == {"controlled": "entity_missing"}
    result = await choose(hass, SWITCH, None, result)
    await finish(hass, await go(hass, result, {"full_power": 400, "cuts_mains": False}))


class TestDoubles:
    """One device is one heater."""

    async def test_an_entity_drives_one_heater(self, hass: HomeAssistant):
        entity = registered(hass, "other")
        result = await choose(hass, NUMBER)
        entry = await finish(hass, await go(hass, result, {"floor_power": 800, "full_power": 3000}))
        assert entry.unique_id == entity.id
        result = await choose(hass, NUMBER)
        assert (result["type"], result["reason"]) == ("abort", "already_configured")

    async def test_a_switch_pauses_one_heater(self, hass: HomeAssistant):
        result = await choose(hass, NUMBER, PAUSE)
        await finish(hass, await go(hass, result, {"floor_power": 800, "full_power": 3000}))
        result = await choose(hass, PAUSE)
        assert result["errors"] == {"controlled": "entity_in_use"}
        result = await choose(hass, SELECT, PAUSE, result)
        assert result["errors"] == {"pause_switch": "entity_in_use"}
        result = await choose(hass, SWITCH, SWITCH, result)
        assert result["errors"] == {"pause_switch": "entity_in_use"}
        result = await choose(hass, SELECT, None, result)
        await finish(hass, await go(hass, result, {"off": 0, "eco": 300, "turbo": 700}))

    @pytest.mark.parametrize(
        "known_by",
        [
            {"connections": {(dr.CONNECTION_NETWORK_MAC, "AA:BB:CC:0A:0E:01")}},
            {"identifiers": {("bitaxe", "AABBCC0A0E01")}},
            {"identifiers": {("bitaxe", "x")}},
        ],
        ids=["mac", "identifier", "host"],
    )
    @pytest.mark.parametrize("of_a_board", [False, True])
    async def test_the_entities_of_a_miner_driven_by_its_address_are_refused(
        self, hass: HomeAssistant, known_by: Any, of_a_board: bool
    ):
        profile = {**profile_as_dict(select_profile("id", "x", {"a": 1.0})), "mac": "aa:bb:cc:0a:0e:01"}
        miner = {"kind": "networked_miner", "host": "192.168.1.50", "profile": profile}
        MockConfigEntry(domain=DOMAIN, unique_id="SERIAL", data=miner).add_to_hass(hass)
        other = MockConfigEntry(domain="bitaxe", data={"ip": "http://192.168.1.50"})
        other.add_to_hass(hass)
        registry = dr.async_get(hass)
        device: Any = registry.async_get_or_create(config_entry_id=other.entry_id, **known_by)
        if of_a_board:
            device = registry.async_get_or_create_child(
                config_entry_id=other.entry_id, identifiers={("bitaxe", "board")}, parent_device_id=device.id
            )
        registered(hass, "bitaxe", config_entry=other, device_id=device.id)
        result = await choose(hass, NUMBER)
        assert (result["type"], result["reason"]) == ("abort", "driven_by_address")

    async def test_our_own_entities_drive_nothing(self, hass: HomeAssistant):
        registered(hass, DOMAIN)
        result = await choose(hass, NUMBER)
        assert (result["type"], result["reason"]) == ("abort", "driven_by_address")

    async def test_another_device_is_no_matter(self, hass: HomeAssistant):
        heater_of().add_to_hass(hass)
        other = MockConfigEntry(domain="bitaxe", data={"host": 7})
        other.add_to_hass(hass)
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=other.entry_id, identifiers={("bitaxe", "y")}, configuration_url="http://192.168.1.51"
        )
        registered(hass, "bitaxe", config_entry=other, device_id=device.id)
        assert (await choose(hass, NUMBER))["step_id"] == "controlled_power"


@pytest.fixture
async def entry(hass: HomeAssistant) -> Any:
    result = await choose(hass, SELECT)
    return await finish(hass, await go(hass, result, {"off": 0, "eco": 300, "turbo": 700}))


async def test_the_room_may_change(hass: HomeAssistant, entry: Any):
    context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    result = await hass.config_entries.flow.async_init(DOMAIN, context=context)
    assert (result["step_id"], suggested(result)["room_sensor"]) == ("reconfigure_entities", ROOM)
    result = await go(hass, result, {**ROOM_INPUT, "second_room_sensor": ROOM})
    assert result["errors"] == {"second_room_sensor": "same_sensor"}
    before = dict(entry.data)
    result = await go(hass, result, {**ROOM_INPUT, "second_room_sensor": SPARE})
    assert (result["type"], result["reason"]) == ("abort", "reconfigure_successful")
    assert dict(entry.data) == {**before, "second_room_sensor": SPARE}


def chosen(result: Any, **changed: Any) -> dict[str, Any]:
    known = {key: value for key, value in suggested(result).items() if value is not None}
    return {key: value for key, value in (known | changed).items() if value is not None}


async def test_options_of_entities(hass: HomeAssistant, entry: Any):
    result = await options_form(hass, entry.entry_id)
    assert (result["step_id"], result["description_placeholders"]) == ("entities", {"floor": "300", "maximum": "700"})
    for limits, errors in (
        ({"minimum_power": 600, "maximum_power": 500}, {"maximum_power": "power_order"}),
        ({"maximum_power": 200}, {"maximum_power": "power_range"}),
        ({"minimum_power": 800}, {"minimum_power": "power_range"}),
    ):
        result = await configure(hass, result, chosen(result, minimum_power=None, maximum_power=None) | limits)
        assert result["errors"] == errors
    told = chosen(result, minimum_power=None, maximum_power=500, parting="off", pays="none", eco=17.0)
    result = await configure(hass, result, told)
    assert result["type"] == "create_entry"
    assert (entry.options["maximum_power"], entry.options["parting"], entry.options["pays"]) == (500, "off", "none")
    assert entry.options["preset_targets"]["eco"] == 17.0


async def configure(hass: HomeAssistant, result: Any, user_input: dict[str, Any]) -> Any:
    return await hass.config_entries.options.async_configure(result["flow_id"], user_input)


@pytest.mark.parametrize("can_pause", [True, False])
async def test_options_of_a_miner(hass: HomeAssistant, can_pause: bool):
    profile = {**profile_as_dict(select_profile("id", "x", {"a": 300.0, "b": 700.0})), "can_pause": can_pause}
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="aa",
        data={"kind": "networked_miner", "family": "axeos", "profile": profile},
        options={"plug": "switch.plug"},
    )
    entry.add_to_hass(hass)
    result = await options_form(hass, entry.entry_id)
    assert (result["step_id"], result["description_placeholders"]) == ("miner", {"floor": "300", "maximum": "700"})
    result = await configure(hass, result, chosen(result, maximum_power=299))
    assert result["errors"] == {"maximum_power": "power_range"}
    result = await configure(hass, result, chosen(result, maximum_power=None, plug=None, cut_plug=True))
    assert result["errors"] == {"plug": "plug_missing"}
    result = await configure(hass, result, chosen(result, plug=None, cut_plug=False))
    if not can_pause:
        assert result["errors"] == {"plug": "plug_needed"}
        result = await configure(hass, result, chosen(result, plug="switch.plug"))
    assert result["type"] == "create_entry"
    assert entry.options["interval"] == 10.0
    assert ("plug" in entry.options) is not can_pause
