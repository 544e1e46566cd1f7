"""The practice pool: a Stratum V1 server on real sockets."""

import asyncio
from collections.abc import Callable
import contextlib
import itertools
import ssl
import time
from typing import Any, Self

from .chain import EXTRANONCE1_BYTES, PracticeChain, TemplateSource
from .client import Client, extranonce1_of
from .judge import Job, Verdict
from .quirks import Quirks
from .stats import PoolStats

HASHES_PER_DIFFICULTY = 1 << 32
VARDIFF_TICK_S = 1.0


class PracticePool:
    """Use as `async with PracticePool() as pool`; `pool.quirks` may be changed while it runs."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        quirks: Quirks | None = None,
        source: TemplateSource | None = None,
        ssl_context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        on_share: Callable[[str, Job | None, Verdict], None] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.quirks = quirks or Quirks()
        self.stats = PoolStats()
        self.clients: set[Client] = set()
        self._source = source or PracticeChain(now=now)
        self._ssl_context = ssl_context
        self._clock = clock
        self._on_share = on_share
        self._job_ids = itertools.count(1)
        self._extranonces = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self._ssl_context)
        self.port = self._server.sockets[0].getsockname()[1]
        self._keep(self._refresh())
        self._keep(self._watch_difficulty())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.drop_all()
        await self._server.wait_closed()

    def new_job(self, extranonce1: bytes, difficulty: float) -> Job:
        """Return work of the template of now."""
        size = EXTRANONCE1_BYTES + self.quirks.extranonce2_size
        return Job(
            job_id=f"{next(self._job_ids):x}",
            template=self._source.template(size, self.quirks.job_version),
            extranonce1=extranonce1,
            extranonce2_size=self.quirks.extranonce2_size,
            difficulty=difficulty,
        )

    def judged(self, user: str, job: Job | None, verdict: Verdict) -> None:
        """Count a share."""
        worker = self.stats.worker(user)
        if verdict.code is not None or job is None:
            worker.rejected[verdict.text] += 1
        else:
            worker.accepted += 1
            worker.share_work += int(job.difficulty * HASHES_PER_DIFFICULTY)
            worker.best_share = max(worker.best_share, verdict.share_difficulty)
            self.stats.rolled += verdict.version != job.template.version
        if self._on_share is not None:
            self._on_share(user, job, verdict)

    def new_block(self) -> None:
        """Go on to the next block: old work is worth nothing from now on."""
        self._source.advance()
        self.notify_all(clean=True)

    def notify_all(self, *, clean: bool = False) -> None:
        """Hand new work to everybody."""
        for client in self._working():
            client.notify(clean=clean)

    def set_difficulty(self, difficulty: float) -> None:
        """Set everybody's difficulty for the work that follows."""
        for client in self._working():
            client.set_difficulty(difficulty)

    def set_extranonce(self) -> None:
        """Give everybody a new extranonce 1 for the work that follows."""
        for client in self._working():
            client.set_extranonce(extranonce1_of(next(self._extranonces)))

    def set_version_mask(self, mask: int) -> None:
        """Change everybody's version mask at once."""
        for client in self._working():
            client.set_version_mask(mask)

    def reconnect(self, host: str | None = None, port: int | None = None, wait_s: float = 0) -> None:
        """Send everybody elsewhere, or just away and back when no host is given."""
        self._tell("client.reconnect", [] if host is None else [host, port or self.port, wait_s])

    def show_message(self, text: str) -> None:
        """Show everybody a text."""
        self._tell("client.show_message", [text])

    def ping(self) -> None:
        """Ask everybody for a sign of life."""
        self._tell("mining.ping", [], call=True)

    def get_version(self) -> None:
        """Ask everybody what they are."""
        self._tell("client.get_version", [], call=True)

    def send_raw(self, data: bytes) -> None:
        """Send everybody bytes as they stand."""
        for client in self.clients:
            client.send_raw(data)

    async def drop_all(self) -> None:
        """Hang up on everybody."""
        await asyncio.gather(*(client.close() for client in self.clients))

    def _tell(self, method: str, params: list[Any], *, call: bool = False) -> None:
        for client in self._working():
            client.send(method, params, call=call)

    def _working(self) -> list[Client]:
        return [client for client in self.clients if client.working]

    def _keep(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.stats.connections += 1
        extranonce1 = extranonce1_of(next(self._extranonces))
        client = Client(self, reader, writer, extranonce1=extranonce1, clock=self._clock)
        self.clients.add(client)
        try:
            await client.run()
        finally:
            self.clients.discard(client)
            with contextlib.suppress(asyncio.CancelledError):
                await client.close()

    async def _refresh(self) -> None:
        for count in itertools.count(1):
            await asyncio.sleep(self.quirks.notify_interval_s)
            if count % self.quirks.block_every:
                self.notify_all()
            else:
                self.new_block()

    async def _watch_difficulty(self) -> None:
        while True:
            await asyncio.sleep(VARDIFF_TICK_S)
            for client in self._working():
                client.retarget()
