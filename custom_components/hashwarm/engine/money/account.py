"""One heater's booking: its meter, its open interval and its closed days."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from .calendar import epoch_ms, local_days, local_hour, moment
from .electricity import ALL_GRID, Supply
from .interval import Carry, Earning, Interval, OpenInterval, Terms
from .meter import HeaterSample, Meter, Step, counter_growth
from .sums import Sums
from .tables import HeaterState

_CLOCK_JUMP_MS = 2000
"""Labels may drift from the wall clock by this much before a new interval takes a new label."""
_SETTLE_MS = 10_000
"""A flapping sensor or source must not make a row a second."""


@dataclass(frozen=True)
class DaySums:
    """Sums that belong to one local day."""

    day: int
    sums: Sums


@dataclass(frozen=True)
class _Presence:
    """When a heater was first seen, and how."""

    at_ms: int
    counter_mj: int | None
    terms: Terms


class HeaterAccount:
    """Turns samples into intervals; hands each closed one to `closed`."""

    def __init__(
        self,
        heater_id: str,
        currency: str,
        tz: tzinfo,
        next_seq: Callable[[], int],
        closed: Callable[[Interval], None],
    ) -> None:
        self.earning = Earning()
        self.days: dict[int, Sums] = {}
        """Closed intervals by local day, as far back as totals need; the file's past included once it is adopted."""
        self.closed = Sums()
        """All closed intervals there ever were."""
        self.entries: dict[int, Sums] = {}
        """What is booked beside intervals, by local day, as the file has it."""
        self.beside = Sums()
        """All of `entries`."""
        self.power_w: float | None = None
        """As last told."""
        self.energy_mj = 0
        """All of it, the open interval included."""
        self.changes = 0
        """Counts what was taken in, so that others know when their sums are old."""
        self._heater_id = heater_id
        self.currency = currency
        self._tz = tz
        self._next_seq = next_seq
        self._on_closed = closed
        self._meter = Meter()
        self._open: OpenInterval | None = None
        self._carry = Carry()
        self._end_ms: int | None = None
        self._absent_since: HeaterState | None = None
        self._first: _Presence | None = None

    def adopt(self, before: HeaterState, days: dict[int, Sums], whole: Sums) -> None:
        """Go on from what the file knows of this heater; it may have booked already."""
        self.changes += 1
        for day, sums in days.items():
            self.days.setdefault(day, Sums()).add(sums)
        self.closed.add(whole)
        self.energy_mj += whole.energy_mj
        if self._first is None:
            self._carry, self._end_ms, self._absent_since = before.carry, before.end_ms, before
        else:
            self._book_absence(before, self._first)

    def take_entries(self, entries: dict[int, Sums]) -> None:
        """Show what the file has beside intervals."""
        self.changes += 1
        self.entries = entries
        self.beside = Sums()
        for sums in entries.values():
            self.beside.add(sums)

    def book(self, sample: HeaterSample, now: datetime, terms: Terms, supply: Supply = ALL_GRID) -> None:
        """Take in a sample read at `now`, from which on `terms` hold; its energy was supplied like that."""
        self.changes += 1
        self.power_w = sample.power_w
        now_ms = epoch_ms(now)
        step = self._meter.add(sample)
        presence = _Presence(now_ms, sample.energy_mj, terms)
        self._first = self._first or presence
        if self._absent_since is not None:
            since, self._absent_since = self._absent_since, None
            self._book_absence(since, presence)
        if step is not None:
            self._take(step, now_ms, terms, supply)
        if self._open is not None and self._must_close(self._open, terms, now_ms):
            self._close()
        if self._open is None:
            self._open = OpenInterval(self._next_seq(), self._heater_id, now_ms, terms, self._carry)

    def release(self) -> None:
        """Close what is open; the next sample starts a new meter, and the time until then is an absence."""
        self.changes += 1
        self.power_w = None
        self._close()
        self._absent_since = self._state(self._end_ms, self._carry) or self._absent_since
        self._meter = Meter()

    def open_sums(self) -> DaySums | None:
        """Return what the open interval adds, None when none is open."""
        if self._open is None:
            return None
        row = self._open.priced(closed=False)[0]
        return DaySums(row.terms.day, Sums().add_row(row, self.currency))

    def unclosed(self) -> Iterator[tuple[int, Sums]]:
        """Yield what is not in closed intervals, with its day: the open interval, and what is booked beside."""
        opened = self.open_sums()
        if opened is not None:
            yield opened.day, opened.sums
        yield from self.entries.items()

    def snapshot(self) -> tuple[Interval | None, HeaterState | None]:
        """Return the open interval and the state to go on from after a kill."""
        row, carry, end_ms = None, self._carry, self._end_ms
        if self._open is not None and self._open.length_ms:
            row, carry = self._open.priced(closed=False)
            end_ms = row.end_ms
        return row, self._state(end_ms, carry) or self._absent_since

    def _state(self, end_ms: int | None, carry: Carry) -> HeaterState | None:
        """Return where booking stands, None where the meter has seen nothing."""
        if end_ms is None or not self._meter.used:
            return None
        return HeaterState(heater_id=self._heater_id, end_ms=end_ms, counter_mj=self._meter.counter_mj, carry=carry)

    def _take(self, step: Step, now_ms: int, now_terms: Terms, supply: Supply) -> None:
        """Add a step to the open interval, or book it as a gap of its own."""
        self.energy_mj += step.energy_mj
        assert self._open is not None
        if not step.gap:
            self._open.add(step, supply)
            return
        terms = self._open.terms
        self._close()
        if terms.price_nano != now_terms.price_nano:
            terms = replace(terms, price_nano=None)
        self._book_gap(step, now_ms - step.length_ms, terms)

    def _must_close(self, interval: OpenInterval, terms: Terms, now_ms: int) -> bool:
        """Tell whether something that prices or labels an interval changed."""
        held = interval.terms
        if abs(interval.start_ms + interval.length_ms - now_ms) > _CLOCK_JUMP_MS:
            return True
        if _at_once(held) != _at_once(terms):
            return True
        if 0 < interval.length_ms < _SETTLE_MS:
            return False
        return _slow_terms(held) != _slow_terms(terms)

    def _close(self) -> None:
        """Close the open interval; an empty one leaves no row."""
        interval, self._open = self._open, None
        if interval is not None and interval.length_ms:
            self._settle(interval)

    def _settle(self, interval: OpenInterval) -> None:
        """Price an interval for good and keep it."""
        row, self._carry = interval.priced(closed=True)
        self._end_ms = row.end_ms
        self.days.setdefault(row.terms.day, Sums()).add_row(row, self.currency)
        self.closed.add_row(row, self.currency)
        self._on_closed(row)

    def _book_gap(self, step: Step, start_ms: int, terms: Terms) -> None:
        """Book a long step as rows of its own, cut at local midnights, amounts shared out by length."""
        left = step
        for part_start, part_ms in local_days(start_ms, step.length_ms, self._tz):
            part = _part(left, part_ms)
            hour, day = local_hour(moment(part_start), self._tz)
            gap_terms = replace(terms, hour=hour, day=day)
            interval = OpenInterval(self._next_seq(), self._heater_id, part_start, gap_terms, self._carry)
            interval.add(part)
            self._settle(interval)
            left = _less(left, part)

    def _book_absence(self, since: HeaterState, until: _Presence) -> None:
        """Book the time in which nobody looked: energy only from a device's own counter, its price unknown."""
        length_ms = 0 if since.end_ms is None else until.at_ms - since.end_ms
        if since.end_ms is None or length_ms <= 0:
            return
        grown = None
        if since.counter_mj is not None and until.counter_mj is not None:
            grown = counter_growth(since.counter_mj, until.counter_mj, length_ms)
        energy_mj = grown or 0
        unmeasured_ms = length_ms if grown is None else 0
        step = Step(
            length_ms=length_ms, energy_mj=energy_mj, unmeasured_ms=unmeasured_ms, share_work=0, hashes=0, gap=True
        )
        self.energy_mj += energy_mj
        end_ms = self._end_ms
        self._book_gap(step, since.end_ms, replace(until.terms, running=False, price_nano=None))
        # Where the file came late, the heater is already further than the absence it now books.
        self._end_ms = end_ms if end_ms is not None and end_ms > until.at_ms else self._end_ms


