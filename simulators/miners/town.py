"""A town of rooms, each with a miner of another family; all of it over HTTP on the loopback, in real time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from simulators.room.physics import Building, Climate, Room
from simulators.room.sensor import Sensor

from .catalogue import SPECIMENS
from .emulator import Emulator, Fault

TICK_S = 1.0
OUTDOOR_C = 5.0
WARM_C = 24.0
START_C = 17.0


def room_for(heater_w: float) -> Room:
    """Return a small room that this heater at full power holds at 24 °C, and warms by a kelvin in minutes."""
    loss_w_per_k = heater_w / (WARM_C - OUTDOOR_C)
    building = Building(
        name="small room",
        air_j_per_k=300.0 * loss_w_per_k,
        mass_j_per_k=2400.0 * loss_w_per_k,
        air_to_mass_w_per_k=6.0 * loss_w_per_k,
        air_to_outdoor_w_per_k=loss_w_per_k,
    )
    return Room(building=building, climate=Climate(mean_c=OUTDOOR_C, swing_k=0.0), air_c=START_C, mass_c=START_C)


@dataclass
class House:
    """A miner and the room that it warms."""

    emulator: Emulator
    room: Room
    sensor: Sensor
    energy_ws: float = 0.0

    def pass_time(self, elapsed_s: float) -> None:
        """Warm the room with the watts really drawn."""
        energy_ws = self.emulator.machine.energy_ws
        self.room.advance((energy_ws - self.energy_ws) / elapsed_s, elapsed_s, 0.0)
        self.sensor.follow(self.room.air_c, elapsed_s)
        self.energy_ws = energy_ws


def _house(family: str) -> House:
    emulator = SPECIMENS[family].make()
    return House(emulator, room_for(emulator.machine.power_w), Sensor(lag_s=10.0, resolution_k=0.01, reading_c=START_C))


class Town:
    """Owns the miners and their rooms.

    GET /state, PUT /FAMILY/fault {"fault": name}, PUT /FAMILY/plug {"on": true}.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.houses = {family: _house(family) for family in SPECIMENS}
        self._clock = clock
        self._runner: web.AppRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self, host: str, port: int, miner_ports: dict[str, int]) -> None:
        """Listen, for people and as miners, and let time pass."""
        for family, house in self.houses.items():
            await house.emulator.start(host, miner_ports.get(family, 0))
        app = web.Application()
        app.add_routes(
            [
                web.get("/state", self._get_state),
                web.put("/{family}/fault", self._put_fault),
                web.put("/{family}/plug", self._put_plug),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
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
        for house in self.houses.values():
            await house.emulator.stop()

    async def _pass_time(self) -> None:
        before_s = self._clock()
        while True:
            await asyncio.sleep(TICK_S)
            now_s = self._clock()
            for house in self.houses.values():
                house.pass_time(now_s - before_s)
            before_s = now_s

    async def _get_state(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                family: {
                    "room_c": house.sensor.read(),
                    "power_w": round(house.emulator.machine.power_w, 1),
                    "plugged": house.emulator.machine.plugged,
                    "fault": house.emulator.fault,
                    "port": house.emulator.port,
                    "requests": sum(house.emulator.requests.values()),
                }
                for family, house in self.houses.items()
            }
        )

    def _house(self, request: web.Request) -> House:
        try:
            return self.houses[request.match_info["family"]]
        except KeyError:
            raise web.HTTPNotFound(text=f"families are {', '.join(self.houses)}") from None

    async def _put_fault(self, request: web.Request) -> web.Response:
        house = self._house(request)
        try:
            house.emulator.fault = Fault((await request.json())["fault"])
        except (ValueError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text=f"fault is one of {', '.join(Fault)}") from error
        return web.json_response({"fault": house.emulator.fault})

    async def _put_plug(self, request: web.Request) -> web.Response:
        house = self._house(request)
        try:
            on = bool((await request.json())["on"])
        except (ValueError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text='the plug takes {"on": true} or {"on": false}') from error
        if on is not house.emulator.machine.plugged:
            await (house.emulator.put_plug_back() if on else house.emulator.pull_plug())
        return web.json_response({"on": on})
