"""Each pool's reader against a server that answers as the pool does, and as it should not."""

from datetime import date, timedelta
import logging

from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.hashwarm.engine.model.errors import AccountRefusedError, AccountUnknownError, SourceError
from custom_components.hashwarm.engine.money import RateLimitedError
from custom_components.hashwarm.engine.money.pools import PayoutState, PoolKind
from custom_components.hashwarm.engine.money.sources import http
from simulators.pools import Mood

from .conftest import LONG_AGO, NOW

KINDS = [kind.value for kind in PoolKind]
WITH_MONEY = ["ocean", "braiins", "nicehash", "f2pool"]
KEYED = ["braiins", "f2pool"]
REQUESTS = {"ckpool": 1, "public_pool": 1, "ocean": 3, "braiins": 3, "nicehash": 2, "f2pool": 2, "address_watch": 1}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_look_is_of_now_and_takes_few_requests(bench, kind):
    reader = bench.reader(kind)
    reading = await reader.read(LONG_AGO)
    assert reading.at == NOW
    assert reader.name
    assert bench.pools.requests == {kind: REQUESTS[kind]}


@pytest.mark.parametrize("kind", WITH_MONEY)
async def test_the_balance_is_exact(bench, kind):
    bench.account.unpaid_sat = 2_099_999_999_999_999 // 7
    reading = await bench.reader(kind).read(LONG_AGO)
    assert reading.unpaid_sat == bench.account.unpaid_sat


@pytest.mark.parametrize("kind", ["ckpool", "public_pool"])
async def test_a_solo_pool_tells_the_best_share_and_no_money(bench, kind):
    reading = await bench.reader(kind).read(LONG_AGO)
    assert reading.hash_rate_hs == 12.3e12
    assert reading.workers == 2
    assert reading.best_difficulty == pytest.approx(bench.account.best_difficulty, abs=1)
    assert reading.last_share_at == bench.account.last_share_at
    assert (reading.unpaid_sat, reading.paid_sat, reading.credited_sat, reading.payouts) == (None, None, None, ())


async def test_ckpool_may_answer_line_by_line(bench):
    whole = await bench.reader("ckpool").read(LONG_AGO)
    bench.pools.moods["ckpool"] = Mood.LINES
    assert await bench.reader("ckpool").read(LONG_AGO) == whole


async def test_public_pool_without_workers_tells_no_hash_rate(bench):
    bench.account.workers = 0
    reading = await bench.reader("public_pool").read(LONG_AGO)
    assert (reading.workers, reading.hash_rate_hs, reading.last_share_at) == (0, None, None)
    assert reading.best_difficulty
    bench.account.best_difficulty = 0
    with pytest.raises(AccountUnknownError):
        await bench.reader("public_pool").read(LONG_AGO)


async def test_ocean_tells_balance_and_payouts(bench):
    reading = await bench.reader("ocean").read(LONG_AGO)
    chain, lightning = reading.payouts
    first, second = bench.account.payouts
    assert (chain.payout_id, chain.txid, chain.sat, chain.at) == (first.payment_id, first.payment_id, 2000, first.at)
    assert (lightning.payout_id, lightning.txid, lightning.sat) == (second.payment_id, None, 1500)
    assert reading.last_share_at == bench.account.last_share_at
    assert (await bench.reader("ocean").read(NOW - timedelta(days=1))).payouts == (lightning,)
    assert (await bench.reader("ocean").read(NOW - timedelta(hours=1))).payouts == ()


async def test_braiins_tells_closed_days_only(bench):
    reading = await bench.reader("braiins").read(NOW - timedelta(days=2, hours=1))
    assert [(day.day, day.sat) for day in reading.days] == [(date(2026, 11, 20), 1002), (date(2026, 11, 21), 1001)]
    assert reading.credited_sat == bench.account.credited_sat
    assert reading.paid_sat is None
    assert reading.hash_rate_hs == pytest.approx(12.3e12)
    assert [payout.sat for payout in reading.payouts] == [1500]


async def test_a_braiins_payout_keeps_its_name_when_it_is_done(bench):
    paid = bench.account.pay_out(NOW - timedelta(hours=1), 777, confirmed=False)
    before = (await bench.reader("braiins").read(LONG_AGO)).payouts
    bench.account.payouts[-1] = type(paid)(at=paid.at, sat=777, payment_id=paid.payment_id)
    after = (await bench.reader("braiins").read(LONG_AGO)).payouts
    states = {payout.payout_id: payout.state for payout in before}
    assert PayoutState.PENDING in states.values()
    assert {payout.payout_id: PayoutState.CONFIRMED for payout in after} == dict.fromkeys(states, PayoutState.CONFIRMED)


