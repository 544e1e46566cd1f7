"""The reader of BOINC against Debian's real client, with a task that computes and obeys as BOINC's own library does."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
import os
from pathlib import Path
import signal
import sys
import time

import pytest

from custom_components.hashwarm.engine.jobs.executors import BoincClient, BoincConnection
from custom_components.hashwarm.engine.jobs.machine import Machine
from custom_components.hashwarm.engine.jobs.machine_controls import BoincControls
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from custom_components.hashwarm.engine.model.errors import ExecutorAuthError, ExecutorError
from tests.e2e.demo import free_port
from tests.live.counterparts import fetch

ROOT = Path(__file__).parents[2]
BOINC = ROOT / ".boinc" / "boinc"
SOON_S = 60.0
PASSWORD = "practice"
pytestmark = pytest.mark.timeout(300)
# Client and task talk over a shared file of eight channels of 1 kB: a flag, then text (lib/app_ipc.h).
TASK = """#!{python}
import mmap, os, time
with open("boinc_mmap_file", "r+b") as file:
    shared = mmap.mmap(file.fileno(), 8192)
used, saved, stopped = 0.0, 0.0, False
while True:
    time.sleep(0.1)
    if shared[0]:
        order = shared[1:1024].split(b"\\0")[0].decode()
        shared[0] = 0
        stopped = "<suspend/>" in order or (stopped and "<resume/>" not in order)
        if "<quit/>" in order or "<abort/>" in order:
            break
    if not stopped:
        used += 0.1
        if used - saved > {save_s}:
            saved = used
    if not shared[5 * 1024]:
        said = "<current_cpu_time>%f</current_cpu_time>\\n<checkpoint_cpu_time>%f</checkpoint_cpu_time>\\n"
        said = said % (used, saved) + "<fraction_done>%f</fraction_done>\\n" % min(used / 1000, 1)
        shared[5 * 1024 + 1 : 5 * 1024 + 1 + len(said) + 1] = said.encode() + b"\\0"
        shared[5 * 1024] = 1
