"""One coordinator: provenance, age, patience, fall-backs, and what survives a restart."""

import asyncio
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession
import pytest

from custom_components.hashwarm.engine.model.errors import SourceError
from custom_components.hashwarm.engine.money import (
    SCHEMA,
    Coinbase,
    FigureKind,
    Manual,
    Market,
    Mempool,
    RateLimitedError,
    market as market_module,
    patience as patience_module,
)
from custom_components.hashwarm.engine.money.doubt import JumpGuard
from custom_components.hashwarm.engine.money.figures import Figure
from custom_components.hashwarm.engine.money.sources import Esplora
from custom_components.hashwarm.engine.store import Store
from simulators.market import Mood, PracticeMarket

DIFFICULTY, REWARD, PRICE = FigureKind.DIFFICULTY, FigureKind.REWARD_SAT, FigureKind.BTC_PRICE


class Told:
    """A source that tells what it is given, or raises it."""

    def __init__(self, name, **answers):
        self.name = name
        self.answers = {FigureKind(kind): answer for kind, answer in answers.items()}
        self.requests = tuple(frozenset({kind}) for kind in self.answers)
        self.asked = []

    async def fetch(self, kinds):
        (kind,) = kinds
        self.asked.append(kind)
        answer = self.answers[kind]
        if isinstance(answer, Exception):
            raise answer
        return {kind: answer}


class World:
    def __init__(self):
        self.mono = 0.0
        self.wall = datetime(2026, 11, 22, tzinfo=UTC)

    def tick(self, seconds):
        self.mono += seconds
        self.wall += timedelta(seconds=seconds)

    def market(self, *sources, **options):
        options = {"currency": "EUR"} | options
        return Market(sources=sources, now=lambda: self.wall, clock=lambda: self.mono, **options)


@pytest.fixture
def world():
    return World()


@pytest.fixture
async def store(tmp_path, world):
    store = Store(tmp_path / "ledger.db", schemas=(SCHEMA,), now=lambda: world.wall)
    await store.start()
    yield store
    await store.stop()


async def test_the_first_source_that_knows_is_named(world):
    first, second = Told("first", difficulty=5e13, btc_price=SourceError("none")), Told("second", btc_price=9e4)
    market = world.market(first, second)
    await market.update()
    assert (market.figure(DIFFICULTY).value, market.figure(DIFFICULTY).source) == (5e13, "first")
    assert (market.btc_price, market.figure(PRICE).source) == (9e4, "second")
    assert market.figure(REWARD) is None
    assert market.estimate is None
    world.tick(60)
    assert market.figure(PRICE).age_s(world.wall) == 60


async def test_figures_from_a_clock_that_ran_ahead_are_asked_for_anew(world):
    source = Told("first", btc_price=9e4)
    market = world.market(source)
    await market.update()
    before = world.wall
    world.wall -= timedelta(days=30)
    assert market.figure(PRICE) is None, "nobody knows how old it is"
    world.mono += 3600
    await market.update()
    assert market.figure(PRICE).at == world.wall < before


async def test_a_figure_is_asked_for_once_in_ten_minutes(world):
    first, second = Told("first", btc_price=1.0), Told("second", btc_price=2.0)
    market = world.market(first, second)
    for _ in range(60):
        await market.update()
        world.tick(30)
    assert len(first.asked) == 3
    assert len(second.asked) == 1, "only to compare the two"


async def test_failures_wait_longer_and_longer_and_a_ban_longest(world):
    broken, banned = (
        Told("broken", difficulty=SourceError("x")),
        Told("banned", btc_price=RateLimitedError("x", 20_000)),
    )
    market = world.market(broken, banned)
    times = {"broken": [], "banned": []}
    for _ in range(24 * 60):
        counts = len(broken.asked), len(banned.asked)
        await market.update()
        if len(broken.asked) > counts[0]:
            times["broken"].append(world.mono)
        if len(banned.asked) > counts[1]:
            times["banned"].append(world.mono)
        world.tick(60)
    waits = [later - earlier for earlier, later in zip(times["broken"], times["broken"][1:], strict=False)]
    assert waits == [600, 1200, 2400, 4800, 9600, 19_200, 21_600, 21_600]
    assert times["banned"][1] == 20_040


