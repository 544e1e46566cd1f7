"""One connection to a pool: a socket around the protocol, with its time limits. Errors: PoolError only."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import logging
import math
import ssl

from ..hashing.work import FoundShare
from ..model.errors import PoolError, PoolGarbageError, PoolSilentError, PoolUnreachableError
from ..model.pool import PoolConfig
from ..model.protocols import Monotonic
from .difficulty import suggested_difficulty
from .failover import may_move_to
from .limits import SessionLimits
from .messages import Reconnect
from .protocol import Event, Hello, Moved, NewWork, Phase, StratumProtocol
from .wire import clean_text
from .work import IssuedWork

_LOGGER = logging.getLogger(__name__)

READ_BYTES = 64 * 1024
MAX_UNSENT_BYTES = 256 * 1024
"""A pool that reads so little of what it is sent is taken to be dead."""

type TlsContext = Callable[[], ssl.SSLContext] | ssl.SSLContext | None


class Dialer:
    """Connects to pools with what is the same for all of them."""

    def __init__(
        self,
        *,
        agent: str,
        clock: Monotonic,
        limits: SessionLimits,
        ssl_context: TlsContext,
        hash_rate_hs: Callable[[], float | None],
        next_work_id: Callable[[], str],
    ) -> None:
        self.limits = limits
        self.clock = clock
        self._agent = agent
        self._ssl_context = ssl_context
        self._hash_rate_hs = hash_rate_hs
        self._next_work_id = next_work_id

    async def connect(self, pool: PoolConfig, *, plain: bool = False, home: str | None = None) -> PoolConnection:
        """Open a connection and begin the handshake; `home` is the host that the person named.

        Errors: PoolUnreachableError.
        """
        context = await self._context() if pool.tls else None
        try:
            async with asyncio.timeout(self.limits.connect_s):
                reader, writer = await asyncio.open_connection(pool.host, pool.port, ssl=context)
        except (OSError, ValueError, OverflowError) as error:
            raise PoolUnreachableError(f"{pool.name}: {error}", pool=pool.name) from error
        protocol = StratumProtocol(self._hello(pool, plain=plain), next_work_id=self._next_work_id)
        return PoolConnection(
            pool, protocol, reader, writer, home=home or pool.host, clock=self.clock, limits=self.limits
        )

    async def _context(self) -> ssl.SSLContext:
        if isinstance(self._ssl_context, ssl.SSLContext):
            return self._ssl_context
        if self._ssl_context is not None:
            return self._ssl_context()
        # Reading the system's certificates takes the disk.
        return await asyncio.get_running_loop().run_in_executor(None, ssl.create_default_context)

    def _hello(self, pool: PoolConfig, *, plain: bool) -> Hello:
        rate_hs = self._hash_rate_hs() or self.limits.assumed_hash_rate_hs
        return Hello(
            user=pool.user,
            password=pool.password,
            agent=self._agent,
            hash_rate_hs=rate_hs,
            suggested_difficulty=suggested_difficulty(rate_hs, self.limits.share_interval_s),
            plain=plain,
        )


class PoolMovedError(PoolError):
    """The pool sends us elsewhere in its own domain."""

    key = "pool_moved"

    def __init__(self, pool: PoolConfig, wait_s: float) -> None:
        super().__init__(f"the pool moves us to {pool.name}")
        self.pool = pool
        self.wait_s = wait_s


class PoolConnection:
    """A live connection; whoever holds it steps it and closes it."""

    def __init__(
        self,
        pool: PoolConfig,
        protocol: StratumProtocol,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        home: str,
        clock: Monotonic,
        limits: SessionLimits,
    ) -> None:
        self.pool = pool
        self.protocol = protocol
        self.opened_at_s = clock()
        self.work: NewWork | None = None
        """The newest."""
        self._home = home
        self._moved: PoolMovedError | None = None
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._limits = limits
        self._notified_at_s = self.opened_at_s
        protocol.start()
        self._send()

    async def step(self, wake_at_s: float = math.inf) -> list[Event]:
        """Wait for the pool, a time limit or `wake_at_s`, and return what happened.

        Errors: PoolUnreachableError when it closed the connection, PoolSilentError, PoolGarbageError, PoolRefusedError,
        PoolMovedError, the last one only after the events that came with it were returned.
        """
        if self._moved is not None:
            raise self._moved
        deadline_s = min(self._deadline_s(), wake_at_s)
        try:
            async with asyncio.timeout(None if deadline_s == math.inf else max(deadline_s - self._clock(), 0.0)):
                data = await self._reader.read(READ_BYTES)
        except TimeoutError:
            self._check_time()
            return []
        except OSError as error:
            raise PoolUnreachableError(f"{self.pool.name}: {error}", pool=self.pool.name) from error
        if not data:
            raise PoolUnreachableError(f"{self.pool.name} closed the connection", pool=self.pool.name)
        events = self.protocol.feed(data, self._clock())
        self._send()
        for event in events:
            if isinstance(event, NewWork):
                self.work = event
                self._notified_at_s = self._clock()
            elif isinstance(event, Moved):
                self._move(event.to)
        self._check_time()
        return events

    async def until_work(self) -> None:
        """Go through the handshake up to the first work. Errors: PoolError."""
        while not self.protocol.ready:
            await self.step()

    def submit(self, issued: IssuedWork, share: FoundShare) -> int:
        """Send a share and return its request id."""
        request_id = self.protocol.submit(issued, share)
        self._send()
        return request_id

    async def close(self) -> None:
        """Let go of the socket."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.goodbye_s):
                await self._writer.wait_closed()
        except OSError:
            self._writer.transport.abort()

    def _move(self, to: Reconnect) -> None:
        host = to.host or self.pool.host
        if may_move_to(self._home, host):
            self._moved = PoolMovedError(replace(self.pool, host=host, port=to.port or self.pool.port), to.wait_s)
        else:
            _LOGGER.warning("%s asked to reconnect to a foreign domain, %s; ignored", self._home, clean_text(host))

    def _send(self) -> None:
        data = self.protocol.outgoing()
        if data and not self._writer.is_closing():
            self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._writer.transport.abort()

    def _deadline_s(self) -> float:
        if self.protocol.ready:
            return self._notified_at_s + self._limits.notify_s
        handshake_s = self.opened_at_s + self._limits.handshake_s
        if self.protocol.phase is Phase.CONFIGURING:
            return min(handshake_s, self.opened_at_s + self._limits.configure_s)
        return handshake_s

    def _check_time(self) -> None:
        now_s = self._clock()
        if self.protocol.phase is Phase.CONFIGURING and now_s >= self.opened_at_s + self._limits.configure_s:
            self.protocol.configure_overdue()
            self._send()
        if now_s >= self._deadline_s():
            raise PoolSilentError(f"{self.pool.name} is silent", pool=self.pool.name)


def was_hung_up(connection: PoolConnection, error: Exception) -> bool:
    """Say whether the pool closed the connection on a method that it did not know."""
    return isinstance(error, PoolUnreachableError | PoolGarbageError) and connection.protocol.phase is not Phase.RUNNING
