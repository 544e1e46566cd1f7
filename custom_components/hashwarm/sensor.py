"""Sensors of a heater and of the home."""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import StateType
from homeassistant.util.dt import utcnow

from .accounts import accounts_of
from .ai_entities import has_ai
from .const import DOMAIN, HOME_UNIQUE_ID
from .coordinator import HashwarmConfigEntry, HeaterCoordinator, HomeCoordinator
from .engine.home import CircuitStatus
from .engine.model.telemetry import MinerFigures
from .entity import AccountEntity, HeaterEntity, HomeEntity, offered
from .periods import PERIODS
from .publishing import POWER
from .sensors_account import AccountSensorDescription, told_of
from .sensors_ai import AI_SENSORS, LISTS
from .sensors_heater import HEATER_SENSORS, HeaterSensorDescription
from .sensors_home import CIRCUIT_SENSORS, HOME_SENSORS, CircuitSensorDescription, HomeSensorDescription
from .sensors_miner import BOARD_SENSORS, FAN_SENSORS, MINER_SENSORS, PartSensorDescription
from .sensors_money import MONEY_SENSORS
from .sensors_planner import PLANNER_SENSORS
from .wiring import circuits_of, wiring

CIRCUIT_EVERY = timedelta(seconds=10)
PARALLEL_UPDATES = 0
CIRCUIT_PREFIX = f"{HOME_UNIQUE_ID}_circuit_"


