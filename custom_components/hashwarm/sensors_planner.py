"""The table of sensors that tell of the planner: what it knows, what it intends, and how far it is trusted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfPower, UnitOfTemperature, UnitOfTime
from homeassistant.util.dt import utcnow

from .coordinator import HeaterCoordinator
from .engine.heater import Forethought
from .engine.model.planning import Plan, PlannedSlot, PlannerStatus
from .heater_money import next_heat_cost
from .publishing import ANY, MONEY, Change
from .sensors_heater import HeaterSensorDescription, Watched, currency_per_kwh

SHOWN_SLOTS = 24 * 4
FIGURE = Change(relative=0.01)


def _plans(coordinator: HeaterCoordinator) -> bool:
    return coordinator.plans


def _thought[T](read: Callable[[Forethought], T]) -> Callable[[HeaterCoordinator], T | None]:
    return lambda coordinator: read(coordinator.forethought) if coordinator.forethought is not None else None


def _plan[T](read: Callable[[Plan], T]) -> Callable[[HeaterCoordinator], T | None]:
    def value(coordinator: HeaterCoordinator) -> T | None:
        plan = coordinator.forethought.plan if coordinator.forethought is not None else None
        return read(plan) if plan is not None else None

    return value


def _moment(at: float | None) -> datetime | None:
    return datetime.fromtimestamp(at, UTC) if at is not None else None


def _iso(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat() if at is not None else None


def _planner_figures(forethought: Forethought) -> dict[str, Any]:
    pilot, forecasts = forethought.pilot, forethought.forecasts
    trust = pilot.trust
    return {
        "foretelling_error_k": round(trust.rmse_k, 2) if trust is not None else None,
        "foretelling_error_as_now_k": round(trust.unchanged_rmse_k, 2) if trust is not None else None,
        "learned_at": _iso(pilot.learned_at),
        "history_h": round(pilot.history.hours, 1),
        "price_source": forecasts.price_source,
        "price_known_until": _iso(forecasts.price_known_until),
        "weather_source": forecasts.weather_source,
    }


def _planner_watched(forethought: Forethought) -> Watched:
    pilot, forecasts = forethought.pilot, forethought.forecasts
    told = (pilot.learned_at, pilot.trust, forecasts.price_known_until, forecasts.price_source)
    return tuple((ANY, each) for each in told)


def _planned_w(plan: Plan) -> float | None:
    slot = plan.slot(utcnow().timestamp())
    return round(slot.power_w, 1) if slot is not None else None


def _shown(slot: PlannedSlot) -> dict[str, Any]:
    price = slot.price_per_kwh
    return {
        "start": _iso(slot.at),
        "power_w": round(slot.power_w, 1),
        "temperature": round(slot.room_c, 2),
        "target": round(slot.target_c, 2),
        "outdoor": round(slot.outdoor_c, 1),
        "price": round(price, 4) if price is not None else None,
        "price_known": slot.price_known,
    }


def _plan_figures(coordinator: HeaterCoordinator) -> dict[str, Any]:
    shown = _plan(lambda plan: [_shown(slot) for slot in plan.slots[:SHOWN_SLOTS]])(coordinator)
    return {"made_at": _iso(_plan(lambda plan: plan.made_at)(coordinator)), "plan": shown or []}


def _plan_watched(coordinator: HeaterCoordinator) -> Watched:
    return ((ANY, _plan(lambda plan: plan.made_at)(coordinator)),)


PLANNER_SENSORS: tuple[HeaterSensorDescription, ...] = (
    HeaterSensorDescription(
        key="foretelling_error",
        translation_key="foretelling_error",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfTemperature.KELVIN,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        change=FIGURE,
        has_fn=_plans,
        value_fn=_thought(lambda forethought: t.rmse_k if (t := forethought.pilot.trust) is not None else None),
    ),
    HeaterSensorDescription(
        key="heat_loss",
        translation_key="heat_loss",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement="W/K",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        change=FIGURE,
        has_fn=_plans,
        value_fn=_thought(
            lambda forethought: h.heat_loss_w_per_k if (h := forethought.pilot.house) is not None else None
        ),
    ),
    HeaterSensorDescription(
        key="next_heat_cost",
        translation_key="next_heat_cost",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        change=MONEY,
        unit_fn=currency_per_kwh,
        value_fn=next_heat_cost,
    ),
    HeaterSensorDescription(
        key="next_planned_start",
        translation_key="next_planned_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        has_fn=_plans,
        value_fn=_plan(lambda plan: _moment(plan.next_start(utcnow().timestamp()))),
    ),
    HeaterSensorDescription(
        key="planned_power",
        translation_key="planned_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        has_fn=_plans,
        attributes_fn=_plan_figures,
        value_fn=_plan(_planned_w),
        watch_fn=_plan_watched,
    ),
    HeaterSensorDescription(
        key="planner",
        translation_key="planner",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in PlannerStatus],
        has_fn=_plans,
        attributes_fn=lambda coordinator: _thought(_planner_figures)(coordinator) or {},
        value_fn=lambda coordinator: coordinator.heater.planner_status,
        watch_fn=lambda coordinator: _thought(_planner_watched)(coordinator) or (),
    ),
    HeaterSensorDescription(
        key="time_constant",
        translation_key="time_constant",
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTime.HOURS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        change=FIGURE,
        has_fn=_plans,
        value_fn=_thought(
            lambda forethought: h.time_constant_h if (h := forethought.pilot.house) is not None else None
        ),
    ),
)
