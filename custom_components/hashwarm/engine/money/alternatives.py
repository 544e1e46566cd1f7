"""What a kWh of heat costs from the heating that would be used otherwise."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Protocol, override

from ..model.protocols import Monotonic
from .electricity import Electricity, Prices, Read, Supply

OIL_KWH_PER_L = 10.0
PELLETS_KWH_PER_KG = 4.8
WOOD_KWH_PER_KG = 4.1
"""Heating values: heating oil EL by DIN 51603-1 about 10 kWh/l, pellets EN plus A1 4.8, logs at 15 to 20 % of water."""

MILD_C, COLD_C = 7.0, -7.0
"""The outdoor temperatures at which makers state the coefficient of performance (EN 14511: A7 and A-7)."""
WARMEST_C = 20.0
LEAST_COP = 1.0
"""A heat pump that can do no more heats with its rod."""
LOOKS_EVERY_S = 300.0
SHARE_STEPS = 4
IDLE_ASKS_W = 1000.0
"""While our heaters rest, it is asked where so much would come from."""


class HeatingKind(StrEnum):
    """The heating that would be used otherwise."""

    RESISTIVE = "resistive"
    GAS = "gas"
    HEAT_PUMP = "heat_pump"
    OIL = "oil"
    PELLETS = "pellets"
    WOOD = "wood"
    DISTRICT_HEAT = "district_heat"


class HeatPumpClass(StrEnum):
    """How good a heat pump is, in words."""

    OLD = "old"
    ORDINARY = "ordinary"
    GOOD = "good"


EFFICIENCIES = {
    HeatingKind.GAS: 0.9,
    HeatingKind.OIL: 0.85,
    HeatingKind.PELLETS: 0.85,
    HeatingKind.WOOD: 0.75,
    HeatingKind.DISTRICT_HEAT: 1.0,
}
"""Of a boiler over the year, of the gross heating value for gas; what holds where a person gives none."""

KWH_PER_UNIT = {
    HeatingKind.GAS: 1.0,
    HeatingKind.OIL: OIL_KWH_PER_L,
    HeatingKind.PELLETS: PELLETS_KWH_PER_KG,
    HeatingKind.WOOD: WOOD_KWH_PER_KG,
    HeatingKind.DISTRICT_HEAT: 1.0,
}
"""By what a fuel is sold by: kWh, litres or kg."""

COPS = {
    HeatPumpClass.OLD: (2.8, 1.9),
    HeatPumpClass.ORDINARY: (3.6, 2.4),
    HeatPumpClass.GOOD: (4.6, 3.1),
}
"""Of air-to-water heat pumps into radiators, at +7 and -7 °C outdoors; a person's own figures are better."""


class OtherHeating(Protocol):
    """A way to heat."""

    def cost_per_kwh_heat(self, *, outdoor_c: float | None, electricity_price: float | None) -> float | None:
        """Return what a kWh of heat costs now, in the currency of the price; None when unknown."""
        ...


@dataclass(frozen=True, kw_only=True)
class Resistive(OtherHeating):
    """A heating that turns electricity into as much heat; the price None takes that of our electricity."""

    price_per_kwh: float | None = None

    @override
    def cost_per_kwh_heat(self, *, outdoor_c: float | None, electricity_price: float | None) -> float | None:
        """Return what electricity costs."""
        return electricity_price if self.price_per_kwh is None else self.price_per_kwh


@dataclass(frozen=True, kw_only=True)
class Burner(OtherHeating):
    """A heating of bought heat or fuel: its price for a unit, the kWh in a unit, and the part of them that warms."""

    price_per_unit: float
    kwh_per_unit: float = 1.0
    efficiency: float = 1.0

    @classmethod
    def of(cls, kind: HeatingKind, price_per_unit: float, efficiency: float | None = None) -> Burner:
        """Return the heating of a kind, with what is usual of it. Errors: KeyError for a kind without a fuel."""
        return cls(
            price_per_unit=price_per_unit,
            kwh_per_unit=KWH_PER_UNIT[kind],
            efficiency=EFFICIENCIES[kind] if efficiency is None else efficiency,
        )

    @override
    def cost_per_kwh_heat(self, *, outdoor_c: float | None, electricity_price: float | None) -> float | None:
        """Return the price of a kWh over the part of it that warms."""
        useful_kwh = self.kwh_per_unit * self.efficiency
        return self.price_per_unit / useful_kwh if useful_kwh > 0.0 else None


