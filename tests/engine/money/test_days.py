"""Sums of days: beside their intervals, instead of them once they are old, and found again after damage."""

from dataclasses import astuple, fields
from datetime import UTC, datetime, timedelta
import random
import sqlite3

import pytest

from custom_components.hashwarm.engine.model.errors import StoreDamagedError
from custom_components.hashwarm.engine.money import (
    SCHEMA,
    Earning,
    Estimate,
    HeaterSample,
    Ledger,
    Prices,
    Scheme,
    Sums,
    Supply,
    days,
)
from custom_components.hashwarm.engine.money.days import day_sums, fold, renew_days, stale_days
from custom_components.hashwarm.engine.money.tables import begin_session
from custom_components.hashwarm.engine.store import Store
from custom_components.hashwarm.engine.store.schema import migrate

START = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)


class Varied:
    """Electricity, other heat and markets that change all the time and are unknown now and then."""

    known = True

    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, low, high):
        return None if self.random.random() < 0.1 else self.random.uniform(low, high)

    def prices(self):
        return Prices(grid=self.maybe(-0.1, 0.5), solar=self.maybe(0, 0.1), battery=self.maybe(0, 0.2))

    def supply(self, own_power_w):
        solar, battery = self.random.uniform(0, 0.5), self.random.uniform(0, 0.5)
        return Supply(grid=1 - solar - battery, solar=solar, battery=battery)


class Books:
    """A ledger in virtual time."""

    def __init__(self, path, *, seed=1, currency="EUR"):
        self.at = START
        self.store = Store(path, schemas=(SCHEMA,), now=lambda: self.at)
        self.varied = Varied(seed)
        self.currency = currency
        self.runs = 0

    def open(self):
        self.runs += 1
        self.ledger = Ledger(
            store=self.store,
            token=f"{self.runs}",
            currency=self.currency,
            tz=UTC,
            now=lambda: self.at,
            electricity=self.varied,
            estimate=lambda: (
                None if self.varied.random.random() < 0.1 else Estimate(difficulty=1e14, reward_sat=3 * 10**8)
            ),
            btc_price=lambda: self.varied.maybe(1e4, 1e5),
            alternative_per_kwh=lambda: self.varied.maybe(0.05, 0.2),
        )

    async def run(self, hours, heaters=("a", "b")):
        for heater in heaters:
            self.ledger.set_earning(heater, Earning(scheme=Scheme.FPPS, fee_ppm=10_000))
        for _ in range(hours * 4):
            self.at += timedelta(minutes=15)
            for index, heater in enumerate(heaters):
                work = int((self.at - START).total_seconds()) * 10**13
                sample = HeaterSample(
                    at_s=(self.at - START).total_seconds(),
                    power_w=1000.0 + index,
                    share_work=work,
                    running=True,
                    stands_for_s=900.0,
                )
                self.ledger.book(heater, sample)
        await self.ledger.flush()

    async def sums(self):
        return await self.store.read(lambda connection: day_sums(connection, self.currency))

    async def counted(self, table):
        return await self.store.read(lambda c: c.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


@pytest.fixture
async def books(tmp_path):
    books = Books(tmp_path / "ledger.db")
    await books.store.start()
    books.open()
    yield books
    await books.store.stop()


async def test_days_kept_in_the_file_are_what_memory_counts(books):
    await books.run(60)
    await books.ledger.close()
    kept = await books.sums()
    for heater in ("a", "b"):
        account = books.ledger.account(heater)
        assert {day: astuple(sums) for day, sums in kept[heater].items()} == {
            day: astuple(sums) for day, sums in account.days.items()
        }
    whole = books.ledger.account("a").closed
    untouched = {name for name in (field.name for field in fields(Sums)) if not getattr(whole, name)}
    assert untouched == {"hashes", "unmeasured_ms", "confirmed_usat", "difference_usat", "ai_nano"}


async def test_folding_changes_no_sum_and_leaves_one_row_a_day(books):
    await books.run(24 * 4)
    await books.ledger.close()
    before = await books.sums()
    rows = await books.counted("money_interval")
    books.at += timedelta(days=396 - 2)
    await books.ledger.fold_old()
    assert await books.sums() == before
    left = await books.counted("money_interval")
    assert rows / 4 < left < rows
    await books.ledger.fold_old()
    assert await books.counted("money_interval") == left
    books.open()
    await books.ledger.flush()
    assert books.ledger.account("a").days == before["a"], "and a new start knows as much"
    books.at += timedelta(days=30)
    await books.ledger.fold_old()
    assert (await books.counted("money_interval"), await books.sums()) == (0, before)


async def test_what_comes_late_for_a_folded_day_is_added_to_it(books):
    await books.run(3)
    await books.ledger.close()
    today = START.toordinal()
    await books.store.write(lambda c: fold(c, today + 1, 99))
    folded = (await books.sums())["a"][today]
    await books.run(3)
    await books.ledger.close()
    more = (await books.sums())["a"][today]
    assert more.energy_mj > folded.energy_mj
    await books.store.write(lambda c: fold(c, today + 1, 99))
    assert (await books.sums())["a"][today] == more


async def test_a_fold_that_would_change_a_sum_changes_nothing(books):
    await books.run(3)
    await books.ledger.close()
    before = await books.sums()
    spoil = "CREATE TRIGGER spoil AFTER INSERT ON money_day WHEN NEW.folded BEGIN DELETE FROM money_day; END"
    await books.store.write(lambda c: c.execute(spoil).rowcount)
    with pytest.raises(StoreDamagedError):
        await books.store.write(lambda c: fold(c, START.toordinal() + 1, 99))
    assert await books.sums() == before
    assert await books.counted("money_interval") > 0


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM money_day",
        "DELETE FROM money_day WHERE heater = 1",
        "DELETE FROM money_interval WHERE heater = 2",
        "DELETE FROM money_interval WHERE id % 3 = 0",
        "UPDATE money_day SET rows = rows + 1, energy_mj = 7",
    ],
)
async def test_sums_that_are_not_those_of_their_intervals_are_made_anew(books, damage):
    await books.run(30)
    await books.ledger.close()
    await books.store.write(lambda c: c.execute(damage).rowcount)
    assert await books.store.read(stale_days)
    books.open()
    await books.ledger.flush()
    assert not await books.store.read(stale_days)
    told = await books.sums()
    energy = await books.store.read(
        lambda c: dict(c.execute("SELECT heater, SUM(energy_mj) FROM money_interval GROUP BY heater").fetchall())
    )
    assert sum(sums.energy_mj for days in told.values() for sums in days.values()) == sum(energy.values())


