"""What a person may have a miner, or what computes for AI, do at once."""

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

from .ai_entities import (
    async_cancel_current,
    async_collect_earnings,
    async_finish_and_pause,
    earns_elsewhere,
    has_ai,
)
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


@dataclass(frozen=True, kw_only=True)
class AiButtonDescription(ButtonEntityDescription):
    """What a button does about AI work."""

    has_fn: Callable[[HeaterCoordinator], bool] = has_ai
    press_fn: Callable[[HeaterCoordinator], Awaitable[None]]


AI_BUTTONS: tuple[AiButtonDescription, ...] = (
    AiButtonDescription(key="cancel_current", translation_key="cancel_current", press_fn=async_cancel_current),
    AiButtonDescription(key="finish_and_pause", translation_key="finish_and_pause", press_fn=async_finish_and_pause),
    AiButtonDescription(
        key="collect_earnings",
        translation_key="collect_earnings",
        has_fn=earns_elsewhere,
        press_fn=async_collect_earnings,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HeaterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons that the device and its AI work offer."""
    coordinator = entry.runtime_data
    async_add_entities(
        HeaterButton(coordinator, description) for description in offered(coordinator, BUTTON_DOMAIN, BUTTONS)
    )
    async_add_entities(
        AiButton(coordinator, description) for description in offered(coordinator, BUTTON_DOMAIN, AI_BUTTONS)
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


class AiButton(HeaterEntity, ButtonEntity):
    """One thing to have done about AI work."""

    entity_description: AiButtonDescription

    def __init__(self, coordinator: HeaterCoordinator, description: AiButtonDescription) -> None:
        super().__init__(coordinator, description)

    @override
    async def async_press(self) -> None:
        await self.entity_description.press_fn(self.coordinator)

    @override
    def _watched(self) -> Any:
        return None
