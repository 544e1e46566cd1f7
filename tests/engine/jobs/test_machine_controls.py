"""BOINC and Folding@home do as a machine is told, and are left as they were found, after a crash as well."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest

from custom_components.hashwarm.engine.jobs.executors import (
    BoincClient,
    BoincConnection,
    FoldingClient,
    FoldingState,
    base_url,
)
from custom_components.hashwarm.engine.jobs.keepsake import Keepsake
from custom_components.hashwarm.engine.jobs.machine import Controls, Machine
from custom_components.hashwarm.engine.jobs.machine_controls import BoincControls, FoldingControls
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from custom_components.hashwarm.engine.model.errors import ExecutorError
from simulators.compute.boinc_client import FakeBoinc, FakeTask
from simulators.compute.folding import FakeFolding

SOON_S = 20
MINE = "<global_preferences>\n<cpu_usage_limit>80</cpu_usage_limit>\n</global_preferences>"


def now():
    return datetime(2026, 11, 22, 12, tzinfo=UTC)


async def until(wanted):
    async with asyncio.timeout(SOON_S):
        while not wanted():
            await asyncio.sleep(0.005)


@pytest.fixture
async def boinc():
    server = FakeBoinc()
    await server.start()
    server.tasks = [FakeTask("einstein_1")]
    yield server
    await server.stop()


@pytest.fixture
async def folding():
    server = FakeFolding()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def keepsake(tmp_path):
    return Keepsake(tmp_path / "hashwarm" / "folding.json")


def boinc_controls(server):
    return BoincControls(BoincClient(BoincConnection("127.0.0.1", password=server.password, port=server.port), now=now))


@pytest.fixture
def folding_controls(folding, session, keepsake):
    def build(kept=keepsake):
        return FoldingControls(FoldingClient(session, base_url(folding.url), now=now, answer_s=5.0), kept)

    return build


def machine_of(controls, poll_s=0.02):
    assert isinstance(controls, Controls)
    loop = asyncio.get_running_loop()
    return Machine(controls._client, controls, clock=loop.time, poll_s=poll_s)


def order(act=None, share=1.0):
    return JobOrder(job_id="machine:box", act=act, share=share)


async def test_boinc_is_paused_for_a_while_and_goes_on_when_it_stops(boinc):
    machine = machine_of(boinc_controls(boinc))
    await machine.start()
    await until(lambda: machine.reading is not None and machine.reading.busy)
    await machine.obey(order(Act.FREEZE))
    assert boinc.delay_s == 600
    await until(lambda: not machine.reading.busy)
    await machine.obey(order(Act.THAW))
    assert boinc.delay_s == 0
    await machine.obey(order(Act.STOP))
    assert machine.quieted
    await machine.stop()
    assert (boinc.mode, boinc.delay_s) == (2, 0)


async def test_boinc_finishes_softly(boinc):
    boinc.tasks = [FakeTask("stale", checkpoint_s=10)]
    machine = machine_of(boinc_controls(boinc))
    await machine.start()
    await machine.finish()
    assert (boinc.delay_s, machine.quieted) == (0, False)
    boinc.tasks[0].checkpoint_s = 99
    await until(lambda: machine.quieted)
    assert boinc.delay_s == 600
    await machine.stop()
    assert boinc.delay_s == 0


async def test_boinc_is_throttled_and_gets_its_limit_back(boinc):
    boinc.override = MINE
    machine = machine_of(boinc_controls(boinc))
    await machine.start()
    await machine.obey(order(share=0.5))
    assert "<cpu_usage_limit>50<" in boinc.override
    await machine.obey(order(share=1.0))
    assert "<cpu_usage_limit>80<" in boinc.override
    await machine.obey(order(share=0.3))
    await machine.stop()
    assert boinc.override == MINE


async def test_a_throttle_of_boinc_that_a_crash_left_is_taken_back(boinc):
    boinc.override = MINE
    crashed = boinc_controls(boinc)
    await crashed.throttle(0.3)
    await crashed._client._connection.close()
    machine = machine_of(boinc_controls(boinc))
    await machine.start()
    await until(lambda: boinc.override == MINE)
    await machine.stop()


async def test_folding_is_paused_and_goes_on(folding, folding_controls, keepsake):
    machine = machine_of(folding_controls())
    await machine.start()
    await until(lambda: machine.reading is not None and machine.reading.busy)
    await machine.obey(order(Act.PREEMPT))
    await until(lambda: not machine.reading.busy)
    assert keepsake.read() == {"paused": 1}
    await machine.obey(order(Act.START))
    await until(lambda: machine.reading.busy)
    assert keepsake.read() == {}
    await machine.obey(order(Act.FREEZE))
    await machine.stop()
    await until(lambda: folding.commands[-1]["state"] == "fold")
    assert keepsake.read() == {}


async def test_a_pause_that_a_crash_left_is_taken_back(folding, folding_controls):
    crashed = folding_controls()
    await crashed.start()
    await crashed.pause(600)
    await crashed.throttle(0.5)
    await crashed._client.stop()
    machine = machine_of(folding_controls())
    await machine.start()
    await until(lambda: machine.quieted)
    assert folding.commands[-1] == {"cmd": "config", "config": {"groups": {"": {"cpus": 8}}}}
    await machine.obey(order(Act.THAW))
    await until(lambda: machine.reading is not None and machine.reading.busy)
    await machine.stop()


async def test_a_pause_of_a_person_stays(folding, folding_controls):
    controls = folding_controls()
    await controls._client.command(FoldingState.PAUSE)
    async with asyncio.timeout(SOON_S):
        while not await controls._client.is_paused():
            await asyncio.sleep(0.005)
    machine = machine_of(controls)
    await machine.start()
    await machine.obey(order(Act.FREEZE))
    assert machine.quieted
    await machine.obey(order(Act.THAW))
    assert not machine.quieted
    await machine.stop()
    assert [command["state"] for command in folding.commands] == ["pause"]


@pytest.mark.parametrize("change", [["groups", "", "config", "paused", True], ["units", 0, None]])
async def test_folding_finishes_what_it_has(folding, folding_controls, change):
    machine = machine_of(folding_controls())
    await machine.start()
    await machine.finish()
    await until(lambda: folding.commands)
    await asyncio.sleep(0.1)
    assert [command["state"] for command in folding.commands] == ["finish"]
    assert not machine.quieted
    await folding.send(change)
    await until(lambda: machine.quieted)
    await machine.obey(order(Act.START))
    await until(lambda: folding.commands[-1]["state"] == "fold")
    await machine.stop()


async def test_folding_is_throttled_by_its_processors(folding, folding_controls, keepsake):
    machine = machine_of(folding_controls())
    await machine.start()
    await until(lambda: machine.reading is not None)
    assert machine.slowdown == 0.75
    for share, cpus in ((0.5, 4), (0.3, 2), (0.01, 2), (1.0, 8), (0.6, 5)):
        await machine.obey(order(share=share))
        await until(lambda cpus=cpus: folding.commands[-1:] == [set_cpus(cpus)])
    assert keepsake.read() == {"cpus": 8}
    await machine.stop()
    await until(lambda: folding.commands[-1] == set_cpus(8))
    assert keepsake.read() == {}


def set_cpus(cpus):
    return {"cmd": "config", "config": {"groups": {"": {"cpus": cpus}}}}


@pytest.mark.parametrize("config", [{}, {"cpus": 1}, {"cpus": "many"}, {"cpus": 0}])
async def test_folding_without_processors_to_spare_is_not_throttled(folding, folding_controls, config):
    folding.tree["groups"][""]["config"] = config
    machine = machine_of(folding_controls(None))
    await machine.start()
    await until(lambda: machine.reading is not None)
    assert machine.slowdown == 0.0
    await machine.obey(order(share=0.5))
    await machine.obey(order(Act.FREEZE))
    assert (machine.share, machine.quieted) == (1.0, True)
    await machine.stop()
    assert {command["cmd"] for command in folding.commands} == {"state"}


async def test_a_throttle_of_unknown_processors_does_nothing(folding, folding_controls):
    controls = folding_controls(None)
    await controls.throttle(0.5)
    await controls.stop()
    assert folding.commands == []


def test_a_keepsake_is_whole_or_not_there(tmp_path):
    path = tmp_path / "deep" / "kept.json"
    keepsake = Keepsake(path)
    assert keepsake.read() == {}
    keepsake.write({})
    keepsake.write({"a": [1, 2]})
    assert Keepsake(path).read() == {"a": [1, 2]}
    keepsake.write({})
    assert not path.exists()
    for wrong in ("[1]", "{", "\xff"):
        path.write_text(wrong, "latin-1")
        assert keepsake.read() == {}
    (tmp_path / "file").write_text("")
    with pytest.raises(ExecutorError):
        Keepsake(tmp_path / "file" / "kept.json").write({"a": 1})


async def test_nothing_is_changed_that_could_not_be_put_back(folding, folding_controls, tmp_path):
    (tmp_path / "file").write_text("")
    machine = machine_of(folding_controls(Keepsake(tmp_path / "file" / "kept.json")))
    await machine.start()
    await machine.obey(order(Act.FREEZE))
    await until(lambda: machine.problem == "executor_failed")
    assert (folding.commands, machine.quieted) == ([], False)
    await machine.stop()
