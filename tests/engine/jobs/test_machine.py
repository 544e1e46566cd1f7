"""Machines with work of their own: what they tell stands for a while, and what they are told they are told again."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import logging

import aiohttp
import pytest

from custom_components.hashwarm.engine.jobs import Compute, machine as machine_module
from custom_components.hashwarm.engine.jobs.executors import OllamaStatus, VastMachine, base_url
from custom_components.hashwarm.engine.jobs.machine import PAUSE_S, RENEW_S, Machine
from custom_components.hashwarm.engine.model.dispatch import Act, JobOrder
from custom_components.hashwarm.engine.model.errors import (
    ExecutorAuthError,
    ExecutorError,
    ExecutorRefusedError,
    ExecutorUnreachableError,
)
from simulators.compute.inference import FakeInference
from simulators.compute.stage import Mood
from simulators.compute.vast import KEY, FakeVast

SOON_S = 20
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Time:
    """Goes on when it is told to."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return START + timedelta(seconds=self.seconds)

    def clock(self):
        return self.seconds


class Told:
    """A machine in memory that does as it is told, and remembers."""

    def __init__(self, time):
        self.time = time
        self.compute = Compute(at=START, busy=True)
        self.error = None
        self.refusal = None
        self.asked = []
        self.left_paused = False
        self.disobeys = False
        self.finished = False
        self.slowdown = 0.75
        self.looks = 0

    async def read(self):
        self.looks += 1
        if self.error is not None:
            raise self.error
        return replace(self.compute, at=self.time.now())

    async def _ask(self, *what):
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal

    async def start(self):
        await self._ask("start")
        return self.left_paused

    async def pause(self, for_s):
        await self._ask("pause", for_s)
        self.compute = replace(self.compute, busy=self.disobeys)

    async def finish(self, for_s):
        await self._ask("finish", for_s)
        return self.finished

    async def resume(self):
        await self._ask("resume")
        self.compute = replace(self.compute, busy=True)

    async def throttle(self, share):
        await self._ask("throttle", share)

    async def stop(self):
        await self._ask("stop")


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def told(time):
    return Told(time)


@asynccontextmanager
async def running(time, status, controls=None, poll_s=0.01):
    machine = Machine(status, controls, clock=time.clock, poll_s=poll_s)
    await machine.start()
    try:
        yield machine
    finally:
        await machine.stop()


async def until(wanted):
    async with asyncio.timeout(SOON_S):
        while not wanted():
            await asyncio.sleep(0.005)


async def looked(told, times=2):
    looks = told.looks
    await until(lambda: told.looks >= looks + times)


def order(act=None, share=1.0):
    return JobOrder(job_id="machine:box", act=act, share=share)


async def test_nothing_is_known_until_it_was_told(time, told):
    machine = Machine(told, clock=time.clock)
    assert (machine.reading, machine.problem, machine.quieted, machine.share) == (None, None, False, 1.0)
    await machine.stop()
    assert told.asked == []


async def test_it_is_looked_at_when_a_person_asks_also_at_what_is_asked_for_seldom(time, told):
    anew = []
    told.ask_anew = lambda: anew.append(True)
    async with running(time, told, poll_s=1000.0) as machine:
        await until(lambda: told.looks == 1)
        machine.look()
        await until(lambda: told.looks == 2)
    assert anew == [True]


async def test_it_is_followed_and_each_look_is_told(time, told):
    news = asyncio.Event()
    async with running(time, told) as machine:
        machine.attach(news.set)
        await until(lambda: machine.reading is not None)
        assert machine.reading.busy
        await asyncio.wait_for(news.wait(), SOON_S)
        told.compute = replace(told.compute, busy=False)
        await until(lambda: not machine.reading.busy)


async def test_what_it_told_stands_for_a_minute_and_it_comes_back_alone(time, told, caplog):
    async with running(time, told) as machine:
        await until(lambda: machine.reading is not None)
        told.error = ExecutorUnreachableError("gone")
        await until(lambda: machine.problem == "executor_unreachable")
        time.seconds += 60
        assert machine.reading is not None
        time.seconds += 1
        await looked(told)
        assert machine.reading is None
        assert sum("gone" in record.message for record in caplog.records) == 1
        told.error = None
        await until(lambda: machine.problem is None)
        assert machine.reading.busy


async def test_a_machine_asked_seldom_is_believed_for_longer(time, told):
    async with running(time, told, poll_s=100.0) as machine:
        await until(lambda: machine.reading is not None)
        time.seconds += 190
        assert machine.reading is not None
        time.seconds += 20
        assert machine.reading is None


