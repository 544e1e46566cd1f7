"""Entities of other integrations as a device, in a real Home Assistant: numbers, selects, switches and plugs."""

import asyncio
from collections.abc import Callable
import random
import time
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.hashwarm.adapters.entity_driver import UNKNOWN_OPTION, ControlledEntity, EntityDriver
from custom_components.hashwarm.adapters.plug import EntityPlug
from custom_components.hashwarm.engine.miners import MinerOptions, MinerProfile, NetworkedMiner
from custom_components.hashwarm.engine.model.errors import (
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from custom_components.hashwarm.entity_profile import number_profile, select_profile, switch_profile

NUMBER, SELECT, SWITCH, PAUSE = "input_number.power", "input_select.mode", "input_boolean.miner", "input_boolean.pause"
MODES = ("off", "eco", "turbo", "custom")
OPTIONS = {"eco": 300.0, "turbo": 700.0}


@pytest.fixture(autouse=True)
async def _entities(hass: HomeAssistant) -> None:
    assert await async_setup_component(
        hass, "input_number", {"input_number": {"power": {"min": 0, "max": 3.6, "step": 0.1, "initial": 1.0}}}
    )
    assert await async_setup_component(
        hass,
        "input_select",
        {"input_select": {"mode": {"options": ["off", "eco", "turbo", "custom"], "initial": "eco"}}},
    )
    assert await async_setup_component(
        hass, "input_boolean", {"input_boolean": {"miner": {}, "pause": {"initial": True}}}
    )


def number_driver(hass: HomeAssistant, switch_id: str | None = None) -> EntityDriver:
    """A number in kW."""
    profile = number_profile("id", "Power", ((0.5, 500.0), (3.6, 3600.0)), 0.1)
    return EntityDriver(hass, ControlledEntity(entity_id=NUMBER, switch_id=switch_id), profile)


def select_driver(hass: HomeAssistant, *, off: str | None = "off", switch_id: str | None = None) -> EntityDriver:
    controlled = ControlledEntity(entity_id=SELECT, switch_id=switch_id, off_option=off)
    return EntityDriver(hass, controlled, select_profile("id", "Mode", OPTIONS))


def switch_driver(hass: HomeAssistant, switch_id: str | None = None) -> EntityDriver:
    profile = switch_profile("id", "Miner", 450.0, cuts_mains=False)
    return EntityDriver(hass, ControlledEntity(entity_id=SWITCH, switch_id=switch_id), profile)


async def goes_round(driver: EntityDriver, profile: MinerProfile, power_w: float) -> None:
    """Run, rest and run again through a real backend, as the heater would."""
    miner = NetworkedMiner(
        driver, profile, MinerOptions(interval_s=5.0), clock=time.monotonic, randomness=random.Random(1)
    )
    await miner.start()
    try:
        for asked_w, status in ((power_w, "heats"), (0.0, "rests"), (power_w, "heats")):
            await until(lambda: miner._contact.reading is not None)
            await miner.command(asked_w)
            for _ in range(3):
                miner._poll_now.set()
                await asyncio.sleep(0.02)
            seen = await miner.read()
            resting = seen.status is DeviceStatus.PAUSED
            assert resting is (status == "rests")
            if not resting:
                assert seen.power_w == pytest.approx(power_w)
                assert seen.miner is not None
                assert seen.miner.setpoint_w == pytest.approx(power_w)
    finally:
        await miner.stop()


async def choose(hass: HomeAssistant, option: str) -> None:
    chosen = {"entity_id": SELECT, "option": option}
    await hass.services.async_call("input_select", "select_option", chosen, blocking=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_number_in_kilowatts_pauses_at_zero_and_comes_back(hass: HomeAssistant):
    driver = number_driver(hass)
    await goes_round(driver, await driver.identify(), 2300.0)
    assert float(hass.states.get(NUMBER).state) == 2.3


async def test_a_number_with_a_switch_keeps_its_value_at_rest(hass: HomeAssistant):
    driver = number_driver(hass, PAUSE)
    await goes_round(driver, await driver.identify(), 1500.0)
    assert hass.states.get(PAUSE).state == "on"
    await driver.pause()
    assert (await driver.read()).status is DeviceStatus.PAUSED
    assert float(hass.states.get(NUMBER).state) == 1.5


@pytest.mark.parametrize(("off", "switch_id"), [("off", None), (None, PAUSE)])
async def test_a_select_rests_in_its_off_option_or_by_its_switch(
    hass: HomeAssistant, off: str | None, switch_id: str | None
):
    driver = select_driver(hass, off=off, switch_id=switch_id)
    await goes_round(driver, await driver.identify(), 300.0)
    await goes_round(driver, await driver.identify(), 700.0)
    assert hass.states.get(SELECT).state == "turbo"


@pytest.mark.parametrize("switch_id", [None, PAUSE])
async def test_a_switch_is_on_or_off(hass: HomeAssistant, switch_id: str | None):
    driver = switch_driver(hass, switch_id)
    await goes_round(driver, await driver.identify(), 450.0)
    assert hass.states.get(SWITCH).state == "on"


async def test_woken_after_a_restart_it_draws_the_least_at_first(hass: HomeAssistant):
    hass.states.async_set(SELECT, "off")
    await hass.services.async_call(
        "input_select", "select_option", {"entity_id": SELECT, "option": "off"}, blocking=True
    )
    driver = select_driver(hass)
    await driver.resume()
    assert hass.states.get(SELECT).state == "eco"
    await driver.resume()
    assert hass.states.get(SELECT).state == "eco"


async def test_an_option_without_watts_agrees_with_no_wish(hass: HomeAssistant):
    await choose(hass, "custom")
    assert (await select_driver(hass).read()).setting == UNKNOWN_OPTION


async def test_an_option_that_vanished_is_refused(hass: HomeAssistant):
    await hass.services.async_call(
        "input_select", "set_options", {"entity_id": SELECT, "options": ["off", "eco"]}, blocking=True
    )
    driver = select_driver(hass)
    with pytest.raises(DeviceRefusedError):
        await driver.write(1.0)
    with pytest.raises(DeviceUnsupportedError):
        await driver.write(7.0)


async def test_a_value_out_of_range_is_refused(hass: HomeAssistant):
    with pytest.raises(DeviceRefusedError):
        await number_driver(hass).write(99.0)


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
async def test_what_is_not_there_is_offline(hass: HomeAssistant, state: str):
    hass.states.async_set(NUMBER, state)
    with pytest.raises(DeviceUnreachableError):
        await number_driver(hass).read()
    hass.states.async_set(PAUSE, state)
    hass.states.async_set(SELECT, "eco")
    with pytest.raises(DeviceUnreachableError):
        await select_driver(hass, switch_id=PAUSE).read()
    hass.states.async_remove(SWITCH)
    with pytest.raises(DeviceUnreachableError):
        await switch_driver(hass).read()


@pytest.mark.parametrize("state", ["warm", "nan", "inf"])
async def test_what_is_no_number_is_garbage(hass: HomeAssistant, state: str):
    hass.states.async_set(NUMBER, state)
    with pytest.raises(DeviceGarbageError):
        await number_driver(hass).read()


async def test_nothing_to_pause_it_with_is_said(hass: HomeAssistant):
    with pytest.raises(DeviceUnsupportedError):
        await select_driver(hass, off=None).pause()


async def test_a_plug_is_on_off_or_unknown_and_says_when_it_refuses(hass: HomeAssistant):
    plug = EntityPlug(hass, SWITCH)
    await plug.turn(on=True)
    assert plug.is_on() is True
    await plug.turn(on=False)
    assert plug.is_on() is False
    hass.states.async_set(SWITCH, "unavailable")
    assert plug.is_on() is None
    assert EntityPlug(hass, "switch.nobody").is_on() is None
    with pytest.raises(DeviceRefusedError):
        await EntityPlug(hass, "switch.nobody").turn(on=True)

    async def refuse(call: ServiceCall) -> Any:
        raise ServiceValidationError("no")

    hass.services.async_register("switch", "turn_on", refuse)
    with pytest.raises(DeviceRefusedError):
        await EntityPlug(hass, "switch.nobody").turn(on=True)
