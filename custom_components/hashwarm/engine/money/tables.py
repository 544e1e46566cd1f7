"""The ledger's tables, and its rows in and out of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import sqlite3

from ..store import Schema
from .account_tables import ACCOUNT_TABLES, account_ids
from .credited import CREDITED_TABLES
from .days import DAY_TABLES, FILL_DAYS, day_sums, renew_days, stale_days, whole_sums
from .entries import ENTRY_TABLES, entry_sums
from .interval import Carry, Interval
from .quantities import split
from .sums import Sums

_SESSION = """
CREATE TABLE money_session (id INTEGER PRIMARY KEY, token TEXT UNIQUE NOT NULL, started_ms INTEGER NOT NULL) STRICT
"""
_HEATER = """
CREATE TABLE money_heater (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, end_ms INTEGER, counter_mj INTEGER,
 carry_cost TEXT NOT NULL, carry_earned TEXT NOT NULL, carry_value TEXT NOT NULL) STRICT
"""
# Limits that no heater reaches keep a salvaged row of nonsense out, and each day's sums within 64 bits.
_INTERVAL = """
CREATE TABLE money_interval (id INTEGER PRIMARY KEY, heater INTEGER NOT NULL,
 start_ms INTEGER NOT NULL CHECK (abs(start_ms) < 1 << 50), length_ms INTEGER NOT NULL CHECK (length_ms < 1 << 50),
 day INTEGER NOT NULL CHECK (day BETWEEN 1 AND 3652059), energy_mj INTEGER NOT NULL CHECK (energy_mj < 1 << 50),
 unmeasured_ms INTEGER NOT NULL CHECK (unmeasured_ms <= length_ms),
 share_work_hi INTEGER NOT NULL CHECK (share_work_hi < 1 << 50), share_work_lo INTEGER NOT NULL,
 hashes_hi INTEGER NOT NULL CHECK (hashes_hi < 1 << 50), hashes_lo INTEGER NOT NULL,
 running INTEGER NOT NULL, power_source TEXT, price_nano INTEGER, currency TEXT NOT NULL,
 cost_nano INTEGER CHECK (abs(cost_nano) <= 1 << 50), scheme TEXT NOT NULL, fee_ppm INTEGER NOT NULL,
 difficulty REAL, reward_sat INTEGER, earned_usat INTEGER CHECK (earned_usat <= 1 << 50), btc_price_nano INTEGER,
 value_nano INTEGER CHECK (value_nano <= 1 << 50), comparable INTEGER NOT NULL, closed INTEGER NOT NULL,
 CHECK (min(length_ms, energy_mj, unmeasured_ms, share_work_hi, share_work_lo, hashes_hi, hashes_lo) >= 0)) STRICT
"""
_NEVER_CHANGED = """
CREATE TRIGGER money_interval_closed BEFORE UPDATE ON money_interval WHEN OLD.closed
BEGIN SELECT RAISE(ABORT, 'a closed interval never changes'); END
"""
_OPEN = "CREATE INDEX money_interval_open ON money_interval (id) WHERE NOT closed"
_FIGURE = """
CREATE TABLE money_figure (kind TEXT PRIMARY KEY, value REAL NOT NULL, source TEXT NOT NULL, at_ms INTEGER NOT NULL,
 unit TEXT NOT NULL) STRICT
"""
_INTERVAL_GROWN = tuple(
    f"ALTER TABLE money_interval ADD COLUMN {column}"
    for column in (
        "account INTEGER",
        "solar_mj INTEGER NOT NULL DEFAULT 0 CHECK (solar_mj BETWEEN 0 AND energy_mj)",
        "battery_mj INTEGER NOT NULL DEFAULT 0 CHECK (battery_mj BETWEEN 0 AND energy_mj)",
        "solar_price_nano INTEGER",
        "battery_price_nano INTEGER",
        "alternative_price_nano INTEGER",
        "alternative_nano INTEGER CHECK (abs(alternative_nano) <= 1 << 50)",
    )
)
_HEATER_GROWN = "ALTER TABLE money_heater ADD COLUMN carry_alternative TEXT NOT NULL DEFAULT '0'"
_BY_DAY = "CREATE INDEX money_interval_day ON money_interval (heater, day)"
SCHEMA = Schema(
    "money",
    (
        (_SESSION, _HEATER, _INTERVAL, _NEVER_CHANGED, _OPEN, _FIGURE),
        (*_INTERVAL_GROWN, _HEATER_GROWN, _BY_DAY, *DAY_TABLES, *ACCOUNT_TABLES, *ENTRY_TABLES, FILL_DAYS),
        CREDITED_TABLES,
    ),
)

_SESSION_BITS = 24
"""A session may hold 16 million intervals: sixty years of ten heaters."""
_INTERVAL_COLUMNS = 32
_PUT_INTERVAL = (
    f"INSERT INTO money_interval VALUES ({', '.join('?' * _INTERVAL_COLUMNS)}) ON CONFLICT (id) DO UPDATE SET"  # noqa: S608 - only marks
    " length_ms = excluded.length_ms, energy_mj = excluded.energy_mj, unmeasured_ms = excluded.unmeasured_ms,"
    " share_work_hi = excluded.share_work_hi, share_work_lo = excluded.share_work_lo,"
    " hashes_hi = excluded.hashes_hi, hashes_lo = excluded.hashes_lo, cost_nano = excluded.cost_nano,"
    " earned_usat = excluded.earned_usat, value_nano = excluded.value_nano, comparable = excluded.comparable,"
    " closed = excluded.closed, solar_mj = excluded.solar_mj, battery_mj = excluded.battery_mj,"
    " alternative_nano = excluded.alternative_nano WHERE NOT closed"
)
_PUT_HEATER = (
    "INSERT INTO money_heater (name, end_ms, counter_mj, carry_cost, carry_earned, carry_value, carry_alternative)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET end_ms = excluded.end_ms,"
    " counter_mj = excluded.counter_mj, carry_cost = excluded.carry_cost, carry_earned = excluded.carry_earned,"
    " carry_value = excluded.carry_value, carry_alternative = excluded.carry_alternative"
)


@dataclass(frozen=True, kw_only=True)
class HeaterState:
    """Where a heater's booking stands, to go on from after a restart."""

    heater_id: str
    end_ms: int | None
    counter_mj: int | None
    carry: Carry