"""
STATE = """<client_state>
<project>
<master_url>http://127.0.0.1:9/</master_url>
<project_name>practice</project_name>
<dont_request_more_work/>
</project>
<app>
<name>work</name>
<user_friendly_name>work</user_friendly_name>
</app>
<file>
<name>work_1</name>
<nbytes>{length}</nbytes>
<status>1</status>
<executable/>
</file>
<app_version>
<app_name>work</app_name>
<version_num>1</version_num>
<platform>x86_64-pc-linux-gnu</platform>
<avg_ncpus>1</avg_ncpus>
<flops>1e9</flops>
<api_version>7.5.0</api_version>
<file_ref>
<file_name>work_1</file_name>
<main_program/>
</file_ref>
</app_version>
<workunit>
<name>unit_1</name>
<app_name>work</app_name>
<version_num>1</version_num>
<rsc_fpops_est>1e12</rsc_fpops_est>
<rsc_fpops_bound>1e18</rsc_fpops_bound>
<rsc_memory_bound>1e8</rsc_memory_bound>
<rsc_disk_bound>1e8</rsc_disk_bound>
</workunit>
<result>
<name>task_1</name>
<wu_name>unit_1</wu_name>
<platform>x86_64-pc-linux-gnu</platform>
<version_num>1</version_num>
<report_deadline>{deadline}</report_deadline>
<received_time>{now}</received_time>
<state>2</state>
</result>
<platform_name>x86_64-pc-linux-gnu</platform_name>
<core_client_major_version>8</core_client_major_version>
<core_client_minor_version>0</core_client_minor_version>
<core_client_release>4</core_client_release>
</client_state>
"""
CONFIG = """<cc_config>
<options>
<no_priority_change>1</no_priority_change>
<dont_contact_ref_site>1</dont_contact_ref_site>
<skip_cpu_benchmarks>1</skip_cpu_benchmarks>
<no_gpus>1</no_gpus>
<ncpus>1</ncpus>
<unsigned_apps_ok>1</unsigned_apps_ok>
</options>
</cc_config>
"""
ACCOUNT = """<account>
<master_url>http://127.0.0.1:9/</master_url>
<authenticator>practice</authenticator>
</account>
"""
PREFERENCES = """<global_preferences>
<suspend_cpu_usage>0</suspend_cpu_usage>
<run_on_batteries>1</run_on_batteries>
<cpu_usage_limit>100</cpu_usage_limit>
<leave_apps_in_memory>1</leave_apps_in_memory>
</global_preferences>
"""


def furnish(folder, save_s):
    """Make the folder of a client that is attached to a project nobody serves, with one task to compute."""
    project = folder / "projects" / "127.0.0.1_9"
    project.mkdir(parents=True)
    task = project / "work_1"
    task.write_text(TASK.format(python=sys.executable, save_s=save_s))
    task.chmod(0o755)
    now = int(time.time())
    state = STATE.format(length=task.stat().st_size, deadline=now + 864_000, now=now)
    (folder / "client_state.xml").write_text(state)
    (folder / "cc_config.xml").write_text(CONFIG)
    (folder / "account_127.0.0.1_9.xml").write_text(ACCOUNT)
    (folder / "global_prefs_override.xml").write_text(PREFERENCES)
    (folder / "gui_rpc_auth.cfg").write_text(PASSWORD)


@pytest.fixture(scope="module", autouse=True)
def boinc_is_here():
    fetch("boinc")


@pytest.fixture
async def client(tmp_path, request):
    """A real client with its task, and our reader of it."""
    save_s = getattr(request, "param", 2.0)
    await asyncio.to_thread(furnish, tmp_path, save_s)
    port = free_port()
    with (tmp_path / "boinc.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(BOINC, "--dir", str(tmp_path), "--gui_rpc_port", str(port)),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    reader = BoincClient(BoincConnection("127.0.0.1", password=PASSWORD, port=port), now=lambda: datetime.now(UTC))
    try:
        async with asyncio.timeout(SOON_S):
            while True:
                with suppress(ExecutorError):
                    if (await reader.read()).busy:
                        break
                assert process.returncode is None, (tmp_path / "boinc.log").read_text()[-2000:]
                await asyncio.sleep(0.2)
        yield reader, port
    finally:
        await reader.stop()
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def computed_s(reader):
    [task] = await reader.tasks()
    return (task.progress or 0) * 1000


async def until(reader, wanted):
    async with asyncio.timeout(SOON_S):
        while not wanted(await reader.read()):
            await asyncio.sleep(0.2)


async def test_a_pause_stops_the_work_and_ends_by_itself(client):
    reader, port = client
    await until(reader, lambda told: (told.progress or 0) > 0)
    assert (await reader.read()).name == "task_1"
    await reader.pause(8)
    await until(reader, lambda told: not told.busy)
    assert (await reader.status()).paused
    # Nobody renews it.
    await until(reader, lambda told: told.busy)
    stranger = BoincClient(BoincConnection("127.0.0.1", password="wrong", port=port), now=lambda: datetime.now(UTC))
    with pytest.raises(ExecutorAuthError):
        await stranger.read()


async def test_a_paused_task_computes_nothing(client):
    reader, _ = client
    await until(reader, lambda told: (told.progress or 0) > 0)
    await reader.pause(120)
    await asyncio.sleep(4)
    before = await computed_s(reader)
    await asyncio.sleep(4)
    assert await computed_s(reader) == before
    await reader.resume()
    await until(reader, lambda told: told.busy and (told.progress or 0) * 1000 > before)


@pytest.mark.parametrize("client", [15.0], indirect=True)
async def test_a_soft_stop_waits_for_the_checkpoint(client):
    reader, _ = client
    while await computed_s(reader) < 6:
        await asyncio.sleep(0.2)
    assert not await reader.soft_stop(120, fresh_s=3)
    async with asyncio.timeout(SOON_S):
        while not await reader.soft_stop(120, fresh_s=3):
            await asyncio.sleep(0.5)
    assert await computed_s(reader) > 15
    assert (await reader.status()).paused
    assert not any(task.suspended for task in await reader.tasks())


async def test_a_throttled_task_computes_less_and_the_limit_comes_back(client, tmp_path):
    reader, _ = client
    await until(reader, lambda told: (told.progress or 0) > 0)
    await reader.throttle(0.3)
    await asyncio.sleep(3)
    before, begun = await computed_s(reader), time.monotonic()
    await asyncio.sleep(15)
    share = (await computed_s(reader) - before) / (time.monotonic() - begun)
    assert share < 0.6
    await reader.unthrottle()
    assert "<cpu_usage_limit>100</cpu_usage_limit>" in (tmp_path / "global_prefs_override.xml").read_text()


async def test_as_a_machine_it_obeys_and_is_left_as_it_was_found(client, tmp_path):
    reader, port = client
    preferences = tmp_path / "global_prefs_override.xml"
    before = sorted((await asyncio.to_thread(preferences.read_text)).splitlines())
    ours = BoincClient(BoincConnection("127.0.0.1", password=PASSWORD, port=port), now=lambda: datetime.now(UTC))
    machine = Machine(ours, BoincControls(ours), clock=time.monotonic, poll_s=0.5)

    async def comes(wanted):
        async with asyncio.timeout(SOON_S):
            while not wanted():
                await asyncio.sleep(0.1)

    await machine.start()
    await comes(lambda: machine.reading is not None and machine.reading.busy)
    await machine.obey(JobOrder(job_id="machine", act=Act.FREEZE))
    await comes(lambda: not machine.reading.busy)
    # Should nobody renew it the client goes on by itself.
    assert 0 < (await reader.status()).paused_for_s <= 600
    await machine.obey(JobOrder(job_id="machine", act=Act.THAW, share=0.4))
    await comes(lambda: machine.reading.busy)
    await machine.finish()
    await comes(lambda: machine.quieted and not machine.reading.busy)
    await machine.stop()
    await until(reader, lambda told: told.busy)
    assert sorted((await asyncio.to_thread(preferences.read_text)).splitlines()) == before
