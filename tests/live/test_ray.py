"""The Ray executor against a real Ray head: a smoke every day, all traps and the rest with `scripts/test --all`."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile
import time

import aiohttp
import pytest
from yarl import URL

from custom_components.hashwarm.engine.jobs import JobSpec, Launch, Requirements, RunState
from custom_components.hashwarm.engine.jobs.executors import RayExecutor
from custom_components.hashwarm.engine.model.errors import ExecutorAuthError, ExecutorError
from tests.e2e.demo import free_port
from tests.live.counterparts import fetch

ROOT = Path(__file__).parents[2]
RAY = ROOT / ".venv-ray" / "bin" / "ray"
UP_S = 120.0
SOON_S = 60.0
START_S = 30
PORTS = (
    "port",
    "dashboard-port",
    "dashboard-agent-grpc-port",
    "metrics-export-port",
    "dashboard-agent-listen-port",
    "runtime-env-agent-port",
    "node-manager-port",
    "object-manager-port",
)
pytestmark = pytest.mark.timeout(600)
# Counts to 200, a step each 0.1 s; saving takes six seconds, as that of a large model may.
TRAIN = """
import json, os, pathlib, signal, sys, time
folder = pathlib.Path(os.environ["HASHWARM_CHECKPOINT_DIR"]); folder.mkdir(parents=True, exist_ok=True)
saved, last, slow = folder / "step", int(sys.argv[1]), float(sys.argv[2])
step = int(saved.read_text()) if saved.exists() else 0
def save(*_):
    time.sleep(slow)
    saved.write_text(str(step))
    print(json.dumps({"event": "checkpoint"}), flush=True)
    sys.exit(75)
signal.signal(signal.SIGTERM, save)
(folder / "pid").write_text(str(os.getpid()))
print("began at", step, flush=True)
while step < last:
    step += 1
    time.sleep(0.1)
    print(json.dumps({"progress": step / last}), flush=True)
