"""Sums of each heater's local days: kept beside the intervals they are made of, and instead of them once those are old.

A day that is not folded can be made again from its intervals at any time; a folded one is the fact itself.
"""

from collections.abc import Collection
import sqlite3

from ..model.errors import StoreDamagedError
from .quantities import joined
from .sums import Sums

type HeaterDay = tuple[int, int]
"""A heater's number and the ordinal of a local date."""

_LAST_DAY = 3_652_059
_ONE_BY_ONE = 2000
"""Beyond so many days it is faster to sum up all of them."""
_COUNTS = (
    "length_ms, energy_mj, unmeasured_ms, share_work_hi, share_work_lo, hashes_hi, hashes_lo, solar_mj, battery_mj,"
    " earned_usat, earned_ms"
)
_MONEY = (
    "cost_nano, cost_ms, cost_mj, value_nano, value_ms, both_ms, both_mj, both_cost_nano, both_value_nano,"
    " alternative_nano, alternative_mj, saved_nano, saved_mj"
)
_COLUMNS = f"rows, {_COUNTS}, {_MONEY}"
_NAMES = [name.strip() for name in _COLUMNS.split(",")]
_WHOLE = " ".join(f"{name} INTEGER NOT NULL," for name in _NAMES)

_DAY = f"""
CREATE TABLE money_day (heater INTEGER NOT NULL, day INTEGER NOT NULL CHECK (day BETWEEN 1 AND 3652059),
 currency TEXT NOT NULL, folded INTEGER NOT NULL, {_WHOLE} PRIMARY KEY (heater, day, folded, currency))
 STRICT, WITHOUT ROWID
"""
DAY_TABLES = (_DAY,)
_SAVED = "IIF(comparable, alternative_nano - cost_nano + value_nano, NULL)"
_SUMMED = f"""
SELECT heater, day, currency, 0, COUNT(*),
 SUM(length_ms), SUM(energy_mj), SUM(unmeasured_ms),
 SUM(share_work_hi), SUM(share_work_lo), SUM(hashes_hi), SUM(hashes_lo), SUM(solar_mj), SUM(battery_mj),
 SUM(IFNULL(earned_usat, 0)), SUM(IIF(earned_usat IS NULL, 0, length_ms)),
 SUM(IFNULL(cost_nano, 0)), SUM(IIF(cost_nano IS NULL, 0, length_ms)), SUM(IIF(cost_nano IS NULL, 0, energy_mj)),
 SUM(IFNULL(value_nano, 0)), SUM(IIF(value_nano IS NULL, 0, length_ms)),
 SUM(IIF(comparable, length_ms, 0)), SUM(IIF(comparable, energy_mj, 0)),
 SUM(IIF(comparable, cost_nano, 0)), SUM(IIF(comparable, value_nano, 0)),
 SUM(IFNULL(alternative_nano, 0)), SUM(IIF(alternative_nano IS NULL, 0, energy_mj)),
 SUM(IFNULL({_SAVED}, 0)), SUM(IIF({_SAVED} IS NULL, 0, energy_mj))
FROM money_interval WHERE closed
"""  # noqa: S608 - only columns
_INSERT = f"INSERT OR REPLACE INTO money_day (heater, day, currency, folded, {_COLUMNS})"
_PER_DAY = "GROUP BY heater, day, currency"
FILL_DAYS = f"{_INSERT} {_SUMMED} {_PER_DAY}"
_OURS = ", ".join(
    [f"SUM({name})" for name in ("rows", *_COUNTS.replace(" ", "").split(","))]
    + [f"SUM(IIF(currency = ?1, {name}, 0))" for name in _MONEY.replace(" ", "").split(",")]
)
_FROM = "FROM money_day JOIN money_heater ON money_heater.id = heater"
_READ = f"SELECT name, day, {_OURS} {_FROM} WHERE day BETWEEN ?2 AND ?3 GROUP BY heater, day"
_READ_WHOLE = f"SELECT name, {_OURS} {_FROM} GROUP BY heater"
_SAME_NUMBER = """
SELECT (SELECT COUNT(*) FROM money_interval) = (SELECT TOTAL(rows) FROM money_day WHERE NOT folded)
"""
_STALE = """
SELECT heater, day FROM (
 SELECT heater, day, COUNT(*) AS counted FROM money_interval GROUP BY heater, day
 EXCEPT SELECT heater, day, SUM(rows) FROM money_day WHERE NOT folded GROUP BY heater, day)
UNION SELECT heater, day FROM money_day WHERE NOT folded
 AND NOT EXISTS (SELECT 1 FROM money_interval AS i WHERE i.heater = money_day.heater AND i.day = money_day.day)
"""


