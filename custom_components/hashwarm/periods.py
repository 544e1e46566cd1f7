"""A figure of the ledger by period, for the attributes of its sensor."""

from collections.abc import Iterator
from typing import Any

from .engine.home import PeriodTotals, Totals

PERIODS = ("today", "yesterday", "last_30_days", "month", "season", "all_time")


def by_period(totals: Totals | None, figure: str) -> dict[str, Any]:
    """Return a figure of each period, rounded to what people can use; nothing while no totals are known."""
    return {name: _rounded(getattr(period, figure)) for name, period in _periods(totals)}


def _periods(totals: Totals | None) -> Iterator[tuple[str, PeriodTotals]]:
    if totals is not None:
        yield from ((name, getattr(totals, name)) for name in PERIODS)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
