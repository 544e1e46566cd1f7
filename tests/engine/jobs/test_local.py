"""Real processes: frozen, slowed down, saved, ended, and found again."""

import asyncio
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from custom_components.hashwarm.engine.jobs import (
    JobSpec,
    Launch,
    Requirements,
    RunState,
    launcher,
    local_run,
    processes,
    sweep,
)
from custom_components.hashwarm.engine.jobs.local import NOBODY, LocalExecutor, LocalSettings, as_nobody
from custom_components.hashwarm.engine.jobs.local_run import LocalRun
from custom_components.hashwarm.engine.jobs.progress_lines import ProgressLines
from custom_components.hashwarm.engine.jobs.ulid import UlidSource
from custom_components.hashwarm.engine.model.errors import (
    CommandTooLongError,
    ExecutorError,
    ExecutorRefusedError,
    JobFolderClosedError,
)

NAMES = UlidSource(os.urandom)
LAUNCHER = launcher.__file__
SAVES = """
import json, os, signal, sys, time
def save(*_):
    time.sleep({save_s})
    with open(os.environ["HASHWARM_CHECKPOINT_DIR"] + "/step", "w") as file: file.write(str(step))
    os.write(1, b'\\n{{"event": "checkpoint"}}\\n')
    os._exit(75)
signal.signal(signal.SIGTERM, save)
try: step = int(open(os.environ["HASHWARM_CHECKPOINT_DIR"] + "/step").read())
except OSError: step = 0
print("from", step, flush=True)
while True:
    time.sleep(0.01); step += 1
    print(json.dumps({{"progress": step / 10000}}), flush=True)
"""
FOREVER = "import time\nprint('on', flush=True)\nwhile True: time.sleep(0.01)"
STUBBORN = (
    "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('on', flush=True)\nwhile True: time.sleep(0.01)"
)


def now():
    return datetime.now(UTC)


def make(folder, **more):
    settings = LocalSettings(**({"slots": 4, "survivors_grace_s": 2.0, "currency": "EUR"} | more.pop("settings", {})))
    return LocalExecutor(folder, now=now, clock=time.monotonic, settings=settings, **more)


def python(code, **changes):
    usual = {"name": "job", "executor_id": "here", "command": (sys.executable, "-S", "-c", code), "grace_s": 10.0}
    spec = JobSpec(**(usual | changes))
    return Launch(job_id=NAMES.next(now()), attempt=1, spec=spec)


async def until(holds, timeout_s=20):
    async with asyncio.timeout(timeout_s):
        while not (found := holds()):
            await asyncio.sleep(0.01)
    return found


async def over(executor, ref):
    await asyncio.wait_for(executor._runs[ref].ended.wait(), 20)
    return executor._runs[ref].status()


async def says(executor, ref, text):
    return await until(lambda: text in "\n".join(executor._runs[ref].lines.ring.last(9999)))


@pytest.fixture
async def here(tmp_path):
    executor = make(tmp_path / "jobs")
    await executor.start()
    yield executor
    for run in executor._runs.values():
        run.end(0.0)
    await executor.stop()


async def test_a_job_runs_and_ends_and_what_it_said_is_kept(here):
    woken = []
    here.attach(lambda: woken.append(1))
    code = "import json; print('hello'); print(json.dumps({'progress': 0.5, 'revenue': 0.25, 'currency': 'EUR'}))"
    ref = await here.launch(python(code + "; print('last', end='')"))
    status = await over(here, ref)
    assert (status.state, status.exit_code, status.saved, status.progress) == (RunState.ENDED, 0, False, 0.5)
    assert status.revenue_nano == 250_000_000
    assert await here.log(ref, 2) == ['{"progress": 0.5, "revenue": 0.25, "currency": "EUR"}', "last"]
    assert await here.log("none", 2) == []
    assert woken
    assert [each.ref for each in await here.look()] == [ref]


