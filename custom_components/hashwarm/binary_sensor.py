"""Whether the pool is there, whether the heater does less than it was told, and whether it is worth its electricity."""

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

from .ai_entities import has_ai, of_ai
from .comfort_options import watches_windows
from .const import KIND_NETWORKED_MINER
from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.heater import Source
from .entity import HeaterEntity, offered
from .heater_money import (
    compares,
    electricity_per_kwh,
    heat_cost,
    is_cheaper,
    is_solo,
    other_heat_cost,
    pays_without_heat,
    revenue_per_kwh,
)
from .option_defaults import heater_options

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HeaterBinarySensorDescription(BinarySensorEntityDescription):
    """How a yes or no is found; None is unknown."""

    from_device: bool = True
    has_fn: Callable[[HeaterCoordinator], bool] = lambda _: True
    attributes_fn: Callable[[HeaterCoordinator], dict[str, Any]] | None = None
    value_fn: Callable[[HeaterCoordinator], bool | None]


def _pool_connected(coordinator: HeaterCoordinator) -> bool | None:
    telemetry = coordinator.data.telemetry
    return telemetry.pool.connected if telemetry is not None and telemetry.pool is not None else None


def _own_loop(coordinator: HeaterCoordinator) -> bool | None:
    """Return whether a loop of the device's own fights the thermostat."""
    telemetry = coordinator.data.telemetry
    if telemetry is None or telemetry.miner is None:
        return None
    return telemetry.miner.thermal_loop is not None


def _limited(coordinator: HeaterCoordinator) -> bool | None:
    telemetry = coordinator.data.telemetry
    return telemetry.limited if telemetry is not None else None


def _window_open(coordinator: HeaterCoordinator) -> bool | None:
    """Return whether an open window keeps the heat back, whoever told of it."""
    decision = coordinator.data.decision
    in_force = decision.in_force if decision is not None else None
    return in_force.source is Source.WINDOW_OPEN if in_force is not None else None


def _problems(coordinator: HeaterCoordinator) -> dict[str, Any]:
    """Return what cannot be reached, and why."""
    standings = coordinator.ai.executors.values() if coordinator.ai is not None else ()
    return {"problems": {standing.title: standing.problem for standing in standings if standing.problem is not None}}


def _comparison(coordinator: HeaterCoordinator) -> dict[str, Any]:
    """Return the two costs of a kWh of heat that are compared."""
    return {"heat_cost": heat_cost(coordinator), "other_heat_cost": other_heat_cost(coordinator)}


def _margin(coordinator: HeaterCoordinator) -> dict[str, Any]:
    """Return what a kWh earns and costs."""
    return {"revenue": revenue_per_kwh(coordinator), "electricity_price": electricity_per_kwh(coordinator)}


BINARY_SENSORS: tuple[HeaterBinarySensorDescription, ...] = (
    HeaterBinarySensorDescription(
        key="ai_busy",
        translation_key="ai_busy",
        device_class=BinarySensorDeviceClass.RUNNING,
        from_device=False,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.busy),
    ),
    HeaterBinarySensorDescription(
        key="ai_committed",
        translation_key="ai_committed",
        from_device=False,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.committed),
    ),
    HeaterBinarySensorDescription(
        key="ai_connected",
        translation_key="ai_connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        from_device=False,
        has_fn=has_ai,
        attributes_fn=_problems,
        value_fn=of_ai(lambda state: state.connected),
    ),
    HeaterBinarySensorDescription(
        key="cheaper_than_other",
        translation_key="cheaper_than_other",
        from_device=False,
        has_fn=compares,
        attributes_fn=_comparison,
        value_fn=is_cheaper,
    ),
    HeaterBinarySensorDescription(
        key="limited",
        translation_key="limited",
        entity_registry_enabled_default=False,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_limited,
    ),
    HeaterBinarySensorDescription(
        key="mining_pays",
        translation_key="mining_pays",
        from_device=False,
        has_fn=lambda coordinator: coordinator.mines and not is_solo(coordinator),
        attributes_fn=_margin,
        value_fn=pays_without_heat,
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
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.coordinator) if attributes_fn is not None else None

    @override
    def _watched(self) -> Any:
        return self.is_on
