"""Whether the pool is there, and whether the heater does less than it was told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    DOMAIN as BINARY_SENSOR_DOMAIN,
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .comfort_options import watches_windows
from .const import KIND_NETWORKED_MINER
from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.heater import HeaterState, Source
from .entity import HeaterEntity, offered
from .option_defaults import heater_options

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HeaterBinarySensorDescription(BinarySensorEntityDescription):
    """How a yes or no is found; None is unknown."""

    from_device: bool = True
    has_fn: Callable[[HeaterCoordinator], bool] = lambda _: True
    value_fn: Callable[[HeaterState], bool | None]


def _pool_connected(state: HeaterState) -> bool | None:
    telemetry = state.telemetry
    return telemetry.pool.connected if telemetry is not None and telemetry.pool is not None else None


def _own_loop(state: HeaterState) -> bool | None:
    """Return whether a loop of the device's own fights the thermostat."""
    telemetry = state.telemetry
    if telemetry is None or telemetry.miner is None:
        return None
    return telemetry.miner.thermal_loop is not None


def _window_open(state: HeaterState) -> bool | None:
    """Return whether an open window keeps the heat back, whoever told of it."""
    in_force = state.decision.in_force if state.decision is not None else None
    return in_force.source is Source.WINDOW_OPEN if in_force is not None else None


BINARY_SENSORS: tuple[HeaterBinarySensorDescription, ...] = (
    HeaterBinarySensorDescription(
        key="limited",
        translation_key="limited",
        entity_registry_enabled_default=False,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda state: state.telemetry.limited if state.telemetry is not None else None,
    ),
    HeaterBinarySensorDescription(
        key="own_loop",
        translation_key="own_loop",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=lambda coordinator: coordinator.miner is not None and coordinator.kind == KIND_NETWORKED_MINER,
        value_fn=_own_loop,
    ),
    HeaterBinarySensorDescription(
        key="pool_connected",
        translation_key="pool_connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=lambda coordinator: coordinator.tells_pool,
        value_fn=_pool_connected,
    ),
    HeaterBinarySensorDescription(
        key="window_open",
        translation_key="window_open",
        device_class=BinarySensorDeviceClass.WINDOW,
        from_device=False,
        has_fn=lambda coordinator: watches_windows(heater_options(coordinator.config_entry)),
        value_fn=_window_open,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HeaterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the binary sensors of a heater."""
    coordinator = entry.runtime_data
    async_add_entities(
        HeaterBinarySensor(coordinator, description)
        for description in offered(coordinator, BINARY_SENSOR_DOMAIN, BINARY_SENSORS)
    )


class HeaterBinarySensor(HeaterEntity, BinarySensorEntity):
    """A yes or no of a heater."""

    entity_description: HeaterBinarySensorDescription

    def __init__(self, coordinator: HeaterCoordinator, description: HeaterBinarySensorDescription) -> None:
        super().__init__(coordinator, description)
        self._from_device = description.from_device

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value_fn(self.coordinator.data)

    @override
    def _watched(self) -> Any:
        return self.is_on
