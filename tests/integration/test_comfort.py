"""Schedule, presence, windows, several sensors and quiet hours, as a person meets them."""

from datetime import datetime
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import get_default_time_zone
import pytest

from custom_components.hashwarm.adapters.presence import anybody_home
from custom_components.hashwarm.adapters.schedule import ScheduleHelper, blocks_of
from custom_components.hashwarm.adapters.windows import any_open
from custom_components.hashwarm.comfort_options import fusion_of, own_times, weights_of
from custom_components.hashwarm.engine.control.effect import EffectWatch
from custom_components.hashwarm.engine.model.errors import InvalidValueError

from .conftest import ROOM, SPARE, House, SetUp, complaints, heater_of, options_form, set_temperature

WORKDAYS = {"workday_from": "06:00:00", "workday_to": "22:00:00"}
HELPER = "schedule.heating"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALWAYS = {day: [{"from": "00:00:00", "to": "24:00:00"}] for day in WEEK}


def move_to(freezer: FrozenDateTimeFactory, text: str) -> None:
    freezer.move_to(datetime.fromisoformat(text).replace(tzinfo=get_default_time_zone()))


async def on(house: House) -> House:
    await house.do("climate", "turn_on")
    return house


def shown(house: House) -> tuple[Any, ...]:
    told = house.climate.attributes
    return told["temperature"], told["preset_mode"], told["in_force"]


async def test_times_of_its_own(set_up: SetUp, freezer: FrozenDateTimeFactory):
    move_to(freezer, "2026-11-20T12:00")
    house = await on(await set_up(heater=heater_of(options=WORKDAYS)))
    assert shown(house) == (21.0, "comfort", "schedule")
    until = datetime.fromisoformat(house.climate.attributes["until"]).astimezone(get_default_time_zone())
    assert (until.day, until.hour) == (20, 22)
    await house.do("climate", "set_temperature", temperature=22.5)
    assert shown(house) == (22.5, "none", "hand")
    move_to(freezer, "2026-11-20T22:00")
    house.room(18.0)
    await house.a_pass()
    assert shown(house) == (19.0, "eco", "schedule")
    await house.do("climate", "set_preset_mode", preset_mode="away")
    assert shown(house) == (16.0, "away", "hand")
    assert house.climate.attributes["until"] is None
    await house.do("climate", "set_preset_mode", preset_mode="none")
    assert shown(house) == (19.0, "eco", "schedule")


async def test_the_schedule_helper(hass: HomeAssistant, set_up: SetUp):
    week: dict[str, Any] = {"schedule": {"heating": {"name": "Heating", **ALWAYS}}}
    assert await async_setup_component(hass, "schedule", week)
    await hass.async_block_till_done()
    house = await on(await set_up(heater=heater_of(options={"schedule": HELPER})))
    assert shown(house) == (21.0, "comfort", "schedule")
    with patch(
        "homeassistant.config.load_yaml_config_file", return_value={"schedule": {"heating": {"name": "Heating"}}}
    ):
        await hass.services.async_call("schedule", "reload", blocking=True)
    await hass.async_block_till_done(wait_background_tasks=True)
    await house.a_pass()
    assert shown(house) == (19.0, "eco", "schedule")
    hass.states.async_remove(HELPER)
    await hass.async_block_till_done(wait_background_tasks=True)
    await house.a_pass()
    assert shown(house) == (19.0, "eco", "schedule"), "it keeps to what the helper told last"


async def test_a_helper_that_is_not_there_is_no_schedule(set_up: SetUp, caplog: pytest.LogCaptureFixture):
    house = await on(await set_up(heater=heater_of(options={"schedule": "schedule.gone"})))
    assert shown(house) == (21.0, "comfort", "hand")
    assert not complaints(caplog)


