"""The main stories of a miner's life over real sockets, and what a heater makes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
import json
import random
import time
from typing import Any

import pytest

from custom_components.hashwarm.engine.control import Controller, HeaterSettings, RoomResponse, SafetyLimits
from custom_components.hashwarm.engine.heater import Heater
from custom_components.hashwarm.engine.miners import (
    BY_NAME,
    Family,
    MinerAddress,
    MinerOptions,
    NetworkedMiner,
    driver_for,
    identify,
)
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.model.protocols import TemperatureReading
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.emulator import Emulator, Fault

from .fake_driver import FakeDriver, make_profile
from .test_families import EMULATORS, living

EACH = pytest.mark.parametrize("family", EMULATORS)
INTERVAL_S = 0.8


@asynccontextmanager
async def heated(
    family: Family, link: Link, stored: Any = None
) -> AsyncIterator[tuple[NetworkedMiner, Emulator, MinerAddress]]:
    async with living(family) as (emulator, address):
        profile = await identify(link, address, BY_NAME[family])
        miner = NetworkedMiner(
            driver_for(link, address, BY_NAME[family]),
            profile,
            MinerOptions(interval_s=INTERVAL_S),
            clock=time.monotonic,
            randomness=random.Random(1),
            stored=stored,
        )
        await miner.start()
        try:
            await until(lambda: miner._contact.reading is not None)
            yield miner, emulator, address
        finally:
            await miner.stop()


async def until(condition: Callable[[], bool], seconds: float = 6.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@EACH
async def test_a_fresh_driver_takes_a_power_and_a_pause_with_the_profile_of_last_time(family: Family, link: Link):
    async with heated(family, link) as (miner, emulator, _):
        await miner.command(miner.curve.levels[0].power_w)
        await until(lambda: bool(emulator.writes))
        await until(lambda: emulator.machine.target_w < miner.curve.levels[-1].power_w)
        written = len(emulator.writes)
        await miner.command(0.0)
        await until(lambda: len(emulator.writes) > written or emulator.machine.paused)
        assert (await miner.read()).miner is not None


@pytest.mark.parametrize("family", [Family.AXEOS, Family.AVALON, Family.BRAIINS])
async def test_the_plug_is_pulled_and_put_back(family: Family, link: Link):
    async with heated(family, link) as (miner, emulator, _):
        await emulator.pull_plug()
        await until(lambda: not miner._online)
        assert (await miner.read()).status is DeviceStatus.OFFLINE
        assert (await miner.read()).power_w is None
        await emulator.put_plug_back()
        await until(lambda: miner._online)
        assert (await miner.read()).status is not DeviceStatus.OFFLINE


@pytest.mark.parametrize("family", [Family.AXEOS, Family.AVALON, Family.BRAIINS])
@pytest.mark.parametrize("fault", [Fault.HUNG, Fault.GARBAGE, Fault.HALF_CLOSED])
async def test_bad_moments_pass(family: Family, fault: Fault, link: Link):
    async with heated(family, link) as (miner, emulator, _):
        emulator.fault = fault
        await until(lambda: not miner._online)
        emulator.fault = Fault.NONE
        await until(lambda: miner._online)


async def test_another_miner_that_got_the_address_is_never_told_anything(link: Link):
    async with heated(Family.BRAIINS, link) as (miner, emulator, _):
        await emulator.stop()
        await until(lambda: not miner._online)
        other = type(emulator)(mac="02:42:b0:99:99:99")
        await other.start(emulator.host, emulator.port)
        await until(lambda: miner._contact.problem == "other_device")
        await miner.command(miner.curve.levels[0].power_w)
        await miner.command(0.0)
        await asyncio.sleep(0.3)
        await miner.park()
        assert other.writes == []
        await other.stop()


async def test_a_reload_writes_nothing(link: Link):
    async with heated(Family.AXEOS, link) as (miner, emulator, address):
        await miner.command(miner.curve.levels[0].power_w)
        await until(lambda: len(emulator.writes) == 1)
        await until(lambda: miner._contact.reading is not None and miner._contact.reading.setting == 400.0)
        stored = json.loads(json.dumps(miner.as_dict()))
        await miner.stop()
        again = NetworkedMiner(
            driver_for(link, address, BY_NAME[Family.AXEOS]),
            miner.profile,
            MinerOptions(interval_s=INTERVAL_S),
            clock=time.monotonic,
            randomness=random.Random(1),
            stored=stored,
        )
        emulator.requests.clear()
        await again.start()
        await again.command(again.curve.levels[0].power_w)
        await until(lambda: again._contact.reading is not None)
        await asyncio.sleep(0.2)
        assert len(emulator.writes) == 1
        assert emulator.requests["GET /api/system/info"] == emulator.requests.total() == 1
        await again.stop()


class Sensor:
    def read(self) -> TemperatureReading:
        return TemperatureReading(celsius=15.0, age_s=0.0)


class Days:
    """A wall clock turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def heater_of(driver: FakeDriver, now: Days, stored: Any = None) -> Heater:
    stored = stored or {}
    miner = NetworkedMiner(
        driver,
        driver.profile,
        MinerOptions(),
        clock=time.monotonic,
        randomness=random.Random(1),
        stored=stored.get("backend"),
    )
    return Heater(
        backend=miner,
        controller=Controller.restored(
            RoomResponse.ORDINARY, SafetyLimits(), stored.get("controller"), now=now().timestamp()
        ),
        settings=HeaterSettings(on=True),
        room=(Sensor(),),
        outdoor=None,
        clock=time.monotonic,
        now=now,
        timezone=UTC,
        book=lambda _: None,
        on_change=lambda: None,
    )


