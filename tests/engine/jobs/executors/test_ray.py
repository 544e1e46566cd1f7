"""The Ray executor against a head with Ray's traps."""

import asyncio
import json
import shlex

import pytest

from custom_components.hashwarm.engine.jobs import JobSpec, Launch, Requirements, RunState
from custom_components.hashwarm.engine.jobs.executors import RayExecutor, base_url
from custom_components.hashwarm.engine.model.errors import (
    ExecutorAuthError,
    ExecutorError,
    ExecutorRefusedError,
    ExecutorUnreachableError,
)
from simulators.compute.ray_head import RayHead
from simulators.compute.stage import Mood

COMMAND = ("python", "train.py", "--note", "two words; rm -rf $HOME `x` 'q'")


def launch_of(attempt=1, job_id="01J", **spec):
    spec = {"name": "train", "executor_id": "ray", "command": COMMAND, "expected_power_w": 300.0, **spec}
    return Launch(job_id=job_id, attempt=attempt, spec=JobSpec(**spec))


@pytest.fixture
async def head(clock):
    server = RayHead(now=clock)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def make(session, head, clock):
    def build(**more):
        more = {"owner": "home", "currency": "EUR", "now": clock, "transit_poll_s": 0.01, **more}
        return RayExecutor(session, base_url(head.url), **more)

    return build


@pytest.fixture
async def ray(make):
    executor = make()
    await executor.start()
    yield executor
    await executor.stop()


async def only(ray):
    [run] = await ray.look()
    return run


async def test_a_job_is_submitted_as_a_command_and_never_as_a_line_of_its_own(ray, head):
    ref = await ray.launch(
        launch_of(environment={"SEED": "7"}, grace_s=90.0, requires=Requirements(cpus=0.5, gpus=1, memory_mb=256))
    )
    body = head.jobs[ref].body
    assert ref == body["submission_id"] == "01J-a1"
    assert tuple(shlex.split(body["entrypoint"])) == COMMAND
    assert body["metadata"] == {"hashwarm_owner": "home", "hashwarm_job_id": "01J", "hashwarm_power_w": "300"}
    assert (body["entrypoint_num_cpus"], body["entrypoint_num_gpus"]) == (0.5, 1)
    assert body["entrypoint_memory"] == 256_000_000
    variables = body["runtime_env"]["env_vars"]
    assert variables["RAY_JOB_STOP_WAIT_TIME_S"] == "90"
    assert (variables["SEED"], variables["HASHWARM_JOB_ID"], variables["HASHWARM_ATTEMPT"]) == ("7", "01J", "1")
    assert variables["HASHWARM_CHECKPOINT_DIR"] == "/tmp/hashwarm/01J"


async def test_a_job_tells_of_itself_between_what_ray_prints(ray, head, clock):
    ref = await ray.launch(launch_of())
    head.say(ref, '{"progress": 0.25}', "loss 0.7", '{"event": "checkpoint"}', '{"next_checkpoint_s": 90}')
    head.say(ref, '{"revenue": 0.5, "currency": "EUR"}', '{"revenue": 0.25, "currency": "EUR"}')
    run = await only(ray)
    assert (run.state, run.progress, run.revenue_nano) == (RunState.RUNNING, 0.25, 750_000_000)
    assert run.last_checkpoint == clock()
    assert (run.next_checkpoint - clock()).total_seconds() == 90
    assert (await ray.log(ref, 2))[0].startswith('{"revenue": 0.5')
    assert await ray.log(ref, 0) == []
    assert (ray.power().power_w, ray.power().source) == (300.0, "estimated")
    head.finish(ref, "SUCCEEDED", 0)
    run = await only(ray)
    assert (run.state, run.exit_code, run.saved) == (RunState.ENDED, 0, None)
    assert ray.power().power_w == 0


async def test_a_stop_is_no_proof_of_an_end(ray, head):
    ref = await ray.launch(launch_of())
    head.say(ref, '{"event": "checkpoint"}')
    assert (await only(ray)).state is RunState.RUNNING
    await ray.end(ref, 30)
    assert head.jobs[ref].stops == 1
    assert (await only(ray)).state is RunState.ENDING
    await ray.end(ref, 30)
    assert head.jobs[ref].stops == 1
    head.finish(ref, "STOPPED")
    run = await only(ray)
    assert (run.state, run.exit_code, run.saved) == (RunState.ENDED, None, False)


