"""The table of sensors that tell of AI work: what runs, what waits, what it draws and earns, and why."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower, UnitOfRatio, UnitOfTime
from homeassistant.util.dt import start_of_local_day, utcnow

from .ai_entities import has_ai, kwh, money, of_ai, short
from .coordinator import HeaterCoordinator
from .engine.heater import AiState, AiStatus, ExecutorStanding
from .engine.home import Totals
from .engine.jobs import Job
from .engine.model.dispatch import DispatchReason
from .periods import by_period
from .publishing import ANY, MONEY, POWER, Change
from .sensors_heater import HeaterSensorDescription, Watched, currency_per_kwh

SHOWN_JOBS = 20
LISTS = ("executors", "jobs")
"""Attributes too long for the recorder, and of no use in it."""
POWER_CONTROLS = ("nvml", "amdgpu", "rapl", "duty_cycle", "none")
NOW_AND_THEN = Change(at_most_every_s=60.0)
_S_PER_MIN = 60.0


def _totals[T](read: Callable[[Totals], T]) -> Callable[[HeaterCoordinator], T | None]:
    return lambda coordinator: read(totals) if (totals := coordinator.totals) is not None else None


def _currency(coordinator: HeaterCoordinator) -> str:
    return coordinator.currency


def _currency_per_hour(coordinator: HeaterCoordinator) -> str:
    return f"{coordinator.currency}/{UnitOfTime.HOURS}"


def _percent(progress: float | None) -> float | None:
    return None if progress is None else round(progress * 100.0, 1)


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / _S_PER_MIN, 1)


def _eta(state: AiState) -> datetime | None:
    """Return when what runs will be done, on the minute: nobody can tell it better."""
    if state.remaining_s is None:
        return None
    return (utcnow() + timedelta(seconds=state.remaining_s)).replace(second=0, microsecond=0)


def _executor_of(state: AiState) -> ExecutorStanding | None:
    """Return what runs the job that is talked of."""
    return state.executors.get(state.job.spec.executor_id) if state.job is not None else None


def _standing(standing: ExecutorStanding) -> dict[str, Any]:
    return {
        "name": short(standing.title),
        "problem": standing.problem,
        "busy": standing.busy,
        "committed": standing.committed,
        "heats_room": standing.heats_room,
        "power_w": None if standing.power_w is None else round(standing.power_w, 1),
        "power_source": standing.power_source,
        "power_control": standing.power_control,
        "warnings": list(standing.warnings),
        **({"resources": dict(standing.resources)} if standing.resources else {}),
    }


def _status_figures(state: AiState) -> dict[str, Any]:
    job, executor = state.job, _executor_of(state)
    return {
        "job_id": job.job_id if job is not None else None,
        "job": short(state.name),
        "executor": short(executor.title) if executor is not None else None,
        "reason": short(job.reason) if job is not None else None,
        "executors": [_standing(standing) for standing in state.executors.values()],
    }


def _status_watched(state: AiState) -> Watched:
    figures = _status_figures(state)
    standings = [(standing["problem"], standing["busy"], standing["committed"]) for standing in figures["executors"]]
    return ((ANY, (*(figures[name] for name in ("job_id", "job", "executor", "reason")), *standings)),)


def _queued(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "name": short(job.spec.name),
        "state": job.state.value,
        "priority": job.spec.priority,
        "progress": _percent(job.progress),
    }


def _queue_figures(state: AiState) -> dict[str, Any]:
    return {"jobs": [_queued(job) for job in state.jobs[:SHOWN_JOBS]]}


def _queue_watched(state: AiState) -> Watched:
    return ((ANY, tuple((job.job_id, job.state, job.spec.priority) for job in state.jobs[:SHOWN_JOBS])),)


def _reason_figures(state: AiState) -> dict[str, Any]:
    """Return what the decision was made of, per kWh."""
    worth = state.worth
    return {"ai": worth.ai_per_kwh, "mining": worth.mining_per_kwh, "electricity_price": worth.price_per_kwh}


def _power_control(state: AiState) -> str | None:
    """Return how the watts of what runs are limited; while nothing runs, how they would be."""
    executor = _executor_of(state)
    standings = state.executors.values() if executor is None else [executor]
    method = next((each.power_control for each in standings if each.power_control != "none"), "none")
    return method if method in POWER_CONTROLS else None


def _power_controls(state: AiState) -> dict[str, Any]:
    standings = [_standing(standing) for standing in state.executors.values()]
    return {"executors": [{name: each[name] for name in ("name", "power_control")} for each in standings]}


def _figures(read: Callable[[AiState], dict[str, Any]]) -> Callable[[HeaterCoordinator], dict[str, Any]]:
    return lambda coordinator: of_ai(read)(coordinator) or {}


def _watched(read: Callable[[AiState], Watched]) -> Callable[[HeaterCoordinator], Watched]:
    return lambda coordinator: of_ai(read)(coordinator) or ()


AI_SENSORS: tuple[HeaterSensorDescription, ...] = (
    HeaterSensorDescription(
        key="ai_current_job",
        translation_key="ai_current_job",
        has_fn=has_ai,
        value_fn=of_ai(lambda state: short(state.name)),
    ),
    HeaterSensorDescription(
        key="ai_energy",
        translation_key="ai_energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=3,
        change=NOW_AND_THEN,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: None if state.energy_mj is None else kwh(state.energy_mj)),
    ),
    HeaterSensorDescription(
        key="ai_eta",
        translation_key="ai_eta",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        change=Change(absolute=120.0),
        has_fn=has_ai,
        value_fn=of_ai(_eta),
    ),
    HeaterSensorDescription(
        key="ai_jobs_completed",
        translation_key="ai_jobs_completed",
        state_class=SensorStateClass.TOTAL_INCREASING,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.completed),
    ),
    HeaterSensorDescription(
        key="ai_jobs_failed",
        translation_key="ai_jobs_failed",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.failed),
    ),
    HeaterSensorDescription(
        key="ai_jobs_running",
        translation_key="ai_jobs_running",
        state_class=SensorStateClass.MEASUREMENT,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.running),
    ),
    HeaterSensorDescription(
        key="ai_last_checkpoint",
        translation_key="ai_last_checkpoint",
        device_class=SensorDeviceClass.TIMESTAMP,
        change=NOW_AND_THEN,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.last_checkpoint),
    ),
    HeaterSensorDescription(
        key="ai_lost_work",
        translation_key="ai_lost_work",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.TOTAL_INCREASING,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.lost_work_today),
    ),
    HeaterSensorDescription(
        key="ai_next_checkpoint",
        translation_key="ai_next_checkpoint",
        device_class=SensorDeviceClass.TIMESTAMP,
        change=NOW_AND_THEN,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.next_checkpoint),
    ),
    HeaterSensorDescription(
        key="ai_power",
        translation_key="ai_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        change=POWER,
        has_fn=has_ai,
        attributes_fn=_figures(lambda state: {"source": state.power_source}),
        value_fn=of_ai(lambda state: state.power_w),
    ),
    HeaterSensorDescription(
        key="ai_preemptions_today",
        translation_key="ai_preemptions_today",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.TOTAL_INCREASING,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: state.preemptions_today),
    ),
    HeaterSensorDescription(
        key="ai_progress",
        translation_key="ai_progress",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        change=Change(absolute=1.0),
        has_fn=has_ai,
        value_fn=of_ai(lambda state: _percent(state.progress)),
    ),
    HeaterSensorDescription(
        key="ai_queue_length",
        translation_key="ai_queue_length",
        state_class=SensorStateClass.MEASUREMENT,
        has_fn=has_ai,
        attributes_fn=_figures(_queue_figures),
        value_fn=of_ai(lambda state: state.waiting),
        watch_fn=_watched(_queue_watched),
    ),
    HeaterSensorDescription(
        key="ai_revenue_pending",
        translation_key="ai_revenue_pending",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=4,
        change=MONEY,
        has_fn=has_ai,
        unit_fn=_currency,
        value_fn=of_ai(lambda state: money(state.pending_nano)),
    ),
    HeaterSensorDescription(
        key="ai_revenue_rate",
        translation_key="ai_revenue_rate",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        change=MONEY,
        has_fn=has_ai,
        unit_fn=_currency_per_hour,
        value_fn=of_ai(lambda state: state.revenue_per_hour),
    ),
    HeaterSensorDescription(
        key="ai_revenue_today",
        translation_key="ai_revenue_today",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=4,
        change=MONEY,
        last_reset_fn=start_of_local_day,
        has_fn=has_ai,
        unit_fn=_currency,
        value_fn=_totals(lambda totals: totals.today.ai_value),
    ),
    HeaterSensorDescription(
        key="ai_revenue_total",
        translation_key="ai_revenue_total",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=4,
        change=MONEY,
        has_fn=has_ai,
        unit_fn=_currency,
        attributes_fn=lambda coordinator: by_period(coordinator.totals, "ai_value"),
        value_fn=_totals(lambda totals: totals.all_time.ai_value),
    ),
    HeaterSensorDescription(
        key="ai_status",
        translation_key="ai_status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in AiStatus],
        has_fn=has_ai,
        attributes_fn=_figures(_status_figures),
        value_fn=of_ai(lambda state: state.status),
        watch_fn=_watched(_status_watched),
    ),
    HeaterSensorDescription(
        key="ai_time_remaining",
        translation_key="ai_time_remaining",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        change=NOW_AND_THEN,
        has_fn=has_ai,
        value_fn=of_ai(lambda state: _minutes(state.remaining_s)),
    ),
    HeaterSensorDescription(
        key="ai_value_per_kwh",
        translation_key="ai_value_per_kwh",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        change=MONEY,
        has_fn=has_ai,
        unit_fn=currency_per_kwh,
        value_fn=of_ai(lambda state: state.worth.ai_per_kwh),
    ),
    HeaterSensorDescription(
        key="dispatch_reason",
        translation_key="dispatch_reason",
        device_class=SensorDeviceClass.ENUM,
        options=[reason.value for reason in DispatchReason],
        has_fn=has_ai,
        attributes_fn=_figures(_reason_figures),
        value_fn=of_ai(lambda state: state.reason),
    ),
    HeaterSensorDescription(
        key="mining_value_per_kwh",
        translation_key="mining_value_per_kwh",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        change=MONEY,
        has_fn=has_ai,
        unit_fn=currency_per_kwh,
        value_fn=of_ai(lambda state: state.worth.mining_per_kwh),
    ),
    HeaterSensorDescription(
        key="power_control_method",
        translation_key="power_control_method",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=list(POWER_CONTROLS),
        has_fn=has_ai,
        attributes_fn=_figures(_power_controls),
        value_fn=of_ai(_power_control),
    ),
)
