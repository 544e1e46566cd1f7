"""A Folding@home v8 client's websocket: the whole tree first, then changes; it obeys what it is told."""

import asyncio
from contextlib import suppress
from copy import deepcopy
import json
from typing import Any, override

from aiohttp import WSMsgType, web

from .stage import Stage

TREE: dict[str, Any] = {
    "info": {"version": "8.5.7", "cpus": 8},
    "config": {"team": 0},
    "groups": {"": {"config": {"paused": False, "finish": False, "cpus": 8}}, "gpu": {"config": {"paused": True}}},
    "units": [
        {
            "id": "u1",
            "state": "RUN",
            "progress": 0.25,
            "wu_progress": 0.24,
            "ppd": 120000,
            "cpus": 8,
            "assignment": {"project": 18201, "deadline": "2026-11-25T00:00:00Z"},
        }
    ],
    "log": ["line"],
}


class FakeFolding(Stage):
    """`first` replaces what is sent at the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = deepcopy(TREE)
        self.first: str | None = None
        self.silent = False
        self.commands: list[dict[str, Any]] = []
        self.sockets: set[web.WebSocketResponse] = set()

    @override
    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/websocket", self._serve)]

    async def send(self, *messages: Any) -> None:
        """Tell everybody of changes, or of whatever else."""
        for socket in list(self.sockets):
            for message in messages:
                await socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def hang_up(self) -> None:
        """End all connections."""
        for socket in list(self.sockets):
            await socket.close()

    @override
    async def stop(self) -> None:
        await self.hang_up()
        await super().stop()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.silent:
            await asyncio.sleep(3600)
        self.sockets.add(socket)
        try:
            await socket.send_str(json.dumps(self.tree) if self.first is None else self.first)
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._obey(json.loads(message.data))
        finally:
            with suppress(KeyError):
                self.sockets.remove(socket)
        return socket

    async def _obey(self, command: dict[str, Any]) -> None:
        self.commands.append(command)
        if command["cmd"] == "state":
            paused = command["state"] == "pause"
            await self.send(["groups", command["group"], "config", "paused", paused])
            await self.send(["units", 0, "pause_reason", "Paused by user" if paused else None])
