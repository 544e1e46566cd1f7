"""JSON-RPC of a Bitcoin node."""

import itertools
from pathlib import Path
from typing import Any

import aiohttp


class RpcError(Exception):
    """The node refused a call or did not answer."""


class NodeRpc:
    """Calls a node; the cookie file holds user:password and is read once per call, for the node renews it."""

    def __init__(self, session: aiohttp.ClientSession, url: str, cookie: Path) -> None:
        self._session = session
        self._url = url
        self._cookie = cookie
        self._ids = itertools.count(1)

    async def call(self, method: str, *params: Any) -> Any:
        """Return the result. Errors: RpcError."""
        body = {"jsonrpc": "1.0", "id": next(self._ids), "method": method, "params": params}
        try:
            user, _, password = self._cookie.read_text().strip().partition(":")
            headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
            async with self._session.post(self._url, json=body, headers=headers) as response:
                answer = await response.json(content_type=None)
        except (OSError, aiohttp.ClientError, ValueError) as error:
            raise RpcError(f"{method}: {error}") from error
        if answer.get("error"):
            raise RpcError(f"{method}: {answer['error'].get('message')}")
        return answer.get("result")
