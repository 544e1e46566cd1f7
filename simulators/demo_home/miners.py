"""The demo's emulated miners: their process, their set-up as a person would do it, and their page of the dashboard."""

from collections.abc import Callable
import json
from pathlib import Path
import sys
from typing import Any

from simulators.miners.catalogue import SPECIMENS, Specimen

from .client import HomeClient
from .ports import kept_ports
from .processes import Processes
from .waiting import wait_for_ids, wait_for_state

TARGET_C = 21
TRUTH = """\
**What is real here:** Hashwarm, its drivers, and every byte that crosses the loopback.

**What is emulated:** the miners, with the inertia, the restarts and the faults of their kind, and the rooms \
they warm, in real time. Nothing here ran on hardware.
"""


class MinerTown:
    """Ports that stay the same from one start of the demo to the next, and what lives on them."""

    def __init__(self, folder: Path) -> None:
        self._kept = folder / "miner_ports.json"
        self.port = 0
        self._ports: dict[str, int] = {}

    async def start(self, processes: Processes, root: Path) -> None:
        """Start the emulated miners and their rooms."""
        ports = self._known_ports()
        self.port, self._ports = ports["town"], {family: ports[family] for family in SPECIMENS}
        arguments = [sys.executable, "-m", "simulators.miners", "--port", str(self.port)]
        arguments += ["--miner-ports", json.dumps(self._ports)]
        await processes.start_and_wait(
            "miners", arguments, environment={"PYTHONPATH": str(root)}, ready=f"ready on 127.0.0.1:{self.port}"
        )

    def _known_ports(self) -> dict[str, int]:
        return kept_ports(self._kept, ["town", *SPECIMENS])

    async def settle(self, client: HomeClient, say: Callable[[str], None]) -> list[dict[str, Any]]:
        """Add each miner that is not there yet and ask it for heat; return the dashboard's view of them."""
        added: dict[str, str] = json.loads(self._added.read_text()) if self._added.exists() else {}
        known = {entry["entry_id"] for entry in await client.entries()}
        for family, specimen in SPECIMENS.items():
            if added.get(family) not in known:
                say(f"adding the {specimen.title}, by its address")
                added[family] = await self._add(client, family, specimen)
                self._added.write_text(json.dumps(added))
        sections = [
            _section(family, specimen.title, await wait_for_ids(client, frozenset({"climate"}), added[family]))
            for family, specimen in SPECIMENS.items()
        ]
        view = {"title": "Miners", "path": "miners", "type": "sections", "max_columns": 4}
        return [{**view, "sections": [_words(), *sections]}]

    @property
    def _added(self) -> Path:
        return self._kept.with_name("miner_entries.json")

    async def _add(self, client: HomeClient, family: str, specimen: Specimen) -> str:
        """Set one miner up and turn its thermostat; return the id of its entry."""
        room = _room_sensor(specimen.title)
        await wait_for_state(client, room)
        login = {"username": specimen.username, "password": specimen.password}
        answer = await client.run_flow(
            [
                {"next_step_id": "networked_miner"},
                {
                    "host": f"127.0.0.1:{self._ports[family]}",
                    **{key: value for key, value in login.items() if value is not None},
                },
                {"room_sensor": room, "outdoor_sensor": "sensor.demo_outdoor_temperature", "room_response": "light"},
            ]
        )
        entry_id = str(answer["result"]["entry_id"])
        ids = await wait_for_ids(client, frozenset({"climate"}), entry_id)
        heat = {"entity_id": ids["climate"], "temperature": TARGET_C, "hvac_mode": "heat"}
        await client.call("climate", "set_temperature", heat)
        return entry_id


def _room_sensor(title: str) -> str:
    words = "".join(character if character.isalnum() else " " for character in title.lower()).split()
    return "_".join(["sensor.room_of_the", *words])


def _words() -> dict[str, Any]:
    return {
        "type": "grid",
        "cards": [
            {"type": "heading", "heading": "A miner of each family"},
            {"type": "markdown", "content": TRUTH},
        ],
    }


def _section(family: str, title: str, ids: dict[str, str]) -> dict[str, Any]:
    rows = {
        "sensor.why": "Why",
        "sensor.status": "Status",
        "sensor.power_target": "Wish",
        "sensor.power_setpoint": "Command",
        "sensor.power": "Drawn",
        "sensor.hash_rate": "Hash rate",
    }
    cards: list[dict[str, Any]] = [
        {"type": "heading", "heading": title},
        {"type": "thermostat", "entity": ids["climate"], "features": [{"type": "climate-hvac-modes"}]},
        {
            "type": "entities",
            "entities": [{"entity": ids[key], "name": name} for key, name in rows.items() if key in ids],
        },
        _button("Pull the plug", "mdi:power-plug-off", "miner_plug", {"family": family, "on": False}),
        _button("Plug in", "mdi:power-plug", "miner_plug", {"family": family, "on": True}),
        _button("Hang", "mdi:timer-sand", "miner_fault", {"family": family, "fault": "hung"}),
        _button("Be well", "mdi:heart", "miner_fault", {"family": family, "fault": "none"}),
    ]
    return {"type": "grid", "cards": cards}


def _button(name: str, icon: str, action: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "button",
        "name": name,
        "icon": icon,
        "grid_options": {"columns": 3, "rows": 1},
        "tap_action": {"action": "perform-action", "perform_action": f"rest_command.{action}", "data": data},
    }
