"""This machine as an executor of AI jobs: whom they run as, what they must not read, and how their power is limited."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
import importlib
from pathlib import Path
import time
from types import ModuleType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.requirements import RequirementsNotFound
from homeassistant.util.dt import utcnow
from homeassistant.util.yaml import load_yaml_dict

from .ai_const import (
    CONF_AS_NOBODY,
    CONF_GPU_INDEX,
    CONF_MEMORY_LIMIT,
    CONF_POWER_CONTROL,
    CONF_SLOTS,
    PowerControl,
)
from .const import DOMAIN, LOGGER
from .engine.jobs import (
    NVML_REQUIREMENT,
    LocalExecutor,
    LocalSettings,
    PowerLimiter,
    as_nobody,
    choose_limiter,
)
from .helpers import install
from .leftover_files import jobs_folder

SECRET_YAML = "secrets.yaml"  # noqa: S105 - the name of a file
NVML = "pynvml"
_INSTALLED_WITHIN_S = 25.0
# What a job must not read where we may hide it: the rights, passwords and life of the home.
_PRIVATE = (
    ".storage",
    ".cloud",
    ".ssh",
    "backups",
    "configuration.yaml",
    SECRET_YAML,
    *(f"{name}{tail}" for name in ("home-assistant_v2.db", f"{DOMAIN}.db") for tail in ("", "-wal", "-shm")),
)
_PRIVATE_PLACES = ("/ssl", "/backup")

type Data = Mapping[str, Any]


def build_local(
    hass: HomeAssistant, subentry: ConfigSubentry, measured_w: Callable[[], float | None] | None
) -> LocalExecutor:
    """Return what runs jobs on this machine; their checkpoints lie in the config folder."""
    return LocalExecutor(
        jobs_folder(hass) / subentry.subentry_id,
        now=utcnow,
        clock=time.monotonic,
        settings=local_settings(hass, subentry.data),
        measured_w=measured_w,
        secrets=secrets_of(hass),
    )


def local_settings(hass: HomeAssistant, data: Data) -> LocalSettings:
    """Return how jobs run on this machine."""
    slots, memory_mb = int(data[CONF_SLOTS]), data.get(CONF_MEMORY_LIMIT)
    hidden = [Path(hass.config.path(name)) for name in _PRIVATE] + [Path(place) for place in _PRIVATE_PLACES]
    settings = (
        as_nobody(hidden, slots=slots, currency=hass.config.currency)
        if data[CONF_AS_NOBODY]
        else LocalSettings(slots=slots, currency=hass.config.currency)
    )
    return settings if memory_mb is None else replace(settings, memory_mb=round(memory_mb))


def secrets_of(hass: HomeAssistant) -> Callable[[str], str | None]:
    """Return what finds a secret in secrets.yaml, None where there is none of that name; reads files."""
    path = hass.config.path(SECRET_YAML)

    def find(name: str) -> str | None:
        try:
            value: Any = load_yaml_dict(path).get(name)
        except HomeAssistantError, OSError:
            return None
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None

    return find


def build_limiter(hass: HomeAssistant, data: Data) -> PowerLimiter | None:
    """Return what limits and measures the hardware that a person named, None where that is none."""
    control, gpu = PowerControl(data[CONF_POWER_CONTROL]), data.get(CONF_GPU_INDEX)
    allow_rapl = control is PowerControl.RAPL
    if control is PowerControl.DUTY_CYCLE or (gpu is None and not allow_rapl):
        return None
    return choose_limiter(
        folder=Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}_power")),
        clock=time.monotonic,
        gpu_index=None if gpu is None else int(gpu),
        allow_rapl=allow_rapl,
        load=lambda: load_nvml(hass),
    )


def load_nvml(hass: HomeAssistant) -> ModuleType:
    """Return NVIDIA's library, installed if need be. Blocking, for another thread than the loop's. Errors: ImportError.

    Most heaters have no such GPU, so that it is no requirement of the integration.
    """
    try:
        return importlib.import_module(NVML)
    except ImportError:
        LOGGER.debug("%s is to be installed", NVML_REQUIREMENT)
    installing = asyncio.run_coroutine_threadsafe(install(hass, NVML_REQUIREMENT), hass.loop)
    try:
        installing.result(_INSTALLED_WITHIN_S)
    except (RequirementsNotFound, TimeoutError) as error:
        installing.cancel()
        raise ImportError(f"{NVML_REQUIREMENT} cannot be installed") from error
    return importlib.import_module(NVML)
