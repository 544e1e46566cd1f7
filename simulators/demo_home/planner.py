"""The demo of the planner: an open living room with a past of ten days, which Home Assistant has recorded."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
import json
from pathlib import Path
import sys
from typing import Any

from simulators.house.days import ENTITIES, PRICE, WEATHER
from simulators.miners.catalogue import SPECIMENS

from .assistant import environment, start_assistant
from .client import HomeClient
from .config import BASIS, write_folder
from .dashboard import save_dashboard
from .planner_page import HOUSE, NEEDED, planner_view
from .ports import kept_ports
from .processes import Processes
from .waiting import wait_for_ids, wait_for_state

SCHEDULE = "schedule.warm_hours"
WARM_HOURS = {"from": "06:30:00", "to": "22:30:00"}
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PLAN_LIMIT_S = 180.0
PLANNED_SLOTS = 96
WORDS = """
  Hashwarm learned how this house keeps its heat from the ten days that Home Assistant
  has recorded of it, and plans the next 24 hours. Turn the thermostat: the plan follows
  at once. Change the schedule *Warm hours*: it follows within five minutes.
  Simulated are the house, its winter, the prices and those ten days, in which a plain
  thermostat heated; the miner is emulated. From now on all of it lives in real time.
  Ctrl-C stops everything.
