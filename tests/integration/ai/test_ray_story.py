"""The example, unchanged, at a real Ray head: it runs while heat is wanted, is saved without, and goes on."""

import asyncio
from collections.abc import AsyncIterator
import shutil
import sys
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
import pytest_socket

from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR, SUBENTRY_TEMPLATE
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.jobs import JobState
from tests.live.counterparts import fetch
from tests.live.test_ray import Head

from ..conftest import heater_of
from .conftest import TEMPLATE, add_subentry
from .test_story import TRAIN, living, seen, wish

pytestmark = pytest.mark.timeout(400)
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
async def head(socket_enabled: None) -> AsyncIterator[Head]:
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    await asyncio.to_thread(fetch, "ray")
    started = Head(token=TOKEN)
    await started.start()
    yield started
    await started.stop()
    shutil.rmtree(started.folder, ignore_errors=True)


async def test_the_example_trains_at_ray_when_heat_is_wanted(hass: HomeAssistant, head: Head) -> None:
    entry = heater_of()
    entry.add_to_hass(hass)
    ray = {
        "kind": "ray",
        "url": str(head.url),
        "token": TOKEN,
        "slots": 1,
        "checkpoint_root": str(head.folder / "checkpoints"),
        "expected_power": 60.0,
        "heats_room": True,
        "metered_together": False,
        "same_chip": False,
        "raw_commands": False,
    }
    command = [sys.executable, str(TRAIN), "--steps", "{steps}", "--checkpoint-s", "1"]
    add_subentry(hass, entry, SUBENTRY_EXECUTOR, "ray", "Ray", ray)
    template = {**TEMPLATE, "executor": "ray", "command": "\n".join(command), "environment": "OMP_NUM_THREADS=1"}
    template["parameters"] = [{"name": "steps", "type": "number", "default": "5000", "minimum": 1}]
    add_subentry(hass, entry, SUBENTRY_TEMPLATE, "train", "Digits", template)
    async with living(hass, entry):
        coordinator = entry.runtime_data

        def job() -> Any:
            return coordinator.ai.job

        await seen(lambda: coordinator.ai.connected and coordinator.ai.executors["ray"].abilities, 120.0)
        await wish(hass, temperature=22.0, hvac_mode="heat")
        told = await hass.services.async_call(
            DOMAIN,
            "submit_job",
            {"config_entry_id": entry.entry_id, "template": "Digits"},
            blocking=True,
            return_response=True,
        )
        assert told is not None
        await seen(lambda: job() and job().state is JobState.RUNNING and (job().progress or 0) > 0.02, 120.0)
        await seen(lambda: coordinator.data.work.heat_w == 60.0)
        assert coordinator.ai.executors["ray"].warnings == ()
        await wish(hass, temperature=10.0)
        await seen(lambda: job().state is JobState.PREEMPTED, 60.0)
        reached = job().progress
        assert not job().lost_work
        await seen(lambda: coordinator.data.work.heat_w == 0.0)

        await hass.config_entries.async_reload(entry.entry_id)
        coordinator = entry.runtime_data
        await wish(hass, temperature=22.0)
        await seen(lambda: job() and job().state is JobState.RUNNING and (job().progress or 0) >= reached, 120.0)
        # Home Assistant may begin anew while it runs: the head knows it still, and it is the same run.
        await hass.config_entries.async_reload(entry.entry_id)
        coordinator = entry.runtime_data
        await seen(lambda: job() is None and coordinator.ai.completed == 1, 180.0)
        done = await coordinator.workshop.queue.get(str(told["job_id"]))
        assert (done.state, done.attempt, done.revenue_nano) == (JobState.SUCCEEDED, 2, 50_000_000)
        assert coordinator.ai.executors["ray"].resources["cpus"] == 1.0