"""


class Head:
    """A head of one CPU on loopback, with a folder of its own; ends with all that it started."""

    def __init__(self, token=None):
        # Ray's sockets lie in there, and their paths may not be long.
        self.folder = Path(tempfile.mkdtemp(prefix="hwray"))
        self.ports = {name: free_port() for name in PORTS}
        self.url = URL(f"http://127.0.0.1:{self.ports['dashboard-port']}")
        self.token = token
        self.process = None

    async def start(self):
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "PYTHON"))},
            "HOME": str(self.folder),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # Listens on loopback only.
            "RAY_AUTH_MODE": "token" if self.token else "disabled",
            "RAY_JOB_START_TIMEOUT_SECONDS": str(START_S),  # Fifteen minutes otherwise.
            **({"RAY_AUTH_TOKEN": self.token} if self.token else {}),
        }
        ports = [f"--{name}={port}" for name, port in self.ports.items()]
        with (self.folder / "head.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(RAY, "start", "--head", "--block", "--num-cpus=1", "--node-ip-address=127.0.0.1"),
                *("--dashboard-host=127.0.0.1", "--object-store-memory=80000000", f"--temp-dir={self.folder / 'ray'}"),
                *ports,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def stop(self):
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), 5)
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()
            self.process = None

    async def restart(self):
        await self.stop()
        await self.start()


def launch_of(folder, name, last=200, slow=0.0, attempt=1, **spec):
    command = (sys.executable, "-c", TRAIN, str(last), str(slow))
    spec = {"name": "count", "executor_id": "ray", "command": command, "requires": Requirements(cpus=1.0), **spec}
    return Launch(job_id=name, attempt=attempt, spec=JobSpec(**spec))


def now():
    return datetime.now(UTC)


async def up(session, head, ray):
    """Wait until the head answers and has its CPU."""
    async with asyncio.timeout(UP_S):
        while True:
            with suppress(ExecutorError):
                if (await ray.cluster()).cpus == 1.0:
                    break
            assert head.process.returncode is None, (head.folder / "head.log").read_text()[-2000:]
            await asyncio.sleep(0.3)


async def until(ray, ref, *states, told=lambda run: True):
    async with asyncio.timeout(SOON_S):
        while True:
            run = {run.ref: run for run in await ray.look()}[ref]
            if run.state in states and told(run):
                return run
            await asyncio.sleep(0.2)


@pytest.fixture(scope="module", autouse=True)
def ray_is_here():
    fetch("ray")


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def head():
    started = Head()
    await started.start()
    yield started
    await started.stop()
    shutil.rmtree(started.folder, ignore_errors=True)


async def take(session, head, **more):
    root = str(head.folder / "checkpoints")
    return RayExecutor(session, head.url, owner="home", now=now, checkpoint_root=root, **more)


async def test_a_job_is_stopped_with_its_work_saved_and_goes_on_where_it_was(session, head, tmp_path):
    ray = await take(session, head)
    await up(session, head, ray)
    await ray.start()
    assert await ray.authentication_mode() == "disabled"
    first = await ray.launch(launch_of(tmp_path, "smoke"))
    await until(ray, first, RunState.RUNNING, told=lambda run: (run.progress or 0) > 0)
    await ray.end(first, 30)
    stopped = await until(ray, first, RunState.ENDED)
    assert (stopped.saved, stopped.exit_code) == (True, None)
    step = int((head.folder / "checkpoints" / "smoke" / "step").read_text())
    second = await ray.launch(launch_of(tmp_path, "smoke", last=step + 5, attempt=2))
    ended = await until(ray, second, RunState.ENDED)
    assert (ended.exit_code, ended.progress) == (0, 1.0)
    assert f"began at {step}" in await ray.log(second, 100)
    await ray.stop()


async def test_the_five_traps(session, head, tmp_path):
    ray = await take(session, head)
    await up(session, head, ray)
    await ray.start()
    # Saving takes longer than Ray's own grace: its own is what a job gets.
    slow = await ray.launch(launch_of(tmp_path, "slow", last=3000, slow=6.0, grace_s=30.0))
    await until(ray, slow, RunState.RUNNING, told=lambda run: (run.progress or 0) > 0)
    # Trap 4: the same name again.
    twin = await take(session, head)
    assert await twin.launch(launch_of(tmp_path, "slow", slow=6.0)) == slow
    # Trap 1: a job that waits for room cannot be stopped. For us it has ended; its ghost does no work.
    ghost = await ray.launch(launch_of(tmp_path, "ghost"))
    await until(ray, ghost, RunState.STARTING)
    await ray.end(ghost, 30)
    assert (await until(ray, ghost, RunState.ENDED)).saved
    # A restart of the home finds what runs.
    await ray.stop()
    ray = await take(session, head)
    await ray.start()
    assert {run.ref: run.state for run in await ray.look()}[slow] is RunState.RUNNING
    # Trap 2: a job that waits for too long fails.
    late = await ray.launch(launch_of(tmp_path, "late"))
    assert (await until(ray, late, RunState.ENDED)).problem == "ray_no_room"
    begun = time.monotonic()
    await ray.end(slow, 30)
    stopped = await until(ray, slow, RunState.ENDED)
    assert stopped.saved
    assert time.monotonic() - begun > 5
    await asyncio.sleep(5)
    assert not (head.folder / "checkpoints" / "ghost" / "step").exists() or (
        int((head.folder / "checkpoints" / "ghost" / "step").read_text()) < 50
    )
    # Saving takes longer than the job's own grace: its work is lost, and that is said.
    short = await ray.launch(launch_of(tmp_path, "short", slow=20.0, grace_s=2.0))
    await until(ray, short, RunState.RUNNING, told=lambda run: (run.progress or 0) > 0)
    await ray.end(short, 2)
    assert (await until(ray, short, RunState.ENDED)).saved is False
    # Trap 5: a frozen job cannot save, and dies when its grace is over.
    frozen = await ray.launch(launch_of(tmp_path, "frozen", grace_s=3.0))
    await until(ray, frozen, RunState.RUNNING, told=lambda run: (run.progress or 0) > 0)
    os.kill(int((head.folder / "checkpoints" / "frozen" / "pid").read_text()), signal.SIGSTOP)
    begun = time.monotonic()
    await ray.end(frozen, 3)
    assert (await until(ray, frozen, RunState.ENDED)).saved is False
    assert time.monotonic() - begun > 2
    # Trap 3: a head that starts anew has forgotten everything.
    last = await ray.launch(launch_of(tmp_path, "last"))
    await until(ray, last, RunState.RUNNING)
    await head.restart()
    await up(session, head, ray)
    assert {run.ref: run.state for run in await ray.look()}[last] is RunState.LOST
    await ray.stop()


async def test_a_head_with_a_token_wants_it(session):
    token = "0123456789abcdef0123456789abcdef"
    head = Head(token)
    await head.start()
    try:
        ray = await take(session, head, token=token)
        await up(session, head, ray)
        assert await ray.authentication_mode() == "token"
        for wrong in (None, "f" * 32):
            with pytest.raises(ExecutorAuthError):
                await (await take(session, head, token=wrong)).start()
        await ray.start()
        await ray.stop()
    finally:
        await head.stop()
        shutil.rmtree(head.folder, ignore_errors=True)
