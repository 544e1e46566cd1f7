"""What a person may have a miner do at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import (
    DOMAIN as BUTTON_DOMAIN,
    ButtonDeviceClass,
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.miners import Feature
from .engine.model.driver import Driver
from .entity import HeaterEntity, offered

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class HeaterButtonDescription(ButtonEntityDescription):
    """What a button has the device do."""

    has_fn: Callable[[HeaterCoordinator], bool]
    press_fn: Callable[[Driver], Awaitable[None]]


BUTTONS: tuple[HeaterButtonDescription, ...] = (
    HeaterButtonDescription(
        key="restart",
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        has_fn=lambda coordinator: coordinator.has(Feature.RESTART),
        press_fn=lambda driver: driver.restart(),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HeaterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons that the device offers."""
    coordinator = entry.runtime_data
    async_add_entities(
        HeaterButton(coordinator, description) for description in offered(coordinator, BUTTON_DOMAIN, BUTTONS)
    )


class HeaterButton(HeaterEntity, ButtonEntity):
    """One thing to have done."""

    entity_description: HeaterButtonDescription
    _from_device = True

    def __init__(self, coordinator: HeaterCoordinator, description: HeaterButtonDescription) -> None:
        super().__init__(coordinator, description)

    @override
    async def async_press(self) -> None:
        await self.coordinator.async_ask(self.entity_description.press_fn)

    @override
    def _watched(self) -> Any:
        return None
