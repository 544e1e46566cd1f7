"""`scripts/develop`: a demo home in a browser, on loopback, in real time."""

import argparse
import asyncio
from pathlib import Path
import shutil
import signal
import socket
import sys
import time
from typing import Any

import aiohttp

from .client import PASSWORD, USERNAME, HomeClient
from .home import DemoHome

ROOT = Path(__file__).parents[2]


def say(text: str) -> None:
    """Tell the person what the wait is for."""
    print(f"\033[33m▸\033[0m {text}", flush=True)


def port_is_free(port: int) -> bool:
    """Return whether the port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def run(home: DemoHome, *, only_check: bool) -> int:
    """Start everything, say where it is, run until Ctrl-C or until something ends; return the exit code."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    ended = asyncio.create_task(home.processes.first_exit())
    try:
        return await _live(home, stopped, ended, only_check=only_check)
    except (RuntimeError, TimeoutError, aiohttp.ClientError) as error:
        return _fail(f"{error}. The logs are in {home.folder}")
    finally:
        await _cancel(stopped, ended)
        say("stopping Home Assistant, the room and the pool")
        await home.stop()


async def _live(home: DemoHome, stopped: asyncio.Task[bool], ended: asyncio.Task[str], *, only_check: bool) -> int:
    started = time.monotonic()
    async with aiohttp.ClientSession() as session:
        client = HomeClient(session, f"http://127.0.0.1:{home.port}")
        work = asyncio.create_task(home.start(client))
        try:
            await asyncio.wait({work, stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                return 130
            if ended.done():
                return _fail(ended.result())
            work.result()
            print(_welcome(client, time.monotonic() - started), flush=True)
            if only_check:
                return 0
            await asyncio.wait({stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
            return 0 if stopped.done() else _fail(ended.result())
        finally:
            await _cancel(work)


def _fail(text: str) -> int:
    print(f"\033[31m✗\033[0m {text}", file=sys.stderr, flush=True)
    return 1


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _welcome(client: HomeClient, seconds: float) -> str:
    return f"""
  \033[1mThe demo home is ready\033[0m ({seconds:.0f} s).

    {client.base_url}/hashwarm-demo
    user {USERNAME}, password {PASSWORD}

  Turn the thermostat. A real miner on this machine follows, a practice pool on
  loopback takes its shares, and a simulated insulated box, small enough for the
  watts of this CPU, warms up in real time. Nothing is sped up or scaled.
  Difficulty and Bitcoin price are given by hand: the demo asks nothing of the internet.
  Ctrl-C stops everything.
"""


async def _run_in(folder: Path, port: int, *, only_check: bool, miners: bool, ai: bool) -> int:
    return await run(DemoHome(ROOT, folder, port, say, miners=miners, ai=ai), only_check=only_check)


def main() -> None:
    """Read the arguments and run the demo."""
    parser = argparse.ArgumentParser(prog="scripts/develop", description="A demo home in a browser, on loopback.")
    parser.add_argument("--port", type=int, default=8123, help="of Home Assistant (8123)")
    parser.add_argument("--fresh", action="store_true", help="forget the demo home of last time")
    parser.add_argument("--folder", type=Path, default=ROOT / ".develop", help="where the demo home lives")
    parser.add_argument("--check", action="store_true", help="start, say that it is ready, and stop")
    parser.add_argument("--miners", action="store_true", help="with an emulated miner of each family")
    parser.add_argument("--ai", action="store_true", help="with an AI job that this machine trains as it heats")
    arguments = parser.parse_args()
    if arguments.fresh:
        shutil.rmtree(arguments.folder, ignore_errors=True)
    if not port_is_free(arguments.port):
        sys.exit(f"Port {arguments.port} is taken. Stop what uses it, or choose another: scripts/develop --port 8124")
    folder = arguments.folder.resolve()
    extras = {"miners": arguments.miners, "ai": arguments.ai}
    sys.exit(asyncio.run(_run_in(folder, arguments.port, only_check=arguments.check, **extras)))


if __name__ == "__main__":
    main()
