"""The file and its single writer thread."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
import contextlib
import logging
from pathlib import Path
import sqlite3
import time

from ..model.errors import StoreDamagedError, StoreUnavailableError
from ..model.protocols import WallClock
from .faults import primary_code, translated
from .salvage import Salvage, finish_interrupted, salvage
from .schema import Schema, migrate

_LOGGER = logging.getLogger(__name__)
_CHECK_WITHIN_S = 0.05
"""As long as opening may look for damage; the whole file is read beside the work, a little later."""
_LOOKS_EVERY = 1000
_LOCK_WAIT_S = 2.0


class Store:
    """One SQLite file, used from one thread, one transaction per call.

    A call that raises StoreUnavailableError changed nothing that a retry could double if it writes absolute values
    under keys of its own: only then is a commit of unknown outcome harmless. After StoreDamagedError the next call
    salvages the file; `salvaged` then says what became of it.
    """

    def __init__(
        self, path: Path, *, schemas: Sequence[Schema], now: WallClock, lock_wait_s: float = _LOCK_WAIT_S
    ) -> None:
        self._lock_wait_s = lock_wait_s
        self._path = path
        self._schemas = tuple(schemas)
        self._now = now
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._check_due = True
        self._suspected = False
        self._writable = asyncio.Event()
        self._writable.set()
        self.salvaged: Salvage | None = None
        """The newest salvage since this store was made."""

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    async def start(self) -> None:
        """Start the writer thread and open the file.

        A file that cannot be opened now is no error: each later call tries again. Errors: StoreNewerError.
        """
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashwarm-store")
        try:
            await self._call(self._open_if_needed)
        except (StoreUnavailableError, StoreDamagedError) as error:
            _LOGGER.warning("The ledger's file cannot be opened now: %s", error)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the file and end the thread. Calls that wait for a backup's end go through first."""
        self._writable.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown()

    async def write[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction; waits while a backup is taken. Errors: StoreError."""
        await self._writable.wait()
        return await self._call(lambda: self._transact(work, "BEGIN IMMEDIATE"))

    async def read[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, which must not write, on one consistent state. Errors: StoreError."""
        return await self._call(lambda: self._transact(work, "BEGIN"))

    async def check(self) -> None:
        """Read the whole file, beside whoever uses it; what is damaged is salvaged by the next call.

        Opening looks at as much as can be read in a moment, so that years of facts hold up no start.
        """
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._read_whole)
        except (sqlite3.DatabaseError, StoreDamagedError) as error:
            if isinstance(translated_or_same(error), StoreDamagedError):
                _LOGGER.warning("The ledger's file is damaged: %s", error)
                self._check_due = self._suspected = True
                await self._call(self._close)

    def _read_whole(self) -> None:
        if self._path.exists():
            with contextlib.closing(sqlite3.connect(self._path, timeout=self._lock_wait_s)) as connection:
                check(connection)

    async def pause(self) -> None:
        """Hold writers and bring everything into the main file, so that a copy of it is whole. Errors: StoreError."""
        self._writable.clear()
        await self._call(self._checkpoint)

    def resume(self) -> None:
        """Let writers go on after a backup."""
        self._writable.set()

    async def _call[T](self, work: Callable[[], T]) -> T:
        """Run `work` in the writer thread."""
        if self._thread is None:
            raise StoreUnavailableError("The store is not running")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work)

    def _guarded[T](self, work: Callable[[], T]) -> T:
        """Translate SQLite's errors; a connection that failed is opened anew by the next call."""
        try:
            return work()
        except (sqlite3.Error, OSError) as error:
            fault = translated(error)
            if isinstance(fault, StoreDamagedError):
                self._check_due = self._suspected = True
            self._close()
            raise fault from error

    def _transact[T](self, work: Callable[[sqlite3.Connection], T], begin: str) -> T:
        """Run one transaction: all of it or nothing."""
        connection = self._open_if_needed()
        connection.execute(begin)
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return result

    def _checkpoint(self) -> None:
        """Empty the write-ahead log into the file."""
        self._open_if_needed().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _open_if_needed(self) -> sqlite3.Connection:
        """Return the connection, opened anew where the file was replaced or removed beneath it."""
        if self._connection is not None and self._identity != self._file_identity():
            self._close()
            self._check_due = True
        if self._connection is None:
            self._open()
        assert self._connection is not None
        return self._connection

    def _open(self) -> None:
        """Open, check, salvage where needed, and bring the tables up to date."""
        finish_interrupted(self._path, self._now())
        try:
            self._connection = self._opened()
        except (sqlite3.DatabaseError, StoreDamagedError) as error:
            if not isinstance(translated_or_same(error), StoreDamagedError):
                raise
            self.salvaged = salvage(self._path, self._schemas, self._now())
            _LOGGER.warning("The ledger's file was damaged (%s): %s", error, self.salvaged)
            self._connection = self._opened()
        self._identity = self._file_identity()
        self._check_due = self._suspected = False

    def _opened(self) -> sqlite3.Connection:
        """Return a checked and migrated connection."""
        connection = sqlite3.connect(self._path, timeout=self._lock_wait_s, isolation_level=None)
        try:
            if self._check_due:
                check(connection, None if self._suspected else _CHECK_WITHIN_S)
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            # The write-ahead log is flushed at each commit: a power cut loses no more than a kill does.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            migrate(connection, self._schemas)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self) -> None:
        """Let go of the file; what was committed is safe whatever closing says."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _file_identity(self) -> tuple[int, int] | None:
        """Return what tells this file from another put in its place, None when there is none."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino


def check(connection: sqlite3.Connection, within_s: float | None = None) -> None:
    """Raise StoreDamagedError, or SQLite's own error, unless the file is sound, as far as `within_s` lets it look."""
    if within_s is not None:
        ends_s = time.monotonic() + within_s
        connection.set_progress_handler(lambda: time.monotonic() > ends_s, _LOOKS_EVERY)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if primary_code(error) == sqlite3.SQLITE_INTERRUPT:
            return
        raise
    finally:
        connection.set_progress_handler(None, 0)
    if verdict != "ok":
        raise StoreDamagedError(str(verdict))


def translated_or_same(error: sqlite3.DatabaseError | StoreDamagedError) -> Exception:
    """Return the error as callers see it."""
    return error if isinstance(error, StoreDamagedError) else translated(error)
