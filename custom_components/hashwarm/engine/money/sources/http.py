"""One bounded GET of JSON."""

from http import HTTPStatus
import json
import math
import re

import aiohttp

from ...model.errors import SourceError
from ..figures import RateLimitedError

_TIMEOUT = aiohttp.ClientTimeout(total=20)
_MAX_BYTES = 262_144


def shown(url: str) -> str:
    """Return the host and port of an address: user, password, path and query may be secrets."""
    return re.split(r"[/?#]", url.rpartition("://")[2].rpartition("@")[2], maxsplit=1)[0]


async def get_json(session: aiohttp.ClientSession, url: str) -> object:
    """Return the JSON at an address. Errors: RateLimitedError, SourceError."""
    try:
        async with session.get(url, timeout=_TIMEOUT, allow_redirects=True) as response:
            _check(response)
            body = await _bounded(response.content)
        return json.loads(body)
    except (aiohttp.ClientError, TimeoutError) as error:
        # The text of such an error may hold the whole address.
        raise SourceError(f"{shown(url)}: {type(error).__name__}") from None
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{shown(url)}: no JSON") from error


def _check(response: aiohttp.ClientResponse) -> None:
    """Raise unless the server answered well."""
    host = shown(str(response.url))
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimitedError(f"{host}: too many requests", retry_after(response.headers.get("Retry-After")))
    if response.status != HTTPStatus.OK:
        raise SourceError(f"{host}: HTTP {response.status}")


async def _bounded(stream: aiohttp.StreamReader) -> bytes:
    """Return a body of believable size."""
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise SourceError("The answer is too long")
    return bytes(body)


def retry_after(header: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for; its date form is left to our own patience."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def number(value: object, low: float, high: float, name: str) -> float:
    """Return a number, also from its text, within bounds. Errors: SourceError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise SourceError(f"{name} is no number")
    try:
        parsed = float(value)
    except (ValueError, OverflowError) as error:
        raise SourceError(f"{name} is no number") from error
    if not low <= parsed <= high:
        raise SourceError(f"{name} is {parsed}, expected {low} to {high}")
    return parsed


def member(value: object, key: str) -> object:
    """Return one field of a JSON object. Errors: SourceError."""
    if not isinstance(value, dict) or key not in value:
        raise SourceError(f"{key} is missing")
    return value[key]
