"""The table of a heater's sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower, UnitOfRatio, UnitOfTemperature
from homeassistant.helpers.typing import StateType

from .const import KIND_LOCAL_WORKER
from .coordinator import HeaterCoordinator
from .engine.heater import Decision
from .engine.model.capabilities import PowerSource
from .engine.model.control import Why
from .engine.model.telemetry import DeviceStatus, PoolState, Telemetry, Workload
from .publishing import ANY, HASH_RATE, POWER, TEMPERATURE, Change

type Value = StateType | datetime
type Watched = tuple[tuple[Change, Any], ...]


@dataclass(frozen=True, kw_only=True)
class HeaterSensorDescription(SensorEntityDescription):
    """How a heater's figure is found and when it is published."""

    attributes_fn: Callable[[HeaterCoordinator], dict[str, Any]] | None = None
    change: Change = ANY
    enabled_fn: Callable[[HeaterCoordinator], bool] | None = None
    """Whether it is on from the start, where that depends on the heater."""
    from_device: bool = False
    of_ai_too: bool = False
    """Whether AI work has a say in it as well, which goes on while the device does not answer."""
    has_fn: Callable[[HeaterCoordinator], bool] = lambda _: True
    miner_precision: int | None = None
    """Digits after the point for a miner, where one on this host needs more."""
    last_reset_fn: Callable[[], datetime] | None = None
    unit_fn: Callable[[HeaterCoordinator], str] | None = None
    value_fn: Callable[[HeaterCoordinator], Value]
    watch_fn: Callable[[HeaterCoordinator], Watched] = lambda _: ()
    """What else is worth a new state when it changes."""


def _decision[T](read: Callable[[Decision], T]) -> Callable[[HeaterCoordinator], T | None]:
    return lambda coordinator: read(coordinator.data.decision) if coordinator.data.decision is not None else None


def _telemetry[T](read: Callable[[Telemetry], T]) -> Callable[[HeaterCoordinator], T | None]:
    return lambda coordinator: read(coordinator.data.telemetry) if coordinator.data.telemetry is not None else None


def _pool[T](read: Callable[[PoolState], T]) -> Callable[[HeaterCoordinator], T | None]:
    def value(coordinator: HeaterCoordinator) -> T | None:
        telemetry = coordinator.data.telemetry
        return read(telemetry.pool) if telemetry is not None and telemetry.pool is not None else None

    return value


def _in_th(hash_rate_hs: float | None) -> float | None:
    return hash_rate_hs / 1e12 if hash_rate_hs is not None else None


def currency_per_kwh(coordinator: HeaterCoordinator) -> str:
    """Return the unit of a price."""
    return f"{coordinator.currency}/{UnitOfEnergy.KILO_WATT_HOUR}"


def _hashes(coordinator: HeaterCoordinator) -> bool:
    return coordinator.hashes


def _workload(coordinator: HeaterCoordinator) -> Workload | None:
    """Return what the watts are spent on, by the device and by AI work beside it; unknown is unknown."""
    mining, ai = coordinator.data.workload, coordinator.ai
    if ai is None or not ai.busy:
        return mining
    return Workload.AI if mining in {None, Workload.OFF} else Workload.MIXED


def _why_figures(coordinator: HeaterCoordinator) -> dict[str, Any]:
    decision = coordinator.data.decision
    if decision is None:
        return {}
    wanted = decision.in_force
    return {
        "room_temperature": decision.room_c,
        "target_temperature": wanted.target_c if wanted is not None else coordinator.settings.target_c,
        "heat_demand_w": round(decision.demand_w, 1),
        "power_target_w": round(decision.power_w, 1),
        "expected_temperature": coordinator.expected_c,
    }


def _why_watched(coordinator: HeaterCoordinator) -> Watched:
    figures = _why_figures(coordinator)
    return tuple(zip((TEMPERATURE, ANY, POWER, POWER, TEMPERATURE), figures.values(), strict=False))


def _pool_figures(coordinator: HeaterCoordinator) -> dict[str, Any]:
    telemetry = coordinator.data.telemetry
    pool = telemetry.pool if telemetry is not None else None
    if pool is None:
        return {}
    return {
        "connected": pool.connected,
        "difficulty": pool.difficulty,
        "message": pool.message,
        "problem": pool.problem,
        "share_interval_s": pool.share_interval_s,
        "version_rolling": pool.version_rolling,
    }


def _telemetry_problem(coordinator: HeaterCoordinator) -> Watched:
    telemetry = coordinator.data.telemetry
    return ((ANY, telemetry.problem),) if telemetry is not None else ()


