"""The task that looks at an account: patient, told what went wrong, and ended."""

import asyncio
from datetime import UTC, datetime
import logging
import random

import pytest

from custom_components.hashwarm.engine.model.errors import AccountUnknownError, SourceError, StoreUnavailableError
from custom_components.hashwarm.engine.money import RateLimitedError, patience
from custom_components.hashwarm.engine.money.pools import AccountReading, PoolWatch, watch

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GOOD = AccountReading(at=NOW, unpaid_sat=5)


class Reader:
    name = "A pool"

    def __init__(self):
        self.answer = GOOD
        self.asked = []

    async def read(self, since):
        self.asked.append(since)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class World:
    def __init__(self):
        self.now_s = 0.0
        self.reader = Reader()
        self.booked = []
        self.refuse = None
        self.watch = PoolWatch(
            self.reader,
            since=lambda: NOW,
            on_reading=self.book,
            clock=lambda: self.now_s,
            randomness=random.Random(1),
        )

    async def book(self, reading):
        if self.refuse:
            raise self.refuse
        self.booked.append(reading)

    def wait_s(self):
        return self.watch._patience.not_before_s - self.now_s


@pytest.fixture
def world():
    return World()


async def test_a_good_look_is_booked(world):
    assert (world.watch.last, world.watch.at, world.watch.problem) == (None, None, None)
    told = []
    remove = world.watch.add_listener(lambda: told.append(world.watch.last))
    await world.watch.look()
    assert world.booked == [GOOD]
    assert (world.watch.last, world.watch.at, world.watch.problem) == (GOOD, NOW, None)
    assert world.wait_s() == 600
    assert told == [GOOD]
    remove()
    await world.watch.look()
    assert told == [GOOD]
    assert world.reader.asked == [NOW, NOW]


async def test_a_problem_is_named_and_the_last_reading_stays(world, caplog):
    caplog.set_level(logging.INFO)
    await world.watch.look()
    world.reader.answer = AccountUnknownError("no such account")
    waits = []
    for _ in range(8):
        await world.watch.look()
        waits.append(world.wait_s())
    assert waits == [600, 1200, 2400, 4800, 9600, 19_200, 21_600, 21_600]
    assert (world.watch.problem, world.watch.last) == ("account_unknown", GOOD)
    assert len(caplog.records) == 1, "said once"
    world.reader.answer = GOOD
    await world.watch.look()
    assert world.watch.problem is None
    assert world.wait_s() == 600
    assert len(caplog.records) == 2
    world.reader.answer = SourceError("x")
    await world.watch.look()
    assert world.wait_s() == 600, "patience begins anew"


async def test_a_pool_that_asks_for_patience_gets_it(world):
    world.reader.answer = RateLimitedError("x", 5000)
    await world.watch.look()
    assert (world.watch.problem, world.wait_s()) == ("source_rate_limited", 5000)


async def test_a_reading_that_cannot_be_booked_is_read_again(world):
    world.refuse = StoreUnavailableError("full")
    await world.watch.look()
    assert (world.watch.problem, world.watch.last) == ("store_unavailable", None)
    assert world.wait_s() == 600
    world.refuse = None
    await world.watch.look()
    assert (world.watch.problem, world.watch.last) == (None, GOOD)


async def test_it_runs_by_itself_and_stops(world, monkeypatch):
    monkeypatch.setattr(patience, "PERIOD_S", 0.01)
    looked = asyncio.Event()
    world.watch.add_listener(looked.set)
    await world.watch.start()
    for answer in (GOOD, SourceError("x"), GOOD):
        world.reader.answer = answer
        looked.clear()
        await asyncio.wait_for(looked.wait(), 5)
    await world.watch.stop()
    await world.watch.stop()
    assert len(world.reader.asked) >= 3
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("hashwarm")]


async def test_looks_are_spread_a_little_so_that_not_all_homes_ask_at_once(world, monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 50:
            raise asyncio.CancelledError

    monkeypatch.setattr(watch.asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await world.watch._run()
    assert all(600 <= wait <= 660 for wait in waits)
    assert max(waits) - min(waits) > 30
