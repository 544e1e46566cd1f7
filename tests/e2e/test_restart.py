"""The command itself: what it says, what it leaves, and that the home of last time comes back."""

import asyncio
import sys

import pytest

from .demo import ROOT, DemoProcess, Watcher, processes_with

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]


async def develop(*arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulators.demo_home",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_a_taken_port_is_one_clear_line(demo: DemoProcess):
    code, said = await develop("--port", str(demo.port), "--folder", str(demo.folder))
    assert code == 1
    assert said.startswith(f"Port {demo.port} is taken.")
    assert "Traceback" not in said


async def test_ctrl_c_leaves_no_process_and_the_home_comes_back_as_it_was(demo: DemoProcess, home: Watcher):
    pool = await home.client.state(home.ids["sensor.pool"])
    assert await demo.stop() == 0
    assert processes_with(str(demo.folder)) == []
    assert all("adding the Hashwarm heater" not in line for line in demo.lines[-2:])
    demo.lines.clear()
    await demo.start()
    assert not any("adding the Hashwarm heater" in line for line in demo.lines)
    await home.client.onboard_or_log_in()
    assert await home.client.entity_ids() == home.ids
    assert (await home.thermostat())["temperature"] == 21
    await home.until("sensor.hash_rate", lambda rate: rate > 0, 60.0, "it hashes again")
    assert await home.client.state(home.ids["sensor.pool"]) == pool
