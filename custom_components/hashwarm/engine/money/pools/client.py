"""The one way to ask a pool: bounded, without redirects that carry a key away, with errors that tell no secret."""

from collections.abc import Mapping
from http import HTTPStatus

import aiohttp

from ...model.errors import AccountRefusedError, AccountUnknownError, SourceError
from ..sources.http import decoded, fetch, shown

_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class PoolClient:
    """Asks one pool. `headers` may hold a key."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers or {})

    async def body(self, path: str, *, post: object = None, max_bytes: int = 262_144) -> bytes:
        """Return the body at a path. Errors: AccountUnknownError, AccountRefusedError, SourceError."""
        answer = await fetch(
            self._session,
            self._base_url + path,
            headers=self._headers,
            body=post,
            redirects=not self._headers,
            max_bytes=max_bytes,
        )
        host = shown(self._base_url)
        if answer.status in _REFUSED:
            raise AccountRefusedError(f"{host}: HTTP {answer.status}")
        if answer.status == HTTPStatus.NOT_FOUND:
            raise AccountUnknownError(f"{host}: HTTP {answer.status}")
        if answer.status != HTTPStatus.OK:
            raise SourceError(f"{host}: HTTP {answer.status}")
        return answer.body

    async def json(self, path: str, *, post: object = None, max_bytes: int = 262_144) -> object:
        """Return the JSON at a path, fractions exact. Errors: those of `body`."""
        return decoded(await self.body(path, post=post, max_bytes=max_bytes), self._base_url, exact=True)
