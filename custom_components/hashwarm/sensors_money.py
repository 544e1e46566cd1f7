"""The table of a heater's sensors that tell of energy and money."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfRatio, UnitOfTime
from homeassistant.util.dt import start_of_local_day

from .coordinator import HeaterCoordinator
from .engine.home import FigureKind, PeriodTotals, Totals
from .heater_money import (
    compares,
    has_income,
    has_price,
    is_solo,
    payback_figures,
    payback_of,
    prospect,
)
from .periods import by_period
from .provenance import NETWORK, VALUE, provenance
from .publishing import MONEY
from .sensors_heater import HeaterSensorDescription, currency_per_kwh

type Attributes = Callable[[HeaterCoordinator], dict[str, Any]]


def _currency(coordinator: HeaterCoordinator) -> str:
    return coordinator.currency


def _as_a_price(per_kwh: float | None) -> float | None:
    """Return a price as people write it; what is beyond comes from money being counted in whole parts."""
    return None if per_kwh is None else round(per_kwh, 5)


def _totals[T](read: Callable[[Totals], T]) -> Callable[[HeaterCoordinator], T | None]:
    return lambda coordinator: read(totals) if (totals := coordinator.totals) is not None else None


def _provenance(*kinds: FigureKind) -> Attributes:
    def attributes(coordinator: HeaterCoordinator) -> dict[str, Any]:
        home = coordinator.home()
        if home is None or not coordinator.mines:
            return {}
        counted_by = "hash_rate" if coordinator.counts_by_hash_rate else "shares"
        return {"counted_by": counted_by, **provenance(home.market.figure(kind) for kind in kinds)}

    return attributes


def _periods(figure: str, *more: Attributes) -> Attributes:
    """Return the attributes of a figure by period, and others."""

    def attributes(coordinator: HeaterCoordinator) -> dict[str, Any]:
        shown = by_period(coordinator.totals, figure)
        for other in more:
            shown |= other(coordinator)
        return shown

    return attributes


def _all_time(*figures: str) -> Attributes:
    """Return further figures of all time."""

    def attributes(coordinator: HeaterCoordinator) -> dict[str, Any]:
        totals = coordinator.totals
        period = totals.all_time if totals is not None else PeriodTotals()
        return {figure: getattr(period, figure) for figure in figures}

    return attributes


def _odds(coordinator: HeaterCoordinator) -> float | None:
    odds = prospect(coordinator).block_odds_per_year
    return odds * 100.0 if odds is not None else None


def _days_left(coordinator: HeaterCoordinator) -> float | None:
    found = payback_of(coordinator)
    return round(found.days_left, 1) if found is not None and found.days_left is not None else None


def _odds_figures(coordinator: HeaterCoordinator) -> dict[str, Any]:
    odds = prospect(coordinator).block_odds_per_day
    told_by = _provenance(FigureKind.DIFFICULTY)(coordinator)
    return {"per_day_percent": odds * 100.0 if odds is not None else None, **told_by}


_CONFIRMED = _all_time("confirmed_sat", "difference_sat")

MONEY_SENSORS: tuple[HeaterSensorDescription, ...] = (
    HeaterSensorDescription(
        key="break_even_price",
        translation_key="break_even_price",
        suggested_display_precision=6,
        change=MONEY,
        has_fn=lambda coordinator: coordinator.mines and not is_solo(coordinator),
        unit_fn=currency_per_kwh,
        attributes_fn=_provenance(*VALUE),
        value_fn=lambda coordinator: prospect(coordinator).value_per_kwh,
    ),
    HeaterSensorDescription(
        key="earnings_today",
        translation_key="earnings_today",
        native_unit_of_measurement="sat",
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=6,
        change=MONEY,
        attributes_fn=_provenance(*NETWORK),
        last_reset_fn=start_of_local_day,
        has_fn=has_income,
        value_fn=_totals(lambda totals: totals.today.earned_sat),
    ),
    HeaterSensorDescription(
        key="earnings_total",
        translation_key="earnings_total",
        native_unit_of_measurement="sat",
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=6,
        change=MONEY,
        attributes_fn=_periods("earned_sat", _CONFIRMED, _provenance(*NETWORK)),
        has_fn=has_income,
        value_fn=_totals(lambda totals: totals.all_time.earned_sat),
    ),
    HeaterSensorDescription(
        key="earnings_value",
        translation_key="earnings_value",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=6,
        change=MONEY,
        unit_fn=_currency,
        attributes_fn=_periods("earned_value", _provenance(*VALUE)),
        has_fn=has_income,
        value_fn=_totals(lambda totals: totals.all_time.earned_value),
    ),
    HeaterSensorDescription(
        key="energy",
        translation_key="energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=4,
        change=MONEY,
        attributes_fn=_periods("energy_kwh", _all_time("solar_kwh", "battery_kwh", "unmeasured_s", "cost_known_share")),
        value_fn=_totals(lambda totals: totals.meter_kwh),
    ),
    HeaterSensorDescription(
        key="energy_offset",
        translation_key="energy_offset",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        change=MONEY,
        attributes_fn=_periods("offset_percent", _provenance(*VALUE)),
        has_fn=has_income,
        value_fn=_totals(lambda totals: totals.last_30_days.offset_percent),
    ),
    HeaterSensorDescription(
        key="heat_cost",
        translation_key="heat_cost",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        change=MONEY,
        unit_fn=currency_per_kwh,
        attributes_fn=_periods("cost_per_kwh_after_earnings", _provenance(*VALUE)),
        value_fn=_totals(lambda totals: _as_a_price(totals.last_30_days.cost_per_kwh_after_earnings)),
    ),
    HeaterSensorDescription(
        key="heating_cost",
        translation_key="heating_cost",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=4,
        change=MONEY,
        unit_fn=_currency,
        attributes_fn=_periods("cost"),
        value_fn=_totals(lambda totals: totals.all_time.cost),
    ),
    HeaterSensorDescription(
        key="payback",
        translation_key="payback",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.DAYS,
        suggested_display_precision=0,
        change=MONEY,
        has_fn=lambda coordinator: compares(coordinator) and has_price(coordinator),
        attributes_fn=payback_figures,
        value_fn=_days_left,
    ),
    HeaterSensorDescription(
        key="saving",
        translation_key="saving",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        change=MONEY,
        unit_fn=_currency,
        has_fn=compares,
        attributes_fn=_periods("saved", _all_time("alternative_cost")),
        value_fn=_totals(lambda totals: totals.all_time.saved),
    ),
    HeaterSensorDescription(
        key="solo_odds",
        translation_key="solo_odds",
        entity_registry_enabled_default=False,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=12,
        change=MONEY,
        has_fn=lambda coordinator: coordinator.mines,
        enabled_fn=is_solo,
        attributes_fn=_odds_figures,
        value_fn=_odds,
    ),
)