async def test_a_restart_of_home_assistant_parks_and_counts_no_start():
    now, driver = Days(), FakeDriver(make_profile(minimum_off_s=900.0, starts_per_day=6))
    heater = heater_of(driver, now)
    await heater.start()
    await until(lambda: ("write", 2.0) in driver.calls)
    await until(lambda: heater.state.telemetry is not None and heater.state.telemetry.power_w is not None)
    await heater.stop(parting=True)
    assert driver.commands[-2:] == [("write", 0.0), "close"]
    stored = json.loads(json.dumps(heater.as_dict()))
    now.now += timedelta(minutes=3)
    driver.calls.clear()
    again = heater_of(driver, now, stored)
    await again.start()
    await until(lambda: "read" in driver.calls and again.state.decision is not None)
    await asyncio.sleep(0.1)
    assert again._controller.starts_between(0.0, now().timestamp()) == 1
    assert "pause" not in driver.calls, "it ran on at its floor and has no pause to sit out"
    await again.stop()


async def test_off_is_told_at_once_and_a_reload_parks_nothing():
    now, driver = Days(), FakeDriver()
    heater = heater_of(driver, now)
    await heater.start()
    await until(lambda: ("write", 2.0) in driver.calls)
    heater.settings.on = False
    heater.apply()
    await until(lambda: "pause" in driver.calls, seconds=1.0)
    driver.calls.clear()
    await heater.stop()
    assert driver.calls == ["close"]


async def test_a_miner_without_a_pool_winds_nothing_up():
    now, driver = Days(), FakeDriver()
    heater = heater_of(driver, now)
    heater.settings.target_c = 15.3
    driver.reading = type(driver.reading)(
        status=DeviceStatus.NO_POOL, identity=driver.profile.identity, setting=2.0, power_w=20.0, firmware="1.0"
    )
    await heater.backend._guarded_poll()
    elapsed = iter(range(0, 10**9, 60))
    heater._clock = lambda: float(next(elapsed))
    heater.backend._contact.online = lambda now_s: True
    before = heater._controller.as_dict(0.0)["integral_w"]
    for _ in range(200):
        await heater.one_pass()
    after = heater._controller.as_dict(0.0)["integral_w"]
    assert after <= before + 0.05 * 1600.0, "else the room is overheated once the pool is back"
