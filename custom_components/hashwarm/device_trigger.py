"""What happens to a heater's AI jobs, as triggers of its device."""

from datetime import datetime
from typing import Any

from homeassistant.components.device_automation import DEVICE_TRIGGER_BASE_SCHEMA, InvalidDeviceAutomationConfig
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE_ID, CONF_DOMAIN, CONF_PLATFORM, CONF_TYPE
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .ai_const import SUBENTRY_EXECUTOR
from .ai_entities import event_figures
from .const import DOMAIN
from .coordinator import HeaterConfigEntry
from .engine.heater import Job, JobEvent
from .job_news import JobListener

TRIGGERS: dict[str, JobEvent] = {
    "job_started": JobEvent.STARTED,
    "job_finished": JobEvent.SUCCEEDED,
    "job_failed": JobEvent.FAILED,
    "job_preempted": JobEvent.PREEMPTED,
}
TRIGGER_SCHEMA = DEVICE_TRIGGER_BASE_SCHEMA.extend({vol.Required(CONF_TYPE): vol.In(TRIGGERS)})


def _heater_of(hass: HomeAssistant, device_id: str) -> HeaterConfigEntry | None:
    """Return the heater whose device this is, None of any other device and of a heater without AI work."""
    device, entry = dr.async_get_device_and_config_entry_for_domain(hass, device_id, domain=DOMAIN)
    if device is None or entry is None or (DOMAIN, str(entry.unique_id)) not in device.identifiers:
        return None
    has_ai = any(subentry.subentry_type == SUBENTRY_EXECUTOR for subentry in entry.subentries.values())
    return entry if has_ai else None


async def async_validate_trigger_config(hass: HomeAssistant, config: ConfigType) -> ConfigType:
    """Return a trigger that can be. Errors: InvalidDeviceAutomationConfig for devices without AI jobs."""
    checked: ConfigType = TRIGGER_SCHEMA(config)
    if _heater_of(hass, checked[CONF_DEVICE_ID]) is None:
        raise InvalidDeviceAutomationConfig(
            translation_domain=DOMAIN,
            translation_key="no_ai_jobs",
            translation_placeholders={"device": checked[CONF_DEVICE_ID]},
        )
    return checked


async def async_get_triggers(hass: HomeAssistant, device_id: str) -> list[dict[str, str]]:
    """Return the triggers of a device."""
    if _heater_of(hass, device_id) is None:
        return []
    base = {CONF_PLATFORM: "device", CONF_DOMAIN: DOMAIN, CONF_DEVICE_ID: device_id}
    return [{**base, CONF_TYPE: name} for name in TRIGGERS]


async def async_attach_trigger(
    hass: HomeAssistant, config: ConfigType, action: TriggerActionType, trigger_info: TriggerInfo
) -> CALLBACK_TYPE:
    """Run the action whenever it happens to a job, also after the heater was loaded anew; returns how to stop."""
    entry = _heater_of(hass, config[CONF_DEVICE_ID])
    if entry is None:
        raise InvalidDeviceAutomationConfig(
            translation_domain=DOMAIN,
            translation_key="no_ai_jobs",
            translation_placeholders={"device": config[CONF_DEVICE_ID]},
        )
    return _follow(entry, _teller(hass, config, action, trigger_info))


def _teller(
    hass: HomeAssistant, config: ConfigType, action: TriggerActionType, trigger_info: TriggerInfo
) -> JobListener:
    wanted, data = TRIGGERS[config[CONF_TYPE]], trigger_info["trigger_data"]
    hass_job = HassJob(action)

    @callback
    def tell(job: Job, event: JobEvent, _at: datetime) -> None:
        if event is wanted:
            figures: dict[str, Any] = event_figures(job)
            said = f"{config[CONF_TYPE]} {figures['name']}"
            hass.async_run_hass_job(hass_job, {"trigger": {**data, **config, **figures, "description": said}})

    return tell


def _follow(entry: HeaterConfigEntry, tell: JobListener) -> CALLBACK_TYPE:
    """Listen to the heater's jobs while it is loaded, and again whenever it is loaded anew."""
    stops: list[CALLBACK_TYPE] = []

    @callback
    def let_go() -> None:
        while stops:
            stops.pop()()

    @callback
    def look() -> None:
        let_go()
        if entry.state is ConfigEntryState.LOADED:
            stops.append(entry.runtime_data.job_news.listen(tell))

    look()
    unsubscribe = entry.async_on_state_change(look)

    @callback
    def stop() -> None:
        unsubscribe()
        let_go()

    return stop
