"""What a way through the hours costs: electricity less earnings, starts, being cold or too warm; needs numpy."""

from copy import copy
from dataclasses import dataclass
from math import isfinite

import numpy as np

from ..model.planning import RevenueForecast, Slot
from .house import House
from .moves import Moves
from .thermal_model import HOURS, Floats

# Where no price is known heat has a price all the same, or nothing could be weighed against comfort.
NOMINAL_PRICE = 0.3
# A K·h of cold weighs as much as the heater's maximum for this many hours; a K·h too warm somewhat less.
COLD_WEIGHT_H = 1.3
WARM_WEIGHT_H = 0.9
# Beside the wear people hear a start.
START_WEIGHT = 1.3
# Stored heat leaks before it is of use.
STORED_WORTH = 0.7
FORBIDDEN = 1e6
# Half the bytes are half the time, and still a millionth of what a day costs.
VALUE = np.float32


@dataclass(frozen=True, kw_only=True)
class PriceLevel:
    """What a kWh is about worth in these hours, in currency, to weigh comfort and starts by."""

    per_kwh: float
    known: bool


def price_level(slots: list[Slot]) -> PriceLevel:
    """Return the mean size of the prices; a nominal one where all are zero, which is to say unknown."""
    mean = sum(abs(slot.price_per_kwh) for slot in slots) / max(len(slots), 1)
    return PriceLevel(per_kwh=mean, known=True) if mean > 0.0 else PriceLevel(per_kwh=NOMINAL_PRICE, known=False)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where the room is to be by the end of a slot, in °C; what is cold then, and right after."""

    coldest_c: tuple[float, float]
    warmest_c: float


class Costs:
    """Tables over the slots of one problem."""

    def __init__(
        self, slots: list[Slot], revenue: RevenueForecast | None, *, maximum_w: float, floor_w: float, unsure_k: float
    ) -> None:
        self._level = price_level(slots)
        self.take(slots, HOURS)
        self._revenue = revenue
        self._floor_w = floor_w
        weight = max(self._level.per_kwh, self._at_stake_per_kwh()) * maximum_w / 1000.0
        self._cold, self._warm = COLD_WEIGHT_H * weight, WARM_WEIGHT_H * weight
        self._unsure_k = unsure_k

    def take(self, slots: list[Slot], hours: float) -> None:
        """Take slots of a length in place of those before."""
        self._slots, self._hours = slots, hours
        coldest_c = [slot.coldest_c for slot in slots]
        self._coldest_c = list(zip(coldest_c, [*coldest_c[1:], coldest_c[-1]], strict=True))

    def at_pace(self, slots: list[Slot], hours: float) -> Costs:
        """Return the costs of slots of another length, with all weights as they are over these."""
        costs = copy(self)
        costs.take(slots, hours)
        return costs

    def _at_stake_per_kwh(self) -> float:
        """Return what a kWh costs or brings at the lowest power; earnings far over the price must not buy comfort."""
        net = [slot.price_per_kwh - (self._earned_at(self._floor_w, slot.at) or 0.0) for slot in self._slots]
        return sum(abs(each) for each in net) / max(len(net), 1)

    def _earned_at(self, power_w: float, at: float) -> float | None:
        """Return the revenue per kWh at a power, None where it is unknown."""
        earned = self._revenue.revenue_per_kwh_at(power_w, at) if self._revenue is not None else None
        return earned if earned is not None and isfinite(earned) else None

    def start(self, restart_cost_s: float, maximum_w: float) -> float:
        """Return what the wear of a start costs, in currency."""
        return START_WEIGHT * restart_cost_s / 3600.0 * maximum_w / 1000.0 * self._level.per_kwh

    def limits(self, index: int, *, surplus: bool = False) -> Limits:
        """Return between what the room is to be by the end of a slot; `surplus` says that all heat came of it alone."""
        slot = self._slots[index]
        warmest_c = slot.warmest_c
        if surplus and slot.surplus_warmest_c is not None:
            warmest_c = max(slot.surplus_warmest_c, warmest_c)
        return Limits(coldest_c=self._coldest_c[index], warmest_c=warmest_c)

    def discomfort(self, limits: Limits, air_c: Floats, heated: np.ndarray) -> Floats:
        """Return what the room at the end of a slot costs per state: cold always, too warm where heat was put in."""
        cost = sum(self._over(coldest_c - air_c) for coldest_c in limits.coldest_c) * (self._cold * self._hours / 2)
        warm = self._warm * self._hours * self._over(air_c - limits.warmest_c)
        discomfort: Floats = (cost + heated[:, None, None] * warm).astype(VALUE)
        return discomfort

    def _over(self, over_k: Floats) -> Floats:
        """Return what is to be expected beyond a limit when the room may be that unsure; more than in proportion."""
        unsure_k = self._unsure_k
        near: Floats = np.clip(over_k + unsure_k, 0.0, 2 * unsure_k) ** 2 / (4 * unsure_k)
        near += np.maximum(over_k - unsure_k, 0.0)
        return near * (1.0 + near)

    def money(self, index: int, moves: Moves) -> Floats:
        """Return what each move's electricity costs less what it earns, in currency; too much power is forbidden."""
        slot = self._slots[index]
        energy_kwh = moves.mean_w / 1000.0 * self._hours
        cheap_kwh = np.minimum(moves.mean_w, max(slot.surplus_w, 0.0)) / 1000.0 * self._hours
        price = slot.price_per_kwh if self._level.known else self._level.per_kwh
        cost: Floats = (energy_kwh - cheap_kwh) * price + cheap_kwh * slot.surplus_price_per_kwh
        cost -= energy_kwh * np.where(moves.on_job, slot.job_revenue_per_kwh, self._earned(index, moves))
        cost[moves.power_w > slot.ceiling_w] = FORBIDDEN
        return cost

    def _earned(self, index: int, moves: Moves) -> Floats:
        """Return the revenue per kWh at each move's power; nothing where it is unknown."""
        at = self._slots[index].at
        earned = [self._earned_at(power_w, at) or 0.0 for power_w in moves.powers_w]
        by_move: Floats = np.array([*earned, 0.0])[moves.which]
        return by_move

    def net_per_kwh(self, index: int, power_w: float) -> float | None:
        """Return what a kWh at a power costs after earnings; None where its price is unknown."""
        slot = self._slots[index]
        if power_w > slot.surplus_w and not self._level.known:
            return None
        earned = self._earned_at(power_w, slot.at)
        if slot.job_power_w is not None:
            earned = slot.job_revenue_per_kwh
        price = slot.surplus_price_per_kwh if power_w <= slot.surplus_w else slot.price_per_kwh
        return price - (earned or 0.0)

    def ending(self, points: Floats, house: House) -> Floats:
        """Return what it would cost to bring air and mass to comfort after the last hour; warmer is no gain."""
        last = self._slots[-1]
        net = [self.net_per_kwh(index, self._floor_w) for index in range(len(self._slots))]
        known = [cost for cost in net if cost is not None]
        per_kwh = max(sum(known) / len(known), 0.0) if known else self._level.per_kwh
        middle_c = (last.target_c + last.coldest_c) / 2
        missing_kwh = (
            house.air_wh_per_k * (middle_c - np.minimum(points[0], last.warmest_c))
            + house.mass_wh_per_k * (middle_c - np.minimum(points[1], last.warmest_c))
        ) / 1000.0
        ending: Floats = (STORED_WORTH * per_kwh * missing_kwh).astype(VALUE)
        return ending
