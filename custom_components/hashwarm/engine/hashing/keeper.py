"""Keeps the hashing child: starts it, feeds it, restarts it after a crash, leaves no orphan. Parent side, asyncio."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable
import contextlib
from dataclasses import dataclass, replace
import json
import logging
import os
from pathlib import Path
import random
import signal
import sys
from typing import Any

from ..model.errors import InvalidValueError, WorkerBusyError, WorkerError
from ..model.protocols import Monotonic
from .protocol import EXIT_BUSY, LineReader, encode, work_message
from .work import FoundShare, HashWork

_LOGGER = logging.getLogger(__name__)
ENGINE_PARENT = Path(__file__).parents[2]
_BOOT = (
    'import sys, runpy; sys.path.insert(0, sys.argv[1]); runpy.run_module("engine.hashing.worker", run_name="__main__")'
)
_START_TIMEOUT_S = 20.0
_POLITE_S = 2.0
_BACKOFF_MOST_S = 60.0
_HEALTHY_S = 60.0
_RATE_WINDOW_S = 2.0
_MOST_UNSENT_BYTES = 1 << 20
_FOREIGN_SIGNALS = {signal.SIGKILL, signal.SIGTERM}
_KERNEL_SIGNALS = {signal.SIGILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE}


@dataclass(frozen=True, kw_only=True)
class ChildReport:
    """What the child does, as known to the keeper."""

    at_s: float
    """Monotonic time of the parent."""
    hashes: int = 0
    """Since the keeper started, over all restarts."""
    cpu_s: float = 0.0
    """CPU time of the hashing threads, since the keeper started."""
    hash_rate_hs: float | None = None
    """Mean of the last two seconds; None until two reports have come."""
    full_rate_hs: float | None = None
    """What all threads would do at duty 1, None until the kernels have been timed."""
    kernel: str | None = None
    kernel_problem: str | None = None
    """Why it is not a faster kernel: kernel_missing, kernel_tampered, kernel_wrong, kernel_crashed."""
    kernel_rates_hs: tuple[tuple[str, float], ...] = ()
    """What each kernel did on one thread when it was timed."""
    limited: bool = False
    """The threads get less CPU time than the pace asks for."""
    threads: int
    restarts: int = 0
    running: bool = False
    """The child is alive and has answered."""
    hashing: bool = False
    """It has work, a pace above 0 and a fresh heartbeat."""


def default_threads() -> int:
    """Return one thread per core that this process may use, leaving one core alone."""
    return max(1, (os.process_cpu_count() or 1) - 1)


class HashingChild:
    """Owner of one child process. All methods belong on the event loop."""

    def __init__(
        self,
        *,
        on_share: Callable[[FoundShare], None],
        clock: Monotonic,
        threads: int | None = None,
        guard: str = "hashwarm-worker",
        python: str = sys.executable,
        jitter: Callable[[], float] = random.random,
        on_change: Callable[[], None] | None = None,
        heartbeat_s: float = 10.0,
        backoff_s: float = 1.0,
        silence_s: float = 30.0,
        engine_parent: Path = ENGINE_PARENT,
        masked: tuple[str, ...] = (),
    ) -> None:
        """Prepare; nothing runs before start(). `jitter` gives 0..1; `masked` names kernels that are not to be used.

        Raises InvalidValueError for fewer than one thread.
        """
        self._threads = default_threads() if threads is None else threads
        if self._threads < 1:
            raise InvalidValueError("a worker has one thread at least", value=str(threads))
        self._on_share = on_share
        self._on_change = on_change
        self._clock = clock
        self._guard = guard
        self._python = python
        self._jitter = jitter
        self._heartbeat_s = heartbeat_s
        self._backoff_s = backoff_s
        self._silence_s = silence_s
        self._engine_parent = engine_parent
        self._masked = set(masked)
        self._process: Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._work: HashWork | None = None
        self._pace: dict[str, Any] = {"c": "duty", "duty": 0.0}
        self._last_beat_s: float | None = None
        self._report: ChildReport | None = None
        self._hashes_before = 0
        self._cpu_before_s = 0.0
        self._samples: deque[tuple[float, int]] = deque()
        self._testing: str | None = None
        self._crash_problem: str | None = None

    @property
    def report(self) -> ChildReport | None:
        """What is known of the child, None before the first start."""
        return self._report

    @property
    def pid(self) -> int | None:
        """The process id while the child lives."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def limit_threads(self, threads: int) -> None:
        """Run no more threads than that, from the next start on."""
        self._threads = max(1, min(self._threads, threads))

    async def start(self) -> None:
        """Start the child and return when it answers. Idempotent. Raises WorkerBusyError and WorkerError."""
        if self._supervisor is not None:
            return
        self._stopping.clear()
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._supervisor = asyncio.create_task(self._supervise(ready), name="hashing child")
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                await asyncio.shield(ready)
        except TimeoutError as error:
            ready.cancel()
            await self.stop()
            raise WorkerError("the hashing child did not answer") from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the child: by word, then SIGTERM, then SIGKILL. Idempotent."""
        self._stopping.set()
        if self._supervisor is not None:
            await asyncio.wait({self._supervisor})
            self._supervisor = None

    def set_work(self, work: HashWork | None) -> None:
        """Hash that from now on; None hashes nothing."""
        self._work = work
        self._send(work_message(work))

    def set_duty(self, duty: float) -> None:
        """Use that fraction 0..1 of the CPU time of the threads; 0 pauses. Raises InvalidValueError."""
        if not 0 <= duty <= 1:
            raise InvalidValueError("a duty is a number of 0 to 1", value=str(duty))
        self._set_pace({"c": "duty", "duty": float(duty)})

    def set_rate(self, rate_hs: float) -> None:
        """Hold that hash rate over all threads, in H/s; 0 pauses. Raises InvalidValueError."""
        if not 0 <= rate_hs < float("inf"):
            raise InvalidValueError("a hash rate is a number of 0 or more", value=str(rate_hs))
        self._set_pace({"c": "rate", "hs": float(rate_hs)})

    def _set_pace(self, pace: dict[str, Any]) -> None:
        """Send a pace when it is new."""
        if pace != self._pace:
            self._pace = pace
            self._send(pace)

    def beat(self) -> None:
        """Let the child hash for another heartbeat."""
        self._last_beat_s = self._clock()
        self._send({"c": "beat"})

    def _send(self, message: dict[str, Any]) -> None:
        """Write a command unless the child is gone or has stopped reading; a new child is told everything anyway."""
        stdin = self._process.stdin if self._process and self._process.returncode is None else None
        if stdin and not stdin.is_closing() and stdin.transport.get_write_buffer_size() < _MOST_UNSENT_BYTES:
            stdin.write(encode(message))

    async def _supervise(self, ready: asyncio.Future[None]) -> None:
        """Run children one after the other until stopped."""
        backoff_s = self._backoff_s
        restarts = 0
        while not self._stopping.is_set():
            began_s = self._clock()
            self._report = replace(
                self._report or ChildReport(at_s=began_s, threads=self._threads), restarts=restarts, at_s=began_s
            )
            try:
                status = await self._run_once(ready)
            except OSError as error:
                status = error.errno or 1
            if not ready.done():
                self._fail_start(ready, status)
                break
            if self._stopping.is_set():
                break
            self._learn_from(status)
            restarts += 1
            if self._clock() - began_s >= _HEALTHY_S:
                backoff_s = self._backoff_s
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(backoff_s * (1 + 0.2 * self._jitter())):
                    await self._stopping.wait()
            backoff_s = min(backoff_s * 2, _BACKOFF_MOST_S)

    def _fail_start(self, ready: asyncio.Future[None], status: int) -> None:
        """Tell start() why there is no child."""
        if self._stopping.is_set():
            ready.set_exception(WorkerError("the hashing child was stopped"))
        elif status == EXIT_BUSY:
            ready.set_exception(WorkerBusyError("another hashing worker runs on this host"))
        else:
            ready.set_exception(WorkerError(f"the hashing child ended with status {status}"))

    def _learn_from(self, status: int) -> None:
        """Mask the kernel that brought the child down."""
        kernel, self._testing = self._testing, None
        _LOGGER.warning("The hashing child ended with status %s and is started again", status)
        if kernel is None and -status in _KERNEL_SIGNALS and self._report:
            kernel = self._report.kernel
        if -status in _FOREIGN_SIGNALS:
            return
        if kernel and kernel != "hashlib":
            self._masked.add(kernel.removesuffix("_ab4"))
            self._crash_problem = "kernel_crashed"
            _LOGGER.warning("The kernel %s brought the hashing child down and is not used again", kernel)

    async def _run_once(self, ready: asyncio.Future[None]) -> int:
        """Run one child from its start to its end; return its exit status. Raises OSError when it cannot be started."""
        settings = {
            "threads": self._threads,
            "guard": self._guard,
            "masked": sorted(self._masked),
            "heartbeat_s": self._heartbeat_s,
            "parent_pid": os.getpid(),
        }
        process = self._process = await asyncio.create_subprocess_exec(
            self._python, "-I", "-S", "-c", _BOOT, str(self._engine_parent), json.dumps(settings),
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
        )  # fmt: skip
        listener = asyncio.create_task(self._listen(process, ready), name="hashing child's words")
        stopped = asyncio.create_task(self._stopping.wait(), name="hashing child's end")
        try:
            await asyncio.wait({listener, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            await _end(process)
            await listener
            self._settle()
        return process.returncode if process.returncode is not None else 1

    def _settle(self) -> None:
        """Keep the sums of a child that ended."""
        assert self._report is not None
        self._hashes_before, self._cpu_before_s = self._report.hashes, self._report.cpu_s
        self._samples.clear()
        self._publish(at_s=self._clock(), hash_rate_hs=0.0, running=False, hashing=False, limited=False)

    async def _listen(self, process: Process, ready: asyncio.Future[None]) -> None:
        """Take in what the child says until it closes its output."""
        assert process.stdout is not None
        lines = LineReader()
        while data := await self._read(process.stdout):
            for message in lines.feed(data):
                with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError, OverflowError):
                    self._hear(message, ready)

    async def _read(self, stream: asyncio.StreamReader) -> bytes:
        """Read what there is; nothing when the child ended, or said nothing for too long and must be replaced."""
        try:
            async with asyncio.timeout(self._silence_s):
                return await stream.read(1 << 16)
        except TimeoutError:
            return b""

    def _hear(self, message: dict[str, Any], ready: asyncio.Future[None]) -> None:
        """Understand one message. Raises KeyError, TypeError or ValueError for a malformed one."""
        match message.get("t"):
            case "ready":
                self._brief()
                self._publish(at_s=self._clock(), running=True)
                if not ready.done():
                    ready.set_result(None)
            case "testing":
                self._testing = str(message["kernel"])
            case "tuned":
                self._testing = None
                self._hear_tuned(message)
            case "share":
                # The owner's errors are the loop's to report and must not silence the child.
                asyncio.get_running_loop().call_soon(self._on_share, _share(message))
            case "report":
                self._hear_report(message)

    def _brief(self) -> None:
        """Tell a new child all that is in force; the heartbeat only while it is fresh."""
        self._send(work_message(self._work))
        self._send(self._pace)
        if self._last_beat_s is not None and self._clock() - self._last_beat_s < self._heartbeat_s:
            self._send({"c": "beat"})

    def _hear_tuned(self, message: dict[str, Any]) -> None:
        """Take note of the kernels."""
        rates_hs = tuple((str(name), float(rate_hs)) for name, rate_hs in message["rates"].items())
        problem = message["problem"]
        kernel = str(message["kernel"])
        self._publish(
            kernel=kernel,
            kernel_problem=self._crash_problem or (None if problem is None else str(problem)),
            kernel_rates_hs=rates_hs,
            full_rate_hs=dict(rates_hs)[kernel] * self._threads,
        )

    def _hear_report(self, message: dict[str, Any]) -> None:
        """Take note of the counters."""
        at_s, hashes, cpu_s = float(message["at"]), int(message["hashes"]), float(message["cpu"])
        self._samples.append((at_s, hashes))
        while at_s - self._samples[0][0] > _RATE_WINDOW_S * 1.1:
            self._samples.popleft()
        first_s, first_hashes = self._samples[0]
        self._publish(
            at_s=self._clock(),
            hashes=self._hashes_before + hashes,
            cpu_s=self._cpu_before_s + cpu_s,
            hash_rate_hs=(hashes - first_hashes) / (at_s - first_s) if at_s > first_s else None,
            full_rate_hs=float(message["full"]),
            kernel=str(message["kernel"]),
            limited=bool(message["limited"]),
            hashing=bool(message["hashing"]),
        )

    def _publish(self, **changes: Any) -> None:
        """Renew the report and tell the owner."""
        assert self._report is not None
        self._report = replace(self._report, **changes)
        if self._on_change is not None:
            asyncio.get_running_loop().call_soon(self._on_change)


async def _end(process: Process) -> None:
    """End a child that may have ended already: by word, then SIGTERM, then SIGKILL."""
    assert process.stdin is not None
    if process.returncode is None and not process.stdin.is_closing():
        process.stdin.write(encode({"c": "stop"}))
        process.stdin.close()
    for send in (process.terminate, process.kill):
        try:
            async with asyncio.timeout(_POLITE_S):
                await process.wait()
                return
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                send()
    await process.wait()


def _share(message: dict[str, Any]) -> FoundShare:
    """Read a share. Raises KeyError, TypeError or ValueError."""
    return FoundShare(
        work_id=str(message["id"]),
        extranonce2=bytes.fromhex(message["en2"]),
        ntime=int(message["ntime"]),
        nonce=int(message["nonce"]),
        version=int(message["version"]),
        digest=int(message["digest"], 16),
    )
