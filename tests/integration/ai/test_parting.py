"""What runs at a Ray cluster ends with its executor or its heater, and with nothing less."""

from collections.abc import AsyncIterator
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.util.dt import utcnow
import pytest

from custom_components.hashwarm import executors
from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR
from custom_components.hashwarm.engine.heater import Workshop
from custom_components.hashwarm.engine.jobs import JobQueue, JobSpec, JobState
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from simulators.compute.ray_head import RayHead

from ..conftest import SetUp, heater_of
from .conftest import add_subentry
from .forms import HEAT

CLUSTER = "01K9ZZZZZZ0000000000000000"


@pytest.fixture
async def head(loopback: None) -> AsyncIterator[RayHead]:
    server = RayHead(now=utcnow)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def entry_id(hass: HomeAssistant, set_up: SetUp, head: RayHead) -> AsyncIterator[str]:
    """Return a heater one of whose jobs runs at the cluster."""
    heater = heater_of()
    heater.add_to_hass(hass)
    ray = {**HEAT, "kind": "ray", "slots": 2, "checkpoint_root": "/mnt/jobs", "raw_commands": False, "url": head.url}
    add_subentry(hass, heater, SUBENTRY_EXECUTOR, CLUSTER, "Cluster", ray)

    async def nothing(*_: object) -> None:
        return

    with patch.object(Workshop, "one_round", nothing):
        house = await set_up(heater=heater)
        queue = house.coordinator.workshop.queue
        await queue.start()
        job = await queue.submit(JobSpec(name="train", executor_id=CLUSTER, command=("true",), grace_s=0.0))
        await queue.apply([JobOrder(job_id=job.job_id, act=Act.START)])
        await queue.refresh()
        assert (await queue.get(job.job_id)).state is JobState.RUNNING
        # All clocks stand still here, so that no wait for an end has one.
        with patch.object(JobQueue, "_ended", nothing):
            yield heater.entry_id


def stops(head: RayHead) -> int:
    [job] = head.jobs.values()
    return job.stops


async def test_a_heater_that_begins_anew_keeps_it(hass: HomeAssistant, entry_id: str, head: RayHead):
    await hass.config_entries.async_reload(entry_id)
    assert stops(head) == 0


async def test_it_ends_with_its_executor(hass: HomeAssistant, entry_id: str, head: RayHead):
    entry = hass.config_entries.async_get_known_entry(entry_id)
    hass.config_entries.async_remove_subentry(entry, CLUSTER)
    await hass.async_block_till_done()
    assert stops(head) == 1


async def test_it_ends_where_its_executor_moves_to_another_cluster(hass: HomeAssistant, entry_id: str, head: RayHead):
    entry = hass.config_entries.async_get_known_entry(entry_id)
    subentry: ConfigSubentry = entry.subentries[CLUSTER]
    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "url": "http://127.0.0.1:1"})
    await hass.async_block_till_done()
    assert stops(head) == 1


async def test_it_ends_with_a_heater_that_is_disabled(hass: HomeAssistant, entry_id: str, head: RayHead):
    await hass.config_entries.async_set_disabled_by(entry_id, ConfigEntryDisabler.USER)
    assert stops(head) == 1


async def test_it_ends_with_its_heater(hass: HomeAssistant, entry_id: str, head: RayHead):
    await hass.config_entries.async_remove(entry_id)
    assert stops(head) == 1


async def test_a_cluster_that_is_away_holds_up_no_removal_for_long_and_is_named(
    hass: HomeAssistant, entry_id: str, head: RayHead, caplog: pytest.LogCaptureFixture
):
    await head.stop()
    with patch.object(executors, "_PART_S", 0.0):
        await hass.config_entries.async_remove(entry_id)
    assert "Cluster was left for good, but its jobs may run on there" in caplog.text
