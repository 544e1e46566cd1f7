"""Counts of AI work in a real file."""

from datetime import UTC, date, datetime

import pytest

from custom_components.hashwarm.engine.heater.ai_counts import AiCounts
from custom_components.hashwarm.engine.heater.ai_counts_file import COUNTS_SCHEMA, CountsFile
from custom_components.hashwarm.engine.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 22), date(2026, 11, 21)


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "h.db", schemas=(COUNTS_SCHEMA,), now=lambda: NOON)
    await store.start()
    yield store
    await store.stop()


async def test_what_was_kept_outlives_a_kill_and_older_records_do_not_undo_it(store):
    kept = AiCounts(energy_mj=5000.0, apart_mj=70.0, completed=3, failed=1, day=TODAY, preemptions=2, lost_work=1)
    await CountsFile("heater", store).keep(kept)
    older = AiCounts(energy_mj=2000.0, completed=4, day=TODAY, preemptions=1)
    assert (await CountsFile("heater", store).load(older)).as_dict() == kept.as_dict() | {"completed": 4}
    assert await CountsFile("other", store).load(older) == older


async def test_counts_of_another_day_are_not_mixed(store):
    await CountsFile("heater", store).keep(AiCounts(energy_mj=1.0, day=YESTERDAY, preemptions=9, lost_work=9))
    loaded = await CountsFile("heater", store).load(AiCounts(day=TODAY, preemptions=1))
    assert (loaded.energy_mj, loaded.day, loaded.preemptions, loaded.lost_work) == (1.0, TODAY, 1, 0)
    fresh = await CountsFile("heater", store).load(AiCounts())
    assert (fresh.day, fresh.preemptions) == (YESTERDAY, 9)


async def test_what_has_not_changed_is_not_written_again(store):
    file = CountsFile("heater", store)
    counts = AiCounts(completed=1)
    await file.keep(counts)
    await store.write(lambda c: c.execute("DELETE FROM ai_counts").rowcount)
    await file.keep(counts)
    assert await store.read(lambda c: c.execute("SELECT COUNT(*) FROM ai_counts").fetchone()) == (0,)
    counts.completed = 2
    await file.keep(counts)
    assert await store.read(lambda c: c.execute("SELECT owner FROM ai_counts").fetchall()) == [("heater",)]


async def test_nonsense_in_the_file_counts_as_nothing(store):
    await store.write(lambda c: c.execute("INSERT INTO ai_counts VALUES ('heater', '[1]')").rowcount)
    assert await CountsFile("heater", store).load(AiCounts(completed=1)) == AiCounts(completed=1)
