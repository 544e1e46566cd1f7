"""The hours to come in quarters, each with all that the planner asks for; holes are filled with what is likeliest."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from math import inf, isfinite
from statistics import fmean
from typing import Any

from ..model.forecasts import Forecasts, Series
from ..model.planning import SLOT_S, Slot, Wish
from .sun import Site, sun_on_walls

DAY_S = 86400.0
HOUR_S = 3600.0
# A forecast gives way to the sensor now, and has its word back after this.
OUTDOOR_TRUST_S = 6 * HOUR_S
# Beyond this far apart two points of a forecast are no line: a daily one tells of its days and nights only.
LONGEST_LINE_S = 16 * HOUR_S
LONGEST_CLOUD_S = 25 * HOUR_S
MOST_CORRECTION_K = 6.0
MOST_CHANGE_K = 15.0
BELIEVABLE_OUTDOOR_C = (-60.0, 60.0)
MILD_C = 10.0
NEAR_S = 30 * DAY_S


@dataclass(frozen=True, kw_only=True)
class JobHold:
    """An AI job that holds the device: power in W, revenue per kWh, what it costs to end it early, in currency."""

    until: float
    power_w: float
    revenue_per_kwh: float = 0.0
    interruption_cost: float = inf


def no_ceiling(_at: float) -> float:
    """Return the ceiling, in W, of a heater that nothing limits."""
    return inf


@dataclass(frozen=True, kw_only=True)
class Household:
    """What does not come from forecasts: wishes, limits, the sun's geometry."""

    wish_at: Callable[[float], Wish]
    zone: tzinfo
    site: Site | None = None
    """Where the house stands; None for no sun."""
    ceiling_w_at: Callable[[float], float] = no_ceiling
    """What quiet hours and circuits leave, in W, at a Unix time."""
    surplus_warmest_c: float | None = None
    job: JobHold | None = None


def slots_ahead(start: float, count: int, forecasts: Forecasts, household: Household) -> list[Slot]:
    """Return so many quarters of an hour from the one that a Unix time falls into; never raises for want of data."""
    first = start // SLOT_S * SLOT_S
    times = [first + index * SLOT_S for index in range(count)]
    prices = Tariff(_near(forecasts.prices, start), forecasts.price_now, household.zone)
    outdoor = Outdoor(forecasts, start)
    surplus = dict(_near(forecasts.surplus, start))
    cloud = _near(forecasts.cloud, start)
    # What is left of the quarter of now is for the wish of now, not for the one that it began with.
    wishes = [household.wish_at(max(at, start)) for at in times]
    return [
        replace(
            _slot(at, wish, household, forecasts, prices.at(at), outdoor.at(at), cloud, surplus),
            priced=prices.is_known,
            price_known=prices.knows(at),
        )
        for at, wish in zip(times, wishes, strict=True)
    ]


def _slot(
    at: float,
    wish: Wish,
    household: Household,
    forecasts: Forecasts,
    price: float,
    outdoor_c: float,
    cloud: Series,
    surplus: dict[float, float],
) -> Slot:
    job = household.job
    held = job if job is not None and at < job.until else None
    middle = at + SLOT_S / 2
    cover = drawn_through(cloud, middle, LONGEST_CLOUD_S)
    sun: dict[str, Any] = {} if household.site is None else {"sun": sun_on_walls(middle, household.site, cover)}
    return Slot(
        at=at,
        outdoor_c=outdoor_c,
        target_c=wish.target_c,
        coldest_c=wish.coldest_c,
        warmest_c=wish.warmest_c,
        price_per_kwh=price,
        surplus_w=max(surplus.get(at, 0.0), 0.0),
        surplus_price_per_kwh=forecasts.surplus_price_per_kwh,
        surplus_warmest_c=household.surplus_warmest_c,
        ceiling_w=max(household.ceiling_w_at(at), 0.0),
        job_power_w=held.power_w if held is not None else None,
        job_revenue_per_kwh=held.revenue_per_kwh if held is not None else 0.0,
        job_interruption_cost=held.interruption_cost if held is not None else 0.0,
        **sun,
    )