async def test_nicehash_tells_withdrawals(bench):
    reading = await bench.reader("nicehash").read(LONG_AGO)
    assert [payout.sat for payout in reading.payouts] == [2000, 1500]
    assert reading.workers == 2
    assert reading.hash_rate_hs is None


async def test_f2pool_tells_all_that_was_paid(bench):
    reading = await bench.reader("f2pool").read(LONG_AGO)
    assert (reading.paid_sat, reading.credited_sat) == (3500, bench.account.credited_sat)
    assert reading.hash_rate_hs == 12.3e12
    with pytest.raises(AccountUnknownError):
        await bench.reader("f2pool", user="somebody").read(LONG_AGO)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("mood", "error"),
    [
        (Mood.ERROR_IN_200, SourceError),
        (Mood.REFUSED_IN_200, AccountRefusedError),
        (Mood.UNKNOWN_IN_200, AccountUnknownError),
        (Mood.HTML, SourceError),
        (Mood.UNKNOWN, AccountUnknownError),
        (Mood.REFUSED, AccountRefusedError),
        (Mood.HASTE, RateLimitedError),
        (Mood.BROKEN, SourceError),
    ],
)
async def test_bad_moments_are_named(bench, kind, mood, error):
    bench.pools.moods[kind] = mood
    with pytest.raises(SourceError) as caught:
        await bench.reader(kind).read(LONG_AGO)
    if kind == "address_watch" and mood in {Mood.REFUSED_IN_200, Mood.UNKNOWN_IN_200}:
        assert type(caught.value) is SourceError, "a list is due there"
    else:
        assert type(caught.value) is error
    assert bench.account.address not in str(caught.value)


async def test_who_asks_for_patience_says_for_how_long(bench):
    bench.pools.moods["ocean"] = Mood.HASTE
    with pytest.raises(RateLimitedError) as caught:
        await bench.reader("ocean").read(LONG_AGO)
    assert caught.value.retry_after_s == 1800


@pytest.mark.parametrize("kind", KINDS)
async def test_a_pool_that_does_not_answer_in_time_is_an_error(bench, kind, monkeypatch):
    monkeypatch.setattr(http, "_TIMEOUT", http.aiohttp.ClientTimeout(total=0.05))
    bench.pools.moods[kind] = Mood.SLOW
    with pytest.raises(SourceError):
        await bench.reader(kind).read(LONG_AGO)


@pytest.mark.parametrize("mood", [Mood.NEGATIVE, Mood.ABSURD])
@pytest.mark.parametrize("kind", [*WITH_MONEY, "ckpool", "public_pool"])
async def test_amounts_that_cannot_be_are_refused(bench, kind, mood):
    bench.pools.moods[kind] = mood
    with pytest.raises(SourceError):
        await bench.reader(kind).read(LONG_AGO)


@pytest.mark.parametrize("kind", WITH_MONEY)
async def test_another_currency_is_refused(bench, kind):
    bench.pools.moods[kind] = Mood.OTHER_COIN
    with pytest.raises(SourceError):
        await bench.reader(kind).read(LONG_AGO)


@pytest.mark.parametrize("kind", KEYED)
async def test_a_wrong_key_is_told_and_never_shown(bench, kind, caplog):
    caplog.set_level(logging.DEBUG)
    reader = bench.reader(kind, secret="my-own-secret")
    with pytest.raises(AccountRefusedError) as caught:
        await reader.read(LONG_AGO)
    for text in (str(caught.value), repr(caught.value), repr(reader), caplog.text):
        assert "my-own-secret" not in text


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_follows_no_redirect(bench, kind):
    seen = []

    async def elsewhere(request):
        seen.append(request.headers)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", elsewhere)
    async with TestServer(app) as server:
        bench.pools.moods[kind] = Mood.REDIRECT
        bench.pools.elsewhere = str(server.make_url("/"))
        with pytest.raises(SourceError):
            await bench.reader(kind).read(LONG_AGO)
    assert bool(seen) is (kind not in KEYED)
    assert not [headers for headers in seen if {"Pool-Auth-Token", "F2P-API-SECRET"} & set(headers)]


async def test_no_server_is_an_error_without_the_address(bench):
    await bench.pools.stop()
    with pytest.raises(SourceError) as caught:
        await bench.reader("ckpool").read(LONG_AGO)
    assert bench.account.address not in str(caught.value)