"""


class PlannerHome:
    """Owner of the house, of its miner and of the Home Assistant that heats it."""

    words = WORDS

    def __init__(self, root: Path, folder: Path, port: int, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.port = port
        self._root = root
        self._say = say
        folder.mkdir(parents=True, exist_ok=True)
        self.processes = Processes(folder)

    async def start(self, client: HomeClient) -> None:
        """Start the house, have its past recorded, start Home Assistant, and wait for the first plan."""
        ports = kept_ports(self.folder / "ports.json", ["house", "miner"])
        config = self.folder / "config"
        write_folder(config, self._root / "custom_components" / "hashwarm", BASIS + _sensors(ports["house"]), self.port)
        if not self._known.exists():
            self._forget_past(config)
        self._say("a simulated house and its past, in which a plain thermostat drove the miner")
        await self._start_house(ports)
        await self._record_past(config)
        self._say("Home Assistant (5 to 20 s)")
        await start_assistant(self.processes, self._root, config, client)
        entry_id = await self._heater(client, ports["miner"])
        ids = await wait_for_ids(client, NEEDED, entry_id)
        await save_dashboard(client, {"views": [planner_view(ids)]})
        self._say("Hashwarm gets to know the house, and plans")
        self._say(told_of(await self._plan(client, ids)))

    async def stop(self) -> None:
        """Stop the processes."""
        await self.processes.stop()

    def _forget_past(self, config: Path) -> None:
        """Begin with the ten days again: who was stopped before there was a heater may have recorded half of them."""
        for path in (self._house, *config.glob("home-assistant_v2.db*")):
            path.unlink(missing_ok=True)

    async def _start_house(self, ports: dict[str, int]) -> None:
        arguments = [sys.executable, "-m", "simulators.house", "--port", str(ports["house"])]
        arguments += ["--miner-port", str(ports["miner"])]
        arguments += ["--kept", str(self._house), "--past", str(self._past)]
        await self.processes.start_and_wait(
            "house",
            arguments,
            environment={"PYTHONPATH": str(self._root)},
            ready=f"ready on 127.0.0.1:{ports['house']}",
        )

    @property
    def _known(self) -> Path:
        return self.folder / "heater.json"

    @property
    def _house(self) -> Path:
        return self.folder / "house.json"

    @property
    def _past(self) -> Path:
        return self.folder / "past.json"

    async def _record_past(self, config: Path) -> None:
        past = json.loads(self._past.read_text())
        if not past:
            return
        hours = (past[PRICE]["told"][-1][0] - past[PRICE]["told"][0][0]) / 3600.0
        span = f"{hours / 24:.0f} days" if hours >= 48.0 else f"{max(hours, 1.0):.0f} h"
        self._say(f"Home Assistant's recorder writes down these {span} as they happened (up to a minute)")
        database = config / "home-assistant_v2.db"
        arguments = [sys.executable, "-m", "simulators.demo_home.past", str(self._past), str(database)]
        paths = f"{self._root}:{environment(self._root)['PYTHONPATH']}"
        await self.processes.run("past", arguments, environment={"PYTHONPATH": paths})

    async def _heater(self, client: HomeClient, miner_port: int) -> str:
        """Return the entry of the heater, set up and turned on as a person would where it is not there yet."""
        known = self._known
        entry_ids = {entry["entry_id"] for entry in await client.entries()}
        if known.exists() and (entry_id := str(json.loads(known.read_text()))) in entry_ids:
            return entry_id
        for entity_id in (*(each[0] for each in ENTITIES.values()), PRICE, WEATHER):
            await wait_for_state(client, entity_id)
        self._say("adding the heater: the miner by its address, the sensors of the room, the price")
        entry_id = await _add_heater(client, miner_port)
        await _turn_on(client, entry_id)
        known.write_text(json.dumps(entry_id))
        return entry_id

    async def _plan(self, client: HomeClient, ids: dict[str, str]) -> list[dict[str, Any]]:
        """Wait until the planner knows the house and shows a day. Raises RuntimeError when it does not in time."""
        plan: list[dict[str, Any]] = []
        status: str | None = None
        try:
            async with asyncio.timeout(PLAN_LIMIT_S):
                while len(plan) < PLANNED_SLOTS:
                    await asyncio.sleep(0.5)
                    status = await client.state(ids["sensor.planner"])
                    plan = await _shown(client, ids["sensor.planned_power"])
        except TimeoutError:
            raise RuntimeError(f"no plan within {PLAN_LIMIT_S:.0f} s; the planner says {status}") from None
        if found := doubts(plan):
            raise RuntimeError(f"the plan is odd: {', '.join(found)}")
        return plan


async def _shown(client: HomeClient, entity_id: str) -> list[dict[str, Any]]:
    """Return the plan that is shown; a home of last time knows its entities before they are there."""
    if await client.state(entity_id) is None:
        return []
    return list((await client.get(f"/api/states/{entity_id}"))["attributes"].get("plan", []))


def doubts(plan: list[dict[str, Any]]) -> list[str]:
    """Return what no sensible plan of this house would say."""
    checks = {
        "a room that is cold or hot": all(17.0 < slot["temperature"] < 25.0 for slot in plan),
        "targets that nobody set": all(15.0 <= slot["target"] <= 25.0 for slot in plan),
        "hours without a price": all(slot["price"] is not None for slot in plan),
        "the same price all day": len({slot["price"] for slot in plan}) > 1,
        "more than the miner can draw": all(0.0 <= slot["power_w"] <= 3600.0 for slot in plan),
        "no heat in a winter's day": any(slot["power_w"] > 0.0 for slot in plan),
    }
    return [words for words, holds in checks.items() if not holds]


def told_of(plan: list[dict[str, Any]]) -> str:
    """Return a plan in a sentence."""
    power_w = [slot["power_w"] for slot in plan]
    starts = sum(before <= 0.0 < after for before, after in pairwise(power_w))
    kwh = sum(power_w) / 4000.0
    cold, warm = (pick(slot["temperature"] for slot in plan) for pick in (min, max))
    until = datetime.fromisoformat(plan[-1]["start"]).astimezone(HOUSE)
    often = "once" if starts == 1 else f"{starts} times"
    return (
        f"planned until {until:%A %H:%M}: it starts {often} and draws {kwh:.0f} kWh, from {cold:.1f} to {warm:.1f} °C"
    )


async def _add_heater(client: HomeClient, miner_port: int) -> str:
    room, outdoor, plug = (ENTITIES[key][0] for key in ("room_c", "outdoor_c", "plug_w"))
    specimen = SPECIMENS["braiins"]
    login = {"username": specimen.username, "password": specimen.password}
    answer = await client.run_flow(
        [
            {"next_step_id": "networked_miner"},
            {"host": f"127.0.0.1:{miner_port}", **login},
            {"room_sensor": room, "outdoor_sensor": outdoor, "power_meter": plug},
            {"price_sensor": PRICE},
        ]
    )
    return str(answer["result"]["entry_id"])


async def _turn_on(client: HomeClient, entry_id: str) -> None:
    days = {day: [WARM_HOURS] for day in WEEK}
    if await client.state(SCHEDULE) is None:
        await client.command({"type": "schedule/create", "name": "Warm hours", "icon": "mdi:home-clock", **days})
    await client.set_home_options(
        "market", {"market_online": False, "manual_difficulty": 150e12, "manual_btc_price": 90_000}
    )
    await client.set_options(entry_id, "device", {"weather": WEATHER})
    await client.until_loaded(entry_id)
    await client.set_options(entry_id, "comfort", {"times": {"schedule": SCHEDULE}})
    await client.until_loaded(entry_id)
    climate = (await wait_for_ids(client, frozenset({"climate"}), entry_id))["climate"]
    await client.call("climate", "set_hvac_mode", {"entity_id": climate, "hvac_mode": "heat"})
    await client.call("climate", "set_preset_mode", {"entity_id": climate, "preset_mode": "none"})


def _sensors(port: int) -> str:
    sensors = "".join(
        SENSOR.format(name=name, unique_id=entity_id.split(".")[1], kind=kind, unit=unit, key=key)
        for key, (entity_id, name, kind, unit) in ENTITIES.items()
    )
    return RESOURCES.format(port=port, sensors=sensors)


# The attributes are those of Nord Pool's integration.
RESOURCES = """\
schedule:
rest:
  - resource: http://127.0.0.1:{port}/state
    scan_interval: 10
    timeout: 5
    sensor:
{sensors}\
  - resource: http://127.0.0.1:{port}/prices
    scan_interval: 60
    timeout: 5
    sensor:
      - name: Electricity price
        unique_id: electricity_price
        state_class: measurement
        unit_of_measurement: EUR/kWh
        value_template: "{{{{ value_json.price }}}}"
        json_attributes: [raw_today, raw_tomorrow]
  - resource: http://127.0.0.1:{port}/forecast
    scan_interval: 60
    timeout: 5
    sensor:
      - name: Sky
        unique_id: sky
        value_template: "{{{{ value_json.sky }}}}"
        json_attributes: [hours]
template:
  - weather:
      - name: Winter
        unique_id: winter
        condition: "{{{{ states('sensor.sky') }}}}"
        temperature: "{{{{ states('sensor.outdoor_temperature') }}}}"
        temperature_unit: °C
        humidity: "80"
        forecast_hourly: "{{{{ state_attr('sensor.sky', 'hours') }}}}"
"""
SENSOR = """\
      - name: {name}
        unique_id: {unique_id}
        device_class: {kind}
        state_class: measurement
        unit_of_measurement: {unit}
        value_template: "{{{{ value_json.{key} }}}}"
"""
