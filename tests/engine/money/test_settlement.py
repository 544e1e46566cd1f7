"""For which time a pool has said what it credited."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.money import Scheme
from custom_components.hashwarm.engine.money.account_tables import Balance, BookedPayout
from custom_components.hashwarm.engine.money.calendar import epoch_ms
from custom_components.hashwarm.engine.money.pools import AccountReading, ConfirmedDay, Payout, PayoutState
from custom_components.hashwarm.engine.money.settlement import Known, Period, doubtful, newly_settled

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY_MS = 86_400_000
START_MS = epoch_ms(NOON) - 10 * DAY_MS


def known(*periods, balance=None, payouts=(), since_ms=START_MS):
    return Known(settled={p.key: p for p in periods}, balance_then=balance, payouts=payouts, since_ms=since_ms)


def balance(at, **told):
    return Balance(**({"at_ms": epoch_ms(at), "unpaid_sat": None, "paid_sat": None, "credited_sat": None} | told))


def mark(at):
    at_ms = epoch_ms(at)
    return Period(key=f"until:{at_ms}", from_ms=at_ms, to_ms=at_ms, sat=0, books=False)


def booked(at, sat=1000, state=PayoutState.CONFIRMED, payout_id="p"):
    payout = Payout(payout_id=payout_id, at=at, sat=sat, state=state)
    return BookedPayout(payout=payout, btc_price_nano=None, currency="EUR", told_sat=sat, note=None)


def test_closed_days_are_settled_once_and_again_when_they_are_told_otherwise():
    days = tuple(ConfirmedDay(day=date(2026, 11, day), sat=100 + day) for day in (5, 20, 21, 22))
    reading = AccountReading(at=NOON, days=days)
    periods = newly_settled(reading, known(), Scheme.FPPS)
    assert [(p.key, p.sat) for p in periods] == [("day:2026-11-20", 120), ("day:2026-11-21", 121)]
    assert all(p.to_ms - p.from_ms == DAY_MS for p in periods), "before its heaters came, and today, settle nothing"
    assert newly_settled(reading, known(*periods), Scheme.FPPS) == []
    told_anew = replace(reading, days=(ConfirmedDay(day=date(2026, 11, 20), sat=7),))
    assert [p.sat for p in newly_settled(told_anew, known(*periods), Scheme.FPPS)] == [7]


def test_a_balance_begins_with_a_mark_and_is_settled_the_next_day():
    first = AccountReading(at=NOON, unpaid_sat=500)
    (begun,) = newly_settled(first, known(), Scheme.TIDES)
    assert not begun.books
    state = known(begun, balance=balance(NOON, unpaid_sat=500))
    assert newly_settled(replace(first, at=NOON + timedelta(hours=11)), state, Scheme.TIDES) == []
    (period,) = newly_settled(AccountReading(at=NOON + timedelta(hours=13), unpaid_sat=740), state, Scheme.TIDES)
    assert (period.from_ms, period.to_ms, period.sat) == (begun.to_ms, begun.to_ms + 13 * 3_600_000, 240)


def test_right_after_midnight_a_few_minutes_are_not_settled():
    late = NOON + timedelta(hours=11, minutes=50)
    state = known(mark(late), balance=balance(late, unpaid_sat=1))
    assert newly_settled(AccountReading(at=late + timedelta(hours=1), unpaid_sat=2), state, Scheme.TIDES) == []


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.sampled_from(["paid", "payouts", "credited"]),
)
def test_growth_is_the_same_however_a_payout_is_told(before, grown, paid, way):
    later = NOON + timedelta(days=1)
    told = {"unpaid_sat": before}
    now = {"unpaid_sat": before + grown - paid}
    payouts = ()
    if way == "paid":
        told["paid_sat"], now["paid_sat"] = 5, 5 + paid
    elif way == "credited":
        told["credited_sat"], now["credited_sat"] = 9, 9 + grown
    else:
        payouts = (booked(NOON + timedelta(hours=3), paid), booked(NOON, 77, payout_id="older"))
    state = known(mark(NOON), balance=balance(NOON, **told), payouts=payouts)
    (period,) = newly_settled(AccountReading(at=later, **now), state, Scheme.TIDES)
    assert period.sat == grown
    assert period.books


def test_a_balance_that_fell_waits_for_its_payout_and_begins_anew_after_a_week():
    state = known(mark(NOON), balance=balance(NOON, unpaid_sat=500))
    fallen = AccountReading(at=NOON + timedelta(days=1), unpaid_sat=20)
    assert newly_settled(fallen, state, Scheme.TIDES) == []
    gone = known(mark(NOON), balance=balance(NOON, unpaid_sat=500), payouts=[booked(NOON, 480, PayoutState.GONE)])
    assert newly_settled(fallen, gone, Scheme.TIDES) == [], "what was taken back explains nothing"
    (anew,) = newly_settled(replace(fallen, at=NOON + timedelta(days=8)), state, Scheme.TIDES)
    assert not anew.books
    untold = AccountReading(at=NOON + timedelta(days=1), credited_sat=3)
    assert newly_settled(untold, state, Scheme.TIDES) == []
    assert newly_settled(untold, known(mark(NOON)), Scheme.TIDES) == []


def test_payouts_alone_settle_the_time_between_them():
    one, two = booked(NOON - timedelta(days=5), 100, payout_id="1"), booked(NOON - timedelta(days=2), 50, payout_id="2")
    reading = AccountReading(at=NOON)
    first, second = newly_settled(reading, known(payouts=[one, two]), Scheme.PPLNS)
    assert not first.books, "nobody knows how far back the first one reaches"
    assert (second.from_ms, second.to_ms, second.sat, second.books) == (first.to_ms, epoch_ms(two.payout.at), 50, True)
    assert newly_settled(reading, known(first, second, payouts=[one, two]), Scheme.PPLNS) == []
    taken_back = replace(two, payout=replace(two.payout, state=PayoutState.GONE))
    (again,) = newly_settled(reading, known(first, second, payouts=[one, taken_back]), Scheme.PPLNS)
    assert (again.key, again.sat, again.from_ms) == (second.key, 0, second.from_ms)
    pending = replace(two, payout=replace(two.payout, state=PayoutState.PENDING))
    assert newly_settled(reading, known(first, payouts=[one, pending]), Scheme.PPLNS) == []
    before_us = booked(NOON - timedelta(days=20), payout_id="0")
    (only,) = newly_settled(reading, known(payouts=[before_us, one]), Scheme.PPLNS)
    assert only.books
    assert only.from_ms == epoch_ms(before_us.payout.at)


def test_a_block_found_alone_pays_for_all_the_time_since_the_heaters_came():
    block = booked(NOON - timedelta(days=2), 312_500_000)
    (period,) = newly_settled(AccountReading(at=NOON, unpaid_sat=3), known(payouts=[block]), Scheme.SOLO)
    assert (period.from_ms, period.sat, period.books) == (START_MS, 312_500_000, True)


@pytest.mark.parametrize(
    ("sat", "estimated_sat", "scheme", "days", "verdict"),
    [
        (3000, 1000, Scheme.FPPS, 1, False),
        (9000, 1000, Scheme.FPPS, 1, True),
        (9000, 1000, Scheme.TIDES, 1, False),
        (12_000, 1000, Scheme.TIDES, 1, True),
        (900, 0, Scheme.FPPS, 0.1, False),
        (312_500_000, 0, Scheme.SOLO, 1, False),
        (5000, 0, Scheme.POOL, 6, False),
    ],
)
def test_an_account_that_others_feed_too_is_noticed(sat, estimated_sat, scheme, days, verdict):
    assert doubtful(sat, estimated_sat * 1_000_000, scheme, round(days * DAY_MS)) is verdict