@pytest.mark.parametrize(
    ("error", "problem"), [(ExecutorAuthError("no"), "executor_auth"), (KeyError("x"), "executor_failed")]
)
async def test_nothing_that_goes_wrong_ends_the_following(time, told, error, problem):
    told.error = error
    async with running(time, told) as machine:
        await until(lambda: machine.problem == problem)
        told.error = None
        await until(lambda: machine.problem is None)


@pytest.mark.parametrize("act", [Act.FREEZE, Act.PREEMPT, Act.STOP])
async def test_it_is_paused_and_goes_on(time, told, act):
    async with running(time, told, told, poll_s=100.0) as machine:
        await until(lambda: machine.reading is not None)
        await machine.obey(order(act))
        assert told.asked == [("start",), ("pause", PAUSE_S)]
        assert (machine.quieted, machine.quieted_for_s) == (True, 0.0)
        await until(lambda: not machine.reading.busy)
        await machine.obey(order(Act.THAW))
        assert told.asked[2:] == [("resume",)]
        assert not machine.quieted
    assert told.asked[3:] == [("stop",)]


async def test_a_pause_in_force_is_renewed_and_not_told_each_time(time, told):
    async with running(time, told, told) as machine:
        for _ in range(5):
            await machine.obey(order(Act.FREEZE))
        await machine.obey(order(Act.PREEMPT))
        await looked(told, 3)
        assert told.asked.count(("pause", PAUSE_S)) == 1
        for count in (2, 3):
            time.seconds += RENEW_S
            await until(lambda count=count: told.asked.count(("pause", PAUSE_S)) == count)
        assert machine.quieted_for_s == 2 * RENEW_S
        await looked(told, 3)
        assert told.asked.count(("pause", PAUSE_S)) == 3
    assert told.asked[-2:] == [("resume",), ("stop",)]


async def test_a_machine_that_works_though_it_was_paused_is_told_again(time, told):
    async with running(time, told, told) as machine:
        told.disobeys = True
        await machine.obey(order(Act.STOP))
        time.seconds += 1
        await until(lambda: told.asked.count(("pause", PAUSE_S)) > 1)
        told.disobeys = False
        time.seconds += 1
        await until(lambda: not machine.reading.busy)


async def test_only_what_we_paused_is_made_to_go_on(time, told):
    told.compute = replace(told.compute, busy=False)
    async with running(time, told, told) as machine:
        await machine.obey(order(Act.START))
        await looked(told)
    assert told.asked == [("start",), ("stop",)]


async def test_what_an_earlier_life_left_paused_is_made_to_go_on(time, told):
    told.left_paused, told.compute = True, replace(told.compute, busy=False)
    async with running(time, told, told) as machine:
        await until(lambda: machine.quieted)
        assert ("resume",) not in told.asked
        await machine.obey(order(Act.THAW))
        assert ("resume",) in told.asked


async def test_an_order_that_fails_is_told_and_tried_again(time, told):
    async with running(time, told, told) as machine:
        await until(lambda: machine.reading is not None)
        told.refusal = ExecutorUnreachableError("gone")
        await machine.obey(order(Act.FREEZE))
        await until(lambda: machine.problem == "executor_unreachable")
        assert not machine.quieted
        told.refusal = None
        await until(lambda: machine.quieted and machine.problem is None)
        told.refusal = ExecutorUnreachableError("gone")
    # It was tried to make it go on, and the connection was given up.
    assert told.asked[-2:] == [("resume",), ("stop",)]


async def test_a_pause_whose_answer_got_lost_is_taken_back(time, told):
    async with running(time, told, told) as machine:
        await until(lambda: machine.reading is not None)
        told.refusal = ExecutorUnreachableError("lost")
        await machine.obey(order(Act.FREEZE))
        told.refusal = None
        await machine.obey(order(Act.THAW))
        await until(lambda: ("resume",) in told.asked)


async def test_a_newer_order_overtakes_one_that_hangs(time, told, monkeypatch):
    going_on = asyncio.Event()
    pause = told.pause

    async def slow(for_s):
        await going_on.wait()
        await pause(for_s)

    monkeypatch.setattr(told, "pause", slow)
    async with running(time, told, told) as machine:
        first = asyncio.create_task(machine.obey(order(Act.FREEZE)))
        await asyncio.sleep(0.05)
        await machine.obey(order(Act.THAW))
        going_on.set()
        await first
        await until(lambda: ("resume",) in told.asked and not machine.quieted)
        await looked(told)
        assert told.asked[-1] == ("resume",)


async def test_a_machine_that_hangs_holds_up_no_stop(time, told, monkeypatch):
    monkeypatch.setattr(machine_module, "_PARTING_S", 0.05)

    async def hang(*_):
        await asyncio.sleep(3600)

    async with running(time, told, told) as machine:
        await machine.obey(order(Act.FREEZE))
        monkeypatch.setattr(told, "resume", hang)
        monkeypatch.setattr(told, "stop", hang)


