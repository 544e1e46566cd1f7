"""The AxeOS driver against an emulated Bitaxe over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web
import pytest

from custom_components.hashwarm.engine.miners.axeos import AxeosDriver
from custom_components.hashwarm.engine.miners.driver import Driver, Family, Feature, MinerAddress, MinerReading
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.axeos import AxeosEmulator
from simulators.miners.emulator import Fault

GET_INFO = "GET /api/system/info"


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
async def bitaxe(clock: Clock) -> AsyncIterator[AxeosEmulator]:
    emulator = AxeosEmulator(clock=clock)
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
def driver(link: Link, bitaxe: AxeosEmulator, clock: Clock) -> Driver:
    return AxeosDriver(link, MinerAddress(host=bitaxe.host, port=bitaxe.port), clock=clock)


async def test_it_says_what_it_is_in_two_requests(driver: Driver, bitaxe: AxeosEmulator) -> None:
    profile = await driver.identify()
    assert bitaxe.requests == {GET_INFO: 1, "GET /api/system/asic": 1}
    assert profile.family is Family.AXEOS
    assert profile.identity == profile.mac == "aa:bb:cc:0a:0e:01"
    assert profile.model == "Bitaxe Gamma (BM1370)"
    assert profile.control is ControlKind.FREQUENCY
    assert [level.setting for level in profile.levels] == [400, 490, 525, 550, 600, 625]
    assert profile.levels[2].hash_rate_hs == pytest.approx(1071e9)
    assert profile.power_source is PowerSource.ESTIMATED
    assert profile.can_pause
    assert profile.write_hits_flash
    assert not profile.write_restarts
    assert profile.write_interval_s == 60
    assert profile.idle_w is None
    assert profile.features == {Feature.RESTART, Feature.FAN}


async def test_its_levels_are_anchored_on_what_it_draws_now(driver: Driver, bitaxe: AxeosEmulator) -> None:
    before = await driver.identify()
    for level in before.levels:
        bitaxe.settings["frequency"] = level.setting
        assert level.power_w == pytest.approx(bitaxe._target_w(), rel=1e-6)


async def test_an_idle_one_is_judged_by_its_chip(driver: Driver, bitaxe: AxeosEmulator, clock: Clock) -> None:
    await driver.pause()
    clock.now += 60
    levels = (await driver.identify()).levels
    assert 15 < levels[0].power_w < 25
    assert [level.power_w for level in levels] == sorted(level.power_w for level in levels)
    bitaxe.settings["coreVoltage"] = 1250
    assert (await driver.identify()).levels[0].power_w > levels[0].power_w


async def test_levels_above_the_boards_limit_are_not_offered(driver: Driver, bitaxe: AxeosEmulator) -> None:
    bitaxe.settings["coreVoltage"] = 1700
    bitaxe.machine.set_target(bitaxe._target_w())
    bitaxe.machine._work_w = bitaxe._target_w() - bitaxe.machine.hardware.idle_w
    levels = (await driver.identify()).levels
    assert levels[0].setting == 400
    assert all(level.power_w * 0.9 <= 40 for level in levels)
    assert len(levels) < 6


async def test_one_request_tells_how_it_is(driver: Driver, bitaxe: AxeosEmulator) -> None:
    reading = await driver.read()
    assert bitaxe.requests == {GET_INFO: 1}
    assert reading.status is DeviceStatus.RUNNING
    assert reading.identity == "aa:bb:cc:0a:0e:01"
    assert reading.setting == 525
    assert reading.power_w == pytest.approx(bitaxe.machine.power_w, rel=1e-3)
    assert reading.hash_rate_hs == pytest.approx(1071e9)
    assert reading.chip_c == pytest.approx(60, abs=1)
    assert reading.regulator_c == pytest.approx(54, abs=1)
    assert reading.fan_percent is None
    assert [fan.index for fan in reading.fans] == [0]
    assert reading.boards[0].chips == 1
    assert reading.firmware == "v2.15.0"
    assert reading.pool
    assert reading.pool.connected
    assert reading.pool.name == "public-pool.io:21496"
    assert reading.pool.difficulty == 1000
    assert reading.pool.reject_reasons == (("Above target", 1),)


async def test_a_write_is_the_frequency_alone_and_is_read_back(
    driver: Driver, bitaxe: AxeosEmulator, clock: Clock
) -> None:
    before_w = bitaxe.machine.power_w
    await driver.write(400.0)
    assert bitaxe.writes == [("frequency", 400)]
    assert bitaxe.flash_writes == 1
    clock.now += 1
    ramping = await driver.read()
    assert ramping.setting == 400
    clock.now += 30
    settled = await driver.read()
    assert settled.power_w
    assert ramping.power_w
    assert settled.power_w < ramping.power_w < before_w
    assert settled.hash_rate_hs == pytest.approx(816e9)
    assert bitaxe.machine.restarts == 0


async def test_a_frequency_that_is_not_offered_is_never_written(driver: Driver, bitaxe: AxeosEmulator) -> None:
    with pytest.raises(DeviceUnsupportedError):
        await driver.write(5000)
    await driver.identify()
    for wrong in (399, 626, float("nan")):
        with pytest.raises(DeviceUnsupportedError):
            await driver.write(wrong)
    assert bitaxe.writes == []


async def test_pause_and_resume(driver: Driver, bitaxe: AxeosEmulator, clock: Clock) -> None:
    await driver.pause()
    clock.now += 60
    paused = await driver.read()
    assert paused.status is DeviceStatus.PAUSED
    assert paused.setting is None
    assert paused.hash_rate_hs == 0
    assert paused.power_w == pytest.approx(4.0 / 0.9, rel=0.05)
    await driver.resume()
    clock.now += 1
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now += 30
    assert (await driver.read()).status is DeviceStatus.RUNNING
    assert bitaxe.flash_writes == 0


async def test_a_pause_is_forgotten_over_a_restart(driver: Driver, bitaxe: AxeosEmulator, clock: Clock) -> None:
    await driver.pause()
    await driver.restart()
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now += 60
    assert (await driver.read()).status is DeviceStatus.RUNNING
    assert bitaxe.machine.restarts == 1
    await driver.pause()
    await bitaxe.pull_plug()
    await bitaxe.put_plug_back()
    clock.now += 60
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_firmware_before_2_14_cannot_pause(link: Link, clock: Clock) -> None:
    emulator = AxeosEmulator(clock=clock, firmware="v2.9.1")
    await emulator.start()
    driver = AxeosDriver(link, MinerAddress(host=emulator.host, port=emulator.port))
    assert not (await driver.identify()).can_pause
    for act in (driver.pause, driver.resume):
        with pytest.raises(DeviceUnsupportedError):
            await act()
    with pytest.raises(DeviceUnsupportedError):
        await driver.listen(lambda _: None)
    await emulator.stop()


async def test_the_fan(driver: Driver, bitaxe: AxeosEmulator) -> None:
    await driver.set_fan(64.6)
    assert bitaxe.writes == [("autofanspeed", 0), ("manualFanSpeed", 65)]
    assert (await driver.read()).fan_percent == 65
    await driver.set_fan(None)
    assert bitaxe.writes[2:] == [("autofanspeed", 1)]
    assert (await driver.read()).fan_percent is None
    with pytest.raises(DeviceUnsupportedError):
        await driver.set_light(on=True)


async def test_no_pool_no_heat(driver: Driver, bitaxe: AxeosEmulator, clock: Clock) -> None:
    clock.now += 3600
    bitaxe.pools_reachable = False
    clock.now += 30
    reading = await driver.read()
    assert reading.status is DeviceStatus.NO_POOL
    assert reading.problem == "miner_no_pool"
    assert reading.pool
    assert not reading.pool.connected
    assert reading.power_w
    assert reading.power_w < 6
    bitaxe.pools_reachable = True
    clock.now += 30
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_overheating_moves_the_setting_under_us(driver: Driver, bitaxe: AxeosEmulator, clock: Clock) -> None:
    bitaxe.overheat()
    reading = await driver.read()
    assert reading.status is DeviceStatus.THROTTLED
    assert reading.problem == "miner_overheated"
    assert reading.setting == 425
    await driver.pause()
    clock.now += 60
    assert (await driver.read()).status is DeviceStatus.FAULT


@pytest.mark.parametrize(
    ("field", "said", "problem"),
    [("hardware_fault", "ASIC init failed", "miner_hardware"), ("power_fault", "OCP", "miner_power_supply")],
)
async def test_faults(driver: Driver, bitaxe: AxeosEmulator, field: str, said: str, problem: str) -> None:
    setattr(bitaxe, field, said)
    reading = await driver.read()
    assert (reading.status, reading.problem) == (DeviceStatus.FAULT, problem)


async def test_a_thousand_power_changes_leave_all_else_alone(driver: Driver, bitaxe: AxeosEmulator) -> None:
    levels = [level.setting for level in (await driver.identify()).levels]
    before = dict(bitaxe.settings)
    for turn in range(1000):
        await driver.write(levels[turn % len(levels)])
    assert len(bitaxe.writes) == bitaxe.flash_writes == 1000
    assert bitaxe.settings == before | {"frequency": levels[999 % len(levels)]}


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.HALF_CLOSED, DeviceUnreachableError), (Fault.GARBAGE, DeviceGarbageError)],
)
async def test_bad_moments(driver: Driver, bitaxe: AxeosEmulator, fault: Fault, error: type[BackendError]) -> None:
    bitaxe.fault = fault
    for ask in (driver.read, driver.identify):
        with pytest.raises(error):
            await ask()
    bitaxe.fault = Fault.NONE
    assert (await driver.read()).status is DeviceStatus.RUNNING


@pytest.mark.parametrize("fault", [Fault.HUNG, Fault.SLOW])
async def test_the_callers_patience_ends_a_call(driver: Driver, bitaxe: AxeosEmulator, fault: Fault) -> None:
    bitaxe.fault = fault
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await driver.read()
    bitaxe.fault = Fault.NONE
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_unplugged(driver: Driver, bitaxe: AxeosEmulator, clock: Clock) -> None:
    await bitaxe.pull_plug()
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    with pytest.raises(DeviceUnreachableError):
        await driver.listen(lambda _: None)
    await bitaxe.put_plug_back()
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now += 60
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_one_that_does_not_obey_is_seen_by_reading_back(driver: Driver, bitaxe: AxeosEmulator) -> None:
    bitaxe.machine.obeys = False
    await driver.write(400)
    assert (await driver.read()).setting == 525


async def test_another_network_is_a_refusal_and_no_question_of_passwords(
    driver: Driver, bitaxe: AxeosEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turned_away(_request: web.Request) -> None:
        raise web.HTTPUnauthorized(text="Unauthorized")

    monkeypatch.setattr(bitaxe, "guard", turned_away)
    for call in (driver.read(), driver.identify(), driver.write(490), driver.restart()):
        with pytest.raises(DeviceRefusedError):
            await call


async def test_firmware_without_the_list_of_frequencies(
    driver: Driver, bitaxe: AxeosEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bitaxe, "asic", dict)
    assert [level.setting for level in (await driver.identify()).levels][:3] == [400, 425, 450]

    def missing() -> dict[str, object]:
        raise web.HTTPNotFound

    monkeypatch.setattr(bitaxe, "asic", missing)
    assert (await driver.identify()).levels[-1].setting == 625

    def broken() -> dict[str, object]:
        raise web.HTTPInternalServerError

    monkeypatch.setattr(bitaxe, "asic", broken)
    with pytest.raises(DeviceRefusedError):
        await driver.identify()
    monkeypatch.setattr(bitaxe, "asic", list)
    assert (await driver.identify()).levels


async def test_other_things_on_that_address(
    driver: Driver, bitaxe: AxeosEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ({"printer": True}, []):
        monkeypatch.setattr(bitaxe, "info", lambda other=other: other)
        for ask in (driver.read, driver.identify):
            with pytest.raises(DeviceGarbageError):
                await ask()


async def test_the_live_feed_gives_one_reading_a_second(driver: Driver, bitaxe: AxeosEmulator, clock: Clock) -> None:
    bitaxe.push_s = 0.005
    readings: list[MinerReading] = []
    listening = asyncio.create_task(driver.listen(readings.append))
    async with asyncio.timeout(5):
        while not readings:
            await asyncio.sleep(0.005)
        clock.now += 0.5
        await asyncio.sleep(0.1)
        assert len(readings) == 1
        bitaxe.settings["frequency"] = 490
        # A message that left before the change may still be under way, so the newest reading counts.
        while readings[-1].setting != 490:
            clock.now += 1.1
            await asyncio.sleep(0.01)
    assert bitaxe.requests == {"GET /api/ws/live": 1}
    # The second message told what had changed only; the rest is remembered.
    assert {reading.identity for reading in readings} == {"aa:bb:cc:0a:0e:01"}
    assert readings[0].setting == 525
    await bitaxe.stop()
    async with asyncio.timeout(5):
        with suppress(DeviceUnreachableError):
            await listening


async def test_listening_ends_with_its_task(driver: Driver, bitaxe: AxeosEmulator) -> None:
    listening = asyncio.create_task(driver.listen(lambda _: None))
    await asyncio.sleep(0.05)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening


@pytest.mark.parametrize("said", ["no JSON", "[1]", '{"data": 7}', '{"event": "update", "data": {}}', b"\x00\x01"])
async def test_a_live_feed_of_nonsense(link: Link, said: str | bytes) -> None:
    async def feed(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await (socket.send_bytes(said) if isinstance(said, bytes) else socket.send_str(said))
        await socket.receive()
        return socket

    app = web.Application()
    app.router.add_get("/api/ws/live", feed)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    driver = AxeosDriver(link, MinerAddress(host="127.0.0.1", port=runner.addresses[0][1]))
    with pytest.raises(DeviceGarbageError):
        await driver.listen(lambda _: None)
    await runner.cleanup()


async def test_a_silent_live_feed_is_given_up(link: Link, bitaxe: AxeosEmulator) -> None:
    bitaxe.push_s = 60
    driver = AxeosDriver(link, MinerAddress(host=bitaxe.host, port=bitaxe.port), silence_s=0.1)
    with pytest.raises(DeviceUnreachableError):
        await driver.listen(lambda _: None)


async def test_the_fan_of_old_firmware_has_another_name(driver: Driver, bitaxe: AxeosEmulator) -> None:
    del bitaxe.settings["manualFanSpeed"]
    bitaxe.settings |= {"fanspeed": 40}
    await driver.identify()
    await driver.set_fan(70)
    assert bitaxe.writes == [("autofanspeed", 0), ("fanspeed", 70)]
