"""Starts the pieces of the demo in order and carries the watts from Home Assistant to the room."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import json
from pathlib import Path
import socket
import sys

import aiohttp

from simulators.miners.catalogue import SPECIMENS

from .ai import AiCorner
from .assistant import start_assistant
from .client import HEATER_TITLE, HomeClient
from .config import write_config
from .dashboard import install_dashboard
from .miners import MinerTown
from .processes import Processes
from .waiting import wait_for_ids, wait_for_state

CARRY_EVERY_S = 1.0
NEEDED = frozenset(
    {
        "climate",
        "number.manual_power",
        *(f"sensor.{key}" for key in ("energy", "hash_rate", "power", "power_target", "status", "why")),
    }
)
# The demo asks nothing of the internet; round figures near those of late 2026, in EUR.
MARKET = {"market_online": False, "manual_difficulty": 150e12, "manual_btc_price": 90_000}
WORDS = """
  Turn the thermostat. A real miner on this machine follows, a practice pool on
  loopback takes its shares, and a simulated insulated box, small enough for the
  watts of this CPU, warms up in real time. Nothing is sped up or scaled.
  Difficulty and Bitcoin price are given by hand: the demo asks nothing of the internet.
  Ctrl-C stops everything.
"""


class DemoHome:
    """Owner of the demo's processes and of the wire between heater and room."""

    words = WORDS

    def __init__(
        self,
        root: Path,
        folder: Path,
        port: int,
        say: Callable[[str], None],
        *,
        pool_port: int | None = None,
        miners: bool = False,
        ai: bool = False,
    ) -> None:
        """Prepare; with `pool_port` the pool that listens there is used and no practice pool is started.

        With `miners` one emulated miner of each family heats a room of its own beside this machine, with `ai` this
        machine runs AI jobs too.
        """
        self.folder = folder
        self.port = port
        self._root = root
        self._say = say
        self._pool_port = pool_port
        self._miners = MinerTown(folder) if miners else None
        self._ai = AiCorner(root, folder) if ai else None
        folder.mkdir(parents=True, exist_ok=True)
        self.processes = Processes(folder)
        self._wire: asyncio.Task[None] | None = None

    async def start(self, client: HomeClient) -> None:
        """Start pool, room and Home Assistant; set up the heater if it is not there yet."""
        self._say("the simulated box" if self._pool_port else "the practice pool and the simulated box")
        pool_port, room_port = self._ports()
        if self._pool_port is None:
            await self._start_simulator("simulators.practice_pool", pool_port)
        await self._start_simulator("simulators.room", room_port)
        config = self.folder / "config"
        town = None
        if self._miners is not None:
            self._say(f"{len(SPECIMENS)} emulated miners, each in a room of its own")
            await self._miners.start(self.processes, self._root)
            town = (self._miners.port, {family: specimen.title for family, specimen in SPECIMENS.items()})
        integration = self._root / "custom_components" / "hashwarm"
        write_config(config, integration, room_port=room_port, port=self.port, miners=town)
        self._say("Home Assistant (5 to 10 s, the first time up to 20 s)")
        await start_assistant(self.processes, self._root, config, client)
        if all(entry["title"] != HEATER_TITLE for entry in await client.entries()):
            self._say("adding the Hashwarm heater, as Settings > Add integration would (it hashes for a second)")
            await self._add_heater(client, self._pool_port or pool_port)
        await self._settle(client)
        ids = await wait_for_ids(client, NEEDED)
        # A home of last time answers before its heater stands.
        await wait_for_state(client, ids["number.manual_power"])
        heater_w = await self._fit_box(client, ids["number.manual_power"], room_port)
        views = await self._miners.settle(client, self._say) if self._miners is not None else []
        if self._ai is not None:
            views += await self._ai.settle(client, heater_w, self._say)
        await install_dashboard(client, ids, views)
        self._wire = asyncio.create_task(self._carry_watts(client, ids["sensor.power"], room_port))

    async def stop(self) -> None:
        """Cut the wire and stop the processes."""
        if self._wire is not None:
            self._wire.cancel()
            with suppress(asyncio.CancelledError):
                await self._wire
        await self.processes.stop()

    def _ports(self) -> tuple[int, int]:
        """Return the ports of pool and room; the same ones each time, for the heater of last time knows them."""
        kept = self.folder / "ports.json"
        if not kept.exists():
            with socket.socket() as first, socket.socket() as second:
                first.bind(("127.0.0.1", 0))
                second.bind(("127.0.0.1", 0))
                kept.write_text(json.dumps([first.getsockname()[1], second.getsockname()[1]]))
        pool_port, room_port = json.loads(kept.read_text())
        return pool_port, room_port

    async def _start_simulator(self, module: str, port: int) -> None:
        name = module.rsplit(".", 1)[1].replace("_", "-")
        arguments = [sys.executable, "-m", module, "--port", str(port)]
        environment = {"PYTHONPATH": str(self._root)}
        await self.processes.start_and_wait(name, arguments, environment=environment, ready=f":{port}")

    async def _add_heater(self, client: HomeClient, pool_port: int) -> None:
        await wait_for_state(client, "sensor.demo_box_temperature")
        await client.run_flow(
            [
                {"next_step_id": "this_machine"},
                {
                    "room_sensor": "sensor.demo_box_temperature",
                    "outdoor_sensor": "sensor.demo_outdoor_temperature",
                    "room_response": "box",
                },
                {"pool": f"127.0.0.1:{pool_port}", "user": "demo.heater", "password": "x"},
                {"price": 0.30},
            ]
        )

    async def _settle(self, client: HomeClient) -> None:
        """Tell a new home the rest; also one that was killed before it was told all of it."""
        told = self.folder / "settled"
        if told.exists():
            return
        ids = await wait_for_ids(client, NEEDED)
        await client.set_home_options("market", MARKET)
        device = {"stat_consumption": ids["sensor.energy"], "stat_rate": ids["sensor.power"]}
        await client.command({"type": "energy/save_prefs", "device_consumption": [device]})
        await client.call(
            "climate", "set_temperature", {"entity_id": ids["climate"], "temperature": 21, "hvac_mode": "heat"}
        )
        told.touch()

    async def _fit_box(self, client: HomeClient, number: str, room_port: int) -> float:
        """Choose a box that this machine's watts can warm, and say which; return those watts."""
        state = await client.get(f"/api/states/{number}")
        heater_w = float(state["attributes"]["max"])
        async with aiohttp.ClientSession() as session:
            answer = await session.put(f"http://127.0.0.1:{room_port}/box", json={"heater_w": heater_w})
            loss = (await answer.json())["air_to_outdoor_w_per_k"]
        self._say(f"the box fits this machine: a heater of {heater_w:.0f} W, a loss of {loss:.2f} W per K")
        return heater_w

    async def _carry_watts(self, client: HomeClient, power_entity: str, room_port: int) -> None:
        url = f"http://127.0.0.1:{room_port}/power"
        async with aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError, RuntimeError, ValueError, TimeoutError):
                    power_w = float(await client.state(power_entity) or "nan")
                    if power_w == power_w:  # noqa: PLR0124 - NaN is no power
                        await session.put(url, json={"power_w": power_w})
                await asyncio.sleep(CARRY_EVERY_S)
