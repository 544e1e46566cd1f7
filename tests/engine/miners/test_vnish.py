"""The driver of VNish against an emulated miner, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.hashwarm.engine.miners.braiins import BRAIINS
from custom_components.hashwarm.engine.miners.driver import Driver, Feature, MinerAddress
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.miners.vnish import VNISH, VnishDriver
from custom_components.hashwarm.engine.miners.vnish_parse import knows
from custom_components.hashwarm.engine.miners.web import WebAnswer, WebClient
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import (
    DeviceAuthError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, ThermalLoop
from simulators.miners.emulator import Fault
from simulators.miners.vnish import VnishEmulator


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def emulator(**more) -> VnishEmulator:
    clock = Clock()
    miner = VnishEmulator(clock=clock, password="warm", **more)
    miner.turn = clock
    return miner


@pytest.fixture
async def miner(request) -> AsyncIterator[VnishEmulator]:
    miner = emulator(**getattr(request, "param", {}))
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
def driver(miner: VnishEmulator, link: Link) -> Driver:
    return VNISH.driver(link, MinerAddress(host=miner.host, port=miner.port, password="warm"))


old = pytest.mark.parametrize("miner", [{"version": "1.2.6"}], indirect=True)
by_hand = pytest.mark.parametrize("miner", [{"preset": "disabled"}], indirect=True)


async def test_new_firmware_throttles_between_a_fifth_and_all_of_its_preset(miner, driver):
    profile = await driver.identify()
    assert sum(miner.requests.values()) == 3
    assert profile.identity == profile.mac == "02:42:d0:00:00:01"
    assert (profile.model, profile.firmware) == ("Antminer S19", "1.3.4")
    assert (profile.control, profile.step, profile.write_restarts) == (ControlKind.PERCENT, 1.0, False)
    assert [(level.setting, level.power_w) for level in profile.levels] == [(20.0, 590.0), (100.0, 2950.0)]
    assert profile.levels[1].hash_rate_hs == pytest.approx(99e12)
    assert profile.power_source is PowerSource.ESTIMATED
    assert profile.can_pause
    assert profile.features == {Feature.LIGHT, Feature.RESTART}


@old
async def test_old_firmware_has_its_tuned_presets_and_restarts_for_each(miner, driver):
    profile = await driver.identify()
    assert sum(miner.requests.values()) == 4
    assert (profile.control, profile.step, profile.write_restarts) == (ControlKind.PRESETS, None, True)
    assert [level.setting for level in profile.levels] == [1100.0, 1500.0, 1900.0, 2620.0, 2950.0]
    assert profile.levels[0].hash_rate_hs == pytest.approx(53e12)


@by_hand
async def test_a_preset_set_by_hand_is_what_it_draws(miner, driver):
    miner.throttled = 50
    miner.machine.set_target(1400.0)
    miner.turn.now_s += 900.0
    assert (await driver.identify()).levels[1].power_w == 2800.0
    miner.meters = False
    with pytest.raises(DeviceUnsupportedError, match="choose a preset"):
        await driver.identify()


async def test_a_reading_is_two_requests(miner, driver):
    await driver.identify()
    for _ in range(3):
        miner.requests.clear()
        reading = await driver.read()
        assert sum(miner.requests.values()) == 2
    assert (reading.status, reading.setting, reading.power_w) == (DeviceStatus.RUNNING, 100.0, 2950.0)
    assert reading.hash_rate_hs == pytest.approx(2915.0 * 33.5e9)
    assert (reading.chip_c, reading.device_c) == (71.0, 56.0)
    assert [board.chip_c for board in reading.boards] == [71.0, 70.0, 69.0]
    assert reading.boards[0].hash_rate_hs == pytest.approx(2915.0 * 33.5e9 / 3)
    assert (reading.fans[0].rpm, reading.fans[0].percent) == (4350.0, 62.0)
    assert (reading.thermal_loop, reading.problem) == (None, None)
    assert reading.pool is not None
    assert (reading.pool.name, reading.pool.connected) == ("pool.example:3333", True)


async def test_the_first_reading_logs_in_and_asks_one_thing_only(miner, driver):
    reading = await driver.read()
    assert sum(miner.requests.values()) == 2
    assert (reading.status, reading.setting) == (DeviceStatus.RUNNING, 100.0)


async def test_a_version_that_the_summary_does_not_name_is_asked_for(miner, driver, monkeypatch):
    real = miner._summary

    def nameless():
        told = real()
        del told["miner"]["miner_type"]
        return told

    await miner.stop()
    monkeypatch.setattr(miner, "_summary", nameless)
    await miner.start(port=miner.port)
    assert (await driver.read()).setting is None
    assert (await driver.read()).setting == 100.0
    assert miner.requests["GET /api/v1/info"] == 1


async def test_a_throttle_is_read_back_while_the_watts_follow(miner, driver):
    await driver.write(40.4)
    assert miner.writes == [("mining/throttle", {"percent": 40})]
    assert miner.requests["GET /api/v1/info"] == 1
    reading = await driver.read()
    assert (reading.setting, reading.power_w) == (40.0, 2950.0)
    miner.turn.now_s += 20.0
    assert 1180.0 < (await driver.read()).power_w < 2950.0
    miner.turn.now_s += 900.0
    assert (await driver.read()).power_w == 1180.0
    assert miner.machine.restarts == 0
    await driver.write(3.0)
    assert miner.throttled == 20


async def test_without_a_version_nothing_is_written(miner, driver):
    async def nameless(*_args, **_more):
        return {}

    driver._ask = nameless
    with pytest.raises(DeviceGarbageError):
        await driver.write(50.0)
    assert miner.writes == []


@old
async def test_a_preset_is_written_and_restarts(miner, driver):
    await driver.identify()
    await driver.write(1500.0)
    assert miner.writes == [("settings", {"miner": {"overclock": {"preset": "1500"}}}), ("mining/restart", None)]
    reading = await driver.read()
    assert (reading.status, reading.setting, reading.power_w) == (DeviceStatus.STARTING, 1500.0, 35.0)
    miner.turn.now_s += 900.0
    reading = await driver.read()
    assert (reading.status, reading.power_w) == (DeviceStatus.RUNNING, 1500.0)
    with pytest.raises(DeviceRefusedError):
        await driver.write(1234.0)


async def test_pause_and_resume(miner, driver):
    await driver.pause()
    miner.turn.now_s += 900.0
    reading = await driver.read()
    assert (reading.status, reading.setting) == (DeviceStatus.PAUSED, None)
    await driver.resume()
    assert (await driver.read()).status is DeviceStatus.STARTING
    miner.turn.now_s += 900.0
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_restart_light_and_what_it_has_not(miner, driver):
    await driver.set_light(on=True)
    assert miner.light
    await driver.set_light(on=False)
    assert not miner.light
    await driver.restart()
    assert miner.machine.restarts == 1
    with pytest.raises(DeviceUnsupportedError):
        await driver.set_fan(50.0)


async def test_its_own_loop_is_seen_and_ended_with_its_other_settings_kept(miner, driver):
    miner.switcher["enabled"] = True
    before = dict(miner.switcher)
    await driver.identify()
    assert (await driver.read()).thermal_loop is ThermalLoop.VNISH_PRESET_SWITCHER
    await driver.end_thermal_loop()
    assert miner.switcher == before | {"enabled": False}
    assert miner.preset == "2950"
    assert (await driver.read()).thermal_loop is None


async def test_a_switcher_that_is_not_told_is_ended_all_the_same(miner, driver):
    miner.switcher = None
    await driver.end_thermal_loop()
    assert miner.switcher == {"enabled": False}


async def test_a_token_that_ran_out_is_renewed_once(miner, driver):
    await driver.read()
    miner.expire_tokens()
    miner.requests.clear()
    await driver.write(60.0)
    assert miner.requests == {"POST /api/v1/mining/throttle": 2, "POST /api/v1/unlock": 1}
    assert miner.throttled == 60


async def test_a_changed_password_is_an_error_of_its_own(miner, driver):
    await driver.read()
    miner.password = "other"
    miner.requests.clear()
    with pytest.raises(DeviceAuthError):
        await driver.read()
    assert sum(miner.requests.values()) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (WebAnswer(status=400, raw=b'{"err":"Wrong password"}'), DeviceAuthError),
        (WebAnswer(status=500, raw=b""), DeviceRefusedError),
        (WebAnswer(status=200, raw=b"{}"), DeviceGarbageError),
    ],
)
async def test_every_end_of_a_log_in_has_its_error(link, answer, error):
    driver = VnishDriver(link.session, MinerAddress(host="127.0.0.1", port=1))

    async def request(*_args, **_kwargs):
        return answer

    driver._web.request = request
    with pytest.raises(error):
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


async def test_a_miner_that_hangs_waits_for_the_callers_limit(miner, driver):
    miner.fault = Fault.HUNG
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await driver.read()
    miner.fault, miner.slow_s = Fault.SLOW, 0.05
    assert (await driver.read()).power_w == 2950.0


async def test_unplugged_and_back(miner, driver):
    await driver.read()
    await miner.pull_plug()
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    await miner.put_plug_back()
    reading = await driver.read()
    assert (reading.status, reading.power_w) == (DeviceStatus.STARTING, 35.0)


async def test_a_thousand_throttles_leave_pools_preset_and_password_alone(miner, driver):
    pools = [dict(pool) for pool in miner.pools]
    for index in range(1000):
        await driver.write(20.0 + index % 81)
    assert len(miner.writes) == 1000
    assert {path for path, _ in miner.writes} == {"mining/throttle"}
    assert all(list(body) == ["percent"] for _, body in miner.writes)
    assert (miner.pools, miner.password, miner.preset, miner.machine.restarts) == (pools, "warm", "2950", 0)


@pytest.mark.parametrize(
    ("state", "description", "status", "problem"),
    [
        ("mining", None, DeviceStatus.RUNNING, None),
        ("auto-tuning", None, DeviceStatus.TUNING, None),
        ("initializing", None, DeviceStatus.STARTING, None),
        ("starting", None, DeviceStatus.STARTING, None),
        ("restarting", None, DeviceStatus.STARTING, None),
        ("shutting-down", None, DeviceStatus.PAUSED, None),
        ("stopped", None, DeviceStatus.PAUSED, None),
        ("a state of tomorrow", None, DeviceStatus.RUNNING, None),
        ("failure", None, DeviceStatus.FAULT, "miner_hardware"),
        ("failure", "Chip temperature too high", DeviceStatus.FAULT, "miner_overheated"),
        ("failure", "Fan#2 failed", DeviceStatus.FAULT, "miner_fan"),
        ("failure", "PSU not found", DeviceStatus.FAULT, "miner_power_supply"),
    ],
)
async def test_every_state_has_its_word(miner, driver, state, description, status, problem):
    miner.miner_state, miner.description = state, description
    reading = await driver.read()
    assert (reading.status, reading.problem) == (status, problem)


async def test_no_pool_means_no_heat(miner, driver):
    miner.pool_alive = False
    reading = await driver.read()
    assert (reading.status, reading.problem) == (DeviceStatus.NO_POOL, "miner_no_pool")


async def test_the_probe_needs_no_log_in_and_braiins_is_another(miner, link):
    web = WebClient(link.session, MinerAddress(host=miner.host, port=miner.port))
    assert knows(await web.request("GET", VNISH.probe_path))
    assert not BRAIINS.knows_web(await web.request("GET", BRAIINS.probe_path))
