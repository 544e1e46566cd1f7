"""Payouts on the chain: what is income, what is a block found, what is one's own change."""

from datetime import timedelta

import pytest

from custom_components.hashwarm.engine.model.errors import SourceError
from custom_components.hashwarm.engine.money.pools import PayoutState, address_watch
from custom_components.hashwarm.engine.money.pools.address_watch import parse_transactions

from .conftest import LONG_AGO, NOW

US, OTHER = "bc1qus", "bc1qother"


def transaction(txid="t", *, to_us=1000, to_others=50, source=OTHER, coinbase=False, at=NOW):
    vin = {"is_coinbase": coinbase, "prevout": None if coinbase else {"scriptpubkey_address": source, "value": 5}}
    status = {"confirmed": False}
    if at is not None:
        status = {"confirmed": True, "block_time": int(at.timestamp()), "block_height": 9, "block_hash": f"b{txid}"}
    return {
        "txid": txid,
        "vin": [vin],
        "vout": [
            {"scriptpubkey_address": OTHER, "value": to_others},
            {"scriptpubkey_address": US, "value": to_us},
            {"value": 0},
        ],
        "status": status,
    }


def seen(**fields):
    return parse_transactions([transaction(**fields)], US, NOW)[0]


def test_what_others_send_is_a_payout():
    payout = seen(at=NOW - timedelta(days=1)).payout
    assert (payout.payout_id, payout.txid, payout.sat, payout.state) == ("t", "t", 1000, PayoutState.CONFIRMED)
    assert payout.at == NOW - timedelta(days=1)
    assert seen().block is None


def test_what_no_block_holds_yet_is_pending():
    payout = seen(at=None).payout
    assert (payout.state, payout.at) == (PayoutState.PENDING, NOW)


def test_ones_own_change_and_what_is_sent_away_is_no_income():
    assert seen(source=US).payout is None
    assert seen(to_us=0).payout is None


def test_a_coinbase_that_pays_mostly_us_is_a_block_found():
    found = seen(coinbase=True)
    assert found.payout.sat == 1000
    assert (found.block.block_hash, found.block.height, found.block.at) == ("bt", 9, NOW)
    assert (found.block.txid, found.block.sat) == ("t", 1000)


def test_a_share_of_a_pools_coinbase_is_a_payout_and_no_block_of_ours():
    shared = seen(coinbase=True, to_others=312_500_000)
    assert shared.payout.sat == 1000
    assert shared.block is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"error": "x"},
        [5],
        [{"txid": "t"}],
        [transaction() | {"txid": None}],
        [transaction() | {"vout": [{"scriptpubkey_address": US, "value": -5}]}],
        [transaction() | {"vout": [{"scriptpubkey_address": US, "value": 20_000_000 * 10**8}] * 2}],
        [transaction() | {"vout": [{"scriptpubkey_address": US, "value": "x"}]}],
        [transaction() | {"status": {"confirmed": True, "block_time": 5}}],
        [transaction(coinbase=True) | {"status": {"confirmed": True, "block_time": int(NOW.timestamp())}}],
    ],
)
def test_garbage_is_refused(wrong):
    with pytest.raises(SourceError):
        parse_transactions(wrong, US, NOW)


async def test_payouts_and_a_block_are_seen_on_the_chain(bench):
    bench.account.pay_out(NOW - timedelta(minutes=5), 123, confirmed=False)
    bench.account.find_block(NOW - timedelta(days=1), 925_000, 314_500_000)
    reading = await bench.reader("address_watch").read(LONG_AGO)
    assert sorted(payout.sat for payout in reading.payouts) == [123, 2000, 314_500_000]
    assert [block.height for block in reading.blocks] == [925_000]
    assert reading.unpaid_sat is None


async def test_what_a_reorganisation_takes_back_is_not_told_any_more(bench):
    before = await bench.reader("address_watch").read(LONG_AGO)
    bench.account.payouts.pop(0)
    after = await bench.reader("address_watch").read(LONG_AGO)
    assert len(before.payouts) == 1
    assert after.payouts == ()


async def test_pages_are_turned_as_far_as_is_asked(bench):
    for days in range(100, 0, -1):
        bench.account.pay_out(NOW - timedelta(days=days, hours=1), days)
    reader = bench.reader("address_watch")
    assert len((await reader.read(NOW - timedelta(days=10))).payouts) == 11 - 1
    assert bench.pools.requests["address_watch"] == 1
    assert len((await reader.read(LONG_AGO)).payouts) == 101
    assert bench.pools.requests["address_watch"] == 6


async def test_a_long_history_is_cut_where_it_is_old_and_refused_where_it_is_young(bench, monkeypatch):
    monkeypatch.setattr(address_watch, "_MAX_PAGES", 2)
    for days in range(100, 0, -1):
        bench.account.pay_out(NOW - timedelta(days=days, hours=1), days)
    assert len((await bench.reader("address_watch").read(LONG_AGO)).payouts) == 50
    for minutes in range(60):
        bench.account.pay_out(NOW - timedelta(minutes=minutes), 5)
    with pytest.raises(SourceError):
        await bench.reader("address_watch").read(LONG_AGO)


async def test_the_watch_is_named_by_its_server(bench):
    assert bench.reader("address_watch").name == f"127.0.0.1:{bench.pools.port}"
