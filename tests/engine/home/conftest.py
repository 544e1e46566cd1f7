"""Virtual time and one home on a real file."""

from datetime import UTC, datetime, timedelta
import shutil
from zoneinfo import ZoneInfo

import pytest

from custom_components.hashwarm.engine.home import HeaterSample, Home
from custom_components.hashwarm.engine.model.capabilities import PowerSource
from custom_components.hashwarm.engine.money import SCHEMA, FigureKind, Manual, Market, MeteredElectricity
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
        self.currency = "EUR"
        self.accounts = ()

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
            currency=self.currency,
            now=lambda: self.wall,
            clock=lambda: self.mono,
        )
        self.home = Home(
            store=self.store,
            market=self.market,
            currency=self.currency,
            tz=self.tz,
            clock=lambda: self.mono,
            now=lambda: self.wall,
            electricity=MeteredElectricity(grid_price=lambda: self.price),
            accounts=self.accounts,
            token=f"run {self.runs}",
        )
        await self.home.start()
        return self.home

    async def close(self):
        await self.home.stop()
        await self.store.stop()

    async def kill(self, path):
        """Let a copy of the file, as it is on disk, be all that is left."""
        for suffix in ("", "-wal"):
            if (source := self.path.with_name(self.path.name + suffix)).exists():
                shutil.copy(source, path.with_name(path.name + suffix))
        await self.home.stop()
        await self.store.stop()
        self.path = path

    def sample(self, heater="a", **fields):
        fields = {"power_w": 1000.0, "power_source": PowerSource.MEASURED, "running": True} | fields
        self.home.book(heater, HeaterSample(at_s=self.mono, **fields))

    async def rows(self, columns="*"):
        return await self.store.read(
            lambda c: c.execute(f"SELECT {columns} FROM money_interval ORDER BY start_ms, id").fetchall()
        )

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


@pytest.fixture(scope="session")
def world_type():
    return World
