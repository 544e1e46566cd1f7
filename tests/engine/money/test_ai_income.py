"""What AI work earned, booked into a real file."""

from datetime import UTC, datetime

import pytest

from custom_components.hashwarm.engine.money import SCHEMA
from custom_components.hashwarm.engine.money.ai_income import AiIncome, book_ai_income, book_ai_total
from custom_components.hashwarm.engine.money.entries import entry_sums
from custom_components.hashwarm.engine.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "h.db", schemas=(SCHEMA,), now=lambda: NOON)
    await store.start()
    yield store
    await store.stop()


def income(key, value_nano):
    return AiIncome(key=key, heater_id="heater", at=NOON, timezone=UTC, currency="EUR", value_nano=value_nano)


async def total_of(store):
    sums = await store.read(lambda c: entry_sums(c, "EUR"))
    return sums["heater"][NOON.toordinal()].ai_nano


async def test_an_income_is_booked_once(store):
    assert await store.write(lambda c: book_ai_income(c, income("job/a", 5)))
    assert not await store.write(lambda c: book_ai_income(c, income("job/a", 5)))
    assert await total_of(store) == 5


@pytest.mark.parametrize(("from_zero", "expected"), [(True, 100), (False, 93)])
async def test_only_growth_of_a_total_is_booked_and_each_by_its_own_name(store, from_zero, expected):
    def tell(key, *totals):
        return lambda c: [book_ai_total(c, income(key, total), from_zero=from_zero) for total in totals]

    # More entries than one digit counts, a total that dips, and a name that begins as another does.
    grown = await store.write(tell("machine/x/1", 7, 20, 30, 10, 29, 40, 50, 60, 65, 70, 75, 80, 85, 90, 95, 100))
    assert sum(grown) == expected
    assert grown[3:5] == [0, 0]
    first = 300 if from_zero else 0
    assert await store.write(tell("machine/x/10", 300, 300)) == [first, 0]
    assert await store.write(tell("machine/x/1", 100, 101)) == [0, 1]
    assert await total_of(store) == expected + first + 1
