"""A person has the example trained in the home: it heats, gives way to the heat, goes on, and its revenue is booked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import json
from pathlib import Path
import sys
import time
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm import backends
from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR, SUBENTRY_TEMPLATE
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.jobs import JobState

from ..conftest import HEATER_ID, OUTDOOR, ROOM, complaints, heater_of, home_of, set_temperature
from ..fake_worker import FakeWorker
from .conftest import add_subentry

TRAIN = Path(__file__).parents[3] / "examples" / "ai" / "train.py"
STEPS = 400
EXECUTOR = {
    "kind": "local",
    "expected_power": 60.0,
    "heats_room": True,
    "metered_together": False,
    "same_chip": False,
    "slots": 1,
    "as_nobody": False,
    "raw_commands": False,
    "power_control": "duty_cycle",
}
TEMPLATE = {
    "executor": "executor_1",
    "command": "\n".join([sys.executable, str(TRAIN), "--steps", "{steps}"]),
    "parameters": [{"name": "steps", "type": "number", "default": str(STEPS), "minimum": "1"}],
    "option_values": False,
    "cpus": 1.0,
    "gpus": 0.0,
    "environment": "",
    "priority": 50,
    "flexibility": "medium",
    "checkpointing": "signal",
    "grace": 30.0,
    "restartable": True,
    "attempts": 5,
    "payout": 0.05,
    "payout_per": "job",
}


@asynccontextmanager
async def living(hass: HomeAssistant, entry: MockConfigEntry) -> AsyncIterator[None]:
    """Set a heater up beside its home, all clocks running, and unload it in the end."""
    set_temperature(hass, ROOM, 18.0)
    set_temperature(hass, OUTDOOR, 5.0)
    home_of().add_to_hass(hass)
    with (
        patch.object(backends, "LocalWorker", FakeWorker),
        patch("custom_components.hashwarm.engine.heater.heater.PASS_S", 0.2),
        patch("custom_components.hashwarm.engine.heater.workshop.ROUND_S", 1.0),
        patch("custom_components.hashwarm.engine.heater.dispatcher.FROZEN_AT_MOST_S", 2.0),
        patch("custom_components.hashwarm.engine.heater.dispatcher.FROZEN_AT_LEAST_S", 0.0),
    ):
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        yield
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


@pytest.fixture
async def heater(hass: HomeAssistant) -> AsyncIterator[MockConfigEntry]:
    """A heater with an executor and a template."""
    entry = heater_of()
    entry.add_to_hass(hass)
    add_subentry(hass, entry, SUBENTRY_EXECUTOR, "executor_1", "This machine", EXECUTOR)
    add_subentry(hass, entry, SUBENTRY_TEMPLATE, "template_1", "Digits", TEMPLATE)
    async with living(hass, entry):
        yield entry


async def wish(hass: HomeAssistant, **wishes: Any) -> None:
    """Turn the thermostat."""
    entity_id = er.async_get(hass).async_get_entity_id("climate", DOMAIN, HEATER_ID)
    await hass.services.async_call("climate", "set_temperature", {"entity_id": entity_id, **wishes}, blocking=True)


async def seen(what: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait until something is so, and return it."""
    async with asyncio.timeout(seconds):
        while not (told := what()):
            await asyncio.sleep(0.02)
    return told


def leader_of(hass: HomeAssistant) -> int:
    """Return the number of the process that runs the only job."""
    (leader,) = Path(hass.config.path("hashwarm_jobs")).rglob("leader.json")
    return int(json.loads(leader.read_text())["pid"])


def is_there(pid: int) -> bool:
    """Return whether there is a process of that number."""
    return Path(f"/proc/{pid}").exists()


def is_frozen(pid: int) -> bool:
    """Return whether the kernel says that a process is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def test_the_example_heats_gives_way_goes_on_and_is_paid(
    hass: HomeAssistant, heater: Any, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = heater.runtime_data

    def job() -> Any:
        return coordinator.ai.job

    await wish(hass, temperature=22.0, hvac_mode="heat")
    told = await hass.services.async_call(
        DOMAIN,
        "submit_job",
        {"config_entry_id": heater.entry_id, "template": "Digits"},
        blocking=True,
        return_response=True,
    )
    job_id = told["job_id"]

    await seen(lambda: job() and job().state is JobState.RUNNING and job().progress)
    pid = leader_of(hass)
    await seen(lambda: coordinator.data.action.value == "heating" and coordinator.ai.power_w == 60.0)
    await seen(lambda: coordinator.data.telemetry.power_w == pytest.approx(40.0, abs=1.0))

    begun = time.monotonic()
    await wish(hass, temperature=10.0)
    await seen(lambda: is_frozen(pid))
    assert time.monotonic() - begun < 5.0
    assert coordinator.data.telemetry.power_w == 0.0 or coordinator.heater.backend.commanded_w == 0.0

    await seen(lambda: job().state is JobState.PREEMPTED)
    assert not is_there(pid)
    assert job().last_checkpoint is not None
    assert not job().lost_work
    reached = job().progress

    await wish(hass, temperature=22.0)
    await seen(lambda: job() and job().state is JobState.RUNNING and job().progress and job().progress >= reached)
    await seen(lambda: job() is None, 60.0)
    done = await coordinator.workshop.queue.get(job_id)
    assert (done.state, done.attempt, done.revenue_nano) == (JobState.SUCCEEDED, 2, 50_000_000)
    assert done.energy_mj > 0
    log = await coordinator.workshop.queue.log(job_id)
    assert any("loss" in line or "accuracy" in line for line in log), log
    await seen(lambda: coordinator.totals.today.ai_value == pytest.approx(0.05))
    assert complaints(caplog) == []
