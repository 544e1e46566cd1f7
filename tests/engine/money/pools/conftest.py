"""The practice pools, served for real, and a clock of the tests."""

from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession
import pytest

from custom_components.hashwarm.engine.money.pools import Credentials, PoolKind, build
from simulators.pools import PracticeAccount, PracticePools

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)


class Bench:
    """An account, the pools that tell of it, and readers for them."""

    def __init__(self, pools, session):
        self.pools = pools
        self.account = pools.account
        self.session = session

    def reader(self, kind, **given):
        given = {"address": self.account.address, "user": self.account.user, "secret": self.account.secret} | given
        reader = build(
            PoolKind(kind), self.session, Credentials(**given), now=lambda: NOW, base_url=self.pools.url(kind)
        )
        if kind == "braiins":
            reader._pause = no_pause
        return reader


async def no_pause(_seconds):
    """Let no time pass."""


@pytest.fixture
async def bench():
    account = PracticeAccount()
    pools = PracticePools(account, now=lambda: NOW)
    for days in range(5, -1, -1):
        account.credit(NOW - timedelta(days=days), 1000 + days)
    account.pay_out(NOW - timedelta(days=3), 2000)
    account.pay_out(NOW - timedelta(hours=2), 1500, lightning=True)
    await pools.start()
    async with ClientSession() as session:
        yield Bench(pools, session)
    await pools.stop()
