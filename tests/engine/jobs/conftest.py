"""A queue on a real file, and an executor in memory that remembers what was asked of it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
import os

import pytest

from custom_components.hashwarm.engine.jobs import (
    SCHEMA,
    Abilities,
    JobQueue,
    JobSpec,
    PowerReading,
    RunState,
    RunStatus,
)
from custom_components.hashwarm.engine.store import Store

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Machine:
    """What runs jobs, and goes on doing so whatever becomes of us."""

    abilities: Abilities = field(default_factory=lambda: Abilities(freezes=True, throttles=True, slots=500))
    runs: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    launched: list = field(default_factory=list)
    error: Exception | None = None
    power_w: float | None = 100.0
    stays: bool = False
    """A run that is told to end does not."""


class FakeExecutor:
    def __init__(self, machine):
        self.machine = machine
        self.forgotten = []

    @property
    def abilities(self):
        return self.machine.abilities

    def _ask(self, *what):
        self.machine.asked.append(what)
        if self.machine.error is not None:
            raise self.machine.error

    async def start(self):
        self._ask("start")
        if not self.abilities.keeps_runs:
            self.machine.runs.clear()

    async def stop(self):
        self._ask("stop")

    async def launch(self, launch):
        self._ask("launch", launch.run_id)
        assert launch.run_id not in self.machine.launched
        self.machine.launched.append(launch.run_id)
        alive = [ref for ref, run in self.machine.runs.items() if run.state is not RunState.ENDED]
        assert not [ref for ref in alive if ref.startswith(launch.job_id)], "runs twice"
        self.machine.runs[launch.run_id] = RunStatus(ref=launch.run_id, state=RunState.RUNNING)
        return launch.run_id

    def change(self, ref, **changes):
        self.machine.runs[ref] = replace(self.machine.runs[ref], **changes)

    async def freeze(self, ref):
        self._ask("freeze", ref)
        self.change(ref, state=RunState.FROZEN)

    async def thaw(self, ref):
        self._ask("thaw", ref)
        self.change(ref, state=RunState.RUNNING)

    async def throttle(self, ref, share):
        self._ask("throttle", ref, share)

    async def end(self, ref, grace_s):
        self._ask("end", ref, grace_s)
        if ref in self.machine.runs:
            state = RunState.ENDING if self.machine.stays else RunState.ENDED
            self.change(ref, state=state, exit_code=75 if grace_s and not self.machine.stays else None)
            self.wake()

    async def look(self):
        self._ask("look")
        return list(self.machine.runs.values())

    async def log(self, ref, lines):
        return [f"{ref} says {lines}"]

    def power(self):
        return PowerReading(power_w=self.machine.power_w, source="measured")

    def attach(self, wake):
        self.wake = wake

    async def forget(self, job_id):
        self.forgotten.append(job_id)


class World:
    """A queue that can be killed, and time that passes when it is told to."""

    def __init__(self, path):
        self.path = path
        self.seconds = 0.0
        self.ahead_s = 0.0
        """How wrong the wall clock is."""
        self.machine = Machine()
        self.booked = []
        self.events = []
        self.queue = None
        self.fail_booking = None

    def now(self):
        return START + timedelta(seconds=self.seconds + self.ahead_s)

    def clock(self):
        return self.seconds

    def _book(self, connection, job):
        if self.fail_booking:
            raise self.fail_booking
        self.booked.append((job.job_id, job.revenue_nano))

    async def open(self, **more):
        self.store = Store(self.path, schemas=(SCHEMA,), now=self.now)
        await self.store.start()
        self.executor = FakeExecutor(self.machine)
        self.queue = JobQueue(
            owner="heater",
            store=self.store,
            executors={"box": self.executor},
            now=self.now,
            clock=self.clock,
            randomness=os.urandom,
            book=self._book,
            on_event=lambda job, event: self.events.append(event.value),
            **({"poll_s": 1000.0} | more),
        )
        await self.queue.start()

    async def close(self):
        await self.queue.stop()
        await self.store.stop()

    async def kill(self):
        """End this life as a kill does: nothing is told to anybody."""
        await self.queue._orders.stop()
        for follower in self.queue._followers.values():
            follower._task.cancel()
        await self.store.stop()

    async def rows(self, query):
        return await self.store.read(lambda c: c.execute(query).fetchall())


def spec(**changes):
    return JobSpec(
        **({"name": "train", "executor_id": "box", "command": ("true",), "expected_power_w": 100.0} | changes)
    )


@pytest.fixture
def make_spec():
    return spec


@pytest.fixture
async def world(tmp_path):
    world = World(tmp_path / "jobs.db")
    await world.open()
    yield world
    world.machine.error = None
    await world.close()
