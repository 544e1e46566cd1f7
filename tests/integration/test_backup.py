"""A backup that Home Assistant takes while the ledger is being written, restored into a new configuration folder."""

import asyncio
from datetime import timedelta
import json
from pathlib import Path
import sqlite3
import tarfile
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.backup import DATA_MANAGER
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import utcnow
import pytest

from custom_components.hashwarm.assembly import home_path
from custom_components.hashwarm.engine.home import HeaterSample
from custom_components.hashwarm.engine.store import Store

from .conftest import House

HEATERS = [f"heater {number}" for number in range(10)]


async def book_without_end(home: Any, freezer: FrozenDateTimeFactory) -> None:
    """Let ten heaters work, write after each second of theirs, and never rest."""
    start = utcnow()
    for second in range(10**6):
        freezer.move_to(start + timedelta(seconds=second))
        for heater in HEATERS:
            home.book(heater, HeaterSample(at_s=float(second), power_w=1000.0, running=True))
        await home.flush()
        await asyncio.sleep(0)


def unpack(backup: Path, folder: Path) -> None:
    """Do what a restore does: the archive of the configuration becomes the new one."""
    with tarfile.open(backup) as outer:
        assert json.load(outer.extractfile("./backup.json"))["homeassistant"]["exclude_database"]  # type: ignore[arg-type]
        inner = outer.extractfile("homeassistant.tar.gz")
        with tarfile.open(fileobj=inner, mode="r:gz") as archive:
            archive.extractall(folder, filter="data")


async def test_a_backup_under_load_is_whole(
    hass: HomeAssistant,
    house: House,
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
):
    assert await async_setup_component(hass, "backup", {})
    await hass.async_block_till_done()
    home = house.home_entry.runtime_data.home
    written: dict[str, Any] = {}
    pause = Store.pause

    async def noted(store: Store) -> None:
        await pause(store)
        written.update({heater: home.totals(heater).meter_kwh for heater in HEATERS})

    monkeypatch.setattr(Store, "pause", noted)
    load = hass.async_create_background_task(book_without_end(home, freezer), "load")
    while not home.totals(HEATERS[-1]).meter_kwh:
        await asyncio.sleep(0.01)
    await hass.data[DATA_MANAGER].async_create_backup(
        agent_ids=["backup.local"],
        include_addons=None,
        include_all_addons=False,
        include_database=False,
        include_folders=None,
        include_homeassistant=True,
        name="under load",
        password=None,
    )
    while not (tmp_path / "backups").exists() or hass.data[DATA_MANAGER].state != "idle":
        await asyncio.sleep(0.01)
    while (after := home.totals(HEATERS[0]).meter_kwh) == written[HEATERS[0]]:
        await asyncio.sleep(0.01)
    load.cancel()
    await asyncio.gather(load, return_exceptions=True)
    assert 0 < written[HEATERS[0]] < after, "it was taken in the midst of writing, and writing went on"

    for entry in (house.entry, house.home_entry):
        await hass.config_entries.async_unload(entry.entry_id)
    (backup,) = (tmp_path / "backups").glob("*.tar")
    restored = tmp_path_factory.mktemp("restored")
    await hass.async_add_executor_job(unpack, backup, restored)
    monkeypatch.setattr(hass.config, "config_dir", str(restored / "data"))
    assert_sound(home_path(hass))
    await hass.config_entries.async_setup(house.home_entry.entry_id)
    again = house.home_entry.runtime_data.home
    assert again.problem is None
    for heater in HEATERS:
        assert again.totals(heater).meter_kwh == written[heater], "what was written then, to the last mJ"
        assert again.totals(heater).all_time.energy_kwh == written[heater]


def assert_sound(path: Path) -> None:
    """Check the restored file as SQLite does, and that days add up to their intervals."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        days, intervals = (
            connection.execute(f"SELECT SUM(energy_mj) FROM {table}").fetchone()[0]
            for table in ("money_day", "money_interval WHERE closed")
        )
    connection.close()
    assert (days or 0) == (intervals or 0)