async def test_a_job_sees_its_contract_its_own_variables_and_nothing_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("SUPERVISOR_TOKEN", "ours")
    executor = make(tmp_path / "jobs", secrets={"key": "open"}.get)
    await executor.start()
    launch = python("import os; print(dict(os.environ)); print(os.getcwd(), os.getsid(0) == os.getpid())",
                    environment={"MINE": "1", "KEY": "!secret key"})  # fmt: skip
    ref = await executor.launch(launch)
    await over(executor, ref)
    said = "\n".join(await executor.log(ref, 9))
    assert "ours" not in said
    for text in ("'MINE': '1'", "'KEY': 'open'", f"'HASHWARM_JOB_ID': '{launch.job_id}'", "'HASHWARM_ATTEMPT': '1'"):
        assert text in said
    assert f"{tmp_path}/jobs/{launch.job_id}/home True" in said
    with pytest.raises(ExecutorRefusedError):
        await executor.launch(python("", environment={"KEY": "!secret none"}))
    with pytest.raises(ExecutorRefusedError):
        await executor.launch(launch)
    await executor.forget(launch.job_id)
    await executor.forget("../..")
    assert not (tmp_path / "jobs" / launch.job_id).exists()
    await executor.stop()


async def test_freezing_is_at_once_and_lasts(here):
    ref = await here.launch(python(FOREVER, expected_power_w=120.0))
    await says(here, ref, "on")
    assert here.power().power_w == 120.0
    await here.freeze(ref)
    pid = here._runs[ref]._process.pid
    await until(lambda: processes.stat(pid).state == "T")
    assert here.power().power_w == 0.0
    assert (await here.look())[0].state is RunState.FROZEN
    await here.throttle(ref, 0.5)
    assert processes.stat(pid).state == "T"
    await here.thaw(ref)
    assert here.power().power_w == 60.0
    await here.throttle(ref, 1.0)
    await until(lambda: processes.stat(pid).state != "T")
    assert (await here.look())[0].state is RunState.RUNNING


@pytest.mark.parametrize("share", [0.25, 0.75])
async def test_slowing_down_gives_about_the_share_asked_for(here, share):
    ref = await here.launch(python(FOREVER))
    await says(here, ref, "on")
    await here.throttle(ref, share)
    pid = here._runs[ref]._process.pid
    await asyncio.sleep(0.3)
    ends_s, looks, running = time.monotonic() + 2.0, 0, 0
    while time.monotonic() < ends_s:
        looks += 1
        running += processes.stat(pid).state != "T"
        await asyncio.sleep(0.0037)
    assert running / looks == pytest.approx(share, abs=0.15)


async def test_a_slow_save_within_its_grace_goes_on_at_the_same_step(here):
    launch = python(SAVES.format(save_s=0.6))
    ref = await here.launch(launch)
    await says(here, ref, '"progress": 0.002')
    await here.freeze(ref)
    await here.end(ref, 10.0)
    await here.end(ref, 20.0)
    assert (await here.look())[0].state is RunState.ENDING
    status = await over(here, ref)
    assert (status.exit_code, status.saved) == (75, True)
    assert status.last_checkpoint is not None
    step = int((here._folder / launch.job_id / "checkpoints" / "step").read_text())
    assert step >= 20
    again = await here.launch(Launch(job_id=launch.job_id, attempt=2, spec=launch.spec))
    await says(here, again, f"from {step}")


async def test_a_save_longer_than_its_grace_is_lost_and_says_so(here):
    ref = await here.launch(python(SAVES.format(save_s=60)))
    await says(here, ref, "progress")
    await here.end(ref, 0.3)
    status = await over(here, ref)
    assert (status.exit_code, status.saved, status.problem) == (-signal.SIGKILL, False, None)


async def test_one_that_does_not_want_to_end_is_ended_and_so_are_its_children(here):
    code = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-S', '-c', {STUBBORN!r}])\n{STUBBORN}"
    ref = await here.launch(python(code))
    await says(here, ref, "on\non")
    await here.end(ref, 60.0)
    await here.end(ref, 0.2)
    await over(here, ref)
    await until(lambda: not sweep.members(here._marker()))


async def test_children_left_behind_do_not_outlive_their_job(here):
    code = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-S', '-c', {STUBBORN!r}])"
    ref = await here.launch(python(code))
    assert (await over(here, ref)).exit_code == 0
    await until(lambda: not sweep.members(here._marker()))


