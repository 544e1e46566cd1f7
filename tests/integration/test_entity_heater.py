"""Entities of another integration as a heater in a real Home Assistant: driven, renamed, removed, left alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
import logging
from types import MappingProxyType
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm.adapters.entity_driver import ControlledEntity, EntityDriver
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.miners import profile_as_dict
from custom_components.hashwarm.engine.model.errors import (
    DeviceGoneError,
    DeviceRefusedError,
    DeviceUnreachableError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from custom_components.hashwarm.entity_profile import number_profile

from .conftest import PRICE, ROOM, complaints, home_of, set_temperature

NUMBER, LOADS = "input_number.power", "sensor.other_loads"


@pytest.fixture(autouse=True)
async def _entities(hass: HomeAssistant) -> None:
    power = {"min": 0, "max": 3.6, "step": 0.1, "initial": 1.0, "unit_of_measurement": "kW"}
    assert await async_setup_component(hass, "input_number", {"input_number": {"power": power}})
    set_temperature(hass, ROOM, 15.0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def power_kw(hass: HomeAssistant, entity_id: str = NUMBER) -> float:
    state = hass.states.get(entity_id)
    assert state is not None
    return float(state.state)


@pytest.fixture
async def entry(hass: HomeAssistant) -> AsyncIterator[Any]:
    profile = number_profile("id", "Power", ((0.5, 500.0), (3.6, 3600.0)), 0.1)
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id=NUMBER,
        title="Power",
        data={
            "kind": "entities",
            "controlled": NUMBER,
            "off_option": None,
            "profile": profile_as_dict(profile),
            "room_sensor": ROOM,
            "room_response": "light",
        },
        options={"interval": 5},
    )
    entry.add_to_hass(hass)
    home_of({"market_online": False, "price_sensor": PRICE}).add_to_hass(hass)
    with patch("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", True):
        await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.heater.backend._contact.reading)
    entry.runtime_data.heater.apply()
    await hass.async_block_till_done()
    yield entry
    for loaded in hass.config_entries.async_loaded_entries(DOMAIN):
        await hass.config_entries.async_unload(loaded.entry_id)


async def heat(hass: HomeAssistant, entry: Any) -> None:
    thermostat = er.async_get(hass).async_get_entity_id("climate", DOMAIN, entry.unique_id)
    target = {"entity_id": thermostat, "temperature": 25.0, "hvac_mode": "heat"}
    await hass.services.async_call("climate", "set_temperature", target, blocking=True)


async def test_it_heats_and_says_nothing_that_it_cannot_know(
    hass: HomeAssistant, entry: Any, caplog: pytest.LogCaptureFixture
):
    await heat(hass, entry)
    await until(lambda: power_kw(hass) == 3.6)
    registry = er.async_get(hass)
    keys = {
        entity.unique_id.removeprefix(f"{NUMBER}_")
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
    }
    assert {"power", "power_setting", "why", "heating_cost", "pause"} <= keys
    unknowable = {"hash_rate", "efficiency", "workload", "kernel", "earnings_total", "shares_accepted", "uptime"}
    assert not keys & (unknowable | {"firmware", "pool_connected", "own_loop", "restart", "light"})
    assert not complaints(caplog)


async def test_removed_it_is_left_at_its_floor(hass: HomeAssistant, entry: Any):
    await heat(hass, entry)
    await until(lambda: power_kw(hass) == 3.6)
    await hass.config_entries.async_remove(entry.entry_id)
    assert power_kw(hass) == 0.5


async def test_when_its_entity_goes_it_is_offline_and_comes_back(
    hass: HomeAssistant, entry: Any, caplog: pytest.LogCaptureFixture
):
    state = hass.states.get(NUMBER)
    assert state is not None
    hass.states.async_remove(NUMBER)
    backend = entry.runtime_data.heater.backend
    power = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{NUMBER}_power")
    assert power is not None

    def shown() -> str:
        backend._poll_now.set()
        now = hass.states.get(power)
        assert now is not None
        return now.state

    await until(lambda: shown() == STATE_UNAVAILABLE)
    assert entry.state is ConfigEntryState.LOADED
    gone, issues = (DOMAIN, f"controlled_entity_gone_{entry.entry_id}"), ir.async_get(hass).issues
    assert gone not in issues
    er.async_get(hass).async_remove(NUMBER)
    await until(lambda: shown() and gone in issues)
    hass.states.async_set(NUMBER, "1.0", state.attributes)
    await until(lambda: shown() != STATE_UNAVAILABLE)
    await until(lambda: gone not in issues)
    ours = [record for record in caplog.records if "hashwarm" in record.name]
    assert not [record for record in ours if record.levelno >= logging.WARNING]


async def test_one_that_is_only_not_there_yet_is_not_called_gone(hass: HomeAssistant, entry: Any):
    known = er.async_get(hass).async_get_or_create("switch", "other", "1", suggested_object_id="miner")
    driver = EntityDriver(hass, ControlledEntity(entity_id=known.entity_id), entry.runtime_data.heater.backend.profile)
    with pytest.raises(DeviceUnreachableError) as caught:
        await driver.read()
    assert caught.type is DeviceUnreachableError
    er.async_get(hass).async_update_entity(known.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    with pytest.raises(DeviceGoneError):
        await driver.read()
    er.async_get(hass).async_remove(known.entity_id)
    with pytest.raises(DeviceGoneError):
        await driver.read()
    hass.set_state(CoreState.starting)
    with pytest.raises(DeviceUnreachableError) as caught:
        await driver.read()
    assert caught.type is DeviceUnreachableError
    hass.set_state(CoreState.running)


async def test_a_range_that_shrinks_is_said_and_is_no_start_for_ever(hass: HomeAssistant, entry: Any):
    backend = entry.runtime_data.heater.backend
    await hass.services.async_call("input_number", "set_value", {"entity_id": NUMBER, "value": 0}, blocking=True)
    await until(lambda: backend._poll_now.set() or backend._contact.reading.status is DeviceStatus.PAUSED)
    refusing = AsyncMock(side_effect=DeviceRefusedError("out of range"))
    told, issues = (DOMAIN, f"not_obeying_{entry.entry_id}"), ir.async_get(hass).issues
    thermostat = er.async_get(hass).async_get_entity_id("climate", DOMAIN, entry.unique_id)
    assert thermostat is not None

    def action() -> str:
        entry.runtime_data.heater.apply()
        shown = hass.states.get(thermostat)
        assert shown is not None
        return shown.attributes["hvac_action"]

    with patch.object(backend.driver, "_call", refusing):
        await heat(hass, entry)
        await until(lambda: refusing.await_count)
        await until(lambda: action() == "idle")
        backend._commander._tried_at_s -= 60.0
        backend._command_now.set()
        await until(lambda: refusing.await_count > 1)
        await until(lambda: backend._poll_now.set() or backend._commander.disobeys)
        await until(lambda: action() == "idle")
        await until(lambda: action() and told in issues)


class TestRenames:
    """An entity that a person renames is still the one that was named."""

    async def test_every_name_is_followed(self, hass: HomeAssistant, entry: Any):
        registry = er.async_get(hass)
        home = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, "home")
        assert home is not None
        set_temperature(hass, ROOM, 15.0)
        named = {}
        loads = ConfigSubentry(
            data=MappingProxyType({"limit": 3000.0, "heaters": [], "other_loads": LOADS}),
            subentry_type="circuit",
            title="Fuse",
            unique_id=None,
        )
        hass.config_entries.async_add_subentry(home, loads)
        await hass.async_block_till_done()
        for old in (ROOM, PRICE, LOADS):
            hass.states.async_remove(old)
            domain, name = old.split(".")
            named[old] = registry.async_get_or_create(domain, "test", name, suggested_object_id=name).entity_id
        assert named == {ROOM: ROOM, PRICE: PRICE, LOADS: LOADS}
        loaded = entry.runtime_data
        registry.async_update_entity(ROOM, name="Living room")
        await hass.async_block_till_done()
        assert entry.runtime_data is loaded, "only its words changed"
        registry.async_update_entity(ROOM, new_entity_id="sensor.living_room")
        registry.async_update_entity(PRICE, new_entity_id="sensor.tariff")
        await hass.async_block_till_done()
        registry.async_update_entity(LOADS, new_entity_id="sensor.all_else")
        await hass.async_block_till_done()
        assert [circuit.data["other_loads"] for circuit in home.subentries.values()] == ["sensor.all_else"]
        assert entry.data["room_sensor"] == "sensor.living_room"
        assert home.options["price_sensor"] == "sensor.tariff"
        await until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data is not loaded)

    async def test_one_that_was_renamed_unseen_is_found_by_its_registry_id(self, hass: HomeAssistant, entry: Any):
        await hass.config_entries.async_unload(entry.entry_id)
        state = hass.states.get(NUMBER)
        assert state is not None
        hass.states.async_remove(NUMBER)
        known = er.async_get(hass).async_get_or_create("input_number", "test", "x", suggested_object_id="heater")
        hass.config_entries.async_update_entry(entry, unique_id=known.id)
        hass.states.async_set(known.entity_id, "1.0", state.attributes)
        await hass.config_entries.async_setup(entry.entry_id)
        await until(lambda: entry.runtime_data.heater.backend._contact.reading)
