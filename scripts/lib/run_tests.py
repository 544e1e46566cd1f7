"""Runs the rooms of tests one after the other, prints progress, joins their coverage and says what passed."""

import argparse
from dataclasses import dataclass, field
import os
from pathlib import Path
import re
import resource
import subprocess
import sys
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
    """One run of tests; `coverage` measures it."""

    name: str
    command: list[str]
    heavy: bool = False
    environment: dict[str, str] = field(default_factory=dict)


def pytest(python: str, *arguments: str, covered: bool = True) -> list[str]:
    """Return the command that runs some folders of tests."""
    launcher = ["-m", "coverage", "run", "-m", "pytest"] if covered else ["-m", "pytest"]
    return [python, *launcher, *arguments]


# Integration waits for sockets now and then: three at a time keep two cores busy.
# The worker runs at the lowest priority: beside busy tests it would get no time at all.
ALONE = ("hashing", "heater")
REAL_WORKER = (
    "tests/integration/test_end_to_end.py",
    "tests/integration/test_config_flow.py::test_the_trials_are_real",
)

ROOMS = (
    Room("lint", ["scripts/lint"]),
    Room("engine", pytest(ENGINE, "-n", "2", "tests/engine", *(f"--ignore=tests/engine/{room}" for room in ALONE))),
    Room("worker", pytest(ENGINE, *(f"tests/engine/{room}" for room in ALONE))),
    Room("simulators", pytest(ENGINE, "tests/simulators", covered=False)),
    Room("gates", pytest(HOUSE, "-n", "2", "tests/gates", covered=False)),
    Room(
        "integration",
        pytest(
            *(HOUSE, "-n", "3", "tests/integration", "--ignore=tests/integration/miners"),
            *(f"--deselect={test}" for test in REAL_WORKER),
        ),
    ),
    Room("heater", pytest(HOUSE, *REAL_WORKER)),
    Room("miners", pytest(HOUSE, "-n", "3", "tests/integration/miners")),
    Room("live", pytest(HOUSE, "-n", "3", "tests/live", covered=False)),
    Room("chain", ["scripts/acceptance", "--engine"]),
    Room("browser", pytest(HOUSE, "tests/e2e", covered=False), heavy=True),
    Room("acceptance", ["scripts/acceptance"], heavy=True),
)


def run(room: Room) -> tuple[bool, dict[str, int]]:
    """Run one room and pass its output on; return whether it passed and what it counted."""
    print(f"\033[33m▸\033[0m {room.name}", flush=True)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    environment = {**os.environ, **room.environment}
    with subprocess.Popen(
        room.command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"  {line}", end="", flush=True)
            if " in " in line and (found := COUNTS.findall(line)):
                counts = dict.fromkeys(counts, 0)
                for number, word in found:
                    counts["failed" if word.startswith("error") else word] += int(number)
    return process.returncode == 0, counts


def cpu_s() -> float:
    """Return the seconds of processors that all ended children have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


def main() -> int:
    """Run the rooms that were asked for."""
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__)
    parser.add_argument("rooms", nargs="*", help=", ".join(room.name for room in ROOMS))
    parser.add_argument("--all", action="store_true", help="with the browser and the chain")
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
    failed: list[str] = []
    total = {"passed": 0, "failed": 0, "skipped": 0}
    took: list[str] = []
    for room in chosen:
        began, used_s = time.monotonic(), cpu_s()
        passed, counts = run(room)
        took.append(f"  {room.name:12}{time.monotonic() - began:6.0f} s, of processors {cpu_s() - used_s:6.0f} s")
        total = {word: total[word] + counts[word] for word in total}
        if not passed:
            failed.append(room.name)
    if not arguments.rooms and not covered_enough():
        failed.append("coverage")
    print(*took, sep="\n")
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
