"""A damaged file gives back what reads, is kept beside the fresh one, and a salvage may be killed at any moment."""

from datetime import UTC, datetime
import sqlite3

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.model.errors import StoreDamagedError, StoreUnavailableError
from custom_components.hashwarm.engine.store import Schema, Store, store as store_module
from custom_components.hashwarm.engine.store.faults import primary_code, translated
from custom_components.hashwarm.engine.store.salvage import _Reader, salvage

NOTES = Schema("notes", (("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)",),))
NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
PAGE = 4096
ROWS = 400


def make(path, *schemas):
    return Store(path, schemas=schemas or (NOTES,), now=lambda: NOW)


def ids(connection):
    return [number for (number,) in connection.execute("SELECT id FROM note ORDER BY id")]


async def filled(path):
    store = make(path)
    await store.start()
    await store.write(
        lambda c: c.executemany("INSERT INTO note VALUES (?, ?)", [(n, f"{n} " * 60) for n in range(ROWS)]).rowcount
    )
    await store.stop()
    return path


def spoil(path, page, data=b"\xff" * PAGE):
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(data)


async def test_a_damaged_page_costs_its_own_rows_only(tmp_path):
    path = await filled(tmp_path / "ledger.db")
    pages = path.stat().st_size // PAGE
    spoil(path, pages // 2)
    store = make(path)
    await store.start()
    kept = await store.read(ids)
    assert ROWS - 60 < len(kept) < ROWS
    assert {0, ROWS - 1} <= set(kept)
    assert store.salvaged.recovered_rows == len(kept)
    assert store.salvaged.damaged_tables == ("note",)
    assert store.salvaged.damaged.name == "ledger.db.damaged-20261122T064500Z"
    assert store.salvaged.damaged.exists()
    await store.stop()
    again = make(path)
    await again.start()
    assert again.salvaged is None
    assert await again.read(ids) == kept
    await again.stop()


@pytest.mark.parametrize("junk", [b"not a database at all" * 1000, b"\x00" * 5000])
async def test_a_file_that_is_no_database_is_put_aside(tmp_path, junk):
    path = tmp_path / "ledger.db"
    path.write_bytes(junk)
    store = make(path)
    await store.start()
    assert await store.read(ids) == []
    assert store.salvaged.damaged.read_bytes() == junk
    await store.stop()


async def test_an_old_file_is_salvaged_at_its_own_version_and_then_brought_up(tmp_path):
    path = await filled(tmp_path / "ledger.db")
    spoil(path, path.stat().st_size // PAGE // 2)
    later = Schema("notes", (*NOTES.migrations, ("ALTER TABLE note RENAME COLUMN text TO words",)))
    store = make(path, later)
    await store.start()
    assert await store.read(lambda c: c.execute("SELECT COUNT(words) FROM note").fetchone()[0]) > ROWS - 60
    await store.stop()


async def test_damage_met_while_running_is_salvaged_by_the_next_call(tmp_path):
    path = await filled(tmp_path / "ledger.db")
    store = make(path)
    await store.start()
    await store.read(lambda c: c.execute("PRAGMA cache_size = 1").fetchall())
    spoil(path, path.stat().st_size // PAGE // 2)
    with pytest.raises(StoreDamagedError):
        await store.read(lambda c: c.execute("SELECT SUM(LENGTH(text)) FROM note").fetchone())
    assert len(await store.read(ids)) > ROWS - 60
    assert store.salvaged is not None
    await store.stop()


async def test_a_salvage_killed_between_its_renames_is_finished(tmp_path):
    path = await filled(tmp_path / "ledger.db")
    path.rename(tmp_path / "ledger.db.fresh")
    (tmp_path / "ledger.db-wal").write_bytes(b"left behind")
    store = make(path)
    await store.start()
    assert len(await store.read(ids)) == ROWS
    await store.stop()
    assert not (tmp_path / "ledger.db.fresh").exists()


async def test_a_half_made_fresh_file_is_thrown_away(tmp_path):
    path = await filled(tmp_path / "ledger.db")
    (tmp_path / "ledger.db.fresh").write_bytes(b"half")
    spoil(path, path.stat().st_size // PAGE // 2)
    store = make(path)
    await store.start()
    assert len(await store.read(ids)) > ROWS - 60
    await store.stop()


async def test_a_salvage_that_cannot_write_leaves_the_damaged_file_in_place(tmp_path):
    path = await filled(tmp_path / "ledger.db")
    spoil(path, path.stat().st_size // PAGE // 2)
    (tmp_path / "ledger.db.fresh").mkdir()
    store = make(path)
    await store.start()
    with pytest.raises(StoreUnavailableError):
        await store.read(ids)
    assert path.exists()
    (tmp_path / "ledger.db.fresh").rmdir()
    assert len(await store.read(ids)) > ROWS - 60
    await store.stop()


async def test_rows_that_break_the_tables_own_checks_are_left_out(tmp_path):
    path = tmp_path / "ledger.db"
    loose = Schema("notes", (("CREATE TABLE note (id INTEGER PRIMARY KEY, text)", "CREATE TABLE other (id INTEGER)"),))
    store = make(path, loose)
    await store.start()
    rows = [(1, "a"), (2, None), (3, b"x")]
    await store.write(lambda c: c.executemany("INSERT INTO note VALUES (?, ?)", rows).rowcount)
    await store.write(lambda c: c.execute("DROP TABLE other").rowcount)
    await store.stop()
    strict = Schema(
        "notes",
        (("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT", "CREATE TABLE other (id INTEGER)"),),
    )
    done = salvage(path, (strict,), NOW)
    assert (done.recovered_rows, done.damaged_tables) == (1, ("other",))


@settings(max_examples=25, deadline=None)
@given(where=st.floats(0, 0.999), data=st.binary(min_size=1, max_size=3000))
async def test_no_damage_whatever_stops_the_store(tmp_path_factory, where, data):
    path = await filled(tmp_path_factory.mktemp("damage") / "ledger.db")
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * where))
        file.write(data)
    store = make(path)
    await store.start()
    assert set(await store.read(ids)) <= set(range(ROWS)) or store.salvaged is None
    await store.write(lambda c: c.execute("INSERT INTO note (text) VALUES ('goes on')"))
    await store.stop()


def test_errors_without_a_code_are_our_own():
    assert primary_code(sqlite3.ProgrammingError("no code")) is None
    assert isinstance(translated(OSError("disk")), StoreUnavailableError)


def test_a_disk_that_fails_while_reading_is_no_damage():
    source = sqlite3.connect(":memory:")
    source.close()
    with pytest.raises(sqlite3.ProgrammingError):
        list(_Reader(source, "SELECT 1"))


async def test_a_large_file_holds_up_no_start_and_is_read_whole_beside_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "_CHECK_WITHIN_S", -1.0)
    monkeypatch.setattr(store_module, "_LOOKS_EVERY", 1)
    path = await filled(tmp_path / "ledger.db")
    spoil(path, path.stat().st_size // PAGE // 2)
    store = make(path)
    await store.start()
    await store.read(lambda connection: connection.execute("SELECT text FROM note WHERE id = 0").fetchone())
    assert store.salvaged is None, "not looked at yet"
    await store.check()
    kept = await store.read(ids)
    assert store.salvaged.recovered_rows == len(kept) > ROWS - 60
    before = store.salvaged
    await store.check()
    await store.read(ids)
    assert store.salvaged is before, "a sound file is left alone"
    await store.stop()


async def test_a_file_that_cannot_be_read_now_is_not_taken_for_damaged(tmp_path, monkeypatch):
    path = await filled(tmp_path / "ledger.db")
    store = make(path)
    await store.start()
    monkeypatch.setattr(store_module, "check", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("locked")))
    await store.check()
    monkeypatch.undo()
    assert len(await store.read(ids)) == ROWS
    assert store.salvaged is None
    await store.stop()
