"""Prices in time: from periods of any length to what each quarter of an hour costs; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite, log
from statistics import median

from ..engine.model.planning import SLOT_S

HOUR_S = 3600.0
LONGEST_PERIOD_S = 7 * 24 * HOUR_S
# Less of a quarter of an hour says nothing of the rest of it.
LEAST_COVERED_S = SLOT_S / 2
# Hundredths, thousandths (per MWh), hundredths per MWh, and the ten-millionths of one Dutch supplier.
MISTAKEN_SCALES = (1e2, 1e3, 1e5, 1e7, 1e-2, 1e-3)
SCALE_TOLERANCE = 0.01
# Under this, in currency per kWh, a price says nothing of the scale of others.
LEAST_TELLING = 5e-4


@dataclass(frozen=True, kw_only=True)
class PricePeriod:
    """A price in currency per kWh, and the Unix times between which it holds; `end` is None where nobody said."""

    start: float
    end: float | None
    price: float


def believable(periods: Iterable[PricePeriod]) -> list[PricePeriod]:
    """Return the periods with an end each, in order; the first of those that begin at one time wins.

    Where no end was said a period lasts as long as those beside it, an hour at most: a hole in the list stays a hole.
    """
    first: dict[float, PricePeriod] = {}
    for period in periods:
        if isfinite(period.start) and isfinite(period.price):
            first.setdefault(period.start, period)
    starts = sorted(first)
    gaps = [after - before for before, after in pairwise(starts)]
    return [
        replace(first[start], end=_end(first[start], min([*gaps[max(index - 1, 0) : index + 1], HOUR_S])))
        for index, start in enumerate(starts)
    ]


def _end(period: PricePeriod, step_s: float) -> float:
    if period.end is not None and isfinite(period.end) and period.end > period.start:
        return min(period.end, period.start + LONGEST_PERIOD_S)
    return period.start + step_s


def quarter_hours(periods: Iterable[PricePeriod], start: float, end: float) -> dict[float, float]:
    """Return the mean price of each quarter of an hour from `start` to before `end`; those unknown are missing."""
    covered: dict[float, float] = {}
    sums: dict[float, float] = {}
    for period in believable(periods):
        assert period.end is not None
        slot = max(period.start, start) // SLOT_S * SLOT_S
        while slot < min(period.end, end):
            seconds = min(period.end, slot + SLOT_S) - max(period.start, slot)
            seconds = min(seconds, SLOT_S - covered.get(slot, 0.0))
            covered[slot] = covered.get(slot, 0.0) + seconds
            sums[slot] = sums.get(slot, 0.0) + seconds * period.price
            slot += SLOT_S
    return {
        slot: sums[slot] / covered[slot]
        for slot in sorted(covered)
        if covered[slot] >= LEAST_COVERED_S and start - SLOT_S < slot < end
    }


def at_scale_of(prices: Mapping[float, float], price_now: float | None, now: float) -> dict[float, float]:
    """Return prices in the scale of the price that the sensor shows now, where only a power of ten tells them apart.

    Lists in cents or per MWh beside a sensor in currency per kWh are common, and say nothing of it themselves.
    """
    listed = prices.get(now // SLOT_S * SLOT_S)
    if listed is None or price_now is None or min(abs(listed), abs(price_now)) < LEAST_TELLING:
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
