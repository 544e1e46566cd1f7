"""Takes one look at a pool account into the ledger: balances, payouts, blocks, and what is thereby settled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
import sqlite3

from .account_tables import account_ids, put_balance, put_blocks, put_payouts
from .calendar import epoch_ms, moment
from .credited import put_days
from .entries import Entry
from .interval import Scheme
from .pools.reading import AccountReading, FoundBlock, Payout, PayoutState
from .quantities import MICRO_SAT_PER_SAT
from .settlement import Period, doubtful, newly_settled
from .settling import Settling, Work, known_of, settle, works

LOOKS_BACK_DAYS = 30
"""So far back a look asks for payouts again: the chain may still take some of them back, and pools correct theirs."""
_RECENT_MS = (LOOKS_BACK_DAYS - 5) * 86_400_000
"""A payout that was told within this time and is not any more was taken back; older ones may not be asked for."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """A reading, with what is needed to book it."""

    account: str
    reading: AccountReading
    scheme: Scheme
    currency: str
    btc_price_nano: int | None
    """Of now."""
    btc_prices_nano: Mapping[str, int | None]
    """Of the time of each payout, by its id; missing is unknown."""
    others_feed: bool = False
    """Miners that are not ours work for the account too."""
    lists_all_payouts: bool = False
    """A recent payout that is missing from the reading does not exist any more."""
    tells_days: bool = False
    """The pool credits whole days, sooner or later."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was new in a look."""

    payouts: tuple[Payout, ...] = ()
    blocks: tuple[FoundBlock, ...] = ()
    entries: tuple[Entry, ...] = ()
    doubtful: bool = False
    """The pool credited far more than our heaters can have earned; nothing of that was booked."""


def take(connection: sqlite3.Connection, look: Look) -> Taken:
    """Write a look down, in the caller's transaction; doing so again changes nothing."""
    reading, at_ms = look.reading, epoch_ms(look.reading.at)
    account_id = account_ids(connection, {look.account: at_ms})[look.account]
    put_balance(connection, account_id, reading)
    put_days(connection, account_id, reading.days)
    first_look = not connection.execute("SELECT 1 FROM money_payout WHERE account = ?", (account_id,)).fetchone()
    payouts = [*reading.payouts, *(_gone(connection, account_id, reading) if look.lists_all_payouts else ())]
    new_payouts = put_payouts(
        connection, account_id, payouts, seen_ms=at_ms, btc_prices_nano=look.btc_prices_nano, currency=look.currency
    )
    new_blocks = put_blocks(connection, account_id, reading.blocks)
    settling = Settling(
        account=look.account,
        account_id=account_id,
        currency=look.currency,
        btc_price_nano=look.btc_price_nano,
        at_ms=at_ms,
    )
    entries, doubt = _settle(connection, look, settling)
    # What a pool lists at the first look happened before anybody looked: history, not news.
    return Taken(
        payouts=() if first_look and len(new_payouts) > 1 else tuple(new_payouts),
        blocks=tuple(new_blocks),
        entries=tuple(entries),
        doubtful=doubt,
    )


def _gone(connection: sqlite3.Connection, account_id: int, reading: AccountReading) -> list[Payout]:
    """Return recent payouts that the reading does not list any more."""
    listed = {payout.payout_id for payout in reading.payouts}
    rows = connection.execute(
        "SELECT payout_id, at_ms, sat, txid FROM money_payout WHERE account = ? AND at_ms > ? AND state != 'gone'",
        (account_id, epoch_ms(reading.at) - _RECENT_MS),
    ).fetchall()
    return [
        Payout(payout_id=payout_id, at=moment(at_ms), sat=sat, txid=txid, state=PayoutState.GONE)
        for payout_id, at_ms, sat, txid in rows
        if payout_id not in listed
    ]


def _settle(connection: sqlite3.Connection, look: Look, settling: Settling) -> tuple[list[Entry], bool]:
    """Book every time that the pool has newly settled; one that cannot be all ours is left as estimated."""
    entries: list[Entry] = []
    doubt = False
    known = known_of(connection, settling.account_id)
    for period in newly_settled(look.reading, known, look.scheme, tells_days=look.tells_days):
        done = works(connection, settling, period)
        usat = _ours_usat(period, done, look)
        estimated_usat = sum(work.earned_usat for work in done)
        estimated = not any(work.unknown_ms for work in done)
        if usat is None or (period.books and done and estimated and _is_doubtful(period, usat, estimated_usat, look)):
            doubt = True
            settle(connection, settling, replace(period, books=False), 0, done)
            continue
        entries += settle(connection, settling, period, usat, done)
    return entries, doubt


def _is_doubtful(period: Period, usat: int, estimated_usat: int, look: Look) -> bool:
    return doubtful(usat // MICRO_SAT_PER_SAT, estimated_usat, look.scheme, period.to_ms - period.from_ms)


def _ours_usat(period: Period, done: Iterable[Work], look: Look) -> int | None:
    """Return what our heaters earned of it; where others feed the account, by share work. None where nobody knows."""
    usat = period.sat * MICRO_SAT_PER_SAT
    if not look.others_feed or not period.books:
        return usat
    rate_hs = look.reading.hash_rate_hs
    if not rate_hs:
        return None
    all_work = round(rate_hs * (period.to_ms - period.from_ms) / 1000)
    ours = sum(work.share_work for work in done)
    return usat * min(ours, all_work) // all_work if all_work else None
