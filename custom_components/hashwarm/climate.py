"""The thermostat."""

from typing import Any, override

from homeassistant.components.climate import PRESET_NONE, ClimateEntity, ClimateEntityFeature, HVACAction, HVACMode
from homeassistant.const import ATTR_TEMPERATURE, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.dt import utc_from_timestamp, utcnow

from .comfort_options import room_sensors
from .const import DOMAIN
from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.heater import HeaterAction, InForce
from .engine.model.control import Preset
from .engine.model.errors import InvalidValueError
from .entity import HeaterEntity, refuse_nan
from .option_defaults import heater_options

PARALLEL_UPDATES = 1

ACTIONS: dict[HeaterAction, HVACAction] = {
    HeaterAction.OFF: HVACAction.OFF,
    HeaterAction.IDLE: HVACAction.IDLE,
    HeaterAction.PREHEATING: HVACAction.PREHEATING,
    HeaterAction.HEATING: HVACAction.HEATING,
}


async def async_setup_entry(
    hass: HomeAssistant, entry: HeaterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the thermostat of a heater."""
    async_add_entities([HeaterClimate(entry.runtime_data)])


class HeaterClimate(HeaterEntity, ClimateEntity):
    """A room's thermostat whose heat is computing."""

    _attr_hvac_modes = [HVACMode.OFF, HVACMode.HEAT]  # noqa: RUF012 - Home Assistant's own idiom
    _attr_name = None
    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_preset_modes = [PRESET_NONE, *(preset.value for preset in Preset)]  # noqa: RUF012 - Home Assistant's own idiom
    _attr_supported_features = (
        ClimateEntityFeature.PRESET_MODE
        | ClimateEntityFeature.TARGET_TEMPERATURE
        | ClimateEntityFeature.TURN_OFF
        | ClimateEntityFeature.TURN_ON
    )
    _attr_target_temperature_step = 0.5
    _attr_translation_key = "heater"

    def __init__(self, coordinator: HeaterCoordinator) -> None:
        super().__init__(coordinator)
        limits = coordinator.heater.comfort.options
        self._attr_min_temp, self._attr_max_temp = limits.lowest_c, limits.highest_c

    @property
    def _in_force(self) -> InForce | None:
        """Return what is in force, None before the first pass."""
        decision = self.coordinator.data.decision
        return decision.in_force if decision is not None else None

    @property
    @override
    def hvac_mode(self) -> HVACMode:
        return HVACMode.HEAT if self.coordinator.settings.on else HVACMode.OFF

    @property
    @override
    def hvac_action(self) -> HVACAction:
        return ACTIONS[self.coordinator.data.action]

    @property
    @override
    def native_current_temperature(self) -> float | None:
        decision = self.coordinator.data.decision
        return decision.room_c if decision is not None else None

    @property
    @override
    def native_target_temperature(self) -> float:
        return self._in_force.target_c if self._in_force is not None else self.coordinator.settings.target_c

    @property
    @override
    def preset_mode(self) -> str:
        in_force = self._in_force
        preset = in_force.preset if in_force is not None else self.coordinator.settings.preset
        return preset.value if preset is not None else PRESET_NONE

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return what decides about the target and until when, and the room sensors that do not count now."""
        in_force, decision = self._in_force, self.coordinator.data.decision
        if in_force is None or decision is None:
            return {"in_force": None, "until": None, "sensors_left_out": []}
        until = utc_from_timestamp(in_force.until).isoformat() if in_force.until is not None else None
        sensors = room_sensors(self.coordinator.config_entry, heater_options(self.coordinator.config_entry))
        return {
            "in_force": in_force.source.value,
            "until": until,
            "sensors_left_out": [sensors[rank] for rank in decision.dropped],
        }

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        self.coordinator.settings.on = hvac_mode is HVACMode.HEAT
        await self.coordinator.async_settings_changed()

    @override
    async def async_turn_on(self) -> None:
        await self.async_set_hvac_mode(HVACMode.HEAT)

    @override
    async def async_turn_off(self) -> None:
        await self.async_set_hvac_mode(HVACMode.OFF)

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        # Home Assistant's range check lets NaN through.
        refuse_nan(kwargs[ATTR_TEMPERATURE])
        try:
            self.coordinator.heater.comfort.choose_target(kwargs[ATTR_TEMPERATURE], now=utcnow().timestamp())
        except InvalidValueError as error:
            # The check of Home Assistant is in the unit that people see, and rounds.
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="target_limits", translation_placeholders=error.placeholders
            ) from error
        if (hvac_mode := kwargs.get("hvac_mode")) is not None:
            self.coordinator.settings.on = hvac_mode == HVACMode.HEAT
        await self.coordinator.async_settings_changed()

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        preset = None if preset_mode == PRESET_NONE else Preset(preset_mode)
        self.coordinator.heater.comfort.choose_preset(preset, now=utcnow().timestamp())
        await self.coordinator.async_settings_changed()

    @override
    def _watched(self) -> Any:
        room_c = self.native_current_temperature
        return (
            self.hvac_mode,
            self.hvac_action,
            None if room_c is None else round(room_c, 1),
            self.native_target_temperature,
            self.preset_mode,
            self.extra_state_attributes,
        )
