"""Keeps the ledger whole while Home Assistant copies it into a backup."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .engine.model.errors import StoreError
from .helpers import loaded_home


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Bring everything into the one file and hold the writer."""
    coordinator = loaded_home(hass)
    if coordinator is None:
        return
    await coordinator.home.flush()
    try:
        await coordinator.opened.store.pause()
    except StoreError as error:
        coordinator.opened.store.resume()
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key=error.key) from error


async def async_post_backup(hass: HomeAssistant) -> None:
    """Let the writer go on; nothing was lost meanwhile, it waited in memory."""
    if (coordinator := loaded_home(hass)) is not None:
        coordinator.opened.store.resume()