async def test_a_checkpoint_told_after_the_stop_proves_that_work_was_saved(ray, head):
    ref = await ray.launch(launch_of())
    head.say(ref, '{"event": "checkpoint"}')
    await ray.end(ref, 30)
    head.jobs[ref].log += '{"event": "checkpoint"}'  # The last line of a job may lack its end.
    head.finish(ref, "STOPPED")
    assert (await only(ray)).saved


async def test_exit_code_75_means_saved_and_others_are_told(ray, head):
    ref = await ray.launch(launch_of())
    head.finish(ref, "FAILED", 75, "JOB_ENTRYPOINT_COMMAND_ERROR")
    run = await only(ray)
    assert (run.exit_code, run.saved, run.problem) == (75, True, None)
    other = await ray.launch(launch_of(2))
    head.finish(other, "FAILED", None, "JOB_SUPERVISOR_ACTOR_START_TIMEOUT")
    run = (await ray.look())[1]
    assert (run.exit_code, run.saved, run.problem) == (None, None, "ray_no_room")


async def test_trap_1_a_pending_job_ends_for_us_at_once_and_its_ghost_is_stopped(ray, head):
    first = await ray.launch(launch_of(job_id="A"))
    second = await ray.launch(launch_of(job_id="B"))
    assert [run.state for run in await ray.look()] == [RunState.RUNNING, RunState.STARTING]
    await ray.end(second, 30)
    run = (await ray.look())[1]
    assert (run.state, run.saved) == (RunState.ENDED, True)
    before = head.jobs[second].stops
    head.finish(first, "SUCCEEDED", 0)
    assert head.jobs[second].begun
    async with asyncio.timeout(10):
        while head.jobs[second].stops == before:
            await asyncio.sleep(0.01)
    head.finish(second, "STOPPED")
    assert (await ray.look())[1].state is RunState.ENDED
    asked = len(head.requests)
    await ray.look()
    assert {path for _, path, _ in head.requests[asked:]} == {"/api/version"}


async def test_a_ghost_that_the_head_forgets_is_laid(ray, head):
    await ray.launch(launch_of(job_id="A"))
    second = await ray.launch(launch_of(job_id="B"))
    await ray.end(second, 30)
    head.forget()
    assert [run.state for run in await ray.look()] == [RunState.LOST, RunState.ENDED]


async def test_trap_3_a_head_that_forgot_loses_its_runs(ray, head):
    ref = await ray.launch(launch_of())
    head.forget()
    assert (await only(ray)).state is RunState.LOST
    assert await ray.log(ref, 5) == []
    await ray.end(ref, 0)
    with pytest.raises(ExecutorRefusedError):
        await ray.log("unknown", 5)


async def test_a_run_that_is_gone_when_it_is_told_to_end_is_lost(ray, head):
    ref = await ray.launch(launch_of())
    head.forget()
    await ray.end(ref, 30)
    assert (await only(ray)).state is RunState.LOST


async def test_trap_4_a_name_that_the_head_has_already_is_taken_up(make, head):
    first, second, stranger = make(), make(), make(owner="another")
    ref = await first.launch(launch_of())
    assert await second.launch(launch_of()) == ref
    assert (await only(second)).state is RunState.RUNNING
    assert await second.launch(launch_of()) == ref
    with pytest.raises(ExecutorRefusedError):
        await stranger.launch(launch_of())
    head.moods = [Mood.ERROR]
    with pytest.raises(ExecutorRefusedError):
        await second.launch(launch_of(7))


async def test_runs_are_taken_up_again_after_a_restart(make, head, clock):
    before = make()
    head.cpus = 2
    running, ended, old = [await before.launch(launch_of(number)) for number in (1, 2, 3)]
    head.say(running, '{"event": "checkpoint"}', '{"revenue": 1, "currency": "EUR"}')
    head.finish(old, "SUCCEEDED", 0)
    clock.forward(2 * 86_400)
    head.finish(ended, "FAILED", 3)
    after, stranger = make(), make(owner="another")
    await after.start()
    runs = {run.ref: run for run in await after.look()}
    assert runs.keys() == {running, ended}
    assert (runs[running].state, runs[running].revenue_nano) == (RunState.RUNNING, 1_000_000_000)
    assert runs[running].last_checkpoint is None
    assert (runs[ended].state, runs[ended].exit_code) == (RunState.ENDED, 3)
    assert after.power().power_w == 300.0
    head.say(running, '{"event": "checkpoint"}')
    clock.forward(5)
    assert {run.ref: run for run in await after.look()}[running].last_checkpoint == clock()
    await stranger.start()
    assert await stranger.look() == []
    await after.stop()
    await stranger.stop()
    await make().stop()
    assert head.jobs[running].status == "RUNNING"


