"""Books what a pool confirmed in place of what had been estimated for the same time, exactly once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
import sqlite3

from .account_tables import balance_at, get_payouts
from .entries import Entry, EntryKind, put_entries
from .quantities import MICRO_SAT_PER_BTC, joined
from .settlement import Known, Period

_PARTS = """
SELECT name, day, SUM(length_ms), SUM(IIF(running, length_ms, 0)), SUM(share_work_hi), SUM(share_work_lo),
 SUM(IFNULL(earned_usat, 0)), SUM(IIF(earned_usat IS NULL, length_ms, 0)),
 SUM(IIF(ours, IFNULL(value_nano, 0), 0)), SUM(IIF(ours AND value_nano IS NOT NULL, earned_usat, 0)),
 SUM(IIF(ours AND value_nano IS NULL, length_ms, 0)),
 SUM(IIF(ours AND comparable, length_ms, 0)),
 SUM(IIF(ours AND comparable AND alternative_nano IS NOT NULL, length_ms, 0))
FROM (SELECT *, currency = ?1 AS ours FROM money_interval
 WHERE closed AND account = ?2 AND start_ms + length_ms > ?3 AND start_ms + length_ms <= ?4)
JOIN money_heater ON money_heater.id = heater GROUP BY heater, day ORDER BY heater, day
"""
_SETTLED = """
SELECT key, from_ms, to_ms, sat, books, MAX(revision) FROM money_settlement WHERE account = ? GROUP BY key
"""
_BOOKED = """
SELECT name, day, SUM(earned_usat), SUM(earned_ms), SUM(confirmed_usat), SUM(value_nano), SUM(value_ms),
 SUM(both_value_nano), SUM(saved_nano)
FROM money_entry JOIN money_heater ON money_heater.id = heater
WHERE substr(key, 1, length(?1)) = ?1 GROUP BY heater, day
"""
_SETTLED_SINCE = """
SELECT SUM(confirmed_usat), SUM(confirmed_usat - earned_usat) FROM money_entry
WHERE kind = 'settlement' AND note = ? AND day >= ?
"""
_PUT = "INSERT INTO money_settlement VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


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
    comparable_ms: int
    compared_ms: int
    """The part of it for which also other heat has a price."""


@dataclass(frozen=True, kw_only=True)
class Settling:
    """For whom and at what price something is settled."""

    account: str
    account_id: int
    currency: str
    btc_price_nano: int | None
    """Of now, for work whose price of then is unknown."""
    at_ms: int


def works(connection: sqlite3.Connection, settling: Settling, period: Period) -> list[Work]:
    """Return what our heaters did for the account in intervals that ended within that time."""
    arguments = (settling.currency, settling.account_id, period.from_ms, period.to_ms)
    return [
        Work(
            heater_id=name,
            day=day,
            length_ms=length,
            running_ms=running,
            share_work=joined(high, low),
            earned_usat=earned,
            unknown_ms=unknown,
            value_nano=value,
            valued_usat=valued or 0,
            unvalued_ms=unvalued,
            comparable_ms=comparable,
            compared_ms=compared,
        )
        for name, day, length, running, high, low, earned, unknown, value, valued, unvalued, comparable, compared in (
            connection.execute(_PARTS, arguments)
        )
    ]


def known_of(connection: sqlite3.Connection, account_id: int) -> Known:
    """Return what the ledger holds of an account."""
    (since_ms,) = connection.execute("SELECT since_ms FROM money_account WHERE id = ?", (account_id,)).fetchone()
    settled = {
        key: Period(key=key, from_ms=from_ms, to_ms=to_ms, sat=sat, books=bool(books))
        for key, from_ms, to_ms, sat, books, _ in connection.execute(_SETTLED, (account_id,))
    }
    known = Known(settled=settled, balance_then=None, payouts=get_payouts(connection, account_id), since_ms=since_ms)
    mark_ms = known.mark_ms
    return known if mark_ms is None else replace(known, balance_then=balance_at(connection, account_id, mark_ms))


def settled_usat(connection: sqlite3.Connection, account: str, first_day: int) -> tuple[int, int] | None:
    """Return what an account confirmed from that day on and what had been estimated for it; None for nothing."""
    confirmed, estimated = connection.execute(_SETTLED_SINCE, (account, first_day)).fetchone()
    return None if confirmed is None else (confirmed, estimated)


def settle(
    connection: sqlite3.Connection, settling: Settling, period: Period, confirmed_usat: int, done: Sequence[Work]
) -> list[Entry]:
    """Note the period as settled, and book what it brings more or less than estimated; returns what was booked."""
    revision = connection.execute(
        "SELECT COUNT(*) FROM money_settlement WHERE account = ? AND key = ?", (settling.account_id, period.key)
    ).fetchone()[0]
    books = period.books and bool(done)
    estimated_usat = sum(work.earned_usat for work in done) if books else None
    times = (period.from_ms, period.to_ms, period.sat, period.books, estimated_usat, settling.at_ms)
    connection.execute(_PUT, (settling.account_id, period.key, revision, *times))
    if not books:
        return []
    prefix = f"{settling.account}/{period.key}/"
    before = {(name, day): amounts for name, day, *amounts in connection.execute(_BOOKED, (prefix,))}
    entries = [
        _less(_entry(work, usat, settling, f"{prefix}{revision}"), before.get((work.heater_id, work.day)))
        for work, usat in zip(done, _shared(confirmed_usat, _weights(done)), strict=True)
    ]
    return put_entries(connection, entries)


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


def _entry(work: Work, usat: int, settling: Settling, key: str) -> Entry:
    """Return by how much the confirmed amount changes what was estimated."""
    value_nano = _value_nano(work, usat, settling.btc_price_nano)
    more_nano = 0 if value_nano is None else value_nano - work.value_nano
    return Entry(
        key=f"{key}/{work.heater_id}/{work.day}",
        heater_id=work.heater_id,
        day=work.day,
        at_ms=settling.at_ms,
        kind=EntryKind.SETTLEMENT,
        currency=settling.currency,
        earned_usat=usat - work.earned_usat,
        earned_ms=work.unknown_ms,
        confirmed_usat=usat,
        value_nano=more_nano,
        value_ms=0 if value_nano is None else work.unvalued_ms,
        both_value_nano=_part(more_nano, work.comparable_ms, work.length_ms),
        saved_nano=_part(more_nano, work.compared_ms, work.length_ms),
        note=settling.account,
    )


def _value_nano(work: Work, usat: int, btc_price_nano: int | None) -> int | None:
    """Return the value at the prices of the hours in which it was earned, else at that of now; None for neither."""
    if work.valued_usat > 0:
        return usat * work.value_nano // work.valued_usat
    return None if btc_price_nano is None else usat * btc_price_nano // MICRO_SAT_PER_BTC


def _part(amount: int, part: int, whole: int) -> int:
    return amount * part // whole if whole else 0


def _less(entry: Entry, before: Sequence[int] | None) -> Entry:
    """Return an entry less what was booked for the same time before."""
    if before is None:
        return entry
    names = ("earned_usat", "earned_ms", "confirmed_usat", "value_nano", "value_ms", "both_value_nano", "saved_nano")
    return replace(entry, **{name: getattr(entry, name) - amount for name, amount in zip(names, before, strict=True)})