class Tariff:
    """The price at any time: as known, else the mean of that hour on known days, else of all, else the price now."""

    def __init__(self, prices: Series, price_now: float | None, zone: tzinfo) -> None:
        self._known = {at: price for at, price in prices if isfinite(price)}
        self._zone = zone
        by_hour: defaultdict[int, list[float]] = defaultdict(list)
        for at, price in self._known.items():
            by_hour[self._hour(at)].append(price)
        self._by_hour = {hour: fmean(found) for hour, found in by_hour.items()}
        now = price_now if price_now is not None and isfinite(price_now) else None
        self.is_known = bool(self._known) or now is not None
        """Whether anybody said a price at all."""
        self._else = fmean(self._known.values()) if self._known else now or 0.0

    def at(self, at: float) -> float:
        """Return the price, in currency per kWh, of the quarter of an hour that begins at a Unix time."""
        known = self._known.get(at)
        return known if known is not None else self._by_hour.get(self._hour(at), self._else)

    def knows(self, at: float) -> bool:
        """Return whether somebody said the price of the quarter of an hour that begins at a Unix time."""
        return at in self._known

    def _hour(self, at: float) -> int:
        return datetime.fromtimestamp(at, self._zone).hour


class Outdoor:
    """The outdoor temperature at any time: forecast, brought to what the sensor says now, else as a day before.

    What it is colder now than a day before it is in the next hours too, and less and less so: in three typical years
    the best share to reckon with goes from one to nothing within a day, along a line.
    """

    def __init__(self, forecasts: Forecasts, now: float) -> None:
        low, high = BELIEVABLE_OUTDOOR_C
        self._points = [(at, celsius) for at, celsius in _near(forecasts.outdoor, now) if low <= celsius <= high]
        measured = forecasts.outdoor_now_c
        self._measured = measured if measured is not None and low <= measured <= high else None
        self._now = now
        expected = drawn_through(self._points, now)
        self._now_c = self._measured if self._measured is not None else expected
        self._forecast_errs_k = self._warmer_k(0, MOST_CORRECTION_K)

    def at(self, at: float) -> float:
        """Return the temperature, in °C, of the quarter of an hour that begins at a Unix time."""
        middle = at + SLOT_S / 2
        ahead_s = max(middle - self._now, 0.0)
        if (expected := drawn_through(self._points, middle)) is not None:
            return expected + self._forecast_errs_k * max(1.0 - ahead_s / OUTDOOR_TRUST_S, 0.0)
        for days in (1, 2):
            if (before := drawn_through(self._points, middle - days * DAY_S)) is not None:
                return before + self._warmer_k(days, MOST_CHANGE_K) * max(1.0 - ahead_s / DAY_S, 0.0)
        return self._flat_c

    def _warmer_k(self, days: int, most_k: float) -> float:
        """Return by how much it is warmer now than was foretold for now, or so many days before; `most_k` at most."""
        then_c = drawn_through(self._points, self._now - days * DAY_S)
        warmer_k = 0.0 if self._now_c is None or then_c is None else self._now_c - then_c
        return min(max(warmer_k, -most_k), most_k)

    @property
    def _flat_c(self) -> float:
        """Return what is assumed of hours of which nobody says anything."""
        if self._measured is not None:
            return self._measured
        return fmean(celsius for _, celsius in self._points) if self._points else MILD_C


def drawn_through(points: Sequence[tuple[float, float]], at: float, longest_s: float = LONGEST_LINE_S) -> float | None:
    """Return the value at a time on the line between the points beside it; None outside, and in long gaps.

    For an hour after the last point it still holds.
    """
    index = bisect_right(points, at, key=lambda point: point[0])
    if index == 0:
        return None
    before_at, before = points[index - 1]
    if index == len(points):
        return before if at - before_at <= HOUR_S else None
    after_at, after = points[index]
    if after_at - before_at > longest_s:
        return before if at - before_at <= HOUR_S else None
    return before + (after - before) * (at - before_at) / (after_at - before_at)


def _near(series: Series, now: float) -> list[tuple[float, float]]:
    """Return the points that are numbers and of these weeks, in order, one for each time."""
    return sorted({at: value for at, value in series if isfinite(value) and abs(at - now) <= NEAR_S}.items())
