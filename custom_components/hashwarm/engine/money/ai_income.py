"""Books what AI work earned, inside the transaction of whoever ends it."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
import sqlite3

from .calendar import epoch_ms
from .entries import Entry, EntryKind, put_entries

_NAMED = (
    "INSERT INTO money_heater (name, end_ms, counter_mj, carry_cost, carry_earned, carry_value)"
    " VALUES (?, NULL, NULL, '0', '0', '0') ON CONFLICT DO NOTHING"
)
_PREFIX = "ai/"
# The newest has the highest total, for only growth above it is booked; the range is one of the index of keys.
_NEWEST = "SELECT key, note FROM money_entry WHERE key > ? AND key < ? ORDER BY id DESC LIMIT 1"
_AFTER_SLASH = "0"


@dataclass(frozen=True, kw_only=True)
class AiIncome:
    """What was earned; `key` is unlike that of any other income, and booked once. Money in 1e-9 of the currency."""

    key: str
    heater_id: str
    at: datetime
    timezone: tzinfo
    currency: str
    value_nano: int
    note: str = ""


def book_ai_income(connection: sqlite3.Connection, income: AiIncome) -> bool:
    """Book an income; False where it was booked before, and nothing changes."""
    connection.execute(_NAMED, (income.heater_id,))
    return bool(put_entries(connection, [_entry(income)]))


def book_ai_total(connection: sqlite3.Connection, income: AiIncome, *, from_zero: bool) -> int:
    """Book by how much a total grew since it was last seen, and return that; its first sight counts `from_zero` only.

    A total that falls has earned nothing until it is back where it was: nothing is ever counted twice.
    """
    number, before = _newest(connection, income.key)
    total = income.value_nano
    if before is None:
        before = 0 if from_zero else total
    elif total <= before:
        return 0
    grown = total - before
    book_ai_income(connection, replace(income, key=f"{income.key}/{number}", value_nano=grown, note=str(total)))
    return grown


def _newest(connection: sqlite3.Connection, key: str) -> tuple[int, int | None]:
    """Return the number of a total's next entry, and the total that its newest one told of."""
    name = f"{_PREFIX}{key}"
    row = connection.execute(_NEWEST, (f"{name}/", f"{name}{_AFTER_SLASH}")).fetchone()
    if row is None:
        return 0, None
    told_key, note = row
    return int(told_key.rpartition("/")[2]) + 1, int(note)


def _entry(income: AiIncome) -> Entry:
    """Return the entry; what heat cost and what was saved know of it too."""
    return Entry(
        key=f"{_PREFIX}{income.key}",
        heater_id=income.heater_id,
        day=income.at.astimezone(income.timezone).toordinal(),
        at_ms=epoch_ms(income.at),
        kind=EntryKind.AI,
        currency=income.currency,
        value_nano=income.value_nano,
        both_value_nano=income.value_nano,
        saved_nano=income.value_nano,
        note=income.note,
    )
