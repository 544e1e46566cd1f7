"""Processes that leave the group of their job are frozen, slowed down and ended with it all the same."""

import ctypes
from dataclasses import replace
import os
from pathlib import Path
import signal
import subprocess
import time

import pytest

from custom_components.hashwarm.engine.jobs import RunState, local_run, processes, sweep
from custom_components.hashwarm.engine.jobs.local import NOBODY

from .test_local import in_child, make, over, python, until

# A daemon by the book: two forks and a session of its own. Its number and what it hears go to a file.
DAEMON = """
import os, signal, sys, time
place = os.environ["HASHWARM_CHECKPOINT_DIR"]
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    {inside}
    with open(place + "/new", "w") as file: file.write(str(os.getpid()))
    os.rename(place + "/new", place + "/daemon")
    while True: time.sleep(0.01)
print("on", flush=True)
{then}
"""
STAYS = "while True: time.sleep(0.01)"
SAYS_GOODBYE = "signal.signal(15, lambda *_: (open(place + '/heard', 'w').close(), os._exit(0)))"
DEAF = "signal.signal(15, signal.SIG_IGN)"
FORGETFUL_BY_EXEC = (
    'code = \'import os, sys, time; open(sys.argv[1] + "/daemon", "w").write(str(os.getpid())); time.sleep(99)\'\n'
    "    os.execve(sys.executable, [sys.executable, '-S', '-c', code, place], {})"
)


def daemon(inside="pass", then=STAYS, **changes):
    return python(DAEMON.format(inside=inside, then=then), **changes)


@pytest.fixture
async def here(tmp_path):
    executor = make(tmp_path / "jobs")
    await executor.start()
    yield executor
    for run in executor._runs.values():
        run.end(0.0)
    await executor.stop()


@pytest.fixture
def sleeper():
    """A process that is none of any job."""
    child = subprocess.Popen(["sleep", "60"])
    yield child
    child.kill()
    child.wait()


async def daemon_of(here, launch):
    note = here._folder / launch.job_id / "checkpoints" / "daemon"
    return int(await until(lambda: note.exists() and note.read_text()))


def state(pid):
    found = processes.stat(pid)
    return "gone" if found is None or not found.alive else found.state


@pytest.mark.parametrize("inside", ["pass", FORGETFUL_BY_EXEC])
async def test_a_daemon_is_frozen_and_goes_on_with_its_job(here, inside):
    launch = daemon(inside)
    ref = await here.launch(launch)
    pid = await daemon_of(here, launch)
    assert os.getsid(pid) != here._runs[ref]._process.pid
    await here.freeze(ref)
    await until(lambda: state(pid) == "T")
    await here.thaw(ref)
    await until(lambda: state(pid) != "T")


async def test_a_daemon_is_frozen_at_once_where_it_is_known(here):
    launch = daemon()
    ref = await here.launch(launch)
    pid = await daemon_of(here, launch)
    run = here._runs[ref]
    run._look.set()
    await until(lambda: pid in [stray.pid for stray in run._kin.known])
    look, run._kin.look = run._kin.look, list
    began_s = time.thread_time()
    await here.freeze(ref)
    assert time.thread_time() - began_s < 0.1
    await until(lambda: state(pid) == "T")
    run._kin.look = look


LEAVES = """
import os, time
place = os.environ["HASHWARM_CHECKPOINT_DIR"]
if os.fork() == 0:
    with open(place + "/new", "w") as file: file.write(str(os.getpid()))
    os.rename(place + "/new", place + "/daemon")
    while not os.path.exists(place + "/leave"): time.sleep(0.01)
    os.setsid()
    open(place + "/left", "w").close()
while True: time.sleep(0.01)
"""


async def test_one_that_leaves_its_group_after_it_was_known_is_frozen_too(here):
    launch = python(LEAVES)
    ref = await here.launch(launch)
    pid = await daemon_of(here, launch)
    run, place = here._runs[ref], here._folder / launch.job_id / "checkpoints"
    run._look.set()
    await until(lambda: pid in [child.pid for child in run._kin.known])
    (place / "leave").touch()
    await until((place / "left").exists)
    await here.freeze(ref)
    await until(lambda: state(pid) == "T")