@pytest.mark.parametrize(
    "answer", [None, {}, {HELPER: []}, {HELPER: {"monday": [{"from": "9", "to": 7}]}}, {HELPER: {"monday": 3}}]
)
async def test_an_answer_of_the_helper_that_cannot_be_read_changes_nothing(hass: HomeAssistant, answer: Any):
    helper = ScheduleHelper(hass, HELPER, spawn=hass.async_create_task)
    helper.blocks = before = blocks_of(ALWAYS)
    with patch("homeassistant.core.ServiceRegistry.async_call", return_value=answer):
        await helper.ask()
    with patch("homeassistant.core.ServiceRegistry.async_call", side_effect=HomeAssistantError):
        await helper.ask()
    assert helper.blocks is before


async def test_a_boost_ends(house: House, freezer: FrozenDateTimeFactory):
    await on(house)
    await house.do("climate", "set_preset_mode", preset_mode="boost")
    assert shown(house) == (23.0, "boost", "boost")
    freezer.tick(3601)
    house.room(18.0)
    await house.a_pass()
    assert shown(house) == (21.0, "comfort", "hand")


async def test_nobody_at_home(hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory):
    hass.states.async_set("person.anna", "not_home")
    house = await on(await set_up(heater=heater_of(options={"presence": ["person.anna"], "away_after": 10.0})))
    assert shown(house) == (21.0, "comfort", "hand")
    freezer.tick(601)
    house.room(18.0)
    await house.a_pass()
    assert shown(house) == (16.0, "away", "nobody_home")
    assert house.state("sensor", "why").state == "nobody_home"
    hass.states.async_set("person.anna", "home")
    await house.a_pass()
    assert shown(house) == (21.0, "comfort", "hand")


async def test_an_open_window(hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory):
    hass.states.async_set("binary_sensor.window", "off")
    house = await on(await set_up(heater=heater_of(options={"windows": ["binary_sensor.window"]})))
    assert house.state("binary_sensor", "window_open").state == "off"
    assert house.worker.commanded_w > 0.0
    hass.states.async_set("binary_sensor.window", "on")
    await house.a_pass()
    freezer.tick(61)
    await house.a_pass()
    assert house.worker.commanded_w == 0.0
    assert (house.state("binary_sensor", "window_open").state, house.state("sensor", "why").state) == (
        "on",
        "window_open",
    )
    assert shown(house) == (7.0, "frost_protection", "window_open")


async def test_what_nobody_asked_for_is_not_there(house: House):
    registry = er.async_get(house.hass)
    for domain, key in (("binary_sensor", "window_open"), ("switch", "preheat")):
        assert registry.async_get_entity_id(domain, "hashwarm", f"0123456789abcdef_{key}") is None


async def test_preheating(set_up: SetUp, freezer: FrozenDateTimeFactory):
    move_to(freezer, "2026-11-20T05:00")
    house = await on(await set_up(heater=heater_of(options=WORKDAYS)))
    await house.do("switch", "turn_on", "preheat")
    assert house.state("switch", "preheat").state == "on"
    assert shown(house) == (21.0, "comfort", "preheat")
    assert house.state("sensor", "why").state == "preheat"
    await house.do("switch", "turn_off", "preheat")
    assert shown(house) == (19.0, "eco", "schedule")


async def test_a_child_cannot_turn_it_up(set_up: SetUp):
    house = await on(await set_up(heater=heater_of(options={"lowest_target": 16.0, "highest_target": 22.0})))
    assert (house.climate.attributes["min_temp"], house.climate.attributes["max_temp"]) == (16.0, 22.0)
    with pytest.raises(ServiceValidationError):
        await house.do("climate", "set_temperature", temperature=25.0)
    with pytest.raises(ServiceValidationError) as refused:
        await house.entity("climate").async_set_temperature(temperature=15.99, hvac_mode="off")
    assert (refused.value.translation_key, refused.value.translation_placeholders) == (
        "target_limits",
        {"value": "15.99", "least": "16", "most": "22"},
    )
    assert shown(house) == (21.0, "comfort", "hand")


