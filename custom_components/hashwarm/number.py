"""Heat demand for people who drive the heater with another thermostat, power by hand, and limits of AI work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, override

from homeassistant.components.number import (
    DOMAIN as NUMBER_DOMAIN,
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, UnitOfPower, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.dt import utcnow

from .ai_entities import async_set, has_ai, of_settings
from .const import DOMAIN
from .coordinator import HeaterConfigEntry, HeaterCoordinator
from .engine.heater import HEAT_DEMAND_VALID_S, HeaterSettings
from .engine.miners import Feature
from .engine.model.control import ControlMode
from .engine.model.driver import Driver
from .engine.model.telemetry import MinerFigures
from .entity import HeaterEntity, offered, refuse_nan
from .sensors_heater import currency_per_kwh

PARALLEL_UPDATES = 1
COARSE_FROM_W = 20.0


@dataclass(frozen=True, kw_only=True)
class HeaterNumberDescription(NumberEntityDescription):
    """A number that is in force in one control mode only."""

    mode_in_force: ControlMode
    maximum_fn: Callable[[HeaterCoordinator], float]
    step_fn: Callable[[HeaterCoordinator], float]
    value_fn: Callable[[HeaterSettings], float]
    set_fn: Callable[[HeaterSettings, float], None]


def _heat_demand(settings: HeaterSettings) -> float:
    """Return the wish while it is in force; nobody repeated it for an hour, nobody wants it any more."""
    written_at = settings.heat_demand_at
    expired = written_at is None or utcnow().timestamp() - written_at > HEAT_DEMAND_VALID_S
    return 0.0 if expired else settings.heat_demand_percent


def _set_heat_demand(settings: HeaterSettings, percent: float) -> None:
    settings.heat_demand_percent = percent
    settings.heat_demand_at = utcnow().timestamp()


def _set_manual_power(settings: HeaterSettings, power_w: float) -> None:
    settings.manual_power_w = power_w


def _power_step_w(coordinator: HeaterCoordinator) -> float:
    return 1.0 if coordinator.data.capabilities.maximum_w >= COARSE_FROM_W else 0.1


def _maximum_power_w(coordinator: HeaterCoordinator) -> float:
    """Return the maximum on the next step: all of the heater can be asked for, and there is always something to ask."""
    steps_per_w = round(1.0 / _power_step_w(coordinator))
    return max(ceil(coordinator.data.capabilities.maximum_w * steps_per_w), 1) / steps_per_w


NUMBERS: tuple[HeaterNumberDescription, ...] = (
    HeaterNumberDescription(
        key="heat_demand",
        translation_key="heat_demand",
        mode=NumberMode.SLIDER,
        native_min_value=0,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        mode_in_force=ControlMode.HEAT_DEMAND,
        maximum_fn=lambda _: 100.0,
        step_fn=lambda _: 1.0,
        value_fn=_heat_demand,
        set_fn=_set_heat_demand,
    ),
    HeaterNumberDescription(
        key="manual_power",
        translation_key="manual_power",
        device_class=NumberDeviceClass.POWER,
        mode=NumberMode.SLIDER,
        native_min_value=0,
        native_unit_of_measurement=UnitOfPower.WATT,
        mode_in_force=ControlMode.MANUAL_POWER,
        maximum_fn=_maximum_power_w,
        step_fn=_power_step_w,
        value_fn=lambda settings: settings.manual_power_w,
        set_fn=_set_manual_power,
    ),
)


@dataclass(frozen=True, kw_only=True)
class MinerNumberDescription(NumberEntityDescription):
    """A number that the device itself keeps; None is unknown, or left to the device."""

    has_fn: Callable[[HeaterCoordinator], bool]
    value_fn: Callable[[MinerFigures], float | None]
    set_fn: Callable[[Driver, float], Awaitable[None]]


MINER_NUMBERS: tuple[MinerNumberDescription, ...] = (
    MinerNumberDescription(
        key="fan_percent",
        translation_key="fan_percent",
        entity_category=EntityCategory.CONFIG,
        mode=NumberMode.SLIDER,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        has_fn=lambda coordinator: coordinator.has(Feature.FAN),
        value_fn=lambda miner: miner.fan_percent,
        set_fn=lambda driver, percent: driver.set_fan(percent),
    ),
)


@dataclass(frozen=True, kw_only=True)
class AiNumberDescription(NumberEntityDescription):
    """A limit of AI work, by its name among the wishes; None where there is none."""

    setting: str
    highest_is_none: bool = False
    """Whether the highest value takes the limit away."""
    has_fn: Callable[[HeaterCoordinator], bool] = has_ai
    unit_fn: Callable[[HeaterCoordinator], str] | None = None


AI_NUMBERS: tuple[AiNumberDescription, ...] = (
    AiNumberDescription(
        key="ai_minimum_value",
        translation_key="ai_minimum_value",
        entity_category=EntityCategory.CONFIG,
        mode=NumberMode.BOX,
        native_min_value=0,
        native_max_value=10_000,
        native_step=0.0001,
        setting="minimum_per_kwh",
        unit_fn=currency_per_kwh,
    ),
    AiNumberDescription(
        key="ai_power_limit",
        translation_key="ai_power_limit",
        device_class=NumberDeviceClass.POWER,
        entity_category=EntityCategory.CONFIG,
        mode=NumberMode.BOX,
        native_min_value=0,
        native_max_value=100_000,
        native_step=1,
        native_unit_of_measurement=UnitOfPower.WATT,
        setting="power_limit_w",
        highest_is_none=True,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: HeaterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the numbers of a heater."""
    coordinator = entry.runtime_data
    async_add_entities(HeaterNumber(coordinator, description) for description in NUMBERS)
    async_add_entities(
        MinerNumber(coordinator, description) for description in offered(coordinator, NUMBER_DOMAIN, MINER_NUMBERS)
    )
    async_add_entities(
        AiNumber(coordinator, description) for description in offered(coordinator, NUMBER_DOMAIN, AI_NUMBERS)
    )