async def test_limits_hold(here):
    eats = await here.launch(python("x = bytearray(1 << 30)", requires=Requirements(memory_mb=256)))
    assert (await over(here, eats)).exit_code == 1
    assert "MemoryError" in "\n".join(await here.log(eats, 20))
    code = "import os\nfrom resource import *\nprint(getrlimit(RLIMIT_NOFILE), getrlimit(RLIMIT_CPU),"
    code += "os.nice(0), open('/proc/self/oom_score_adj').read().strip(),"
    code += "[line for line in open('/proc/self/status') if 'NoNewPrivs' in line])"
    ref = await here.launch(python(code, max_runtime_s=100.0))
    await over(here, ref)
    assert await here.log(ref, 1) == ["(1024, 1024) (111, 111) 10 800 ['NoNewPrivs:\\t1\\n']"]


async def test_what_goes_wrong_has_a_name(here):
    ref = await here.launch(python("", command=("/no/such/program",)))
    assert (await over(here, ref)).problem == "job_no_command"
    ref = await here.launch(python("import os; os.kill(os.getpid(), 9)"))
    assert (await over(here, ref)).problem == "job_killed"
    with pytest.raises(ExecutorRefusedError):
        await here.freeze("none")
    with pytest.raises(ExecutorRefusedError):
        await here.launch(Launch(job_id="../x", attempt=1, spec=python("").spec))
    with pytest.raises(ExecutorRefusedError):
        await here.launch(python("", resumes="../x"))


async def test_a_command_longer_than_the_system_takes_is_said_to_be(here):
    with pytest.raises(CommandTooLongError) as refused:
        await here.launch(python("", command=(sys.executable, "-c", "", *["x" * 4000] * 200)))
    assert refused.value.key == "command_too_long"


async def test_a_folder_that_cannot_be_is_an_error_of_the_executor(tmp_path):
    (tmp_path / "file").touch()
    executor = make(tmp_path / "file" / "jobs")
    with pytest.raises(ExecutorError):
        await executor.start()
    with pytest.raises(ExecutorError):
        await executor.launch(python(""))
    await executor.stop()


async def test_a_flood_of_words_harms_nobody(here):
    ref = await here.launch(
        python("import sys\nfor _ in range(60): sys.stdout.write('x' * 65536)\nprint()\nprint('end')")
    )
    await over(here, ref)
    assert (await here.log(ref, 1)) == ["end"]


async def test_a_flood_of_short_lines_is_heard_in_a_twentieth_of_the_time(here, monkeypatch):
    slept, heard, feed = [], [], ProgressLines.feed

    async def noted(_run, for_s):
        slept.append(for_s)
        await asyncio.sleep(0)

    def timed(self, data):
        began_s = time.monotonic()
        try:
            return feed(self, data)
        finally:
            heard.append(time.monotonic() - began_s)

    monkeypatch.setattr(ProgressLines, "feed", timed)
    monkeypatch.setattr(LocalRun, "_pace", noted)
    ref = await here.launch(python("import sys\nfor _ in range(40): sys.stdout.write('y\\n' * 32768)\nprint('end')"))
    await over(here, ref)
    assert await here.log(ref, 1) == ["end"]
    assert len(heard) > 10
    assert sum(slept) >= 18 * sum(heard)


async def test_the_last_words_of_a_flood_are_heard(here, monkeypatch):
    # As slow as can be: it waits for minutes once it has said a little.
    monkeypatch.setattr(local_run, "_BYTES_PER_S", 1.0)
    money = '{"revenue": 1, "currency": "EUR"}'
    code = f"print('x' * 99, flush=True)\nimport time\ntime.sleep(0.2)\nprint('y\\n' * 9000, {money!r}, sep='')"
    ref = await here.launch(python(code))
    assert (await over(here, ref)).revenue_nano == 10**9


