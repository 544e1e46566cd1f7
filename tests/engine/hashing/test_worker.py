"""The child from within: lanes, orders and the main loop, called directly."""

import json
import os
import threading
import time

import pytest

from custom_components.hashwarm.engine.hashing import process, worker as worker_module
from custom_components.hashwarm.engine.hashing.hashlib_kernel import HashlibKernel
from custom_components.hashwarm.engine.hashing.heat_only import heat_only_work
from custom_components.hashwarm.engine.hashing.kernels import Choice
from custom_components.hashwarm.engine.hashing.lanes import Lane, Orders, StopFlags
from custom_components.hashwarm.engine.hashing.protocol import EXIT_BUSY, LineReader, Task, encode, work_message
from custom_components.hashwarm.engine.hashing.worker import Settings, Worker

SETTINGS = {"threads": 2, "guard": "hashwarm-test-within", "masked": [], "heartbeat_s": 10, "parent_pid": os.getppid()}


class Counting(HashlibKernel):
    """Hashes nothing, fast, and finds what it is told to."""

    def __init__(self, name="counting", versions=1):
        self.name, self.versions, self.finds = name, versions, []

    def scan(self, prefixes, target, nonce, count, stop):
        assert len(prefixes) == self.versions
        time.sleep(0.001)
        found, self.finds = self.finds, []
        return count * self.versions, found, 0.001 if count > 1000 else 0.01


def task(**changes):
    return Task({**work_message(heat_only_work())["work"], **changes}, time.monotonic())


