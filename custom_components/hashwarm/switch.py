"""Pause a heater, let its planner steer, let it do AI work; the light and the fan's own rule of a miner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN, SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .ai_entities import async_set, has_ai, of_settings
from .comfort_options import follows_schedule
from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.miners import Feature
from .engine.model.telemetry import MinerFigures
from .entity import HeaterEntity, offered
from .option_defaults import heater_options

PARALLEL_UPDATES = 1
# A fan that a person takes over begins with enough air for any miner.
HAND_FAN_PERCENT = 100.0


@dataclass(frozen=True, kw_only=True)
class HeaterSwitchDescription(SwitchEntityDescription):
    """How a switch is read and set; None is unknown."""

    from_device: bool = False
    has_fn: Callable[[HeaterCoordinator], bool]
    value_fn: Callable[[HeaterCoordinator], bool | None]
    set_fn: Callable[[HeaterCoordinator, bool], Awaitable[None]]


def _figures[T](read: Callable[[MinerFigures], T]) -> Callable[[HeaterCoordinator], T | None]:
    def value(coordinator: HeaterCoordinator) -> T | None:
        telemetry = coordinator.data.telemetry
        return read(telemetry.miner) if telemetry is not None and telemetry.miner is not None else None

    return value


async def _set_pause(coordinator: HeaterCoordinator, on: bool) -> None:  # noqa: FBT001 - a switch is a yes or no
    coordinator.settings.paused = on
    await coordinator.async_settings_changed()


async def _set_planner(coordinator: HeaterCoordinator, on: bool) -> None:  # noqa: FBT001 - a switch is a yes or no
    coordinator.settings.planner = on
    await coordinator.async_settings_changed()


async def _set_preheat(coordinator: HeaterCoordinator, on: bool) -> None:  # noqa: FBT001 - a switch is a yes or no
    coordinator.settings.preheat = on
    await coordinator.async_settings_changed()


async def _set_light(coordinator: HeaterCoordinator, on: bool) -> None:  # noqa: FBT001 - a switch is a yes or no
    await coordinator.async_ask(lambda driver: driver.set_light(on=on))


async def _set_fan_automatic(coordinator: HeaterCoordinator, on: bool) -> None:  # noqa: FBT001 - a switch is a yes or no
    await coordinator.async_ask(lambda driver: driver.set_fan(None if on else HAND_FAN_PERCENT))


def _set_ai(name: str) -> Callable[[HeaterCoordinator, bool], Awaitable[None]]:
    return lambda coordinator, on: async_set(coordinator, name, on)


SWITCHES: tuple[HeaterSwitchDescription, ...] = (
    HeaterSwitchDescription(
        key="ai_enabled",
        translation_key="ai_enabled",
        has_fn=has_ai,
        value_fn=of_settings(lambda settings: settings.enabled),
        set_fn=_set_ai("enabled"),
    ),
    HeaterSwitchDescription(
        key="ai_queue_paused",
        translation_key="ai_queue_paused",
        has_fn=has_ai,
        value_fn=of_settings(lambda settings: settings.queue_paused),
        set_fn=_set_ai("queue_paused"),
    ),
    HeaterSwitchDescription(
        key="ai_without_heat",
        translation_key="ai_without_heat",
        entity_category=EntityCategory.CONFIG,
        has_fn=has_ai,
        value_fn=of_settings(lambda settings: settings.without_heat),
        set_fn=_set_ai("without_heat"),
    ),
    HeaterSwitchDescription(
        key="fan_automatic",
        translation_key="fan_automatic",
        from_device=True,
        entity_category=EntityCategory.CONFIG,
        has_fn=lambda coordinator: coordinator.has(Feature.FAN),
        value_fn=_figures(lambda miner: miner.fan_percent is None),
        set_fn=_set_fan_automatic,
    ),
    HeaterSwitchDescription(
        key="light",
        translation_key="light",
        from_device=True,
        entity_category=EntityCategory.CONFIG,
        has_fn=lambda coordinator: coordinator.has(Feature.LIGHT),
        value_fn=_figures(lambda miner: miner.light),
        set_fn=_set_light,
    ),
    HeaterSwitchDescription(
        key="pause",
        translation_key="pause",
        has_fn=lambda _: True,
        value_fn=lambda coordinator: coordinator.settings.paused,
        set_fn=_set_pause,
    ),
    HeaterSwitchDescription(
        key="planner",
        translation_key="planner",
        entity_category=EntityCategory.CONFIG,
        has_fn=lambda coordinator: coordinator.plans,
        value_fn=lambda coordinator: coordinator.settings.planner,
        set_fn=_set_planner,
    ),
    HeaterSwitchDescription(
        key="preheat",
        translation_key="preheat",
        entity_category=EntityCategory.CONFIG,
        has_fn=lambda coordinator: follows_schedule(heater_options(coordinator.config_entry)),
        value_fn=lambda coordinator: coordinator.settings.preheat,
        set_fn=_set_preheat,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HeaterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the switches of a heater."""
    coordinator = entry.runtime_data
    async_add_entities(
        HeaterSwitch(coordinator, description) for description in offered(coordinator, SWITCH_DOMAIN, SWITCHES)
    )


class HeaterSwitch(HeaterEntity, SwitchEntity):
    """One yes or no that a person may set."""

    entity_description: HeaterSwitchDescription

    def __init__(self, coordinator: HeaterCoordinator, description: HeaterSwitchDescription) -> None:
        super().__init__(coordinator, description)
        self._from_device = description.from_device

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def assumed_state(self) -> bool:
        # Of some lights nobody tells whether they shine: both may be asked for then.
        return self.is_on is None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.entity_description.set_fn(self.coordinator, True)  # noqa: FBT003 - a switch is a yes or no

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.entity_description.set_fn(self.coordinator, False)  # noqa: FBT003 - a switch is a yes or no

    @override
    def _watched(self) -> Any:
        return self.is_on