async def test_many_days_are_summed_at_once_as_one_by_one(books, monkeypatch):
    await books.run(60)
    await books.ledger.close()
    before = await books.sums()
    monkeypatch.setattr(days, "_ONE_BY_ONE", 1)
    await books.store.write(lambda c: c.execute("DELETE FROM money_day").rowcount)
    await books.store.write(lambda c: renew_days(c, [(1, 1), (2, 2)]))
    assert await books.sums() == before


async def test_a_ledger_of_the_first_version_goes_on(tmp_path):
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as connection:
        migrate(connection, (SCHEMA,), {"money": 1})
        connection.execute("INSERT INTO money_heater VALUES (1, 'a', 1000, NULL, '1', '2', '3')")
        row = (1 << 24, 1, 0, 3_600_000, START.toordinal(), 3_600_000_000, 0, 5, 7, 0, 0, 1, "measured", 3 * 10**8)
        rest = ("EUR", 3 * 10**8, "pool", 0, 1e14, 3 * 10**8, 42, None, None, 0, 1)
        connection.execute(f"INSERT INTO money_interval VALUES ({', '.join('?' * 25)})", row + rest)
    store = Store(path, schemas=(SCHEMA,), now=lambda: START)
    await store.start()
    past = await store.write(lambda c: begin_session(c, "x", 0, "EUR"))
    sums = past.days["a"][START.toordinal()]
    assert (sums.rows, sums.energy_mj, sums.cost_nano, sums.earned_usat) == (1, 3_600_000_000, 3 * 10**8, 42)
    assert (sums.share_work, past.heaters["a"].carry.alternative) == ((5 << 40) + 7, 0)
    await store.stop()
