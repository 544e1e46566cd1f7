"""A thin client for the cgminer way: one TCP connection per request, the answer ends with a NUL or the connection."""

import asyncio
from collections.abc import Awaitable, Callable
import json
from typing import Any

from ..model.errors import DeviceGarbageError, DeviceUnreachableError
from .driver import MinerAddress
from .web import CHUNK, LARGEST_ANSWER, parsed

CGMINER_PORT = 4028

type OpenConnection = Callable[[str, int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class RpcClient:
    """Speaks to one miner. `port` is the family's usual one."""

    def __init__(
        self, address: MinerAddress, *, port: int = CGMINER_PORT, connect: OpenConnection = asyncio.open_connection
    ) -> None:
        self._host = address.host
        self._port = address.port or port
        self._connect = connect

    async def exchange(self, request: bytes, *, answer: bool = True) -> bytes:
        """Send bytes and return what comes back before a NUL or the end.

        Errors: DeviceUnreachableError, DeviceGarbageError.
        """
        try:
            reader, writer = await self._connect(self._host, self._port)
        except OSError:
            raise DeviceUnreachableError(f"no answer from {self._host}") from None
        try:
            writer.write(request)
            await writer.drain()
            return await _until_end(reader) if answer else b""
        except OSError:
            raise DeviceUnreachableError(f"{self._host} hung up") from None
        finally:
            # A device that hangs must not keep the good-bye waiting.
            writer.transport.abort()

    async def command(self, command: str, parameter: str | None = None) -> dict[str, Any]:
        """Return the answer to a command in cgminer's JSON form. Errors: those of `exchange`."""
        request = {"command": command} | ({"parameter": parameter} if parameter is not None else {})
        answer = parsed(await self.exchange(json.dumps(request).encode()))
        if not isinstance(answer, dict):
            raise DeviceGarbageError(f"{command}: no object")
        return answer


async def _until_end(reader: asyncio.StreamReader) -> bytes:
    parts = bytearray()
    while part := await reader.read(CHUNK):
        parts += part
        if b"\0" in part:
            break
        if len(parts) > LARGEST_ANSWER:
            raise DeviceGarbageError("the answer has no end")
    if not parts:
        raise DeviceUnreachableError("the connection ended without an answer")
    return bytes(parts.partition(b"\0")[0])