async def test_several_room_sensors(hass: HomeAssistant, set_up: SetUp):
    third = "sensor.third_room"
    set_temperature(hass, SPARE, 20.0)
    set_temperature(hass, third, 22.0)
    more = {"room_sensors": [SPARE, third, ROOM], "fusion": "weighted", "weights": "2, 1, 1"}
    house = await on(await set_up(heater=heater_of(options=more)))
    assert house.climate.attributes["current_temperature"] == 19.5
    assert house.climate.attributes["sensors_left_out"] == []
    hass.states.async_set(SPARE, "unavailable")
    await house.a_pass()
    assert house.climate.attributes["sensors_left_out"] == [SPARE]
    assert house.climate.attributes["current_temperature"] == pytest.approx(19.3, abs=0.05)


async def test_a_sensor_that_jumps_is_not_believed_at_once(house: House, freezer: FrozenDateTimeFactory):
    await on(house)
    house.room(5.0)
    await house.a_pass()
    assert house.climate.attributes["current_temperature"] == 18.0
    assert house.climate.attributes["sensors_left_out"] == [ROOM]
    assert house.state("sensor", "why").state == "sensor_jump"
    freezer.tick(601)
    await house.a_pass()
    assert house.climate.attributes["current_temperature"] == 5.0


@pytest.mark.parametrize(
    ("options", "why", "power_w"),
    [
        ({"quiet_from": "20:00:00", "quiet_to": "07:00:00", "quiet_power": 30.0}, "quiet_hours", 30.0),
        ({"quiet_from": "20:00:00", "quiet_to": "07:00:00"}, "quiet_hours", 0.0),
        ({"outlet_limit": 40.0}, "outlet_limit", 40.0),
    ],
)
async def test_limits_of_power(set_up: SetUp, freezer: FrozenDateTimeFactory, options: Any, why: str, power_w: float):
    move_to(freezer, "2026-11-20T23:00")
    house = await on(await set_up(heater=heater_of(options=options)))
    assert (house.worker.commanded_w, house.state("sensor", "why").state) == (power_w, why)


async def test_heat_that_does_not_reach_the_room_is_a_repair(hass: HomeAssistant, house: House):
    await on(house)
    with patch.object(EffectWatch, "step", return_value=True):
        await house.a_pass()
    assert house.state("sensor", "why").state == "heater_not_heating"
    assert ir.async_get(hass).async_get_issue("hashwarm", "heater_not_heating_heater_entry")
    assert house.worker.commanded_w > 0.0
    await house.a_pass()
    assert not ir.async_get(hass).async_get_issue("hashwarm", "heater_not_heating_heater_entry")


async def test_the_form_keeps_what_it_asks_for_and_what_the_device_was_given(hass: HomeAssistant, house: House):
    form = await options_form(hass, house.entry.entry_id, "comfort")
    told = {
        "times": WORKDAYS,
        "people": {"presence": ["person.anna"], "away_after": 15, "highest_target": 24},
        "openings": {"windows": ["binary_sensor.window"], "detect_window": True},
        "power": {"quiet_from": "22:00:00", "quiet_to": "06:00:00", "quiet_power": 30},
    }
    result = await hass.config_entries.options.async_configure(form["flow_id"], told)
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    options = house.entry.options
    assert (options["threads"], options["workday_from"], options["presence"]) == (1, "06:00:00", ["person.anna"])
    assert (options["highest_target"], options["lowest_target"], options["fusion"]) == (24, 5, "first")
    again = await options_form(hass, house.entry.entry_id, "comfort")
    people = again["data_schema"].schema["people"].schema.schema
    assert {str(key): key.description["suggested_value"] for key in people if key.description}["away_after"] == 15
    result = await hass.config_entries.options.async_configure(again["flow_id"], {})
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    assert "workday_from" not in house.entry.options
    assert house.entry.options["threads"] == 1
    form = await options_form(hass, house.entry.entry_id)
    suggested = {str(key): key.description["suggested_value"] for key in form["data_schema"].schema if key.description}
    await hass.config_entries.options.async_configure(form["flow_id"], {**suggested, "threads": 2})
    await hass.async_block_till_done()
    assert (house.entry.options["threads"], house.entry.options["away_after"]) == (2, 30)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"times": {"workday_from": "06:00:00"}}, "times_incomplete"),
        ({"times": {"weekend_from": "06:00:00", "weekend_to": "07:00:00"}}, "times_incomplete"),
        ({"power": {"quiet_to": "06:00:00"}}, "times_incomplete"),
        ({"times": {"schedule": HELPER, **WORKDAYS}}, "schedule_twice"),
        ({"people": {"lowest_target": 20, "highest_target": 20}}, "target_order"),
        ({"sensors": {"weights": "one, two"}}, "weights_wrong"),
        ({"sensors": {"weights": "0, 0"}}, "weights_wrong"),
        ({"sensors": {"weights": "-1"}}, "weights_wrong"),
        ({"sensors": {"weights": "nan"}}, "weights_wrong"),
        ({"sensors": {"fusion": "weighted", "weights": "1, 2"}}, "weights_wrong"),
    ],
)
async def test_a_form_filled_in_wrongly_says_what_is_wrong(hass: HomeAssistant, house: House, told: Any, error: str):
    form = await options_form(hass, house.entry.entry_id, "comfort")
    result = await hass.config_entries.options.async_configure(form["flow_id"], told)
    assert result["errors"] == {"base": error}
    assert result["step_id"] == "comfort"


