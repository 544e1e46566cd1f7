"""Books what a pool confirmed in place of what had been estimated for the same time, exactly once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
import sqlite3
from typing import Any

from .account_tables import balance_at, get_payouts
from .entries import Entry, EntryKind, put_entries
from .quantities import MICRO_SAT_PER_BTC, joined
from .settlement import Known, Period

_PARTS = """
SELECT name, day, SUM(length_ms), SUM(IIF(running, length_ms, 0)), SUM(share_work_hi), SUM(share_work_lo),
 SUM(IFNULL(earned_usat, 0)), SUM(IIF(earned_usat IS NULL, length_ms, 0)),
 SUM(IIF(ours, IFNULL(value_nano, 0), 0)), SUM(IIF(ours AND value_nano IS NOT NULL, earned_usat, 0)),
 SUM(IIF(ours AND value_nano IS NULL, length_ms, 0)), SUM(IIF(ours, 0, 1)),
 SUM(IIF(NOT comparable AND share_work_hi + share_work_lo = 0 AND (energy_mj > 0 OR unmeasured_ms > 0), length_ms, 0)),
 SUM(IIF(both, length_ms, 0)), SUM(IIF(both, share_work_hi, 0)), SUM(IIF(both, share_work_lo, 0)),
 SUM(IIF(both, value_nano, 0)),
 SUM(IIF(all_three, length_ms, 0)), SUM(IIF(all_three, share_work_hi, 0)), SUM(IIF(all_three, share_work_lo, 0)),
 SUM(IIF(all_three, value_nano, 0))
FROM (SELECT *, currency = ?1 AS ours, currency = ?1 AND comparable AS both,
  currency = ?1 AND comparable AND alternative_nano IS NOT NULL AS all_three
 FROM money_interval WHERE closed AND account = ?2 AND {within})
JOIN money_heater ON money_heater.id = heater GROUP BY heater, day ORDER BY heater, day
"""
_ENDED_WITHIN = _PARTS.format(within="start_ms + length_ms > ?3 AND start_ms + length_ms <= ?4")
_TOUCHING = _PARTS.format(within="start_ms + length_ms > ?3 AND start_ms < ?4")
_SETTLED = """
SELECT key, from_ms, to_ms, sat, books, MAX(revision) FROM money_settlement WHERE account = ? GROUP BY key
"""
_BOOKED = """
SELECT name, day, SUM(earned_usat), SUM(earned_ms), SUM(confirmed_usat), SUM(IIF(currency = ?2, value_nano, 0)),
 SUM(IIF(currency = ?2, value_ms, 0)), SUM(IIF(currency = ?2, both_value_nano, 0)),
 SUM(IIF(currency = ?2, saved_nano, 0))
FROM money_entry JOIN money_heater ON money_heater.id = heater
WHERE substr(key, 1, length(?1)) = ?1 GROUP BY heater, day
"""
_SETTLED_SINCE = """
SELECT SUM(confirmed_usat), SUM(confirmed_usat - earned_usat) FROM money_entry
WHERE kind = 'settlement' AND note = ? AND day >= ?
"""
_ESTIMATES = """
SELECT key, estimated_usat, MAX(revision) FROM money_settlement WHERE account = ? AND to_ms > ? AND books GROUP BY key
"""
_PAID_THEN = "SELECT paid_sat FROM money_settlement WHERE account = ? AND to_ms = ? ORDER BY id DESC LIMIT 1"
_PUT = "INSERT INTO money_settlement VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a day's work: 0 to 1 of it, and the value that was estimated for it."""

    of_work: float
    value_nano: int


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one heater did on one day for an account, and what it was estimated to earn."""

    heater_id: str
    day: int
    length_ms: int
    running_ms: int
    share_work: int
    earned_usat: int
    unknown_ms: int
    value_nano: int
    valued_usat: int
    """The part of the earnings that the value is of."""
    unvalued_ms: int
    foreign: bool
    """A part of it was booked in another currency than the home's."""
    both: Part
    """What is known to have cost something."""
    all_three: Part
    """Of that, what other heat has a price for too."""


@dataclass(frozen=True)
class Before:
    """What was booked of one heater and day for the same time already."""

    earned_usat: int = 0
    earned_ms: int = 0
    confirmed_usat: int = 0
    value_nano: int = 0
    value_ms: int = 0
    both_value_nano: int = 0
    saved_nano: int = 0


