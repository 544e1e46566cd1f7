"""The reader of a BOINC client, and what it makes the client do."""

import asyncio
from datetime import UTC, datetime

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.jobs.executors import BoincClient, BoincConnection, boinc_wire
from custom_components.hashwarm.engine.model.errors import (
    ExecutorAuthError,
    ExecutorError,
    ExecutorRefusedError,
    ExecutorUnreachableError,
    InvalidValueError,
)
from simulators.compute.boinc_client import FakeBoinc, FakeTask


@pytest.fixture
async def fake():
    server = FakeBoinc()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def make(fake, clock):
    def build(**more):
        more = {"password": "secret", "port": fake.port, "answer_s": 5.0, **more}
        return BoincClient(BoincConnection("127.0.0.1", **more), now=clock)

    return build


@pytest.fixture
async def boinc(make):
    client = make()
    yield client
    await client.stop()


async def test_a_client_at_work_is_busy(boinc, fake, clock):
    fake.tasks = [
        FakeTask("einstein_1", fraction=0.25),
        FakeTask("rosetta & <co>", fraction=0.75),
        FakeTask("x", False),
    ]
    told = await boinc.read()
    assert (told.at, told.busy, told.name, told.progress) == (clock(), True, "einstein_1", 0.5)
    assert (told.committed, told.power_w, told.earned_nano) == (False, None, {})
    [first, *_] = await boinc.tasks()
    assert (first.remaining_s, first.since_checkpoint_s) == (900.5, 10.0)
    assert first.deadline == datetime.fromtimestamp(1796235036, UTC)
    assert first.project_url == "http://project/?a=1&b=2"


async def test_a_client_without_tasks_is_idle(boinc):
    told = await boinc.read()
    assert (told.busy, told.name, told.progress) == (False, None, None)


async def test_a_pause_ends_by_itself_and_may_be_renewed(boinc, fake):
    fake.tasks = [FakeTask("a")]
    await boinc.pause(60)
    assert (await boinc.status()).paused_for_s == 60
    assert not (await boinc.read()).busy
    await boinc.pause(90)
    assert fake.delay_s == 90
    await boinc.resume()
    assert not (await boinc.status()).paused
    for wrong in (0, -1, 1e9, float("nan")):
        with pytest.raises(InvalidValueError):
            await boinc.pause(wrong)


async def test_a_soft_stop_waits_for_each_task_to_have_saved(boinc, fake):
    fresh, stale, silent = FakeTask("fresh"), FakeTask("stale", checkpoint_s=10), FakeTask("silent", current_s=0)
    fake.tasks = [fresh, stale]
    assert not await boinc.soft_stop(120)
    assert (fresh.suspended, stale.suspended, fake.delay_s) == (True, False, 0)
    stale.checkpoint_s = 99
    fake.tasks.append(silent)
    assert not await boinc.soft_stop(120)
    assert stale.suspended
    silent.executing = False
    assert await boinc.soft_stop(120)
    assert fake.delay_s == 120
    assert not any(task.suspended for task in fake.tasks)


async def test_a_soft_stop_given_up_lets_every_task_go_on(boinc, fake):
    fresh, stale = FakeTask("fresh"), FakeTask("stale", checkpoint_s=10)
    gone = FakeTask("gone")
    fake.tasks = [fresh, gone, stale]
    await boinc.soft_stop(120)
    fake.tasks.remove(gone)
    await boinc.resume()
    assert not fresh.suspended
    await boinc.soft_stop(120)
    await boinc.stop()
    assert not fresh.suspended


async def test_a_throttle_leaves_what_a_person_set(boinc, fake):
    mine = "<global_preferences>\n<run_on_batteries>1</run_on_batteries>\n"
    fake.override = f"{mine}<cpu_usage_limit>80.000000</cpu_usage_limit>\n</global_preferences>"
    await boinc.throttle(0.5)
    await boinc.throttle(0.25)
    assert "<run_on_batteries>1<" in fake.override
    assert "<cpu_usage_limit>25</cpu_usage_limit>" in fake.override
    await boinc.unthrottle()
    assert fake.override == f"{mine}<cpu_usage_limit>80</cpu_usage_limit>\n</global_preferences>"
    await boinc.unthrottle()
    assert "80" in fake.override


async def test_a_throttle_of_an_earlier_life_is_taken_back(make, fake):
    await make().throttle(0.0)
    assert "<cpu_usage_limit>1</cpu_usage_limit>" in fake.override
    after = make()
    await after.throttle(0.7)
    await after.stop()
    assert fake.override is None
    await make().throttle(0.7)
    await make().unthrottle()
    assert fake.override is None


async def test_a_wrong_password_is_told(make, fake):
    client = make(password="wrong")
    with pytest.raises(ExecutorAuthError):
        await client.read()
    await client.stop()
    fake.answer = b"<boinc_gui_rpc_reply>\n<unauthorized/>\n</boinc_gui_rpc_reply>\n\x03"
    with pytest.raises(ExecutorError):
        await make().read()


async def test_a_refusal_is_told_with_its_reason(make):
    client = make()
    with pytest.raises(ExecutorRefusedError, match="unrecognized op"):
        await client._connection.ask("<nonsense/>")
    await client.stop()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\x03",
        b"<boinc_gui_rpc_reply></boinc_gui_rpc_reply>\x03",
        b"\xff\xfe\x03",
        b"x" * (5 << 20),
    ],
)
async def test_a_stranger_at_the_port_is_no_client(make, fake, answer):
    fake.answer = answer
    client = make()
    with pytest.raises(ExecutorError):
        await client.read()
    await client.stop()


async def test_a_client_that_tells_no_status_is_not_understood(make, fake):
    client = make()
    await client.tasks()
    fake.answer = b"<boinc_gui_rpc_reply><cc_status><task_mode>nan</task_mode></cc_status></boinc_gui_rpc_reply>\x03"
    with pytest.raises(ExecutorError):
        await client.read()
    await client.stop()


async def test_a_client_that_hangs_or_is_gone_is_out_of_reach_and_comes_back(make, fake):
    client = make(answer_s=0.2)
    fake.silent = True
    with pytest.raises(ExecutorUnreachableError):
        await client.read()
    fake.silent = False
    assert not (await make().read()).busy
    await fake.stop()
    with pytest.raises(ExecutorUnreachableError):
        await client.read()
    await client.stop()


async def test_an_abandoned_question_does_not_answer_the_next(make, fake):
    client = make()
    await client.read()
    fake.silent = True
    asking = asyncio.create_task(client.read())
    while "<get_cc_status/>" not in fake.requests[-1]:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    fake.silent = False
    assert (await client.tasks()) == []
    await client.stop()


@settings(deadline=None)
@given(st.text() | st.text(alphabet="<>/result name&;0123456789.").map(lambda text: f"<result>{text}</result>"))
def test_any_text_is_read_without_an_error(text):
    for task in boinc_wire.tasks(text):
        assert task.progress is None or 0 <= task.progress <= 1
    boinc_wire.value(text, "name")


def test_figures_that_cannot_be_are_unknown():
    block = "<name>a</name><project_url>p</project_url><fraction_done>{}</fraction_done>"
    block += "<report_deadline>{}</report_deadline>"
    for wrong in ("nan", "-1", "1e400", "7", "x", ""):
        [task] = boinc_wire.tasks(f"<result>{block.format(wrong, '9e99')}</result>")
        assert (task.progress, task.deadline, task.since_checkpoint_s) == (None, None, None)
    assert boinc_wire.tasks("<result><name>half") == []
    assert boinc_wire.tasks("<result></result>") == []