async def test_a_source_that_recovers_is_asked_as_before(world):
    source = Told("source", difficulty=SourceError("x"))
    market = world.market(source)
    await market.update()
    source.answers[DIFFICULTY] = 7e13
    world.tick(600)
    await market.update()
    assert market.figure(DIFFICULTY).value == 7e13
    world.tick(601)
    await market.update()
    assert len(source.asked) == 3


async def test_stale_figures_give_way_to_those_by_hand(world):
    market = world.market(Told("source", btc_price=9e4), manual=Manual({PRICE: 5e4, DIFFICULTY: 1e14, REWARD: 3e8}))
    await market.update()
    assert market.btc_price == 9e4
    assert market.estimate.difficulty == 1e14
    world.tick(86_401)
    assert market.btc_price == 5e4
    assert market.figure(PRICE).source == "manual"


async def test_what_was_last_good_survives_a_restart_with_its_age(world, store):
    before = world.market(Told("source", btc_price=9e4, difficulty=1e14), store=store)
    await before.update()
    world.tick(3600)
    other = Told("other", btc_price=SourceError("offline"))
    after = world.market(other, store=store)
    await after.start()
    assert (after.btc_price, after.figure(PRICE).source) == (9e4, "source")
    assert after.figure(PRICE).age_s(world.wall) == 3600
    await after.stop()
    foreign = world.market(store=store, currency="USD")
    await foreign.start()
    assert foreign.btc_price is None
    assert foreign.figure(DIFFICULTY).value == 1e14
    await foreign.stop()


async def test_a_restart_does_not_ask_again_too_soon(world, store):
    await world.market(Told("source", btc_price=9e4), store=store).update()
    world.tick(300)
    source = Told("source", btc_price=9e4)
    market = world.market(source, store=store)
    await market.start()
    await market.update()
    await market.stop()
    assert source.asked == []


async def test_a_store_that_fails_does_not_matter(world, store):
    await store.stop()
    market = world.market(Told("source", btc_price=9e4), store=store)
    await market.start()
    await market.update()
    assert market.btc_price == 9e4
    await market.stop()


async def test_it_runs_by_itself_tells_listeners_and_stops(world, monkeypatch):
    monkeypatch.setattr(market_module, "_MARGIN_S", 0.0)
    monkeypatch.setattr(market_module, "PERIOD_S", 0.01)
    monkeypatch.setattr(patience_module, "PERIOD_S", 0.01)
    source = Told("source", btc_price=9e4)
    market = world.market(source)
    changed = asyncio.Event()
    remove = market.add_listener(changed.set)
    await market.start()
    for _ in range(3):
        await asyncio.wait_for(changed.wait(), 5)
        changed.clear()
        world.tick(1)
    remove()
    await market.stop()
    await market.stop()
    assert len(source.asked) >= 3
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "hashwarm market"]


class Remembering(Told):
    """A source that knows past prices too."""

    def __init__(self, name, past, **answers):
        super().__init__(name, **answers)
        self.past = past
        self.asked_past = []

    async def historical_price(self, at):
        self.asked_past.append(at)
        if isinstance(self.past, Exception):
            raise self.past
        return self.past


async def passing(world, market, minutes):
    """Let time pass, asking as often as the task would."""
    for _ in range(minutes):
        await market.update()
        world.tick(60)


async def test_a_second_source_is_asked_twice_a_day_and_agrees(world):
    first, second = Told("first", btc_price=9e4, difficulty=1e14), Told("second", btc_price=9.5e4)
    market = world.market(first, second)
    await passing(world, market, 24 * 60)
    assert len(second.asked) == 2
    assert market.disagreements == {}
    assert market.figure(PRICE).source == "first"


async def test_sources_that_disagree_are_told_until_they_agree(world):
    first, second = Told("first", difficulty=1e14), Told("second", difficulty=1.2e14)
    market = world.market(first, second)
    told = []
    market.add_listener(lambda: told.append(dict(market.disagreements)))
    await passing(world, market, 15)
    disagreement = market.disagreements[DIFFICULTY]
    assert (disagreement.ours.source, disagreement.theirs.source) == ("first", "second")
    assert disagreement.ratio == pytest.approx(1.2)
    assert told[-1] == market.disagreements
    assert market.estimate is None
    assert market.figure(DIFFICULTY).value == 1e14, "the first source stays in use"
    second.answers[DIFFICULTY] = 1.05e14
    await passing(world, market, 45)
    assert DIFFICULTY in market.disagreements
    await passing(world, market, 30)
    assert market.disagreements == {}
    assert told[-1] == {}


