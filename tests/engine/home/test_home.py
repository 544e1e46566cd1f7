"""The home books, writes, restarts and says what it knows."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.hashwarm.engine.home import HeaterSample, Home
from custom_components.hashwarm.engine.model.capabilities import PowerSource
from custom_components.hashwarm.engine.money import SCHEMA, FigureKind, Manual, Market
from custom_components.hashwarm.engine.store import Store

FIGURES = {FigureKind.DIFFICULTY: 150e12, FigureKind.REWARD_SAT: 314_500_000, FigureKind.BTC_PRICE: 100_000}


class World:
    """Virtual time and one home on a real file."""

    def __init__(self, path, tz="Europe/Berlin", figures=FIGURES):
        self.path = path
        self.tz = ZoneInfo(tz)
        self.figures = figures
        self.mono = 1000.0
        self.wall = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        self.price = 0.3
        self.runs = 0

    def tick(self, seconds):
        self.mono += seconds
        self.wall += timedelta(seconds=seconds)

    async def open(self):
        self.runs += 1
        self.store = Store(self.path, schemas=(SCHEMA,), now=lambda: self.wall)
        await self.store.start()
        self.market = Market(
            sources=(),
            manual=Manual(self.figures),
            store=self.store,
            currency="EUR",
            now=lambda: self.wall,
            clock=lambda: self.mono,
        )
        self.home = Home(
            store=self.store,
            market=self.market,
            currency="EUR",
            tz=self.tz,
            clock=lambda: self.mono,
            now=lambda: self.wall,
            price_per_kwh=lambda: self.price,
            token=f"run {self.runs}",
        )
        await self.home.start()
        return self.home

    async def close(self):
        await self.home.stop()
        await self.store.stop()

    def run(self, seconds, power_w=1000.0, step=10, hash_rate=0, heater="a", running=True):
        work = 0
        for elapsed in range(0, seconds + 1, step):
            if elapsed:
                self.tick(step)
                work += hash_rate * step
            self.home.book(
                heater,
                HeaterSample(
                    at_s=self.mono,
                    power_w=power_w,
                    power_source=PowerSource.MEASURED,
                    share_work=work,
                    hashes=work,
                    running=running,
                ),
            )


@pytest.fixture
async def world(tmp_path):
    world = World(tmp_path / "ledger.db")
    await world.open()
    yield world
    await world.close()


async def test_two_hours_at_one_kilowatt(world):
    world.run(7200, hash_rate=10**12)
    today = world.home.totals("a").today
    assert today.energy_kwh == pytest.approx(2)
    assert today.cost == pytest.approx(0.6)
    assert today.cost_known_share == 1
    sat = 7200 * 1e12 / (150e12 * 2**32) * 314_500_000
    assert today.earned_sat == pytest.approx(sat, abs=2e-6)
    assert today.earned_value == pytest.approx(sat / 1e8 * 100_000, rel=1e-4)
    assert today.offset_percent == pytest.approx(100 * sat / 1e3 / 0.6, rel=1e-4)
    assert world.home.totals() == world.home.totals("a")


async def test_a_restart_keeps_totals_and_books_the_time_away_as_unmeasured(world):
    world.run(3600)
    before = world.home.totals()
    await world.close()
    world.tick(600)
    await world.open()
    assert world.home.totals().all_time == before.all_time
    world.run(3600)
    after = world.home.totals().all_time
    assert after.energy_kwh == pytest.approx(2)
    assert after.unmeasured_s == 600
