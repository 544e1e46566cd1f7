"""When a pool has confirmed what had been estimated, and for which time; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from .account_tables import Balance, BookedPayout
from .calendar import epoch_ms, moment
from .interval import Scheme
from .pools.reading import AccountReading, PayoutState
from .quantities import MICRO_SAT_PER_SAT

_DAY_MS = 86_400_000
_LEAST_MS = 6 * 3_600_000
"""Balances are settled about once a day; a reading right after midnight does not settle a few minutes."""
_PATIENCE_MS = 7 * _DAY_MS
"""So long a balance that fell may wait for the payout that explains it."""
_DOUBTFUL_RATIO = {Scheme.FPPS: 3, Scheme.PPS_PLUS: 3}
_DOUBTFUL_LUCK = 10
"""A pool that pays as it finds blocks may be as lucky as that in a day."""
_DOUBTFUL_MORE_SAT = 1000


@dataclass(frozen=True, kw_only=True)
class Period:
    """A time for which a pool has said what it credited; `key` names it, and is the same when it is told again."""

    key: str
    from_ms: int
    to_ms: int
    sat: int
    books: bool = True
    """Nothing is booked of a time that cannot be told apart; it only begins anew."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger holds of an account."""

    settled: Mapping[str, Period]
    """As told last, by key."""
    balance_then: Balance | None
    """The balance that held at the end of the last settled time."""
    payouts: Sequence[BookedPayout]
    since_ms: int
    """From when on heaters fed it."""
    paid_then_sat: int | None = None
    """What payouts came to at the end of the last settled time, as they were told then."""

    def has(self, period: Period) -> bool:
        """Tell whether that was told before, booked or doubted."""
        told = self.settled.get(period.key)
        return told is not None and (told.from_ms, told.to_ms, told.sat) == (period.from_ms, period.to_ms, period.sat)

    def overlaps(self, period: Period) -> bool:
        """Tell whether a part of that time was booked under another name."""
        return any(
            told.books and key != period.key and max(told.from_ms, period.from_ms) < min(told.to_ms, period.to_ms)
            for key, told in self.settled.items()
        )

    @property
    def first_ms(self) -> int:
        """When balances were looked at first."""
        return min((period.to_ms for period in self.settled.values()), default=0)

    @property
    def mark_ms(self) -> int | None:
        """The end of the last settled time."""
        return max((period.to_ms for period in self.settled.values()), default=None)

    def paid_sat(self, until_ms: int) -> int:
        """Return what payouts came to since balances are looked at; what a pool says counts, not what a person does."""
        return sum(
            told.told_sat
            for told in self.payouts
            if told.payout.state is not PayoutState.GONE and self.first_ms < epoch_ms(told.payout.at) <= until_ms
        )


def newly_settled(reading: AccountReading, known: Known, scheme: Scheme, *, tells_days: bool = False) -> list[Period]:
    """Return the times for which the pool has said something new; a time told otherwise than before is among them.

    A pool that tells days has not closed one yet where it tells none: what the account grew by will be part of a day.
    No time is ever booked under two names.
    """
    if scheme is Scheme.SOLO:
        periods = _by_payouts(known, first_from_ms=known.since_ms)
    elif reading.days or tells_days:
        periods = _by_days(reading, known)
    elif reading.credited_sat is not None or reading.unpaid_sat is not None:
        periods = _by_balance(reading, known)
    else:
        periods = _by_payouts(known, first_from_ms=None)
    return [period for period in periods if not known.has(period) and not (period.books and known.overlaps(period))]


def _by_days(reading: AccountReading, known: Known) -> list[Period]:
    """Return closed days in UTC since heaters feed the account, each with what it brought."""
    periods = []
    for told in reading.days:
        start_ms = epoch_ms(datetime.combine(told.day, time(), tzinfo=UTC))
        end_ms = start_ms + _DAY_MS
        if end_ms > epoch_ms(reading.at) or start_ms < known.since_ms:
            continue
        periods.append(Period(key=f"day:{told.day}", from_ms=start_ms, to_ms=end_ms, sat=told.sat))
    return periods


def _by_balance(reading: AccountReading, known: Known) -> list[Period]:
    """Return the time since the last settled one, by what the account grew; none while that cannot be told."""
    now_ms, mark_ms = epoch_ms(reading.at), known.mark_ms
    if mark_ms is None:
        return [Period(key=f"until:{now_ms}", from_ms=now_ms, to_ms=now_ms, sat=0, books=False)]
    next_day = reading.at.astimezone(UTC).date() > moment(mark_ms).date()
    if not next_day or now_ms - mark_ms < _LEAST_MS:
        return []
    grown_sat = _grown_sat(reading, known)
    if grown_sat is not None and grown_sat >= 0:
        return [Period(key=f"until:{now_ms}", from_ms=mark_ms, to_ms=now_ms, sat=grown_sat)]
    if now_ms - mark_ms < _PATIENCE_MS:
        return []
    return [Period(key=f"until:{now_ms}", from_ms=mark_ms, to_ms=now_ms, sat=0, books=False)]


def _grown_sat(reading: AccountReading, known: Known) -> int | None:
    """Return what was credited since the mark, None where it cannot be told."""
    then = known.balance_then
    if then is None:
        return None
    if reading.credited_sat is not None and then.credited_sat is not None:
        return reading.credited_sat - then.credited_sat
    if reading.unpaid_sat is None or then.unpaid_sat is None:
        return None
    grown_sat = reading.unpaid_sat - then.unpaid_sat
    if reading.paid_sat is not None and then.paid_sat is not None:
        return grown_sat + reading.paid_sat - then.paid_sat
    # A withdrawal that failed was counted as paid then: it is back in the balance, and is no income.
    return grown_sat + known.paid_sat(epoch_ms(reading.at)) - (known.paid_then_sat or 0)


def _by_payouts(known: Known, *, first_from_ms: int | None) -> list[Period]:
    """Return the time before each payout, back to the one before; before the first nobody knows how far it reaches.

    A payout that was taken back has paid for nothing: what had been estimated holds again.
    """
    periods: list[Period] = []
    from_ms = first_from_ms
    for booked in known.payouts:
        payout, to_ms = booked.payout, epoch_ms(booked.payout.at)
        before = known.settled.get(f"payout:{payout.payout_id}")
        if payout.state is PayoutState.GONE and before is not None:
            periods.append(replace(before, sat=0, books=False))
        if payout.state is not PayoutState.CONFIRMED:
            continue
        if to_ms >= known.since_ms:
            start_ms = to_ms if from_ms is None else min(from_ms, to_ms)
            start_ms, end_ms = (start_ms, to_ms) if before is None else (before.from_ms, before.to_ms)
            key = f"payout:{payout.payout_id}"
            periods.append(Period(key=key, from_ms=start_ms, to_ms=end_ms, sat=payout.sat, books=start_ms < end_ms))
        from_ms = max(to_ms, from_ms or to_ms)
    return periods


def doubtful(sat: int, estimated_usat: int, scheme: Scheme, length_ms: int) -> bool:
    """Tell whether a pool credited so much more than our heaters can have earned that others must feed the account."""
    if scheme is Scheme.SOLO:
        return False
    days = max(length_ms / _DAY_MS, 1.0)
    most_usat = estimated_usat * _DOUBTFUL_RATIO.get(scheme, _DOUBTFUL_LUCK)
    return sat * MICRO_SAT_PER_SAT > most_usat + _DOUBTFUL_MORE_SAT * MICRO_SAT_PER_SAT * days
