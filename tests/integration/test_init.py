"""Setting up, reloading, removing and stopping; nothing is left behind and nothing is lost."""

import asyncio
from pathlib import Path
import sqlite3
import threading
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.hashwarm import assembly, backends
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.coordinator import HomeCoordinator
from custom_components.hashwarm.engine.model.errors import DeviceUnreachableError, WorkerBusyError, WorkerError
from custom_components.hashwarm.keeping import heater_store

from .conftest import HEATER_ID, House, SetUp, complaints, heater_of, home_of


def ledger(hass: HomeAssistant) -> Path:
    return assembly.home_path(hass)


async def test_setup_reload_and_unload_leave_nothing_in_the_log(
    hass: HomeAssistant, set_up: SetUp, caplog: pytest.LogCaptureFixture, watched_loop: None
):
    house = await set_up()
    assert house.entry.state is ConfigEntryState.LOADED
    assert house.home_entry.state is ConfigEntryState.LOADED
    await hass.config_entries.async_reload(house.entry.entry_id)
    await hass.config_entries.async_reload(house.home_entry.entry_id)
    await house.a_pass()
    assert house.climate.state == "off"
    for entry in (house.entry, house.home_entry):
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert entry.state is ConfigEntryState.NOT_LOADED
    assert [worker.stopped > 0 for worker in house.workers] == [True, True]
    assert not complaints(caplog)


async def test_a_heater_makes_its_home(hass: HomeAssistant, workers: list[Any]):
    heater = heater_of()
    heater.add_to_hass(hass)
    assert await hass.config_entries.async_setup(heater.entry_id)
    await hass.async_block_till_done()
    home = House(hass, heater, workers).home_entry
    assert home.state is ConfigEntryState.LOADED
    assert (home.data, home.options) == ({"kind": "home"}, {})
    assert heater.runtime_data.home() is home.runtime_data.home


@pytest.mark.parametrize("home_first", [True, False])
async def test_whichever_starts_first_the_heater_books(hass: HomeAssistant, workers: list[Any], home_first: bool):
    entries = [home_of(), heater_of()] if home_first else [heater_of(), home_of()]
    for entry in entries:
        entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entries[0].entry_id)
    await hass.async_block_till_done()
    assert {entry.state for entry in entries} == {ConfigEntryState.LOADED}
    house = House(hass, next(entry for entry in entries if entry.unique_id == HEATER_ID), workers)
    await house.a_pass()
    assert house.coordinator.totals.meter_kwh == 0.0


async def test_a_home_unloaded_before_is_loaded_with_the_heater(hass: HomeAssistant, house: House):
    for entry in (house.entry, house.home_entry):
        await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(house.entry.entry_id)
    assert house.home_entry.state is ConfigEntryState.LOADED


async def test_without_its_home_the_heater_heats_and_its_money_is_unknown(hass: HomeAssistant, house: House):
    await hass.config_entries.async_unload(house.home_entry.entry_id)
    await house.do("climate", "turn_on")
    await house.a_pass()
    assert house.worker.commanded_w > 50.0
    assert house.coordinator.totals is None
    assert house.coordinator.outlook.value_per_kwh is None
    assert house.state("sensor", "energy").state == "unknown"
    assert await hass.config_entries.async_unload(house.entry.entry_id)


async def test_a_disabled_home_stays_disabled_and_the_heater_heats(hass: HomeAssistant, set_up: SetUp):
    home = home_of()
    object.__setattr__(home, "disabled_by", ConfigEntryDisabler.USER)
    house = await set_up(home=home)
    assert house.entry.state is ConfigEntryState.LOADED
    assert home.state is ConfigEntryState.NOT_LOADED
    assert house.coordinator.totals is None


