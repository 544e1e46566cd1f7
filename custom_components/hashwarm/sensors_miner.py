"""The table of sensors that only a networked miner or other entities as a heater have."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import REVOLUTIONS_PER_MINUTE, EntityCategory, UnitOfPower, UnitOfTemperature, UnitOfTime
from homeassistant.helpers.typing import StateType

from .const import KIND_NETWORKED_MINER
from .coordinator import HeaterCoordinator
from .engine.model.telemetry import BoardReading, FanReading, MinerFigures
from .publishing import ANY, HASH_RATE, POWER, TEMPERATURE, Change
from .sensors_heater import HeaterSensorDescription


def _miner[T](read: Callable[[MinerFigures], T]) -> Callable[[HeaterCoordinator], T | None]:
    def value(coordinator: HeaterCoordinator) -> T | None:
        telemetry = coordinator.data.telemetry
        return read(telemetry.miner) if telemetry is not None and telemetry.miner is not None else None

    return value


def _is_miner(coordinator: HeaterCoordinator) -> bool:
    return coordinator.kind == KIND_NETWORKED_MINER


def _takes_settings(coordinator: HeaterCoordinator) -> bool:
    return coordinator.miner is not None


def _setting_figures(coordinator: HeaterCoordinator) -> dict[str, Any]:
    figures = _miner(lambda miner: miner)(coordinator)
    if figures is None:
        return {}
    return {"setting": figures.setting, "learned": figures.learned}


MINER_SENSORS: tuple[HeaterSensorDescription, ...] = (
    HeaterSensorDescription(
        key="device_temperature",
        translation_key="device_temperature",
        from_device=True,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.TEMPERATURE,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        change=TEMPERATURE,
        has_fn=_is_miner,
        value_fn=lambda coordinator: (
            coordinator.data.telemetry.device_c if coordinator.data.telemetry is not None else None
        ),
    ),
    HeaterSensorDescription(
        key="firmware",
        translation_key="firmware",
        entity_registry_enabled_default=False,
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=_is_miner,
        value_fn=_miner(lambda miner: miner.firmware),
    ),
    HeaterSensorDescription(
        key="inlet_temperature",
        translation_key="inlet_temperature",
        from_device=True,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.TEMPERATURE,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        change=TEMPERATURE,
        has_fn=_is_miner,
        value_fn=_miner(lambda miner: miner.inlet_c),
    ),
    HeaterSensorDescription(
        key="power_setting",
        translation_key="power_setting",
        from_device=True,
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=_takes_settings,
        attributes_fn=_setting_figures,
        watch_fn=lambda coordinator: tuple((ANY, figure) for figure in _setting_figures(coordinator).values()),
        value_fn=_miner(lambda miner: miner.setting_label),
    ),
    HeaterSensorDescription(
        key="power_setpoint",
        translation_key="power_setpoint",
        from_device=True,
        device_class=SensorDeviceClass.POWER,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        change=POWER,
        has_fn=_takes_settings,
        value_fn=_miner(lambda miner: miner.setpoint_w),
    ),
    HeaterSensorDescription(
        key="regulator_temperature",
        translation_key="regulator_temperature",
        from_device=True,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.TEMPERATURE,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        change=TEMPERATURE,
        has_fn=_is_miner,
        value_fn=_miner(lambda miner: miner.regulator_c),
    ),
    HeaterSensorDescription(
        key="uptime",
        translation_key="uptime",
        from_device=True,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        change=Change(at_most_every_s=300.0),
        has_fn=_is_miner,
        value_fn=_miner(lambda miner: miner.uptime_s),
    ),
)


@dataclass(frozen=True, kw_only=True)
class PartSensorDescription[P](SensorEntityDescription):
    """How a figure of one board or fan is found and when it is published."""

    change: Change
    value_fn: Callable[[P], StateType]


def _temperature(key: str, value_fn: Callable[[BoardReading], float | None]) -> PartSensorDescription[BoardReading]:
    return PartSensorDescription(
        key=key,
        translation_key=key,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.TEMPERATURE,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        change=TEMPERATURE,
        value_fn=value_fn,
    )


BOARD_SENSORS: tuple[PartSensorDescription[BoardReading], ...] = (
    _temperature("board_temperature", lambda board: board.board_c),
    _temperature("board_chip_temperature", lambda board: board.chip_c),
    PartSensorDescription(
        key="board_chips",
        translation_key="board_chips",
        entity_registry_enabled_default=False,
        entity_category=EntityCategory.DIAGNOSTIC,
        change=ANY,
        value_fn=lambda board: board.chips,
    ),
    PartSensorDescription(
        key="board_hash_rate",
        translation_key="board_hash_rate",
        entity_registry_enabled_default=False,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement="TH/s",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        change=HASH_RATE,
        value_fn=lambda board: board.hash_rate_hs / 1e12 if board.hash_rate_hs is not None else None,
    ),
)

FAN_SENSORS: tuple[PartSensorDescription[FanReading], ...] = (
    PartSensorDescription(
        key="fan_speed",
        translation_key="fan_speed",
        entity_registry_enabled_default=False,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        change=Change(relative=0.05),
        value_fn=lambda fan: fan.rpm,
    ),
)
