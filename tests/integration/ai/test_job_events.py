"""What happens to AI jobs, told as events and not as a flood."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, callback
import pytest

from custom_components.hashwarm.ai_entities import Told
from custom_components.hashwarm.coordinator import HeaterCoordinator
from custom_components.hashwarm.engine.jobs import JobEvent, JobState, RunState
from custom_components.hashwarm.engine.model.dispatch import Act

from .conftest import AiHouse
from .test_ai_entities import a_job


@pytest.fixture
def told(hass: HomeAssistant, ai_house: AiHouse) -> list[dict]:
    """Everything that the event entity tells."""
    heard: list[dict] = []
    entity_id = ai_house.entity_id("event", "ai_job")

    @callback
    def hear(event) -> None:
        if event.data["entity_id"] == entity_id:
            heard.append(dict(event.data["new_state"].attributes))

    hass.bus.async_listen("state_changed", hear)
    return heard


def kinds(told: list[dict]) -> list[str]:
    return [attributes["event_type"] for attributes in told]


async def test_the_life_of_a_job(ai_house: AiHouse, told: list[dict], freezer: FrozenDateTimeFactory):
    job = await ai_house.start(await ai_house.submit(name="Digits"))
    await ai_house.tell(job, Act.FREEZE)
    await ai_house.tell(job, Act.THAW)
    await ai_house.workshop.queue.hold(job.job_id)
    await ai_house.looked(job)
    await ai_house.workshop.queue.release(job.job_id)
    await ai_house.start(job)
    await ai_house.tell(job, Act.PREEMPT)
    job = await ai_house.start(await ai_house.looked(job))
    await ai_house.says(job, revenue_nano=2_000_000)
    await ai_house.says(job, state=RunState.ENDED, exit_code=0)
    assert kinds(told) == [
        "submitted", "started", "paused", "resumed", "held", "released", "started", "preempted", "started", "progress",
        "succeeded",
    ] or kinds(told) == [
        "submitted", "started", "paused", "resumed", "held", "released", "started", "preempted", "started", "succeeded",
    ]  # fmt: skip
    last = told[-1]
    assert (last["job_id"], last["name"], last["attempt"], last["exit_code"]) == (job.job_id, "Digits", 3, 0)
    assert (last["revenue"], last["energy_wh"]) == (0.002, 0.0)
    assert "reason" not in last, "unknown is left out"
    assert next(one for one in told if one["event_type"] == "preempted")["reason"] == "no_heat"


async def test_what_goes_wrong(ai_house: AiHouse, told: list[dict], freezer: FrozenDateTimeFactory):
    job = await ai_house.start(await ai_house.submit(max_attempts=2))
    await ai_house.says(job, state=RunState.ENDED, exit_code=3)
    freezer.tick(timedelta(minutes=2))
    job = await ai_house.start(await ai_house.looked(job))
    ai_house.executor.runs.clear()
    job = await ai_house.looked(job)
    assert job.state is JobState.QUEUED
    freezer.tick(timedelta(minutes=2))
    job = await ai_house.start(job)
    await ai_house.says(job, state=RunState.ENDED, exit_code=3)
    other = await ai_house.submit()
    await ai_house.workshop.queue.cancel(other.job_id)
    await ai_house.hass.async_block_till_done()
    assert kinds(told) == [
        "submitted", "started", "retried", "started", "lost", "retried", "started", "failed", "submitted", "cancelled",
    ]  # fmt: skip
    failed = told[-3]
    assert (failed["reason"], failed["exit_code"]) == ("exit_code", 3)


async def test_progress_and_checkpoints_are_told_now_and_then(
    ai_house: AiHouse, told: list[dict], freezer: FrozenDateTimeFactory
):
    job = await ai_house.start(await ai_house.submit())
    told.clear()
    begun = job.since
    for second in range(0, 600, 6):
        freezer.tick(6)
        saved = begun + timedelta(seconds=second)
        await ai_house.says(job, progress=second / 1000.0, last_checkpoint=saved)
    assert kinds(told).count("progress") in range(4, 7)
    assert kinds(told).count("checkpoint") in range(9, 12)
    assert set(kinds(told)) == {"progress", "checkpoint"}


def test_every_tenth_is_news_once_a_minute_at_most():
    clock = [0.0]
    news = Told(lambda: clock[0])

    def is_news(progress: float | None, seconds: float = 60.0) -> bool:
        clock[0] += seconds
        return news.is_news(a_job(progress=progress), JobEvent.PROGRESS)

    assert not is_news(0.05)
    assert is_news(0.3)
    assert not is_news(0.39)
    assert is_news(0.41)
    assert not is_news(0.61, seconds=59.0)
    assert is_news(0.61, seconds=1.0)
    assert is_news(0.1), "it began anew"
    assert not is_news(None) or is_news(0.1)


def test_a_job_that_has_ended_is_forgotten():
    news = Told(lambda: 0.0)
    job = a_job(progress=0.5)
    assert news.is_news(job, JobEvent.PROGRESS)
    assert news.is_news(job, JobEvent.CHECKPOINT)
    assert not news.is_news(job, JobEvent.CHECKPOINT)
    assert news.is_news(replace(job, state=JobState.SUCCEEDED), JobEvent.SUCCEEDED)
    assert (news._at_s, news._progress) == ({}, {})


async def test_what_a_job_says_of_itself_is_data(ai_house: AiHouse, told: list[dict]):
    await ai_house.submit(name="{{ states('sensor.secret') }}")
    await ai_house.hass.async_block_till_done()
    assert told[-1]["name"] == "{{ states('sensor.secret') }}"


async def test_what_happened_before_anybody_listened_is_told_with_its_time(
    hass: HomeAssistant, ai_house: AiHouse, told: list[dict], freezer: FrozenDateTimeFactory
):
    freezer.move_to("2026-11-22T12:00:00+00:00")
    jobs = [a_job(state=JobState.LOST, reason="lost", job_id=f"job_{number}") for number in range(40)]
    begun = HeaterCoordinator.take

    def take(coordinator: HeaterCoordinator, *arguments: Any) -> None:
        begun(coordinator, *arguments)
        for job in jobs:
            coordinator.job_happened(job, JobEvent.LOST)
        freezer.tick(5)

    with patch.object(HeaterCoordinator, "take", take):
        await hass.config_entries.async_reload(ai_house.entry.entry_id)
    await hass.async_block_till_done()
    lost = [one for one in told if one.get("event_type") == "lost" and "job_id" in one]
    assert [one["job_id"] for one in lost] == [job.job_id for job in jobs[-32:]], "the newest, in their order"
    assert {one["at"] for one in lost} == {"2026-11-22T12:00:00+00:00"}
    told.clear()
    await ai_house.submit()
    await hass.async_block_till_done()
    assert kinds(told) == ["submitted"], "once"
