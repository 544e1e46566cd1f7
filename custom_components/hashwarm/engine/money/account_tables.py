"""What pools told of accounts, as it was told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import sqlite3

from .calendar import epoch_ms, moment
from .pools.reading import AccountReading, FoundBlock, Payout, PayoutState

# A payout's state may change, its amount never: a person's correction is a fact of its own beside it.
_ACCOUNT = (
    "CREATE TABLE money_account (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, since_ms INTEGER NOT NULL,"
    " title TEXT NOT NULL DEFAULT '') STRICT"
)
_BALANCE = """
CREATE TABLE money_balance (account INTEGER NOT NULL, at_ms INTEGER NOT NULL, unpaid_sat INTEGER, paid_sat INTEGER,
 credited_sat INTEGER, PRIMARY KEY (account, at_ms)) STRICT, WITHOUT ROWID
"""
_PAYOUT = """
CREATE TABLE money_payout (account INTEGER NOT NULL, payout_id TEXT NOT NULL, at_ms INTEGER NOT NULL,
 sat INTEGER NOT NULL CHECK (sat BETWEEN 0 AND 2100000000000000), state TEXT NOT NULL, txid TEXT,
 seen_ms INTEGER NOT NULL, btc_price_nano INTEGER, currency TEXT NOT NULL,
 PRIMARY KEY (account, payout_id)) STRICT, WITHOUT ROWID
"""
_CORRECTION = """
CREATE TABLE money_payout_correction (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, payout_id TEXT NOT NULL,
 at_ms INTEGER NOT NULL, sat INTEGER CHECK (sat BETWEEN 0 AND 2100000000000000), btc_price_nano INTEGER,
 currency TEXT NOT NULL, note TEXT NOT NULL) STRICT
"""
_BLOCK = """
CREATE TABLE money_block (account INTEGER NOT NULL, block_hash TEXT NOT NULL, at_ms INTEGER NOT NULL, height INTEGER,
 PRIMARY KEY (account, block_hash)) STRICT, WITHOUT ROWID
"""
_SETTLEMENT = """
CREATE TABLE money_settlement (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, key TEXT NOT NULL,
 revision INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, sat INTEGER NOT NULL,
 books INTEGER NOT NULL, estimated_usat INTEGER, paid_sat INTEGER NOT NULL, at_ms INTEGER NOT NULL,
 UNIQUE (account, key, revision)) STRICT
"""
ACCOUNT_TABLES = (_ACCOUNT, _BALANCE, _PAYOUT, _CORRECTION, _BLOCK, _SETTLEMENT)
_PUT_PAYOUT = (
    "INSERT INTO money_payout VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, payout_id) DO UPDATE SET"
    " sat = IIF(state = 'pending' AND excluded.state != 'gone', excluded.sat, sat),"
    " state = excluded.state, at_ms = IIF(excluded.state = 'gone', at_ms, excluded.at_ms),"
    " currency = IIF(btc_price_nano IS NULL, excluded.currency, currency),"
    " btc_price_nano = IFNULL(btc_price_nano, excluded.btc_price_nano)"
)
_TXIDS = "SELECT txid FROM money_payout WHERE txid IS NOT NULL AND account != ?"
_GET_PAYOUTS = """
SELECT p.payout_id, p.at_ms, IFNULL(c.sat, p.sat), p.state, p.txid, IFNULL(c.btc_price_nano, p.btc_price_nano),
 IIF(c.btc_price_nano IS NULL, p.currency, c.currency), p.sat, c.note
FROM money_payout AS p LEFT JOIN money_payout_correction AS c ON c.id = (SELECT MAX(id) FROM money_payout_correction
 WHERE account = p.account AND payout_id = p.payout_id)
