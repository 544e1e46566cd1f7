"""Values in time: from periods of any length to the mean of each quarter of an hour; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite

from ..engine.model.planning import SLOT_S

HOUR_S = 3600.0
LONGEST_PERIOD_S = 7 * 24 * HOUR_S
# Less of a quarter of an hour says nothing of the rest of it.
LEAST_COVERED_S = SLOT_S / 2


@dataclass(frozen=True, kw_only=True)
class Period:
    """A value and the Unix times between which it holds; `end` is None where nobody said."""

    start: float
    end: float | None
    value: float


def in_order(periods: Iterable[Period]) -> list[Period]:
    """Return the periods with an end each, in order; the first of those that begin at one time wins.

    Where no end was said a period lasts as long as those beside it, an hour at most: a hole in the list stays a hole.
    """
    first: dict[float, Period] = {}
    for period in periods:
        if isfinite(period.start) and isfinite(period.value):
            first.setdefault(period.start, period)
    starts = sorted(first)
    gaps = [after - before for before, after in pairwise(starts)]
    return [
        replace(first[start], end=_end(first[start], min([*gaps[max(index - 1, 0) : index + 1], HOUR_S])))
        for index, start in enumerate(starts)
    ]


def _end(period: Period, step_s: float) -> float:
    if period.end is not None and isfinite(period.end) and period.end > period.start:
        return min(period.end, period.start + LONGEST_PERIOD_S)
    return period.start + step_s


def quarter_hours(periods: Iterable[Period], start: float, end: float) -> dict[float, float]:
    """Return the mean of each quarter of an hour from `start` to before `end`; those unknown are missing."""
    covered: dict[float, float] = {}
    sums: dict[float, float] = {}
    for period in in_order(periods):
        assert period.end is not None
        slot = max(period.start, start) // SLOT_S * SLOT_S
        while slot < min(period.end, end):
            seconds = min(period.end, slot + SLOT_S) - max(period.start, slot)
            seconds = min(seconds, SLOT_S - covered.get(slot, 0.0))
            covered[slot] = covered.get(slot, 0.0) + seconds
            sums[slot] = sums.get(slot, 0.0) + seconds * period.value
            slot += SLOT_S
    return {
        slot: sums[slot] / covered[slot]
        for slot in sorted(covered)
        if covered[slot] >= LEAST_COVERED_S and start - SLOT_S < slot < end
    }
