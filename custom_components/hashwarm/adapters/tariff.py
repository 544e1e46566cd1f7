"""A tariff with other prices at other times of the week, by the clock on the wall."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import override

from ..engine.model.planning import SLOT_S
from ..engine.model.protocols import PriceForecast, WallClock
from .price_forecast import PriceOrigin, PriceSource

EVERY_DAY = frozenset(range(7))
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class TariffWindow:
    """Times at which another price holds; an end that is not after the begin lies on the next day.

    The days are those on which it begins, Monday is 0.
    """

    per_kwh: float
    begin: time
    end: time
    days: frozenset[int] = EVERY_DAY

    def holds(self, local: datetime) -> bool:
        """Return whether it holds at a local time; where the clock is set back, at both times it shows an hour."""
        at, today, yesterday = local.time(), local.weekday(), (local - DAY).weekday()
        if self.begin < self.end:
            return today in self.days and self.begin <= at < self.end
        return (today in self.days and at >= self.begin) or (yesterday in self.days and at < self.end)


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """A price, and windows in which another one holds; the first window that holds counts.

    The base price None is unknown outside of the windows.
    """

    base_per_kwh: float | None
    windows: tuple[TariffWindow, ...] = ()

    def price_at(self, local: datetime) -> float | None:
        """Return the price per kWh at a local time."""
        return next((window.per_kwh for window in self.windows if window.holds(local)), self.base_per_kwh)


class TariffPriceForecast(PriceForecast):
    """A tariff that a person gave: it is known for ever."""

    origin = PriceOrigin(source=PriceSource.FIXED)

    def __init__(self, tariff: Tariff, timezone: tzinfo, now: WallClock) -> None:
        self._tariff = tariff
        self._timezone = timezone
        self._now = now

    @override
    def price_now(self) -> float | None:
        """Return the price per kWh."""
        return self._tariff.price_at(self._now().astimezone(self._timezone))

    @override
    async def prices(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """Return the price at the begin of each quarter of an hour."""
        slots = _slots(start.timestamp(), end.timestamp())
        told = ((at, self._tariff.price_at(at.astimezone(self._timezone))) for at in slots)
        return [(at, price) for at, price in told if price is not None]


def _slots(start: float, end: float) -> Iterable[datetime]:
    slot = start // SLOT_S * SLOT_S
    while slot < end:
        yield datetime.fromtimestamp(slot, UTC)
        slot += SLOT_S
