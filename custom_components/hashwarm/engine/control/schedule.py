"""Times of comfort by the clock on the wall, as weeks repeat; summer time moves them as it moves people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Protocol, override

from ..model.comfort import DAYS_PER_WEEK, Block

WEEKEND = (5, 6)
# Every change of a weekly schedule comes round within this many days.
HORIZON_DAYS = 9


class Schedule(Protocol):
    """Says when comfort is wanted; times are Unix seconds."""

    def comfort_at(self, at: float) -> bool:
        """Return whether comfort is wanted at a time."""
        ...

    def next_change(self, at: float) -> float | None:
        """Return when that changes next, None where it never does."""
        ...


class WeeklySchedule(Schedule):
    """Blocks of comfort in local time.

    A time that the clock skips in spring counts as that much later, one that it shows twice in autumn as the first of
    both; so a block is an hour shorter or longer in that night, and never lost.
    """

    def __init__(self, blocks: tuple[Block, ...], tz: tzinfo) -> None:
        self.blocks = blocks
        self._tz = tz

    @override
    def comfort_at(self, at: float) -> bool:
        """Return whether a time lies within a block."""
        return any(begin <= at < end for begin, end in self._spans(at, days=1))

    @override
    def next_change(self, at: float) -> float | None:
        """Return the next end of a block that another one does not continue, or the next begin."""
        wanted = self.comfort_at(at)
        ends = sorted({edge for span in self._spans(at, days=HORIZON_DAYS) for edge in span if edge > at})
        return next((edge for edge in ends if self.comfort_at(edge) is not wanted), None)

    def _spans(self, at: float, *, days: int) -> Iterator[tuple[float, float]]:
        """Yield begin and end of the blocks of some days, from that of a time on; no block outlasts its day."""
        today = datetime.fromtimestamp(at, self._tz).date()
        for offset in range(days):
            day = today + timedelta(days=offset)
            for block in self.blocks:
                if block.weekday == day.weekday():
                    yield self._at(day, block.begin), self._end(day, block)

    def _end(self, day: date, block: Block) -> float:
        if block.end is None:
            return self._at(day + timedelta(days=1), time.min)
        return self._at(day, block.end)

    def _at(self, day: date, clock: time) -> float:
        return datetime.combine(day, clock, self._tz).timestamp()


def daily(*, workday: tuple[time, time], weekend: tuple[time, time], tz: tzinfo) -> WeeklySchedule:
    """Return a schedule of one time of comfort a day, its begin and its end; one may last past midnight."""
    blocks: list[Block] = []
    for weekday in range(DAYS_PER_WEEK):
        begin, end = weekend if weekday in WEEKEND else workday
        blocks += overnight(weekday, begin, end)
    return WeeklySchedule(tuple(blocks), tz)


def overnight(weekday: int, begin: time, end: time) -> list[Block]:
    """Return the blocks of one time of comfort; one that ends when it begins lasts a whole day."""
    if begin < end:
        return [Block(weekday=weekday, begin=begin, end=end)]
    blocks = [Block(weekday=weekday, begin=begin, end=None)]
    if end > time.min:
        blocks.append(Block(weekday=(weekday + 1) % DAYS_PER_WEEK, begin=time.min, end=end))
    return blocks


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """A time of each day with a lower limit, in W; a limit of 0 W is silence."""

    hours: Schedule
    ceiling_w: float

    def ceiling_at(self, at: float) -> float | None:
        """Return the limit in force at a time, None outside the quiet hours."""
        return self.ceiling_w if self.hours.comfort_at(at) else None


def quiet_hours(begin: time, end: time, ceiling_w: float, tz: tzinfo) -> QuietHours:
    """Return quiet hours of every day; they may last past midnight."""
    return QuietHours(hours=daily(workday=(begin, end), weekend=(begin, end), tz=tz), ceiling_w=ceiling_w)
