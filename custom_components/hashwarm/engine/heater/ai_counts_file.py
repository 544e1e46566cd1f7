"""Keeps the counts of AI work in the ledger's file, whose rows outlive a kill by ten seconds of work at most."""

import json
import sqlite3
from typing import Any

from ..jobs.book import JobFile
from ..store import Schema
from .ai_counts import AiCounts

_COUNTS = "CREATE TABLE ai_counts (owner TEXT PRIMARY KEY, counts TEXT NOT NULL CHECK (json_valid(counts))) STRICT"
COUNTS_SCHEMA = Schema("ai_counts", ((_COUNTS,),))
_PUT = "INSERT OR REPLACE INTO ai_counts VALUES (?, ?)"
_FIND = "SELECT counts FROM ai_counts WHERE owner = ?"


class CountsFile:
    """Where the counts of one heater are kept. Errors: StoreError."""

    def __init__(self, owner: str, file: JobFile) -> None:
        self._owner = owner
        self._file = file
        self._kept: dict[str, Any] = {}

    async def load(self, counts: AiCounts) -> AiCounts:
        """Return counts that are no less than what was kept."""
        row = await self._file.read(lambda connection: connection.execute(_FIND, (self._owner,)).fetchone())
        return counts if row is None else counts.at_least(AiCounts.from_dict(_told(row[0])))

    async def keep(self, counts: AiCounts) -> None:
        """Write the counts where they have changed."""
        told = counts.as_dict()
        if told == self._kept:
            return
        text = json.dumps(told)

        def put(connection: sqlite3.Connection) -> None:
            connection.execute(_PUT, (self._owner, text))

        await self._file.write(put)
        self._kept = told


def _told(text: str) -> dict[str, Any] | None:
    told = json.loads(text)
    return told if isinstance(told, dict) else None