def stale_days(connection: sqlite3.Connection) -> set[HeaterDay]:
    """Return the days whose sums are not those of their intervals, as after a salvage.

    Where the number of intervals is right there are none: facts are lost and found whole.
    """
    (same_number,) = connection.execute(_SAME_NUMBER).fetchone()
    if same_number:
        return set()
    return set(connection.execute(_STALE).fetchall())


def renew_days(connection: sqlite3.Connection, days: Collection[HeaterDay]) -> None:
    """Sum up the closed intervals of these days again; harmless however often it is repeated."""
    if len(days) > _ONE_BY_ONE:
        connection.execute("DELETE FROM money_day WHERE NOT folded")
        connection.execute(FILL_DAYS)
        return
    for heater_day in days:
        connection.execute("DELETE FROM money_day WHERE heater = ? AND day = ? AND NOT folded", heater_day)
        connection.execute(f"{_INSERT} {_SUMMED} AND heater = ? AND day = ? {_PER_DAY}", heater_day)


def day_sums(
    connection: sqlite3.Connection, currency: str, first_day: int = 1, last_day: int = _LAST_DAY
) -> dict[str, dict[int, Sums]]:
    """Return the sums of closed intervals for each heater and local day; money of another currency is unknown."""
    days: dict[str, dict[int, Sums]] = {}
    for name, day, *amounts in connection.execute(_READ, (currency, first_day, last_day)):
        days.setdefault(name, {})[day] = _sums(amounts)
    return days


def whole_sums(connection: sqlite3.Connection, currency: str) -> dict[str, Sums]:
    """Return the sums of all closed intervals for each heater; money of another currency is unknown."""
    return {name: _sums(amounts) for name, *amounts in connection.execute(_READ_WHOLE, (currency,))}


def _sums(amounts: list[int]) -> Sums:
    """Return sums from their columns."""
    rows, length, energy, unmeasured, wh, wl, hh, hl, solar, battery, earned, earned_ms, *money = amounts
    cost, cost_ms, cost_mj, value, value_ms, both_ms, both_mj, both_cost, both_value, *compared = money
    return Sums(
        rows, length, energy, unmeasured, joined(wh, wl), joined(hh, hl), cost, cost_ms, cost_mj, earned, earned_ms,
        value, value_ms, both_ms, both_mj, both_cost, both_value, solar, battery, *compared,
    )  # fmt: skip


def fold(connection: sqlite3.Connection, before_day: int, limit: int) -> int:
    """Put one row in place of the intervals of each day before that one; return how many days, at most `limit`.

    The sums before and after are compared in the same transaction. Errors: StoreDamagedError, and nothing changes.
    """
    days: list[HeaterDay] = connection.execute(
        "SELECT DISTINCT heater, day FROM money_interval WHERE day < ? AND closed LIMIT ?", (before_day, limit)
    ).fetchall()
    for heater_day in days:
        renew_days(connection, [heater_day])
        _fold_day(connection, heater_day)
    return len(days)


def _fold_day(connection: sqlite3.Connection, heater_day: HeaterDay) -> None:
    """Fold one day, onto what was folded of it before."""
    summed = ", ".join(f"SUM({name})" for name in _NAMES)
    where = "FROM money_day WHERE heater = ? AND day = ?"
    before = connection.execute(f"SELECT {summed} {where}", heater_day).fetchone()
    by_currency = connection.execute(
        f"SELECT heater, day, currency, 1, {summed} {where} {_PER_DAY}",
        heater_day,
    ).fetchall()
    connection.execute("DELETE FROM money_day WHERE heater = ? AND day = ?", heater_day)
    connection.executemany(f"{_INSERT} VALUES ({', '.join('?' * (4 + len(_NAMES)))})", by_currency)
    connection.execute("DELETE FROM money_interval WHERE heater = ? AND day = ? AND closed", heater_day)
    after = connection.execute(f"SELECT {summed} {where} AND folded", heater_day).fetchone()
    if before != after:
        raise StoreDamagedError(f"Folding day {heater_day[1]} would change its sums")
