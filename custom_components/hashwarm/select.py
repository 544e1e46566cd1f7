"""Who is master."""

from typing import Any, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.model.control import ControlMode
from .entity import HeaterEntity

PARALLEL_UPDATES = 1

CONTROL = SelectEntityDescription(
    key="control",
    translation_key="control",
    entity_category=EntityCategory.CONFIG,
    options=[mode.value for mode in ControlMode],
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HeaterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the control select of a heater."""
    async_add_entities([ControlSelect(entry.runtime_data)])


class ControlSelect(HeaterEntity, SelectEntity):
    """Thermostat, heat demand or manual power."""

    def __init__(self, coordinator: HeaterCoordinator) -> None:
        super().__init__(coordinator, CONTROL)

    @property
    @override
    def current_option(self) -> str:
        return self.coordinator.settings.mode.value

    @override
    async def async_select_option(self, option: str) -> None:
        self.coordinator.settings.mode = ControlMode(option)
        await self.coordinator.async_settings_changed()

    @override
    def _watched(self) -> Any:
        return self.current_option
