"""Patience with a Home Assistant that is still starting."""

import asyncio

from .client import HomeClient

UP_LIMIT_S = 120.0


async def wait_for_state(client: HomeClient, entity_id: str) -> None:
    """Wait until an entity has a value. Raises RuntimeError when it has none in time."""
    try:
        async with asyncio.timeout(UP_LIMIT_S):
            while await client.state(entity_id) in {None, "unknown", "unavailable"}:
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise RuntimeError(f"{entity_id} had no value within {UP_LIMIT_S:.0f} s") from None
