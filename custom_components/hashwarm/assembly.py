"""Builds the engine's objects from config entries."""

from pathlib import Path
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.dt import get_default_time_zone, utcnow

from .accounts import account_options
from .adapters.btc_price import BtcPriceSensor
from .adapters.temperature import EntityTemperature
from .ai_assembly import build_workshop
from .backends import build_backend
from .comfort_options import build_comfort, fusion_of, outlet_limit_w, room_sensors
from .const import (
    CONF_BTC_SENSOR,
    CONF_CHIP_MAXIMUM,
    CONF_INSULATION,
    CONF_MANUAL_BTC_PRICE,
    CONF_MANUAL_DIFFICULTY,
    CONF_MARKET_ONLINE,
    CONF_MARKET_URL,
    CONF_OUTDOOR_SENSOR,
    CONF_PRESET_TARGETS,
    CONF_ROOM_MAXIMUM,
    CONF_ROOM_RESPONSE,
    CONF_STALE_MINUTES,
    CONF_SURPLUS_WARMEST,
    CONF_WEATHER,
    DOMAIN,
)
from .coordinator import HeaterConfigEntry, HeaterCoordinator, HomeConfigEntry
from .electricity import build_alternative, build_electricity
from .engine.heater import (
    AI_SCHEMAS,
    Comfort,
    Controller,
    Forethought,
    Heater,
    HeaterSettings,
    Insulation,
    Pilot,
    RoomResponse,
    SafetyLimits,
    Site,
    Surroundings,
    assumed_house,
    sun_on_walls,
)
from .engine.home import HomeOptions, OpenHome, open_home
from .engine.model.control import Preset
from .foresight import FollowingForesight
from .option_defaults import heater_options, home_options
from .revenue import MiningRevenue


def build_heater(
    hass: HomeAssistant,
    entry: HeaterConfigEntry,
    coordinator: HeaterCoordinator,
    stored: dict[str, Any],
    learned: dict[str, Any] | None = None,
) -> Heater:
    """Return the heater of an entry, with the settings, the control state and the learned house of last time."""
    options = heater_options(entry)
    outdoor = entry.data.get(CONF_OUTDOOR_SENSOR)
    settings, (response, insulation) = _settings(options, stored.get("settings")), _words(entry)
    comfort = build_comfort(hass, entry, options, settings, response=response, tz=get_default_time_zone())
    comfort.resume(stored.get("comfort") or {})
    backend = build_backend(hass, entry, options, stored.get("backend") or {})
    maximum_w = backend.capabilities.maximum_w
    return Heater(
        backend=backend,
        controller=Controller.restored(
            response,
            _limits(options),
            stored.get("controller"),
            now=utcnow().timestamp(),
            insulation=insulation,
        ),
        settings=settings,
        comfort=comfort,
        forethought=_forethought(hass, coordinator, comfort, maximum_w, learned) if coordinator.plans else None,
        room=tuple(EntityTemperature(hass, entity_id) for entity_id in room_sensors(entry, options)),
        outdoor=EntityTemperature(hass, outdoor) if outdoor else None,
        clock=time.monotonic,
        now=utcnow,
        timezone=get_default_time_zone(),
        book=coordinator.book,
        on_change=coordinator.passed,
        workshop=build_workshop(hass, entry, coordinator, stored.get("ai")),
    )


def _words(entry: HeaterConfigEntry) -> tuple[RoomResponse, Insulation]:
    """Return what a person said of the room."""
    return (
        RoomResponse(entry.data[CONF_ROOM_RESPONSE]),
        Insulation(entry.data.get(CONF_INSULATION, Insulation.ORDINARY)),
    )


def _forethought(
    hass: HomeAssistant,
    coordinator: HeaterCoordinator,
    comfort: Comfort,
    maximum_w: float,
    learned: dict[str, Any] | None,
) -> Forethought:
    """Return the planner of a heater, with what it learned before; it begins with what two words tell of the house."""
    entry = coordinator.config_entry
    options = heater_options(entry)
    site = Site(latitude=hass.config.latitude, longitude=hass.config.longitude)
    prior = assumed_house(*_words(entry), maximum_w)
    revenue = MiningRevenue(coordinator, time.monotonic)
    entry.async_on_unload(coordinator.async_add_listener(revenue.look))
    told_by = (entry.data.get(CONF_OUTDOOR_SENSOR), options.get(CONF_WEATHER))
    return Forethought(
        Pilot.restored(prior, maximum_w, learned, enabled=comfort.settings.planner),
        Surroundings(
            foresight=FollowingForesight(hass, entry, lambda at, cloud: sun_on_walls(at, site, cloud)),
            timezone=get_default_time_zone(),
            site=site,
            surplus_warmest_c=options.get(CONF_SURPLUS_WARMEST),
            revenue=revenue,
            outlet_w=outlet_limit_w(options),
            told_by=told_by,
            told_anew=learned is not None and learned.get("told_by") not in (None, list(told_by)),
        ),
        comfort,
        now=utcnow,
        in_executor=hass.async_add_executor_job,
        on_plan=coordinator.planned,
    )


def _limits(options: dict[str, Any]) -> SafetyLimits:
    return SafetyLimits(
        room_maximum_c=options[CONF_ROOM_MAXIMUM],
        chip_maximum_c=options[CONF_CHIP_MAXIMUM],
        stale_after_s=options[CONF_STALE_MINUTES] * 60.0,
        power_maximum_w=outlet_limit_w(options),
        fusion=fusion_of(options),
    )


def _settings(options: dict[str, Any], stored: dict[str, Any] | None) -> HeaterSettings:
    settings = HeaterSettings.from_dict(stored) if stored else HeaterSettings()
    settings.preset_targets_c = {preset: options[CONF_PRESET_TARGETS][preset.value] for preset in Preset}
    if settings.preset is not None:
        settings.choose_preset(settings.preset)
    return settings


async def open_home_of(hass: HomeAssistant, entry: HomeConfigEntry) -> OpenHome:
    """Open the ledger and the market of the home entry."""
    options = home_options(entry)
    sensor: str | None = options.get(CONF_BTC_SENSOR)
    electricity = await build_electricity(hass, entry, options)
    alternative = build_alternative(hass, options, electricity)
    return await open_home(
        home_path(hass),
        HomeOptions(
            currency=hass.config.currency,
            market_url=options[CONF_MARKET_URL] if options[CONF_MARKET_ONLINE] else None,
            accounts=account_options(entry),
            btc_price=BtcPriceSensor(hass, sensor, hass.config.currency).read if sensor is not None else None,
            manual_difficulty=options.get(CONF_MANUAL_DIFFICULTY),
            manual_btc_price=options.get(CONF_MANUAL_BTC_PRICE),
        ),
        session=async_get_clientsession(hass),
        tz=get_default_time_zone(),
        clock=time.monotonic,
        now=utcnow,
        electricity=electricity,
        alternative_per_kwh=alternative.per_kwh if alternative is not None else _unknown_price,
        guests=AI_SCHEMAS,
    )


def home_path(hass: HomeAssistant) -> Path:
    """Return where the ledger lies: in the config folder, and so in Home Assistant's backups."""
    return Path(hass.config.path(f"{DOMAIN}.db"))


def _unknown_price() -> None:
    return None
