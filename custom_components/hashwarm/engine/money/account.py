"""One heater's booking: its meter, its open interval and its closed days."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from .calendar import epoch_ms, local_days, local_hour, moment
from .interval import Carry, Earning, Interval, OpenInterval, Sums, Terms
from .meter import HeaterSample, Meter, Step, counter_growth
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
        """Closed intervals by local day; the file's past included once it is adopted."""
        self.version = 0
        """Changes whenever `days` do."""
        self.energy_mj = 0
        """All of it, the open interval included."""
        self._heater_id = heater_id
        self._currency = currency
        self._tz = tz
        self._next_seq = next_seq
        self._on_closed = closed
        self._meter = Meter()
        self._open: OpenInterval | None = None
        self._carry = Carry()
        self._end_ms: int | None = None
        self._adopted = False
        self._before: HeaterState | None = None
        self._first: tuple[int, int | None, Terms] | None = None

    def adopt(self, before: HeaterState | None, days: dict[int, Sums]) -> None:
        """Go on from what the file knows of this heater."""
        self._adopted = True
        self.version += 1
        self._before = before
        for day, sums in days.items():
            self.days.setdefault(day, Sums()).add(sums)
            self.energy_mj += sums.energy_mj
        if before is not None and self._open is None and self._first is None:
            self._carry = before.carry
            self._end_ms = before.end_ms
        self._book_absence()

    def book(self, sample: HeaterSample, now: datetime, terms: Terms) -> None:
        """Take in a sample read at `now`, from which on `terms` hold."""
        now_ms = epoch_ms(now)
        step = self._meter.add(sample)
        if self._first is None:
            self._first = (now_ms, sample.energy_mj, terms)
            self._book_absence()
        if step is not None:
            self._take(step, now_ms)
        if self._open is not None and self._must_close(self._open, terms, now_ms):
            self._close()
        if self._open is None:
            self._open = OpenInterval(self._next_seq(), self._heater_id, now_ms, terms, self._carry)

    def release(self) -> None:
        """Close what is open; the next sample starts a new meter."""
        self._close()
        self._meter = Meter()

    def open_sums(self) -> DaySums | None:
        """Return what the open interval adds, None when none is open."""
        if self._open is None:
            return None
        row = self._open.priced(closed=False)[0]
        return DaySums(row.terms.day, Sums().add_row(row, self._currency))

    def snapshot(self) -> tuple[Interval | None, HeaterState | None]:
        """Return the open interval and the state to go on from after a kill."""
        row, carry, end_ms = None, self._carry, self._end_ms
        if self._open is not None and self._open.length_ms:
            row, carry = self._open.priced(closed=False)
            end_ms = row.end_ms
        if end_ms is None:
            return row, None
        state = HeaterState(heater_id=self._heater_id, end_ms=end_ms, counter_mj=self._meter.counter_mj, carry=carry)
        return row, state

    def _take(self, step: Step, now_ms: int) -> None:
        """Add a step to the open interval, or book it as a gap of its own."""
        self.energy_mj += step.energy_mj
        if self._open is not None and not step.gap:
            self._open.add(step)
            return
        if self._open is not None:
            terms = self._open.terms
            self._close()
            self._book_gap(step, now_ms - step.length_ms, terms)

    def _must_close(self, interval: OpenInterval, terms: Terms, now_ms: int) -> bool:
        """Tell whether something that prices or labels an interval changed."""
        held = interval.terms
        if abs(interval.start_ms + interval.length_ms - now_ms) > _CLOCK_JUMP_MS:
            return True
        if (held.hour, held.price_nano, held.earning) != (terms.hour, terms.price_nano, terms.earning):
            return True
        if interval.length_ms < _SETTLE_MS:
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
        self.version += 1
        self.days.setdefault(row.terms.day, Sums()).add_row(row, self._currency)
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

    def _book_absence(self) -> None:
        """Book the time since the last run, once both its ends are known: energy only from a device's own counter."""
        if not self._adopted or self._first is None or self._before is None:
            return
        before, self._before = self._before, None
        first_ms, counter_mj, terms = self._first
        if before.end_ms is None or first_ms <= before.end_ms:
            return
        length_ms = first_ms - before.end_ms
        grown = None
        if before.counter_mj is not None and counter_mj is not None:
            grown = counter_growth(before.counter_mj, counter_mj, length_ms)
        self.energy_mj += grown or 0
        step = Step(
            length_ms=length_ms,
            energy_mj=grown or 0,
            unmeasured_ms=length_ms if grown is None else 0,
            share_work=0,
            hashes=0,
            gap=True,
        )
        end_ms = self._end_ms
        self._book_gap(step, before.end_ms, replace(terms, running=False, price_nano=None))
        self._end_ms = max(end_ms or 0, self._end_ms or 0)


def _slow_terms(terms: Terms) -> tuple[object, ...]:
    """Return the terms whose change waits until an interval has some length."""
    return terms.running, terms.power_source, terms.estimate is None, terms.btc_price_nano is None


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
