"""What people see: sums over facts, per period; unknown is None."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from .offset import offset_percent
from .quantities import MICRO_SAT_PER_SAT, MJ_PER_KWH, NANO
from .sums import Sums

_LAST_DAYS = 30
PERIODS = ("today", "yesterday", "last_30_days", "month", "season")
SEASON_START_MONTH = 7
"""A heating season runs from 1 July to 30 June, so that no winter is cut in two."""


@dataclass(frozen=True, kw_only=True)
class PeriodTotals:
    """One period; energy in kWh, money in the home's currency, times in s."""

    energy_kwh: float | None = None
    cost: float | None = None
    """Of the part whose price was known."""
    cost_known_share: float | None = None
    """The part of the energy, 0 to 1, whose price was known."""
    earned_sat: float | None = None
    """Expected from accepted share work; what a pool has confirmed stands in its place."""
    confirmed_sat: float | None = None
    """The part of it that a pool has confirmed."""
    difference_sat: float | None = None
    """By how much what pools confirmed differs from what had been estimated for it; None where none has."""
    earned_known_share: float | None = None
    """The part of the time, 0 to 1, in which the network figures were known or nothing was mined."""
    earned_value: float | None = None
    """Each earning at the price of the hour it was booked; that of AI jobs included."""
    ai_value: float | None = None
    """The part of it that AI jobs earned."""
    solar_kwh: float | None = None
    battery_kwh: float | None = None
    alternative_cost: float | None = None
    """What the same heat would have cost from the heating otherwise used, of the part for which that is known."""
    saved: float | None = None
    """That, less the cost after earnings, of the part for which all three are known."""
    length_s: float | None = None
    """The time that is booked, measured or not."""
    unmeasured_s: float | None = None
    offset_percent: float | None = None
    cost_per_kwh_after_earnings: float | None = None
    share_work: int | None = None
    """Hashes."""
    hashes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Totals:
    """One heater, or the home."""

    currency: str
    today: PeriodTotals = field(default_factory=PeriodTotals)
    yesterday: PeriodTotals = field(default_factory=PeriodTotals)
    last_30_days: PeriodTotals = field(default_factory=PeriodTotals)
    month: PeriodTotals = field(default_factory=PeriodTotals)
    season: PeriodTotals = field(default_factory=PeriodTotals)
    all_time: PeriodTotals = field(default_factory=PeriodTotals)
    meter_kwh: float | None = None
    """All energy ever, as written to disk: never falls, whatever is killed; what a TOTAL_INCREASING sensor shows."""


def period_totals(sums: Sums) -> PeriodTotals:
    """Return a period as people read it."""
    after = None
    settled = sums.confirmed_usat or sums.difference_usat
    if sums.both_mj > 0:
        after = (sums.both_cost_nano - sums.both_value_nano) * MJ_PER_KWH / (NANO * sums.both_mj)
    return PeriodTotals(
        energy_kwh=sums.energy_mj / MJ_PER_KWH,
        cost=sums.cost_nano / NANO if sums.cost_ms else None,
        cost_known_share=sums.cost_mj / sums.energy_mj if sums.energy_mj else None,
        earned_sat=sums.earned_usat / MICRO_SAT_PER_SAT if sums.earned_ms else None,
        confirmed_sat=sums.confirmed_usat / MICRO_SAT_PER_SAT if sums.earned_ms else None,
        difference_sat=sums.difference_usat / MICRO_SAT_PER_SAT if settled else None,
        earned_known_share=sums.earned_ms / sums.length_ms if sums.length_ms else None,
        earned_value=sums.value_nano / NANO if sums.value_ms else None,
        ai_value=sums.ai_nano / NANO if sums.value_ms or sums.ai_nano else None,
        solar_kwh=sums.solar_mj / MJ_PER_KWH,
        battery_kwh=sums.battery_mj / MJ_PER_KWH,
        alternative_cost=sums.alternative_nano / NANO if sums.alternative_mj else None,
        saved=sums.saved_nano / NANO if sums.saved_mj else None,
        length_s=sums.length_ms / 1000,
        unmeasured_s=sums.unmeasured_ms / 1000,
        offset_percent=offset_percent(sums),
        cost_per_kwh_after_earnings=after,
        share_work=sums.share_work,
        hashes=sums.hashes,
    )


@dataclass(frozen=True)
class PeriodStarts:
    """The first local day of each period, as ordinals."""

    today: int
    month: int
    season: int

    @classmethod
    def of(cls, today: date) -> PeriodStarts:
        """Return the periods that hold on a local date."""
        year = today.year if today.month >= SEASON_START_MONTH else today.year - 1
        return cls(
            today=today.toordinal(),
            month=today.replace(day=1).toordinal(),
            season=date(year, SEASON_START_MONTH, 1).toordinal(),
        )

    def names(self, day: int) -> tuple[str, ...]:
        """Return the periods that a local day belongs to; to all time they all do."""
        inside = {
            "today": day == self.today,
            "yesterday": day == self.today - 1,
            "last_30_days": self.today - _LAST_DAYS < day <= self.today,
            "month": self.month <= day <= self.today,
            "season": self.season <= day <= self.today,
        }
        return tuple(name for name, holds in inside.items() if holds)


def sums_between(days: Mapping[int, Sums], starts: PeriodStarts, last_day: int) -> dict[str, Sums]:
    """Return the sums of each period over its days up to the last one asked for; all time excepted."""
    periods = {name: Sums() for name in PERIODS}
    for day in range(min(starts.season, starts.today - _LAST_DAYS), last_day + 1):
        sums = days.get(day)
        if sums is not None:
            for name in starts.names(day):
                periods[name].add(sums)
    return periods
