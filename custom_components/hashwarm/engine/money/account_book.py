"""Takes one look at a pool account into the ledger: balances, payouts, blocks, and what is thereby settled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
import sqlite3

from .account_tables import account_ids, name_account, put_balance, put_blocks, put_payouts
from .calendar import epoch_ms, moment
from .credited import put_days
from .entries import Entry
from .interval import Scheme
from .pools.reading import AccountReading, FoundBlock, Payout, PayoutState
from .quantities import MICRO_SAT_PER_SAT
from .settlement import Known, Period, doubtful, newly_settled
from .settling import Settling, Work, estimates, known_of, settle, works

LOOKS_BACK_DAYS = 30
"""So far back a look asks for payouts again: the chain may still take some of them back, and pools correct theirs."""
_RECENT_MS = (LOOKS_BACK_DAYS - 5) * 86_400_000
"""A payout that was told within this time and is not any more was taken back; older ones may not be asked for."""
_ROUNDED_MS = 60_000
"""Pools tell times in whole seconds, by clocks of their own."""
_WAITED_FOR_MS = 2 * 86_400_000
_LATE_MS = 3 * 86_400_000
"""So long a settled time is looked at again for work that came late."""


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
    title: str = ""
    """What a person calls the account."""


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
    name_account(connection, account_id, look.title)
    put_balance(connection, account_id, reading)
    put_days(connection, account_id, reading.days)
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
    known = known_of(connection, account_id)
    entries, doubt = _settle(connection, look, settling, known)
    # What happened before anybody looked is history, not news.
    return Taken(
        payouts=tuple(payout for payout in new_payouts if epoch_ms(payout.at) >= known.since_ms - _ROUNDED_MS),
        blocks=tuple(block for block in new_blocks if epoch_ms(block.at) >= known.since_ms - _ROUNDED_MS),
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


def _settle(connection: sqlite3.Connection, look: Look, settling: Settling, known: Known) -> tuple[list[Entry], bool]:
    """Book every time that the pool has newly settled; one that cannot be all ours is left as estimated."""
    entries: list[Entry] = []
    doubt = False
    paid_sat = 0 if known.mark_ms is None else known.paid_sat(settling.at_ms)
    for period in newly_settled(look.reading, known, look.scheme, tells_days=look.tells_days):
        done = _done(connection, settling, period, look.scheme)
        young = period.key not in known.settled and settling.at_ms - period.to_ms < _WAITED_FOR_MS
        if period.books and young and _is_early(done, settling):
            continue
        usat = _ours_usat(period, done, look)
        if usat is None or (period.books and _is_doubtful(period, usat, done, look)):
            doubt = True
            settle(connection, settling, replace(period, books=False), 0, done, paid_sat=paid_sat)
            continue
        entries += settle(connection, settling, period, usat, done, paid_sat=paid_sat)
    return entries + _catch_up(connection, look, settling, known, paid_sat), doubt


def _done(connection: sqlite3.Connection, settling: Settling, period: Period, scheme: Scheme) -> list[Work]:
    """Return what our heaters did; a block is also of those whose first hour it was found in."""
    done = works(connection, settling, period)
    if done or scheme is not Scheme.SOLO:
        return done
    return works(connection, settling, period, touching=True)


def _is_early(done: list[Work], settling: Settling) -> bool:
    """Tell whether it is better to wait: for work that is not in the books yet, or for a price to value it at."""
    return not done or (settling.btc_price_nano is None and any(not work.valued_usat for work in done))


def _catch_up(
    connection: sqlite3.Connection, look: Look, settling: Settling, known: Known, paid_sat: int
) -> list[Entry]:
    """Settle again what work came to the books after it was settled, as after a sleep past midnight."""
    entries: list[Entry] = []
    for key, estimated_usat in estimates(connection, settling.account_id, settling.at_ms - _LATE_MS).items():
        period = known.settled.get(key)
        if period is None or not period.books:
            continue
        done = _done(connection, settling, period, look.scheme)
        usat = _ours_usat(period, done, look)
        if done and usat is not None and sum(work.earned_usat for work in done) != estimated_usat:
            entries += settle(connection, settling, period, usat, done, paid_sat=paid_sat)
    return entries


def _is_doubtful(period: Period, usat: int, done: list[Work], look: Look) -> bool:
    """Tell whether that is beyond belief, by what was estimated while the network's figures were known."""
    known_ms = sum(work.length_ms - work.unknown_ms for work in done)
    if not known_ms:
        return False
    estimated_usat = sum(work.earned_usat for work in done) * sum(work.length_ms for work in done) // known_ms
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
