"""Runs the rooms of tests, prints progress, joins their coverage and says what passed.

Rooms run one after the other; those that mostly wait run beside them, and what they said is printed when they are done.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
import os
from pathlib import Path
import re
import subprocess
import sys
from threading import Thread
import time

ROOT = Path(__file__).parents[2]
HOUSE = str(ROOT / ".venv" / "bin" / "python")
ENGINE = str(ROOT / ".venv-engine" / "bin" / "python")
COUNTS = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")
# Of the whole integration, in percent; the engine's figure counts branches too.
LEAST_WHOLE = 95.0
FLOW_NAMES = (
    "account",
    "circuit",
    "comfort",
    "config",
    "entity",
    "executor",
    "home_options",
    "miner",
    "options",
    "template",
)
FLOWS = [*(f"*/hashwarm/{name}_flow.py" for name in FLOW_NAMES), "*/hashwarm/flow_base.py"]


@dataclass
class Room:
    """One run of tests; a heavy one is asked for, one that is `beside` waits more than it works."""

    name: str
    command: list[str]
    heavy: bool = False
    beside: bool = False
    fetches: tuple[str, ...] = ()
    """Real counterparts that are fetched before; its tests say why where one cannot be had."""


@dataclass
class Outcome:
    """How a room ended."""

    passed: bool = False
    counts: dict[str, int] = field(default_factory=lambda: {"passed": 0, "failed": 0, "skipped": 0})
    broken: list[str] = field(default_factory=list)
    wall_s: float = 0.0
    cpu_s: float = 0.0


def pytest(python: str, *arguments: str, covered: bool = True) -> list[str]:
    """Return the command that runs some folders of tests."""
    launcher = ["-m", "coverage", "run", "-m", "pytest"] if covered else ["-m", "pytest"]
    return [python, *launcher, *arguments]


# Integration waits for sockets now and then: three at a time keep two cores busy.
# The worker runs at the lowest priority: beside busy tests it would get no time at all.
ALONE = ("hashing", "heater")
QUIET = ("lint", "worker", "heater")
REAL_WORKER = (
    "tests/integration/test_end_to_end.py",
    "tests/integration/test_config_flow.py::test_the_trials_are_real",
)

COMPUTING = ("tests/live/test_ray.py", "tests/live/test_boinc.py", "tests/integration/ai/test_ray_story.py")

ROOMS = (
    Room("lint", ["scripts/lint"]),
    Room("worker", pytest(ENGINE, *(f"tests/engine/{room}" for room in ALONE))),
    Room("heater", pytest(HOUSE, *REAL_WORKER)),
    Room("simulators", pytest(ENGINE, "tests/simulators", covered=False), beside=True),
    Room("computing", pytest(HOUSE, "-n", "3", *COMPUTING), beside=True, fetches=("ray", "boinc")),
    Room("chain", ["scripts/acceptance", "--engine"], beside=True),
    Room("engine", pytest(ENGINE, "-n", "3", "tests/engine", *(f"--ignore=tests/engine/{room}" for room in ALONE))),
    Room("gates", pytest(HOUSE, "-n", "2", "tests/gates", covered=False)),
    Room(
        "integration",
        pytest(
            *(HOUSE, "-n", "3", "tests/integration", "--ignore=tests/integration/miners", f"--ignore={COMPUTING[-1]}"),
            *(f"--deselect={test}" for test in REAL_WORKER),
        ),
    ),
    Room("miners", pytest(HOUSE, "-n", "3", "tests/integration/miners")),
    Room(
        "live",
        pytest(HOUSE, "-n", "3", "tests/live", *(f"--ignore={test}" for test in COMPUTING[:-1]), covered=False),
    ),
    Room("browser", pytest(HOUSE, "tests/e2e", covered=False), heavy=True),
    Room("acceptance", ["scripts/acceptance"], heavy=True),
)

type Say = Callable[[str], None]


def say(line: str) -> None:
    """Print a line at once."""
    print(line, end="", flush=True)


def run(room: Room, say: Say) -> Outcome:
    """Run one room and pass its output on."""
    say(f"\033[33m▸\033[0m {room.name}\n")
    outcome, began = Outcome(), time.monotonic()
    for name in room.fetches:
        subprocess.run(["scripts/lib/counterparts.sh", name], cwd=ROOT, capture_output=True, check=False)
    with subprocess.Popen(
        room.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            say(f"  {line}")
            if line.startswith(("FAILED ", "ERROR ")):
                outcome.broken.append(line)
            if " in " in line and (found := COUNTS.findall(line)):
                outcome.counts = {"passed": 0, "failed": 0, "skipped": 0}
                for number, word in found:
                    outcome.counts["failed" if word.startswith("error") else word] += int(number)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    outcome.passed, outcome.wall_s = process.returncode == 0, time.monotonic() - began
    outcome.cpu_s = used.ru_utime + used.ru_stime
    return outcome


class Lane:
    """Rooms that run one after the other beside others, and are listened to afterwards."""

    def __init__(self, rooms: list[Room], outcomes: dict[str, Outcome]) -> None:
        self._rooms, self._outcomes = rooms, outcomes
        self._said: list[str] = []
        self._ends = False
        self._thread = Thread(target=self._run, name="rooms beside")

    def start(self) -> None:
        """Begin."""
        if self._rooms:
            say(f"\033[33m▸\033[0m beside the next: {', '.join(room.name for room in self._rooms)}\n")
        self._thread.start()

    def stop(self) -> None:
        """Begin no other room."""
        self._ends = True

    def join(self) -> None:
        """Wait for the end and tell what was said."""
        if self._rooms and self._thread.is_alive():
            say("\033[33m▸\033[0m waiting for the rooms beside\n")
        self._thread.join()
        say("".join(self._said))

    def _run(self) -> None:
        for room in self._rooms:
            if not self._ends:
                self._outcomes[room.name] = run(room, self._said.append)


def coverage(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the coverage tool on the joined data."""
    return subprocess.run([HOUSE, "-m", "coverage", *arguments], cwd=ROOT, text=True, capture_output=True, check=False)