async def test_a_daemon_is_slowed_down_without_a_look_at_all_processes_each_time(here):
    launch = daemon()
    ref = await here.launch(launch)
    pid = await daemon_of(here, launch)
    kin = here._runs[ref]._kin
    looks, look = [], kin.look
    kin.look = lambda: (looks.append(1), look())[1]
    told, tell = [], kin.tell
    kin.tell = lambda number, **how: (told.append(number), tell(number, **how))[1]
    await here.throttle(ref, 0.5)
    await until(lambda: state(pid) == "T")
    await until(lambda: state(pid) != "T")
    await until(lambda: len(told) > 20)
    assert len(looks) <= len(told) / 3


async def test_a_daemon_is_told_to_save_and_ended_after_the_grace(here):
    gentle, deaf = daemon(SAYS_GOODBYE), daemon(DEAF)
    refs = [await here.launch(launch) for launch in (gentle, deaf)]
    pids = [await daemon_of(here, launch) for launch in (gentle, deaf)]
    for ref in refs:
        await here.end(ref, 0.5)
    for ref in refs:
        await over(here, ref)
    assert [state(pid) for pid in pids] == ["gone", "gone"]
    assert (here._folder / gentle.job_id / "checkpoints" / "heard").exists()


async def test_a_daemon_that_outlives_the_first_process_is_ended_before_the_run_counts_as_ended(here):
    launch = daemon(DEAF, then="while not os.path.exists(place + '/daemon'): time.sleep(0.01)", grace_s=0.5)
    ref = await here.launch(launch)
    pid = await daemon_of(here, launch)
    await until(lambda: here._runs[ref]._over)
    assert (await here.look())[0].state is RunState.ENDING
    await here.freeze(ref)
    status = await over(here, ref)
    assert (status.exit_code, status.saved, status.problem) == (0, False, None)
    assert state(pid) == "gone"


async def test_what_is_left_of_a_job_can_be_hurried(here):
    launch = daemon(DEAF, then="while not os.path.exists(place + '/daemon'): time.sleep(0.01)", grace_s=600.0)
    ref = await here.launch(launch)
    pid = await daemon_of(here, launch)
    await until(lambda: here._runs[ref]._over)
    await here.end(ref, 0.0)
    assert (await over(here, ref)).exit_code == 0
    assert state(pid) == "gone"


async def test_stopping_ends_daemons_too(tmp_path):
    executor = make(tmp_path / "jobs")
    await executor.start()
    launch = daemon(DEAF, grace_s=0.2)
    await executor.launch(launch)
    pid = await daemon_of(executor, launch)
    await executor.stop()
    assert state(pid) == "gone"


async def test_one_that_cannot_be_ended_holds_up_nobody(here, monkeypatch, caplog, sleeper):
    monkeypatch.setattr(local_run, "_KILL_MOST_S", 0.1)
    ref = await here.launch(python("import sys; sys.exit(3)", grace_s=0.1))
    kin = here._runs[ref]._kin
    kin.look = lambda: setattr(kin, "known", (processes.stat(sleeper.pid),)) or []
    kin.tell = lambda *_, **__: None
    assert (await over(here, ref)).exit_code == 3
    assert "cannot be ended" in caplog.text


def test_a_signal_does_not_reach_whoever_got_the_number_later(sleeper):
    found = processes.stat(sleeper.pid)
    processes.send(replace(found, start=found.start - 1), signal.SIGKILL)
    processes.send(replace(found, pid=2**22 + 1), signal.SIGKILL)
    assert sleeper.poll() is None
    processes.send(found, signal.SIGKILL)
    assert sleeper.wait() == -signal.SIGKILL


_CAP_SYS_PTRACE = 1 << 19


def without_ptrace():
    """Give up what root of a container does not have."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, data) == 0
    data[0] &= ~_CAP_SYS_PTRACE
    data[1] &= ~_CAP_SYS_PTRACE
    assert libc.capset(header, data) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_root_of_a_container_finds_what_runs_as_nobody():
    child = subprocess.Popen(
        ["sleep", "60"], env={"HASHWARM_CHECKPOINT_DIR": "/a/b"}, user=NOBODY, group=NOBODY, extra_groups=[]
    )

    def looks():
        without_ptrace()
        found = child.pid in sweep.members(b"HASHWARM_CHECKPOINT_DIR=/a/")
        return 0 if found and os.access("/root", os.W_OK) and Path("/proc/thread-self").stat().st_uid == 0 else 1

    try:
        assert in_child(looks) == 0
    finally:
        child.kill()
        child.wait()


def test_what_cannot_be_looked_at_carries_nothing(tmp_path):
    assert not processes.carries(2**22 + 1, b"X=")
    assert processes._environment_as_owner(tmp_path / "none") == b""
    assert processes._environment_as_owner(tmp_path) == b""
