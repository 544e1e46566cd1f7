"""Home Assistant is killed while it heats: no worker outlives it, nothing counts twice, it comes back heating."""

import asyncio
import os
from pathlib import Path
import re
import signal
import sqlite3

import aiohttp
import pytest

from simulators.demo_home.client import HomeClient
from tests.e2e.demo import DemoProcess, Watcher, free_port, processes_with

SOON_S = 90.0
# Ten seconds without a heartbeat, and slack for a busy machine.
DEAD_MAN_S = 30.0


def workers_of(home_id: int) -> list[str]:
    return processes_with(f'"parent_pid": {home_id}')


def process_id(folder: Path) -> int:
    """Return the process id of the Home Assistant that runs in the folder."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace") if path.exists() else ""
        if "-m homeassistant" in line and str(folder) in line:
            return int(re.findall(r"\d+", str(path))[0])
    raise AssertionError("Home Assistant does not run")


def booked(folder: Path) -> tuple[int, int]:
    """Return the energy in mJ and the number of intervals in the ledger."""
    with sqlite3.connect(folder / "config" / "hashwarm.db") as ledger:
        return ledger.execute("SELECT COALESCE(SUM(energy_mj), 0), COUNT(*) FROM money_interval").fetchone()


async def until_booked(folder: Path, more_than_mj: int) -> int:
    async with asyncio.timeout(SOON_S):
        while (energy_mj := booked(folder)[0]) <= more_than_mj:
            await asyncio.sleep(0.5)
    return energy_mj


async def watch(session: aiohttp.ClientSession, demo: DemoProcess) -> Watcher:
    client = HomeClient(session, f"http://127.0.0.1:{demo.port}")
    await client.onboard_or_log_in()
    return Watcher(client, await client.entity_ids())


@pytest.mark.timeout(400)
async def test_a_killed_home_leaves_no_worker_and_counts_nothing_twice(tmp_path):
    folder, port = tmp_path / "demo", free_port()
    first = await DemoProcess(folder, port).start()
    try:
        async with aiohttp.ClientSession() as session:
            home = await watch(session, first)
            await home.until("sensor.hash_rate", lambda rate: rate > 0, SOON_S, "the miner starts")
            await home.until("sensor.shares_accepted", lambda shares: shares > 0, SOON_S, "the pool takes a share")
        before_mj = await until_booked(folder, 0)
        home_id = process_id(folder)
        assert workers_of(home_id)
        os.kill(home_id, signal.SIGKILL)
        async with asyncio.timeout(DEAD_MAN_S):
            while workers_of(home_id):
                await asyncio.sleep(0.2)
    finally:
        await first.stop()
    killed_mj, _ = booked(folder)
    assert killed_mj >= before_mj

    second = await DemoProcess(folder, port).start()
    try:
        async with aiohttp.ClientSession() as session:
            home = await watch(session, second)
            assert (await home.thermostat())["mode"] == "heat"
            assert (await home.thermostat())["temperature"] == 21
            await home.until("sensor.hash_rate", lambda rate: rate > 0, SOON_S, "it heats again by itself")
            shown_kwh = await home.until("sensor.energy", lambda kwh: kwh > 0, SOON_S, "the heat is still counted")
        after_mj = await until_booked(folder, killed_mj)
        home_id = process_id(folder)
    finally:
        assert await second.stop() == 0
    assert shown_kwh * 3.6e9 >= killed_mj * 0.999
    assert after_mj > killed_mj
    assert not workers_of(home_id)
