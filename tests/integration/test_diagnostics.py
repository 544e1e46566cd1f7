"""What goes into a bug report, the system page and a backup."""

import json
from pathlib import Path
import sqlite3
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.hashwarm import assembly
from custom_components.hashwarm.backup import async_post_backup, async_pre_backup
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.diagnostics import async_get_config_entry_diagnostics
from custom_components.hashwarm.engine.model.errors import StoreUnavailableError
from custom_components.hashwarm.engine.store import Store

from .conftest import HOME_OPTIONS, House, SetUp, home_of

SECRETS = ("bc1qsecret", "hush", "my.server")


@pytest.fixture
async def noon_house(set_up: SetUp, freezer: FrozenDateTimeFactory) -> House:
    freezer.move_to("2026-11-22T12:00:00+00:00")
    return await set_up(home=home_of({**HOME_OPTIONS, "market_url": "https://me:hush@my.server"}))


@pytest.mark.parametrize("which", ["heater", "home"])
async def test_diagnostics_tell_all_but_secrets(
    hass: HomeAssistant, noon_house: House, snapshot: SnapshotAssertion, which: str
):
    await noon_house.do("climate", "turn_on")
    entry = noon_house.entry if which == "heater" else noon_house.home_entry
    told = await async_get_config_entry_diagnostics(hass, entry)
    text = json.dumps(told)
    assert not [secret for secret in SECRETS if secret in text]
    assert "NaN" not in text
    assert "Infinity" not in text
    assert told == snapshot(exclude=props("at_s"))


async def test_diagnostics_of_a_heater_that_has_not_said_anything_yet(hass: HomeAssistant, house: House):
    await hass.config_entries.async_unload(house.home_entry.entry_id)
    house.coordinator.data = type(house.coordinator.data)(
        settings=house.coordinator.settings, capabilities=house.worker.capabilities
    )
    told = await async_get_config_entry_diagnostics(hass, house.entry)
    assert (told["decision"], told["telemetry"], told["totals"]) == (None, None, None)


@pytest.mark.parametrize("which", ["heater", "home"])
async def test_diagnostics_of_an_entry_that_is_not_loaded(hass: HomeAssistant, noon_house: House, which: str):
    entry = noon_house.entry if which == "heater" else noon_house.home_entry
    await hass.config_entries.async_unload(entry.entry_id)
    told = await async_get_config_entry_diagnostics(hass, entry)
    assert told["data"]["kind"] == entry.data["kind"]
    assert told["state"] == "not_loaded"
    assert told["options"]
    assert not [secret for secret in SECRETS if secret in json.dumps(told)]


async def test_system_health(hass: HomeAssistant, set_up: SetUp, aioclient_mock: AiohttpClientMocker):
    assert await async_setup_component(hass, "system_health", {})
    aioclient_mock.get("https://mempool.space", text="")
    house = await set_up()
    info = await get_system_health_info(hass, DOMAIN)
    assert info == {"heaters": 1, "kernels": "generic", "pools_connected": "1/1"}
    hass.config_entries.async_update_entry(house.home_entry, options={**HOME_OPTIONS, "market_online": True})
    info = await get_system_health_info(hass, DOMAIN)
    assert await info["can_reach_market"] == "ok"
    hass.config_entries.async_update_entry(house.home_entry, options=HOME_OPTIONS)
    await hass.config_entries.async_unload(house.entry.entry_id)
    info = await get_system_health_info(hass, DOMAIN)
    assert (info["heaters"], info["kernels"], info["pools_connected"]) == (0, "-", "0/0")


async def test_a_backup_holds_all_that_was_counted(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory, tmp_path: Path
):
    await house.do("climate", "turn_on")
    freezer.tick(10)
    await house.a_pass()
    await async_pre_backup(hass)
    copy = tmp_path / "copy.db"
    copy.write_bytes(assembly.home_path(hass).read_bytes())
    freezer.tick(10)
    await house.a_pass()
    assert house.worker.commanded_w > 50.0, "heating goes on meanwhile"
    await async_post_backup(hass)
    await house.home_entry.runtime_data.home.flush()
    energies = []
    for path in (copy, assembly.home_path(hass)):
        with sqlite3.connect(path) as connection:
            energies.append(connection.execute("SELECT sum(energy_mj) FROM money_interval").fetchone()[0])
        connection.close()
    assert 0 < energies[0] < energies[1]


async def test_a_ledger_that_cannot_be_brought_together_stops_the_backup_not_the_writer(
    hass: HomeAssistant, house: House
):
    with (
        patch.object(Store, "_checkpoint", side_effect=StoreUnavailableError("disk full")),
        pytest.raises(HomeAssistantError) as failed,
    ):
        await async_pre_backup(hass)
    assert failed.value.translation_key == "store_unavailable"
    await house.home_entry.runtime_data.home.flush()
    assert house.home_entry.runtime_data.home.problem is None


async def test_without_a_home_there_is_nothing_to_hold(hass: HomeAssistant):
    await async_pre_backup(hass)
    await async_post_backup(hass)


def test_secrets_are_really_in_the_entries(hass: HomeAssistant, noon_house: House):
    """Else the test above would prove nothing."""
    data: Any = json.dumps([dict(noon_house.entry.data), dict(noon_house.home_entry.options)])
    assert all(secret in data for secret in SECRETS)
