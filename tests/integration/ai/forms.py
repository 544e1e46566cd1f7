"""Hands to fill in the forms of executors and templates."""

from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

HEAT = {"heats_room": True, "expected_power": 65, "same_chip": False, "metered_together": False}
LOCAL = {**HEAT, "kind": "local", "slots": 1, "power_control": "auto", "raw_commands": False, "as_nobody": True}
DUTY = {
    "priority": 50,
    "flexibility": "medium",
    "checkpointing": "signal",
    "grace": 30,
    "restartable": True,
    "attempts": 5,
}
NEEDS = {"payout_per": "job", "cpus": 1, "gpus": 0}
TEMPLATE = {"executor": "local_1", "command": "sh\ntrain.sh", "option_values": False, **DUTY, **NEEDS}


def add(hass: HomeAssistant, entry: MockConfigEntry, kind: str, title: str, data: Any, subentry_id: str) -> None:
    """Give a heater a subentry as though it had always been there."""
    subentry = ConfigSubentry(
        data=MappingProxyType(data), subentry_id=subentry_id, subentry_type=kind, title=title, unique_id=None
    )
    hass.config_entries.async_add_subentry(entry, subentry)


async def begin(hass: HomeAssistant, entry: MockConfigEntry, kind: str, changed: str | None = None) -> Any:
    """Return the first form, for a new one or for a change."""
    context = {"source": SOURCE_USER} if changed is None else {"source": SOURCE_RECONFIGURE, "subentry_id": changed}
    return await hass.config_entries.subentries.async_init((entry.entry_id, kind), context=context)


async def answer(hass: HomeAssistant, form: Any, **told: Any) -> Any:
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], told)
    await hass.async_block_till_done()
    return result


def suggested(form: Any) -> dict[str, Any]:
    return {
        str(field): field.description["suggested_value"]
        for field in form["data_schema"].schema
        if field.description and "suggested_value" in field.description
    }


def only(entry: MockConfigEntry, kind: str) -> ConfigSubentry:
    (found,) = [subentry for subentry in entry.subentries.values() if subentry.subentry_type == kind]
    return found
