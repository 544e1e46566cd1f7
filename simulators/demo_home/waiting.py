"""Patience with a Home Assistant that is still starting."""

import asyncio
from collections.abc import Set as AbstractSet

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


async def wait_for_ids(client: HomeClient, wanted: AbstractSet[str], *entry_ids: str) -> dict[str, str]:
    """Return entity ids as `HomeClient.entity_ids` does, once those wanted are known. Raises RuntimeError in the end.

    A Home Assistant that was killed soon after a first start knows its heaters and has forgotten their entities.
    """
    ids: dict[str, str] = {}
    try:
        async with asyncio.timeout(UP_LIMIT_S):
            while not wanted <= (ids := await client.entity_ids(*entry_ids)).keys():
                await asyncio.sleep(0.3)
    except TimeoutError:
        missing = ", ".join(sorted(wanted - ids.keys()))
        raise RuntimeError(f"the heater had no {missing} within {UP_LIMIT_S:.0f} s") from None
    return ids
