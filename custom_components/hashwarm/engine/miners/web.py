"""A thin HTTP client for miners: JSON in and out, every failure one typed error, no answer without an end."""

from collections.abc import Mapping
from dataclasses import dataclass
import json
from typing import Any

import aiohttp
from yarl import URL

from ..model.errors import DeviceAuthError, DeviceGarbageError, DeviceRefusedError, DeviceUnreachableError
from .driver import MinerAddress

LARGEST_ANSWER = 1 << 20
CHUNK = 1 << 16
_REFUSED, _UNAUTHORISED = 400, {401, 403}


@dataclass(frozen=True, kw_only=True)
class WebAnswer:
    """One answer as it came."""

    status: int
    raw: bytes
    challenge: str = ""
    """What kind of log-in it asks for (WWW-Authenticate)."""


class WebClient:
    """Speaks to one miner over Home Assistant's session. `port` is the family's usual one."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        address: MinerAddress,
        *,
        port: int = 80,
        middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = (),
    ) -> None:
        self._session = session
        self._base = URL.build(scheme="http", host=address.host, port=address.port or port)
        self._middlewares = middlewares

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> WebAnswer:
        """Return the answer, whatever its status. Errors: DeviceUnreachableError, DeviceGarbageError."""
        try:
            async with self._session.request(
                method,
                self._base.with_path(path),
                json=body,
                headers=headers,
                params=params,
                allow_redirects=False,
                middlewares=self._middlewares or None,
            ) as response:
                challenge = response.headers.get("WWW-Authenticate", "")
                return WebAnswer(status=response.status, raw=await _limited(response), challenge=challenge)
        except TimeoutError, OSError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError:
            raise DeviceUnreachableError(f"no answer from {self._base.host}") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise DeviceGarbageError(f"{method} {path}: {type(error).__name__}") from None

    async def json(self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Return the JSON of an answer that says yes; None for an empty one.

        Errors: DeviceUnreachableError, DeviceAuthError, DeviceRefusedError, DeviceGarbageError.
        """
        raw = await self.tell(method, path, body=body, headers=headers)
        return parsed(raw) if raw.strip() else None

    async def tell(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Return an answer that says yes as it came, for writes that are answered in prose.

        Errors: DeviceUnreachableError, DeviceAuthError, DeviceRefusedError, DeviceGarbageError.
        """
        answer = await self.request(method, path, body=body, headers=headers)
        if answer.status in _UNAUTHORISED:
            raise DeviceAuthError(f"{method} {path}: {answer.status}")
        if answer.status >= _REFUSED:
            raise DeviceRefusedError(f"{method} {path}: {answer.status}")
        return answer.raw

    async def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at a path. Errors: those of `json`."""
        answer = await self.json("GET", path, headers=headers)
        if not isinstance(answer, dict):
            raise DeviceGarbageError(f"GET {path}: no object")
        return answer


def parsed(raw: bytes) -> Any:
    """Return JSON, read with all the tolerance that firmwares need. Errors: DeviceGarbageError."""
    try:
        return json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise DeviceGarbageError(f"no JSON: {type(error).__name__}") from None


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    parts = bytearray()
    async for part in response.content.iter_chunked(CHUNK):
        parts += part
        if len(parts) > LARGEST_ANSWER:
            raise DeviceGarbageError("the answer has no end")
    return bytes(parts)
