"""The market on one port: every figure can be changed while it runs, and every source can have a bad moment."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
import hashlib
import json

from aiohttp import web

SOURCES = ("mempool", "esplora", "coinbase")
_BLOCKS = 144
_FIGURES = ("difficulty", "reward_sat", "fee_sat", "price", "spot_price", "height", "change_percent")


class Mood(StrEnum):
    """How a source answers."""

    GOOD = "good"
    HTML = "html"
    ERROR_IN_200 = "error_in_200"
    HASTE = "haste"
    """429 with Retry-After."""
    BROKEN = "broken"
    SLOW = "slow"
    """Answers after `slow_s`."""


_PLAIN: dict[Mood, Callable[[], web.Response]] = {
    Mood.HTML: lambda: web.Response(text="<html>Please wait</html>", content_type="text/html"),
    Mood.ERROR_IN_200: lambda: web.json_response({"error": "Internal error"}),
    Mood.HASTE: lambda: web.Response(status=429, headers={"Retry-After": "1800"}),
    Mood.BROKEN: lambda: web.Response(status=503, headers={"Retry-After": "900"}),
}


class PracticeMarket:
    """Owns the server. Base addresses: `url(source)`. GET /state, PUT /state {figure: value}, PUT /mood/SOURCE.

    Prices are those of a bitcoin in `currency`; `past_prices` answers for moments of the past.
    """

    def __init__(self, *, now: Callable[[], datetime], currency: str = "EUR") -> None:
        self.currency = currency
        self.difficulty = 150e12
        self.reward_sat = 314_500_000
        self.fee_sat = 2_000_000
        self.price = 90_000.0
        self.spot_price = 90_100.0
        """At Coinbase."""
        self.height = 900_143
        self.change_percent = -2.5
        self.past_prices: Callable[[datetime], float] = lambda _at: self.price
        self.moods = dict.fromkeys(SOURCES, Mood.GOOD)
        self.slow_s = 60.0
        self.requests: Counter[str] = Counter()
        self.unchanged = 0
        """How often 304 was enough."""
        self.port = 0
        self._now = now
        self._runner: web.AppRunner | None = None

    def url(self, source: str) -> str:
        """Return the base address to give to a source."""
        return f"http://127.0.0.1:{self.port}/{source}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen."""
        app = web.Application()
        mempool = "/mempool/api/v1"
        app.add_routes(
            [
                web.get("/state", self._get_state),
                web.put("/state", self._put_state),
                web.put("/mood/{source}", self._put_mood),
                web.get(f"{mempool}/mining/hashrate/3d", self._in_mood(self._hashrate)),
                web.get(f"{mempool}/mining/reward-stats/144", self._in_mood(self._rewards)),
                web.get(f"{mempool}/prices", self._in_mood(self._prices)),
                web.get(f"{mempool}/difficulty-adjustment", self._in_mood(self._adjustment)),
                web.get(f"{mempool}/historical-price", self._in_mood(self._historical_price)),
                web.get("/mempool/api/blocks", self._in_mood(self._blocks)),
                web.get("/esplora/api/blocks", self._in_mood(self._blocks)),
                web.get("/coinbase/v2/prices/{pair}/spot", self._in_mood(self._spot)),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _in_mood(self, tell: Callable[[web.Request], object]) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Return a handler that answers in the mood of the source, and with 304 where nothing changed."""

        async def handle(request: web.Request) -> web.Response:
            source = request.path.split("/")[1]
            self.requests[request.path] += 1
            if self.moods[source] is Mood.SLOW:
                await asyncio.sleep(self.slow_s)
            elif self.moods[source] is not Mood.GOOD:
                return _PLAIN[self.moods[source]]()
            text = json.dumps(tell(request))
            tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
            if request.headers.get("If-None-Match") == tag:
                self.unchanged += 1
                return web.Response(status=304, headers={"ETag": tag})
            return web.Response(text=text, content_type="application/json", headers={"ETag": tag})

        return handle

    def _hashrate(self, _request: web.Request) -> object:
        rate_hs = self.difficulty * 2**32 / 600
        return {
            "hashrates": [],
            "difficulty": [],
            "currentHashrate": rate_hs,
            "currentDifficulty": self.difficulty,
        }

    def _rewards(self, _request: web.Request) -> object:
        return {
            "startBlock": self.height - _BLOCKS + 1,
            "endBlock": self.height,
            "totalReward": str(self.reward_sat * _BLOCKS),
            "totalFee": str(self.fee_sat * _BLOCKS),
            "totalTx": "400000",
        }

    def _prices(self, _request: web.Request) -> object:
        return {"time": int(self._now().timestamp()), self.currency: self.price}

    def _historical_price(self, request: web.Request) -> object:
        at = datetime.fromtimestamp(int(request.query["timestamp"]), self._now().tzinfo)
        told = self.past_prices(at) if request.query["currency"] == self.currency else -1
        price = {"time": int(at.timestamp()), request.query["currency"]: told}
        return {"prices": [price], "exchangeRates": {}}

    def _adjustment(self, _request: web.Request) -> object:
        left = 2016 - self.height % 2016
        at_ms = int((self._now().timestamp() + left * 600) // 3600 * 3_600_000)
        return {"difficultyChange": self.change_percent, "estimatedRetargetDate": at_ms, "remainingBlocks": left}

    def _blocks(self, _request: web.Request) -> object:
        return [
            {"id": f"{height:064x}", "height": height, "timestamp": 1_790_000_000, "difficulty": self.difficulty}
            for height in range(self.height, self.height - 10, -1)
        ]

    def _spot(self, request: web.Request) -> object:
        base, _, currency = request.match_info["pair"].partition("-")
        if currency != self.currency:
            raise web.HTTPNotFound
        return {"data": {"amount": f"{self.spot_price:.2f}", "base": base, "currency": currency}}

    async def _get_state(self, _request: web.Request) -> web.Response:
        figures: dict[str, object] = {name: getattr(self, name) for name in _FIGURES}
        return web.json_response(figures | {"moods": self.moods, "requests": dict(self.requests)})

    async def _put_state(self, request: web.Request) -> web.Response:
        try:
            changes = {name: float(value) for name, value in (await request.json()).items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise web.HTTPBadRequest(text="figures are numbers") from error
        if not changes.keys() <= set(_FIGURES):
            raise web.HTTPBadRequest(text=f"figures are {', '.join(_FIGURES)}")
        for name, value in changes.items():
            setattr(self, name, type(getattr(self, name))(value))
        return await self._get_state(request)

    async def _put_mood(self, request: web.Request) -> web.Response:
        source = request.match_info["source"]
        if source not in self.moods:
            raise web.HTTPNotFound(text=f"sources are {', '.join(SOURCES)}")
        try:
            self.moods[source] = Mood((await request.json())["mood"])
        except (ValueError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text=f"mood is one of {', '.join(Mood)}") from error
        return web.json_response({"mood": self.moods[source]})
