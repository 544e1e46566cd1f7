"""The life of a networked miner, on a miner of paper and a clock turned by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
import json
import logging
import random
import time
from typing import Any

import pytest

from custom_components.hashwarm.engine.miners import MinerOptions, NetworkedMiner, Parting, backend
from custom_components.hashwarm.engine.miners.driver import Feature, MinerReading
from custom_components.hashwarm.engine.model.capabilities import PowerSource
from custom_components.hashwarm.engine.model.errors import (
    DeviceAuthError,
    DeviceGarbageError,
    DeviceGoneError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.protocols import OutlivingBackend
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, ThermalLoop

from .fake_driver import IDENTITY, PAUSED, Clock, FakeDriver, FakeMeter, FakePlug, levels, make_profile, make_reading

OTHER = "aa:bb:cc:99:99:99"
NAME = f"Paper Q ({IDENTITY})"
LOG = "custom_components.hashwarm.engine.miners"


class House:
    """A backend whose polls and commands happen when the test says so."""

    def __init__(self, driver: FakeDriver | None = None, stored: Any = None, **options: Any) -> None:
        self.driver = driver or FakeDriver()
        self.clock = Clock()
        self.options = MinerOptions(**options)
        self.miner = self.again(stored)

    def again(self, stored: Any = None) -> NetworkedMiner:
        stored = json.loads(json.dumps(stored)) if stored is not None else None
        self.miner = NetworkedMiner(
            self.driver,
            self.driver.profile,
            self.options,
            clock=self.clock,
            randomness=random.Random(1),
            stored=stored,
        )
        return self.miner

    async def poll(self, *, after: float = 0.0) -> float:
        self.clock.now += after
        return await self.miner._guarded_poll()

    async def asked(self, power_w: float, *, after: float = 0.0) -> list[Any]:
        """Ask for a power, let a poll and a command pass; return what was told to the device."""
        self.clock.now += after
        before = len(self.driver.commands)
        await self.miner.command(power_w)
        await self.miner._guarded_command()
        return self.driver.commands[before:]

    async def lasts(self, seconds: float, power_w: float) -> None:
        for _ in range(round(seconds / 10.0)):
            await self.poll(after=10.0)
            await self.asked(power_w)

    async def status(self) -> DeviceStatus:
        return (await self.miner.read()).status


def raises(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


async def hangs() -> None:
    await asyncio.Event().wait()


def test_it_outlives_us():
    assert isinstance(House().miner, OutlivingBackend)
    assert House().miner.beat() is None
    assert House(interval_s=5.0).miner.pass_s == 5.0
    assert House(interval_s=600.0).miner.pass_s == 10.0


async def test_wish_command_and_reality_are_three_values():
    house = House()
    house.driver.obeys = False
    await house.poll()
    assert await house.asked(1600.0) == [("write", 2.0)]
    picture = await house.miner.read()
    assert picture.power_w == 800.0
    assert picture.miner is not None
    assert (picture.miner.setting, picture.miner.setting_label, picture.miner.setpoint_w) == (0.0, "level 0", 800.0)
    assert not picture.miner.disobeys
    await house.lasts(120.0, 1600.0)
    told = (await house.miner.read()).miner
    assert told is not None
    assert told.disobeys
    assert house.driver.commands == [("write", 2.0)] * 2
    house.driver.obeys = True
    await house.lasts(600.0, 1600.0)
    told = (await house.miner.read()).miner
    assert told is not None
    assert not told.disobeys
    assert told.setting == 2.0


async def test_before_the_first_answer_nothing_is_written():
    house = House()
    assert await house.asked(1600.0) == []
    assert await house.status() is DeviceStatus.OFFLINE


async def test_known_from_the_first_answer_when_it_says_who_it_is():
    house = House()
    await house.poll()
    assert house.driver.calls == ["read"]
    assert await house.status() is DeviceStatus.RUNNING


async def test_asked_who_it_is_when_its_answers_do_not_say():
    house = House()
    house.driver.reading = make_reading(identity=None)
    await house.poll()
    await house.poll(after=10.0)
    assert house.driver.calls == ["read", "identify", "read"], "once"


@pytest.mark.parametrize("told", [True, False])
async def test_another_device_under_the_address_is_never_written_to(told: bool):
    house = House()
    await house.poll()
    await house.asked(800.0)
    assert house.driver.commands == []
    if told:
        house.driver.reading = make_reading(identity=OTHER)
        await house.poll(after=10.0)
    else:
        house.driver.before["read"] = raises(DeviceUnreachableError("gone"))
        await house.poll(after=10.0)
        await house.poll(after=10.0)
        house.driver.before.clear()
        house.driver.reading = make_reading(identity=None)
        house.miner.profile, house.driver.profile = house.miner.profile, make_profile(identity=OTHER)
        await house.poll(after=10.0)
    assert await house.asked(0.0) == []
    assert await house.asked(1600.0) == []
    picture = await house.miner.read()
    assert (picture.status, picture.problem, picture.power_w) == (DeviceStatus.OFFLINE, "other_device", None)
    await house.miner.park()
    assert house.driver.commands == []
    with pytest.raises(Exception, match="other_device"):
        await house.miner.ask(lambda driver: driver.restart())
    house.miner._tasks = []
    house.miner._pushed(make_reading(identity=OTHER))
    assert await house.status() is DeviceStatus.OFFLINE


async def test_nobody_is_asked_for_a_favour_before_he_answered():
    house = House()
    with pytest.raises(DeviceUnreachableError):
        await house.miner.ask(lambda driver: driver.restart())


async def test_a_favour_is_done_and_looked_at():
    house = House()
    await house.poll()
    done: list[Any] = []

    async def act(driver: Any) -> None:
        done.append(driver)

    await house.miner.ask(act)
    assert done == [house.driver]
    assert house.miner._poll_now.is_set()
    assert not house.miner.has(Feature.LIGHT)


async def test_off_is_normal_one_line_when_it_goes_and_one_when_it_is_back(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, LOG)
    house = House()
    woken = 0

    def wake() -> None:
        nonlocal woken
        woken += 1

    house.miner.attach(wake)
    await house.poll()
    house.driver.before["read"] = raises(DeviceUnreachableError("no answer"))
    delays = [await house.poll(after=5.0) for _ in range(9)]
    assert await house.status() is DeviceStatus.OFFLINE
    assert (await house.miner.read()).power_w is None
    assert [record.getMessage() for record in caplog.records] == [f"{NAME} does not answer: no answer"]
    assert all(delay <= 10.0 for delay in delays), "back within one interval"
    assert delays[0] < 3.0
    assert len(set(delays[4:])) > 1, "with jitter"
    assert woken == 2
    house.driver.before.clear()
    await house.poll(after=5.0)
    assert await house.status() is DeviceStatus.RUNNING
    assert [record.getMessage() for record in caplog.records][1:] == [f"{NAME} answers again"]


async def test_one_failure_is_no_outage(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, LOG)
    house = House()
    await house.poll()
    house.driver.before["read"] = raises(DeviceGarbageError("noise"))
    await house.poll(after=10.0)
    assert await house.status() is DeviceStatus.RUNNING
    house.driver.before.clear()
    await house.poll(after=2.0)
    assert not caplog.records


async def test_a_stale_reading_is_no_picture():
    house = House()
    await house.poll()
    house.clock.now += 31.0
    assert await house.status() is DeviceStatus.OFFLINE
    assert await house.asked(1600.0) == []


async def test_a_wrong_password_is_said_and_not_tried_all_the_time():
    house = House()
    await house.poll()
    house.driver.before["read"] = raises(DeviceAuthError("401"))
    delays = [await house.poll(after=10.0) for _ in range(4)]
    assert delays[2:] == [600.0, 600.0]
    assert max(delays[:2]) <= 10.0
    assert (await house.miner.read()).problem == "invalid_auth"
    house.driver.before["read"] = raises(DeviceUnreachableError("gone"))
    assert await house.poll(after=10.0) <= 10.0
    assert (await house.miner.read()).problem is None


async def test_a_password_that_only_writing_needs_is_asked_for_until_a_write_is_taken():
    house = House()
    await house.poll()
    house.driver.before["write"] = raises(DeviceAuthError("401"))
    await house.asked(1600.0)
    assert (await house.miner.read()).problem == "invalid_auth"
    house.driver.before.clear()
    await house.poll(after=10.0)
    assert await house.asked(1600.0) == [("write", 2.0)]
    assert (await house.miner.read()).problem is None


async def test_a_defect_in_a_driver_is_told_once_and_ends_nothing(caplog: pytest.LogCaptureFixture):
    house = House()
    await house.poll()
    house.driver.before |= {"read": raises(KeyError("x")), "write": raises(ZeroDivisionError())}
    assert await house.poll(after=10.0) == 10.0
    assert await house.asked(1600.0) == [("write", 2.0)]
    await house.poll(after=10.0)
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR", "ERROR"]
    house.driver.before.clear()
    await house.poll(after=10.0)
    assert await house.status() is DeviceStatus.RUNNING
    assert await house.asked(1600.0, after=60.0) == []
    await house.poll(after=5.0)
    assert await house.asked(1600.0) == [("write", 2.0)]


async def test_a_failed_pause_is_not_left_for_minutes():
    house = House(FakeDriver(make_profile(ramp_s=300.0, boot_s=300.0)))
    await house.poll()
    house.driver.before["pause"] = raises(DeviceUnreachableError("reset"))
    assert await house.asked(0.0) == ["pause"]
    house.driver.before.clear()
    await house.poll(after=10.0)
    assert await house.asked(0.0) == ["pause"]


async def test_another_wish_in_the_midst_of_waking_up_wins():
    house = House()
    house.driver.reading = PAUSED
    await house.poll()

    async def think_again() -> None:
        await house.miner.command(0.0)

    house.driver.before["write"] = think_again
    assert await house.asked(1600.0) == [("write", 2.0)], "it must not wake up any more"
    assert await house.asked(0.0) == ["pause"]


async def test_new_firmware_is_asked_what_it_can_do():
    house = House()
    await house.poll()
    assert len(house.miner.capabilities.levels_w) == 3
    house.driver.profile = make_profile(firmware="2.0", levels=levels(700.0, 900.0))
    house.driver.reading = make_reading(firmware="2.0")
    await house.poll(after=10.0)
    assert house.miner.capabilities.levels_w == (700.0, 900.0)
    assert house.miner.as_dict()["profile"]["firmware"] == "2.0"
    await house.poll(after=10.0)
    assert house.driver.calls.count("identify") == 1


async def test_firmware_spelt_in_two_ways_is_not_new_at_every_reading():
    house = House()
    house.driver.reading = make_reading(firmware="Q-1.0")
    for _ in range(5):
        await house.poll(after=10.0)
    assert house.driver.calls.count("identify") == 1


async def test_a_reload_neither_writes_nor_forgets():
    house = House()
    await house.poll()
    await house.asked(1200.0)
    await house.lasts(100.0, 1200.0)
    kept = house.miner.as_dict()
    before = list(house.driver.commands)
    await house.miner.stop()
    house.again(kept)
    await house.poll()
    await house.lasts(200.0, 1200.0)
    assert house.driver.commands == [*before, "close"]


async def test_what_was_learned_is_said_and_outlives_a_restart():
    house = House()
    house.driver.reading = make_reading(power_w=850.0)
    await house.lasts(200.0, 800.0)
    picture = (await house.miner.read()).miner
    assert picture is not None
    assert picture.learned
    assert picture.setpoint_w == pytest.approx(850.0)
    assert house.again(house.miner.as_dict()).capabilities.floor_w == pytest.approx(850.0)


@pytest.mark.parametrize("stored", [{"curve": [], "commander": 5, "mains": "x", "idle_w": "y", "asked": None}, {}])
def test_what_was_stored_wrongly_is_forgotten(stored: dict[str, Any]):
    house = House(stored=stored, plug=FakePlug(), cut_plug=True)
    assert house.miner.capabilities.levels_w == (800.0, 1200.0, 1600.0)


@pytest.mark.parametrize(
    ("parting", "told"), [(Parting.FLOOR, [("write", 0.0)]), (Parting.OFF, ["pause"]), (Parting.LEAVE, [])]
)
async def test_it_is_left_as_its_owner_wants_it(parting: Parting, told: list[Any]):
    house = House(FakeDriver(make_profile(write_hits_flash=True)), parting=parting)
    await house.poll()
    await house.asked(1600.0)
    await house.poll(after=1.0)
    house.driver.calls.clear()
    left_w = await house.miner.park()
    assert house.driver.commands == told
    assert left_w == {Parting.FLOOR: 800.0, Parting.OFF: 0.0, Parting.LEAVE: None}[parting]
    assert house.miner.last_told_w == {Parting.FLOOR: 800.0, Parting.OFF: 0.0, Parting.LEAVE: 1600.0}[parting]


async def test_a_miner_at_its_floor_or_at_rest_is_parked_already():
    house = House()
    await house.miner.park()
    assert house.driver.calls == ["read"], "a fresh one looks first"
    house.driver.reading = PAUSED
    await house.poll(after=1.0)
    await house.miner.park()
    assert house.driver.commands == []


@pytest.mark.parametrize("error", [DeviceUnreachableError("gone"), KeyError("defect")])
async def test_parting_never_raises(error: Exception):
    house = House()
    house.driver.before["read"] = raises(error)
    assert await house.miner.park() is None
    assert house.miner.last_told_w is None
    house.driver.before = {"close": raises(error)}
    await house.poll()
    await house.asked(1600.0)
    house.driver.before |= {"write": raises(error)}
    assert await house.miner.park() is None, "it is as it was"
    await house.miner.stop()


async def test_one_that_hangs_is_known_to_be_left_at_what_it_was_told():
    house = House()
    await house.poll()
    await house.asked(1600.0)
    again = house.again(house.miner.as_dict())
    house.driver.before["read"] = raises(DeviceUnreachableError("gone"))
    assert await again.park() is None
    assert again.last_told_w == 1600.0


async def test_what_is_gone_for_good_has_to_be_mended_and_what_is_gone_for_a_moment_has_not():
    house = House()
    await house.poll()
    house.driver.before["read"] = raises(DeviceGoneError("number.power does not exist"))
    await house.poll(after=10.0)
    assert (await house.miner.read()).problem is None
    await house.poll(after=10.0)
    assert (await house.miner.read()).problem == "controlled_entity_gone"
    house.driver.before.clear()
    await house.poll(after=10.0)
    assert (await house.miner.read()).problem is None


async def test_a_level_that_is_refused_is_not_shown_as_a_start_for_ever():
    house = House()
    house.driver.reading = PAUSED
    house.driver.before["write"] = raises(DeviceRefusedError("out of range"))
    await house.poll()
    await house.asked(1600.0)
    assert await house.status() is DeviceStatus.PAUSED
    await house.lasts(120.0, 1600.0)
    picture = (await house.miner.read()).miner
    assert picture is not None
    assert picture.disobeys


def test_log_lines_tell_two_of_a_model_apart():
    assert House(name="Bath (10.0.0.7)").miner._sayings._name == "Bath (10.0.0.7)"
    assert House().miner._sayings._name == NAME


async def test_a_device_that_cannot_rest_goes_as_low_as_it_can():
    house = House(FakeDriver(make_profile(can_pause=False)))
    house.driver.reading = make_reading(setting=2.0)
    await house.poll()
    assert await house.asked(0.0) == [("write", 0.0)]


async def test_a_device_that_only_its_plug_stops():
    plug = FakePlug()
    house = House(FakeDriver(make_profile(can_pause=False)), plug=plug, parting=Parting.OFF)
    can = house.miner.capabilities
    assert (can.minimum_on_s, can.minimum_off_s, can.starts_per_day, can.idle_w) == (1800.0, 900.0, 6, 0.0)
    await house.poll()
    assert await house.asked(0.0) == []
    assert plug.turns == [False]
    await house.poll(after=10.0)
    picture = await house.miner.read()
    assert (picture.status, picture.power_w, picture.problem) == (DeviceStatus.OFFLINE, 0.0, None)
    assert picture.miner is not None
    assert picture.miner.plug_on is False
    await house.asked(800.0)
    assert plug.turns == [False, True]
    await house.poll(after=60.0)
    assert await house.status() is DeviceStatus.RUNNING
    await house.miner.park()
    assert plug.turns == [False, True, False]
    plug.on = None
    await house.poll(after=60.0)
    house.driver.reading = make_reading(setting=2.0)
    await house.poll(after=60.0)
    assert await house.asked(0.0, after=1.0) == [("write", 0.0)], "with an unknown plug at least the floor"


async def test_a_plug_saves_standby_after_the_soft_pause_and_comes_back(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, LOG)
    plug = FakePlug()
    house = House(plug=plug, cut_plug=True)
    await house.poll()
    assert await house.asked(0.0) == ["pause"]
    assert plug.turns == []
    await house.lasts(100.0, 0.0)
    assert plug.turns == [False]
    assert await house.status() is DeviceStatus.OFFLINE
    await house.lasts(600.0, 0.0)
    await house.lasts(300.0, 800.0)
    assert plug.turns == [False, True]
    await house.lasts(30.0, 800.0)
    assert await house.status() is DeviceStatus.RUNNING
    assert [record.getMessage() for record in caplog.records] == [
        f"{NAME} does not answer: its plug is off",
        f"{NAME} answers again",
    ]


async def test_a_plug_ends_what_heats_although_it_was_told_twice_to_stop():
    plug = FakePlug()
    house = House(plug=plug, cut_plug=True)
    await house.poll()
    house.driver.obeys = False
    await house.asked(0.0)
    await house.lasts(10.0, 0.0)
    assert plug.turns == [], "it may still be on its way"
    await house.lasts(1500.0, 0.0)
    assert plug.turns == [False]


async def test_a_plug_that_a_person_pulled_stays_pulled():
    plug = FakePlug(on=False)
    house = House(plug=plug, cut_plug=True)
    await house.lasts(2000.0, 800.0)
    assert plug.turns == []
    assert house.driver.calls == []
    assert (await house.miner.read()).power_w == 0.0


async def test_a_plug_that_fails_does_not_keep_a_command_back():
    plug = FakePlug()
    plug.fails = DeviceRefusedError("no")
    house = House(plug=plug, cut_plug=True)
    house.driver.reading = PAUSED
    await house.poll()
    await house.asked(0.0)
    assert plug.turns == [False]
    assert await house.asked(800.0, after=10.0) == [("write", 0.0), "resume"]


async def test_a_loop_of_the_firmwares_own_is_ended_with_consent_and_not_again_and_again():
    house = House(end_thermal_loop=True)
    house.driver.reading = make_reading(thermal_loop=ThermalLoop.LUXOS_ATM)
    house.driver.before["end_thermal_loop"] = raises(DeviceUnsupportedError("cannot"))
    await house.poll()
    assert await house.asked(1600.0) == ["end_thermal_loop", ("write", 2.0)], "it keeps no command back"
    await house.lasts(590.0, 1600.0)
    assert house.driver.commands.count("end_thermal_loop") == 1
    await house.lasts(20.0, 1600.0)
    assert house.driver.commands.count("end_thermal_loop") == 2
    without = House()
    without.driver.reading = make_reading(thermal_loop=ThermalLoop.LUXOS_ATM)
    await without.poll()
    assert await without.asked(800.0) == []
    picture = (await without.miner.read()).miner
    assert picture is not None
    assert picture.thermal_loop is ThermalLoop.LUXOS_ATM


async def test_a_meter_counts_more_than_what_the_device_says():
    meter = FakeMeter(777.0)
    house = House(meter=meter)
    await house.poll()
    picture = await house.miner.read()
    assert (picture.power_w, picture.power_source) == (777.0, PowerSource.METERED)
    meter.power_w = None
    picture = await house.miner.read()
    assert (picture.power_w, picture.power_source) == (800.0, PowerSource.MEASURED)
    meter.power_w = 5.0
    house.clock.now += 100.0
    picture = await house.miner.read()
    assert (picture.status, picture.power_w, picture.power_source) == (DeviceStatus.OFFLINE, 5.0, PowerSource.METERED)


@asynccontextmanager
async def alive(
    interval_s: float = 0.5, driver: FakeDriver | None = None
) -> AsyncIterator[tuple[NetworkedMiner, FakeDriver]]:
    driver = driver or FakeDriver(make_profile(ramp_s=0.0, boot_s=0.0))
    miner = NetworkedMiner(
        driver, driver.profile, MinerOptions(interval_s=interval_s), clock=time.monotonic, randomness=random.Random(1)
    )
    await miner.start()
    try:
        yield miner, driver
    finally:
        await miner.stop()
        assert driver.closed
        assert not [task for task in asyncio.all_tasks() if f"miner {driver.profile.identity} " in task.get_name()]


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_command_is_on_the_wire_at_once():
    async with alive(interval_s=600.0) as (miner, driver):
        await until(lambda: driver.calls == ["read"])
        await asyncio.sleep(0.05)
        await miner.command(1600.0)
        await until(lambda: ("write", 2.0) in driver.calls, seconds=1.0)


async def test_a_pause_does_not_wait_for_a_reading_that_hangs():
    async with alive(interval_s=20.0) as (miner, driver):
        await until(lambda: miner._contact.reading is not None)
        driver.before["read"] = hangs
        miner._poll_now.set()
        await until(lambda: driver.calls.count("read") == 2)
        await miner.command(0.0)
        await until(lambda: "pause" in driver.calls, seconds=1.0)


async def test_a_reading_that_hangs_is_given_up_before_half_the_interval():
    async with alive(interval_s=0.5) as (miner, driver):
        driver.before["read"] = hangs
        await until(lambda: miner._contact.failures >= 3)
        driver.before.clear()
        await until(lambda: miner._contact.failures == 0)


async def test_one_that_hangs_delays_no_other():
    another = FakeDriver(make_profile(identity=OTHER))
    another.reading = make_reading(identity=OTHER)
    async with alive(interval_s=0.5) as (_, hung), alive(interval_s=0.5, driver=another) as (_, well):
        hung.before["read"] = hangs
        await until(lambda: well.calls.count("read") >= 4)


async def test_what_was_written_is_read_back_soon():
    async with alive(interval_s=600.0) as (miner, driver):
        await until(lambda: miner._contact.reading is not None)
        await miner.command(1600.0)
        await until(lambda: driver.calls.count("read") == 2, seconds=6.0)


async def test_what_the_device_pushes_is_taken_for_a_while():
    async with alive(interval_s=600.0) as (miner, driver):
        await until(lambda: miner._contact.reading is not None)
        driver.before["listen"] = hangs
        await miner.command(1600.0)
        await until(lambda: "listen" in driver.calls)
        driver.on_reading(make_reading(power_w=1234.0))
        assert (await miner.read()).power_w == 1234.0
        driver.on_reading(make_reading(identity=OTHER, power_w=1.0))
        assert (await miner.read()).power_w == 1234.0
        await miner.command(1200.0)
        assert driver.calls.count("listen") == 1


@pytest.mark.parametrize("error", [DeviceUnsupportedError("pushes nothing"), KeyError("defect")])
async def test_pushing_is_no_condition(error: Exception):
    async with alive(interval_s=600.0) as (miner, driver):
        await until(lambda: miner._contact.reading is not None)
        driver.before["listen"] = raises(error)
        await miner.command(1600.0)
        await until(lambda: "listen" in driver.calls and ("write", 2.0) in driver.calls)


async def test_a_push_from_nobody_in_particular_does_not_end_an_outage():
    house = House()
    house.miner._pushed(make_reading(identity=None))
    assert await house.status() is DeviceStatus.OFFLINE
    house.miner._pushed(make_reading())
    assert await house.status() is DeviceStatus.RUNNING


async def test_parting_ends_the_tasks_first():
    async with alive(interval_s=600.0) as (miner, driver):
        await until(lambda: miner._contact.reading is not None)
        await miner.command(1600.0)
        await until(lambda: ("write", 2.0) in driver.calls)
        await miner.park()
        assert not miner._tasks
        await miner.stop()
        await miner.stop()


async def settled(house: House, reading: MinerReading, power_w: float) -> DeviceStatus:
    house.driver.reading = reading
    house.driver.obeys = False
    await house.lasts(300.0, power_w)
    return await house.status()


type Story = tuple[MinerReading, float, DeviceStatus, float | None]


@pytest.mark.parametrize(
    "story",
    [
        (make_reading(status=DeviceStatus.NO_POOL, power_w=30.0), 800.0, DeviceStatus.NO_POOL, 30.0),
        (make_reading(status=DeviceStatus.FAULT, power_w=0.0), 800.0, DeviceStatus.FAULT, 0.0),
        (make_reading(status=DeviceStatus.THROTTLED), 800.0, DeviceStatus.THROTTLED, 800.0),
        (replace(PAUSED, power_w=None), 0.0, DeviceStatus.PAUSED, None),
        (make_reading(power_w=None, hash_rate_hs=None), 800.0, DeviceStatus.RUNNING, None),
        (make_reading(power_w=None, hash_rate_hs=4e11), 800.0, DeviceStatus.RUNNING, 400.0),
        (make_reading(power_w=None, setting=None), 800.0, DeviceStatus.RUNNING, None),
    ],
)
async def test_states_and_watts_are_told_as_they_are(story: Story):
    reading, asked_w, status, power_w = story
    house = House()
    assert await settled(house, reading, asked_w) is status
    assert (await house.miner.read()).power_w == power_w


async def test_a_good_bye_that_hangs_is_cut_short(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backend, "PARTING_S", 0.05)
    house = House()
    house.driver.before["close"] = hangs
    await house.miner.stop()
    assert house.driver.closed