async def test_watts_are_measured_where_they_are(tmp_path):
    watts = [None]
    executor = make(tmp_path / "jobs", measured_w=lambda: watts[0])
    await executor.start()
    assert (executor.power().power_w, executor.power().source) == (0.0, "estimated")
    ref = await executor.launch(python(FOREVER))
    assert executor.power().source == "unknown"
    watts[0] = 42.0
    assert (executor.power().power_w, executor.power().source) == (42.0, "measured")
    executor._runs[ref].end(0.0)
    await executor.stop()


PARENT = """
import asyncio, os, sys
sys.path.insert(0, {root!r})
from tests.engine import conftest
from tests.engine.jobs.test_local import FOREVER, SAVES, STUBBORN, make, python, says
from pathlib import Path
async def main():
    executor = make(Path({folder!r}))
    await executor.start()
    ref = await executor.launch(python({job}))
    await says(executor, ref, "o")
    if {frozen}: await executor.freeze(ref)
    print(executor._runs[ref]._process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
ROOT = str(Path(__file__).parents[3])


async def killed_parent(folder, job, *, frozen):
    """Return the number of a job's process whose parent was killed."""
    code = PARENT.format(root=ROOT, folder=str(folder), job=job, frozen=frozen)
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    try:
        return int(await asyncio.wait_for(parent.stdout.readline(), 60))
    finally:
        parent.kill()
        await parent.wait()


async def test_a_job_saves_and_ends_when_its_parent_is_killed(tmp_path):
    pid = await killed_parent(tmp_path / "jobs", "SAVES.format(save_s=0.1)", frozen=False)
    await until(lambda: (found := processes.stat(pid)) is None or found.state == "Z")
    assert list((tmp_path / "jobs").glob("*/checkpoints/step"))


@pytest.mark.parametrize("job", ["SAVES.format(save_s=0.1)", "STUBBORN"])
async def test_what_a_killed_parent_leaves_frozen_or_stubborn_is_swept(tmp_path, job):
    pid = await killed_parent(tmp_path / "jobs", job, frozen=True)
    await asyncio.sleep(0.1)
    assert processes.stat(pid).state == "T"
    executor = make(tmp_path / "jobs", settings={"survivors_grace_s": 1.0})
    await executor.start()
    assert executor.swept == 1
    assert (found := processes.stat(pid)) is None or found.state == "Z"
    assert bool(list((tmp_path / "jobs").glob("*/checkpoints/step"))) == ("SAVES" in job)
    assert not list((tmp_path / "jobs").glob("*/leader.json"))
    await executor.stop()


def test_a_number_given_out_again_is_not_mistaken(tmp_path):
    note = tmp_path / "leader.json"
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        sweep.write_leader(note, child.pid)
        leader = sweep.read_leader(note)
        assert sweep.members(b"X_NONE=", leader) == [child.pid]
        other = sweep.Leader(leader.pid, leader.start - 1, leader.boot)
        assert sweep.members(b"X_NONE=", other) == []
        assert sweep.members(b"X_NONE=", sweep.Leader(leader.pid, leader.start, "another boot")) == []
        for damage in ("", "[]", "{}", '{"pid": "x"}'):
            note.write_text(damage)
            assert sweep.read_leader(note) is None
        sweep.write_leader(tmp_path / "none", 2**22 + 1)
        assert not (tmp_path / "none").exists()
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def config():
    """A folder that everybody may enter, with what nobody else should read."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        config = Path(place)
        config.chmod(0o755)
        (config / ".storage").mkdir()
        for secret in (config / ".storage" / "auth", config / "secrets.yaml"):
            secret.write_text("token")
            secret.chmod(0o644)
        yield config


SNOOPS = """
import os
print(os.getuid(), os.getgid(), os.getgroups())
for name in (".storage/auth", "secrets.yaml"):
    try: print(repr(open(CONFIG + "/" + name).read()))
    except OSError as error: print(error.errno)