@pytest.mark.parametrize("error", [WorkerBusyError("held"), WorkerError("broken")])
async def test_a_worker_that_does_not_start_is_tried_again(hass: HomeAssistant, set_up: SetUp, workers, error):
    make = backends.LocalWorker

    def failing(*args: Any, **kwargs: Any) -> Any:
        worker = make(*args, **kwargs)
        worker.start_error = error
        return worker

    with patch.object(backends, "LocalWorker", failing):
        house = await set_up()
    assert house.entry.state is ConfigEntryState.SETUP_RETRY
    assert house.entry.error_reason_translation_key == error.key
    assert house.worker.stopped, "a half-started worker is put away"
    await hass.config_entries.async_reload(house.entry.entry_id)
    assert house.entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("error", [RuntimeError("broken"), asyncio.CancelledError()])
@pytest.mark.parametrize("where", ["start", "platforms"])
async def test_a_set_up_that_fails_or_is_cancelled_leaves_no_worker_running(
    hass: HomeAssistant, set_up: SetUp, workers, error, where
):
    make = backends.LocalWorker

    def failing(*args: Any, **kwargs: Any) -> Any:
        worker = make(*args, **kwargs)
        worker.start_error = error if where == "start" else None
        return worker

    forward = hass.config_entries.async_forward_entry_setups

    async def forward_home_only(entry: Any, platforms: Any) -> None:
        if entry.unique_id == HEATER_ID and where == "platforms":
            raise error
        await forward(entry, platforms)

    with (
        patch.object(backends, "LocalWorker", failing),
        patch.object(hass.config_entries, "async_forward_entry_setups", forward_home_only),
    ):
        house = await set_up()
    assert house.entry.state is ConfigEntryState.SETUP_ERROR
    assert house.worker.stopped
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "heater"]


async def test_a_home_that_fails_its_set_up_leaves_no_task_and_no_thread(hass: HomeAssistant, set_up: SetUp):
    with patch.object(HomeCoordinator, "_async_update_data", side_effect=RuntimeError("broken")):
        house = await set_up()
    assert house.home_entry.state is ConfigEntryState.SETUP_RETRY
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("hashwarm")]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hashwarm")]


async def test_every_start_error_has_a_text_of_its_own(hass: HomeAssistant, set_up: SetUp, workers):
    make = backends.LocalWorker

    def failing(*args: Any, **kwargs: Any) -> Any:
        worker = make(*args, **kwargs)
        worker.start_error = DeviceUnreachableError("gone")
        return worker

    with patch.object(backends, "LocalWorker", failing):
        house = await set_up()
    assert house.entry.state is ConfigEntryState.SETUP_RETRY
    assert house.entry.reason not in {None, "device_unreachable"}


async def test_a_ledger_of_a_newer_version_is_left_alone(hass: HomeAssistant, set_up: SetUp):
    with sqlite3.connect(ledger(hass)) as connection:
        connection.execute("CREATE TABLE schema_version (room TEXT PRIMARY KEY, version INTEGER NOT NULL)")
        connection.execute("INSERT INTO schema_version VALUES ('money', 99)")
    connection.close()
    house = await set_up()
    assert house.home_entry.state is ConfigEntryState.SETUP_ERROR
    assert house.home_entry.error_reason_translation_key == "store_newer"
    assert house.entry.state is ConfigEntryState.LOADED, "heat does not wait for the books"
    with sqlite3.connect(ledger(hass)) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [(99,)]
    connection.close()


async def test_removal_forgets_the_settings_and_keeps_the_ledger(
    hass: HomeAssistant, house: House, hass_storage: dict[str, Any]
):
    await house.do("climate", "turn_on")
    await hass.config_entries.async_unload(house.entry.entry_id)
    key = heater_store(hass, house.entry.entry_id).key
    assert hass_storage[key]["data"]["settings"]["on"] is True
    await hass.config_entries.async_remove(house.entry.entry_id)
    assert key not in hass_storage
    assert ledger(hass).exists()
    assert not er.async_entries_for_config_entry(er.async_get(hass), house.entry.entry_id)
    await hass.config_entries.async_remove(house.home_entry.entry_id)
    assert ledger(hass).exists()
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_heaters_left_without_a_home_make_a_new_one(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
):
    await house.do("climate", "turn_on")
    old, chosen = house.home_entry.entry_id, dict(house.home_entry.options)
    assert chosen
    await hass.config_entries.async_remove(old)
    await hass.async_block_till_done()
    assert house.home_entry.entry_id != old
    assert house.home_entry.options == chosen, "the price and the choice to ask nobody hold on"
    assert house.home_entry.state is ConfigEntryState.LOADED
    assert house.entry.state is ConfigEntryState.LOADED
    for _ in range(3):
        await house.a_pass()
        freezer.tick(10)
    assert house.worker.commanded_w > 50.0
    assert house.coordinator.totals.today.energy_kwh > 0.0


