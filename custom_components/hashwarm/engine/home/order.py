"""Cheapest heat first, in an order that does not turn with every change of a price."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import inf

CLEARLY_SHARE = 0.05
"""A difference of this share of the dearer figure is worth a new order at once."""
LASTING_S = 900.0
"""A smaller one is after this time."""


@dataclass(frozen=True, kw_only=True)
class HeatPrice:
    """What heat from one heater costs, as far as is known."""

    cost_per_kwh: float | None = None
    """After earnings, in currency; may be negative."""
    efficiency_j_per_th: float | None = None
    earns: bool = False
    """At the same cost one that earns comes first: it may turn out cheaper, and never dearer."""


UNKNOWN = HeatPrice()


class HeatOrder:
    """The order of one group of heaters; unknown prices come last, by efficiency and then by id."""

    def __init__(self) -> None:
        self._order: list[str] = []
        self._differs_since_s: float | None = None

    def sort(self, heater_ids: Iterable[str], prices: dict[str, HeatPrice], now_s: float) -> list[str]:
        """Return the heaters, cheapest heat first."""
        wanted = sorted(heater_ids, key=lambda heater_id: _key(prices.get(heater_id, UNKNOWN), heater_id))
        if wanted == self._order:
            self._differs_since_s = None
            return wanted
        if self._differs_since_s is None:
            self._differs_since_s = now_s
        lasted = now_s - self._differs_since_s >= LASTING_S
        if lasted or set(wanted) != set(self._order) or self._clearly_wrong(prices):
            self._order, self._differs_since_s = wanted, None
        return list(self._order)

    def _clearly_wrong(self, prices: dict[str, HeatPrice]) -> bool:
        known = [prices.get(heater_id, UNKNOWN) for heater_id in self._order]
        return any(_clearly_cheaper(after, before) for before, after in pairwise(known))


def _key(price: HeatPrice, heater_id: str) -> tuple[float, bool, float, str]:
    cost, efficiency = price.cost_per_kwh, price.efficiency_j_per_th
    return inf if cost is None else cost, not price.earns, inf if efficiency is None else efficiency, heater_id


def _clearly_cheaper(one: HeatPrice, other: HeatPrice) -> bool:
    if one.cost_per_kwh is not None or other.cost_per_kwh is not None:
        return _clearly_less(one.cost_per_kwh, other.cost_per_kwh)
    return _clearly_less(one.efficiency_j_per_th, other.efficiency_j_per_th)


def _clearly_less(one: float | None, other: float | None) -> bool:
    """Return whether one figure is less by more than noise; a known one is less than an unknown one."""
    if one is None or other is None:
        return one is not None
    return other - one > CLEARLY_SHARE * max(abs(one), abs(other))
