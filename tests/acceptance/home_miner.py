"""Mines with a real Home Assistant: sets Hashwarm up as a person would and turns its thermostat up and off."""

import argparse
import asyncio
from pathlib import Path
import signal
import sys
import time

import aiohttp

from simulators.demo_home.client import HomeClient
from simulators.demo_home.home import DemoHome

ROOT = Path(__file__).parents[2]
OFF_LIMIT_S = 10.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool-port", type=int, required=True)
    parser.add_argument("--home-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--shares", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=120.0, help="give up after")
    return parser.parse_args()


def say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


async def number(client: HomeClient, entity_id: str) -> float:
    """Return the entity's figure; what is not known yet counts as none."""
    try:
        return float(await client.state(entity_id) or 0)
    except ValueError:
        return 0.0


async def mine(client: HomeClient, ids: dict[str, str], shares: int, seconds: float) -> None:
    """Ask for more heat than the room has and watch the shares come. Raises TimeoutError."""
    thermostat = {"entity_id": ids["climate"]}
    await client.call("climate", "set_temperature", {**thermostat, "temperature": 24, "hvac_mode": "heat"})
    say("the thermostat asks for 24 °C")
    told, started = -1, time.monotonic()
    while (accepted := int(await number(client, ids["sensor.shares_accepted"]))) < shares:
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"{accepted} shares were accepted within {seconds:.0f} s, not {shares}")
        if accepted != told:
            told = accepted
            rate = await number(client, ids["sensor.hash_rate"])
            say(f"{accepted} shares accepted, {rate:g} TH/s, {await client.state(ids['sensor.status'])}")
        await asyncio.sleep(0.5)


async def turn_off(client: HomeClient, ids: dict[str, str]) -> None:
    """Turn the thermostat off and see the hashing stop. Raises TimeoutError."""
    await client.call("climate", "set_hvac_mode", {"entity_id": ids["climate"], "hvac_mode": "off"})
    async with asyncio.timeout(OFF_LIMIT_S):
        while await number(client, ids["sensor.hash_rate"]) > 0:
            await asyncio.sleep(0.2)
    accepted = int(await number(client, ids["sensor.shares_accepted"]))
    rejected = int(await number(client, ids["sensor.shares_rejected"]))
    say(f"off: {accepted} shares accepted, {rejected} rejected")
    if rejected:
        raise RuntimeError("a share was rejected")


async def run(options: argparse.Namespace) -> None:
    home = DemoHome(ROOT, options.folder, options.home_port, say, pool_port=options.pool_port)
    async with aiohttp.ClientSession() as session:
        client = HomeClient(session, f"http://127.0.0.1:{options.home_port}")
        try:
            await home.start(client)
            ids = await client.entity_ids()
            await mine(client, ids, options.shares, options.seconds)
            await turn_off(client, ids)
        finally:
            await home.stop()


async def until_signal(options: argparse.Namespace) -> int:
    """Run, and stop everything in good order when asked to."""
    work = asyncio.create_task(run(options))
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return 130
    except (RuntimeError, TimeoutError) as error:
        say(f"✗ {error}" if str(error) else "✗ Home Assistant did not get there in time")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(until_signal(arguments())))
