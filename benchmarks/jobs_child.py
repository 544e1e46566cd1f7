"""One life of a queue of AI jobs: it starts and quiets jobs on this machine at random, and expects to be killed.

It says the name of each job once its submission was taken in. In its last life it does nothing at random and ends when
every job has ended.
"""

import asyncio
from datetime import UTC, datetime
import os
from pathlib import Path
import random
import sys
import time

from custom_components.hashwarm.engine.jobs import SCHEMA, JobQueue, JobSpec, JobState
from custom_components.hashwarm.engine.jobs.local import LocalExecutor, LocalSettings
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from custom_components.hashwarm.engine.store import Store

SLOTS = 3
OPEN_JOBS = 6
PAUSE_S = 0.01
WORK = """
import fcntl, json, os, signal, sys, time
folder = os.environ["HASHWARM_CHECKPOINT_DIR"]
log = open(sys.argv[1], "a")
def note(word):
    print(os.environ["HASHWARM_JOB_ID"], os.environ["HASHWARM_ATTEMPT"], word, file=log, flush=True)
lock = open(folder + "/lock", "a")
try: fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError: note("double"); sys.exit(1)
note("begin")
step = 0
if os.path.exists(folder + "/step"): step = int(open(folder + "/step").read() or 0)
def save(*_):
    with open(folder + "/fresh", "w") as file: file.write(str(step))
    os.replace(folder + "/fresh", folder + "/step")
    os.write(1, b'\\n{"event": "checkpoint"}\\n')
def leave(*_): save(); os._exit(75)
signal.signal(signal.SIGTERM, leave)
while step < 20:
    time.sleep(0.01); step += 1
    print(json.dumps({"progress": step / 20}), flush=True)
save()
note("done")
"""


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Life:
    """A queue, its executor and its file."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._random = random.Random(seed)
        self._log = folder / "log"
        self._store = Store(folder / "jobs.db", schemas=(SCHEMA,), now=now)
        settings = LocalSettings(slots=SLOTS, survivors_grace_s=1.0, nice=0)
        executor = LocalExecutor(folder / "jobs", now=now, clock=time.monotonic, settings=settings)
        self._queue = JobQueue(
            owner="bench",
            store=self._store,
            executors={"here": executor},
            now=now,
            clock=time.monotonic,
            randomness=os.urandom,
            poll_s=0.5,
        )

    async def live(self, *, last: bool) -> None:
        """Live until killed, or in the last life until every job has ended."""
        await self._store.start()
        await self._queue.start()
        os.write(1, b"ready\n")
        while not last or self._queue.jobs:
            await self._start_jobs()
            if not last:
                await self._submit_jobs()
                await self._disturb()
            await self._queue.tick()
            await asyncio.sleep(PAUSE_S)
        await self._queue.stop()
        await self._store.stop()

    async def _submit_jobs(self) -> None:
        while len(self._queue.jobs) < OPEN_JOBS:
            command = (sys.executable, "-I", "-S", "-c", WORK, str(self._log))
            job = await self._queue.submit(JobSpec(name="work", executor_id="here", command=command, grace_s=5.0))
            os.write(1, f"{job.job_id}\n".encode())

    async def _start_jobs(self) -> None:
        """Start what waits, thaw what is frozen, and release what was preempted too often."""
        orders = []
        for job in self._queue.jobs:
            if job.state is JobState.HELD:
                await self._queue.release(job.job_id)
            elif job.state is JobState.PAUSED:
                orders.append(JobOrder(job_id=job.job_id, act=Act.THAW))
            elif self._queue.is_startable(job):
                orders.append(JobOrder(job_id=job.job_id, act=Act.START))
        await self._queue.apply(orders)

    async def _disturb(self) -> None:
        acts = (Act.FREEZE, Act.FREEZE, Act.PREEMPT, Act.STOP)
        jobs = [job for job in self._queue.jobs if job.state is JobState.RUNNING]
        if jobs and self._random.random() < 0.3:
            order = JobOrder(job_id=self._random.choice(jobs).job_id, act=self._random.choice(acts))
            await self._queue.apply([order])


if __name__ == "__main__":
    asyncio.run(Life(Path(sys.argv[1]), int(sys.argv[2])).live(last=sys.argv[3] == "last"))
