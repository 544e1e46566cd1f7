"""The store on real files: transactions, migrations, refusal, backups, and disks that fail."""

import asyncio
from datetime import UTC, datetime
import shutil
import sqlite3
import threading
import time

import pytest

from custom_components.hashwarm.engine.model.errors import StoreError, StoreUnavailableError
from custom_components.hashwarm.engine.store import Schema, Store, StoreNewerError

NOTES = Schema("notes", (("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)",),))
NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)


def make(path, *schemas):
    return Store(path, schemas=schemas or (NOTES,), now=lambda: NOW, lock_wait_s=0.05)


def put(text):
    return lambda connection: connection.execute("INSERT INTO note (text) VALUES (?)", (text,)).lastrowid


def texts(connection):
    return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY id")]


async def until(holds):
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.fixture
async def store(tmp_path):
    store = make(tmp_path / "ledger.db")
    await store.start()
    yield store
    await store.stop()


async def test_a_transaction_is_kept_or_undone_as_a_whole(store):
    assert await store.write(put("kept")) == 1

    def fail(connection):
        put("lost")(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.write(fail)
    assert await store.read(texts) == ["kept"]


async def test_a_commit_is_flushed_and_the_log_is_a_write_ahead_log(store):
    modes = await store.read(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]
    )
    assert modes == ["wal", 2]


async def test_what_is_written_is_there_at_the_next_start(store):
    await store.write(put("kept"))
    await store.stop()
    await store.start()
    assert await store.read(texts) == ["kept"]
    assert store.salvaged is None
    assert store.path.exists()


async def test_no_thread_is_left_and_a_stopped_store_refuses(store):
    await store.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hashwarm-store")]
    with pytest.raises(StoreUnavailableError):
        await store.read(texts)
    await store.stop()


async def test_the_event_loop_runs_on_while_the_thread_works(store):
    slow = asyncio.create_task(store.write(lambda _: time.sleep(0.2)))
    ticks = 0
    while not slow.done():
        await asyncio.sleep(0.005)
        ticks += 1
    assert ticks > 5


async def test_rooms_migrate_step_by_step_and_only_once(store, tmp_path):
    await store.write(put("old"))
    await store.stop()
    later = Schema("notes", (*NOTES.migrations, ("ALTER TABLE note ADD COLUMN mark TEXT DEFAULT 'm'",)))
    other = Schema("other", (("CREATE TABLE other (id INTEGER PRIMARY KEY)",),))
    for _ in range(2):
        store = make(tmp_path / "ledger.db", later, other)
        await store.start()
        assert await store.read(lambda c: c.execute("SELECT text, mark FROM note").fetchall()) == [("old", "m")]
        versions = await store.read(lambda c: dict(c.execute("SELECT room, version FROM schema_version").fetchall()))
        assert versions == {"notes": 2, "other": 1}
        await store.stop()


async def test_a_migration_that_fails_leaves_everything_as_it_was(store, tmp_path):
    await store.write(put("old"))
    await store.stop()
    wrong = Schema("notes", (*NOTES.migrations, ("ALTER TABLE note ADD COLUMN mark TEXT", "NONSENSE")))
    broken = make(tmp_path / "ledger.db", wrong)
    with pytest.raises(StoreError):
        await broken.start()
    await store.start()
    assert await store.read(lambda c: [row[1] for row in c.execute("PRAGMA table_info(note)")]) == ["id", "text"]


async def test_a_file_of_a_newer_version_is_refused_and_left_alone(store, tmp_path):
    await store.write(lambda c: c.execute("UPDATE schema_version SET version = 7"))
    await store.stop()
    before = (tmp_path / "ledger.db").read_bytes()
    newer = make(tmp_path / "ledger.db")
    with pytest.raises(StoreNewerError):
        await newer.start()
    assert (tmp_path / "ledger.db").read_bytes() == before


async def test_a_full_disk_is_told_and_the_next_write_goes_through(store):
    await store.write(put("kept"))
    await store.read(lambda c: c.execute("PRAGMA max_page_count = 4").fetchall())
    with pytest.raises(StoreUnavailableError):
        await store.write(put("x" * 100_000))
    assert await store.write(put("after")) == 2
    assert await store.read(texts) == ["kept", "after"]


async def test_a_read_only_disk_is_told_and_the_next_write_goes_through(store):
    await store.read(lambda c: c.execute("PRAGMA query_only = 1").fetchall())
    with pytest.raises(StoreUnavailableError):
        await store.write(put("refused"))
    await store.write(put("kept"))
    assert await store.read(texts) == ["kept"]


async def test_a_locked_file_is_told_and_taken_up_again(store, tmp_path):
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError):
        await store.write(put("refused"))
    other.execute("ROLLBACK")
    other.close()
    await store.write(put("kept"))
    assert await store.read(texts) == ["kept"]


async def test_a_place_that_cannot_be_opened_is_tried_again(tmp_path):
    store = make(tmp_path / "missing" / "ledger.db")
    await store.start()
    with pytest.raises(StoreUnavailableError):
        await store.write(put("refused"))
    (tmp_path / "missing").mkdir()
    await store.write(put("kept"))
    assert await store.read(texts) == ["kept"]
    await store.stop()


async def test_a_file_taken_away_is_noticed(store, tmp_path):
    await store.write(put("gone"))
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    await store.write(put("new"))
    await store.stop()
    await store.start()
    assert await store.read(texts) == ["new"]


async def test_a_wrong_statement_is_our_own_fault(store):
    with pytest.raises(StoreError) as caught:
        await store.read(lambda c: c.execute("NONSENSE"))
    assert type(caught.value) is StoreError
    await store.write(put("goes on"))


async def test_a_copy_of_the_file_alone_is_whole_while_paused_under_load(store, tmp_path):
    count = 0

    async def load():
        nonlocal count
        while True:
            await store.write(put(str(count)))
            count += 1

    task = asyncio.create_task(load())
    await until(lambda: count >= 20)
    await store.pause()
    held = count
    shutil.copy(tmp_path / "ledger.db", tmp_path / "restored.db")
    await asyncio.sleep(0.05)
    assert count == held
    assert len(await store.read(texts)) == held
    store.resume()
    await until(lambda: count >= held + 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    restored = make(tmp_path / "restored.db")
    await restored.start()
    assert await restored.read(texts) == [str(number) for number in range(held)]
    await restored.stop()


async def test_stopping_lets_go_of_a_pause(store):
    await store.pause()
    waiting = asyncio.create_task(store.write(put("late")))
    await asyncio.sleep(0.01)
    await store.stop()
    with pytest.raises(StoreUnavailableError):
        await waiting