def _pool_watched(coordinator: HeaterCoordinator) -> Watched:
    return tuple((HASH_RATE, figure) for figure in _pool_figures(coordinator).values())


HEATER_SENSORS: tuple[HeaterSensorDescription, ...] = (
    HeaterSensorDescription(
        key="best_share",
        translation_key="best_share",
        entity_category=EntityCategory.DIAGNOSTIC,
        suggested_display_precision=4,
        has_fn=lambda coordinator: coordinator.tells_pool,
        value_fn=_pool(lambda pool: round(pool.best_share, 3) if pool.best_share is not None else None),
    ),
    HeaterSensorDescription(
        key="chip_temperature",
        translation_key="chip_temperature",
        from_device=True,
        device_class=SensorDeviceClass.TEMPERATURE,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        change=TEMPERATURE,
        value_fn=_telemetry(lambda telemetry: telemetry.chip_c),
    ),
    HeaterSensorDescription(
        key="efficiency",
        translation_key="efficiency",
        from_device=True,
        native_unit_of_measurement="J/TH",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        change=HASH_RATE,
        has_fn=_hashes,
        value_fn=lambda coordinator: coordinator.data.efficiency_j_per_th,
    ),
    HeaterSensorDescription(
        key="hash_rate",
        translation_key="hash_rate",
        from_device=True,
        native_unit_of_measurement="TH/s",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=7,
        miner_precision=2,
        change=HASH_RATE,
        has_fn=_hashes,
        value_fn=_telemetry(lambda telemetry: _in_th(telemetry.hash_rate_hs)),
    ),
    HeaterSensorDescription(
        key="heat_demand",
        translation_key="heat_demand",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        change=Change(absolute=2.0),
        value_fn=_decision(lambda decision: decision.demand_percent),
    ),
    HeaterSensorDescription(
        key="kernel",
        translation_key="kernel",
        entity_registry_enabled_default=False,
        from_device=True,
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=lambda coordinator: coordinator.kind == KIND_LOCAL_WORKER,
        attributes_fn=lambda coordinator: {"problem": t.problem} if (t := coordinator.data.telemetry) else {},
        value_fn=_telemetry(lambda telemetry: telemetry.kernel),
        watch_fn=_telemetry_problem,
    ),
    HeaterSensorDescription(
        key="pool",
        translation_key="pool",
        from_device=True,
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=lambda coordinator: coordinator.tells_pool,
        attributes_fn=_pool_figures,
        value_fn=_pool(lambda pool: pool.name),
        watch_fn=_pool_watched,
    ),
    HeaterSensorDescription(
        key="power",
        translation_key="power",
        from_device=True,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        change=POWER,
        value_fn=lambda coordinator: coordinator.data.power_w,
    ),
    HeaterSensorDescription(
        key="power_source",
        translation_key="power_source",
        from_device=True,
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=[source.value for source in PowerSource],
        value_fn=_telemetry(lambda telemetry: telemetry.power_source),
    ),
    HeaterSensorDescription(
        key="power_target",
        translation_key="power_target",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        change=POWER,
        value_fn=_decision(lambda decision: decision.power_w),
    ),
    HeaterSensorDescription(
        key="shares_accepted",
        translation_key="shares_accepted",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        has_fn=lambda coordinator: coordinator.tells_pool,
        value_fn=_pool(lambda pool: pool.shares_accepted),
    ),
    HeaterSensorDescription(
        key="shares_rejected",
        translation_key="shares_rejected",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        has_fn=lambda coordinator: coordinator.tells_pool,
        attributes_fn=lambda coordinator: dict(_pool(lambda pool: pool.reject_reasons)(coordinator) or ()),
        value_fn=_pool(lambda pool: pool.shares_rejected),
    ),
    HeaterSensorDescription(
        key="starts_today",
        translation_key="starts_today",
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda coordinator: coordinator.data.starts_today,
    ),
    HeaterSensorDescription(
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in DeviceStatus],
        value_fn=_telemetry(lambda telemetry: telemetry.status),
    ),
    HeaterSensorDescription(
        key="why",
        translation_key="why",
        device_class=SensorDeviceClass.ENUM,
        options=[why.value for why in Why],
        attributes_fn=_why_figures,
        value_fn=_decision(lambda decision: decision.why),
        watch_fn=_why_watched,
    ),
    HeaterSensorDescription(
        key="workload",
        translation_key="workload",
        from_device=True,
        device_class=SensorDeviceClass.ENUM,
        options=[workload.value for workload in Workload],
        of_ai_too=True,
        has_fn=_hashes,
        value_fn=_workload,
    ),
)
