"""What is booked beside intervals: what a pool confirms more or less than estimated, found blocks, AI revenue.

An entry never changes and its key is unlike any other's, so that booking it again does nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
import sqlite3

from .sums import Sums


class EntryKind(StrEnum):
    """Why something is booked."""

    SETTLEMENT = "settlement"
    """A pool confirmed what had been estimated."""
    AI = "ai"
    CORRECTION = "correction"
    """By a person."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of one heater and local day: by how much sums change."""

    key: str
    heater_id: str
    day: int
    at_ms: int
    kind: EntryKind
    currency: str
    earned_usat: int = 0
    earned_ms: int = 0
    """Time whose earnings were unknown until now."""
    confirmed_usat: int = 0
    value_nano: int = 0
    value_ms: int = 0
    both_value_nano: int = 0
    saved_nano: int = 0
    note: str = ""


_ENTRY = """
CREATE TABLE money_entry (id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, heater INTEGER NOT NULL,
 day INTEGER NOT NULL CHECK (day BETWEEN 1 AND 3652059), at_ms INTEGER NOT NULL, kind TEXT NOT NULL,
 currency TEXT NOT NULL, earned_usat INTEGER NOT NULL CHECK (abs(earned_usat) < 1 << 56), earned_ms INTEGER NOT NULL,
 confirmed_usat INTEGER NOT NULL CHECK (abs(confirmed_usat) < 1 << 56),
 value_nano INTEGER NOT NULL CHECK (abs(value_nano) < 1 << 56), value_ms INTEGER NOT NULL,
 both_value_nano INTEGER NOT NULL, saved_nano INTEGER NOT NULL, note TEXT NOT NULL,
 placed INTEGER NOT NULL DEFAULT 0) STRICT
"""
_KEPT = """
CREATE TRIGGER money_entry_kept BEFORE UPDATE ON money_entry WHEN OLD.placed = NEW.placed
BEGIN SELECT RAISE(ABORT, 'an entry never changes'); END
"""
ENTRY_TABLES = (_ENTRY, _KEPT)
_PUT = (
    "INSERT OR IGNORE INTO money_entry (key, heater, day, at_ms, kind, currency, earned_usat, earned_ms,"
    " confirmed_usat, value_nano, value_ms, both_value_nano, saved_nano, note)"
    " SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM money_heater WHERE name = ?"
)
_SUMS = """
SELECT name, day, SUM(earned_usat), SUM(earned_ms), SUM(confirmed_usat), SUM(IIF(kind = 'settlement', earned_usat, 0)),
 SUM(IIF(currency = ?1, value_nano, 0)), SUM(IIF(currency = ?1, value_ms, 0)),
 SUM(IIF(currency = ?1, both_value_nano, 0)), SUM(IIF(currency = ?1, saved_nano, 0)),
 SUM(IIF(currency = ?1 AND kind = 'ai', value_nano, 0))
FROM money_entry JOIN money_heater ON money_heater.id = heater GROUP BY heater, day
"""
_UNPLACED = """
SELECT key, name, day, at_ms, currency, earned_usat, value_nano, saved_nano
FROM money_entry JOIN money_heater ON money_heater.id = heater
WHERE NOT placed AND kind = 'settlement' AND at_ms <= ? ORDER BY at_ms, money_entry.id
"""


def put_entries(connection: sqlite3.Connection, entries: Iterable[Entry]) -> list[Entry]:
    """Write entries of heaters that ever booked; return those that were not in the file yet."""
    return [entry for entry in entries if connection.execute(_PUT, _record(entry)).rowcount]


def _record(entry: Entry) -> tuple[object, ...]:
    """Return an entry in the order of its columns."""
    return (
        entry.key,
        entry.day,
        entry.at_ms,
        entry.kind,
        entry.currency,
        entry.earned_usat,
        entry.earned_ms,
        entry.confirmed_usat,
        entry.value_nano,
        entry.value_ms,
        entry.both_value_nano,
        entry.saved_nano,
        entry.note,
        entry.heater_id,
    )


def entry_sums(connection: sqlite3.Connection, currency: str) -> dict[str, dict[int, Sums]]:
    """Return the sums of entries for each heater and local day; money of another currency is unknown."""
    found: dict[str, dict[int, Sums]] = {}
    for name, day, earned, earned_ms, confirmed, difference, value, value_ms, both, saved, ai in connection.execute(
        _SUMS, (currency,)
    ):
        found.setdefault(name, {})[day] = Sums(
            earned_usat=earned,
            earned_ms=earned_ms,
            confirmed_usat=confirmed,
            difference_usat=difference,
            value_nano=value,
            value_ms=value_ms,
            both_value_nano=both,
            saved_nano=saved,
            ai_nano=ai,
        )
    return found


def unplaced_entries(connection: sqlite3.Connection, until_ms: int) -> list[Entry]:
    """Return what was settled up to a moment and is not in its place in the statistics yet, oldest first."""
    return [
        Entry(
            key=key,
            heater_id=name,
            day=day,
            at_ms=at_ms,
            kind=EntryKind.SETTLEMENT,
            currency=currency,
            earned_usat=earned,
            value_nano=value,
            saved_nano=saved,
        )
        for key, name, day, at_ms, currency, earned, value, saved in connection.execute(_UNPLACED, (until_ms,))
    ]


def mark_placed(connection: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Note that entries are in their place in the statistics; it is said once and never taken back."""
    connection.executemany("UPDATE money_entry SET placed = 1 WHERE key = ? AND NOT placed", [(key,) for key in keys])