async def test_a_second_source_that_is_down_gives_way_to_a_third(world):
    sources = (
        Told("first", btc_price=9e4),
        Told("second", btc_price=SourceError("x")),
        Told("third", btc_price=1.0),
    )
    market = world.market(*sources)
    await passing(world, market, 15)
    assert market.disagreements[PRICE].theirs.source == "third"


async def test_a_price_sensor_comes_before_all_others_and_costs_no_patience(world):
    price = [None]
    web = Told("web", btc_price=9e4)
    market = world.market(web, price_sensor=lambda: price[0])
    await market.update()
    assert (market.btc_price, market.figure(PRICE).source) == (9e4, "web")
    for wrong in (float("nan"), float("inf"), 0.0, -5.0, 1e300):
        price[0] = wrong
        await passing(world, market, 20)
        assert market.figure(PRICE).source == "web"
    price[0] = 9.1e4
    await passing(world, market, 12)
    assert (market.btc_price, market.figure(PRICE).source) == (9.1e4, "sensor")


async def test_a_sensor_that_comes_late_is_asked_again_within_a_minute_or_two(world):
    price = [None]
    market = world.market(price_sensor=lambda: price[0])
    await market.update()
    price[0] = 9e4
    await passing(world, market, 2)
    assert market.btc_price == 9e4


async def test_a_price_that_jumps_is_not_believed_while_another_source_says_otherwise(world):
    price = [9e4]
    web = Told("web", btc_price=9e4)
    market = world.market(web, price_sensor=lambda: price[0])
    await market.update()
    world.tick(601)
    price[0] = 9e7
    for _ in range(3 * 60):
        await market.update()
        assert market.btc_price == 9e4
        world.tick(60)
    assert market.figure(PRICE).source == "web"
    assert market.disagreements[PRICE].theirs.source == "sensor"
    assert market.disagreements[PRICE].ratio == pytest.approx(1000)
    price[0] = 9e4
    await passing(world, market, 75)
    assert market.figure(PRICE).source == "sensor"
    assert market.disagreements == {}


async def test_a_price_that_jumps_is_believed_when_it_is_told_again(world):
    source = Told("only", btc_price=9e4)
    market = world.market(source)
    await market.update()
    world.tick(601)
    source.answers[PRICE] = 1e4
    await market.update()
    assert market.btc_price == 9e4
    world.tick(601)
    source.answers[PRICE] = 5e5
    await market.update()
    assert market.btc_price == 9e4, "another jump is another doubt"
    world.tick(300)
    source.answers[PRICE] = 1e4
    await market.update()
    world.tick(601)
    await market.update()
    world.tick(601)
    await market.update()
    assert market.btc_price == 1e4


async def test_a_price_that_jumps_is_believed_when_another_source_tells_it_too(world):
    first, second = Told("first", btc_price=9e4), Told("second", btc_price=1.02e4)
    market = world.market(first, second)
    await market.update()
    world.tick(601)
    first.answers[PRICE] = 1e4
    await market.update()
    assert (market.btc_price, market.figure(PRICE).source) == (1.02e4, "second")
    assert market.disagreements == {}


async def test_a_price_is_believed_again_when_the_last_is_of_long_ago(world):
    source = Told("only", btc_price=1e3)
    market = world.market(source)
    await market.update()
    world.tick(86_401)
    source.answers[PRICE] = 9e4
    await market.update()
    assert market.btc_price == 9e4


async def test_prices_of_the_past_are_asked_for_once_an_hour_of_the_past(world):
    past = Remembering("past", 8e4)
    market = world.market(Told("first", btc_price=9e4), past)
    at = datetime(2026, 10, 1, 12, 34, tzinfo=UTC)
    figure = await market.historical_price(at)
    assert (figure.value, figure.source, figure.at) == (8e4, "past", at.replace(minute=0))
    await market.historical_price(at + timedelta(minutes=20))
    assert past.asked_past == [at.replace(minute=0)]
    await market.historical_price(at + timedelta(hours=1))
    assert len(past.asked_past) == 2


