"""The ledger as tables for a tax return: exact decimals, one row a day and heater, one row a payout; pure."""

from collections.abc import Iterable, Mapping, Sequence
import csv
from datetime import date, tzinfo
from decimal import Decimal
import io

from .account_tables import BookedPayout
from .quantities import MICRO_SAT_PER_SAT, MJ_PER_KWH, NANO, SAT_PER_BTC
from .sums import Sums

type Cell = str | int | None
type Row = dict[str, Cell]

DAY_COLUMNS = (
    "date",
    "heater",
    "energy_kwh",
    "solar_kwh",
    "battery_kwh",
    "unmeasured_s",
    "electricity_cost",
    "earned_sat",
    "confirmed_sat",
    "earned_value",
    "ai_value",
    "alternative_cost",
    "saved",
    "currency",
)
PAYOUT_COLUMNS = (
    "paid_at",
    "account",
    "sat",
    "btc",
    "btc_price",
    "cost_basis",
    "currency",
    "state",
    "transaction",
    "payout_id",
    "told_sat",
    "note",
)
_KWH_DIGITS = 6
# A spreadsheet takes a cell that begins like this for a formula; pools choose ids and notes may hold anything.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def day_rows(days: Mapping[str, Mapping[int, Sums]], names: Mapping[str, str], currency: str) -> list[Row]:
    """Return one row for each heater and local day."""
    rows = [
        _day_row(date.fromordinal(day), names.get(heater_id, heater_id), sums, currency)
        for heater_id, sums_of_days in days.items()
        for day, sums in sums_of_days.items()
    ]
    return sorted(rows, key=lambda row: (str(row["date"]), str(row["heater"])))


def _day_row(day: date, heater: str, sums: Sums, currency: str) -> Row:
    return {
        "date": day.isoformat(),
        "heater": heater,
        "energy_kwh": _kwh(sums.energy_mj),
        "solar_kwh": _kwh(sums.solar_mj),
        "battery_kwh": _kwh(sums.battery_mj),
        "unmeasured_s": sums.unmeasured_ms // 1000,
        "electricity_cost": _exact(sums.cost_nano, NANO) if sums.cost_ms else None,
        "earned_sat": _exact(sums.earned_usat, MICRO_SAT_PER_SAT) if sums.earned_ms else None,
        "confirmed_sat": _exact(sums.confirmed_usat, MICRO_SAT_PER_SAT) if sums.earned_ms else None,
        "earned_value": _exact(sums.value_nano, NANO) if sums.value_ms else None,
        "ai_value": _exact(sums.ai_nano, NANO) if sums.value_ms else None,
        "alternative_cost": _exact(sums.alternative_nano, NANO) if sums.alternative_mj else None,
        "saved": _exact(sums.saved_nano, NANO) if sums.saved_mj else None,
        "currency": currency,
    }


def payout_rows(payouts: Mapping[str, Sequence[BookedPayout]], start: date, end: date, timezone: tzinfo) -> list[Row]:
    """Return one row for each payout from `start` to `end`, days of the home; the cost basis is that at receipt."""
    rows = [
        payout_row(account, booked)
        for account, booked_payouts in payouts.items()
        for booked in booked_payouts
        if start <= booked.payout.at.astimezone(timezone).date() <= end
    ]
    return sorted(rows, key=lambda row: (str(row["paid_at"]), str(row["account"])))


def payout_row(account: str, booked: BookedPayout) -> Row:
    """Return one payout, with its value when it was received."""
    payout, price_nano = booked.payout, booked.btc_price_nano
    basis = None if price_nano is None else _exact(payout.sat * price_nano // SAT_PER_BTC, NANO)
    return {
        "paid_at": payout.at.isoformat(timespec="seconds"),
        "account": account,
        "sat": payout.sat,
        "btc": _exact(payout.sat, SAT_PER_BTC),
        "btc_price": None if price_nano is None else _exact(price_nano, NANO),
        "cost_basis": basis,
        "currency": booked.currency,
        "state": payout.state.value,
        "transaction": payout.txid,
        "payout_id": payout.payout_id,
        "told_sat": booked.told_sat,
        "note": booked.note,
    }


def csv_text(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Return rows as CSV with a header; empty is unknown."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(cell) for name, cell in row.items()} for row in rows)
    return text.getvalue()


def _harmless(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(cell, str) or not cell.startswith(_FORMULA_STARTS) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _kwh(energy_mj: int) -> str:
    return f"{Decimal(energy_mj) / MJ_PER_KWH:.{_KWH_DIGITS}f}"


def _exact(amount: int, unit: int) -> str:
    """Return an amount in whole units, with all its digits."""
    return f"{Decimal(amount) / unit:f}"
