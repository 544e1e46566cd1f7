"""Parts that heaters and the home have in common: they share who asks, so that others are asked once."""

from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

SHARED: HassKey[dict[tuple[Any, ...], Any]] = HassKey(f"{DOMAIN}_shared")


@callback
def shared[T](hass: HomeAssistant, made: Callable[..., T], *told: Any) -> T:
    """Return the one part that is made of this, made where there is none yet."""
    parts = hass.data.setdefault(SHARED, {})
    key = (made, *told)
    if key not in parts:
        parts[key] = made(hass, *told)
    part: T = parts[key]
    return part
