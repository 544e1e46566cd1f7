"""The demo home as a person starts it: its own process, a free port, a fresh folder."""

import asyncio
from collections.abc import Callable
from pathlib import Path
import re
import signal
import socket
import sys
from typing import Any, Self

from simulators.demo_home.client import HomeClient

ROOT = Path(__file__).parents[2]
READY_LIMIT_S = 180.0
STOP_LIMIT_S = 60.0


def free_port() -> int:
    """Return a port of loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DemoProcess:
    """Owner of one running demo home."""

    def __init__(self, folder: Path, port: int, *more: str) -> None:
        """Prepare; `more` are further options of the demo."""
        self.folder = folder
        self.port = port
        self._more = more
        self.lines: list[str] = []
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> Self:
        """Start and wait for the welcome. Raises AssertionError with all that was said when there is none."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "simulators.demo_home",
            *("--port", str(self.port), "--folder", str(self.folder), *self._more),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(READY_LIMIT_S):
                await self._read_until("Ctrl-C stops everything")
        except BaseException:
            await self.stop()
            raise
        return self

    async def _read_until(self, words: str) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while raw := await self._process.stdout.readline():
            self.lines.append(raw.decode().rstrip())
            if words in self.lines[-1]:
                return
        raise AssertionError("the demo home ended:\n" + "\n".join(self.lines))

    async def stop(self) -> int:
        """Press Ctrl-C and return the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                rest, _ = await self._process.communicate()
        except TimeoutError:
            self._process.kill()
            raise
        self.lines += rest.decode().splitlines()
        return int(self._process.returncode or 0)


def processes_with(words: str) -> list[str]:
    """Return the command lines of running processes that hold the words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in line:
            found.append(line)
    return found


class Watcher:
    """Reads figures of the home over its API."""

    def __init__(self, client: HomeClient, ids: dict[str, str]) -> None:
        self.client = client
        self.ids = ids

    async def figure(self, name: str) -> float | None:
        """Return a sensor's number, None while it has none."""
        state = await self.client.state(self.ids[name])
        return float(state) if state and re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", state) else None

    async def thermostat(self) -> dict[str, Any]:
        """Return the thermostat's attributes, with its mode under `mode`."""
        state = await self.client.get(f"/api/states/{self.ids['climate']}")
        return {**state["attributes"], "mode": state["state"]}

    async def until(self, name: str, holds: Callable[[float], bool], limit_s: float, what: str) -> float:
        """Wait until a figure is as wished and return it. Raises AssertionError with the last one."""
        figure: float | None = None
        try:
            async with asyncio.timeout(limit_s):
                while figure is None or not holds(figure):
                    await asyncio.sleep(0.2)
                    figure = await self.figure(name)
        except TimeoutError:
            why = await self.client.state(self.ids["sensor.why"])
            raise AssertionError(f"{what}: not within {limit_s} s; {name} is {figure}, why {why}") from None
        return figure
