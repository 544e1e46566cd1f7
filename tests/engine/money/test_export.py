"""The ledger as tables."""

import csv
from datetime import UTC, date, datetime, timedelta, timezone
import io

import pytest

from custom_components.hashwarm.engine.money import Sums
from custom_components.hashwarm.engine.money.account_tables import BookedPayout
from custom_components.hashwarm.engine.money.export import (
    DAY_COLUMNS,
    PAYOUT_COLUMNS,
    csv_text,
    day_rows,
    payout_rows,
)
from custom_components.hashwarm.engine.money.pools import Payout

DAY = date(2026, 3, 4)


@pytest.fixture
def days():
    first = Sums(
        energy_mj=3_600_000_001, cost_nano=300_000_001, cost_ms=1, earned_usat=41_500_000, earned_ms=1, saved_mj=0
    ).add(Sums(earned_usat=-500_000, confirmed_usat=41_000_000))
    return {"a": {DAY.toordinal(): first, DAY.toordinal() + 5: Sums(energy_mj=1)}}


def test_days_are_exact_and_unknown_stays_empty(days):
    row, later = day_rows(days, {"a": "Cellar"}, "EUR")
    assert (later["date"], later["heater"]) == ("2026-03-09", "Cellar")
    assert tuple(row) == DAY_COLUMNS
    assert (row["date"], row["heater"], row["energy_kwh"]) == ("2026-03-04", "Cellar", "1.000000")
    assert (row["electricity_cost"], row["earned_sat"], row["confirmed_sat"]) == ("0.300000001", "41", "41")
    assert (row["saved"], row["earned_value"]) == (None, None)
    assert day_rows(days, {}, "EUR")[0]["heater"] == "a"
    (text,) = csv.DictReader(io.StringIO(csv_text([row], DAY_COLUMNS)))
    assert text["saved"] == ""
    assert text["electricity_cost"] == "0.300000001"


def test_payouts_carry_their_cost_basis():
    paid = Payout(payout_id="=1+1", at=datetime(2026, 3, 4, 23, 30, tzinfo=UTC), sat=123_456, txid="ab")
    booked = BookedPayout(payout=paid, btc_price_nano=90_000_123_456_789, currency="EUR", told_sat=123_457, note="-cmd")
    unpriced = BookedPayout(payout=paid, btc_price_nano=None, currency="EUR", told_sat=1, note=None)
    row, other = payout_rows({"OCEAN": [booked, unpriced]}, DAY, DAY, UTC)
    assert tuple(row) == PAYOUT_COLUMNS
    assert (row["sat"], row["btc"], row["cost_basis"]) == (123_456, "0.00123456", "111.110552414")
    assert (other["btc_price"], other["cost_basis"]) == (None, None)
    assert payout_rows({"OCEAN": [booked]}, date(2026, 3, 5), date(2026, 3, 6), UTC) == []
    assert payout_rows({"OCEAN": [booked]}, DAY, DAY, timezone(timedelta(hours=1))) == [], "it is tomorrow at home"
    cells = next(csv.DictReader(io.StringIO(csv_text([row], PAYOUT_COLUMNS))))
    assert (cells["payout_id"], cells["note"], cells["sat"]) == ("'=1+1", "'-cmd", "123456")
    assert csv_text([{"a": "-0.5"}], ["a"]) == "a\n-0.5\n", "a negative number is a number"