async def test_a_stranger_is_ended_by_its_name(make, head):
    before, after = make(), make()
    ref = await before.launch(launch_of())
    await after.end(ref, 0)
    assert head.jobs[ref].stops == 1
    assert (await only(after)).state is RunState.ENDING


async def test_a_run_that_nobody_knows_of_turns_up_or_is_lost(make, head, clock):
    ray = make()
    head.moods = [Mood.BUSY]
    with pytest.raises(ExecutorUnreachableError):
        await ray.launch(launch_of())
    assert (await only(ray)).state is RunState.STARTING
    clock.forward(61)
    assert (await only(ray)).state is RunState.LOST
    head.moods = [Mood.DROP]
    with pytest.raises(ExecutorUnreachableError):
        await ray.launch(launch_of(2))
    assert (await ray.look())[1].state is RunState.RUNNING


async def test_a_head_out_of_reach_is_told_to_end_a_run_later(make, head):
    ray = make()
    ref = await ray.launch(launch_of())
    await ray.look()
    head.moods = [Mood.BUSY]
    with pytest.raises(ExecutorUnreachableError):
        await ray.end(ref, 30)
    assert (await only(ray)).state is RunState.ENDING
    assert head.jobs[ref].stops == 1


async def test_the_queue_is_woken_when_a_run_begins_or_ends(ray, head):
    woken = asyncio.Event()
    ray.attach(woken.set)
    await ray.launch(launch_of(job_id="A"))
    second = await ray.launch(launch_of(job_id="B"))
    await ray.look()
    head.mood = Mood.BUSY
    await asyncio.sleep(0.05)
    head.mood = Mood.GOOD
    woken.clear()
    head.finish("A-a1", "SUCCEEDED", 0)
    async with asyncio.timeout(10):
        await woken.wait()
    assert (await ray.look())[1].state is RunState.RUNNING
    head.finish(second, "SUCCEEDED", 0)


async def test_a_head_with_a_token_wants_it(make, head):
    head.token = "secret"
    for token in (None, "wrong"):
        ray = make(token=token)
        with pytest.raises(ExecutorAuthError):
            await ray.look()
        with pytest.raises(ExecutorAuthError):
            await ray.launch(launch_of())
        assert await ray.authentication_mode() == "token"
    ray = make(token="secret")
    assert await ray.launch(launch_of()) == "01J-a1"
    assert await ray.version() == "2.60.0"


async def test_a_head_without_a_token_is_known(ray, head):
    assert await ray.authentication_mode() == "disabled"
    head.has_authentication_mode = False
    assert await ray.authentication_mode() is None


async def test_a_token_does_not_follow_a_redirect(make, head, elsewhere):
    head.mood, head.elsewhere = Mood.REDIRECT, elsewhere.url
    ray = make(token="secret")
    for question in (ray.look(), ray.launch(launch_of()), ray.cluster(), ray.start()):
        with pytest.raises(ExecutorError):
            await question
    assert elsewhere.requests == []


@pytest.mark.parametrize("mood", [Mood.HTML, Mood.GARBAGE, Mood.OTHER_SHAPE, Mood.HUGE, Mood.NAN, Mood.HASTE])
async def test_a_head_that_answers_nonsense_is_told_so(ray, head, mood):
    ref = await ray.launch(launch_of())
    head.mood = mood
    if mood is Mood.NAN:
        assert (await only(ray)).state is RunState.RUNNING
        assert (await ray.cluster()).cpus is None
        return
    with pytest.raises(ExecutorError):
        await ray.look()
    with pytest.raises(ExecutorError):
        await ray.end(ref, 1)


async def test_a_head_that_says_nothing_is_out_of_reach(session, head, clock):
    ray = RayExecutor(session, base_url(head.url), owner="home", now=clock, answer_s=0.05)
    head.mood = Mood.HANG
    with pytest.raises(ExecutorUnreachableError):
        await ray.look()


async def test_a_log_without_an_end_is_not_read_any_more(make, head):
    ray = make()
    ref = await ray.launch(launch_of())
    head.say(ref, "x" * (9 << 20))
    run = await only(ray)
    assert (run.state, run.problem) == (RunState.RUNNING, "ray_log_too_long")
    asked = len(head.requests)
    await ray.look()
    assert not any("logs" in path for _, path, _ in head.requests[asked:])


