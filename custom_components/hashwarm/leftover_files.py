"""What executors keep on this machine, and how it goes when nobody has them any more."""

from collections.abc import Iterable
from pathlib import Path
import re

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR

from .ai_const import SUBENTRY_EXECUTOR
from .const import DOMAIN, LOGGER
from .engine.jobs import remove_leftovers
from .engine.model.errors import ExecutorError

JOBS_FOLDER = f"{DOMAIN}_jobs"
_EXECUTOR_ID = re.compile(r"[0-9A-Z]{26}")
_KEEPSAKE = ".machine"
_KEEPSAKE_DRAFT = ".new"


def jobs_folder(hass: HomeAssistant) -> Path:
    """Return where jobs on this machine keep their work, a folder for each executor."""
    return Path(hass.config.path(JOBS_FOLDER))


def keepsake_path(hass: HomeAssistant, executor_id: str) -> Path:
    """Return where is noted what has to be put back at a machine with work of its own."""
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{executor_id}{_KEEPSAKE}"))


async def async_remove_leftovers(hass: HomeAssistant, executor_ids: Iterable[str]) -> None:
    """Remove the files of executors that a person removed; whose jobs still run, or that cannot go, stay."""
    for executor_id in executor_ids:
        await hass.async_add_executor_job(_remove, jobs_folder(hass), keepsake_path(hass, executor_id), executor_id)


async def async_sweep(hass: HomeAssistant) -> None:
    """Remove the files of executors that no heater has: of those removed while their heater was not loaded."""
    had = {
        subentry.subentry_id
        for entry in hass.config_entries.async_entries(DOMAIN)
        for subentry in entry.subentries.values()
        if subentry.subentry_type == SUBENTRY_EXECUTOR
    }
    found = await hass.async_add_executor_job(_found, jobs_folder(hass), Path(hass.config.path(STORAGE_DIR)))
    await async_remove_leftovers(hass, sorted(found - had))


def _found(jobs: Path, storage: Path) -> set[str]:
    """Return the executors of which there are files. Blocking."""
    head = f"{DOMAIN}."
    keepsakes = (path for tail in (_KEEPSAKE, _KEEPSAKE_DRAFT) for path in storage.glob(f"{head}*{tail}"))
    found = {path.stem.removeprefix(head) for path in keepsakes} | {path.name for path in jobs.glob("*")}
    return {name for name in found if _EXECUTOR_ID.fullmatch(name) is not None}


def _remove(jobs: Path, keepsake: Path, executor_id: str) -> None:
    """Remove what one executor kept, and say what stays. Blocking."""
    folder = jobs / executor_id
    try:
        if not remove_leftovers(jobs, executor_id):
            LOGGER.warning("The jobs' folder %s stays: something still runs in it, or it is not ours", folder)
            return
        for path in (keepsake, keepsake.with_suffix(_KEEPSAKE_DRAFT)):
            path.unlink(missing_ok=True)
    except (ExecutorError, OSError) as error:
        LOGGER.warning("The jobs' folder %s cannot be removed: %s", folder, error)
