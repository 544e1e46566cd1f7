"""Serves the card that draws the plan, and has every dashboard load it."""

from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

CARD = Path(__file__).parent / "frontend" / "plan-card.js"
CARD_URL = f"/{DOMAIN}/plan-card.js"
FRONTEND = "frontend"
SERVED: HassKey[bool] = HassKey(f"{DOMAIN}_card")


async def async_serve_card(hass: HomeAssistant) -> None:
    """Serve the card once per Home Assistant, where there is a frontend to show it; a new version has a new address."""
    if FRONTEND not in hass.config.components or hass.data.get(SERVED):
        return
    hass.data[SERVED] = True
    from homeassistant.components.frontend import add_extra_js_url  # noqa: PLC0415 - only where there is a frontend
    from homeassistant.components.http import StaticPathConfig  # noqa: PLC0415 - only where there is a frontend

    await hass.http.async_register_static_paths([StaticPathConfig(CARD_URL, str(CARD), cache_headers=True)])
    integration = await async_get_integration(hass, DOMAIN)
    add_extra_js_url(hass, f"{CARD_URL}?v={integration.version}")