WHERE p.account = ? ORDER BY p.at_ms, p.payout_id
"""


@dataclass(frozen=True, kw_only=True)
class BookedPayout:
    """A payout as it stands in the ledger; a person's correction is applied."""

    payout: Payout
    btc_price_nano: int | None
    """In force when it was paid, in `currency`."""
    currency: str
    told_sat: int
    """As the pool told it."""
    note: str | None
    """Why it was corrected, None where it was not."""


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What a pool said of an account at one moment."""

    at_ms: int
    unpaid_sat: int | None
    paid_sat: int | None
    credited_sat: int | None


def account_ids(connection: sqlite3.Connection, names: Mapping[str, int]) -> dict[str | None, int]:
    """Return the numbers of all accounts; those named are given one where they are new, with the time they begin."""
    connection.executemany("INSERT OR IGNORE INTO money_account (name, since_ms) VALUES (?, ?)", names.items())
    return dict(connection.execute("SELECT name, id FROM money_account").fetchall())


def put_balance(connection: sqlite3.Connection, account: int, reading: AccountReading) -> None:
    """Write a balance down, where it is not as it was last."""
    told = (reading.unpaid_sat, reading.paid_sat, reading.credited_sat)
    last = last_balance(connection, account)
    if told != (None, None, None) and (last is None or (last.unpaid_sat, last.paid_sat, last.credited_sat) != told):
        connection.execute(
            "INSERT OR REPLACE INTO money_balance VALUES (?, ?, ?, ?, ?)", (account, epoch_ms(reading.at), *told)
        )


def last_balance(connection: sqlite3.Connection, account: int) -> Balance | None:
    """Return the newest balance of an account."""
    return balance_at(connection, account, 1 << 50)


def balance_at(connection: sqlite3.Connection, account: int, at_ms: int) -> Balance | None:
    """Return the balance that held at a moment, None where none was known yet."""
    row = connection.execute(
        "SELECT at_ms, unpaid_sat, paid_sat, credited_sat FROM money_balance WHERE account = ? AND at_ms <= ?"
        " ORDER BY at_ms DESC LIMIT 1",
        (account, at_ms),
    ).fetchone()
    return None if row is None else Balance(at_ms=row[0], unpaid_sat=row[1], paid_sat=row[2], credited_sat=row[3])


def put_payouts(
    connection: sqlite3.Connection,
    account: int,
    payouts: Iterable[Payout],
    *,
    seen_ms: int,
    btc_prices_nano: Mapping[str, int | None],
    currency: str,
) -> list[Payout]:
    """Write payouts down; return those that are new."""
    elsewhere = {txid for (txid,) in connection.execute(_TXIDS, (account,))}
    # One transaction pays one account, however many watch its address.
    payouts = [payout for payout in payouts if payout.txid is None or payout.txid not in elsewhere]
    known = {payout_id for (payout_id,) in connection.execute(
        "SELECT payout_id FROM money_payout WHERE account = ?", (account,)
    )}  # fmt: skip
    connection.executemany(
        _PUT_PAYOUT,
        [
            (
                account, payout.payout_id, epoch_ms(payout.at), payout.sat, payout.state, payout.txid, seen_ms,
                btc_prices_nano.get(payout.payout_id), currency,
            )
            for payout in payouts
        ],
    )  # fmt: skip
    return [payout for payout in payouts if payout.payout_id not in known]


def put_blocks(connection: sqlite3.Connection, account: int, blocks: Iterable[FoundBlock]) -> list[FoundBlock]:
    """Write found blocks down; return those that are new."""
    elsewhere = {
        name for (name,) in connection.execute("SELECT block_hash FROM money_block WHERE account != ?", (account,))
    }
    return [
        block
        for block in blocks
        if block.block_hash not in elsewhere
        and connection.execute(
            "INSERT OR IGNORE INTO money_block VALUES (?, ?, ?, ?)",
            (account, block.block_hash, epoch_ms(block.at), block.height),
        ).rowcount
    ]


def get_payouts(connection: sqlite3.Connection, account: int) -> list[BookedPayout]:
    """Return every payout of an account, oldest first."""
    return [
        BookedPayout(
            payout=Payout(payout_id=payout_id, at=moment(at_ms), sat=sat, state=PayoutState(state), txid=txid),
            btc_price_nano=price,
            currency=currency,
            told_sat=told_sat,
            note=note,
        )
        for payout_id, at_ms, sat, state, txid, price, currency, told_sat, note in connection.execute(
            _GET_PAYOUTS, (account,)
        )
    ]


def correct_payout(
    connection: sqlite3.Connection,
    account: int,
    payout_id: str,
    *,
    at_ms: int,
    sat: int | None,
    btc_price_nano: int | None,
    currency: str,
    note: str,
) -> None:
    """Write down a person's word on a payout, beside what the pool told; None leaves that as it is."""
    connection.execute(
        "INSERT INTO money_payout_correction (account, payout_id, at_ms, sat, btc_price_nano, currency, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (account, payout_id, at_ms, sat, btc_price_nano, currency, note),
    )


def name_account(connection: sqlite3.Connection, account: int, title: str) -> None:
    """Remember what a person calls an account, for when it is removed."""
    connection.execute("UPDATE money_account SET title = ? WHERE id = ? AND title != ?", (title, account, title))


def account_titles(connection: sqlite3.Connection) -> dict[str, str]:
    """Return every account there ever was, by name, with what a person called it last."""
    return dict(connection.execute("SELECT name, IIF(title = '', name, title) FROM money_account").fetchall())
