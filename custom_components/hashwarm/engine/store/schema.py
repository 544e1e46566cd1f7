"""Each room's tables, brought up to date step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import sqlite3

from .faults import StoreNewerError

type Migration = tuple[str, ...]
"""SQL statements, in order, that lead from one version to the next."""

_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version (room TEXT PRIMARY KEY, version INTEGER NOT NULL)"


@dataclass(frozen=True)
class Schema:
    """The tables of one room; its version is the number of its migrations."""

    room: str
    migrations: tuple[Migration, ...]

    @property
    def version(self) -> int:
        """The version this code writes."""
        return len(self.migrations)


def versions(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the version of each room in the file, nothing for a fresh file."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'").fetchone()
    return dict(connection.execute("SELECT room, version FROM schema_version").fetchall()) if known else {}


def migrate(
    connection: sqlite3.Connection, schemas: Sequence[Schema], limits: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Bring every room up to date, or up to its limit, inside the caller's transaction; return what was found.

    A room that is newer than this code raises StoreNewerError and changes nothing.
    """
    found = versions(connection)
    for schema in schemas:
        if found.get(schema.room, 0) > schema.version:
            raise StoreNewerError(f"{schema.room} is at version {found[schema.room]}, this code knows {schema.version}")
    connection.execute(_VERSIONS)
    for schema in schemas:
        _migrate_room(connection, schema, found.get(schema.room, 0), (limits or {}).get(schema.room, schema.version))
    return found


def _migrate_room(connection: sqlite3.Connection, schema: Schema, start: int, end: int) -> None:
    """Run the missing steps of one room and note the version reached."""
    for statements in schema.migrations[start:end]:
        for statement in statements:
            connection.execute(statement)
    if end > start:
        connection.execute("INSERT OR REPLACE INTO schema_version VALUES (?, ?)", (schema.room, end))
