"""AI jobs on this machine: how fast they freeze, how well they are slowed down, and what a kill at any moment costs.

Options: --kills, 200 unless told. Figures of slowing down are taken from the state of the process, looked at some
thousand times, so that other load on the machine does not change them.
"""

import argparse
import asyncio
from collections.abc import Callable
import os
from pathlib import Path
import random
import sqlite3
import subprocess
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any

from benchmarks.jobs_child import now
from custom_components.hashwarm.engine.jobs import SCHEMA, Job, JobEvent, JobQueue, JobSpec, JobState, processes, sweep
from custom_components.hashwarm.engine.jobs.local import LocalExecutor, LocalSettings
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from custom_components.hashwarm.engine.store import Store

type Say = Callable[[str], None]

KILLS = 200
FREEZES = 50
SLOW_FOR_S = 8.0
LOOK_EVERY_S = 0.0013
HEAT_OFFS = 3
GRACE_S = 10.0
SAVE_S = 1.0
ROOT = Path(__file__).parents[1]
# The engine alone: an empty parent stands where the integration would be, with the Home Assistant that it imports.
_BOOT = """
import runpy, sys, types
for name in ("custom_components", "custom_components.hashwarm"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [name.replace(".", "/")]
runpy.run_module("benchmarks.jobs_child", run_name="__main__")
"""
BUSY = "while True: pass"
SAVES = f"""
import signal, sys, time
def save(*_): time.sleep({SAVE_S}); sys.exit(75)
signal.signal(signal.SIGTERM, save)
while True: time.sleep(0.01)
"""
GOALS = {
    "freeze_ms_max": 1000.0,
    "duty_error_points": {"25": 3.0, "50": 3.0, "75": 3.0},
    "jobs_lost": 0,
    "double_runs": 0,
    "heat_off_to_idle_s_max": GRACE_S + 5.0,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let people choose how often it is killed."""
    parser.add_argument("--kills", type=int, default=KILLS)


def measure(say: Say, kills: int = KILLS) -> dict[str, Any]:
    """Return all figures."""
    with TemporaryDirectory(prefix="hashwarm-jobs-") as folder:
        say("freezing and slowing down")
        quiet = Path(folder) / "quiet"
        quiet.mkdir()
        figures = asyncio.run(_quieting(quiet))
        say(f"{kills} kills at random moments")
        return figures | kill_at_random(Path(folder) / "kills", kills)


def table(figures: dict[str, Any]) -> str:
    """Return the figures for people, beside what is wanted."""
    return "\n".join(f"{name:24}{value!s:>44}  goal {GOALS.get(name, '-')!s}" for name, value in figures.items())


def kill_at_random(folder: Path, kills: int, within_s: float = 1.2) -> dict[str, Any]:
    """Return what so many kills did to jobs that were taken in, and how many ran twice at once."""
    folder.mkdir(parents=True)
    chance, names = random.Random(11), set[str]()
    for number in range(kills):
        names |= _life(folder, number, chance.uniform(0.0, within_s))
    names |= _life(folder, kills, None)
    states = _states(folder / "jobs.db")
    return {
        "kills": kills,
        "jobs": len(names),
        "attempts": len(_words(folder / "log", "begin")),
        "jobs_lost": sum(states.get(name) != JobState.SUCCEEDED for name in names),
        "double_runs": _double_runs(folder),
        "survivors": len(sweep.members(os.fsencode(f"HASHWARM_CHECKPOINT_DIR={folder}/"))),
    }


def _life(folder: Path, seed: int, lives_s: float | None) -> set[str]:
    """Let a queue live, be killed so long after it was ready, and return the names of jobs that it took in."""
    last = lives_s is None
    command = (sys.executable, "-c", _BOOT, str(folder), str(seed), "last" if last else "")
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    try:
        if lives_s is not None:
            child.stdout.readline()
            time.sleep(lives_s)
        else:
            child.wait(300)
    finally:
        child.kill()
        said, _ = child.communicate()
    return {line for line in said.split() if line != "ready"}


def _states(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as connection:
        return dict(connection.execute("SELECT id, state FROM jobs_job").fetchall())


def _words(log: Path, word: str) -> list[tuple[str, str]]:
    """Return job and attempt of each line of the jobs' own log with that word."""
    lines = (line.split() for line in log.read_text().splitlines()) if log.exists() else ()
    return [(line[0], line[1]) for line in lines if line[2:] == [word]]


def _double_runs(folder: Path) -> int:
    """Return how often a job ran twice at once, or one attempt was begun twice."""
    begun = _words(folder / "log", "begin")
    return len(_words(folder / "log", "double")) + len(begun) - len(set(begun))


async def _quieting(folder: Path) -> dict[str, Any]:
    """Return how fast and how well jobs are quieted."""
    store = Store(folder / "jobs.db", schemas=(SCHEMA,), now=now)
    await store.start()
    preempted = asyncio.Event()

    def note(_: Job, event: JobEvent) -> None:
        if event is JobEvent.PREEMPTED:
            preempted.set()

    executor = LocalExecutor(folder / "jobs", now=now, clock=time.monotonic, settings=LocalSettings(slots=8, nice=0))
    queue = JobQueue(
        owner="bench",
        store=store,
        executors={"here": executor},
        now=now,
        clock=time.monotonic,
        randomness=os.urandom,
        on_event=note,
    )
    await queue.start()
    try:
        pid, name = await _running(queue, folder, BUSY)
        freeze_ms = [await _freeze_ms(queue, name, pid) for _ in range(FREEZES)]
        errors = {str(round(share * 100)): await _duty_error(queue, name, pid, share) for share in (0.25, 0.5, 0.75)}
        await queue.cancel(name, force=True)
        off_s = [await _heat_off_s(queue, folder, preempted) for _ in range(HEAT_OFFS)]
    finally:
        await queue.stop()
        await store.stop()
    return {
        "freeze_ms_max": round(max(freeze_ms), 2),
        "duty_error_points": errors,
        "heat_off_to_idle_s_max": round(max(off_s), 2),
    }


async def _running(queue: JobQueue, folder: Path, code: str) -> tuple[int, str]:
    """Start a job and return its process and its name."""
    command = (sys.executable, "-I", "-S", "-c", code)
    job = await queue.submit(JobSpec(name="job", executor_id="here", command=command, grace_s=GRACE_S))
    await queue.apply([JobOrder(job_id=job.job_id, act=Act.START)])
    # It is started and has told its state by then, however busy the machine is.
    await asyncio.sleep(3.0)
    leader = sweep.read_leader(folder / "jobs" / job.job_id / "leader.json")
    assert leader is not None
    return leader.pid, job.job_id


async def _freeze_ms(queue: JobQueue, name: str, pid: int) -> float:
    """Return how long a running job takes to be frozen after the order; then let it go on."""
    begin_s = time.monotonic()
    await queue.apply([JobOrder(job_id=name, act=Act.FREEZE)])
    await asyncio.to_thread(_wait_until_frozen, pid)
    length_ms = (time.monotonic() - begin_s) * 1000
    await queue.apply([JobOrder(job_id=name, act=Act.THAW)])
    await asyncio.sleep(0.02)
    return length_ms


def _wait_until_frozen(pid: int) -> None:
    while _state(pid) != "T":
        time.sleep(0.0002)


async def _duty_error(queue: JobQueue, name: str, pid: int, share: float) -> float:
    """Return by how many points of 100 a job ran more or less than it was told to."""
    await queue.apply([JobOrder(job_id=name, share=share)])
    await asyncio.sleep(1.0)
    ran_s, last_s = 0.0, time.monotonic()
    begin_s, ran = last_s, True
    while last_s - begin_s < SLOW_FOR_S:
        await asyncio.sleep(LOOK_EVERY_S)
        at_s = time.monotonic()
        ran_s += (at_s - last_s) * ran
        last_s, ran = at_s, _state(pid) != "T"
    return round(abs(ran_s / (last_s - begin_s) - share) * 100, 2)


async def _heat_off_s(queue: JobQueue, folder: Path, preempted: asyncio.Event) -> float:
    """Return how long a job takes to be gone after it was frozen and told to save and end."""
    pid, name = await _running(queue, folder, SAVES)
    preempted.clear()
    begin_s = time.monotonic()
    await queue.apply([JobOrder(job_id=name, act=Act.FREEZE)])
    await queue.apply([JobOrder(job_id=name, act=Act.PREEMPT)])
    async with asyncio.timeout(GRACE_S * 6):
        await preempted.wait()
    assert processes.stat(pid) is None
    return time.monotonic() - begin_s


def _state(pid: int) -> str | None:
    found = processes.stat(pid)
    return None if found is None else found.state
