"""Sensors of a heater and of the home."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import HashwarmConfigEntry, HeaterCoordinator, HomeCoordinator
from .engine.model.telemetry import MinerFigures
from .entity import HeaterEntity, HomeEntity, offered
from .sensors_heater import HEATER_SENSORS, HeaterSensorDescription
from .sensors_home import HOME_SENSORS, HomeSensorDescription
from .sensors_miner import BOARD_SENSORS, FAN_SENSORS, MINER_SENSORS, PartSensorDescription

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: HashwarmConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of a heater or of the home."""
    coordinator = entry.runtime_data
    if isinstance(coordinator, HomeCoordinator):
        async_add_entities(HomeSensor(coordinator, description) for description in HOME_SENSORS)
        return
    table = (*HEATER_SENSORS, *MINER_SENSORS)
    async_add_entities(
        HeaterSensor(coordinator, description) for description in offered(coordinator, SENSOR_DOMAIN, table)
    )
    if coordinator.miner is not None:
        parts = Parts(coordinator, async_add_entities)
        entry.async_on_unload(coordinator.async_add_listener(parts.look))
        parts.look()


class Parts:
    """Adds the sensors of boards and fans as the device shows them; they come with the first answer."""

    def __init__(self, coordinator: HeaterCoordinator, add: AddConfigEntryEntitiesCallback) -> None:
        self._coordinator = coordinator
        self._add = add
        self._known: set[str] = set()

    @callback
    def look(self) -> None:
        """Add what was not there before."""
        figures = _figures(self._coordinator)
        if figures is None:
            return
        tables = ((_boards, BOARD_SENSORS), (_fans, FAN_SENSORS))
        wanted = [
            PartSensor(self._coordinator, description, find, part.index)
            for find, table in tables
            for part in find(figures)
            for description in table
        ]
        new = [sensor for sensor in wanted if sensor.unique_id not in self._known]
        if new:
            self._known |= {str(sensor.unique_id) for sensor in new}
            self._add(new)


def _figures(coordinator: HeaterCoordinator) -> MinerFigures | None:
    telemetry = coordinator.data.telemetry
    return telemetry.miner if telemetry is not None else None


def _boards(figures: MinerFigures) -> tuple[Any, ...]:
    return figures.boards


def _fans(figures: MinerFigures) -> tuple[Any, ...]:
    return figures.fans


class PartSensor(HeaterEntity, SensorEntity):
    """One figure of one board or fan."""

    entity_description: PartSensorDescription[Any]
    _from_device = True

    def __init__(
        self,
        coordinator: HeaterCoordinator,
        description: PartSensorDescription[Any],
        find: Callable[[MinerFigures], tuple[Any, ...]],
        index: int,
    ) -> None:
        super().__init__(coordinator, description)
        self._attr_unique_id = f"{self._attr_unique_id}_{index}"
        self._attr_translation_placeholders = {"number": str(index + 1)}
        self._find = find
        self._index = index

    @property
    @override
    def native_value(self) -> StateType:
        figures = _figures(self.coordinator)
        parts = self._find(figures) if figures is not None else ()
        part = next((part for part in parts if part.index == self._index), None)
        return None if part is None else self.entity_description.value_fn(part)

    @override
    def _watched(self) -> Any:
        return self.native_value

    @override
    def _matters(self, before: Any, after: Any) -> bool:
        change, elapsed_s = self.entity_description.change, self._quiet_for_s
        return change.matters(before, after, elapsed_s=elapsed_s, lively=self.coordinator.lively)


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