async def test_a_heater_does_not_follow_itself(hass: HomeAssistant, house: House):
    form = await options_form(hass, house.entry.entry_id, "comfort")
    ours = house.entity_id("sensor", "chip_temperature")
    result = await hass.config_entries.options.async_configure(form["flow_id"], {"sensors": {"room_sensors": [ours]}})
    assert result["errors"] == {"base": "own_entity"}


async def test_a_window_sensor_that_is_renamed_is_followed(hass: HomeAssistant, set_up: SetUp):
    registry = er.async_get(hass)
    window = registry.async_get_or_create("binary_sensor", "test", "window").entity_id
    house = await set_up(heater=heater_of(options={"windows": [window, "binary_sensor.other"]}))
    registry.async_update_entity(window, new_entity_id="binary_sensor.balcony")
    await hass.async_block_till_done()
    assert house.entry.options["windows"] == ["binary_sensor.balcony", "binary_sensor.other"]


@pytest.mark.parametrize(
    ("states", "home"),
    [
        ({}, None),
        ({"person.a": "home", "person.b": "unknown"}, True),
        ({"person.a": "not_home", "device_tracker.b": "Office"}, False),
        ({"person.a": "not_home", "person.b": "unavailable"}, None),
        ({"binary_sensor.a": "on"}, True),
        ({"input_boolean.a": "off", "binary_sensor.b": "off"}, False),
        ({"binary_sensor.a": "garbage"}, None),
    ],
)
async def test_presence(hass: HomeAssistant, states: dict[str, str], home: bool | None):
    for entity_id, state in states.items():
        hass.states.async_set(entity_id, state)
    assert anybody_home(hass, states) is home
    assert anybody_home(hass, ["person.nobody_knows"]) is None


@pytest.mark.parametrize(
    ("states", "told"), [([], None), (["on", "unknown"], True), (["off", "off"], False), (["off", "unavailable"], None)]
)
async def test_windows(hass: HomeAssistant, states: list[str], told: bool | None):
    for number, state in enumerate(states):
        hass.states.async_set(f"binary_sensor.window_{number}", state)
    assert any_open(hass, [f"binary_sensor.window_{number}" for number in range(len(states))]) is told


def test_options_that_cannot_be_read_count_as_none():
    tz = get_default_time_zone()
    assert own_times({"workday_from": "25:00", "workday_to": "07:00"}, tz) is None
    assert own_times({"workday_from": "06:00:00", "workday_to": 7}, tz) is None
    assert fusion_of({"fusion": "mean", "weights": "garbage"}).weights == ()
    assert weights_of(" ") == ()
    with pytest.raises(InvalidValueError):
        weights_of("1,")
