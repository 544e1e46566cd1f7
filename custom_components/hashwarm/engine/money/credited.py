"""What pools credited for each day in UTC, as they told it: also of days before any heater here worked for them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
import sqlite3

from .calendar import moment
from .pools.reading import ConfirmedDay

_TOLD_DAY = """
CREATE TABLE money_told_day (account INTEGER NOT NULL, day INTEGER NOT NULL CHECK (day BETWEEN 1 AND 3652059),
 sat INTEGER NOT NULL CHECK (sat BETWEEN 0 AND 2100000000000000), PRIMARY KEY (account, day)) STRICT, WITHOUT ROWID
"""
CREDITED_TABLES = (_TOLD_DAY,)
_PUT = (
    "INSERT INTO money_told_day VALUES (?, ?, ?) ON CONFLICT (account, day) DO UPDATE SET sat = excluded.sat"
    " WHERE sat <> excluded.sat"
)
_DAYS = """
SELECT day, sat FROM money_told_day JOIN money_account ON id = account WHERE name = ? ORDER BY day
"""
_SETTLED = """
SELECT from_ms, to_ms, sat, books, MAX(revision) FROM money_settlement JOIN money_account AS a ON a.id = account
WHERE a.name = ? GROUP BY key
"""


def put_days(connection: sqlite3.Connection, account_id: int, days: Iterable[ConfirmedDay]) -> None:
    """Write closed days down; one that is told otherwise than before is as it was told last."""
    connection.executemany(_PUT, [(account_id, told.day.toordinal(), told.sat) for told in days])


def credited_by_day(connection: sqlite3.Connection, account: str) -> dict[date, int]:
    """Return what an account was credited, in sat, oldest day first.

    Where the pool tells no days, what it settled is taken: each amount on the day in which the middle of its time lies.
    """
    told = connection.execute(_DAYS, (account,)).fetchall()
    if told:
        return {date.fromordinal(day): sat for day, sat in told}
    days: dict[date, int] = {}
    for from_ms, to_ms, sat, books, _ in connection.execute(_SETTLED, (account,)):
        if books:
            day = _day_of((from_ms + to_ms) // 2)
            days[day] = days.get(day, 0) + sat
    return dict(sorted(days.items()))


def _day_of(at_ms: int) -> date:
    at: datetime = moment(at_ms)
    return at.astimezone(UTC).date()
