"""Home Assistant's own generic_thermostat, the entity of the installed package, in a Home Assistant of its own."""

import asyncio
from collections.abc import Coroutine
import logging
from tempfile import TemporaryDirectory
from typing import Any

from homeassistant.components.climate import HVACMode
from homeassistant.components.generic_thermostat.climate import GenericThermostat
from homeassistant.config_entries import ConfigEntries
from homeassistant.const import STATE_OFF, STATE_ON, UnitOfTemperature
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.helpers import (
    area_registry,
    category_registry,
    device_registry,
    entity,
    entity_registry,
    floor_registry,
    issue_registry,
    label_registry,
    restore_state,
    translation,
)
from homeassistant.helpers.entity_component import EntityComponent

from .thermostat_view import COMFORT_C, MAXIMUM_W, View, Weather

HEATER, SENSOR = "switch.miner", "sensor.room"
TOLERANCE_K = 0.3


class GenericThermostatOfCore:
    """Drives the real entity: the sensor's reports come in as states, its switch is the miner at full power."""

    weather = Weather.NONE
    uses_prices = False

    def __init__(self) -> None:
        logging.getLogger("homeassistant").setLevel(logging.ERROR)
        self._loop = asyncio.new_event_loop()
        self._folder = TemporaryDirectory(prefix="hashwarm-core-")
        self._setpoint_c = COMFORT_C
        self._hass, self._thermostat = self._run(_begin(self._folder.name))

    def demand_w(self, view: View) -> float:
        """Pass on what is new and return what the switch says."""
        if view.setpoint_c != self._setpoint_c:
            self._setpoint_c = view.setpoint_c
            self._run(self._thermostat.async_set_temperature(temperature=view.setpoint_c))
        if view.room_age_s == 0.0:
            self._run(self._report(view.room_c))
        return MAXIMUM_W if self._hass.states.is_state(HEATER, STATE_ON) else 0.0

    async def _report(self, room_c: float | None) -> None:
        self._hass.states.async_set(SENSOR, "unavailable" if room_c is None else str(room_c), force_update=True)
        await self._hass.async_block_till_done()

    def notes(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def close(self) -> None:
        """End Home Assistant."""
        self._run(self._hass.async_stop(force=True))
        self._loop.close()
        self._folder.cleanup()

    def _run[T](self, what: Coroutine[Any, Any, T]) -> T:
        """Run to the end on a loop that stands still in between: simulated time is not its business."""
        return self._loop.run_until_complete(what)


async def _begin(folder: str) -> tuple[HomeAssistant, GenericThermostat]:
    """Start a Home Assistant that has nothing but the thermostat and its switch."""
    hass = HomeAssistant(folder)
    hass.config.skip_pip = True
    hass.config_entries = ConfigEntries(hass, {})
    await hass.config_entries.async_initialize()
    entity.async_setup(hass)
    translation.async_setup(hass)
    device_registry.async_setup(hass)
    for registry in (
        area_registry,
        category_registry,
        device_registry,
        entity_registry,
        floor_registry,
        issue_registry,
        label_registry,
    ):
        await registry.async_load(hass)
    await restore_state.async_load(hass)

    async def turn(call: ServiceCall) -> None:
        hass.states.async_set(HEATER, STATE_ON if call.service == "turn_on" else STATE_OFF, context=call.context)

    hass.services.async_register("homeassistant", "turn_on", turn)
    hass.services.async_register("homeassistant", "turn_off", turn)
    hass.states.async_set(HEATER, STATE_OFF)
    hass.set_state(CoreState.running)
    thermostat = _thermostat()
    await EntityComponent[GenericThermostat](logging.getLogger(__name__), "climate", hass).async_add_entities(
        [thermostat]
    )
    await hass.async_block_till_done()
    return hass, thermostat


def _thermostat() -> GenericThermostat:
    """Return the entity with the integration's default tolerances."""
    return GenericThermostat(
        name="Room",
        heater_entity_id=HEATER,
        sensor_entity_id=SENSOR,
        min_temp=None,
        max_temp=None,
        target_temp=COMFORT_C,
        ac_mode=None,
        min_cycle_duration=None,
        max_cycle_duration=None,
        cycle_cooldown=None,
        cold_tolerance=TOLERANCE_K,
        hot_tolerance=TOLERANCE_K,
        keep_alive=None,
        initial_hvac_mode=HVACMode.HEAT,
        presets={},
        precision=None,
        target_temperature_step=None,
        unit=UnitOfTemperature.CELSIUS,
        unique_id=None,
    )
