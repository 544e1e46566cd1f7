"""The hashing child: takes JSON lines on standard input, hashes in threads, reports on standard output."""

from contextlib import suppress
import json
import os
import selectors
import sys
import threading
import time

from . import process, protocol
from .hashlib_kernel import start_helper
from .kernels import choose
from .lanes import Lane, Orders, StopFlags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket
    from typing import Any

    from .kernels import Choice
    from .supply import Unit

REPORT_S = 1.0
_SHARES_PER_REPORT = 200
_MOST_PENDING_BYTES = 1 << 18


class Settings:
    """The child's command line, one JSON object."""

    __slots__ = ("guard", "heartbeat_s", "masked", "parent_pid", "threads")

    def __init__(self, text: str) -> None:
        fields = json.loads(text)
        self.threads = int(fields["threads"])
        self.guard = str(fields["guard"])
        self.masked = tuple(str(name) for name in fields["masked"])
        self.heartbeat_s = float(fields["heartbeat_s"])
        self.parent_pid = int(fields["parent_pid"])


class Worker:
    """Standard input and output, heartbeat and reports; the only one who speaks is the main thread."""

    def __init__(self, settings: Settings, source: int, sink: int, guard: socket, abort: Callable[[int], None]) -> None:
        self.settings = settings
        self.stops = StopFlags(settings.threads)
        self.orders = Orders(self.stops)
        self.lanes: list[Lane] = []
        self._abort = abort
        self._guard = guard
        self._source = source
        self._sink = sink
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(sink, False)
        self._lock = threading.Lock()
        self._pending = b""
        self._shares_left = _SHARES_PER_REPORT
        self._lines = protocol.LineReader()
        self._beat_s: float | None = None
        self._report_due_s = 0.0
        self._threads: list[threading.Thread] = []

    def say(self, message: dict[str, Any]) -> None:
        """Queue a message from any thread; a reader that is stuck loses messages, never the child's memory."""
        line = protocol.encode(message)
        with self._lock:
            if len(self._pending) + len(line) > _MOST_PENDING_BYTES:
                return
            self._pending += line
        with suppress(BlockingIOError):
            os.write(self._wake_in, b"x")

    def announce(self, message: dict[str, Any]) -> None:
        """Say something at once, before what may kill the process."""
        self.say(message)
        self._flush()

    def say_share(self, unit: Unit, version_index: int, nonce: int, digest: int) -> None:
        """Queue a share; a target that nearly every hash meets must not flood the keeper."""
        with self._lock:
            self._shares_left -= 1
            if self._shares_left < 0:
                return
        self.say({
            "t": "share",
            "id": unit.task.work_id,
            "en2": unit.extranonce2.hex(),
            "ntime": unit.ntime,
            "nonce": nonce,
            "version": unit.versions[version_index],
            "digest": f"{digest:064x}",
        })  # fmt: skip

    def start_lanes(self, choice: Choice) -> None:
        """Start the threads on the kernels chosen."""
        for index, stop in enumerate(self.stops.flags):
            kernels = (choice.rolling, choice.plain)
            if choice.plain.name == "hashlib":
                helper, _ = start_helper(stop, self._prepare_helper)
                kernels = (helper, helper)
            lane = Lane(
                index=index,
                lanes=self.settings.threads,
                orders=self.orders,
                stop=stop,
                kernels=kernels,
                rates_hs=choice.rates_hs,
                on_share=self.say_share,
            )
            self.lanes.append(lane)
        for lane in self.lanes:
            thread = threading.Thread(target=self._run_lane, args=(lane,), daemon=True)
            thread.start()
            self._threads.append(thread)
        self.say({"t": "tuned", "kernel": choice.rolling.name, "problem": choice.problem, "rates": choice.rates_hs})

    def _prepare_helper(self) -> None:
        """Close in a helper what must die with the child."""
        process.die_with_parent(os.getppid())
        self._guard.close()
        for descriptor in (self._source, self._sink, self._wake_in, self._wake_out):
            os.close(descriptor)

    def _run_lane(self, lane: Lane) -> None:
        """Run a lane; a lane that fails ends the child, and the keeper starts a new one."""
        try:
            lane.run()
        finally:
            if not self.orders.closing:
                self._abort(1)

    def serve(self) -> None:
        """Read commands, watch the heartbeat and report, until told to stop or the input ends."""
        selector = selectors.DefaultSelector()
        selector.register(self._source, selectors.EVENT_READ)
        selector.register(self._wake_out, selectors.EVENT_READ)
        self._report_due_s = time.monotonic() + REPORT_S
        writing = False
        while True:
            for key, _ in selector.select(self._tick(time.monotonic())):
                if key.fd == self._wake_out:
                    os.read(self._wake_out, 4096)
                elif key.fd == self._source and not self._read():
                    return
            pending = self._flush()
            if pending != writing:
                writing = pending
                if pending:
                    selector.register(self._sink, selectors.EVENT_WRITE)
                else:
                    selector.unregister(self._sink)

    def _read(self) -> bool:
        """Take commands in; False when it is time to go."""
        data = os.read(self._source, 1 << 16)
        if not data:
            return False
        for message in self._lines.feed(data):
            if message.get("c") == "stop":
                return False
            try:
                self.obey(message)
            except KeyError, TypeError, ValueError, AttributeError, OverflowError:
                self._lines.dropped += 1
        return True

    def obey(self, message: dict[str, Any]) -> None:
        """Carry out a command. Raises KeyError, TypeError or ValueError for one that is malformed."""
        match message.get("c"):
            case "beat":
                self._beat_s = time.monotonic()
                self.orders.set_alive(alive=True)
            case "work":
                fields = message["work"]
                self.orders.take_work(None if fields is None else protocol.Task(fields, time.monotonic()))
            case "duty":
                self.orders.hold_duty(_fraction(message["duty"]))
            case "rate":
                self.orders.hold_rate(_positive(message["hs"]))

    def _tick(self, now_s: float) -> float:
        """Do what is due and return the s until something is due again."""
        due_s = self._report_due_s
        if self._beat_s is not None:
            silent_s = self._beat_s + self.settings.heartbeat_s
            if now_s >= silent_s:
                self._beat_s = None
                self.orders.set_alive(alive=False)
            else:
                due_s = min(due_s, silent_s)
        if now_s >= self._report_due_s:
            self._report_due_s = due_s = now_s + REPORT_S
            with self._lock:
                self._shares_left = _SHARES_PER_REPORT
            self.say(self.report(now_s))
        return max(due_s - now_s, 0.0)

    def report(self, now_s: float) -> dict[str, Any]:
        """Sum up the lanes; `at` is this machine's monotonic clock."""
        return {
            "t": "report",
            "at": now_s,
            "hashes": sum(lane.hashes for lane in self.lanes),
            "cpu": sum(lane.cpu_s for lane in self.lanes),
            "full": sum(lane.full_rate_hs for lane in self.lanes),
            "kernel": self.lanes[0].kernel.name,
            "limited": any(lane.pacer.limited for lane in self.lanes),
            "hashing": self.orders.hashing,
            "threads": self.settings.threads,
            "dropped": self._lines.dropped,
        }

    def _flush(self) -> bool:
        """Write what the keeper will take now; True when something is left."""
        with self._lock:
            try:
                written = os.write(self._sink, self._pending) if self._pending else 0
            except BlockingIOError:
                written = 0
            self._pending = self._pending[written:]
            return bool(self._pending)

    def close(self) -> None:
        """End the lanes."""
        self.orders.close()
        for thread in self._threads:
            thread.join(1.0)


def _fraction(value: object) -> float:
    """Check a duty of 0..1. Raises ValueError."""
    number = _positive(value)
    if number > 1:
        raise ValueError("a duty is at most 1")
    return number


def _positive(value: object) -> float:
    """Check a number that is 0 or more and finite. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError("not a number of 0 or more")
    return float(value)


def main(text: str) -> int:
    """Be the child; return the exit status."""
    settings = Settings(text)
    try:
        process.die_with_parent(settings.parent_pid)
        guard = process.take_guard(settings.guard)
    except ProcessLookupError:
        return 0
    except process.GuardHeldError:
        return protocol.EXIT_BUSY
    process.be_humble()
    worker = Worker(settings, 0, 1, guard, os._exit)
    try:
        worker.announce({"t": "ready"})
        worker.start_lanes(choose(settings.masked, lambda name: worker.announce({"t": "testing", "kernel": name})))
        worker.serve()
    except BrokenPipeError:
        return 1
    finally:
        worker.close()
        guard.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2]))
