"""A Folding@home v8 client: seen over its websocket, folding, finishing what it has, or paused."""

import asyncio
from contextlib import suppress
from enum import StrEnum
from typing import Any, override

import aiohttp
from yarl import URL

from ...model.compute import Compute, ComputeStatus
from ...model.errors import ExecutorError, ExecutorUnreachableError, InvalidValueError
from ...model.protocols import WallClock
from . import folding_tree
from .answers import GarbageError, parsed
from .folding_tree import FoldingUnit
from .web import ANSWER_S, WebClient

PORT = 7396
_PATH = "/api/websocket"
_HEARTBEAT_S = 30.0
_LARGEST_MESSAGE = 4 << 20
_RUNNING = "RUN"
_MOST_CPUS = 1024


class FoldingState(StrEnum):
    """What a client may be told to do."""

    FOLD = "fold"
    FINISH = "finish"
    """Finish the units it has, then pause."""
    PAUSE = "pause"


class FoldingClient(ComputeStatus):
    """Speaks to one client, and to one of its groups of resources; the first of them has no name.

    The connection is made when it is needed, and made anew after anything went wrong; `stop` ends it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        *,
        now: WallClock,
        group: str = "",
        answer_s: float = ANSWER_S,
    ) -> None:
        self._session = session
        self._url = WebClient(session, url).at(_PATH)
        self._now = now
        self._group = group
        self._answer_s = answer_s
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._tree: dict[str, Any] = {}
        self._listener: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    @override
    async def read(self) -> Compute:
        """Say how it stands. Errors: ExecutorError and its kin."""
        running = [unit for unit in await self.units() if unit.state == _RUNNING and not unit.paused]
        known = [unit.progress for unit in running if unit.progress is not None]
        return Compute(
            at=self._now(),
            busy=bool(running),
            committed=False,
            name=running[0].project if running else None,
            progress=sum(known) / len(known) if known else None,
        )

    async def units(self) -> list[FoldingUnit]:
        """Return the units of work it has. Errors: ExecutorError and its kin."""
        await self._connected()
        return folding_tree.units(self._tree)

    async def is_paused(self) -> bool | None:
        """Return whether its group is paused, None where it does not tell. Errors: ExecutorError and its kin."""
        await self._connected()
        return folding_tree.is_paused(self._tree, self._group)

    async def cpus(self) -> int | None:
        """Return how many processors its group may use, None where it does not tell. Errors: ExecutorError, its kin."""
        await self._connected()
        return folding_tree.cpus(self._tree, self._group)

    async def command(self, state: FoldingState) -> None:
        """Let it fold, finish or pause. Errors: ExecutorError and its kin."""
        await self._send({"cmd": "state", "state": state.value, "group": self._group})

    async def set_cpus(self, cpus: int) -> None:
        """Let it use so many processors. Errors: InvalidValueError; ExecutorError and its kin."""
        if not 0 <= cpus <= _MOST_CPUS:
            raise InvalidValueError("so many processors cannot be", value=str(cpus))
        await self._send({"cmd": "config", "config": {"groups": {self._group: {"cpus": cpus}}}})

    async def stop(self) -> None:
        """Hang up; the client goes on as it is."""
        async with self._connecting:
            await self._hang_up()

    async def _send(self, message: dict[str, Any]) -> None:
        socket = await self._connected()
        try:
            async with asyncio.timeout(self._answer_s):
                await socket.send_json(message)
        except TimeoutError, OSError, aiohttp.ClientError:
            raise ExecutorUnreachableError(f"no answer from {self._url.host}") from None

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        async with self._connecting:
            if self._socket is not None and not self._socket.closed and self._listener and not self._listener.done():
                return self._socket
            await self._hang_up()
            try:
                async with asyncio.timeout(self._answer_s):
                    return await self._connect()
            except TimeoutError, OSError, aiohttp.ClientConnectionError:
                await self._hang_up()
                raise ExecutorUnreachableError(f"no answer from {self._url.host}") from None
            except (aiohttp.ClientError, TypeError, ValueError) as error:
                await self._hang_up()
                raise GarbageError(f"no Folding@home client: {type(error).__name__}") from None
            except BaseException:
                await self._hang_up()
                raise

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        self._socket = await self._session.ws_connect(self._url, heartbeat=_HEARTBEAT_S, max_msg_size=_LARGEST_MESSAGE)
        self._tree = folding_tree.first(parsed(await self._socket.receive_str()))
        self._listener = asyncio.create_task(self._listen(self._socket, self._tree), name="Folding@home")
        return self._socket

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse, tree: dict[str, Any]) -> None:
        """Take changes in until the connection ends; one that does not fit ends it."""
        with suppress(ExecutorError):
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    folding_tree.change(tree, parsed(message.data))

    async def _hang_up(self) -> None:
        listener, self._listener = self._listener, None
        socket, self._socket = self._socket, None
        if listener is not None:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
        if socket is not None:
            with suppress(TimeoutError, OSError, aiohttp.ClientError):
                async with asyncio.timeout(1.0):
                    await socket.close()
