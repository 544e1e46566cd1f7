"""`scripts/develop`: a demo home in a browser, on loopback, in real time."""

import argparse
import asyncio
from pathlib import Path
import shutil
import signal
import socket
import sys
import time
from typing import Any, Protocol

import aiohttp

from .client import PASSWORD, USERNAME, HomeClient
from .home import DemoHome
from .planner import PlannerHome
from .processes import Processes

ROOT = Path(__file__).parents[2]


class Home(Protocol):
    """A home that can be tried."""

    folder: Path
    port: int
    processes: Processes
    words: str

    async def start(self, client: HomeClient) -> None:
        """Start all of it; it is ready to be looked at then."""

    async def stop(self) -> None:
        """Stop all of it."""


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


async def run(home: Home, *, only_check: bool) -> int:
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
        say("stopping Home Assistant and what was simulated")
        await home.stop()


async def _live(home: Home, stopped: asyncio.Task[bool], ended: asyncio.Task[str], *, only_check: bool) -> int:
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
            print(_welcome(client, time.monotonic() - started, home.words), flush=True)
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


def _welcome(client: HomeClient, seconds: float, words: str) -> str:
    return f"""
  \033[1mThe demo home is ready\033[0m ({seconds:.0f} s).

    {client.base_url}/hashwarm-demo
    user {USERNAME}, password {PASSWORD}
{words}"""


def main() -> None:
    """Read the arguments and run the demo."""
    parser = argparse.ArgumentParser(prog="scripts/develop", description="A demo home in a browser, on loopback.")
    parser.add_argument("--port", type=int, default=8123, help="of Home Assistant (8123)")
    parser.add_argument("--fresh", action="store_true", help="forget the demo home of last time")
    parser.add_argument("--folder", type=Path, help="where the demo home lives (.develop)")
    parser.add_argument("--check", action="store_true", help="start, say that it is ready, and stop")
    parser.add_argument("--miners", action="store_true", help="with an emulated miner of each family")
    parser.add_argument("--ai", action="store_true", help="with an AI job that this machine trains as it heats")
    parser.add_argument("--planner", action="store_true", help="in its place a house with a past, planned ahead")
    arguments = parser.parse_args()
    if arguments.planner and (arguments.miners or arguments.ai):
        parser.error("--planner is a home of its own, without --miners and --ai")
    folder = _folder(arguments)
    if arguments.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if not port_is_free(arguments.port):
        sys.exit(f"Port {arguments.port} is taken. Stop what uses it, or choose another: scripts/develop --port 8124")
    sys.exit(asyncio.run(_run(arguments, folder)))


def _folder(arguments: argparse.Namespace) -> Path:
    chosen: Path | None = arguments.folder
    return (chosen or ROOT / (".develop-planner" if arguments.planner else ".develop")).resolve()


async def _run(arguments: argparse.Namespace, folder: Path) -> int:
    home: Home
    if arguments.planner:
        home = PlannerHome(ROOT, folder, arguments.port, say)
    else:
        home = DemoHome(ROOT, folder, arguments.port, say, miners=arguments.miners, ai=arguments.ai)
    return await run(home, only_check=arguments.check)


if __name__ == "__main__":
    main()