async def async_setup_entry(
    hass: HomeAssistant, entry: HashwarmConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors of a heater or of the home."""
    coordinator = entry.runtime_data
    if isinstance(coordinator, HomeCoordinator):
        async_add_entities(_home_sensors(hass, coordinator))
        async_add_entities(_circuit_sensors(hass, coordinator))
        for account in accounts_of(entry):
            sensors = [AccountSensor(coordinator, account, told) for told in told_of(account)]
            async_add_entities(sensors, config_subentry_id=account.subentry_id)
        return
    table = (*HEATER_SENSORS, *MONEY_SENSORS, *MINER_SENSORS, *PLANNER_SENSORS, *AI_SENSORS)
    async_add_entities(
        HeaterSensor(coordinator, description) for description in offered(coordinator, SENSOR_DOMAIN, table)
    )
    if coordinator.miner is not None:
        parts = Parts(coordinator, async_add_entities)
        entry.async_on_unload(coordinator.async_add_listener(parts.look))
        parts.look()


def _home_sensors(hass: HomeAssistant, coordinator: HomeCoordinator) -> list[HomeSensor]:
    """Return the sensors of the home, and forget those it had once."""
    registry = er.async_get(hass)
    for description in HOME_SENSORS:
        unique_id = f"{HOME_UNIQUE_ID}_{description.key}"
        entity_id = registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, unique_id)
        if entity_id is not None and not description.has_fn(coordinator):
            registry.async_remove(entity_id)
    return [HomeSensor(coordinator, description) for description in HOME_SENSORS if description.has_fn(coordinator)]


def _circuit_sensors(hass: HomeAssistant, coordinator: HomeCoordinator) -> list[CircuitSensor]:
    """Return the sensors of all circuits, and forget those of circuits that are gone."""
    sensors = [
        CircuitSensor(coordinator, description, circuit)
        for circuit in circuits_of(hass)
        for description in CIRCUIT_SENSORS
    ]
    registry, wanted = er.async_get(hass), {sensor.unique_id for sensor in sensors}
    for entry in er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id):
        if entry.unique_id.startswith(CIRCUIT_PREFIX) and entry.unique_id not in wanted:
            registry.async_remove(entry.entity_id)
    return sensors


class Parts:
    """Adds the sensors of boards and fans as the device shows them; they come with the first answer."""

    def __init__(self, coordinator: HeaterCoordinator, add: AddConfigEntryEntitiesCallback) -> None:
        self._coordinator = coordinator
        self._add = add
        self._known: set[tuple[Callable[[MinerFigures], tuple[Any, ...]], int]] = set()

    @callback
    def look(self) -> None:
        """Add what was not there before."""
        figures = _figures(self._coordinator)
        if figures is None:
            return
        new: list[PartSensor] = []
        for find, table in _PARTS:
            for part in find(figures):
                if (find, part.index) not in self._known:
                    self._known.add((find, part.index))
                    new += [PartSensor(self._coordinator, description, find, part.index) for description in table]
        if new:
            self._add(new)


def _figures(coordinator: HeaterCoordinator) -> MinerFigures | None:
    telemetry = coordinator.data.telemetry
    return telemetry.miner if telemetry is not None else None


def _boards(figures: MinerFigures) -> tuple[Any, ...]:
    return figures.boards


def _fans(figures: MinerFigures) -> tuple[Any, ...]:
    return figures.fans


_PARTS: tuple[tuple[Callable[[MinerFigures], tuple[Any, ...]], tuple[PartSensorDescription[Any], ...]], ...] = (
    (_boards, BOARD_SENSORS),
    (_fans, FAN_SENSORS),
)


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
    # Tomorrow is of no use in yesterday's records, and the past is in the ledger.
    _unrecorded_attributes = frozenset({"plan", *PERIODS, *LISTS})

    def __init__(self, coordinator: HeaterCoordinator, description: HeaterSensorDescription) -> None:
        super().__init__(coordinator, description)
        if description.enabled_fn is not None:
            self._attr_entity_registry_enabled_default = description.enabled_fn(coordinator)
        self._from_device = description.from_device and not (description.of_ai_too and has_ai(coordinator))
        if coordinator.miner is not None and description.miner_precision is not None:
            self._attr_suggested_display_precision = description.miner_precision

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
        if before == after:
            return False
        lively, elapsed_s = self.coordinator.lively, self._quiet_for_s
        return len(before) != len(after) or any(
            change.matters(old, new, elapsed_s=elapsed_s, lively=lively)
            for (_, old), (change, new) in zip(before, after, strict=True)
        )


class HomeSensor(HomeEntity, SensorEntity):
    """One figure of the home."""

    entity_description: HomeSensorDescription
    _unrecorded_attributes = frozenset(PERIODS)

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


class AccountSensor(AccountEntity, SensorEntity):
    """One figure of a pool account."""

    entity_description: AccountSensorDescription

    @property
    @override
    def available(self) -> bool:
        reading = self._state.reading
        return reading is not None and (utcnow() - reading.at).total_seconds() <= self.entity_description.stale_after_s

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self._state)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self._state) if attributes_fn is not None else None


class CircuitSensor(HomeEntity, SensorEntity):
    """One figure of a breaker circuit; looked at more often than the ledger."""

    entity_description: CircuitSensorDescription

    def __init__(
        self, coordinator: HomeCoordinator, description: CircuitSensorDescription, circuit: ConfigSubentry
    ) -> None:
        super().__init__(coordinator, description)
        self._attr_unique_id = f"{CIRCUIT_PREFIX}{circuit.subentry_id}_{description.key}"
        self._attr_translation_placeholders = {"circuit": circuit.title}
        self._circuit_id = circuit.subentry_id
        self._circuits = wiring(coordinator.hass).neighbourhood.circuits
        self._shown: float | None = None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(async_track_time_interval(self.hass, self._look, CIRCUIT_EVERY))

    @callback
    def _look(self, _now: datetime) -> None:
        """Publish a change that matters."""
        if POWER.matters(self._shown, self._value, elapsed_s=None, lively=False):
            self.async_write_ha_state()

    @property
    def _status(self) -> CircuitStatus | None:
        return self._circuits.status(self._circuit_id, monotonic())

    @property
    def _value(self) -> float | None:
        return self.entity_description.value_fn(status) if (status := self._status) is not None else None

    @property
    @override
    def native_value(self) -> float | None:
        self._shown = self._value
        return self._shown

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        attributes_fn, status = self.entity_description.attributes_fn, self._status
        return attributes_fn(status) if attributes_fn is not None and status is not None else None