async def test_a_long_log_is_read_less_often(make, head, clock):
    ray = make()
    ref = await ray.launch(launch_of())
    head.say(ref, *["x" * 1000] * 200)
    await ray.look()
    head.say(ref, '{"progress": 0.5}')
    assert (await only(ray)).progress is None
    clock.forward(10)
    assert (await only(ray)).progress == 0.5


async def test_a_missing_log_is_no_trouble(make, head):
    ray = make()
    await ray.launch(launch_of())
    for mood in (Mood.ERROR, Mood.OTHER_SHAPE, Mood.DROP):
        head.moods = [Mood.GOOD, mood]
        assert (await only(ray)).state is RunState.RUNNING
    assert head.moods == []


async def test_the_log_of_an_end_is_asked_for_again_and_then_given_up(make, head):
    ray = make()
    for attempt, misses in ((1, 2), (2, 3)):
        ref = await ray.launch(launch_of(attempt))
        await ray.end(ref, 30)
        head.say(ref, '{"event": "checkpoint"}')
        head.finish(ref, "STOPPED")
        for _ in range(2):
            head.moods = [Mood.GOOD, Mood.ERROR]
            assert (await ray.look())[-1].state is RunState.ENDING
        head.moods = [Mood.GOOD, Mood.ERROR] if misses == 3 else []
        run = (await ray.look())[-1]
        assert (run.state, run.saved) == (RunState.ENDED, None if misses == 3 else True)


async def test_what_ray_cannot_do_is_refused(ray):
    assert not ray.abilities.freezes
    assert not ray.abilities.throttles
    assert ray.abilities.keeps_runs
    await ray.thaw("any")
    for question in (ray.freeze("any"), ray.throttle("any", 0.5)):
        with pytest.raises(ExecutorRefusedError):
            await question


async def test_watts_are_unknown_where_a_run_was_submitted_without(ray):
    await ray.launch(launch_of(expected_power_w=None))
    await ray.look()
    assert ray.power().power_w is None


async def test_a_cluster_tells_what_it_has(ray):
    await ray.launch(launch_of())
    told = await ray.cluster()
    assert (told.cpus, told.cpus_used, told.gpus, told.memory_mb, told.nodes) == (1.0, 1.0, None, 2000.0, 1)


async def test_what_ended_long_ago_is_forgotten(ray, head):
    for number in range(105):
        head.finish(await ray.launch(launch_of(number)), "SUCCEEDED", 0)
        await ray.look()
    assert len(await ray.look()) <= 101


def test_json_of_a_submission_is_json():
    from custom_components.hashwarm.engine.jobs.executors.ray_answers import submission

    body = submission(launch_of(expected_power_w=None), owner="home", checkpoint_root="/data/")
    assert json.loads(json.dumps(body))["runtime_env"]["env_vars"]["HASHWARM_CHECKPOINT_DIR"] == "/data/01J"
    assert "entrypoint_num_gpus" not in body


async def test_a_cluster_left_for_good_is_told_to_end_what_is_ours_and_what_waits_is_said(ray, make, head):
    begun, waits = await ray.launch(launch_of(job_id="01J")), await ray.launch(launch_of(job_id="01K"))
    other = make(owner="another")
    await other.start()
    assert await other.part(0.0) == []
    await other.stop()
    assert [head.jobs[ref].stops for ref in (begun, waits)] == [0, 0]
    await ray.look()
    again = make()
    try:
        # A life that submitted nothing itself ends what an earlier one did.
        assert await again.part(0.05) == [waits]
    finally:
        await again.stop()
    assert head.jobs[begun].stops == 1


async def test_a_cluster_that_is_away_is_tried_until_the_time_is_over(ray, head):
    ref = await ray.launch(launch_of())
    await ray.look()
    head.mood = Mood.BUSY
    parting = asyncio.create_task(ray.part(20.0))
    await asyncio.sleep(0.05)
    assert not parting.done()
    head.mood = Mood.GOOD
    assert await parting == []
    assert head.jobs[ref].stops == 1
    head.finish(ref, "STOPPED")
    second = await ray.launch(launch_of(attempt=2))
    assert second != ref
    head.mood = Mood.BUSY
    with pytest.raises(ExecutorError):
        await ray.part(0.0)
