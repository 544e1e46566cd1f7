"""Shows a miner's new firmware, and what it brings."""

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .coordinator import HeaterCoordinator


@callback
def follow_firmware(coordinator: HeaterCoordinator) -> None:
    """Keep the device registry up to date; entities of what is new, or gone, come and go with a reload."""
    miner = coordinator.miner
    if miner is None:
        return
    hass, entry, known = coordinator.hass, coordinator.config_entry, miner.profile

    @callback
    def look() -> None:
        nonlocal known
        if miner.profile is known:
            return
        before, known = known, miner.profile
        registry = dr.async_get(hass)
        device = registry.async_get_device_by_identifier((DOMAIN, coordinator.heater_id), entry.entry_id)
        if device is not None:
            registry.async_update_device(device.id, model=known.model, sw_version=known.firmware)
        if before.features != known.features:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(coordinator.async_add_listener(look))
