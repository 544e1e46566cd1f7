"""Bounded requests for JSON that tell no secret when they fail, and that ask for nothing twice that did not change."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
import json
import math
import re

import aiohttp

from ...model.errors import SourceError
from ..figures import RateLimitedError

_TIMEOUT = aiohttp.ClientTimeout(total=20)
_MAX_BYTES = 262_144
_CONDITIONS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server said; `conditions` are the headers that ask for it again only if it changed."""

    status: int
    body: bytes
    conditions: Mapping[str, str]


def shown(url: str) -> str:
    """Return the host and port of an address: user, password, path and query may be secrets."""
    return re.split(r"[/?#]", url.rpartition("://")[2].rpartition("@")[2], maxsplit=1)[0]


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: object = None,
    redirects: bool = True,
    max_bytes: int = _MAX_BYTES,
) -> Answer:
    """GET, or POST `body` as JSON; any status is an answer but one that asks for patience.

    Errors: RateLimitedError, SourceError.
    """
    method = "GET" if body is None else "POST"
    try:
        async with session.request(
            method, url, headers=headers, json=body, timeout=_TIMEOUT, allow_redirects=redirects
        ) as response:
            _refuse_haste(response)
            conditions = {
                asks: response.headers[told] for told, asks in _CONDITIONS.items() if told in response.headers
            }
            content = await _bounded(response.content, max_bytes)
            return Answer(status=response.status, body=content, conditions=conditions)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        # The text of such an error may hold the whole address, or a header.
        raise SourceError(f"{shown(url)}: {type(error).__name__}") from None


def decoded(body: bytes, url: str, *, exact: bool = False) -> object:
    """Return the JSON of a body; `exact` keeps fractions as Decimal. Errors: SourceError."""
    try:
        return json.loads(body, parse_float=Decimal if exact else None)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{shown(url)}: no JSON") from error


class JsonReader:
    """Reads JSON; what a server marks with ETag or Last-Modified is sent again only when it changed."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._held: dict[str, Answer] = {}

    async def get(self, url: str) -> object:
        """Return the JSON at an address. Errors: RateLimitedError, SourceError."""
        held = self._held.get(url)
        answer = await fetch(self._session, url, headers=held.conditions if held else None)
        if held is not None and answer.status == HTTPStatus.NOT_MODIFIED:
            return decoded(held.body, url)
        if answer.status != HTTPStatus.OK:
            raise SourceError(f"{shown(url)}: HTTP {answer.status}")
        value = decoded(answer.body, url)
        self._held.pop(url, None)
        if answer.conditions:
            self._held[url] = answer
        return value


def _refuse_haste(response: aiohttp.ClientResponse) -> None:
    """Raise when the server asks for patience: at any 429, and at a 503 that says for how long."""
    header = response.headers.get("Retry-After")
    busy = response.status == HTTPStatus.SERVICE_UNAVAILABLE and header is not None
    if busy or response.status == HTTPStatus.TOO_MANY_REQUESTS:
        wait_s = retry_after(header, response.headers.get("Date"))
        raise RateLimitedError(f"{shown(str(response.url))}: too many requests", wait_s)


async def _bounded(stream: aiohttp.StreamReader, max_bytes: int) -> bytes:
    """Return a body of believable size."""
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) > max_bytes:
            raise SourceError("The answer is too long")
    return bytes(body)


def retry_after(header: str | None, date: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for; a moment in it counts from the answer's own Date."""
    try:
        seconds = float(header or "")
    except ValueError:
        seconds = _seconds_between(date, header)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds_between(start: str | None, end: str | None) -> float:
    """Return the time between two dates of HTTP, NaN where one is none."""
    try:
        return (parsedate_to_datetime(end or "") - parsedate_to_datetime(start or "")).total_seconds()
    except ValueError, TypeError:
        return math.nan


def number(value: object, low: float, high: float, name: str) -> float:
    """Return a number, also from its text, within bounds. Errors: SourceError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
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
