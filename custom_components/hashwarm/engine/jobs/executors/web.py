"""A thin HTTP client for executors: every failure one typed error, no answer without an end, no token to a stranger."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from ...model.errors import ExecutorAuthError, ExecutorRefusedError, ExecutorUnreachableError, InvalidValueError
from .answers import GarbageError, TooLongError, parsed

LARGEST_ANSWER = 1 << 20
ANSWER_S = 15.0
"""A server that says nothing for so long is taken for gone."""
_CHUNK = 1 << 16
_REDIRECT, _REFUSED = 300, 400
NOT_FOUND, TOO_MANY, SERVER_ERROR = 404, 429, 500
_UNAUTHORISED = frozenset({401, 403})
_GATEWAY = frozenset({502, 503, 504})


def base_url(address: str) -> URL:
    """Return a server's address as it may be called. Errors: InvalidValueError."""
    try:
        url = URL(address.strip())
    except (ValueError, TypeError) as error:
        raise InvalidValueError("no web address", value=address[:100]) from error
    if url.scheme not in {"http", "https"} or not url.host or url.query_string or url.fragment:
        raise InvalidValueError("no web address", value=address[:100])
    if url.user is not None or url.password is not None:
        raise InvalidValueError("an address carries no secret")
    return url


@dataclass(frozen=True, kw_only=True)
class WebAnswer:
    """One answer as it came."""

    status: int
    raw: bytes
    retry_after: str | None = None

    def checked(self) -> WebAnswer:
        """Return it where it says yes. Errors: ExecutorError and its kin."""
        if self.status in _UNAUTHORISED:
            raise ExecutorAuthError(f"status {self.status}")
        if self.status in _GATEWAY:
            raise ExecutorUnreachableError(f"status {self.status}")
        if self.status >= _REFUSED:
            raise ExecutorRefusedError(f"status {self.status}")
        if self.status >= _REDIRECT:
            raise GarbageError(f"status {self.status}: redirects are not followed")
        return self

    def json(self) -> Any:
        """Return its JSON where it says yes. Errors: ExecutorError and its kin."""
        return parsed(self.checked().raw)


class WebClient:
    """Speaks to one server over the home's session. `token` goes into the Authorization header and nowhere else."""

    def __init__(
        self, session: aiohttp.ClientSession, url: URL, *, token: str | None = None, answer_s: float = ANSWER_S
    ) -> None:
        self._session = session
        self._base = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = aiohttp.ClientTimeout(total=answer_s)

    def at(self, path: str) -> URL:
        """Return the address of a path, below the path that the server's own address may have."""
        return self._base.with_path(self._base.path.rstrip("/") + path)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        largest: int = LARGEST_ANSWER,
    ) -> WebAnswer:
        """Return the answer, whatever its status. One of more than `largest` bytes is an error.

        Errors: ExecutorUnreachableError, GarbageError.
        """
        try:
            async with self._session.request(
                method,
                self.at(path),
                json=body,
                params=params,
                headers=self._headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                raw = await _limited(response, largest)
                return WebAnswer(status=response.status, raw=raw, retry_after=response.headers.get("Retry-After"))
        except TimeoutError, OSError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError:
            raise ExecutorUnreachableError(f"no answer from {self._base.host}") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise GarbageError(f"{method} {path}: {type(error).__name__}") from None

    async def json(self, method: str, path: str, *, body: Any = None, params: Mapping[str, str] | None = None) -> Any:
        """Return the JSON of an answer that says yes. Errors: ExecutorError and its kin."""
        return (await self.request(method, path, body=body, params=params)).json()

    async def lines(self, path: str) -> str:
        """Return the text of an answer that says yes. Errors: ExecutorError and its kin."""
        return (await self.request("GET", path)).checked().raw.decode("utf-8", "replace")


async def _limited(response: aiohttp.ClientResponse, largest: int) -> bytes:
    parts = bytearray()
    async for part in response.content.iter_chunked(_CHUNK):
        parts += part
        if len(parts) > largest:
            raise TooLongError("the answer has no end")
    return bytes(parts)