def _at_once(terms: Terms) -> tuple[object, ...]:
    """Return the terms whose change ends an interval at once."""
    return terms.hour, terms.price_nano, terms.solar_price_nano, terms.battery_price_nano, terms.earning


def _slow_terms(terms: Terms) -> tuple[object, ...]:
    """Return the terms whose change waits until an interval has some length.

    The prices of a bitcoin and of other heat change with every look; what held first holds for the interval.
    """
    known = (terms.estimate is None, terms.btc_price_nano is None, terms.alternative_price_nano is None)
    return terms.running, terms.power_source, *known


def _part(step: Step, length_ms: int) -> Step:
    """Return the first part of a step, amounts rounded down."""
    if length_ms == step.length_ms:
        return step

    def share(amount: int) -> int:
        return amount * length_ms // step.length_ms

    return replace(
        step,
        length_ms=length_ms,
        energy_mj=share(step.energy_mj),
        unmeasured_ms=length_ms if step.unmeasured_ms else 0,
        share_work=share(step.share_work),
        hashes=share(step.hashes),
    )


def _less(step: Step, part: Step) -> Step:
    """Return what is left of a step after its first part."""
    return replace(
        step,
        length_ms=step.length_ms - part.length_ms,
        energy_mj=step.energy_mj - part.energy_mj,
        unmeasured_ms=step.unmeasured_ms - part.unmeasured_ms,
        share_work=step.share_work - part.share_work,
        hashes=step.hashes - part.hashes,
    )
