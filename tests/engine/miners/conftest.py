"""The way to emulated miners, and answers that went wrong on the way."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from custom_components.hashwarm.engine.miners.family import Link


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """A session as Home Assistant's, with a time limit so that no test hangs."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield Link(session=session)
