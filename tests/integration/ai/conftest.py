"""A heater that computes for AI: its jobs run in memory, and nothing happens to them but what a test does."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.hashwarm import ai_assembly
from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR, SUBENTRY_TEMPLATE
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.heater import AiState, Workplace, Workshop
from custom_components.hashwarm.engine.jobs import Job, JobSpec, JobState
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder

from ..conftest import House, SetUp, heater_of
from .fakes import FakeExecutor, FakeMachine

BOX = "executor_box"
EXECUTOR = {
    "kind": "local",
    "expected_power": 60.0,
    "heats_room": True,
    "metered_together": False,
    "same_chip": False,
    "slots": 4,
    "as_nobody": False,
    "raw_commands": True,
    "power_control": "duty_cycle",
}
TEMPLATE = {
    "executor": BOX,
    "command": "/usr/bin/train\n--steps\n{steps}",
    "parameters": [{"name": "steps", "type": "number", "default": "10", "minimum": 1}],
    "option_values": False,
    "cpus": 1.0,
    "gpus": 0.0,
    "environment": "",
    "priority": 40,
    "flexibility": "medium",
    "checkpointing": "signal",
    "grace": 30.0,
    "restartable": True,
    "attempts": 5,
    "payout": 0.05,
    "payout_per": "job",
}


def add_subentry(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str, subentry_id: str, title: str, data: dict[str, Any]
) -> None:
    subentry = ConfigSubentry(
        data=MappingProxyType(data), subentry_id=subentry_id, subentry_type=kind, title=title, unique_id=None
    )
    hass.config_entries.async_add_subentry(entry, subentry)


@dataclass
class AiHouse(House):
    """A house whose heater has a queue, and hands to do with jobs what the dispatcher would."""

    executor: FakeExecutor
    machine: FakeMachine

    @property
    def workshop(self) -> Workshop:
        return self.coordinator.workshop

    async def show(self, state: AiState) -> None:
        """Let a round have ended like this."""
        self.workshop.state = state
        self.coordinator.async_update_listeners()
        await self.hass.async_block_till_done()

    async def submit(self, **changes: Any) -> Job:
        fields = {"name": "train", "executor_id": BOX, "command": ("true",), "expected_power_w": 60.0}
        return await self.workshop.queue.submit(JobSpec(**(fields | changes)))

    async def tell(self, job: Job, act: Act) -> Job:
        await self.workshop.queue.apply([JobOrder(job_id=job.job_id, act=act)])
        return await self.looked(job)

    async def start(self, job: Job) -> Job:
        job = await self.tell(job, Act.START)
        assert job.state is JobState.RUNNING
        return job

    async def says(self, job: Job, **said: Any) -> Job:
        """Let a job's run say something, and be looked at."""
        self.executor.change(job.backend_ref, **said)
        return await self.looked(job)

    async def looked(self, job: Job) -> Job:
        await self.workshop.queue.refresh()
        await self.hass.async_block_till_done()
        return await self.workshop.queue.get(job.job_id)

    async def act(self, action: str, **data: Any) -> Any:
        """Call an action of ours on this heater, and return what it answers."""
        called = {"config_entry_id": self.entry.entry_id, **data}
        return await self.hass.services.async_call(DOMAIN, action, called, blocking=True, return_response=True)


@pytest.fixture
def loopback(socket_enabled: None) -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


@pytest.fixture
def places() -> dict[str, Workplace]:
    """Return where the heater's AI work is done: a box for jobs, and a machine with work of its own."""
    return {
        BOX: Workplace(title="Box", executor=FakeExecutor(), expected_w=60.0, power_control=lambda: "duty_cycle"),
        "machine": Workplace(title="Folding", machine=FakeMachine(), expected_w=40.0),
    }


@pytest.fixture
def still(places: dict[str, Workplace]) -> Iterator[None]:
    """Let nothing happen by itself."""

    async def nothing(_self: Workshop) -> None:
        return

    with (
        patch.object(ai_assembly, "build_workplaces", lambda _hass, _entry: places),
        patch.object(Workshop, "one_round", nothing),
    ):
        yield


def with_ai(hass: HomeAssistant, heater: MockConfigEntry) -> MockConfigEntry:
    """Return a heater with an executor and a template."""
    heater.add_to_hass(hass)
    add_subentry(hass, heater, SUBENTRY_EXECUTOR, BOX, "Box", EXECUTOR)
    add_subentry(hass, heater, SUBENTRY_TEMPLATE, "template_digits", "Digits", TEMPLATE)
    return heater


@pytest.fixture
async def ai_house(
    hass: HomeAssistant, set_up: SetUp, still: None, places: dict[str, Workplace]
) -> AsyncIterator[AiHouse]:
    house = await set_up(heater=with_ai(hass, heater_of()))
    await house.coordinator.workshop.queue.start()
    executor, machine = places[BOX].executor, places["machine"].machine
    yield AiHouse(house.hass, house.entry, house.workers, executor, machine)
    if house.entry.state is ConfigEntryState.LOADED:
        # What still runs is saved before the file is closed, as when Home Assistant stops.
        await hass.config_entries.async_unload(house.entry.entry_id)
