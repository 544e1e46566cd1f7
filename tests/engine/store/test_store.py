"""The store on real files: transactions, migrations, refusal, salvage, backups, and disks that fail."""

import asyncio
from datetime import UTC, datetime
import shutil
import sqlite3

import pytest

from custom_components.hashwarm.engine.model.errors import StoreError, StoreUnavailableError
from custom_components.hashwarm.engine.store import Schema, Store, StoreNewerError

NOTES = Schema("notes", (("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)",),))
NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)


def make(path, *schemas):
    return Store(path, schemas=schemas or (NOTES,), now=lambda: NOW)


def put(text):
    return lambda connection: connection.execute("INSERT INTO note (text) VALUES (?)", (text,)).lastrowid


def texts(connection):
    return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY id")]


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