async def test_a_past_that_nobody_knows_is_none_and_not_asked_for_at_once_again(world):
    past = Remembering("past", SourceError("x"))
    market = world.market(past)
    assert await market.historical_price(world.wall) is None
    assert await market.historical_price(world.wall) is None
    assert len(past.asked_past) == 1
    world.tick(601)
    past.past = 7e4
    assert (await market.historical_price(world.wall)).value == 7e4
    assert await world.market().historical_price(world.wall) is None


async def test_prices_of_the_past_take_no_more_room_than_they_may(world, monkeypatch):
    monkeypatch.setattr(market_module, "_MAX_PAST_PRICES", 2)
    market = world.market(Remembering("past", 8e4))
    for hours in range(5):
        assert await market.historical_price(world.wall - timedelta(hours=hours))
    assert len(market._past_prices) <= 2


async def test_a_price_that_jumps_for_a_moment_is_no_disagreement(world):
    source = Told("only", btc_price=9e4)
    market = world.market(source)
    for price in (9e4, 9e7, 9e4):
        source.answers[PRICE] = price
        await market.update()
        assert market.btc_price == 9e4
        world.tick(601)
    assert market.disagreements == {}


def test_a_doubted_price_told_again_at_once_by_the_same_source_stays_doubted(world):
    def price(value, minutes, source="a"):
        return Figure(value=value, source=source, at=world.wall + timedelta(minutes=minutes))

    guard, last = JumpGuard(), price(9e4, 0)
    assert not guard.believes(price(9e7, 1), last)
    assert not guard.believes(price(9e7, 5), last)
    assert guard.doubted.at == world.wall + timedelta(minutes=1), "the wait is not begun anew"
    assert guard.believes(price(9.1e7, 11), last)
    assert guard.doubted is None
    assert guard.believes(price(0.0, 0), None)
    assert not guard.believes(price(0.0, 1), last), "a price that is not positive always differs"


def test_a_source_is_no_second_opinion_on_itself(world):
    market = world.market(Told("first", btc_price=1.0), Told("second", btc_price=1.0, difficulty=1.0))
    assert [source.name for _, source, _ in market._others(PRICE, "first")] == ["second"]
    assert [source.name for _, source, _ in market._others(DIFFICULTY, "second")] == []


async def test_a_disagreement_is_told_also_when_nothing_else_is_new(world, store):
    await world.market(Told("first", btc_price=9e4), store=store).update()
    world.tick(300)
    market = world.market(Told("first", btc_price=9e4), Told("second", btc_price=8e4), store=store)
    await market._remember()
    told = []
    market.add_listener(lambda: told.append(dict(market.disagreements)))
    for _ in range(11):
        await market.update()
        world.tick(60)
    assert told == [{}, market.disagreements]
    assert market.disagreements


async def test_half_a_day_at_real_servers(world):
    practice = PracticeMarket(now=lambda: world.wall)
    await practice.start()
    async with ClientSession() as session:
        market = world.market(
            Mempool(session, currency="EUR", base_url=practice.url("mempool")),
            Coinbase(session, currency="EUR", base_url=practice.url("coinbase")),
            Esplora(session, base_url=practice.url("esplora")),
        )
        await passing(world, market, 30)
        assert (market.btc_price, market.disagreements) == (90_000, {})
        practice.price = 90e6
        await passing(world, market, 30)
        assert (market.btc_price, market.figure(PRICE).source) == (90_100, "coinbase.com")
        assert PRICE in market.disagreements
        practice.moods["mempool"] = Mood.HASTE
        practice.difficulty = 160e12
        await passing(world, market, 60)
        assert market.figure(DIFFICULTY).value == 160e12
        assert market.figure(REWARD).age_s(world.wall) > 3000
        practice.moods["mempool"] = Mood.GOOD
        practice.price = 90_000.0
        await passing(world, market, 10 * 60)
        assert (market.btc_price, market.disagreements) == (90_000, {})
        assert market.figure(REWARD).age_s(world.wall) < 660
    await practice.stop()
    minutes = 12 * 60
    assert practice.unchanged > 100
    for path, asked in practice.requests.items():
        assert asked <= minutes / 10 + 1, path
    assert practice.requests["/coinbase/v2/prices/BTC-EUR/spot"] < 30
