"""The example trains, is interrupted at will, and ends as if nobody had disturbed it."""

import asyncio
import json
from pathlib import Path
import sys

import pytest

from custom_components.hashwarm.engine.jobs import JobSpec, Launch
from tests.engine.jobs.test_local import NAMES, make, now, over, says

pytest.importorskip("numpy")
TRAIN = Path(__file__).parents[3] / "examples" / "ai" / "train.py"
QUICK = ("--steps", "400", "--batch", "32", "--hidden", "16", "--tell-s", "0.02")


def launch(attempt=1, job_id=None, arguments=("--checkpoint-s", "0.1")):
    spec = JobSpec(name="train", executor_id="here", command=(sys.executable, str(TRAIN), *QUICK, *arguments))
    return Launch(job_id=job_id or NAMES.next(now()), attempt=attempt, spec=spec)


def final(lines):
    return json.loads(lines[-1])


async def test_interrupted_or_not_the_result_is_the_same(tmp_path):
    executor = make(tmp_path / "jobs")
    await executor.start()
    whole = await executor.launch(launch())
    job, starts = launch(), []
    await executor.launch(job)
    for attempt in (1, 2, 3):
        ref = f"{job.job_id}-a{attempt}"
        await says(executor, ref, "checkpoint" if attempt < 3 else "from")
        if attempt == 2:
            await executor.end(ref, 0.0)
        elif attempt == 1:
            await executor.end(ref, 20.0)
        status = await over(executor, ref)
        lines = await executor.log(ref, 9999)
        starts.append(int(lines[0].removeprefix("from step ")))
        if attempt == 3:
            assert status.exit_code == 0
            break
        if attempt == 1:
            assert (status.exit_code, status.saved) == (75, True)
            stopped_at = json.loads(lines[-2])["step"]
        await executor.launch(launch(attempt + 1, job.job_id))
    assert starts[0] == 0 < starts[1] == stopped_at < starts[2]
    await over(executor, whole)
    result = final(await executor.log(whole, 1))
    assert final(lines) == result
    assert result["loss"] < 2.0
    await executor.stop()


async def test_a_damaged_checkpoint_is_no_end(tmp_path):
    executor = make(tmp_path / "jobs")
    await executor.start()
    job = launch(arguments=("--steps", "5"))
    folder = tmp_path / "jobs" / job.job_id / "checkpoints"
    await asyncio.to_thread(folder.mkdir, parents=True)
    (folder / "training.npz").write_bytes(b"no checkpoint")
    ref = await executor.launch(job)
    assert (await over(executor, ref)).exit_code == 0
    assert (await executor.log(ref, 9))[1] == "from step 0"
    await executor.stop()
