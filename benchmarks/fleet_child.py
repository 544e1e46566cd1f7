"""The two processes that a fleet needs beside the benchmark, and how they are spoken to: one JSON value a line.

A child ends when its input ends, also while it is still coming up, so that none is left behind even where the
benchmark itself is killed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
import json
import os
from pathlib import Path
import sys
from typing import Any, Self

START_S = 180.0
STOP_S = 120.0
LONGEST_LINE = 1 << 24

type Answer = Callable[[Any], Awaitable[Any]]


class Child:
    """A module of this package in a process of its own; use it as a context."""

    def __init__(self, module: str, argument: str, log: Path) -> None:
        """Prepare; what the child complains of goes into the log."""
        self._log = log
        self._command = (sys.executable, "-m", f"benchmarks.{module}", argument)
        self._process: asyncio.subprocess.Process | None = None
        self.hello: Any = None
        """What it said once it was up."""

    async def __aenter__(self) -> Self:
        """Start it and wait until it is up. Raises RuntimeError when it does not come up."""
        with self._log.open("wb") as sink:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=sink,
                # Home Assistant keeps bytecode; a shell that forbids it would have every module compiled anew.
                env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
                limit=LONGEST_LINE,
                # Ctrl-C is for the benchmark, which then ends its children in order.
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(START_S):
                self.hello = await self._line()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        await self._end()

    async def ask(self, question: Any) -> Any:
        """Send a question and return the answer. Raises RuntimeError when the child has ended."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._line()

    async def _line(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"{self._command[2]} ended:\n{said}")
        return json.loads(line)

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise


def say(value: Any) -> None:
    """Tell the benchmark something; for the child."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def serve(come_up: Callable[[], Awaitable[Answer]]) -> None:
    """Come up, then answer questions until the benchmark hangs up, which may be before; for the child."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    coming_up = asyncio.ensure_future(come_up())
    line = asyncio.ensure_future(reader.readline())
    await asyncio.wait((coming_up, line), return_when=asyncio.FIRST_COMPLETED)
    if not coming_up.done():
        # Nothing is kept of what never came up, so it need not end in order.
        os._exit(1)
    try:
        answer = await coming_up
        while question := await line:
            say(await answer(json.loads(question)))
            line = asyncio.ensure_future(reader.readline())
    finally:
        transport.close()