try: os.setuid(0)
except OSError: print("no root")
open(os.environ["HASHWARM_CHECKPOINT_DIR"] + "/mine", "w").write("x")
"""
PYTHON = next(path for path in ("/usr/bin/python3", sys.executable) if Path(path).exists())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
async def test_a_job_cannot_read_the_files_of_home_assistant(config):
    settings = as_nobody([config / ".storage", config / "secrets.yaml", config / "none"], currency="EUR")
    assert settings.uid == NOBODY
    executor = LocalExecutor(config / "jobs", now=now, clock=time.monotonic, settings=settings)
    await executor.start()
    code = f"CONFIG = {str(config)!r}\n{SNOOPS}"
    ref = await executor.launch(python(code, command=(PYTHON, "-S", "-c", code)))
    status = await over(executor, ref)
    said = await executor.log(ref, 20)
    assert said[0] == "65534 65534 []"
    assert "token" not in "".join(said)
    assert said[1] == "13"
    assert (said[-1], status.exit_code) == ("no root", 0)
    assert (config / ".storage" / "auth").read_text() == "token"
    await executor.stop()


def settings_of(tmp_path, **changes):
    usual = {
        "command": ["/no/such/program"], "folder": str(tmp_path), "uid": None, "gid": None, "hidden": [], "nice": 0,
        "oom_score_adj": 0, "limits": {}, "parent_pid": os.getppid(),
    }  # fmt: skip
    return json.dumps(usual | changes)


def in_child(work):
    """Return the exit status of a fork that does something that cannot be undone."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(work())
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def launched(text):
    return subprocess.run([sys.executable, "-I", "-S", LAUNCHER, text], capture_output=True, text=True, check=False)


def test_the_launcher_says_why_it_started_nothing(tmp_path):
    gone = launched(settings_of(tmp_path, parent_pid=os.getpid()))
    assert (gone.returncode, "cannot be executed" in gone.stderr) == (127, True)
    orphan = launched(settings_of(tmp_path))
    assert (orphan.returncode, "parent ended" in orphan.stderr) == (126, True)
    nowhere = launched(settings_of(tmp_path / "none", parent_pid=os.getpid()))
    assert nowhere.returncode == 126
    odd = launched(settings_of(tmp_path, parent_pid=os.getpid(), limits={"files": -5}))
    assert (odd.returncode, "limit of files" in odd.stderr) == (126, True)


def test_the_launchers_steps(tmp_path):
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "file").touch()
    for path in (tmp_path / "seen", tmp_path / "seen" / "file"):
        with pytest.raises(launcher.UnsafeError):
            launcher.require_unreadable([str(path)])
    launcher.require_unreadable([str(tmp_path / "none")])
    launcher.hide([str(tmp_path / "none")])
    assert in_child(lambda: launcher.main(settings_of(tmp_path, parent_pid=-1))) == 126
    assert in_child(lambda: launcher.main(settings_of(tmp_path, parent_pid=os.getppid()))) == 127


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount and change users")
def test_the_launchers_steps_as_root(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "secret").write_text("x")

    def hidden():
        launcher.hide([str(tmp_path / "secret"), str(tmp_path / "folder")])
        return len((tmp_path / "secret").read_text()) + len(list((tmp_path / "folder").iterdir()))

    def nobody():
        launcher.become(NOBODY, NOBODY)
        launcher.be_humble(10, 500)
        launcher.limit({"core_bytes": 0})
        launcher.gain_nothing()
        return int(os.getuid() == 0)

    def nowhere():
        try:
            launcher._mount(b"none", b"/no/such/place", b"tmpfs", 0, None)
        except OSError:
            return 0
        return 1

    assert [in_child(each) for each in (hidden, nobody, nowhere)] == [0, 0, 0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
async def test_a_folder_that_nobody_may_enter_is_said_before_a_job_fails_for_it(config):
    (config / "closed").mkdir(mode=0o700)
    executor = LocalExecutor(config / "closed" / "jobs", now=now, clock=time.monotonic, settings=as_nobody([]))
    await executor.start()
    with pytest.raises(JobFolderClosedError) as refused:
        await executor.launch(python("print(1)"))
    assert refused.value.placeholders == {"folder": str(config / "closed")}
    (config / "closed").chmod(0o701)
    ref = await executor.launch(python("print(1)", command=(PYTHON, "-S", "-c", "print(1)")))
    assert (await over(executor, ref)).exit_code == 0
    await executor.stop()
