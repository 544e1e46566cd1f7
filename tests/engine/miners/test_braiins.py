"""The driver of Braiins OS against an emulated miner, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.hashwarm.engine.miners.braiins import BRAIINS, BraiinsDriver
from custom_components.hashwarm.engine.miners.braiins_parse import BOARDS, COOLING, DETAILS, POOLS, knows
from custom_components.hashwarm.engine.miners.driver import Driver, Feature, MinerAddress
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.miners.web import WebClient
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import (
    DeviceAuthError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, ThermalLoop
from simulators.miners.braiins import BraiinsEmulator
from simulators.miners.emulator import Fault


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def miner() -> AsyncIterator[BraiinsEmulator]:
    clock = Clock()
    emulator = BraiinsEmulator(clock=clock, password="warm")
    emulator.turn = clock
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
def driver(miner: BraiinsEmulator, link: Link) -> Driver:
    return BRAIINS.driver(link, MinerAddress(host=miner.host, port=miner.port, password="warm"))


async def settled(driver: Driver, polls: int = 18):
    for _ in range(polls):
        reading = await driver.read()
    return reading


async def test_it_says_what_it_is_in_three_requests_and_a_log_in(miner, driver):
    profile = await driver.identify()
    assert sum(miner.requests.values()) == 4
    assert profile.identity == profile.mac == "02:42:b0:00:00:01"
    assert (profile.model, profile.control, profile.step) == ("Antminer S19J Pro", ControlKind.CONTINUOUS_WATTS, 1.0)
    assert [level.power_w for level in profile.levels] == [1000.0, 3050.0, 3600.0]
    assert profile.boot_s == 120.0
    assert profile.can_pause
    assert not profile.write_restarts
    assert profile.power_source is PowerSource.ESTIMATED
    assert profile.features == {Feature.LIGHT, Feature.RESTART}


async def test_a_reading_is_two_requests_and_sees_everything_in_its_turn(miner, driver):
    await driver.identify()
    for _ in range(18):
        miner.requests.clear()
        reading = await driver.read()
        assert sum(miner.requests.values()) == 2
    assert reading.status is DeviceStatus.RUNNING
    assert reading.identity == "02:42:b0:00:00:01"
    assert reading.setting == reading.power_w == 3050.0
    assert reading.hash_rate_hs == pytest.approx(3010.0 * 34e9)
    assert reading.chip_c == 68.5
    assert [board.chip_c for board in reading.boards] == [68.5, 67.5, 66.5]
    assert reading.boards[0].hash_rate_hs == pytest.approx(3010.0 * 34e9 / 3, rel=1e-4)
    assert reading.fans[0].rpm == 4200.0
    assert reading.fans[0].percent == pytest.approx(55.0)
    assert reading.thermal_loop is None
    assert reading.pool is not None
    assert (reading.pool.name, reading.pool.connected) == ("pool.example:3333", True)


async def test_the_first_reading_logs_in_and_asks_one_thing_only(miner, driver):
    reading = await driver.read()
    assert sum(miner.requests.values()) == 2
    assert (reading.status, reading.power_w, reading.setting) == (DeviceStatus.RUNNING, 3050.0, None)


async def test_a_written_target_is_read_back_with_the_next_reading_while_the_watts_follow(miner, driver):
    await driver.identify()
    await driver.write(1200.4)
    assert miner.writes == [("performance/power-target", {"watt": 1200})]
    reading = await driver.read()
    assert (reading.setting, reading.power_w) == (1200.0, 3050.0)
    miner.turn.now_s += 50.0
    halfway = await driver.read()
    assert 1200.0 < halfway.power_w < 3050.0
    miner.turn.now_s += 900.0
    assert (await driver.read()).power_w == 1200.0


async def test_a_target_out_of_range_and_another_tuner_mode_are_refused(miner, driver):
    with pytest.raises(DeviceRefusedError):
        await driver.write(50.0)
    miner.in_power_mode = False
    with pytest.raises(DeviceRefusedError):
        await driver.write(1500.0)
    assert (await settled(driver)).setting is None


async def test_pause_and_resume(miner, driver):
    await driver.identify()
    await driver.pause()
    miner.turn.now_s += 900.0
    reading = await driver.read()
    assert (reading.status, reading.setting, reading.power_w) == (DeviceStatus.PAUSED, None, 40.0)
    await driver.resume()
    assert (await driver.read()).status is DeviceStatus.STARTING
    miner.turn.now_s += 900.0
    assert (await settled(driver, 3)).status is DeviceStatus.RUNNING


async def test_restart_light_and_what_it_has_not(miner, driver):
    await driver.restart()
    await driver.set_light(on=True)
    assert (miner.machine.restarts, miner.light) == (1, True)
    await driver.set_light(on=False)
    assert not miner.light
    with pytest.raises(DeviceUnsupportedError):
        await driver.set_fan(50.0)
    await driver.close()


async def test_its_own_scaling_is_seen_and_ended(miner, driver):
    miner.dps_enabled = True
    await driver.identify()
    assert (await driver.read()).thermal_loop is ThermalLoop.BRAIINS_DPS
    await driver.end_thermal_loop()
    assert miner.writes == [("performance/dps", {"enable": False})]
    assert (await driver.read()).thermal_loop is None


async def test_a_scaling_that_stays_on_is_told(miner, driver):
    miner.dps_enabled = True
    miner.machine.obeys = False
    with pytest.raises(DeviceRefusedError):
        await driver.end_thermal_loop()


async def test_a_token_that_ran_out_is_renewed_once(miner, driver):
    await driver.read()
    miner.expire_tokens()
    miner.requests.clear()
    await driver.write(2000.0)
    assert miner.requests == {"PUT /api/v1/performance/power-target": 2, "POST /api/v1/auth/login": 1}
    assert miner.target == 2000


async def test_a_changed_password_is_an_error_of_its_own(miner, driver):
    await driver.read()
    miner.password = "other"
    miner.requests.clear()
    with pytest.raises(DeviceAuthError):
        await driver.read()
    assert sum(miner.requests.values()) == 2


async def test_a_log_in_without_a_token_is_nonsense(link):
    async def answer(*_args, **_kwargs):
        return {}

    driver = BraiinsDriver(link.session, MinerAddress(host="127.0.0.1", port=1))
    driver._web.json = answer
    with pytest.raises(DeviceGarbageError):
        await driver.read()


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.HALF_CLOSED, DeviceUnreachableError), (Fault.GARBAGE, DeviceGarbageError)],
)
async def test_bad_moments_are_typed_errors(miner, driver, fault, error):
    await driver.read()
    miner.fault = fault
    with pytest.raises(error):
        await driver.read()
    miner.fault = Fault.NONE
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_a_miner_that_hangs_waits_for_the_callers_limit(miner, link):
    driver = BRAIINS.driver(link, MinerAddress(host=miner.host, port=miner.port, password="warm"))
    miner.fault = Fault.HUNG
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await driver.read()
    miner.fault, miner.slow_s = Fault.SLOW, 0.05
    assert (await driver.read()).power_w == 3050.0


async def test_unplugged_and_back_it_is_asked_for_its_state_first(miner, driver):
    await driver.identify()
    await driver.read()
    await miner.pull_plug()
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    await miner.put_plug_back()
    reading = await driver.read()
    assert (reading.status, reading.power_w) == (DeviceStatus.STARTING, 40.0)


async def test_a_path_that_old_firmware_lacks_is_left_out(miner, driver, monkeypatch):
    await settled(driver)
    real = driver._web.json

    async def lacking(method, path, **more):
        if path in {COOLING, BOARDS}:
            raise DeviceRefusedError(path)
        return await real(method, path, **more)

    monkeypatch.setattr(driver._web, "json", lacking)
    reading = await settled(driver)
    assert (reading.chip_c, reading.boards, reading.power_w) == (None, (), 3050.0)

    async def refusing(method, path, **more):
        if path == DETAILS:
            raise DeviceRefusedError(path)
        return await real(method, path, **more)

    monkeypatch.setattr(driver._web, "json", refusing)
    with pytest.raises(DeviceRefusedError):
        await settled(driver)


async def test_the_pools_are_found_with_and_without_a_slash(miner, driver, monkeypatch):
    real = driver._web.json
    refused = {POOLS}

    async def strict(method, path, **more):
        if path in refused:
            raise DeviceRefusedError(path)
        return await real(method, path, **more)

    monkeypatch.setattr(driver._web, "json", strict)
    assert (await settled(driver)).pool is None
    assert (await settled(driver)).pool.name == "pool.example:3333"
    refused.clear()
    refused.add(POOLS.rstrip("/"))
    assert (await settled(driver)).pool is None
    assert (await settled(driver)).pool.name == "pool.example:3333"


async def test_a_thousand_targets_leave_pools_and_password_alone(miner, driver):
    pools = [dict(pool) for pool in miner.pools]
    for index in range(1000):
        await driver.write(1000.0 + index)
    assert len(miner.writes) == 1000
    assert {path for path, _ in miner.writes} == {"performance/power-target"}
    assert all(list(body) == ["watt"] for _, body in miner.writes)
    assert (miner.pools, miner.password, miner.target) == (pools, "warm", 1999)


@pytest.mark.parametrize(
    ("told", "status", "problem"),
    [
        ({"status": 1}, DeviceStatus.STARTING, None),
        ({"status": 3}, DeviceStatus.PAUSED, None),
        ({"status": 4}, DeviceStatus.FAULT, "miner_hardware"),
        ({"status": 4, "dps_enabled": True}, DeviceStatus.THROTTLED, None),
        ({"status": 5}, DeviceStatus.RESTRICTED, None),
        ({"tuner_state": 1}, DeviceStatus.RUNNING, None),
        ({"tuner_state": 3}, DeviceStatus.TUNING, None),
        ({"tuner_state": 4}, DeviceStatus.RUNNING, None),
        ({"tuner_state": 5}, DeviceStatus.RUNNING, None),
        ({"tuner_state": 6}, DeviceStatus.STARTING, None),
        ({"tuner_state": 4, "pool_alive": False}, DeviceStatus.FAULT, "miner_hardware"),
        ({"pool_alive": False}, DeviceStatus.NO_POOL, "miner_no_pool"),
    ],
)
async def test_every_state_has_its_word(miner, driver, told, status, problem):
    for name, value in told.items():
        setattr(miner, name, value)
    await driver.identify()
    reading = await settled(driver)
    assert (reading.status, reading.problem) == (status, problem)


async def test_the_probe_needs_no_log_in(miner, link):
    web = WebClient(link.session, MinerAddress(host=miner.host, port=miner.port))
    assert knows(await web.request("GET", BRAIINS.probe_path))
