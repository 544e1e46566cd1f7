"""Who is master, and what spends the watts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.select import DOMAIN as SELECT_DOMAIN, SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .ai_entities import async_set, has_ai, of_settings
from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.model.control import ControlMode
from .engine.model.dispatch import WorkloadMode
from .entity import HeaterEntity, offered

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class HeaterSelectDescription(SelectEntityDescription):
    """How a choice is read and made."""

    has_fn: Callable[[HeaterCoordinator], bool] = lambda _: True
    value_fn: Callable[[HeaterCoordinator], str | None]
    set_fn: Callable[[HeaterCoordinator, str], Awaitable[None]]


async def _set_control(coordinator: HeaterCoordinator, option: str) -> None:
    coordinator.settings.mode = ControlMode(option)
    await coordinator.async_settings_changed()


async def _set_workload_mode(coordinator: HeaterCoordinator, option: str) -> None:
    await async_set(coordinator, "mode", WorkloadMode(option))


SELECTS: tuple[HeaterSelectDescription, ...] = (
    HeaterSelectDescription(
        key="control",
        translation_key="control",
        entity_category=EntityCategory.CONFIG,
        options=[mode.value for mode in ControlMode],
        value_fn=lambda coordinator: coordinator.settings.mode.value,
        set_fn=_set_control,
    ),
    HeaterSelectDescription(
        key="workload_mode",
        translation_key="workload_mode",
        options=[mode.value for mode in WorkloadMode],
        has_fn=has_ai,
        value_fn=of_settings(lambda settings: settings.mode.value),
        set_fn=_set_workload_mode,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HeaterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the choices of a heater."""
    coordinator = entry.runtime_data
    async_add_entities(
        HeaterSelect(coordinator, description) for description in offered(coordinator, SELECT_DOMAIN, SELECTS)
    )


class HeaterSelect(HeaterEntity, SelectEntity):
    """One choice."""

    entity_description: HeaterSelectDescription

    def __init__(self, coordinator: HeaterCoordinator, description: HeaterSelectDescription) -> None:
        super().__init__(coordinator, description)

    @property
    @override
    def current_option(self) -> str | None:
        return self.entity_description.value_fn(self.coordinator)

    @override
    async def async_select_option(self, option: str) -> None:
        await self.entity_description.set_fn(self.coordinator, option)

    @override
    def _watched(self) -> Any:
        return self.current_option