@dataclass(frozen=True, kw_only=True)
class Settling:
    """For whom and at what price something is settled."""

    account: str
    account_id: int
    currency: str
    btc_price_nano: int | None
    """Of now, for work whose price of then is unknown."""
    at_ms: int


def works(connection: sqlite3.Connection, settling: Settling, period: Period, *, touching: bool = False) -> list[Work]:
    """Return what our heaters did for the account in intervals that ended within that time, or that touch it."""
    arguments = (settling.currency, settling.account_id, period.from_ms, period.to_ms)
    return [_work(row) for row in connection.execute(_TOUCHING if touching else _ENDED_WITHIN, arguments)]


def _work(row: Sequence[Any]) -> Work:
    """Return one row of the query."""
    name, day, length, running, high, low, earned, unknown, value, valued, unvalued, foreign, blind, *parts = row
    work = joined(high, low)
    # What worked on while nobody looked is taken to have worked as it did while somebody did.
    seen = 1.0 - _ratio(blind, length)
    both, all_three = (
        Part(of_work=seen * (joined(part[1], part[2]) / work) if work else _ratio(part[0], length), value_nano=part[3])
        for part in (parts[:4], parts[4:])
    )
    return Work(
        heater_id=name,
        day=day,
        length_ms=length,
        running_ms=running,
        share_work=work,
        earned_usat=earned,
        unknown_ms=unknown,
        value_nano=value,
        valued_usat=valued or 0,
        unvalued_ms=unvalued,
        foreign=bool(foreign),
        both=both,
        all_three=all_three,
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def known_of(connection: sqlite3.Connection, account_id: int) -> Known:
    """Return what the ledger holds of an account."""
    (since_ms,) = connection.execute("SELECT since_ms FROM money_account WHERE id = ?", (account_id,)).fetchone()
    settled = {
        key: Period(key=key, from_ms=from_ms, to_ms=to_ms, sat=sat, books=bool(books))
        for key, from_ms, to_ms, sat, books, _ in connection.execute(_SETTLED, (account_id,))
    }
    known = Known(settled=settled, balance_then=None, payouts=get_payouts(connection, account_id), since_ms=since_ms)
    mark_ms = known.mark_ms
    if mark_ms is None:
        return known
    (paid_sat,) = connection.execute(_PAID_THEN, (account_id, mark_ms)).fetchone()
    return replace(known, balance_then=balance_at(connection, account_id, mark_ms), paid_then_sat=paid_sat)


def estimates(connection: sqlite3.Connection, account_id: int, since_ms: int) -> dict[str, int | None]:
    """Return what had been estimated for each time that was settled and ended since then, as of its last booking."""
    rows = connection.execute(_ESTIMATES, (account_id, since_ms))
    return {key: estimated_usat for key, estimated_usat, _ in rows}


def settled_usat(connection: sqlite3.Connection, account: str, first_day: int) -> tuple[int, int] | None:
    """Return what an account confirmed from that day on and what had been estimated for it; None for nothing."""
    confirmed, estimated = connection.execute(_SETTLED_SINCE, (account, first_day)).fetchone()
    return None if confirmed is None else (confirmed, estimated)


def settle(
    connection: sqlite3.Connection,
    settling: Settling,
    period: Period,
    confirmed_usat: int,
    done: Sequence[Work],
    *,
    paid_sat: int = 0,
) -> list[Entry]:
    """Note the period as settled, and book what it brings more or less than estimated; returns what was booked.

    What was booked of the same time before is made up for, also of days whose intervals are folded by now.
    """
    revision = connection.execute(
        "SELECT COUNT(*) FROM money_settlement WHERE account = ? AND key = ?", (settling.account_id, period.key)
    ).fetchone()[0]
    estimated_usat = sum(work.earned_usat for work in done) if period.books else None
    times = (period.from_ms, period.to_ms, period.sat, period.books, estimated_usat, paid_sat, settling.at_ms)
    connection.execute(_PUT, (settling.account_id, period.key, revision, *times))
    prefix = f"{settling.account}/{period.key}/"
    before = {
        (name, day): Before(*amounts)
        for name, day, *amounts in connection.execute(_BOOKED, (prefix, settling.currency))
    }
    now = _target(period, confirmed_usat, done, before, settling)
    entries = [
        _entry(f"{prefix}{revision}", where, now.get(where, Before()), before.get(where, Before()), settling)
        for where in sorted(now.keys() | before.keys())
    ]
    return put_entries(connection, [entry for entry in entries if revision == 0 or _changes(entry)])


def _changes(entry: Entry) -> bool:
    return any((entry.earned_usat, entry.confirmed_usat, entry.value_nano, entry.both_value_nano, entry.saved_nano))


type _Where = tuple[str, int]
"""A heater and a local day."""


def _target(
    period: Period,
    confirmed_usat: int,
    done: Sequence[Work],
    before: Mapping[_Where, Before],
    settling: Settling,
) -> dict[_Where, Before]:
    """Return what is to be booked in all of each heater and day; nothing of a time that is not booked any more."""
    if not period.books:
        return {}
    known = {(work.heater_id, work.day): work for work in done}
    folded = [where for where in before if where not in known]
    if folded and sum(booked.confirmed_usat for booked in before.values()) > 0:
        places = list(before)
        weights = [before[where].confirmed_usat for where in places]
    else:
        places, weights = list(known), _weights(done)
    target: dict[_Where, Before] = {}
    for where, usat in zip(places, _shared(confirmed_usat, weights), strict=True):
        work = known.get(where)
        price_nano = settling.btc_price_nano
        target[where] = _scaled(before[where], usat, price_nano) if work is None else _booked(work, usat, price_nano)
    return target


def _booked(work: Work, usat: int, btc_price_nano: int | None) -> Before:
    """Return what a confirmed amount changes of what was estimated."""
    value_nano = _value_nano(work, usat, btc_price_nano)
    more_nano = 0 if value_nano is None else value_nano - work.value_nano
    return Before(
        earned_usat=usat - work.earned_usat,
        earned_ms=work.unknown_ms,
        confirmed_usat=usat,
        value_nano=more_nano,
        value_ms=0 if value_nano is None else work.unvalued_ms,
        both_value_nano=_more(work.both, value_nano),
        saved_nano=_more(work.all_three, value_nano),
    )


def _more(part: Part, value_nano: int | None) -> int:
    """Return by how much the value of a part of the work is more than estimated."""
    return 0 if value_nano is None else round(value_nano * part.of_work) - part.value_nano


def _scaled(booked: Before, usat: int, btc_price_nano: int | None) -> Before:
    """Return what another amount changes of what was booked before, where the intervals are folded by now."""
    more_usat = usat - booked.confirmed_usat
    more_nano = 0 if btc_price_nano is None else more_usat * btc_price_nano // MICRO_SAT_PER_BTC

    def part(amount_nano: int) -> int:
        return amount_nano + (more_nano * amount_nano // booked.value_nano if booked.value_nano else 0)

    return replace(
        booked,
        earned_usat=booked.earned_usat + more_usat,
        confirmed_usat=usat,
        value_nano=booked.value_nano + more_nano,
        both_value_nano=part(booked.both_value_nano),
        saved_nano=part(booked.saved_nano),
    )


def _entry(prefix: str, where: _Where, now: Before, before: Before, settling: Settling) -> Entry:
    """Return by how much the books of one heater and day change."""
    heater_id, day = where
    more = {field.name: getattr(now, field.name) - getattr(before, field.name) for field in fields(Before)}
    return Entry(
        key=f"{prefix}/{heater_id}/{day}",
        heater_id=heater_id,
        day=day,
        at_ms=settling.at_ms,
        kind=EntryKind.SETTLEMENT,
        currency=settling.currency,
        note=settling.account,
        **more,
    )


def _weights(done: Sequence[Work]) -> list[int]:
    """Return by what a payout is shared out: share work, else time at work, else time."""
    for weights in ([work.share_work for work in done], [work.running_ms for work in done]):
        if sum(weights) > 0:
            return weights
    return [work.length_ms for work in done]


def _shared(total: int, weights: Iterable[int]) -> list[int]:
    """Share out a total by weights, to the last unit."""
    weights = list(weights)
    whole, reached, given = sum(weights), 0, 0
    shares = []
    for weight in weights:
        reached += weight
        share = total * reached // whole - given if whole else 0
        given += share
        shares.append(share)
    return shares


def _value_nano(work: Work, usat: int, btc_price_nano: int | None) -> int | None:
    """Return the value at the prices of the hours in which it was earned, else at that of now; None for neither."""
    if work.foreign:
        return None
    if work.valued_usat > 0:
        return usat * work.value_nano // work.valued_usat
    return None if btc_price_nano is None else usat * btc_price_nano // MICRO_SAT_PER_BTC
