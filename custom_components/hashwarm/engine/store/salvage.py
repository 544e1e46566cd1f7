"""Recover what still reads from a damaged file into a fresh one; the damaged file is kept beside it.

The order makes every moment of it safe to be killed in: the fresh file is complete before the damaged one is moved, so
a missing file with a fresh one beside it is a salvage cut short, and is finished at the next opening.
"""

from collections.abc import Iterator, Sequence
import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
import sqlite3

from .faults import is_damage, primary_code
from .schema import Schema, migrate, versions

_SIDE_FILES = ("-wal", "-shm")


@dataclass(frozen=True, kw_only=True)
class Salvage:
    """What a salvage did."""

    damaged: Path
    """Where the damaged file lies now."""
    recovered_rows: int
    damaged_tables: tuple[str, ...]
    """Tables from which not every row could be read, as far as that can be told."""


def fresh_path(path: Path) -> Path:
    """Return where the recovered file grows."""
    return path.with_name(f"{path.name}.fresh")


def salvage(path: Path, schemas: Sequence[Schema], now: datetime) -> Salvage:
    """Replace the damaged file by a fresh one with all rows that read.

    Errors: sqlite3.Error and OSError when the fresh file cannot be written; the damaged file then stays in place.
    """
    fresh = fresh_path(path)
    _remove(fresh)
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as target:
        target.execute("BEGIN")
        recovered, damaged = _recover(path, target, schemas)
        target.execute("COMMIT")
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}")
    _move(path, aside)
    fresh.rename(path)
    return Salvage(damaged=aside, recovered_rows=recovered, damaged_tables=damaged)


def finish_interrupted(path: Path, now: datetime) -> None:
    """Put a completed fresh file in place where a salvage was cut short between its two renames."""
    fresh = fresh_path(path)
    if not path.exists() and fresh.exists():
        # A write-ahead log left behind would be replayed into the wrong file.
        _move(path, path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"))
        fresh.rename(path)


def _recover(path: Path, target: sqlite3.Connection, schemas: Sequence[Schema]) -> tuple[int, tuple[str, ...]]:
    """Copy every readable row of every table into the target, built at the damaged file's own versions."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as source:
        source.text_factory = _readable
        found: dict[str, int] | None
        try:
            found = versions(source)
        except sqlite3.DatabaseError:
            found = None
        migrate(target, schemas, found or None)
        recovered, damaged = 0, []
        for table in _tables(target):
            rows, whole = _copy_table(source, target, table)
            recovered += rows
            if not whole:
                damaged.append(table)
    migrate(target, schemas)
    return recovered, tuple(damaged)


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the tables that hold facts."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name != 'schema_version'"
    )
    return [name for (name,) in rows.fetchall()]


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> tuple[int, bool]:
    """Copy what reads of one table; return the number of rows and whether the reading met no damage."""
    columns = [row[1] for row in target.execute(f'PRAGMA table_info("{table}")')]
    names = ", ".join(f'"{column}"' for column in columns)
    insert = f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608 - names come from our own schema
    copied, whole = 0, True
    # Reading from both ends passes a damaged page in the middle; a row met twice is ignored the second time.
    for order in ("ASC", "DESC"):
        select = f'SELECT {names} FROM "{table}" NOT INDEXED ORDER BY rowid {order}'  # noqa: S608 - as above
        reader = _Reader(source, select)
        for row in reader:
            with contextlib.suppress(sqlite3.IntegrityError):
                copied += target.execute(insert, row).rowcount
        whole = whole and not reader.damaged
        if whole:
            break
    return copied, whole


class _Reader:
    """Rows of a query up to the first damage."""

    def __init__(self, source: sqlite3.Connection, select: str) -> None:
        self._source = source
        self._select = select
        self.damaged = False

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        try:
            yield from self._source.execute(self._select)
        except sqlite3.DatabaseError as error:
            # A table missing from the damaged schema is damage too; anything else is the disk's fault, not the file's.
            if not is_damage(error) and primary_code(error) != sqlite3.SQLITE_ERROR:
                raise
            self.damaged = True


def _readable(text: bytes) -> str:
    """Return a text even where damage made it none; the tables' own checks judge the rest of its row."""
    return text.decode(errors="replace")


def _remove(path: Path) -> None:
    """Remove a database with its side files."""
    for name in (path, *_beside(path)):
        name.unlink(missing_ok=True)


def _move(path: Path, to: Path) -> None:
    """Move a database, then its side files, so that the log still belongs to it."""
    for source, destination in zip((path, *_beside(path)), (to, *_beside(to)), strict=True):
        with contextlib.suppress(FileNotFoundError):
            source.rename(destination)


def _beside(path: Path) -> list[Path]:
    """Return the names of the write-ahead log and its index."""
    return [path.with_name(path.name + suffix) for suffix in _SIDE_FILES]
