"""Automations that wait for AI jobs."""

from typing import Any

from homeassistant.components.device_automation import DeviceAutomationType, InvalidDeviceAutomationConfig
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_device_automations,
    async_mock_service,
)
import voluptuous as vol

from custom_components.hashwarm import device_trigger
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.device_trigger import TRIGGERS
from custom_components.hashwarm.engine.jobs import RunState
from custom_components.hashwarm.engine.model.dispatch import Act

from ..conftest import HEATER_ID, House, complaints
from .conftest import AiHouse


def device_of(hass: HomeAssistant, identifier: str = HEATER_ID) -> dr.DeviceEntry:
    entry = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, identifier)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
    assert device is not None
    return device


def trigger(device_id: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"platform": "device", "domain": DOMAIN, "device_id": device_id, "type": kind, **more}


async def automate(hass: HomeAssistant, *kinds: str) -> list[ServiceCall]:
    """Have an automation tell of these, and return where it tells."""
    calls = async_mock_service(hass, "test", "tell")
    automation = {
        "alias": "jobs",
        "triggers": [trigger(device_of(hass).id, kind) for kind in kinds],
        "actions": {
            "action": "test.tell",
            "data": {
                "type": "{{ trigger.type }}",
                "name": "{{ trigger.name }}",
                "job_id": "{{ trigger.job_id }}",
                "code": "{{ trigger.exit_code }}",
            },
        },
        "mode": "queued",
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    return calls


def kinds(calls: list[ServiceCall]) -> list[str]:
    return [call.data["type"] for call in calls]


async def test_a_heater_with_ai_has_triggers(hass: HomeAssistant, ai_house: AiHouse):
    device = device_of(hass)
    found = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, device.id)
    ours = [one for one in found if one["domain"] == DOMAIN]
    assert [one["type"] for one in ours] == list(TRIGGERS)
    assert all(one["device_id"] == device.id for one in ours)


async def test_other_devices_have_none(hass: HomeAssistant, house: House):
    for identifier in (HEATER_ID, "home"):
        device = device_of(hass, identifier)
        found = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, device.id)
        assert not [one for one in found if one["domain"] == DOMAIN]
        with pytest.raises(InvalidDeviceAutomationConfig):
            await device_trigger.async_validate_trigger_config(hass, trigger(device.id, "job_started"))


async def test_devices_of_others_are_refused(hass: HomeAssistant, ai_house: AiHouse):
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(config_entry_id=other.entry_id, identifiers={("other", "1")})
    for device_id in (device.id, "nothing"):
        wrong = trigger(device_id, "job_started")
        with pytest.raises(InvalidDeviceAutomationConfig, match="no AI jobs"):
            await device_trigger.async_validate_trigger_config(hass, wrong)
        with pytest.raises(InvalidDeviceAutomationConfig, match="no AI jobs"):
            await device_trigger.async_attach_trigger(hass, wrong, lambda *_: None, {"trigger_data": {}})


async def test_the_triggers(hass: HomeAssistant, ai_house: AiHouse, caplog: pytest.LogCaptureFixture):
    calls = await automate(hass, *TRIGGERS)
    job = await ai_house.start(await ai_house.submit(name="Digits"))
    await ai_house.tell(job, Act.PREEMPT)
    job = await ai_house.start(await ai_house.looked(job))
    await ai_house.says(job, state=RunState.ENDED, exit_code=0)
    broken = await ai_house.start(await ai_house.submit(name="Broken", restartable=False))
    await ai_house.says(broken, state=RunState.ENDED, exit_code=3)
    assert kinds(calls) == [
        "job_started", "job_preempted", "job_started", "job_finished", "job_started", "job_failed",
    ]  # fmt: skip
    assert dict(calls[3].data) == {"type": "job_finished", "name": "Digits", "job_id": job.job_id, "code": 0}
    assert calls[-1].data["code"] == 3
    assert complaints(caplog) == []


async def test_they_outlive_a_reload(hass: HomeAssistant, ai_house: AiHouse):
    calls = await automate(hass, "job_started")
    before = ai_house.coordinator
    assert await hass.config_entries.async_reload(ai_house.entry.entry_id)
    await ai_house.workshop.queue.start()
    assert ai_house.coordinator is not before
    assert before.job_news._listeners == []
    await ai_house.start(await ai_house.submit())
    assert kinds(calls) == ["job_started"]


async def test_they_wait_for_a_heater_that_is_loaded_later(hass: HomeAssistant, ai_house: AiHouse):
    assert await hass.config_entries.async_unload(ai_house.entry.entry_id)
    stop = await device_trigger.async_attach_trigger(
        hass,
        trigger(device_of(hass).id, "job_started"),
        lambda variables, context=None: heard.append(variables["trigger"]),
        {"trigger_data": {"id": "0"}},
    )
    heard: list[dict[str, Any]] = []
    assert await hass.config_entries.async_setup(ai_house.entry.entry_id)
    await ai_house.workshop.queue.start()
    job = await ai_house.start(await ai_house.submit())
    assert [(one["id"], one["job_id"], one["description"]) for one in heard] == [("0", job.job_id, "job_started train")]
    stop()
    await ai_house.start(await ai_house.submit())
    assert len(heard) == 1


async def test_they_end_with_the_automation(hass: HomeAssistant, ai_house: AiHouse):
    others = len(ai_house.coordinator.job_news._listeners)
    calls = await automate(hass, "job_started", "job_failed")
    assert len(ai_house.coordinator.job_news._listeners) == others + 2
    await hass.services.async_call("automation", "turn_off", {"entity_id": "automation.jobs"}, blocking=True)
    assert len(ai_house.coordinator.job_news._listeners) == others
    await ai_house.start(await ai_house.submit())
    assert calls == []


def test_a_trigger_of_another_kind_is_refused():
    with pytest.raises(vol.Invalid):
        device_trigger.TRIGGER_SCHEMA(trigger("device", "job_slept"))
