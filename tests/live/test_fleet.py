"""The benchmark of many miners still measures what it says, and leaves nothing behind when it is interrupted."""

import asyncio
import json
from pathlib import Path
import signal
import sys

import pytest

from tests.thorough import THOROUGH

SOON_S = 120.0
SHORT = ("--sizes", "2", "--seconds", "1", "--warm-up", "0", "--hang", "0", "--first")


async def bench(*arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks", "fleet", "--json", *arguments,
        cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


def children(pid):
    """Return the processes that a process started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def alive(pid):
    return Path(f"/proc/{pid}").exists()


@pytest.mark.timeout(400)
async def test_two_miners():
    process = await bench(*SHORT)
    out, said = await asyncio.wait_for(process.communicate(), SOON_S * 3)
    assert process.returncode == 0, said.decode()
    figures = json.loads(out)
    assert figures["0"]["memory_mb"] == 0.0
    two = figures["2"]
    assert {"loop_lag_p99_ms", "cpu_core_percent", "memory_mb", "requests_per_update"} <= two.keys()
    assert two["entities"] > 2 * 25
    assert two["loop_lag_ms"]["p50"] <= two["loop_lag_p99_ms"] <= two["loop_lag_ms"]["max"]


@pytest.mark.timeout(400)
# Every run starts a Home Assistant of its own; the two polite signals are one handler.
@pytest.mark.parametrize("sign", [signal.SIGINT, *([signal.SIGTERM] if THOROUGH else []), signal.SIGKILL])
async def test_interrupted_it_ends_all_processes(sign):
    process = await bench("--sizes", "1")
    async with asyncio.timeout(SOON_S):
        while len(started := children(process.pid)) < 2:
            await asyncio.sleep(0.1)
    process.send_signal(sign)
    async with asyncio.timeout(SOON_S):
        await process.communicate()
        assert process.returncode != 0
        # Nobody waits for them where the benchmark was killed; then they end by themselves.
        while left := [pid for pid in started if alive(pid)]:
            assert sign is signal.SIGKILL, left
            await asyncio.sleep(0.1)