@dataclass(frozen=True, kw_only=True)
class HeatPump(OtherHeating):
    """A heat pump that takes its heat from outdoors; the price None takes that of our electricity."""

    cop_mild: float
    """At +7 °C outdoors."""
    cop_cold: float
    """At -7 °C outdoors."""
    price_per_kwh: float | None = None

    @classmethod
    def of(cls, quality: HeatPumpClass, price_per_kwh: float | None = None) -> HeatPump:
        """Return the heat pump that a word describes."""
        mild, cold = COPS[quality]
        return cls(cop_mild=mild, cop_cold=cold, price_per_kwh=price_per_kwh)

    def cop(self, outdoor_c: float) -> float:
        """Return the coefficient of performance: linear in the outdoor temperature, 1 at the least.

        Over 20 °C nobody heats, and a line drawn on from there would promise anything.
        """
        slope = (self.cop_mild - self.cop_cold) / (MILD_C - COLD_C)
        return max(self.cop_mild + slope * (min(outdoor_c, WARMEST_C) - MILD_C), LEAST_COP)

    @override
    def cost_per_kwh_heat(self, *, outdoor_c: float | None, electricity_price: float | None) -> float | None:
        """Return the price of electricity over what becomes of it outdoors at that temperature."""
        price = electricity_price if self.price_per_kwh is None else self.price_per_kwh
        if price is None or outdoor_c is None or not isfinite(outdoor_c):
            return None
        return price / self.cop(outdoor_c)


class AlternativePrice:
    """What a kWh of heat costs now from the other heating, in steps: the ledger begins a row whenever it changes.

    A heating by electricity would draw on the roof and on the battery as ours does. Their shares count in quarters,
    the outdoor temperature in whole degrees, and both are looked at every five minutes or when a price changes; what
    is unknown is looked for at once.
    """

    def __init__(
        self,
        heating: OtherHeating,
        *,
        electricity: Electricity,
        own_power_w: Read,
        outdoor_c: Read,
        clock: Monotonic,
    ) -> None:
        """Take how to read what our heaters draw together, in W, and the outdoor temperature."""
        self._heating = heating
        self._electricity = electricity
        self._own_power_w = own_power_w
        self._outdoor_c = outdoor_c
        self._clock = clock
        self._looked: tuple[float, Prices] | None = None
        self._per_kwh: float | None = None

    def per_kwh(self) -> float | None:
        """Return the price, None when unknown."""
        now_s, prices = self._clock(), self._electricity.prices()
        fresh = self._looked is not None and now_s - self._looked[0] < LOOKS_EVERY_S and self._looked[1] == prices
        if not fresh or self._per_kwh is None:
            self._looked = (now_s, prices)
            outdoor_c, own_w = self._outdoor_c(), self._own_power_w()
            supply = self._electricity.supply(own_w, 0.0 if own_w else IDLE_ASKS_W)
            self._per_kwh = self._heating.cost_per_kwh_heat(
                outdoor_c=float(round(outdoor_c)) if outdoor_c is not None and isfinite(outdoor_c) else None,
                electricity_price=prices.mixed(_stepped(supply)),
            )
        return self._per_kwh


def _stepped(supply: Supply) -> Supply:
    """Return a supply with its shares in quarters."""
    grid = round(supply.grid * SHARE_STEPS) / SHARE_STEPS
    battery = min(round(supply.battery * SHARE_STEPS) / SHARE_STEPS, 1.0 - grid)
    return Supply(grid=grid, solar=1.0 - grid - battery, battery=battery)


def mining_pays_without_heat(revenue_per_kwh: float | None, electricity_price: float | None) -> bool | None:
    """Return whether a kWh earns more than it costs, so that mining pays when nobody needs the heat."""
    if revenue_per_kwh is None or electricity_price is None:
        return None
    return revenue_per_kwh > electricity_price


def cheaper_than(heat_cost_per_kwh: float | None, alternative_per_kwh: float | None) -> bool | None:
    """Return whether a kWh of our heat, after earnings, costs less than one of the other heating."""
    if heat_cost_per_kwh is None or alternative_per_kwh is None:
        return None
    return heat_cost_per_kwh < alternative_per_kwh