@dataclass(frozen=True, kw_only=True)
class Past:
    """What the file knew when it was opened."""

    session: int
    heaters: dict[str, HeaterState]
    days: dict[str, dict[int, Sums]]
    """Sums of the intervals of each local day of late, by heater."""
    whole: dict[str, Sums]
    """Sums of all intervals, by heater."""
    entries: dict[str, dict[int, Sums]]
    """Sums of what was booked beside intervals, by heater and local day."""


def begin_session(
    connection: sqlite3.Connection, token: str, started_ms: int, currency: str, first_day: int = 1
) -> Past:
    """Take a session's number, close what a killed session left open, and return the past, days from the first asked.

    The same token gets the same number again, so a retry after a commit of unknown outcome is harmless.
    """
    known = connection.execute("SELECT id FROM money_session WHERE token = ?", (token,)).fetchone()
    session: int = known[0] if known else _next_session(connection)
    if not known:
        connection.execute("INSERT INTO money_session VALUES (?, ?, ?)", (session, token, started_ms))
    left_open = set(connection.execute("SELECT heater, day FROM money_interval WHERE NOT closed").fetchall())
    connection.execute("UPDATE money_interval SET closed = 1 WHERE NOT closed")
    renew_days(connection, left_open | stale_days(connection))
    return Past(
        session=session,
        heaters=_heaters(connection),
        days=day_sums(connection, currency, first_day),
        whole=whole_sums(connection, currency),
        entries=entry_sums(connection, currency),
    )


def _next_session(connection: sqlite3.Connection) -> int:
    """Return a number that no interval uses, even where a salvage lost the sessions and kept the intervals."""
    (newest,) = connection.execute(
        f"SELECT MAX(IFNULL((SELECT MAX(id) FROM money_session), 0),"  # noqa: S608 - only a constant
        f" IFNULL((SELECT MAX(id) >> {_SESSION_BITS} FROM money_interval), 0))"
    ).fetchone()
    return int(newest) + 1


def _heaters(connection: sqlite3.Connection) -> dict[str, HeaterState]:
    """Return each heater's state; its end never lies before its last interval's."""
    rows = connection.execute(
        "SELECT name, end_ms, counter_mj, carry_cost, carry_earned, carry_value, carry_alternative FROM money_heater"
    ).fetchall()
    return {
        name: HeaterState(
            heater_id=name,
            end_ms=end_ms,
            counter_mj=counter_mj,
            carry=Carry(cost=int(cost), earned=int(earned), value=int(value), alternative=int(alternative)),
        )
        for name, end_ms, counter_mj, cost, earned, value, alternative in rows
    }


def put(connection: sqlite3.Connection, session: int, rows: Sequence[Interval], heaters: Iterable[HeaterState]) -> None:
    """Write intervals and states as they are now; what was written before under the same number is replaced."""
    connection.executemany(_PUT_HEATER, [_state_record(state) for state in heaters])
    heater_ids: dict[str, int] = dict(connection.execute("SELECT name, id FROM money_heater").fetchall())
    fed = {row.terms.earning.account: row.start_ms for row in reversed(rows)}
    accounts = account_ids(connection, {name: since_ms for name, since_ms in fed.items() if name is not None})
    connection.executemany(
        _PUT_INTERVAL,
        [_record(session, heater_ids[row.heater_id], accounts.get(row.terms.earning.account), row) for row in rows],
    )
    renew_days(connection, {(heater_ids[row.heater_id], row.terms.day) for row in rows if row.closed})


def _state_record(state: HeaterState) -> tuple[object, ...]:
    carry = state.carry
    carries = (str(carry.cost), str(carry.earned), str(carry.value), str(carry.alternative))
    return state.heater_id, state.end_ms, state.counter_mj, *carries


def _record(session: int, heater: int, account: int | None, row: Interval) -> tuple[object, ...]:
    """Return an interval in the order of its columns."""
    terms = row.terms
    estimate = terms.estimate
    return (
        (session << _SESSION_BITS) | row.seq,
        heater,
        row.start_ms,
        row.length_ms,
        terms.day,
        row.energy_mj,
        row.unmeasured_ms,
        *split(row.share_work),
        *split(row.hashes),
        terms.running,
        terms.power_source,
        terms.price_nano,
        terms.currency,
        row.cost_nano,
        terms.earning.scheme,
        terms.earning.fee_ppm,
        estimate and estimate.difficulty,
        estimate and estimate.reward_sat,
        row.earned_usat,
        terms.btc_price_nano,
        row.value_nano,
        row.comparable,
        row.closed,
        account,
        row.solar_mj,
        row.battery_mj,
        terms.solar_price_nano,
        terms.battery_price_nano,
        terms.alternative_price_nano,
        row.alternative_nano,
    )
