"""Sensors of a heater and of the home."""

from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import HashwarmConfigEntry, HeaterCoordinator, HomeCoordinator
from .entity import HeaterEntity, HomeEntity, offered
from .sensors_heater import HEATER_SENSORS, HeaterSensorDescription
from .sensors_home import HOME_SENSORS, HomeSensorDescription

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: HashwarmConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of a heater or of the home."""
    coordinator = entry.runtime_data
    if isinstance(coordinator, HomeCoordinator):
        async_add_entities(HomeSensor(coordinator, description) for description in HOME_SENSORS)
        return
    async_add_entities(
        HeaterSensor(coordinator, description) for description in offered(coordinator, SENSOR_DOMAIN, HEATER_SENSORS)
    )


class HeaterSensor(HeaterEntity, SensorEntity):
    """One figure of a heater."""

    entity_description: HeaterSensorDescription

    def __init__(self, coordinator: HeaterCoordinator, description: HeaterSensorDescription) -> None:
        super().__init__(coordinator, description)
        self._from_device = description.from_device

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        unit_fn = self.entity_description.unit_fn
        return unit_fn(self.coordinator) if unit_fn is not None else super().native_unit_of_measurement

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.coordinator) if attributes_fn is not None else None

    @property
    @override
    def last_reset(self) -> datetime | None:
        last_reset_fn = self.entity_description.last_reset_fn
        return last_reset_fn() if last_reset_fn is not None else None

    @override
    def _watched(self) -> Any:
        description = self.entity_description
        return ((description.change, self.native_value), *description.watch_fn(self.coordinator))

    @override
    def _matters(self, before: Any, after: Any) -> bool:
        lively, elapsed_s = self.coordinator.lively, self._quiet_for_s
        return len(before) != len(after) or any(
            change.matters(old, new, elapsed_s=elapsed_s, lively=lively)
            for (_, old), (change, new) in zip(before, after, strict=True)
        )


class HomeSensor(HomeEntity, SensorEntity):
    """One figure of the home."""

    entity_description: HomeSensorDescription

    def __init__(self, coordinator: HomeCoordinator, description: HomeSensorDescription) -> None:
        super().__init__(coordinator, description)

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        unit_fn = self.entity_description.unit_fn
        return unit_fn(self.coordinator) if unit_fn is not None else super().native_unit_of_measurement

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.coordinator) if attributes_fn is not None else None