class HeaterNumber(HeaterEntity, NumberEntity):
    """A wish in % or W."""

    entity_description: HeaterNumberDescription

    def __init__(self, coordinator: HeaterCoordinator, description: HeaterNumberDescription) -> None:
        super().__init__(coordinator, description)

    @property
    @override
    def native_max_value(self) -> float:
        return self.entity_description.maximum_fn(self.coordinator)

    @property
    @override
    def native_step(self) -> float:
        return self.entity_description.step_fn(self.coordinator)

    @property
    @override
    def native_value(self) -> float:
        return self.entity_description.value_fn(self.coordinator.settings)

    @override
    async def async_set_native_value(self, value: float) -> None:
        mode_in_force = self.entity_description.mode_in_force
        if self.coordinator.settings.mode is not mode_in_force:
            if mode_in_force is ControlMode.HEAT_DEMAND:
                raise ServiceValidationError(translation_domain=DOMAIN, translation_key="heat_demand_not_in_force")
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="manual_power_not_in_force")
        refuse_nan(value)
        self.entity_description.set_fn(self.coordinator.settings, value)
        await self.coordinator.async_settings_changed()

    @override
    def _watched(self) -> Any:
        return self.native_value


class MinerNumber(HeaterEntity, NumberEntity):
    """A setting that the device keeps."""

    entity_description: MinerNumberDescription
    _from_device = True

    def __init__(self, coordinator: HeaterCoordinator, description: MinerNumberDescription) -> None:
        super().__init__(coordinator, description)

    @property
    @override
    def native_value(self) -> float | None:
        telemetry = self.coordinator.data.telemetry
        if telemetry is None or telemetry.miner is None:
            return None
        return self.entity_description.value_fn(telemetry.miner)

    @override
    async def async_set_native_value(self, value: float) -> None:
        refuse_nan(value)
        await self.coordinator.async_ask(lambda driver: self.entity_description.set_fn(driver, value))

    @override
    def _watched(self) -> Any:
        return self.native_value


class AiNumber(HeaterEntity, NumberEntity):
    """A limit of AI work."""

    entity_description: AiNumberDescription

    def __init__(self, coordinator: HeaterCoordinator, description: AiNumberDescription) -> None:
        super().__init__(coordinator, description)

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        unit_fn = self.entity_description.unit_fn
        return unit_fn(self.coordinator) if unit_fn is not None else super().native_unit_of_measurement

    @property
    @override
    def native_value(self) -> float | None:
        setting = self.entity_description.setting
        value: float | None = of_settings(lambda settings: getattr(settings, setting))(self.coordinator)
        return value

    @override
    async def async_set_native_value(self, value: float) -> None:
        refuse_nan(value)
        described = self.entity_description
        unlimited = described.highest_is_none and value >= self.native_max_value
        await async_set(self.coordinator, described.setting, None if unlimited else value)

    @override
    def _watched(self) -> Any:
        return self.native_value
