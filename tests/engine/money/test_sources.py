"""Market sources against a real server that answers as the documented services do, and as they should not."""

import contextlib
from datetime import UTC, datetime
import json
import math

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.model.errors import InvalidValueError, SourceError
from custom_components.hashwarm.engine.money import Coinbase, FigureKind, Manual, Mempool, RateLimitedError
from custom_components.hashwarm.engine.money.figures import NothingNowError
from custom_components.hashwarm.engine.money.sources import Esplora, PriceSensor, coinbase, esplora, http, mempool
from simulators.market import Mood, PracticeMarket
from tests.thorough import examples

GOOD = {
    "/api/v1/mining/hashrate/3d": {
        "hashrates": [],
        "difficulty": [],
        "currentHashrate": 1.1e21,
        "currentDifficulty": 150e12,
    },
    "/api/v1/mining/reward-stats/144": {
        "startBlock": 900_000,
        "endBlock": 900_143,
        "totalReward": "45288000000",
        "totalFee": "288000000",
        "totalTx": "400000",
    },
    "/api/v1/prices": {"time": 1, "USD": 100_000, "EUR": 90_000.5, "GBP": -1},
    "/api/v1/difficulty-adjustment": {"difficultyChange": -2.5, "estimatedRetargetDate": 1_790_000_000_000},
    "/v2/prices/BTC-SEK/spot": {"data": {"amount": "640000.12", "base": "BTC", "currency": "SEK"}},
}
DIFFICULTY = frozenset({FigureKind.DIFFICULTY})
PRICE = frozenset({FigureKind.BTC_PRICE})


@pytest.fixture
async def served():
    """Yields what is answered by path, the requests seen, and the address."""
    answers, seen = dict(GOOD), []

    async def answer(request):
        seen.append(request.path)
        given = answers.get(request.path)
        if isinstance(given, web.Response):
            return given
        return web.json_response(given) if given is not None else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server, ClientSession() as session:
        yield answers, seen, str(server.make_url("/")), session


async def test_mempool_tells_every_figure(served):
    _, seen, url, session = served
    source = Mempool(session, currency="EUR", base_url=url)
    told = {}
    for kinds in source.requests:
        told |= await source.fetch(kinds)
    assert told == {
        FigureKind.DIFFICULTY: 150e12,
        FigureKind.REWARD_SAT: 314_500_000,
        FigureKind.BTC_PRICE: 90_000.5,
        FigureKind.ADJUSTMENT_PERCENT: -2.5,
        FigureKind.ADJUSTMENT_AT: 1_790_000_000,
    }
    assert len(seen) == 4
    assert source.name.startswith("127.0.0.1")


async def test_coinbase_tells_the_price_in_many_currencies(served):
    *_, url, session = served
    source = Coinbase(session, currency="SEK", base_url=url)
    assert await source.fetch(PRICE) == {FigureKind.BTC_PRICE: 640_000.12}
    with pytest.raises(SourceError):
        await source.fetch(DIFFICULTY)


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=500),
        web.Response(text="<html>"),
        web.Response(body=b"\xff\xfe\xfa"),
        web.Response(text="[" * 100_000),
        web.Response(text=json.dumps({"currentDifficulty": 1, "pad": "x" * 300_000})),
        {"error": "under HTTP 200"},
        [],
        {"currentDifficulty": None},
        {"currentDifficulty": True},
        {"currentDifficulty": "150T"},
        {"currentDifficulty": 0},
        {"currentDifficulty": -5},
        {"currentDifficulty": 1e300},
    ],
)
async def test_garbage_is_a_source_error(served, answer):
    answers, _, url, session = served
    answers["/api/v1/mining/hashrate/3d"] = answer
    with pytest.raises(SourceError):
        await Mempool(session, currency="EUR", base_url=url).fetch(DIFFICULTY)


async def test_no_server_is_a_source_error(served):
    *_, session = served
    with pytest.raises(SourceError):
        await Mempool(session, currency="EUR", base_url="http://127.0.0.1:9").fetch(DIFFICULTY)
    with pytest.raises(SourceError):
        await Mempool(session, currency="EUR", base_url="nonsense").fetch(DIFFICULTY)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 1680),
        ("Wed, 21 Oct 2026 06:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00", None),
        ("tomorrow", None),
        (None, None),
        ("-3", None),
        ("nan", None),
    ],
)
async def test_too_many_requests_say_how_long_to_wait(served, header, seconds):
    answers, _, url, session = served
    headers = {"Date": "Wed, 21 Oct 2026 07:00:00 GMT"} | ({"Retry-After": header} if header else {})
    answers["/api/v1/prices"] = web.Response(status=429, headers=headers)
    with pytest.raises(RateLimitedError) as caught:
        await Mempool(session, currency="EUR", base_url=url).fetch(PRICE)
    assert caught.value.retry_after_s == seconds