@pytest.mark.parametrize("change", [{"currency": "SEK"}, {"time_zone": "Pacific/Auckland"}])
async def test_another_currency_or_time_zone_begins_anew(hass: HomeAssistant, house: House, change: dict[str, str]):
    await house.do("climate", "turn_on")
    home = house.home_entry.runtime_data.home
    await hass.config.async_update(**change)
    await hass.async_block_till_done()
    assert house.home_entry.runtime_data.home is not home
    assert house.home_entry.runtime_data.home.currency == change.get("currency", "EUR")
    assert len(house.workers) == 2
    await house.a_pass()
    assert house.worker.commanded_w > 50.0
    currency = change.get("currency", "EUR")
    assert house.state("sensor", "heating_cost").attributes["unit_of_measurement"] == currency
    assert house.state("sensor", "heating_cost", owner="home").attributes["unit_of_measurement"] == currency


async def test_another_place_in_the_same_time_zone_changes_nothing(hass: HomeAssistant, house: House):
    home = house.home_entry.runtime_data.home
    await hass.config.async_update(latitude=12.0)
    await hass.async_block_till_done()
    assert house.home_entry.runtime_data.home is home
    assert len(house.workers) == 1


async def test_figures_of_an_old_currency_never_carry_the_new_one(hass: HomeAssistant, house: House):
    hass.config.currency = "SEK"
    await house.do("climate", "turn_on")
    await house.a_pass()
    for key, unit in (("heating_cost", "EUR"), ("break_even_price", "EUR/kWh")):
        assert house.coordinator.currency == "EUR"
        assert house.entity("sensor", key).unit_of_measurement == unit


async def test_the_end_of_home_assistant_is_the_end_of_the_worker_and_of_the_open_interval(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
):
    await house.do("climate", "turn_on")
    freezer.tick(5)
    await house.a_pass()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert house.worker.stopped
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    with sqlite3.connect(ledger(hass)) as connection:
        rows = connection.execute("SELECT energy_mj, closed FROM money_interval WHERE energy_mj > 0").fetchall()
    connection.close()
    assert len(rows) == 1
    assert rows[0][1] == 1


async def test_a_heater_that_is_unloaded_leaves_no_open_interval(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
):
    await house.do("climate", "turn_on")
    freezer.tick(5)
    await house.a_pass()
    await hass.config_entries.async_unload(house.entry.entry_id)
    await house.home_entry.runtime_data.home.flush()
    with sqlite3.connect(ledger(hass)) as connection:
        rows = connection.execute("SELECT closed FROM money_interval WHERE energy_mj > 0").fetchall()
    connection.close()
    assert rows == [(1,)]


async def test_stored_nonsense_is_no_reason_to_stay_cold(
    hass: HomeAssistant, set_up: SetUp, hass_storage: dict[str, Any]
):
    key = heater_store(hass, "heater_entry").key
    nonsense = {"settings": {"on": True, "mode": "magic", "target_c": "warm"}, "controller": {"shaper": [1]}}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": nonsense}
    house = await set_up()
    assert house.climate.state == "heat"
    assert house.climate.attributes["temperature"] == 21.0
    assert house.state("select", "control").state == "thermostat"


async def test_devices(hass: HomeAssistant, house: House, snapshot: SnapshotAssertion):
    registry = dr.async_get(hass)
    devices = [
        registry.async_get_device_by_identifier((DOMAIN, owner), entry.entry_id)
        for owner, entry in ((HEATER_ID, house.entry), ("home", house.home_entry))
    ]
    assert devices == snapshot
