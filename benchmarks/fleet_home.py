"""A real Home Assistant with many miners, in a process of its own: `python -m benchmarks.fleet_home SPECIFICATION`.

It has the recorder and no frontend. Each miner heats a room of its own, whose temperature swings around the target.
"""

import asyncio
import json
from math import pi, sin
import os
from pathlib import Path
import resource
import socket
import sys
import time
from typing import Any

from homeassistant import bootstrap, runner
from homeassistant.config_entries import (
    STORAGE_KEY,
    STORAGE_VERSION,
    STORAGE_VERSION_MINOR,
    ConfigEntry,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant

from .fleet_child import Answer, say, serve
from .fleet_watch import Collections, Lags, Updates

DOMAIN = "hashwarm"
# Nobody asks its web server anything, but Home Assistant does not start without one.
CONFIGURATION = """\
homeassistant:
  name: Fleet
  unit_system: metric
  time_zone: Europe/Berlin
  currency: EUR
  country: DE
http:
  server_host: 127.0.0.1
  server_port: {port}
recorder:
logger:
  default: warning
"""
HOME_OPTIONS = {"market_online": False, "manual_difficulty": 150e12, "manual_btc_price": 90_000.0, "price": 0.3}
TARGET_C, SWING_K, SWING_S = 21.0, 0.6, 1200.0
ROOM_EVERY_S = 30.0
"""How often a thermometer reports; they take turns."""
UP_S, LOOK_S = 150.0, 0.2


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def room_of(index: int) -> str:
    """Return the thermometer of a miner's room."""
    return f"sensor.room_{index}"


def write_folder(folder: Path, miners: list[dict[str, Any]], interval_s: float) -> None:
    """Write a home as it would be found after all miners were added and their thermostats switched on."""
    storage = folder / ".storage"
    storage.mkdir(parents=True)
    (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=free_port()), encoding="utf-8")
    link = folder / "custom_components" / DOMAIN
    link.parent.mkdir()
    link.symlink_to(Path(__file__).parents[1] / "custom_components" / DOMAIN, target_is_directory=True)
    entries = [_entry("home", "Home", {"kind": "home"}, HOME_OPTIONS)] if miners else []
    for index, miner in enumerate(miners):
        entries.append(_miner_entry(index, miner, interval_s))
        _store(storage, f"{DOMAIN}.{entries[-1].entry_id}", {"settings": {"on": True, "target_c": TARGET_C}})
    stored = {"entries": [entry.as_dict() for entry in entries]}
    _store(storage, STORAGE_KEY, stored, version=STORAGE_VERSION, minor_version=STORAGE_VERSION_MINOR)


def _store(storage: Path, key: str, data: dict[str, Any], *, version: int = 1, minor_version: int = 1) -> None:
    kept = {"version": version, "minor_version": minor_version, "key": key, "data": data}
    (storage / key).write_text(json.dumps(kept, default=str), encoding="utf-8")


def _miner_entry(index: int, miner: dict[str, Any], interval_s: float) -> ConfigEntry[Any]:
    log_in = {key: miner[key] for key in ("username", "password") if miner[key] is not None}
    data = {
        "kind": "networked_miner",
        "family": miner["family"],
        "host": miner["host"],
        "port": miner["port"],
        "profile": miner["profile"],
        "room_sensor": room_of(index),
        "room_response": "ordinary",
        **log_in,
    }
    title = f"{miner['profile']['model']} {index}"
    return _entry(miner["profile"]["identity"], title, data, {"interval": interval_s})


def _entry(unique_id: str, title: str, data: dict[str, Any], options: dict[str, Any]) -> ConfigEntry[Any]:
    return ConfigEntry(
        data=data,
        discovery_keys={},  # type: ignore[arg-type]
        domain=DOMAIN,
        minor_version=1,
        options=options,
        source="user",
        subentries_data=None,
        title=title,
        unique_id=unique_id,
        version=1,
    )


async def run_rooms(hass: HomeAssistant, count: int) -> None:
    """Let the thermometers report in turns; each room swings in its own phase."""
    while True:
        for index in range(count):
            report_room(hass, index, time.monotonic())
            await asyncio.sleep(ROOM_EVERY_S / count)


