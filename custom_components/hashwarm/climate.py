"""The thermostat."""

from typing import Any, override

from homeassistant.components.climate import PRESET_NONE, ClimateEntity, ClimateEntityFeature, HVACAction, HVACMode
from homeassistant.const import ATTR_TEMPERATURE, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.heater import HeaterAction
from .engine.model.control import Preset
from .entity import HeaterEntity, refuse_nan

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
    _attr_max_temp = 30.0
    _attr_min_temp = 5.0
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
        return self.coordinator.settings.target_c

    @property
    @override
    def preset_mode(self) -> str:
        preset = self.coordinator.settings.preset
        return preset.value if preset is not None else PRESET_NONE

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
        if (hvac_mode := kwargs.get("hvac_mode")) is not None:
            self.coordinator.settings.on = hvac_mode == HVACMode.HEAT
        self.coordinator.settings.choose_target(kwargs[ATTR_TEMPERATURE])
        await self.coordinator.async_settings_changed()

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        settings = self.coordinator.settings
        if preset_mode == PRESET_NONE:
            settings.preset = None
        else:
            settings.choose_preset(Preset(preset_mode))
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
        )
