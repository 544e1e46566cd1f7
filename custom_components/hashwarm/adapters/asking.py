"""Actions of other integrations that answer with data; whatever goes wrong there is no answer."""

import asyncio
from collections.abc import Mapping
import logging
from typing import Any

from aiohttp import ClientError
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import voluptuous as vol

LOGGER = logging.getLogger(__name__)
LIMIT_S = 30.0
# Beside what it may raise, what another integration raises when it meets data that it did not expect.
FAILURES = (
    HomeAssistantError, vol.Invalid, ClientError, OSError, ValueError, LookupError, TypeError, AttributeError,
)  # fmt: skip


async def ask(hass: HomeAssistant, domain: str, service: str, data: dict[str, Any]) -> Mapping[str, Any] | None:
    """Return what an action answers, None when there is no such action, it fails, or it takes longer than 30 s."""
    if not hass.services.has_service(domain, service):
        return None
    try:
        async with asyncio.timeout(LIMIT_S):
            answer = await hass.services.async_call(domain, service, data, blocking=True, return_response=True)
    except FAILURES as error:
        LOGGER.debug("%s.%s has no answer: %s", domain, service, error)
        return None
    return answer
