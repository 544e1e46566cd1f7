"""The reader of a machine that is rented out on vast.ai."""

import logging

import pytest

from custom_components.hashwarm.engine.jobs.executors import VastMachine, base_url
from custom_components.hashwarm.engine.model.errors import (
    ExecutorAuthError,
    ExecutorError,
    ExecutorRefusedError,
    ExecutorUnreachableError,
    InvalidValueError,
)
from simulators.compute.stage import Mood
from simulators.compute.vast import KEY, FakeVast


@pytest.fixture
async def fake(clock):
    server = FakeVast(now=clock)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def waits():
    return []


@pytest.fixture
def make(session, fake, clock, waits):
    async def sleep(seconds):
        waits.append(seconds)

    def build(**more):
        more = {"machine_id": 7, "key": KEY, "now": clock, "url": base_url(fake.url), "sleep": sleep, **more}
        return VastMachine(session, **more)

    return build


async def test_a_rented_machine_is_committed_and_its_days_are_settled_when_they_are_over(make, clock):
    told = await make().read()
    assert (told.at, told.busy, told.committed, told.name) == (clock(), True, True, "cellar")
    assert (told.currency, told.revenue_per_hour) == ("USD", 0.3)
    assert told.earned_nano == {"2026-11-20": 3_800_000_000, "2026-11-21": 4_250_000_000}


async def test_a_free_machine_is_not_committed(make, fake):
    fake.machine |= {"gpu_occupancy": "x x", "earn_hour": 0.01}
    told = await make().read()
    assert (told.busy, told.committed, told.revenue_per_hour) == (False, False, 0.01)


async def test_what_is_not_told_is_unknown(make, fake):
    fake.machine = {"id": 7, "listed_gpu_cost": 0.3}
    told = await make().read()
    assert (told.busy, told.committed, told.name, told.revenue_per_hour) == (None, None, None, None)
    assert await make().is_listed() is None


async def test_earnings_are_asked_for_every_quarter_of_an_hour(make, fake, clock):
    vast = make()
    await vast.read()
    await vast.read()
    asked = [path for _, path, _ in fake.requests if "earnings" in path]
    assert asked == ["/users/me/machine-earnings?sday=20749&eday=20779&machid=7"]
    vast.ask_anew()
    await vast.read()
    asked = [path for _, path, _ in fake.requests if "earnings" in path]
    assert len(asked) == 2, "a person asked"
    clock.forward(-3600)
    await vast.read()
    assert len([path for _, path, _ in fake.requests if "earnings" in path]) == 3, "the clock was set back"
    clock.forward(13 * 3600)
    assert "2026-11-22" in (await vast.read()).earned_nano


async def test_days_that_cannot_be_are_passed_over(make, fake):
    fake.days = [
        {"day": 10_000_000, "gpu_earn": 1},
        {"day": "x", "gpu_earn": 1},
        {"day": -1, "gpu_earn": 1},
        {"day": 20_000},
        {"day": 20_001, "gpu_earn": 1e300},
        {"day": 20_002, "gpu_earn": -5, "sto_earn": 1},
        {"day": 20_003, "gpu_earn": 1},
        {"day": 20_003, "gpu_earn": 2},
        None,
    ]
    assert list((await make().read()).earned_nano.values()) == [1_000_000_000, 3_000_000_000]


async def test_a_machine_is_put_on_offer_and_taken_off(make, fake):
    vast = make()
    await vast.take_off_offer()
    assert await vast.is_listed() is False
    await vast.put_on_offer(0.45)
    assert await vast.is_listed() is True
    assert fake.machine["listed_gpu_cost"] == 0.45
    for wrong in (0, -1, 1e9, float("nan")):
        with pytest.raises(InvalidValueError):
            await vast.put_on_offer(wrong)
    fake.says_no = True
    with pytest.raises(ExecutorRefusedError, match="not verified"):
        await vast.put_on_offer(0.45)


async def test_a_busy_marketplace_is_asked_again(make, fake, waits):
    fake.moods = [Mood.HASTE, Mood.BUSY]
    assert (await make().read()).busy
    assert waits == [1.0, 2.0]
    fake.mood = Mood.HASTE
    with pytest.raises(ExecutorError):
        await make().read()
    assert len(waits) == 5


async def test_it_waits_for_as_long_as_it_is_asked_to_within_reason(make, fake, waits):
    fake.moods = [Mood.HASTE] * 3
    fake.retry_after = ["7", "86400", "Tomorrow"]
    await make().read()
    assert waits == [7.0, 30.0, 4.0]


async def test_a_wrong_key_is_told_and_no_key_is_in_the_log(make, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(ExecutorAuthError) as raised:
        await make(key="another-key").read()
    await make().read()
    assert KEY not in caplog.text + str(raised.value)
    assert "another-key" not in caplog.text + str(raised.value)


async def test_a_machine_of_somebody_else_is_refused(make):
    with pytest.raises(ExecutorRefusedError):
        await make(machine_id=5).read()


async def test_a_key_does_not_follow_a_redirect(make, fake, elsewhere):
    fake.mood, fake.elsewhere = Mood.REDIRECT, elsewhere.url
    with pytest.raises(ExecutorError):
        await make().read()
    with pytest.raises(ExecutorError):
        await make().put_on_offer(1)
    assert elsewhere.requests == []


@pytest.mark.parametrize("mood", [Mood.HTML, Mood.GARBAGE, Mood.OTHER_SHAPE, Mood.HUGE, Mood.NAN, Mood.ERROR])
async def test_nonsense_is_told(make, fake, mood):
    fake.mood = mood
    with pytest.raises(ExecutorError):
        await make().read()


async def test_a_marketplace_that_says_nothing_is_out_of_reach(make, fake):
    fake.mood = Mood.HANG
    with pytest.raises(ExecutorUnreachableError):
        await make(answer_s=0.05).read()
