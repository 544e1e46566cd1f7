"""When a pool has confirmed what had been estimated, and for which time; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

    def has(self, period: Period) -> bool:
        """Tell whether that was told before, booked or doubted."""
        told = self.settled.get(period.key)
        return told is not None and (told.from_ms, told.to_ms, told.sat) == (period.from_ms, period.to_ms, period.sat)

    @property
    def mark_ms(self) -> int | None:
        """The end of the last settled time."""
        return max((period.to_ms for period in self.settled.values()), default=None)


def newly_settled(reading: AccountReading, known: Known, scheme: Scheme, *, tells_days: bool = False) -> list[Period]:
    """Return the times for which the pool has said something new; a time told otherwise than before is among them.

    A pool that tells days has not closed one yet where it tells none: what the account grew by will be part of a day.
    """
    if scheme is Scheme.SOLO:
        return _by_payouts(known, first_from_ms=known.since_ms)
    if reading.days or tells_days:
        return _by_days(reading, known)
    if reading.credited_sat is not None or reading.unpaid_sat is not None:
        return _by_balance(reading, known)
    return _by_payouts(known, first_from_ms=None)


def _by_days(reading: AccountReading, known: Known) -> list[Period]:
    """Return closed days in UTC since heaters feed the account, each with what it brought."""
    periods = []
    for told in reading.days:
        start_ms = epoch_ms(datetime.combine(told.day, time(), tzinfo=UTC))
        end_ms = start_ms + _DAY_MS
        if end_ms > epoch_ms(reading.at) or start_ms < known.since_ms:
            continue
        periods.append(Period(key=f"day:{told.day}", from_ms=start_ms, to_ms=end_ms, sat=told.sat))
    return [period for period in periods if not known.has(period)]


def _by_balance(reading: AccountReading, known: Known) -> list[Period]:
    """Return the time since the last settled one, by what the account grew; none while that cannot be told."""
    now_ms, mark_ms = epoch_ms(reading.at), known.mark_ms
    if mark_ms is None:
        return [Period(key=f"until:{now_ms}", from_ms=now_ms, to_ms=now_ms, sat=0, books=False)]
    next_day = reading.at.astimezone(UTC).date() > moment(mark_ms).date()
    if not next_day or now_ms - mark_ms < _LEAST_MS:
        return []
    grown_sat = _grown_sat(reading, known, mark_ms)
    if grown_sat is not None and grown_sat >= 0:
        return [Period(key=f"until:{now_ms}", from_ms=mark_ms, to_ms=now_ms, sat=grown_sat)]
    if now_ms - mark_ms < _PATIENCE_MS:
        return []
    return [Period(key=f"until:{now_ms}", from_ms=mark_ms, to_ms=now_ms, sat=0, books=False)]


def _grown_sat(reading: AccountReading, known: Known, mark_ms: int) -> int | None:
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
    paid = [told.payout for told in known.payouts if told.payout.state is not PayoutState.GONE]
    return grown_sat + sum(payout.sat for payout in paid if mark_ms < epoch_ms(payout.at) <= epoch_ms(reading.at))


def _by_payouts(known: Known, *, first_from_ms: int | None) -> list[Period]:
    """Return the time before each payout, back to the one before; before the first nobody knows how far it reaches."""
    periods: list[Period] = []
    from_ms = first_from_ms
    for booked in known.payouts:
        payout, to_ms = booked.payout, epoch_ms(booked.payout.at)
        if to_ms < known.since_ms or payout.state is PayoutState.PENDING:
            from_ms = to_ms if from_ms is None or payout.state is not PayoutState.PENDING else from_ms
            continue
        sat = 0 if payout.state is PayoutState.GONE else payout.sat
        before = known.settled.get(f"payout:{payout.payout_id}")
        start_ms = before.from_ms if before is not None else (to_ms if from_ms is None else min(from_ms, to_ms))
        end_ms = before.to_ms if before is not None else to_ms
        periods.append(
            Period(key=f"payout:{payout.payout_id}", from_ms=start_ms, to_ms=end_ms, sat=sat, books=start_ms < end_ms)
        )
        from_ms = end_ms
    return [period for period in periods if not known.has(period)]


def doubtful(sat: int, estimated_usat: int, scheme: Scheme, length_ms: int) -> bool:
    """Tell whether a pool credited so much more than our heaters can have earned that others must feed the account."""
    if scheme is Scheme.SOLO:
        return False
    days = max(length_ms / _DAY_MS, 1.0)
    most_usat = estimated_usat * _DOUBTFUL_RATIO.get(scheme, _DOUBTFUL_LUCK)
    return sat * MICRO_SAT_PER_SAT > most_usat + _DOUBTFUL_MORE_SAT * MICRO_SAT_PER_SAT * days
