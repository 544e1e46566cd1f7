"""Prices that are listed in another power of ten than the sensor beside them; pure."""

from collections.abc import Mapping
from math import log
from statistics import median

from ..engine.model.planning import SLOT_S

# Hundredths, thousandths (per MWh), hundredths per MWh, and the ten-millionths of one Dutch supplier.
MISTAKEN_SCALES = (1e2, 1e3, 1e5, 1e7, 1e-2, 1e-3)
SCALE_TOLERANCE = 0.01
# Under this, in currency per kWh, a price says nothing of the scale of others.
LEAST_TELLING = 5e-4


def at_scale_of(prices: Mapping[float, float], price_now: float | None, now: float) -> dict[float, float]:
    """Return prices in the scale of the price that the sensor shows now, where only a power of ten tells them apart.

    Lists in cents or per MWh beside a sensor in currency per kWh are common, and say nothing of it themselves.
    """
    listed = prices.get(now // SLOT_S * SLOT_S)
    if not listed or price_now is None or abs(price_now) < LEAST_TELLING:
        return dict(prices)
    scale = next((scale for scale in MISTAKEN_SCALES if _same(listed, price_now * scale)), 1.0)
    middle = median([abs(price) for price in prices.values()])
    if scale == 1.0 or _distance(middle / scale, price_now) >= _distance(middle, price_now):
        return dict(prices)
    return {slot: price / scale for slot, price in prices.items()}


def agrees(prices: Mapping[float, float], price_now: float | None, now: float) -> bool:
    """Return whether the price now is the one listed for now, as far as both are known."""
    listed = prices.get(now // SLOT_S * SLOT_S)
    return listed is None or price_now is None or abs(listed - price_now) <= max(0.02 * abs(price_now), 2e-3)


def _same(one: float, other: float) -> bool:
    return one * other > 0.0 and abs(one - other) <= SCALE_TOLERANCE * abs(other)


def _distance(one: float, other: float) -> float:
    return abs(log(max(abs(one), 1e-12) / max(abs(other), 1e-12)))