class Bench:
    """A worker on pipes with lanes of counting kernels."""

    def __init__(self, **changes):
        self.source, self.commands = os.pipe()
        self.words, self.sink = os.pipe()
        os.set_blocking(self.words, False)
        self.aborted = []
        settings = Settings(json.dumps(SETTINGS | changes))
        guard = process.take_guard(f"hashwarm-test-{os.getpid()}-{id(self)}")
        self.worker = Worker(settings, self.source, self.sink, guard, self.aborted.append)
        self.guard = guard
        self.lines = LineReader()
        self.thread = None

    def serve(self):
        kernel = Counting()
        self.worker.start_lanes(Choice(kernel, kernel, {"counting": 1e6}, None))
        # A daemon, so that a failing test does not keep the interpreter.
        self.thread = threading.Thread(target=self.worker.serve, daemon=True)
        self.thread.start()

    def command(self, message):
        os.write(self.commands, encode(message) if isinstance(message, dict) else message)

    def heard(self):
        try:
            return list(self.lines.feed(os.read(self.words, 1 << 20)))
        except BlockingIOError:
            return []

    def hear(self, kind, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for message in self.heard():
                if message["t"] == kind:
                    return message
            time.sleep(0.01)
        raise AssertionError(kind)

    def close(self):
        self.worker.close()
        self.guard.close()
        if self.thread:
            self.thread.join(5)
            assert not self.thread.is_alive()


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setattr(worker_module, "REPORT_S", 0.1)
    bench = Bench(heartbeat_s=0.3)
    yield bench
    bench.close()


def test_commands_are_obeyed_and_garbage_is_counted(bench):
    bench.serve()
    assert bench.hear("tuned")["kernel"] == "counting"
    bench.command(work_message(heat_only_work()))
    bench.command({"c": "duty", "duty": 0.5})
    bench.command({"c": "beat"})
    time.sleep(0.2)
    assert bench.hear("report")["hashing"]
    for garbage in (
        b"nonsense\n", {"c": "duty", "duty": 2}, {"c": "duty", "duty": "x"}, {"c": "rate", "hs": -1},
        {"c": "rate", "hs": True}, {"c": "work"}, {"c": "work", "work": 5}, {"c": "duty"}, {"c": "unknown"}, {},
    ):  # fmt: skip
        bench.command(garbage)
    time.sleep(0.5)
    bench.heard()
    report = bench.hear("report")
    assert report["dropped"] == 8
    assert report["hashes"] > 0
    assert report["cpu"] > 0
    assert not report["hashing"], "the heartbeat is over"
    bench.command({"c": "rate", "hs": 1000})
    bench.command({"c": "work", "work": None})
    bench.command({"c": "stop"})
    bench.thread.join(5)
    assert not bench.thread.is_alive()
    assert bench.aborted == []


def test_end_of_input_ends_it(bench):
    bench.serve()
    os.close(bench.commands)
    bench.thread.join(5)
    assert not bench.thread.is_alive()


def test_a_keeper_that_does_not_read_loses_words_but_never_memory(bench):
    for _ in range(3000):
        bench.worker.say({"t": "x" * 1000})
    bench.serve()
    time.sleep(0.3)
    assert len(bench.worker._pending) <= 1 << 18
    while bench.heard() or bench.worker._pending:
        time.sleep(0.005)
    assert bench.hear("report")
    bench.command({"c": "stop"})


def test_a_flood_of_shares_is_cut(bench):
    unit = type("Unit", (), {"task": task(), "extranonce2": b"1", "ntime": 1, "versions": (1,)})()
    for _ in range(1000):
        bench.worker.say_share(unit, 0, 1, 2)
    bench.worker._flush()
    assert 0 < len(bench.heard()) <= 200


def test_a_lane_that_fails_ends_the_child(bench):
    class Broken:
        def run(self):
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        bench.worker._run_lane(Broken())
    assert bench.aborted == [1]


def lane(orders, stops, kernels, shares):
    return Lane(
        index=0, lanes=1, orders=orders, stop=stops.flags[0], kernels=kernels,
        rates_hs={kernel.name: 1e6 for kernel in kernels}, on_share=lambda *found: shares.append(found),
    )  # fmt: skip


def run_for(lane, orders, seconds=0.2):
    thread = threading.Thread(target=lane.run)
    thread.start()
    time.sleep(seconds)
    orders.close()
    thread.join(5)
    assert not thread.is_alive()


def test_a_lane_picks_its_kernel_by_the_mask_and_checks_finds_again():
    stops, shares = StopFlags(1), []
    orders = Orders(stops)
    rolling, plain = Counting("rolling", 4), Counting("plain")
    worker = lane(orders, stops, (rolling, plain), shares)
    plain.finds = [(0, 1)]
    orders.set_alive(alive=True)
    orders.take_work(task(mask=0, target="00" * 32))
    orders.hold_duty(1.0)
    run_for(worker, orders)
    assert worker.kernel is plain
    assert worker.hashes > 0
    assert shares == [], "hashlib does not confirm it"
    assert plain.finds == []


def test_a_lane_reports_what_hashlib_confirms():
    stops, shares = StopFlags(1), []
    orders = Orders(stops)
    rolling, plain = Counting("rolling", 4), Counting("plain")
    worker = lane(orders, stops, (rolling, plain), shares)
    rolling.finds = [(3, 5)]
    orders.set_alive(alive=True)
    orders.take_work(task(target="ff" * 32))
    orders.hold_rate(1e6)
    run_for(worker, orders)
    assert worker.kernel is rolling
    (unit, version_index, nonce, digest) = shares[0]
    assert (version_index, nonce) == (3, 5)
    assert digest < 1 << 256
    assert unit.nonce == 0 or worker.hashes > 0


def test_a_lane_waits_while_a_tiny_extranonce_is_used_up():
    stops = StopFlags(1)
    orders = Orders(stops)
    plain = Counting()
    worker = lane(orders, stops, (plain, plain), [])
    orders.set_alive(alive=True)
    orders.take_work(task(en2size=0))
    orders.supply.deal(1, time.monotonic())
    orders.hold_duty(1.0)
    run_for(worker, orders, 0.1)
    assert worker.hashes == 0


def test_a_unit_ends_with_its_last_nonce():
    stops = StopFlags(1)
    worker = lane(Orders(stops), stops, (Counting(), Counting()), [])
    unit = type("Unit", (), {"nonce": 2**32 - 5})()
    worker._advance(unit, 4)
    assert worker._unit is unit
    worker._advance(unit, 1)
    assert worker._unit is None


def test_the_guard_is_held_by_one():
    guard = process.take_guard("hashwarm-test-guard")
    with pytest.raises(process.GuardHeldError):
        process.take_guard("hashwarm-test-guard")
    guard.close()
    process.take_guard("hashwarm-test-guard").close()


def test_the_whole_child(monkeypatch):
    """main() in a fork of this process would hide from coverage, so its parts are put in the way."""
    calls = []
    monkeypatch.setattr(process, "be_humble", lambda: calls.append("humble"))
    monkeypatch.setattr(process, "die_with_parent", calls.append)

    class Short:
        def __init__(self, *arguments):
            calls.append(arguments[1:3])

        def announce(self, message):
            calls.append(message["t"])

        def start_lanes(self, choice):
            calls.append(choice)

        def serve(self):
            if "broken" in calls:
                raise BrokenPipeError

        def close(self):
            calls.append("closed")

    monkeypatch.setattr(worker_module, "Worker", Short)
    monkeypatch.setattr(worker_module, "choose", lambda masked, announce: announce("k") or "choice")
    text = json.dumps(SETTINGS | {"guard": f"hashwarm-test-main-{os.getpid()}"})
    assert worker_module.main(text) == 0
    assert calls == [os.getppid(), "humble", (0, 1), "ready", "testing", "choice", "closed"]
    calls.append("broken")
    assert worker_module.main(text) == 1
    guard = process.take_guard(json.loads(text)["guard"])
    assert worker_module.main(text) == EXIT_BUSY
    guard.close()

    def orphaned(pid):
        raise ProcessLookupError

    monkeypatch.setattr(process, "die_with_parent", orphaned)
    assert worker_module.main(text) == 0


def test_manners(monkeypatch):
    calls = []
    monkeypatch.setattr(os, "setpriority", lambda *priority: calls.append(priority))

    def refuse(*arguments):
        raise PermissionError

    monkeypatch.setattr(process, "FileIO", refuse)
    process.be_humble()
    assert calls == [(os.PRIO_PROCESS, 0, 19)]

    class Library:
        def __init__(self, name):
            pass

        def prctl(self, *arguments):
            calls.append(arguments[:2])

    monkeypatch.setattr(process.ctypes, "CDLL", Library)
    process.die_with_parent(os.getppid())
    assert calls[-1] == (1, 9)
    with pytest.raises(ProcessLookupError):
        process.die_with_parent(os.getppid() + 1)