async def test_a_machine_that_hangs_is_out_of_reach_and_comes_back(time, told, monkeypatch):
    monkeypatch.setattr(machine_module, "SILENT_S", 0.05)
    read = told.read

    async def hang():
        await asyncio.sleep(3600)

    monkeypatch.setattr(told, "read", hang)
    async with running(time, told) as machine:
        await until(lambda: machine.problem == "executor_unreachable")
        monkeypatch.setattr(told, "read", read)
        await until(lambda: machine.problem is None and machine.reading is not None)


async def test_it_is_throttled_as_far_as_it_can_be(time, told):
    async with running(time, told, told) as machine:
        await machine.obey(order(share=0.5))
        assert (machine.share, told.asked[-1]) == (0.5, ("throttle", 0.5))
        await machine.obey(order(share=0.1))
        assert machine.share == 0.25
        told.slowdown = 0.0
        await machine.obey(order(Act.FREEZE, share=0.5))
        assert machine.share == 1.0
        assert machine.quieted


async def test_it_finishes_what_runs_and_is_paused_then(time, told):
    async with running(time, told, told) as machine:
        await machine.finish()
        await until(lambda: told.asked.count(("finish", PAUSE_S)) > 2)
        assert not machine.quieted
        told.finished = True
        told.compute = replace(told.compute, busy=False)
        await until(lambda: machine.quieted)
        finishes = told.asked.count(("finish", PAUSE_S))
        time.seconds += RENEW_S
        await until(lambda: ("pause", PAUSE_S) in told.asked)
        await machine.finish()
        await looked(told)
        assert told.asked.count(("finish", PAUSE_S)) == finishes
        await machine.obey(order(Act.START))
        assert told.asked[-1] == ("resume",)


async def test_a_finish_is_overtaken_by_a_pause(time, told):
    async with running(time, told, told) as machine:
        await machine.finish()
        await machine.obey(order(Act.STOP))
        assert machine.quieted
        assert told.asked[-1] == ("pause", PAUSE_S)


async def test_a_machine_without_controls_obeys_nothing(time):
    server = FakeInference()
    await server.start()
    server.models = [{"name": "llama3:8b", "expires_at": "2026-11-22T12:05:00Z"}]
    async with aiohttp.ClientSession() as session:
        status = OllamaStatus(session, base_url(server.url), now=time.now)
        async with running(time, status, poll_s=0.05) as machine:
            await until(lambda: machine.reading is not None)
            for act in Act:
                await machine.obey(order(act, share=0.5))
            await machine.finish()
            assert (machine.obeys, machine.quieted, machine.share, machine.slowdown) == (False, False, 1.0, 0.0)
            for question in (machine.put_on_offer(1.0), machine.take_off_offer()):
                with pytest.raises(ExecutorRefusedError):
                    await question
            assert {method for method, _, _ in server.requests} == {"GET"}
            server.mood = Mood.BUSY
            await until(lambda: machine.problem is not None)
            time.seconds += 61
            assert machine.reading is None
    await server.stop()


async def test_a_rental_is_never_touched(time):
    server = FakeVast(now=time.now)
    await server.start()
    async with aiohttp.ClientSession() as session:
        vast = VastMachine(session, machine_id=7, key=KEY, now=time.now, url=base_url(server.url))
        async with running(time, vast, vast, poll_s=0.05) as machine:
            await until(lambda: machine.reading is not None)
            assert (machine.reading.committed, machine.obeys) == (True, False)
            for act in Act:
                await machine.obey(order(act))
            await machine.finish()
            assert {method for method, _, _ in server.requests} == {"GET"}
            await machine.take_off_offer()
            assert not server.machine["listed"]
            assert machine.reading.committed
            await machine.put_on_offer(0.5)
            assert server.machine["listed_gpu_cost"] == 0.5
            server.says_no = True
            with pytest.raises(ExecutorError):
                await machine.put_on_offer(0.5)
    assert {method for method, _, _ in server.requests} == {"GET", "DELETE", "PUT"}
    await server.stop()


async def test_it_may_be_started_again(time, told):
    async with running(time, told, told) as machine:
        await machine.obey(order(Act.FREEZE, share=0.5))
    assert (machine.quieted, machine.share) == (False, 1.0)
    await machine.start()
    await looked(told)
    assert told.asked[-1] == ("start",)
    assert not machine.quieted
    await machine.stop()


async def test_trouble_is_said_once(time, told, caplog):
    caplog.set_level(logging.WARNING)
    told.error = told.refusal = ExecutorUnreachableError("gone")
    async with running(time, told, told):
        await looked(told, 5)
    assert sum("cannot be followed" in record.message for record in caplog.records) == 1
