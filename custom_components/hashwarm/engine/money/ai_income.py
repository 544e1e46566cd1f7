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
_TOTALS = "SELECT note FROM money_entry WHERE substr(key, 1, ?) = ? ORDER BY id"


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
    name = f"{_PREFIX}{income.key}/"
    seen = [int(note) for (note,) in connection.execute(_TOTALS, (len(name), name))]
    total = income.value_nano
    before = max(seen) if seen else 0 if from_zero else total
    if seen and total <= before:
        return 0
    grown = total - before
    told = replace(income, key=f"{income.key}/{len(seen)}", value_nano=grown, note=str(total))
    book_ai_income(connection, told)
    return grown


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
