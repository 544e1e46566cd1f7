"""The Avalon driver against emulated home miners over real sockets, and against answers recorded from real ones."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from custom_components.hashwarm.engine.miners.avalon import AvalonDriver
from custom_components.hashwarm.engine.miners.avalon_parse import (
    is_home_miner,
)
from custom_components.hashwarm.engine.miners.driver import Driver, Family, Feature, MinerAddress
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, ThermalLoop
from simulators.miners.avalon import AvalonEmulator
from simulators.miners.emulator import Fault

BIG_A15 = "Ver[A15-1] SYSTEMSTATU[Work: In Work] PS[0 1209 1187 297 3526 1188 3731] WALLPOWER[3731] GHSspd[1.0]"


def stats(line: str, key: str = "MM ID0") -> dict[str, Any]:
    return {"STATUS": [{"STATUS": "S"}], "STATS": [{"STATS": 0, "ID": "AVA100", key: line, "MM Count": 1}], "id": 1}


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def model() -> str:
    return "q"


@pytest.fixture
async def avalon(clock: Clock, model: str) -> AsyncIterator[AvalonEmulator]:
    emulator = AvalonEmulator(clock=clock, model=model)
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
def driver(link: Link, avalon: AvalonEmulator) -> Driver:
    return AvalonDriver(link, MinerAddress(host=avalon.host, port=avalon.port), now=avalon.wall)


@pytest.mark.parametrize(
    ("model", "title", "settings", "watts"),
    [
        ("nano3s", "Avalon Nano 3S", [0, 1, 2], [65, 100, 133]),
        ("mini3", "Avalon Mini 3", [-1, 0], [450, 850]),
        ("q", "Avalon Q", [0, 1, 2], [800, 1300, 1674]),
    ],
)
async def test_it_says_what_it_is_in_two_requests(
    driver: Driver, avalon: AvalonEmulator, title: str, settings: list[int], watts: list[float]
) -> None:
    profile = await driver.identify()
    assert avalon.requests == {"connection": 2, "version": 1, "estats": 1}
    assert profile.family is Family.AVALON
    assert profile.identity == profile.mac == "e0:e1:a9:3e:d5:89"
    assert profile.model == title
    assert profile.firmware == "25052801_14a19a2"
    assert profile.control is ControlKind.PRESETS
    assert [level.setting for level in profile.levels] == settings
    # The level in force has the watts that the device tells, the others those of the table.
    assert [level.power_w for level in profile.levels] == watts
    assert profile.power_source is PowerSource.MEASURED
    assert profile.can_pause
    assert not profile.write_hits_flash
    assert (profile.write_interval_s, profile.minimum_on_s, profile.minimum_off_s) == (300, 900, 600)
    assert profile.features == {Feature.FAN, Feature.RESTART}


async def test_one_request_tells_how_it_is(driver: Driver, avalon: AvalonEmulator) -> None:
    reading = await driver.read()
    assert avalon.requests == {"connection": 1, "estats": 1}
    assert reading.status is DeviceStatus.RUNNING
    assert reading.setting == 2
    assert reading.power_w == pytest.approx(avalon.machine.power_w, abs=0.5)
    assert reading.hash_rate_hs == pytest.approx(90e12)
    assert reading.chip_c == 80
    assert reading.device_c == 44
    assert reading.inlet_c == 24
    assert len(reading.fans) == 4
    assert reading.fan_percent is None
    assert reading.thermal_loop is None
    assert reading.problem is None
    assert reading.pool is None


async def test_a_write_is_the_level_alone_and_is_read_back(
    driver: Driver, avalon: AvalonEmulator, clock: Clock
) -> None:
    await driver.identify()
    before_w = avalon.machine.power_w
    await driver.write(0)
    assert avalon.writes == [("workmode", "0")]
    clock.now += 20
    ramping = await driver.read()
    clock.now += 600
    settled = await driver.read()
    assert settled.setting == 0
    assert settled.power_w == pytest.approx(800, abs=1)
    assert ramping.power_w
    assert 800 < ramping.power_w < before_w
    assert avalon.machine.restarts == 0


@pytest.mark.parametrize("model", ["mini3"])
async def test_the_mini_is_set_by_its_work_level(driver: Driver, avalon: AvalonEmulator, clock: Clock) -> None:
    # It was never identified by this driver; the statistics name the model.
    await driver.write(-1)
    assert avalon.requests == {"connection": 2, "estats": 1, "ascset": 1}
    assert avalon.writes == [("worklevel", "-1")]
    clock.now += 600
    reading = await driver.read()
    assert reading.setting == -1
    assert reading.power_w == pytest.approx(450, abs=1)


@pytest.mark.parametrize("model", ["mini3"])
async def test_heating_by_its_own_room_thermostat_is_seen_and_ended(driver: Driver, avalon: AvalonEmulator) -> None:
    avalon.workmode = 0
    assert (await driver.read()).thermal_loop is ThermalLoop.AVALON_HEATING_MODE
    await driver.end_thermal_loop()
    assert avalon.writes == [("workmode", "1")]
    reading = await driver.read()
    assert reading.thermal_loop is None
    assert reading.setting == 0


async def test_only_the_mini_has_such_a_loop(driver: Driver, avalon: AvalonEmulator) -> None:
    avalon.workmode = 0
    assert (await driver.read()).thermal_loop is None
    with pytest.raises(DeviceUnsupportedError):
        await driver.end_thermal_loop()
    with pytest.raises(DeviceUnsupportedError):
        await driver.set_light(on=True)


async def test_a_level_it_has_not_is_never_written(driver: Driver, avalon: AvalonEmulator) -> None:
    for wrong in (3, 800, -1, 0.5, float("nan")):
        with pytest.raises(DeviceUnsupportedError):
            await driver.write(wrong)
    assert avalon.writes == []


async def test_soft_off_and_on(driver: Driver, avalon: AvalonEmulator, clock: Clock) -> None:
    await driver.pause()
    assert avalon.writes == [("softoff", f"1:{int(avalon.wall()) + 5}")]
    assert (await driver.read()).status is DeviceStatus.RUNNING
    clock.now += 10
    await driver.read()
    clock.now += 300
    paused = await driver.read()
    assert paused.status is DeviceStatus.PAUSED
    assert paused.setting is None
    assert paused.hash_rate_hs == 0
    assert paused.power_w == pytest.approx(12, abs=1)
    await driver.resume()
    clock.now += 6
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now += 185
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_watts_that_nobody_draws_at_rest_are_unknown(
    driver: Driver, avalon: AvalonEmulator, clock: Clock
) -> None:
    avalon.lies_idle = True
    await driver.pause()
    clock.now += 10
    reading = await driver.read()
    assert reading.status is DeviceStatus.PAUSED
    assert reading.power_w is None


async def test_a_device_that_answers_when_it_wakes(driver: Driver, avalon: AvalonEmulator) -> None:
    avalon.hangs_up_on_wake = False
    await driver.resume()
    await driver.restart()
    assert [what for what, _ in avalon.writes] == ["softon", "reboot"]


async def test_restart(driver: Driver, avalon: AvalonEmulator, clock: Clock) -> None:
    await driver.restart()
    assert avalon.machine.restarts == 1
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now += 200
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_the_fan_is_remembered_until_it_restarts(driver: Driver, avalon: AvalonEmulator, clock: Clock) -> None:
    clock.now += 100
    await driver.read()
    await driver.set_fan(64.6)
    assert (await driver.read()).fan_percent == 65
    await driver.set_fan(3)
    await driver.set_fan(None)
    assert avalon.writes == [("fan-spd", "65"), ("fan-spd", "25"), ("fan-spd", "-1")]
    assert (await driver.read()).fan_percent is None
    await driver.set_fan(50)
    await driver.restart()
    clock.now += 10
    assert (await driver.read()).fan_percent is None


async def test_a_no_is_an_error(driver: Driver, avalon: AvalonEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avalon, "_obey", lambda *_: False)
    for change in (driver.write(1), driver.pause(), driver.set_fan(50)):
        with pytest.raises(DeviceRefusedError, match="failed"):
            await change
    monkeypatch.setattr(avalon, "_ascset", lambda *_: b"{}\0")
    with pytest.raises(DeviceGarbageError):
        await driver.pause()


async def test_one_that_does_not_obey_is_seen_by_reading_back(driver: Driver, avalon: AvalonEmulator) -> None:
    avalon.machine.obeys = False
    await driver.write(0)
    assert (await driver.read()).setting == 2


async def test_a_thousand_power_changes_leave_all_else_alone(driver: Driver, avalon: AvalonEmulator) -> None:
    before = [dict(pool) for pool in avalon.pools]
    await driver.identify()
    for turn in range(1000):
        await driver.write(turn % 3)
    assert len(avalon.writes) == avalon.requests["ascset"] == 1000
    assert {what for what, _ in avalon.writes} == {"workmode"}
    assert avalon.pools == before
    assert (avalon.worklevel, avalon.fan_speed) == (0, -1)


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault.HALF_CLOSED, DeviceGarbageError), (Fault.GARBAGE, DeviceGarbageError)]
)
async def test_bad_moments(driver: Driver, avalon: AvalonEmulator, fault: Fault, error: type[BackendError]) -> None:
    avalon.fault = fault
    for ask in (driver.read, driver.identify):
        with pytest.raises(error):
            await ask()
    avalon.fault = Fault.NONE
    assert (await driver.read()).status is DeviceStatus.RUNNING


@pytest.mark.parametrize("fault", [Fault.HUNG, Fault.SLOW])
async def test_the_callers_patience_ends_a_call(driver: Driver, avalon: AvalonEmulator, fault: Fault) -> None:
    avalon.fault = fault
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await driver.read()


async def test_unplugged(driver: Driver, avalon: AvalonEmulator, clock: Clock) -> None:
    await driver.pause()
    clock.now += 10
    await driver.read()
    await avalon.pull_plug()
    for call in (driver.read(), driver.write(0), driver.resume(), driver.restart()):
        with pytest.raises(DeviceUnreachableError):
            await call
    await avalon.put_plug_back()
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now += 200
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_faults(driver: Driver, avalon: AvalonEmulator) -> None:
    avalon.fan_error = 1
    reading = await driver.read()
    assert (reading.status, reading.problem) == (DeviceStatus.RUNNING, "miner_fan")
    avalon.fan_error, avalon.supply_error = 0, 2
    await driver.restart()
    reading = await driver.read()
    assert (reading.status, reading.problem) == (DeviceStatus.FAULT, "miner_power_supply")


async def test_other_models_are_left_to_others(
    driver: Driver, avalon: AvalonEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = {"VERSION": [{"PROD": "AvalonMiner 1566", "MODEL": "1566", "MAC": "e0e1a93ed589"}]}
    assert not is_home_miner(big)
    monkeypatch.setattr(avalon, "version", lambda: big)
    monkeypatch.setattr(avalon, "stats", lambda: stats(BIG_A15))
    with pytest.raises(DeviceUnsupportedError):
        await driver.identify()
    with pytest.raises(DeviceUnsupportedError):
        await driver.write(0)