def covered_enough() -> bool:
    """Join the rooms' coverage, print what is not covered, and hold the figures against the gate."""
    coverage("combine")
    print(coverage("report").stdout)
    whole = float(coverage("report", "--format=total", "--precision=2").stdout.strip() or 0)
    engine = float(coverage("report", "--format=total", "--include=*/engine/*").stdout.strip() or 0)
    flow = float(coverage("report", "--format=total", f"--include={','.join(FLOWS)}").stdout.strip() or 0)
    print(f"  coverage with branches: whole {whole:.1f} %, engine {engine:.1f} %, config flow {flow:.1f} %")
    return whole >= LEAST_WHOLE and engine >= LEAST_WHOLE and flow >= 100.0


def run_all(rooms: list[Room]) -> dict[str, Outcome]:
    """Run rooms; what waits begins when the first of the others may be disturbed by it."""
    outcomes = {room.name: Outcome() for room in rooms}
    lane = Lane([room for room in rooms if room.beside], outcomes)
    quiet = [room for room in rooms if room.name in QUIET]
    for room in quiet:
        outcomes[room.name] = run(room, say)
    lane.start()
    try:
        for room in rooms:
            if room not in quiet and not room.beside:
                outcomes[room.name] = run(room, say)
    finally:
        if sys.exception() is not None:
            lane.stop()
        lane.join()
    return outcomes


def main() -> int:
    """Run the rooms that were asked for."""
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__)
    parser.add_argument("rooms", nargs="*", help=", ".join(room.name for room in ROOMS))
    parser.add_argument("--all", action="store_true", help="with a browser, and all that takes long")
    arguments = parser.parse_args()
    chosen = (
        [room for room in ROOMS if room.name in arguments.rooms]
        if arguments.rooms
        else [room for room in ROOMS if arguments.all or not room.heavy]
    )
    if arguments.all:
        os.environ["HASHWARM_THOROUGH"] = "1"
    started = time.monotonic()
    coverage("erase")
    outcomes = run_all(chosen)
    failed = [room.name for room in chosen if not outcomes[room.name].passed]
    if not arguments.rooms and not covered_enough():
        failed.append("coverage")
    total = {
        word: sum(outcome.counts[word] for outcome in outcomes.values()) for word in ("passed", "failed", "skipped")
    }
    for room in chosen:
        outcome = outcomes[room.name]
        print(f"  {room.name:12}{outcome.wall_s:6.0f} s, of processors {outcome.cpu_s:6.0f} s")
    print("".join(line for outcome in outcomes.values() for line in outcome.broken), end="")
    names = ", ".join(room.name for room in chosen)
    minutes = (time.monotonic() - started) / 60
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    if failed:
        print(f"\033[31m✗\033[0m not passed: {', '.join(failed)} ({minutes:.1f} min)")
        return 1
    print(f"\033[32m✓\033[0m all passed: {names}: {total['passed']} tests in {minutes:.1f} min")
    return 0


if __name__ == "__main__":
    sys.exit(main())
