"""The table of the home's sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower, UnitOfRatio
from homeassistant.helpers.typing import StateType

from .const import CONF_OTHER_HEATING
from .coordinator import HomeCoordinator
from .electricity import drawn_by_heaters_w
from .engine.home import CircuitStatus, FigureKind
from .option_defaults import NO_OTHER_HEATING, home_options
from .periods import by_period
from .provenance import NETWORK, VALUE, provenance


@dataclass(frozen=True, kw_only=True)
class HomeSensorDescription(SensorEntityDescription):
    """How a figure of the home is found."""

    attributes_fn: Callable[[HomeCoordinator], dict[str, Any]] | None = None
    has_fn: Callable[[HomeCoordinator], bool] = lambda _: True
    unit_fn: Callable[[HomeCoordinator], str] | None = None
    value_fn: Callable[[HomeCoordinator], StateType | datetime]


@dataclass(frozen=True, kw_only=True)
class CircuitSensorDescription(SensorEntityDescription):
    """How a figure of a breaker circuit is found."""

    attributes_fn: Callable[[CircuitStatus], dict[str, Any]] | None = None
    value_fn: Callable[[CircuitStatus], float | None]


def _currency(coordinator: HomeCoordinator) -> str:
    return coordinator.currency


def _per_kwh(coordinator: HomeCoordinator) -> str:
    return f"{coordinator.currency}/{UnitOfEnergy.KILO_WATT_HOUR}"


def _compares(coordinator: HomeCoordinator) -> bool:
    told = home_options(coordinator.config_entry)
    return bool(told.get(CONF_OTHER_HEATING, NO_OTHER_HEATING) != NO_OTHER_HEATING)


def _periods(figure: str, *kinds: FigureKind) -> Callable[[HomeCoordinator], dict[str, Any]]:
    """Return the attributes of a figure by period, with the sources of the market behind it."""
    return lambda coordinator: by_period(coordinator.data.totals, figure) | _provenance(*kinds)(coordinator)


def _electricity_figures(coordinator: HomeCoordinator) -> dict[str, Any]:
    """Return what a kWh costs by source, and where that of the heaters comes from."""
    electricity = coordinator.home.electricity
    prices, supply = electricity.prices(), electricity.supply(drawn_by_heaters_w(coordinator.hass))
    return {
        "solar_price": prices.solar,
        "battery_price": prices.battery,
        "grid_share": round(supply.grid, 3),
        "solar_share": round(supply.solar, 3),
        "battery_share": round(supply.battery, 3),
        "supply_known": electricity.known,
    }


def _figure(kind: FigureKind) -> Callable[[HomeCoordinator], float | None]:
    def value(coordinator: HomeCoordinator) -> float | None:
        figure = coordinator.data.figures.get(kind)
        return figure.value if figure is not None else None

    return value


def _provenance(*kinds: FigureKind) -> Callable[[HomeCoordinator], dict[str, Any]]:
    return lambda coordinator: provenance(coordinator.data.figures.get(kind) for kind in kinds)


def _adjustment_at(coordinator: HomeCoordinator) -> datetime | None:
    figure = coordinator.data.figures.get(FigureKind.ADJUSTMENT_AT)
    return datetime.fromtimestamp(figure.value, UTC) if figure is not None else None


def _circuit_figures(status: CircuitStatus) -> dict[str, Any]:
    return {"limit_w": status.limit_w, "other_loads_w": status.other_loads_w, "meter_lost": status.meter_lost}


CIRCUIT_SENSORS: tuple[CircuitSensorDescription, ...] = (
    CircuitSensorDescription(
        key="left",
        translation_key="circuit_left",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        attributes_fn=_circuit_figures,
        value_fn=lambda status: status.left_w,
    ),
    CircuitSensorDescription(
        key="drawn",
        translation_key="circuit_drawn",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda status: status.drawn_w,
    ),
)

HOME_SENSORS: tuple[HomeSensorDescription, ...] = (
    HomeSensorDescription(
        key="btc_price",
        translation_key="btc_price",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=0,
        unit_fn=_currency,
        attributes_fn=_provenance(FigureKind.BTC_PRICE),
        value_fn=_figure(FigureKind.BTC_PRICE),
    ),
    HomeSensorDescription(
        key="difficulty",
        translation_key="difficulty",
        entity_category=EntityCategory.DIAGNOSTIC,
        suggested_display_precision=0,
        attributes_fn=_provenance(FigureKind.DIFFICULTY),
        value_fn=_figure(FigureKind.DIFFICULTY),
    ),
    HomeSensorDescription(
        key="earnings",
        translation_key="home_earnings",
        native_unit_of_measurement="sat",
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=6,
        attributes_fn=_periods("earned_sat", *NETWORK),
        value_fn=lambda coordinator: coordinator.data.totals.all_time.earned_sat,
    ),
    HomeSensorDescription(
        key="earnings_value",
        translation_key="home_earnings_value",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=6,
        unit_fn=_currency,
        attributes_fn=_periods("earned_value", *VALUE),
        value_fn=lambda coordinator: coordinator.data.totals.all_time.earned_value,
    ),
    HomeSensorDescription(
        key="electricity_price",
        translation_key="electricity_price",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        unit_fn=_per_kwh,
        attributes_fn=_electricity_figures,
        value_fn=lambda coordinator: coordinator.home.price_per_kwh,
    ),
    HomeSensorDescription(
        key="energy_offset",
        translation_key="home_energy_offset",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        attributes_fn=_periods("offset_percent", *VALUE),
        value_fn=lambda coordinator: coordinator.data.totals.last_30_days.offset_percent,
    ),
    HomeSensorDescription(
        key="hashprice",
        translation_key="hashprice",
        native_unit_of_measurement="BTC/PH/d",
        entity_category=EntityCategory.DIAGNOSTIC,
        suggested_display_precision=8,
        attributes_fn=_provenance(*NETWORK),
        value_fn=lambda coordinator: coordinator.data.outlook.hashprice_btc,
    ),
    HomeSensorDescription(
        key="heat",
        translation_key="home_heat",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=4,
        attributes_fn=lambda coordinator: {
            **_periods("energy_kwh")(coordinator),
            "solar_kwh": coordinator.data.totals.all_time.solar_kwh,
            "battery_kwh": coordinator.data.totals.all_time.battery_kwh,
        },
        value_fn=lambda coordinator: coordinator.data.totals.meter_kwh,
    ),
    HomeSensorDescription(
        key="heating_cost",
        translation_key="home_heating_cost",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=4,
        unit_fn=_currency,
        attributes_fn=_periods("cost"),
        value_fn=lambda coordinator: coordinator.data.totals.all_time.cost,
    ),
    HomeSensorDescription(
        key="next_adjustment",
        translation_key="next_adjustment",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        attributes_fn=lambda coordinator: {
            "expected_change_percent": _figure(FigureKind.ADJUSTMENT_PERCENT)(coordinator),
            **_provenance(FigureKind.ADJUSTMENT_AT)(coordinator),
        },
        value_fn=_adjustment_at,
    ),
    HomeSensorDescription(
        key="other_heat_cost",
        translation_key="other_heat_cost",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        has_fn=_compares,
        unit_fn=_per_kwh,
        value_fn=lambda coordinator: coordinator.home.alternative_per_kwh,
    ),
    HomeSensorDescription(
        key="saving",
        translation_key="home_saving",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        has_fn=_compares,
        unit_fn=_currency,
        attributes_fn=_periods("saved"),
        value_fn=lambda coordinator: coordinator.data.totals.all_time.saved,
    ),
)
