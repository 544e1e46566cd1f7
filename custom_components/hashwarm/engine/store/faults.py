"""What SQLite's errors mean to a caller: wait and retry, salvage, or mend the code."""

import sqlite3

from ..model.errors import StoreDamagedError, StoreError, StoreUnavailableError

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
    }
)
_PRIMARY_CODE = 0xFF
"""SQLite's extended codes carry the primary one in their low byte."""


class StoreNewerError(StoreError):
    """The file was written by a newer version and is left as it is."""

    key = "store_newer"


def primary_code(error: Exception) -> int | None:
    """Return SQLite's primary result code, None where the error did not come from the library."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY_CODE


def is_damage(error: Exception) -> bool:
    """Tell whether the file itself is damaged."""
    return primary_code(error) in _DAMAGED


def translated(error: sqlite3.Error | OSError) -> StoreError:
    """Return what a caller can act on: unavailable (retry), damaged (the next call salvages), else our own fault."""
    if isinstance(error, OSError) or primary_code(error) in _UNAVAILABLE:
        return StoreUnavailableError(str(error))
    if is_damage(error):
        return StoreDamagedError(str(error))
    return StoreError(str(error))