def test_bounds_of_the_parsers():
    for wrong in ({"EUR": -1}, {"EUR": 0}, {"USD": 5}, {"EUR": 1e300}):
        with pytest.raises(SourceError):
            mempool.parse_prices(wrong, "EUR")
    stats = GOOD["/api/v1/mining/reward-stats/144"]
    for wrong in ({"endBlock": 900_500}, {"totalReward": "nan"}, {"totalReward": "5"}, {"startBlock": 900_144}):
        with pytest.raises(SourceError):
            mempool.parse_reward_stats(stats | wrong)
    for wrong in ({"difficultyChange": 1e9, "estimatedRetargetDate": 1}, {"difficultyChange": 1}):
        with pytest.raises(SourceError):
            mempool.parse_adjustment(wrong)
    spot = {"amount": "5", "base": "BTC", "currency": "SEK"}
    for wrong in ({"base": "ETH"}, {"currency": "EUR"}, {"amount": "0"}, {"amount": "x"}):
        with pytest.raises(SourceError):
            coinbase.parse_spot({"data": spot | wrong}, "SEK")
    with pytest.raises(SourceError):
        http.number(10**400, 0, 1, "huge")


@settings(max_examples=examples(40))
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    ["currentDifficulty", "startBlock", "endBlock", "totalReward", "EUR", "data", "amount"]
                ),
                x,
            )
        ),
    )
)
def test_parsers_only_ever_raise_source_errors(answer):
    parsers = (
        mempool.parse_hashrate,
        mempool.parse_reward_stats,
        mempool.parse_adjustment,
        lambda a: mempool.parse_prices(a, "EUR"),
        lambda a: coinbase.parse_spot(a, "EUR"),
    )
    for parse in parsers:
        with contextlib.suppress(SourceError):
            assert all(math.isfinite(value) for value in parse(answer).values())


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), 1e300])
def test_figures_by_hand_are_checked(wrong):
    for kind in (FigureKind.DIFFICULTY, FigureKind.REWARD_SAT, FigureKind.BTC_PRICE):
        with pytest.raises(InvalidValueError):
            Manual({kind: wrong})
    with pytest.raises(InvalidValueError):
        Manual({FigureKind.ADJUSTMENT_AT: 5})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://mempool.space", "mempool.space"),
        ("https://bob:secret@host", "host"),
        ("https://bob:secret@host:8443/api?key=secret", "host:8443"),
        ("http://bob:se/cret@host/", "host"),
        ("http://bob:sec@ret@[::1]:80/", "[::1]:80"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_source_is_named_by_its_host_alone(url, name):
    assert Mempool(None, currency="EUR", base_url=url).name == name


@pytest.mark.parametrize("url", ["http://bob:secret@127.0.0.1:9", "http://bob:secret@:x", "bob:secret@host"])
async def test_an_error_tells_no_password(served, url):
    *_, session = served
    with pytest.raises(SourceError) as caught:
        await Mempool(session, currency="EUR", base_url=url).fetch(DIFFICULTY)
    assert "secret" not in str(caught.value)
    assert "bob" not in str(caught.value)
    assert caught.value.__cause__ is None or "secret" not in str(caught.value.__cause__)


@pytest.mark.parametrize("status", [429, 500, 200])
async def test_an_answer_that_is_refused_tells_no_password(served, status):
    answers, _, url, session = served
    answers["/api/v1/mining/hashrate/3d"] = web.Response(status=status, text="no")
    with pytest.raises(SourceError) as caught:
        await Mempool(session, currency="EUR", base_url=url.replace("//", "//bob:secret@")).fetch(DIFFICULTY)
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
async def practised():
    """Yields the practice market and a session."""
    market = PracticeMarket(now=lambda: NOW)
    await market.start()
    async with ClientSession() as session:
        yield market, session
    await market.stop()


async def told_by(source):
    told = {}
    for kinds in source.requests:
        told |= await source.fetch(kinds)
    return told


async def test_the_practice_market_tells_what_was_put_into_it(practised):
    market, session = practised
    assert await told_by(Mempool(session, currency="EUR", base_url=market.url("mempool"))) == {
        FigureKind.DIFFICULTY: market.difficulty,
        FigureKind.REWARD_SAT: market.reward_sat,
        FigureKind.BTC_PRICE: market.price,
        FigureKind.ADJUSTMENT_PERCENT: market.change_percent,
        FigureKind.ADJUSTMENT_AT: pytest.approx(NOW.timestamp() + 336 * 600, abs=20 * 86_400),
    }
    for server in ("esplora", "mempool"):
        told = await told_by(Esplora(session, base_url=market.url(server)))
        assert told == {FigureKind.DIFFICULTY: market.difficulty}
    assert await told_by(Coinbase(session, currency="EUR", base_url=market.url("coinbase"))) == {
        FigureKind.BTC_PRICE: market.spot_price
    }


async def test_what_did_not_change_is_not_sent_again_and_still_holds(practised):
    market, session = practised
    source = Mempool(session, currency="EUR", base_url=market.url("mempool"))
    first = await told_by(source)
    assert await told_by(source) == first
    assert market.unchanged == 4
    market.price = 80_000.0
    assert await source.fetch(PRICE) == {FigureKind.BTC_PRICE: 80_000}
    assert await source.fetch(PRICE) == {FigureKind.BTC_PRICE: 80_000}
    assert market.unchanged == 5
    market.moods["mempool"] = Mood.HTML
    with pytest.raises(SourceError):
        await source.fetch(PRICE)
    market.moods["mempool"] = Mood.GOOD
    assert await source.fetch(PRICE) == {FigureKind.BTC_PRICE: 80_000}


async def test_last_modified_serves_as_well_and_an_unasked_304_is_an_error(served):
    answers, _, url, session = served
    headers = []

    async def answer(request):
        headers.append(request.headers.get("If-Modified-Since"))
        if headers[-1]:
            return web.Response(status=304)
        return web.json_response(GOOD["/api/v1/prices"], headers={"Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT"})

    app = web.Application()
    app.router.add_get("/api/v1/prices", answer)
    async with TestServer(app) as server:
        source = Mempool(session, currency="EUR", base_url=str(server.make_url("/")))
        assert await source.fetch(PRICE) == await source.fetch(PRICE)
    assert headers == [None, "Sun, 22 Nov 2026 12:00:00 GMT"]
    answers["/api/v1/prices"] = web.Response(status=304)
    with pytest.raises(SourceError):
        await Mempool(session, currency="EUR", base_url=url).fetch(PRICE)


@pytest.mark.parametrize(
    ("mood", "wait_s"), [(Mood.HASTE, 1800), (Mood.BROKEN, 900), (Mood.ERROR_IN_200, None), (Mood.HTML, None)]
)
async def test_bad_moments_of_the_market(practised, mood, wait_s):
    market, session = practised
    market.moods["esplora"] = mood
    with pytest.raises(SourceError) as caught:
        await Esplora(session, base_url=market.url("esplora")).fetch(DIFFICULTY)
    assert getattr(caught.value, "retry_after_s", None) == wait_s


async def test_a_market_that_does_not_answer_in_time(practised, monkeypatch):
    market, session = practised
    monkeypatch.setattr(http, "_TIMEOUT", http.aiohttp.ClientTimeout(total=0.05))
    market.moods["coinbase"] = Mood.SLOW
    with pytest.raises(SourceError):
        await Coinbase(session, currency="EUR", base_url=market.url("coinbase")).fetch(PRICE)


def block(height, difficulty=1e14):
    return {"height": height, "difficulty": difficulty}


def test_the_newest_block_counts_and_garbage_does_not():
    tip = esplora.parse_blocks([block(5), block(7, 2e14), block(6)])
    assert (tip.height, tip.difficulty) == (7, 2e14)
    for wrong in ([], {}, [5], [block(5, 0)], [block(5, 1e30)], [block(-1)], [{"height": 5}]):
        with pytest.raises(SourceError):
            esplora.parse_blocks(wrong)


async def test_an_esplora_tells_nothing_else(practised):
    market, session = practised
    with pytest.raises(SourceError):
        await Esplora(session, base_url=market.url("esplora")).fetch(PRICE)


async def test_a_sensor_tells_the_price_alone():
    assert await PriceSensor(lambda: 5.0).fetch(PRICE) == {FigureKind.BTC_PRICE: 5.0}
    with pytest.raises(NothingNowError):
        await PriceSensor(lambda: 5.0).fetch(DIFFICULTY)


async def test_prices_of_the_past(practised):
    market, session = practised
    source = Mempool(session, currency="EUR", base_url=market.url("mempool"))
    market.past_prices = lambda at: 50_000.0 + at.day
    assert await source.historical_price(datetime(2026, 3, 4, tzinfo=UTC)) == 50_004
    with pytest.raises(NothingNowError):
        await Mempool(session, currency="SEK", base_url=market.url("mempool")).historical_price(NOW)


@pytest.mark.parametrize(
    "answer", [{}, {"prices": []}, {"prices": None}, {"prices": [{"time": 5, "EUR": 7}]}, {"prices": [{"EUR": 7}]}]
)
def test_prices_of_the_past_that_are_none(answer):
    with pytest.raises(SourceError):
        mempool.parse_historical_price(answer, "EUR", NOW)


async def test_a_key_that_cannot_be_sent_is_an_error_that_does_not_tell_it(practised):
    market, session = practised
    with pytest.raises(SourceError) as caught:
        await http.fetch(session, market.url("mempool"), headers={"Key": "hush\r\nhush"})
    assert "hush" not in str(caught.value)


async def test_a_mark_of_old_is_forgotten_when_the_server_gives_none_any_more(served):
    *_, session = served
    headers = []

    async def answer(request):
        headers.append(request.headers.get("If-None-Match"))
        return web.json_response(GOOD["/api/v1/prices"], headers={"ETag": '"a"'} if len(headers) == 1 else {})

    app = web.Application()
    app.router.add_get("/api/v1/prices", answer)
    async with TestServer(app) as server:
        source = Mempool(session, currency="EUR", base_url=str(server.make_url("/")))
        for _ in range(3):
            await source.fetch(PRICE)
    assert headers == [None, '"a"', None]