def report_room(hass: HomeAssistant, index: int, now_s: float) -> None:
    """Set the thermometer of one room."""
    celsius = TARGET_C + SWING_K * sin(2 * pi * now_s / SWING_S + 2.4 * index)
    attributes = {"device_class": "temperature", "unit_of_measurement": "°C", "state_class": "measurement"}
    hass.states.async_set(room_of(index), f"{celsius:.2f}", attributes)


def rss_mb() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _is_up(entry: ConfigEntry[Any]) -> bool:
    """Return whether an entry is set up, and its miner has answered. Raises RuntimeError when it never will be."""
    if entry.state in {ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_RETRY}:
        raise RuntimeError(f"{entry.title} was not set up: {entry.reason}")
    if entry.state is not ConfigEntryState.LOADED:
        return False
    if entry.data["kind"] == "home":
        return True
    state = entry.runtime_data.data
    return state.telemetry is not None and not state.offline


class Measured:
    """One Home Assistant and what is measured of it."""

    def __init__(self, hass: HomeAssistant, interval_s: float) -> None:
        self._hass = hass
        self._updates = Updates(interval_s)

    async def until_up(self) -> None:
        """Wait until every miner has answered. Raises TimeoutError."""
        async with asyncio.timeout(UP_S):
            for entry in self._hass.config_entries.async_entries(DOMAIN):
                while not _is_up(entry):  # noqa: ASYNC110 - Home Assistant tells of states, not of answers
                    await asyncio.sleep(LOOK_S)
                if entry.data["kind"] != "home":
                    self._updates.watch(entry.entry_id, entry.runtime_data.miner.driver)

    async def answer(self, seconds: float) -> dict[str, Any]:
        """Measure for so long."""
        self._updates.clear()
        lags = Lags()
        began_s, cpu_s = time.perf_counter(), time.process_time()
        with Collections() as collections:
            await lags.run(seconds)
        elapsed_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        return {
            "cpu_core_percent": round(100.0 * cpu_s / elapsed_s, 2),
            "entities": len(self._hass.states.async_entity_ids()),
            "full_collections_ms": collections.figures(),
            "loop_lag_ms": lags.figures(),
            "rss_mb": rss_mb(),
            "seconds": round(elapsed_s, 1),
            **self._updates.figures(),
        }


class FleetHome:
    """One Home Assistant with its rooms, from start to stop."""

    def __init__(self, folder: Path, miners: list[dict[str, Any]], interval_s: float) -> None:
        self._folder = folder
        self._count = len(miners)
        self._interval_s = interval_s
        self._hass: HomeAssistant | None = None
        self._rooms: asyncio.Task[None] | None = None

    async def come_up(self) -> Answer:
        """Start, wait for the miners and say so; returns what answers from then on."""
        began_s = time.perf_counter()
        hass = await bootstrap.async_setup_hass(runner.RuntimeConfig(config_dir=str(self._folder), skip_pip=True))
        if hass is None or hass.config.recovery_mode:
            sys.exit("Home Assistant did not start")
        self._hass = hass
        for index in range(self._count):
            report_room(hass, index, time.monotonic())
        await hass.async_start()
        self._rooms = asyncio.create_task(run_rooms(hass, self._count)) if self._count else None
        home = Measured(hass, self._interval_s)
        await home.until_up()
        say({"up_s": round(time.perf_counter() - began_s, 1)})
        return home.answer

    async def stop(self) -> None:
        """Stop what was started."""
        if self._rooms is not None:
            self._rooms.cancel()
        if self._hass is not None:
            await self._hass.async_stop(force=True)


async def main(folder: Path, miners: list[dict[str, Any]], interval_s: float) -> None:
    """Start Home Assistant, answer until the benchmark hangs up, stop."""
    home = FleetHome(folder, miners, interval_s)
    try:
        await serve(home.come_up)
    finally:
        await home.stop()


if __name__ == "__main__":
    # Every miner is a socket or two.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    config = Path(wanted["folder"])
    if not config.exists():
        write_folder(config, wanted["miners"], wanted["interval_s"])
    loop = runner.create_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(main(config, wanted["miners"], wanted["interval_s"]))
