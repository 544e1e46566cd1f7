"""The practice pools and the practice market as programs of their own, and what can be changed while they run."""

import asyncio
import contextlib
from datetime import UTC, datetime
import signal
import sys

from aiohttp import ClientSession
import pytest

from simulators.market import PracticeMarket
from simulators.pools import PracticeAccount, PracticePools
from simulators.pools.answers import btc, suffixed

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sat", "text"), [(0, "0.00000000"), (1, "0.00000001"), (2_099_999_997_690_000, "20999999.97690000")]
)
def test_bitcoins_are_written_as_pools_do(sat: int, text: str):
    assert btc(sat) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(0, "0"), (999, "999"), (12.3e12, "12.3T"), (850e9, "850G"), (5e21, "5000E")]
)
def test_hash_rates_are_written_as_ckpool_does(rate: float, text: str):
    assert suffixed(rate) == text


@contextlib.asynccontextmanager
async def running(name: str, *arguments: str):
    """Yields the address that a simulator says it listens on; ends it as a person would."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"simulators.{name}", "--port", "0", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(30):
            line = b""
            while b" ready on " not in line:
                line = await child.stdout.readline()
        yield f"http://{line.split()[-1].decode()}"
    finally:
        child.send_signal(signal.SIGTERM)
        assert await child.wait() == 0


async def test_the_pools_run_as_a_program_and_pay_out():
    async with running("pools", "--sat-per-minute", "7", "--payout-sat", "5") as url, ClientSession() as session:
        state = await (await session.get(f"{url}/state")).json()
        assert (state["unpaid_sat"], state["paid_sat"]) == (0, 7)


async def test_the_market_runs_as_a_program_and_is_told_otherwise():
    async with running("market", "--currency", "SEK") as url, ClientSession() as session:
        await session.put(f"{url}/state", json={"price": 500_000, "height": 5})
        prices = await (await session.get(f"{url}/mempool/api/v1/prices")).json()
        assert prices["SEK"] == 500_000
        for wrong in ({"nonsense": 5}, {"price": "x"}, [], {"price": None}):
            assert (await session.put(f"{url}/state", json=wrong)).status == 400


async def test_moods_are_put_over_http():
    pools, market = PracticePools(PracticeAccount(), now=lambda: NOW), PracticeMarket(now=lambda: NOW)
    await pools.stop()
    await market.stop()
    await pools.start()
    await market.start()
    async with ClientSession() as session:
        for server, name in ((pools, "ocean"), (market, "coinbase")):
            url = f"http://127.0.0.1:{server.port}/mood"
            assert (await session.put(f"{url}/{name}", json={"mood": "haste"})).status == 200
            assert server.moods[name] == "haste"
            assert (await session.get(server.url(name) + "/v2/prices/BTC-EUR/spot")).status == 429
            assert (await session.put(f"{url}/{name}", json={"mood": "sad"})).status == 400
            assert (await session.put(f"{url}/nobody", json={"mood": "good"})).status == 404
        state = await (await session.get(f"http://127.0.0.1:{market.port}/state")).json()
        assert state["moods"]["coinbase"] == "haste"
        assert (await session.get(market.url("mempool") + "/nothing")).status == 404
    await pools.stop()
    await market.stop()


async def test_what_happens_to_the_account_is_posted_over_http():
    pools = PracticePools(PracticeAccount(), now=lambda: NOW)
    await pools.start()
    async with ClientSession() as session:

        async def post(event, told):
            response = await session.post(f"http://127.0.0.1:{pools.port}/{event}", json=told)
            return await response.json() if response.status == 200 else response.status

        assert (await post("credit", {"sat": 500}))["unpaid_sat"] == 500
        state = await post("payout", {"sat": 300, "confirmed": False})
        assert (state["unpaid_sat"], state["paid_sat"]) == (200, 300)
        assert not pools.account.payouts[0].confirmed
        await post("confirm", {})
        assert pools.account.payouts[0].confirmed
        await post("block", {"sat": 312_500_000, "height": 9})
        assert pools.account.blocks[0].height == 9
        assert (await post("reorganise", {}))["unpaid_sat"] == 500
        for event, wrong in (("credit", {}), ("credit", []), ("payout", {"sat": "x"}), ("reorganise", {})):
            assert await post(event, wrong) == 400
    await pools.stop()
