"""The folder of an executor's jobs goes with the executor, and with nothing less."""

from pathlib import Path
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.hashwarm import local_machine
from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR
from custom_components.hashwarm.engine.heater import Workplace
from custom_components.hashwarm.engine.model.errors import ExecutorError
from custom_components.hashwarm.local_machine import JOBS_FOLDER, async_remove_folders

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


def left(jobs: Path) -> set[str]:
    return {folder.name for folder in jobs.iterdir()}


async def test_it_goes_with_its_executor(hass: HomeAssistant, entry_id: str, jobs: Path):
    await hass.config_entries.async_reload(entry_id)
    assert left(jobs) == {GONE, OTHER}, "a heater that begins anew keeps the work of its jobs"
    entry = hass.config_entries.async_get_known_entry(entry_id)
    hass.config_entries.async_remove_subentry(entry, GONE)
    await hass.async_block_till_done()
    assert left(jobs) == {OTHER}


async def test_it_goes_with_its_heater(hass: HomeAssistant, entry_id: str, jobs: Path):
    await hass.config_entries.async_remove(entry_id)
    assert left(jobs) == {OTHER}


async def test_what_runs_or_cannot_go_stays_and_is_said(
    hass: HomeAssistant, jobs: Path, caplog: pytest.LogCaptureFixture
):
    with patch.object(local_machine, "remove_leftovers", return_value=False):
        await async_remove_folders(hass, [GONE])
    with patch.object(local_machine, "remove_leftovers", side_effect=ExecutorError("read-only")):
        await async_remove_folders(hass, [GONE])
    assert left(jobs) == {GONE, OTHER}
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"{jobs / GONE} stays" in said[-2]
    assert f"{jobs / GONE} cannot be removed: read-only" in said[-1]
