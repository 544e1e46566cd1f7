"""What all fakes of compute share: one port on loopback, and moods in which everything goes wrong."""

import asyncio
from enum import StrEnum
import json

from aiohttp import web
from aiohttp.typedefs import Handler


class Mood(StrEnum):
    """How a server answers."""

    GOOD = "good"
    HTML = "html"
    GARBAGE = "garbage"
    OTHER_SHAPE = "other_shape"
    NAN = "nan"
    """Every number is none."""
    HUGE = "huge"
    HANG = "hang"
    DROP = "drop"
    REDIRECT = "redirect"
    """To `elsewhere`, where a token must never arrive."""
    REFUSED = "refused"
    FORBIDDEN = "forbidden"
    HASTE = "haste"
    ERROR = "error"
    BUSY = "busy"


_PLAIN = {
    Mood.HTML: (200, "<html>Please log in</html>"),
    Mood.GARBAGE: (200, '{"half": '),
    Mood.OTHER_SHAPE: (200, "[[1, null], {}]"),
    Mood.HUGE: (200, '"' + "x" * (9 << 20) + '"'),
    Mood.REFUSED: (401, "Unauthorized"),
    Mood.FORBIDDEN: (403, "Forbidden"),
    Mood.HASTE: (429, "Too many"),
    Mood.ERROR: (500, "Traceback"),
    Mood.BUSY: (503, "busy"),
}


class Stage:
    """Owns one server. Subclasses add their routes and answer in `act`."""

    def __init__(self) -> None:
        self.mood = Mood.GOOD
        self.moods: list[Mood] = []
        """Moods of the next answers, before `mood` holds again."""
        self.retry_after: list[str] = []
        """What the next answers say about when to ask again."""
        self.elsewhere = ""
        self.requests: list[tuple[str, str, str]] = []
        """Method, path and Authorization of what was asked."""
        self.token: str | None = None
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen."""
        app = web.Application(middlewares=[self._in_mood])
        app.add_routes([*self.routes(), web.route("*", "/{path:.*}", self._nothing)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def routes(self) -> list[web.RouteDef]:
        """Return what it serves."""
        return []

    def is_open(self, request: web.Request) -> bool:
        """Tell whether a request needs no token."""
        return request.path == "/open"

    @web.middleware
    async def _in_mood(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        authorisation = request.headers.get("Authorization", "")
        self.requests.append((request.method, request.path_qs, authorisation))
        mood = self.moods.pop(0) if self.moods else self.mood
        if mood is Mood.HANG:
            await asyncio.sleep(3600)
        if mood is Mood.DROP and request.transport is not None:
            request.transport.close()
        if mood is Mood.REDIRECT:
            raise web.HTTPTemporaryRedirect(self.elsewhere)
        if mood in _PLAIN:
            status, text = _PLAIN[mood]
            headers = {"Retry-After": self.retry_after.pop(0)} if self.retry_after else {}
            return web.Response(status=status, text=text, headers=headers)
        if self.token is not None and not self.is_open(request) and authorisation != f"Bearer {self.token}":
            return web.Response(status=403 if authorisation else 401)
        response = await handler(request)
        if mood is Mood.NAN and isinstance(response, web.Response) and isinstance(response.body, bytes):
            return web.Response(text=json.dumps(_without_numbers(json.loads(response.body))))
        return response

    async def _nothing(self, _request: web.Request) -> web.Response:
        return web.Response(status=404, text="404: Not Found")


class Elsewhere(Stage):
    """Where redirects lead; what arrives there is in `requests`."""


def _without_numbers(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_numbers(part) for part in value]
    return float("nan") if isinstance(value, int | float) and not isinstance(value, bool) else value
