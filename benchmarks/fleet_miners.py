"""The emulated miners of a fleet in a process of their own: `python -m benchmarks.fleet_miners NUMBER`.

Of ten, six are Bitaxes of three models, one is a NerdQAxe, two are Avalons, one speaks Braiins OS.
"""

import asyncio
from contextlib import AsyncExitStack
import sys
from typing import Any

import aiohttp

from custom_components.hashwarm.engine.miners import BY_NAME, Family, Link, MinerAddress, identify, profile_as_dict
from simulators.miners.avalon import AvalonEmulator
from simulators.miners.axeos import AxeosEmulator
from simulators.miners.braiins import BraiinsEmulator
from simulators.miners.emulator import Emulator, Fault, RpcEmulator
from simulators.miners.nerdqaxe import NerdqaxeEmulator

from .fleet_child import Answer, say, serve

FEED = "GET /api/ws/live"


def emulator(index: int) -> Emulator:
    """Return the miner of that number; the kinds take turns."""
    mac = f"02:00:00:00:{index >> 8:02x}:{index & 0xFF:02x}"
    kind = index % 10
    if kind == 4:
        return NerdqaxeEmulator(mac=mac)
    if kind in {2, 7}:
        return AvalonEmulator(mac=mac, model="nano3s" if kind == 2 else "q")
    if kind == 9:
        return BraiinsEmulator(mac=mac)
    return AxeosEmulator(mac=mac, model=("gamma", "supra", "hex")[index % 3])


async def described(link: Link, miner: Emulator) -> dict[str, Any]:
    """Return what an entry of this miner holds."""
    info = BY_NAME[Family(miner.family)]
    log_in = (info.username, miner.password) if miner.password is not None else (None, None)
    address = MinerAddress(host=miner.host, port=miner.port, username=log_in[0], password=log_in[1])
    profile = await identify(link, address, info)
    return {
        "family": miner.family,
        "host": miner.host,
        "port": miner.port,
        "username": log_in[0],
        "password": log_in[1],
        "profile": profile_as_dict(profile),
    }


def _requests(miner: Emulator) -> int:
    """Return what was asked of a miner; those with a TCP API count their connections and the commands in them."""
    return miner.requests["connection"] if isinstance(miner, RpcEmulator) else miner.requests.total()


class Fleet:
    """Answers the benchmark: `counts`, or `hang` and `heal` the first miner."""

    def __init__(self, miners: list[Emulator]) -> None:
        self._miners = miners

    async def answer(self, question: str) -> dict[str, int]:
        """Do what is asked, and return what was asked of the miners so far."""
        if question != "counts":
            self._miners[0].fault = Fault.HUNG if question == "hang" else Fault.NONE
        return {
            "requests": sum(_requests(miner) for miner in self._miners),
            "writes": sum(len(miner.writes) for miner in self._miners),
            "feeds": sum(miner.requests[FEED] for miner in self._miners),
        }


async def come_up(miners: list[Emulator]) -> Answer:
    """Tell what the miners are; returns what answers from then on."""
    async with aiohttp.ClientSession() as session:
        say([await described(Link(session=session), miner) for miner in miners])
    return Fleet(miners).answer


async def main(count: int) -> None:
    """Start them, tell what they are, answer until the benchmark hangs up."""
    miners = [emulator(index) for index in range(count)]
    async with AsyncExitStack() as running:
        for miner in miners:
            await miner.start()
            running.push_async_callback(miner.stop)
        await serve(lambda: come_up(miners))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
