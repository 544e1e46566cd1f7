"""The ledger's file: sessions, retries of unknown outcome, and salvage beneath a running ledger."""

import asyncio
from datetime import UTC, datetime
import sqlite3

import pytest

from custom_components.hashwarm.engine.model.errors import StoreUnavailableError
from custom_components.hashwarm.engine.money import SCHEMA, Estimate, HeaterSample, Ledger, MeteredElectricity
from custom_components.hashwarm.engine.money.calendar import local_days, moment
from custom_components.hashwarm.engine.money.tables import begin_session
from custom_components.hashwarm.engine.store import Store

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Doubtful(Store):
    """Commits, and then says that it could not."""

    doubt = False
    gate = None

    async def write(self, work):
        if self.gate is not None:
            await self.gate.wait()
        result = await super().write(work)
        if self.doubt:
            raise StoreUnavailableError("who knows")
        return result


@pytest.fixture
async def store(tmp_path):
    store = Doubtful(tmp_path / "ledger.db", schemas=(SCHEMA,), now=lambda: NOW)
    await store.start()
    yield store
    await store.stop()


def make(store, token="one"):
    return Ledger(
        store=store,
        token=token,
        currency="EUR",
        tz=UTC,
        now=lambda: NOW,
        electricity=MeteredElectricity(grid_price=lambda: 0.3),
        estimate=lambda: Estimate(difficulty=1e14, reward_sat=3),
        btc_price=lambda: None,
    )


async def energies(store):
    return await store.read(lambda c: c.execute("SELECT id, energy_mj FROM money_interval ORDER BY id").fetchall())


async def test_commits_of_unknown_outcome_are_repeated_without_harm(store):
    ledger = make(store)
    store.doubt = True
    for second in range(3):
        ledger.book("a", HeaterSample(at_s=second, power_w=1, running=True))
        with pytest.raises(StoreUnavailableError):
            await ledger.flush()
    store.doubt = False
    await ledger.flush()
    ledger.release("a")
    store.doubt = True
    with pytest.raises(StoreUnavailableError):
        await ledger.close()
    store.doubt = False
    await ledger.close()
    assert sum(energy for _, energy in await energies(store)) == 2000


async def test_what_closes_while_a_write_is_under_way_is_written_by_the_next(store):
    ledger = make(store)
    await ledger.flush()
    for heater in ("a", "b"):
        ledger.book(heater, HeaterSample(at_s=0, power_w=1))
        ledger.book(heater, HeaterSample(at_s=1, power_w=1))
    ledger.release("b")
    store.gate = asyncio.Event()
    writing = asyncio.create_task(ledger.flush())
    await asyncio.sleep(0)
    ledger.book("a", HeaterSample(at_s=2, power_w=1))
    ledger.release("a")
    store.gate.set()
    await writing
    await ledger.flush()
    rows = await store.read(lambda c: c.execute("SELECT energy_mj, closed FROM money_interval").fetchall())
    assert sorted(rows) == [(1000, 1), (2000, 1)]


async def test_a_token_is_one_session(store):
    def begin(token):
        return store.write(lambda c: begin_session(c, token, 5, "EUR").session)

    assert [await begin(token) for token in ("x", "x", "y", "x")] == [1, 1, 2, 1]


async def test_sessions_lost_to_salvage_do_not_reuse_numbers(store):
    ledger = make(store)
    ledger.book("a", HeaterSample(at_s=0, power_w=1))
    ledger.book("a", HeaterSample(at_s=1, power_w=1))
    await ledger.close()
    await store.write(lambda c: c.execute("DELETE FROM money_session"))
    again = make(store, "two")
    again.book("a", HeaterSample(at_s=0, power_w=1))
    again.book("a", HeaterSample(at_s=1, power_w=1))
    await again.close()
    assert [number >> 24 for number, _ in await energies(store)] == [1, 2]


async def test_a_heater_of_an_old_file_without_an_end_begins_anew(store):
    await store.write(
        lambda c: c.execute("INSERT INTO money_heater VALUES (1, 'a', NULL, NULL, '1', '2', '3', '0')").rowcount
    )
    ledger = make(store)
    assert ledger.meter_mj("a") is None
    await ledger.flush()
    assert (ledger.heaters, ledger.meter_mj("a")) == (["a"], 0)
    ledger.book("a", HeaterSample(at_s=0, power_w=1))
    ledger.book("a", HeaterSample(at_s=1, power_w=1))
    await ledger.close()
    assert len(await energies(store)) == 1


async def test_the_table_refuses_rows_of_nonsense(store):
    ledger = make(store)
    ledger.book("a", HeaterSample(at_s=0, power_w=1))
    ledger.book("a", HeaterSample(at_s=1, power_w=1))
    await ledger.flush()
    for column, value in (
        ("energy_mj", -1),
        ("energy_mj", 2**60),
        ("day", 0),
        ("energy_mj", "text"),
        ("length_ms", None),
    ):
        with pytest.raises(Exception, match=r"constraint|datatype|cannot store"):
            await store.write(lambda c, sql=f"UPDATE money_interval SET {column} = ?", v=value: c.execute(sql, (v,)))
    assert sqlite3.sqlite_version_info >= (3, 37)


def test_days_are_cut_at_local_midnight():
    start = int(datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC).timestamp()) * 1000
    assert list(local_days(start, 86_402_000, UTC)) == [
        (start, 1000),
        (start + 1000, 86_400_000),
        (start + 86_401_000, 1000),
    ]
    assert list(local_days(start, 0, UTC)) == []
    assert moment(start) == datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
