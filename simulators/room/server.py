"""The room behind HTTP on loopback: it is told the watts really drawn and says how warm it is."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import json

from aiohttp import web

from .physics import DAY_S, Room, insulated_box
from .sensor import Sensor, SensorFault

TICK_S = 0.5
# A heater that stops reporting its watts must not go on warming the room.
POWER_VALID_S = 15.0


class RoomServer:
    """Runs the room in real time.

    GET /state, PUT /power {"power_w": W}, PUT /fault {"fault": name}, PUT /box {"heater_w": W}.
    """

    def __init__(
        self, room: Room, sensor: Sensor, *, clock: Callable[[], float], time_of_day: Callable[[], float]
    ) -> None:
        self.room = room
        self.sensor = sensor
        self._clock = clock
        self._time_of_day = time_of_day
        self._power_w = 0.0
        self._power_at_s = clock()
        self._runner: web.AppRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen and let time pass."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/state", self._get_state),
                web.put("/power", self._put_power),
                web.put("/fault", self._put_fault),
                web.put("/box", self._put_box),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._task = asyncio.create_task(self._pass_time())

    async def stop(self) -> None:
        """Stop listening and ticking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def power_w(self) -> float:
        """Return the watts that warm the room now."""
        return self._power_w if self._clock() - self._power_at_s <= POWER_VALID_S else 0.0

    async def _pass_time(self) -> None:
        before_s = self._clock()
        while True:
            await asyncio.sleep(TICK_S)
            now_s = self._clock()
            self.room.advance(self.power_w, now_s - before_s, self._time_of_day() % DAY_S)
            self.sensor.follow(self.room.air_c, now_s - before_s)
            before_s = now_s

    async def _get_state(self, _request: web.Request) -> web.Response:
        outdoor_c = self.room.climate.outdoor_c(self._time_of_day() % DAY_S)
        state = {
            "room_c": self.sensor.read(),
            "air_c": round(self.room.air_c, 3),
            "mass_c": round(self.room.mass_c, 3),
            "outdoor_c": round(outdoor_c, 1),
            "power_w": round(self.power_w, 2),
            "building": self.room.building.name,
        }
        return web.json_response(state)

    async def _put_power(self, request: web.Request) -> web.Response:
        self._power_w = max(float((await request.json())["power_w"]), 0.0)
        self._power_at_s = self._clock()
        return web.json_response({})

    async def _put_box(self, request: web.Request) -> web.Response:
        self.room.building = insulated_box(float((await request.json())["heater_w"]))
        return web.json_response({"air_to_outdoor_w_per_k": self.room.building.air_to_outdoor_w_per_k})

    async def _put_fault(self, request: web.Request) -> web.Response:
        try:
            self.sensor.fault = SensorFault((await request.json())["fault"])
        except (ValueError, KeyError, json.JSONDecodeError) as error:
            raise web.HTTPBadRequest(text=f"fault is one of {', '.join(SensorFault)}") from error
        return web.json_response({})
