"""The house over HTTP on the loopback, in real time: its sensors, its prices, and beside them its miner."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import tzinfo
import json
from pathlib import Path

from aiohttp import web

from .forecast import forecast
from .living import House
from .prices import price_sensor

TICK_S = 1.0
KEPT_EVERY_S = 60.0


class HouseServer:
    """GET /state, GET /prices, GET /forecast; how the house stands is kept in a file for the next start."""

    def __init__(self, house: House, kept: Path, zone: tzinfo, *, now: Callable[[], float]) -> None:
        self.house = house
        self._kept = kept
        self._zone = zone
        self._now = now
        self._runner: web.AppRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self, host: str, port: int, miner_port: int) -> None:
        """Listen, for people and as a miner, and let time pass."""
        await self.house.miner.start(host, miner_port)
        app = web.Application()
        app.add_routes(
            [
                web.get("/state", self._get_state),
                web.get("/prices", self._get_prices),
                web.get("/forecast", self._get_forecast),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = self._runner.addresses[0][1]
        self._task = asyncio.create_task(self._pass_time())

    async def stop(self) -> None:
        """Stop listening and ticking, and keep how things stand."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._runner is not None:
            await self._runner.cleanup()
        await self.house.miner.stop()
        self.keep()

    def keep(self) -> None:
        """Write down how the house stands."""
        new = self._kept.with_suffix(".new")
        new.write_text(json.dumps(self.house.kept()))
        new.replace(self._kept)

    async def _pass_time(self) -> None:
        kept_at = self._now()
        while True:
            await asyncio.sleep(TICK_S)
            self.house.live(self._now())
            if self._now() - kept_at >= KEPT_EVERY_S:
                kept_at = self._now()
                self.keep()

    async def _get_state(self, _request: web.Request) -> web.Response:
        house = self.house
        return web.json_response(
            {**house.told, "mass_c": round(house.room.mass_c, 2), "writes": len(house.miner.writes)}
        )

    async def _get_prices(self, _request: web.Request) -> web.Response:
        return web.json_response(price_sensor(self._now(), self._zone))

    async def _get_forecast(self, _request: web.Request) -> web.Response:
        weather = self.house.weather
        now = self._now()
        return web.json_response({"sky": weather.sky(now).value, "hours": forecast(weather, now)})
