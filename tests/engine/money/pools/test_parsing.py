"""Amounts, suffixes and moments: exact where they are good, refused where they are not."""

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal
import json
import math

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.model.errors import AccountRefusedError, AccountUnknownError, SourceError
from custom_components.hashwarm.engine.money.pools import (
    address_watch,
    braiins,
    ckpool,
    f2pool,
    nicehash,
    ocean,
    parsing,
    public_pool,
)
from tests.thorough import examples

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@given(st.integers(0, parsing.MAX_SAT))
def test_btc_is_read_to_the_sat(sat):
    text = f"{Decimal(sat) / 10**8:.8f}"
    assert parsing.amount(text, "x") == sat
    assert parsing.amount(json.loads(text, parse_float=Decimal), "x") == sat
    assert parsing.amount(float(text), "x") == sat
    assert parsing.sat(sat, "x") == parsing.sat(str(sat), "x") == sat


@pytest.mark.parametrize(
    ("value", "sat"),
    [
        ("0.000000019", 1),
        ("1e-8", 1),
        (0, 0),
        ("21000000", parsing.MAX_SAT),
        (Decimal("0.1"), 10_000_000),
        (" 1 ", 10**8),
    ],
)
def test_amounts_in_other_clothes(value, sat):
    assert parsing.amount(value, "x") == sat


WRONG = [
    "-0.00000001",
    "21000000.00000001",
    "1e999",
    "nan",
    "inf",
    "",
    "1_000",
    "0x10",
    "\N{ARABIC-INDIC DIGIT ONE}",
    "1 BTC",
    "1,5",
    "9" * 300,
    None,
    True,
    [],
    {},
    float("nan"),
    float("inf"),
    -1,
    10**30,
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("1e400"),
]


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_what_is_no_amount_is_refused(value):
    with pytest.raises(SourceError):
        parsing.amount(value, "x")
    with pytest.raises(SourceError):
        parsing.sat(value, "x")


def test_parts_of_a_sat_are_no_sat():
    with pytest.raises(SourceError):
        parsing.sat("1.5", "x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12.3T", 12.3e12),
        ("850G", 850e9),
        ("850 k", 850e3),
        ("0", 0),
        (5, 5),
        ("1.5e3M", 1.5e9),
        (Decimal("2.5"), 2.5),
    ],
)
def test_suffixes(value, expected):
    assert parsing.suffixed(value, "x") == pytest.approx(expected)


@pytest.mark.parametrize("value", ["12.3X", "T", "", "-5G", "1.2.3G", "5GG", "1e30T", None, [], "nanG", True, "..G"])
def test_what_is_no_hash_rate_is_refused(value):
    with pytest.raises(SourceError):
        parsing.hash_rate(value, "x")


@pytest.mark.parametrize(
    ("unit", "scale"), [("Gh/s", 1e9), ("TH/s", 1e12), ("h/s", 1), ("PH", 1e15), ("kHs", 1e3), (" Mh/s ", 1e6)]
)
def test_units(unit, scale):
    assert parsing.unit_scale(unit) == scale


@pytest.mark.parametrize("unit", ["Gsol/s", "", None, 5])
def test_unknown_units_are_refused(unit):
    with pytest.raises(SourceError):
        parsing.unit_scale(unit)


MOMENT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        int(MOMENT.timestamp()),
        str(int(MOMENT.timestamp())),
        int(MOMENT.timestamp()) * 1000,
        "2026-11-01T12:00:00Z",
        "2026-11-01T12:00:00.000Z",
        "2026-11-01T13:00:00+01:00",
        "2026-11-01 12:00:00",
    ],
)
def test_moments(value):
    assert parsing.moment(value, "x") == MOMENT
    assert parsing.day(value, "x") == date(2026, 11, 1)


@pytest.mark.parametrize("value", [0, "0", -1, "yesterday", "", None, [], 1e20, 5e10, "0001-01-01T00:00:00+14:00"])
def test_what_is_no_moment_is_refused(value):
    with pytest.raises(SourceError):
        parsing.moment(value, "x")


def test_never_is_none():
    assert parsing.seen(0, "x") is None
    assert parsing.seen("0", "x") is None
    assert parsing.seen(int(MOMENT.timestamp()), "x") == MOMENT


@pytest.mark.parametrize("value", ["", None, 5, "x" * 300])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(SourceError):
        parsing.text(value, "x")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"error": "Invalid token secret-123"}, AccountRefusedError),
        ({"code": -5, "msg": "user does not exist"}, AccountUnknownError),
        ({"code": -5, "msg": "busy"}, SourceError),
        ({"status": "error", "message": "oops"}, SourceError),
        ({"currency": "LTC"}, SourceError),
        ({"coin": {"enumName": "LTC"}}, SourceError),
        ([], SourceError),
        (None, SourceError),
    ],
)
def test_errors_under_http_200(answer, error):
    with pytest.raises(SourceError) as caught:
        parsing.account(answer)
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("answer", [{}, {"code": 0}, {"code": "200", "currency": "btc"}, {"error": None}])
def test_no_errors(answer):
    assert parsing.account(answer) == answer


@pytest.mark.parametrize("body", [b"", b"\n\n", b"<html>", b"[1]\n[2]", b'{"a": 1}\n<', b"\xff"])
def test_ckpool_lines_that_are_none(body):
    with pytest.raises(SourceError):
        ckpool.parse_user(ckpool.joined(body), NOW)


def test_ckpool_knows_the_best_of_both():
    user = {"hashrate1hr": "5G", "bestshare": 7.5, "lastshare": 0}
    reading = ckpool.parse_user(user, NOW)
    assert (reading.best_difficulty, reading.last_share_at, reading.hash_rate_hs) == (7.5, None, 5e9)
    assert reading.workers is None
    with pytest.raises(SourceError):
        ckpool.parse_user({"bestshare": 5}, NOW)


