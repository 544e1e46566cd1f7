"""Builds the device of a heater: the worker on this host, a networked miner, or other entities."""

import random
import time
from typing import Any

from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.ssl import get_default_context

from .adapters.entity_driver import ControlledEntity, EntityDriver
from .adapters.plug import EntityPlug
from .adapters.power import EntityPowerMeter
from .const import (
    AGENT,
    CONF_CONTROLLED,
    CONF_CUT_PLUG,
    CONF_END_THERMAL_LOOP,
    CONF_FAMILY,
    CONF_FULL_POWER,
    CONF_INTERVAL,
    CONF_KIND,
    CONF_MAXIMUM_POWER,
    CONF_MINIMUM_POWER,
    CONF_OFF_OPTION,
    CONF_PARTING,
    CONF_PAUSE_SWITCH,
    CONF_PLUG,
    CONF_POOLS,
    CONF_POWER_METER,
    CONF_PROFILE,
    CONF_THREADS,
    KIND_LOCAL_WORKER,
    KIND_NETWORKED_MINER,
)
from .coordinator import HeaterConfigEntry
from .engine.heater import LocalWorker, WorkerOptions
from .engine.miners import (
    ASIC_RS,
    BY_NAME,
    Family,
    Link,
    MinerOptions,
    MinerProfile,
    NetworkedMiner,
    Parting,
    driver_for,
    profile_from_dict,
)
from .engine.model.driver import Driver
from .engine.model.errors import InvalidValueError
from .engine.model.protocols import Backend
from .helpers import address_of, pool_from_dict


def build_backend(
    hass: HomeAssistant, entry: HeaterConfigEntry, options: dict[str, Any], stored: dict[str, Any]
) -> Backend:
    """Return the device of an entry; `stored` is what it asked to be kept."""
    if entry.data[CONF_KIND] == KIND_LOCAL_WORKER:
        worker_options = _worker_options(hass, entry, options)
        return LocalWorker(worker_options, clock=time.monotonic, randomness=random.Random())  # noqa: S311 - jitter
    profile = known_profile(entry, stored)
    networked = entry.data[CONF_KIND] == KIND_NETWORKED_MINER
    return NetworkedMiner(
        _miner_driver(hass, entry) if networked else _entity_driver(hass, entry, profile),
        profile,
        _miner_options(hass, options, name=f"{entry.title} ({_reached_at(entry)})"),
        clock=time.monotonic,
        randomness=random.Random(),  # noqa: S311 - jitter
        stored=stored,
    )


def known_profile(entry: HeaterConfigEntry, stored: dict[str, Any]) -> MinerProfile:
    """Return what the device is, as it said last, or as it said when it was set up."""
    try:
        return profile_from_dict(stored["profile"])
    except InvalidValueError, KeyError:
        return profile_from_dict(entry.data[CONF_PROFILE])


def _miner_driver(hass: HomeAssistant, entry: HeaterConfigEntry) -> Driver:
    family = Family(entry.data[CONF_FAMILY])
    info = ASIC_RS if family is Family.ASIC_RS else BY_NAME[family]
    return driver_for(Link(session=async_get_clientsession(hass)), address_of(entry.data), info)


def _entity_driver(hass: HomeAssistant, entry: HeaterConfigEntry, profile: MinerProfile) -> Driver:
    # It may have been renamed while nobody looked; one without an entry in the registry has its name only.
    known = er.async_get(hass).async_get(entry.unique_id or "")
    controlled = ControlledEntity(
        entity_id=known.entity_id if known is not None else entry.data[CONF_CONTROLLED],
        switch_id=entry.data.get(CONF_PAUSE_SWITCH),
        off_option=entry.data.get(CONF_OFF_OPTION),
    )
    return EntityDriver(hass, controlled, profile)


def _reached_at(entry: HeaterConfigEntry) -> str:
    """Return what tells a device from another of the same name."""
    return str(entry.data.get(CONF_HOST) or entry.data[CONF_CONTROLLED])


def _miner_options(hass: HomeAssistant, options: dict[str, Any], *, name: str) -> MinerOptions:
    meter, plug = options.get(CONF_POWER_METER), options.get(CONF_PLUG)
    return MinerOptions(
        name=name,
        interval_s=options[CONF_INTERVAL],
        minimum_w=options.get(CONF_MINIMUM_POWER),
        maximum_w=options.get(CONF_MAXIMUM_POWER),
        parting=Parting(options[CONF_PARTING]),
        meter=EntityPowerMeter(hass, meter) if meter else None,
        plug=EntityPlug(hass, plug) if plug else None,
        cut_plug=options[CONF_CUT_PLUG],
        end_thermal_loop=options[CONF_END_THERMAL_LOOP],
    )


def _worker_options(hass: HomeAssistant, entry: HeaterConfigEntry, options: dict[str, Any]) -> WorkerOptions:
    meter = options.get(CONF_POWER_METER)
    return WorkerOptions(
        pools=tuple(pool_from_dict(stored) for stored in entry.data[CONF_POOLS]),
        threads=int(options[CONF_THREADS]),
        full_power_w=options.get(CONF_FULL_POWER),
        meter=EntityPowerMeter(hass, meter) if meter else None,
        agent=AGENT,
        ssl_context=get_default_context,
    )
