"""A session, a clock to set, and an executor's counterparts on loopback."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from simulators.compute.stage import Elsewhere


class Clock:
    """A time of day that goes on when it is told to."""

    def __init__(self):
        self.time = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self):
        return self.time

    def forward(self, seconds):
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def elsewhere():
    server = Elsewhere()
    await server.start()
    yield server
    await server.stop()
