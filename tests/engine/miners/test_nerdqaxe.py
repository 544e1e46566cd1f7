"""The NerdQAxe driver against an emulated NerdQAxe++ over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
import json

import pytest

from custom_components.hashwarm.engine.miners.axeos import knows_axeos
from custom_components.hashwarm.engine.miners.driver import Driver, Family, Feature, MinerAddress
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.miners.nerdqaxe import (
    NERDQAXE,
    NerdqaxeDriver,
    knows_nerdqaxe,
    nerd_mhz,
    parse_profile,
    parse_reading,
)
from custom_components.hashwarm.engine.miners.web import WebAnswer
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceGarbageError,
    DeviceLockedError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.axeos import AxeosEmulator
from simulators.miners.emulator import Fault
from simulators.miners.nerdqaxe import NerdqaxeEmulator

from .mutation import endures

GET_INFO = "GET /api/system/info"
# The shape of firmware before it knew shutdowns, fan channels and numbers for difficulties.
OLD_INFO = {
    "asicCount": 4, "smallCoreCount": 1276, "deviceModel": "NerdQAxe+", "macAddr": "30:ED:A0:11:22:33",
    "power": 61.7, "maxPower": 70, "minPower": 30, "voltage": 12012.5, "maxVoltage": 13, "minVoltage": 11,
    "current": 5137.5, "temp": 55.1, "vrTemp": 62, "hashRate": 2501.2, "hashRate_10m": 2501.2, "bestDiff": "1.02T",
    "bestSessionDiff": "12.3M", "coreVoltage": 1200, "coreVoltageActual": 1195, "sharesAccepted": 421,
    "sharesRejected": 2, "isUsingFallbackStratum": False, "isStratumConnected": True, "fanspeed": 44, "fanrpm": 2100,
    "poolDifficulty": 4096, "stratumURL": "public-pool.io", "stratumPort": 21496, "frequency": 490,
    "defaultFrequency": 490, "overheat_temp": 70, "autofanspeed": 0, "ASICModel": "BM1368", "uptimeSeconds": 90000,
    "version": "v1.0.20",
}  # fmt: skip


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
async def nerd(clock: Clock) -> AsyncIterator[NerdqaxeEmulator]:
    emulator = NerdqaxeEmulator(clock=clock)
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
def driver(link: Link, nerd: NerdqaxeEmulator) -> Driver:
    return NerdqaxeDriver(link, MinerAddress(host=nerd.host, port=nerd.port))


async def test_it_says_what_it_is_in_two_requests(driver: Driver, nerd: NerdqaxeEmulator) -> None:
    profile = await driver.identify()
    assert nerd.requests == {GET_INFO: 1, "GET /api/system/asic": 1}
    assert profile.family is Family.NERDQAXE
    assert profile.identity == "aa:bb:cc:0a:0e:02"
    assert profile.model == "NerdQAxe++"
    assert profile.control is ControlKind.FREQUENCY
    assert [level.setting for level in profile.levels] == [450, 500, 515, 525, 550, 575, 590, 600]
    assert profile.levels[-1].power_w == pytest.approx(76 / 0.9, rel=0.01)
    assert profile.levels[-1].hash_rate_hs == pytest.approx(4896e9)
    assert profile.power_source is PowerSource.ESTIMATED
    assert profile.can_pause
    assert profile.resume_reboots
    assert not profile.pause_survives_reboot
    assert profile.write_hits_flash
    assert (profile.write_interval_s, profile.minimum_on_s, profile.minimum_off_s) == (60, 600, 300)
    assert profile.features == {Feature.FAN, Feature.RESTART}


async def test_one_request_tells_how_it_is(driver: Driver, nerd: NerdqaxeEmulator) -> None:
    reading = await driver.read()
    assert nerd.requests == {GET_INFO: 1}
    assert reading.status is DeviceStatus.RUNNING
    assert reading.setting == 600
    assert reading.power_w == pytest.approx(nerd.machine.power_w, rel=1e-3)
    assert reading.hash_rate_hs == pytest.approx(4896e9)
    assert reading.chip_c == pytest.approx(58, abs=1)
    assert reading.regulator_c == pytest.approx(60, abs=1)
    assert [fan.rpm for fan in reading.fans] == [2600, 2500]
    assert reading.fan_percent is None
    assert reading.boards[0].chips == 4
    assert reading.pool
    assert reading.pool.connected
    assert reading.pool.name == "public-pool.io:21496"
    assert reading.pool.difficulty == 1000
    assert reading.problem is None


async def test_a_write_is_the_frequency_alone_and_is_read_back(
    driver: Driver, nerd: NerdqaxeEmulator, clock: Clock
) -> None:
    before_w = nerd.machine.power_w
    await driver.write(500)
    assert nerd.writes == [("frequency", 500)]
    clock.now += 1
    ramping = await driver.read()
    clock.now += 30
    settled = await driver.read()
    assert settled.setting == 500
    assert settled.power_w
    assert ramping.power_w
    assert settled.power_w < ramping.power_w < before_w
    assert nerd.machine.restarts == 0


async def test_a_frequency_that_is_not_offered_is_never_written(driver: Driver, nerd: NerdqaxeEmulator) -> None:
    await driver.identify()
    for wrong in (449, 601, float("inf")):
        with pytest.raises(DeviceUnsupportedError):
            await driver.write(wrong)
    assert nerd.writes == []


async def test_shut_down_and_woken_by_a_restart(driver: Driver, nerd: NerdqaxeEmulator, clock: Clock) -> None:
    await driver.pause()
    clock.now += 60
    paused = await driver.read()
    assert paused.status is DeviceStatus.PAUSED
    assert paused.setting is None
    assert paused.power_w == pytest.approx(6 / 0.9, rel=0.05)
    await driver.resume()
    assert nerd.writes == [("shutdown", True), ("restart", True)]
    assert nerd.machine.restarts == 1
    clock.now += 10
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now += 60
    assert (await driver.read()).status is DeviceStatus.RUNNING
    assert nerd.flash_writes == 0


async def test_firmware_that_cannot_be_shut_down(driver: Driver, nerd: NerdqaxeEmulator) -> None:
    nerd.tells_shutdown = False
    assert not (await driver.identify()).can_pause
    with pytest.raises(DeviceUnsupportedError):
        await driver.pause()


async def test_one_time_codes_guard_every_write_and_no_reading(driver: Driver, nerd: NerdqaxeEmulator) -> None:
    nerd.otp = True
    assert (await driver.identify()).identity
    assert (await driver.read()).status is DeviceStatus.RUNNING
    for change in (driver.write(500), driver.pause(), driver.resume(), driver.restart(), driver.set_fan(50)):
        with pytest.raises(DeviceLockedError, match="one-time codes"):
            await change
    assert nerd.writes == []
    nerd.otp = False
    await driver.write(500)


async def test_the_fans_of_new_and_old_firmware(driver: Driver, nerd: NerdqaxeEmulator) -> None:
    await driver.read()
    await driver.set_fan(64.6)
    by_hand = {"mode": 0, "manualSpeed": 65}
    assert nerd.writes == [("fans", [by_hand, by_hand])]
    assert (await driver.read()).fan_percent == 65
    await driver.set_fan(None)
    assert nerd.writes[1:] == [("fans", [{"mode": 2}, {"mode": 2}])]
    assert (await driver.read()).fan_percent is None
    nerd.channels = []
    await driver.read()
    await driver.set_fan(40)
    assert nerd.writes[2:] == [("autofanspeed", 0), ("manualFanSpeed", 40)]


async def test_no_pool_no_heat(driver: Driver, nerd: NerdqaxeEmulator, clock: Clock) -> None:
    clock.now += 3600
    nerd.pools_reachable = False
    clock.now += 60
    reading = await driver.read()
    assert (reading.status, reading.problem) == (DeviceStatus.NO_POOL, "miner_no_pool")
    assert reading.pool
    assert not reading.pool.connected


async def test_faults(driver: Driver, nerd: NerdqaxeEmulator) -> None:
    nerd.board_error = 3
    reading = await driver.read()
    assert (reading.status, reading.problem) == (DeviceStatus.FAULT, "miner_hardware")


async def test_a_thousand_power_changes_leave_all_else_alone(driver: Driver, nerd: NerdqaxeEmulator) -> None:
    levels = [level.setting for level in (await driver.identify()).levels]
    before, channels = dict(nerd.settings), [dict(channel) for channel in nerd.channels]
    for turn in range(1000):
        await driver.write(levels[turn % len(levels)])
    assert nerd.flash_writes == 1000
    assert nerd.settings == before | {"frequency": levels[999 % len(levels)]}
    assert nerd.channels == channels


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.HALF_CLOSED, DeviceUnreachableError), (Fault.GARBAGE, DeviceGarbageError)],
)
async def test_bad_moments(driver: Driver, nerd: NerdqaxeEmulator, fault: Fault, error: type[BackendError]) -> None:
    nerd.fault = fault
    for ask in (driver.read, driver.identify):
        with pytest.raises(error):
            await ask()
    nerd.fault = Fault.NONE
    assert (await driver.read()).status is DeviceStatus.RUNNING


@pytest.mark.parametrize("fault", [Fault.HUNG, Fault.SLOW])
async def test_the_callers_patience_ends_a_call(driver: Driver, nerd: NerdqaxeEmulator, fault: Fault) -> None:
    nerd.fault = fault
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await driver.read()


async def test_unplugged(driver: Driver, nerd: NerdqaxeEmulator, clock: Clock) -> None:
    await driver.pause()
    await nerd.pull_plug()
    for call in (driver.read(), driver.write(500)):
        with pytest.raises(DeviceUnreachableError):
            await call
    await nerd.put_plug_back()
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now += 120
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_refusals(driver: Driver, nerd: NerdqaxeEmulator, link: Link) -> None:
    nerd.tells_shutdown = False
    await nerd.stop()
    await nerd.start()
    with pytest.raises(DeviceRefusedError):
        await NerdqaxeDriver(link, MinerAddress(host=nerd.host, port=nerd.port)).pause()
    with pytest.raises(DeviceUnsupportedError):
        await driver.set_light(on=True)


async def test_a_bitaxe_is_none(link: Link) -> None:
    bitaxe = AxeosEmulator()
    await bitaxe.start()
    driver = NerdqaxeDriver(link, MinerAddress(host=bitaxe.host, port=bitaxe.port))
    for ask in (driver.read, driver.identify):
        with pytest.raises(DeviceGarbageError):
            await ask()
    await bitaxe.stop()


def test_old_firmware_and_its_traps_of_units() -> None:
    reading = parse_reading(OLD_INFO)
    assert reading.status is DeviceStatus.RUNNING
    assert reading.hash_rate_hs == pytest.approx(2501.2e9)
    assert reading.power_w == pytest.approx(61.7 / 0.9)
    assert reading.fan_percent == 44
    assert [fan.rpm for fan in reading.fans] == [2100]
    assert reading.pool
    assert reading.pool.connected
    assert reading.pool.best_share == pytest.approx(12.3e6)
    profile = parse_profile(OLD_INFO, {})
    assert not profile.can_pause
    assert profile.levels[0].setting == 400
    with pytest.raises(DeviceUnsupportedError):
        parse_profile(OLD_INFO | {"ASICModel": "BM9999"}, {})
    with pytest.raises(DeviceGarbageError):
        parse_profile({}, {})


def test_too_hot_and_shut_down_is_a_fault() -> None:
    hot = parse_reading(OLD_INFO | {"shutdown": True, "hashRate": 0, "temp": 71})
    assert (hot.status, hot.problem) == (DeviceStatus.FAULT, "miner_overheated")
    assert hot.setting is None


def test_what_is_not_told_of_the_pool() -> None:
    silent = {key: value for key, value in OLD_INFO.items() if key != "isStratumConnected"}
    pool = parse_reading(silent).pool
    assert pool
    assert pool.connected
    assert pool.difficulty == 4096
    fallback = {"stratum": {"usingFallback": True, "pools": [{}, {"poolDifficulty": 512}]}}
    pool = parse_reading(silent | fallback).pool
    assert pool
    assert pool.difficulty == 512


def test_no_frequency_above_the_absolute_limit() -> None:
    asic = {"frequencyOptions": [500, 600, 700], "absMaxFrequency": 650, "ecoFrequency": 450}
    assert nerd_mhz({}, asic) == [450, 500, 600]


def test_the_family_is_told_from_its_relatives() -> None:
    def answer(info: object) -> WebAnswer:
        return WebAnswer(status=200, raw=json.dumps(info).encode())

    nerds, axes = (NerdqaxeEmulator().info(), OLD_INFO), (AxeosEmulator().info(), AxeosEmulator(model="hex").info())
    assert NERDQAXE.knows_web is knows_nerdqaxe
    assert all(knows_nerdqaxe(answer(info)) and not knows_axeos(answer(info)) for info in nerds)
    assert all(knows_axeos(answer(info)) and not knows_nerdqaxe(answer(info)) for info in axes)
    assert not knows_nerdqaxe(answer([]))


def test_thousands_of_wrong_answers() -> None:
    def parse(told: object) -> None:
        if not isinstance(told, dict):
            return
        info, asic = (told.get(key) if isinstance(told.get(key), dict) else {} for key in ("info", "asic"))
        for parser in (parse_reading, lambda info: parse_profile(info, asic)):
            with suppress(BackendError):
                parser(info)

    newer = {"stratum", "fans", "shutdown", "asicTemps", "boardError", "vrTempInt", "manualFanSpeed"}
    info = {
        key: value for key, value in NerdqaxeEmulator(fan_channels=1).info().items() if key in OLD_INFO.keys() | newer
    }
    endures(parse, {"info": info, "asic": NerdqaxeEmulator().asic()}, {"info": info}, {"info": OLD_INFO})
