"""The folder of an executor's jobs goes with the executor, and with nothing less."""

from pathlib import Path
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm import leftover_files
from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.heater import Workplace
from custom_components.hashwarm.engine.model.errors import ExecutorError
from custom_components.hashwarm.leftover_files import (
    JOBS_FOLDER,
    async_remove_leftovers,
    async_sweep,
    keepsake_path,
)

from ..conftest import SetUp, heater_of
from .conftest import EXECUTOR, add_subentry
from .fakes import FakeExecutor

GONE = "01K9ZZZZZZ0000000000000000"
OTHER = "01K9ZZZZZZ0000000000000001"


@pytest.fixture
def places() -> dict[str, Workplace]:
    return {GONE: Workplace(title="Box", executor=FakeExecutor(), expected_w=60.0)}


@pytest.fixture
def jobs(hass: HomeAssistant) -> Path:
    """Return where jobs keep their work: that of this executor, and of one that is another heater's."""
    folder = Path(hass.config.path(JOBS_FOLDER))
    for executor_id in (GONE, OTHER):
        (folder / executor_id / "job" / "checkpoints").mkdir(parents=True)
    return folder


@pytest.fixture
async def entry_id(hass: HomeAssistant, set_up: SetUp, still: None, jobs: Path) -> str:
    heater = heater_of()
    heater.add_to_hass(hass)
    add_subentry(hass, heater, SUBENTRY_EXECUTOR, GONE, "Box", EXECUTOR)
    await set_up(heater=heater)
    return heater.entry_id


@pytest.fixture
def keepsakes(hass: HomeAssistant) -> list[Path]:
    """Return what is to be put back at the machine of this executor, the draft of it, and that of another one."""
    paths = [keepsake_path(hass, GONE), keepsake_path(hass, GONE).with_suffix(".new"), keepsake_path(hass, OTHER)]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    return paths


def left(jobs: Path) -> set[str]:
    return {folder.name for folder in jobs.iterdir()}


@pytest.fixture
def neighbour(hass: HomeAssistant) -> None:
    """Another heater, which is not loaded, has the other executor."""
    disabled = ConfigEntryDisabler.USER
    other = MockConfigEntry(domain=DOMAIN, unique_id="neighbour", data=heater_of().data, disabled_by=disabled)
    other.add_to_hass(hass)
    add_subentry(hass, other, SUBENTRY_EXECUTOR, OTHER, "Other", EXECUTOR)


async def test_they_go_with_their_executor(
    hass: HomeAssistant, neighbour: None, entry_id: str, jobs: Path, keepsakes: list[Path]
):
    await hass.config_entries.async_reload(entry_id)
    assert left(jobs) == {GONE, OTHER}, "a heater that begins anew keeps the work of its jobs"
    assert all(path.exists() for path in keepsakes[::2])
    entry = hass.config_entries.async_get_known_entry(entry_id)
    hass.config_entries.async_remove_subentry(entry, GONE)
    await hass.async_block_till_done()
    assert left(jobs) == {OTHER}
    assert [path.exists() for path in keepsakes] == [False, False, True]


async def test_they_go_with_their_heater(
    hass: HomeAssistant, neighbour: None, entry_id: str, jobs: Path, keepsakes: list[Path]
):
    await hass.config_entries.async_remove(entry_id)
    assert left(jobs) == {OTHER}
    assert [path.exists() for path in keepsakes] == [False, False, True]


async def test_what_was_removed_while_its_heater_was_not_loaded_goes_when_it_is_loaded(
    hass: HomeAssistant, neighbour: None, entry_id: str, jobs: Path, keepsakes: list[Path]
):
    (jobs / "notes").mkdir()
    await hass.config_entries.async_unload(entry_id)
    entry = hass.config_entries.async_get_known_entry(entry_id)
    hass.config_entries.async_remove_subentry(entry, GONE)
    await hass.async_block_till_done()
    assert left(jobs) == {GONE, OTHER, "notes"}
    await hass.config_entries.async_setup(entry_id)
    assert left(jobs) == {OTHER, "notes"}
    assert [path.exists() for path in keepsakes] == [False, False, True]


async def test_nothing_to_sweep(hass: HomeAssistant, caplog: pytest.LogCaptureFixture):
    await async_sweep(hass)
    assert "stays" not in caplog.text


async def test_what_runs_or_cannot_go_stays_and_is_said(
    hass: HomeAssistant, jobs: Path, caplog: pytest.LogCaptureFixture
):
    with patch.object(leftover_files, "remove_leftovers", return_value=False):
        await async_remove_leftovers(hass, [GONE])
    with patch.object(leftover_files, "remove_leftovers", side_effect=ExecutorError("read-only")):
        await async_remove_leftovers(hass, [GONE])
    assert left(jobs) == {GONE, OTHER}
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"{jobs / GONE} stays" in said[-2]
    assert f"{jobs / GONE} cannot be removed: read-only" in said[-1]
