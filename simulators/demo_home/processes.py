"""Child processes of the demo: started with a line that says why, stopped in reverse order, leaving none behind."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
import os
from pathlib import Path
import signal
import subprocess

READY_LIMIT_S = 20.0
STOP_LIMIT_S = 20.0


class Processes:
    """Owner of all children."""

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._running: list[tuple[str, asyncio.subprocess.Process]] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._ended: list[str] = []
        self._any_ended = asyncio.Event()

    async def start(self, name: str, arguments: Sequence[str], *, environment: dict[str, str]) -> Path:
        """Start a program; all it says goes into its log, whose path is returned."""
        process, log = await self._begin(name, arguments, environment)
        self._watchers.append(asyncio.create_task(self._watch(name, process, log)))
        return log

    async def run(self, name: str, arguments: Sequence[str], *, environment: dict[str, str]) -> None:
        """Run a program to its end. Raises RuntimeError when it fails."""
        process, log = await self._begin(name, arguments, environment)
        if code := await process.wait():
            raise RuntimeError(f"{name} ended with code {code}; its log is {log}")

    async def _begin(
        self, name: str, arguments: Sequence[str], environment: dict[str, str]
    ) -> tuple[asyncio.subprocess.Process, Path]:
        log = self._log_folder / f"{name}.log"
        with log.open("wb") as sink:
            process = await asyncio.create_subprocess_exec(
                *arguments,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env={**os.environ, **environment},
                # Ctrl-C goes to the whole group; the children are to be stopped by us, in order.
                start_new_session=True,
            )
        self._running.append((name, process))
        return process, log

    async def _watch(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        code = await process.wait()
        self._ended.append(f"{name} ended with code {code}; its log is {log}")
        self._any_ended.set()

    async def start_and_wait(
        self, name: str, arguments: Sequence[str], *, environment: dict[str, str], ready: str
    ) -> None:
        """Start a program and wait until its log holds the words. Raises RuntimeError when it ends or stays silent."""
        log = await self.start(name, arguments, environment=environment)
        process = self._running[-1][1]
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_LIMIT_S):
                while process.returncode is None:
                    if ready in log.read_text():
                        return
                    await asyncio.sleep(0.05)
        raise RuntimeError(f"{name} did not start; its log is {log}")

    async def first_exit(self) -> str:
        """Wait until any child ends, those started later too; return its name, code and log."""
        await self._any_ended.wait()
        return self._ended[0]

    async def stop(self) -> None:
        """Stop all, last started first."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._watchers.clear()
        while self._running:
            name, process = self._running.pop()
            if process.returncode is not None:
                continue
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_LIMIT_S):
                    await process.wait()
            except TimeoutError:
                print(f"  {name} does not stop, ending it", flush=True)
                process.kill()
                await process.wait()
