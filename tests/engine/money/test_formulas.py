"""Closed formulas against published and worked figures; integer units without loss."""

from fractions import Fraction
import math

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.money import hashprice
from custom_components.hashwarm.engine.money.interval import (
    Carry,
    Earning,
    Estimate,
    OpenInterval,
    Scheme,
    Terms,
)
from custom_components.hashwarm.engine.money.meter import Step
from custom_components.hashwarm.engine.money.offset import offset_percent
from custom_components.hashwarm.engine.money.quantities import RATE_ONE, earning_rate, joined, nano, split
from custom_components.hashwarm.engine.money.sums import Sums

D, R = 150e12, 314_500_000


def test_hashprice_as_published():
    assert hashprice.hashprice_btc(1e14, 312_500_000) * 100_000 == pytest.approx(62.9, abs=0.05)
    assert hashprice.hashprice_btc(D, R) == pytest.approx(4.22e-4, rel=1e-3)
    assert hashprice.hashprice_btc(D, R) == pytest.approx(1e15 * 86400 / (D * 2**32) * 3.145, rel=1e-12)


def test_what_small_miners_earn():
    assert hashprice.expected_sat_per_day(39e6, D, R) == pytest.approx(0.00165, rel=0.01)
    assert hashprice.expected_sat_per_day(1e12, D, R) == pytest.approx(42, rel=0.01)
    assert hashprice.expected_sat_per_day(1e12, D, R, fee=0.02) == pytest.approx(42 * 0.98, rel=0.01)


def test_odds_of_a_block():
    per_day = 1e12 * 86400 / (D * 2**32)
    assert hashprice.block_odds_per_day(1e12, D) == pytest.approx(per_day, rel=1e-6)
    assert hashprice.block_odds_per_year(1e12, D) == pytest.approx(per_day * 365.25, rel=1e-4)
    assert hashprice.block_odds_per_day(1e30, D) == 1
    assert 0 < hashprice.block_odds_per_day(1, D) < 1e-18


def test_break_even_is_the_value_of_a_kilowatt_hour():
    value = hashprice.value_per_kwh(15, D, R, 90_000)
    hashes = 3.6e6 / 15 * 1e12
    assert value == pytest.approx(hashes / (D * 2**32) * 3.145 * 90_000, rel=1e-12)
    assert hashprice.heat_cost_per_kwh(value, value) == 0


@pytest.mark.parametrize(
    ("price", "expected"),
    [(0.3, 300_000_000), (None, None), (math.nan, None), (math.inf, None), (1e300, None), (-0.05, -50_000_000), (0, 0)],
)
def test_prices_in_billionths(price, expected):
    assert nano(price) == expected


@given(st.lists(st.integers(0, 2**72), max_size=50))
def test_counts_split_for_the_file_are_joined_exactly(counts):
    parts = [split(count) for count in counts]
    assert joined(sum(high for high, _ in parts), sum(low for _, low in parts)) == sum(counts)


@given(st.floats(1, 1e20), st.integers(1, 10**11), st.integers(0, 10**6), st.integers(0, 2**60))
def test_the_fixed_point_rate_is_the_closed_formula(difficulty, reward_sat, fee_ppm, work):
    exact = Fraction(work * reward_sat * (10**6 - fee_ppm)) / (2**32 * Fraction(difficulty))
    assert abs(Fraction(work * earning_rate(difficulty, reward_sat, fee_ppm), RATE_ONE) - exact) <= exact / 10**9 + 1


def terms(**changes):
    base = {
        "hour": "h",
        "day": 1,
        "running": True,
        "power_source": None,
        "price_nano": 300_000_001,
        "currency": "EUR",
        "earning": Earning(),
        "estimate": Estimate(difficulty=D, reward_sat=R),
        "btc_price_nano": nano(64_000.12),
    }
    return Terms(**base | changes)


def step(length_ms=1000, energy_mj=0, unmeasured_ms=0, share_work=0):
    return Step(
        length_ms=length_ms,
        energy_mj=energy_mj,
        unmeasured_ms=unmeasured_ms,
        share_work=share_work,
        hashes=0,
        gap=False,
    )


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 2**50)), min_size=1, max_size=40))
def test_cutting_into_intervals_loses_not_a_fraction(pieces):
    carry, rows = Carry(), []
    for energy, work in pieces:
        interval = OpenInterval(1, "a", 0, terms(), carry)
        interval.add(step(energy_mj=energy, share_work=work))
        row, carry = interval.priced(closed=True)
        rows.append(row)
    whole = OpenInterval(1, "a", 0, terms(), Carry())
    whole.add(step(energy_mj=sum(e for e, _ in pieces), share_work=sum(w for _, w in pieces)))
    total = whole.priced(closed=True)[0]
    assert sum(row.cost_nano for row in rows) == total.cost_nano
    assert sum(row.earned_usat for row in rows) == total.earned_usat
    assert sum(row.value_nano for row in rows) == total.value_nano


def priced(step, **changes):
    interval = OpenInterval(1, "a", 0, terms(**changes), Carry())
    interval.add(step)
    return interval.priced(closed=True)[0]


def test_unknown_stays_unknown():
    mined = step(energy_mj=3_600_000, share_work=2**60)
    assert priced(mined, price_nano=None).cost_nano is None
    assert priced(step(unmeasured_ms=1000)).cost_nano is None
    assert priced(mined, estimate=None).earned_usat is None
    assert priced(mined, estimate=None).value_nano is None
    assert priced(mined, btc_price_nano=None).value_nano is None
    assert priced(mined, btc_price_nano=None).earned_usat > 0
    assert priced(step(), btc_price_nano=None).value_nano is None


def test_what_earns_nothing_is_known_to():
    idle = priced(step(), running=False, estimate=None, btc_price_nano=None)
    assert (idle.earned_usat, idle.value_nano) == (0, 0)
    assert priced(step(share_work=2**60), running=False, estimate=None).earned_usat is None
    none = priced(step(share_work=2**60), earning=Earning(scheme=Scheme.NONE), estimate=None, btc_price_nano=None)
    assert (none.earned_usat, none.value_nano) == (0, 0)


def test_amounts_that_no_heater_reaches_are_unknown():
    assert priced(step(share_work=2**72), estimate=Estimate(difficulty=1, reward_sat=R)).earned_usat is None
    assert priced(step(energy_mj=2**50), price_nano=9 * 10**18).cost_nano is None


def test_offset_needs_a_known_hour_and_a_positive_cost():
    known = Sums(both_ms=3_600_000, both_cost_nano=200, both_value_nano=300)
    assert offset_percent(known) == 150
    assert offset_percent(Sums(both_ms=3_599_999, both_cost_nano=200, both_value_nano=300)) is None
    assert offset_percent(Sums(both_ms=3_600_000, both_cost_nano=0, both_value_nano=300)) is None
    assert offset_percent(Sums(both_ms=3_600_000, both_cost_nano=-5, both_value_nano=300)) is None


def test_mostly_unmeasured_rows_and_other_currencies_are_not_compared():
    assert not priced(step(unmeasured_ms=101, energy_mj=5)).comparable
    row = priced(step(energy_mj=3_600_000_000, share_work=2**60))
    foreign, ours = Sums().add_row(row, "USD"), Sums().add_row(row, "EUR")
    assert (foreign.cost_ms, foreign.value_ms, foreign.both_ms) == (0, 0, 0)
    assert ours.both_cost_nano == 300_000_001
    assert ours.both_value_nano == row.value_nano
