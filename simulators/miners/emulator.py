"""What every emulated miner has: faults to switch on while it runs, a count of its requests, and a plug to pull."""

from abc import ABC, abstractmethod
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
import random
import time
from typing import override

from aiohttp import web

from .machine import Hardware, Machine

GARBAGE_BYTES = 400


class Fault(StrEnum):
    """The bad moments of a miner."""

    NONE = "none"
    SLOW = "slow"
    """Answers after `slow_s`."""
    HUNG = "hung"
    """Takes the connection and never answers."""
    HALF_CLOSED = "half_closed"
    """Sends the first half of an answer and hangs up."""
    GARBAGE = "garbage"


class Emulator(ABC):
    """One emulated miner. `requests` counts every request by a short name; `writes` keeps what was written."""

    family: str
    username: str | None = None

    def __init__(
        self,
        hardware: Hardware,
        *,
        target_w: float,
        mac: str,
        password: str | None = None,
        clock: Callable[[], float] | None = None,
        randomness: random.Random | None = None,
    ) -> None:
        self.clock = clock or time.monotonic
        self.machine = Machine(hardware, clock=self.clock, target_w=target_w)
        self.random = randomness or random.Random(1)
        self.mac = mac
        self.password = password
        self.fault = Fault.NONE
        self.slow_s = 3.0
        self.requests: Counter[str] = Counter()
        self.writes: list[tuple[str, object]] = []
        self.host = "127.0.0.1"
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one and keeps it over a pulled plug."""
        self.host = host
        self.port = await self._listen(host, port or self.port)

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        await self._close()

    async def pull_plug(self) -> None:
        """Cut the mains: nothing answers any more."""
        self.machine.unplug()
        await self._close()

    async def put_plug_back(self) -> None:
        """Give it the mains again, under the same address."""
        self.machine.plug_in()
        await self.start(self.host, self.port)

    @abstractmethod
    async def _listen(self, host: str, port: int) -> int:
        """Begin to listen and return the port."""

    @abstractmethod
    async def _close(self) -> None:
        """End all that `_listen` began."""

    def garbage(self) -> bytes:
        """Return bytes that mean nothing."""
        return self.random.randbytes(GARBAGE_BYTES)


class WebEmulator(Emulator):
    """A miner with an HTTP API; families add their routes and may end requests early with web.HTTPException."""

    _runner: web.AppRunner | None = None

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """Return the API."""

    @override
    async def _listen(self, host: str, port: int) -> int:
        app = web.Application(middlewares=[self._with_faults])
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, reuse_address=True).start()
        return int(self._runner.addresses[0][1])

    @override
    async def _close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @web.middleware
    async def _with_faults(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.requests[f"{request.method} {request.path}"] += 1
        if self.fault is Fault.HUNG:
            await asyncio.Event().wait()
        if self.fault is Fault.SLOW:
            await asyncio.sleep(self.slow_s)
        if self.fault is Fault.GARBAGE:
            return web.Response(body=self.garbage(), content_type="application/json")
        response = await handler(request)
        if self.fault is Fault.HALF_CLOSED and isinstance(response, web.Response) and request.transport is not None:
            body = bytes(response.body) if isinstance(response.body, bytes | bytearray) else b"{"
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            request.transport.write(head + body[: len(body) // 2])
            request.transport.close()
        return response


class RpcEmulator(Emulator):
    """A miner with a TCP API: one request per connection, answered by `answer`."""

    _server: asyncio.Server | None = None

    @abstractmethod
    async def answer(self, request: bytes) -> bytes | None:
        """Return the answer, framed as the family frames it; None hangs up without one."""

    @override
    async def _listen(self, host: str, port: int) -> int:
        self._server = await asyncio.start_server(self._serve, host, port, reuse_address=True)
        return int(self._server.sockets[0].getsockname()[1])

    @override
    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            server.abort_clients()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What is no request of its kind is answered as real ones do: the connection ends.
        with suppress(OSError, asyncio.IncompleteReadError, ValueError):
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await self.read_request(reader)
        if not request:
            return
        self.requests["connection"] += 1
        if self.fault is Fault.HUNG:
            await asyncio.Event().wait()
        if self.fault is Fault.SLOW:
            await asyncio.sleep(self.slow_s)
        answer = self.garbage() if self.fault is Fault.GARBAGE else await self.answer(request)
        if answer is None:
            return
        writer.write(answer[: len(answer) // 2] if self.fault is Fault.HALF_CLOSED else answer)
        await writer.drain()

    async def read_request(self, reader: asyncio.StreamReader) -> bytes:
        """Return one request; JSON requests come in one piece on the loopback."""
        return await reader.read(1 << 16)