def test_ocean_fields_under_other_names():
    row = {"timestamp": "2026-11-01T12:00:00Z", "satoshis_net_paid": "15", "onchain_txid": "ab"}
    (payout,) = ocean.parse_earnpay({"result": {"payouts": [row]}})
    assert (payout.at, payout.sat, payout.txid) == (MOMENT, 15, "ab")
    (payout,) = ocean.parse_earnpay({"result": {"payouts": [row | {"onchain_txid": None}]}})
    assert payout.payout_id == "20261101T120000-15"
    assert ocean.parse_earnpay({"result": {}}) == ()
    for answer in ({}, {"result": None}, {"result": {"payouts": [{}]}}, {"result": {"payouts": {}}}):
        with pytest.raises(SourceError):
            ocean.parse_earnpay(answer)
    for parse in (ocean.parse_statsnap, lambda answer: ocean.parse_hashrate(answer, NOW)):
        with pytest.raises(SourceError):
            parse({"result": {}})


def test_braiins_answers_that_lack_something():
    reading = braiins.parse_profile({"btc": {"all_time_reward": "1"}}, NOW)
    assert (reading.unpaid_sat, reading.credited_sat, reading.hash_rate_hs) == (None, 10**8, None)
    assert braiins.parse_profile({"btc": {"all_time_reward": "1", "hash_rate_unit": "Gh/s"}}, NOW).hash_rate_hs is None
    with pytest.raises(SourceError):
        braiins.parse_profile({"btc": {}}, NOW)
    early, late = ({"date": f"2026-11-{day}", "total_reward": "1"} for day in (19, 22))
    assert braiins.parse_rewards({"btc": {"daily_rewards": [early, late]}}, date(2026, 11, 20), NOW.date()) == ()
    with pytest.raises(SourceError):
        braiins.parse_rewards({"btc": {"daily_rewards": [{}]}}, NOW.date(), NOW.date())
    assert braiins.parse_payouts({"btc": {}}) == ()
    assert braiins.parse_payouts({"onchain": [{"status": "failed"}]}) == ()
    (payout,) = braiins.parse_payouts({"payouts": [{"requested_at_ts": MOMENT.timestamp(), "amount": "0.5"}]})
    assert payout.sat == 50_000_000
    with pytest.raises(SourceError):
        braiins.parse_payouts({"onchain": [{"amount_sats": 5}]})


def test_nicehash_answers_that_lack_something():
    assert nicehash.parse_rigs({"unpaidAmount": "0.1", "externalBalance": "0.2"}, NOW).unpaid_sat == 30_000_000
    assert nicehash.parse_rigs({"unpaidAmount": "0.1", "miningRigs": [{}]}, NOW).workers == 1
    assert nicehash.parse_rigs({"unpaidAmount": "0.1"}, NOW).workers is None
    with pytest.raises(SourceError):
        nicehash.parse_rigs({}, NOW)
    assert nicehash.parse_withdrawals({}) == ()
    row = {"createdTs": MOMENT.timestamp() * 1000, "amount": "0.1"}
    assert nicehash.parse_withdrawals({"list": [row, row | {"status": "REJECTED"}]})[0].payout_id.endswith("-10000000")
    for wrong in ({"amount": "0.1"}, row | {"currency": "LTC"}):
        with pytest.raises(SourceError):
            nicehash.parse_withdrawals({"list": [wrong]})


def test_f2pool_answers_that_lack_something():
    assert f2pool.parse_hash_rate({"info": {}}) is None
    for parse in (f2pool.parse_hash_rate, lambda answer: f2pool.parse_balance(answer, NOW)):
        with pytest.raises(SourceError):
            parse({})
    with pytest.raises(SourceError):
        f2pool.parse_balance({"balance_info": {"paid": 5}}, NOW)


KEYS = [
    "result",
    "btc",
    "info",
    "balance_info",
    "balance",
    "paid",
    "unpaid",
    "unpaidAmount",
    "payouts",
    "list",
    "daily_rewards",
    "date",
    "total_reward",
    "onchain",
    "amount_sats",
    "amount",
    "ts",
    "txid",
    "status",
    "confirmed",
    "block_time",
    "vin",
    "vout",
    "value",
    "scriptpubkey_address",
    "is_coinbase",
    "prevout",
    "hashrate1d",
    "bestshare",
    "lastshare",
    "workers",
    "bestDifficulty",
    "hashRate",
    "lastSeen",
    "hash_rate",
    "hash_rate_unit",
    "code",
    "error",
]
PARSERS = (
    lambda answer: ckpool.parse_user(answer, NOW),
    lambda answer: public_pool.parse_client(answer, NOW),
    lambda answer: ocean.parse_hashrate(answer, NOW),
    ocean.parse_statsnap,
    ocean.parse_earnpay,
    lambda answer: braiins.parse_profile(answer, NOW),
    lambda answer: braiins.parse_rewards(answer, NOW.date(), NOW.date()),
    braiins.parse_payouts,
    lambda answer: nicehash.parse_rigs(answer, NOW),
    nicehash.parse_withdrawals,
    f2pool.parse_hash_rate,
    lambda answer: f2pool.parse_balance(answer, NOW),
    lambda answer: address_watch.parse_transactions(answer, "a", NOW),
)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.decimals() | st.text() | st.sampled_from(["5", "a", "btc"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    )
)
def test_parsers_only_ever_raise_source_errors(answer):
    for parse in PARSERS:
        with contextlib.suppress(SourceError):
            told = parse(answer)
            rate = getattr(told, "hash_rate_hs", None)
            assert rate is None or (math.isfinite(rate) and rate >= 0)
