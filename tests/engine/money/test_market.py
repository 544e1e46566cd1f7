"""One coordinator: provenance, age, patience, fall-backs, and what survives a restart."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hashwarm.engine.model.errors import SourceError
from custom_components.hashwarm.engine.money import (
    SCHEMA,
    FigureKind,
    Manual,
    Market,
    RateLimitedError,
    market as market_module,
    patience as patience_module,
)
from custom_components.hashwarm.engine.store import Store

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
