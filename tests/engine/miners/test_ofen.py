"""The Ofen's driver against its emulator, old firmware and new."""

import asyncio

import pytest

from custom_components.hashwarm.engine.miners.driver import Family, MinerAddress
from custom_components.hashwarm.engine.miners.ofen import OFEN, knows, parse_profile, parse_reading
from custom_components.hashwarm.engine.miners.web import WebAnswer
from custom_components.hashwarm.engine.model.capabilities import ControlKind
from custom_components.hashwarm.engine.model.errors import (
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.emulator import Fault
from simulators.miners.ofen import TIER_W, OfenEmulator
from tests.engine.miners.mutation import endures

SYSTEM = {"model": "Ofen 2", "productId": "21energy OFEN-1", "version": "0.4.6", "isPaired": True}
NEW = {
    "forge": {},
    "miningDevices": {
        "enabled": 1,
        "powerTargetW": 6150,
        "powerConsumptionW": 2049,
        "hashRate": 85000.0,
        "maxChipTemperature": 66.5,
        "lastSummaries": [
            {
                "pool_stats": {"accepted_shares": 9, "rejected_shares": 1, "stale_shares": 0, "last_difficulty": 65536},
                "miner_stats": {"real_hashrate": {"last_1m": {"gigahash_per_second": 85000.0}}},
                "power_stats": {"approximated_consumption": {"watt": 2050}},
                "fans": [{"position": 0, "rpm": 1480, "target_speed_ratio": 0.35}],
                "highest_temperature": {"temperature": {"degree_c": 66.0}},
            }
        ],
    },
}
OLD = {
    "power": {"limitW": 6150, "approxConsumptionW": 2050},
    "realHashrate": {"mhs1M": 85e6, "mhsAv": 84e6},
    "tunerStatus": "stable",
}


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(params=[False, True], ids=["new", "old"])
async def ofen(request, link):
    clock = Clock()
    emulator = OfenEmulator(clock=clock, old=request.param)
    await emulator.start()
    driver = OFEN.driver(link, MinerAddress(host="127.0.0.1", port=emulator.port))
    yield emulator, driver, clock
    await driver.close()
    await emulator.stop()


async def test_it_tells_what_it_is(ofen):
    emulator, driver, _ = ofen
    profile = await driver.identify()
    assert profile.family is Family.OFEN
    assert profile.identity == emulator.serial
    assert profile.control is ControlKind.PRESETS
    assert [level.setting for level in profile.levels] == [0, 1, 2, 3, 4]
    assert [level.power_w for level in profile.levels] == sorted(level.power_w for level in profile.levels)
    assert profile.levels[2].power_w == pytest.approx(TIER_W[2], rel=0.01)
    assert profile.can_pause
    assert not profile.write_restarts
    assert sum(emulator.requests.values()) == 3


async def test_it_is_read_with_two_requests_at_rest_and_on_the_way(ofen):
    emulator, driver, clock = ofen
    reading = await driver.read()
    assert sum(emulator.requests.values()) == 2
    assert reading.status is DeviceStatus.RUNNING
    assert reading.setting == 2
    assert reading.power_w == pytest.approx(TIER_W[2], abs=1.0)
    assert reading.hash_rate_hs == pytest.approx((TIER_W[2] - 18.0) / 24.0 * 1e12, rel=0.01)
    await driver.write(4)
    assert emulator.writes == [("powerTarget", 4)]
    clock.now_s += 45.0
    halfway = await driver.read()
    assert halfway.setting == 4
    assert TIER_W[2] < halfway.power_w < TIER_W[4]
    clock.now_s += 600.0
    assert (await driver.read()).power_w == pytest.approx(TIER_W[4], abs=1.0)


async def test_pause_and_resume(ofen):
    emulator, driver, clock = ofen
    await driver.pause()
    clock.now_s += 600.0
    reading = await driver.read()
    assert reading.status is DeviceStatus.PAUSED
    assert reading.setting is None
    assert reading.power_w == pytest.approx(18.0)
    await driver.resume()
    clock.now_s += 30.0
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now_s += 600.0
    assert (await driver.read()).status is DeviceStatus.RUNNING
    assert emulator.writes == [("enable", False), ("enable", True)]


async def test_what_it_cannot_do_is_said(ofen):
    emulator, driver, _ = ofen
    for wrong in (5, -1, 1.5):
        with pytest.raises(DeviceUnsupportedError):
            await driver.write(wrong)
    for missing in (driver.restart(), driver.set_light(on=True), driver.set_fan(50.0), driver.end_thermal_loop()):
        with pytest.raises(DeviceUnsupportedError):
            await missing
    assert emulator.writes == []


async def test_bad_moments(ofen):
    emulator, driver, _ = ofen
    emulator.fault = Fault.GARBAGE
    with pytest.raises(DeviceGarbageError):
        await driver.read()
    emulator.fault = Fault.HUNG
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await driver.read()
    emulator.fault = Fault.HALF_CLOSED
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    emulator.fault = Fault.SLOW
    emulator.slow_s = 0.05
    assert (await driver.read()).status is DeviceStatus.RUNNING
    emulator.fault = Fault.NONE
    await emulator.pull_plug()
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    await emulator.put_plug_back()
    assert (await driver.read()).status is DeviceStatus.STARTING


async def test_a_thousand_power_changes_leave_the_pools_alone(link):
    emulator = OfenEmulator()
    pools = dict(emulator.pools)
    await emulator.start()
    driver = OFEN.driver(link, MinerAddress(host="127.0.0.1", port=emulator.port))
    for turn in range(1000):
        await driver.write(turn % 5)
    await emulator.stop()
    assert emulator.pools == pools
    assert set(emulator.requests) == {f"POST /21control/heater/powerTarget/{tier}" for tier in range(5)}


async def test_an_old_controller_without_these_paths_says_no(link):
    emulator = OfenEmulator()
    await emulator.start()
    driver = OFEN.driver(link, MinerAddress(host="127.0.0.1", port=emulator.port))
    with pytest.raises(DeviceRefusedError):
        await driver._web.get("/21control/nowhere")
    await emulator.stop()


def test_gigahashes_of_new_firmware_and_megahashes_of_old_are_the_same():
    assert parse_reading(NEW, 2).hash_rate_hs == parse_reading(OLD, 2).hash_rate_hs == 85e12


def test_fields_of_the_summary():
    reading = parse_reading(NEW, "2")
    assert (reading.setting, reading.power_w, reading.chip_c) == (2, 2050.0, 66.5)
    assert reading.fans[0].percent == 35.0
    assert reading.pool.shares_accepted == 9
    assert reading.pool.connected
    assert parse_reading(OLD, 2).pool is None


def test_missing_fields_are_unknown_and_not_zero():
    reading = parse_reading({"miningDevices": {"enabled": 1}}, None)
    assert (reading.power_w, reading.hash_rate_hs, reading.chip_c, reading.setting) == (None, None, None, None)
    with pytest.raises(DeviceGarbageError):
        parse_reading({}, 2)
    with pytest.raises(DeviceGarbageError):
        parse_profile({"model": "Ofen"}, NEW, 2)


def test_the_limit_is_divided_by_three_only_where_the_watts_agree():
    def top_w(limit_w, drawn_w, tier):
        devices = {"powerTargetW": limit_w, "powerConsumptionW": drawn_w}
        return parse_profile(SYSTEM, {"miningDevices": devices}, tier).levels[-1].power_w

    assert top_w(3000, 990, 4) == 1000
    assert top_w(3000, 2900, 4) == 3000
    assert top_w(3000, None, 4) == 3000
    assert top_w(3000, 20, 4) == 3000
    assert top_w(150, 140, 4) == 150
    assert top_w(90000, 2900, 4) == 3000
    assert top_w(180, 120, 9) == 3000


def test_only_an_ofen_is_recognised():
    assert OFEN.knows_web is knows
    assert knows(WebAnswer(status=200, raw=b'{"productId": "x", "isPaired": false}'))
    for raw in (b"", b"[]", b'{"productId": 5, "isPaired": true}', b'{"productId": "x"}', b"\xff"):
        assert not knows(WebAnswer(status=200, raw=raw))
    assert not knows(WebAnswer(status=404, raw=b'{"productId": "x", "isPaired": true}'))


def test_parsers_endure_wrong_answers():
    endures(lambda answer: parse_reading(*_pair(answer)), [NEW, 2], [OLD, 1])
    endures(lambda answer: parse_profile(*_triple(answer)), [SYSTEM, NEW, 2], [SYSTEM, OLD, 0])


def _pair(answer):
    answer = answer if isinstance(answer, list) else []
    summary, tier = (*answer, None, None)[:2]
    return summary if isinstance(summary, dict) else {}, tier


def _triple(answer):
    answer = answer if isinstance(answer, list) else []
    system, summary, tier = (*answer, None, None, None)[:3]
    return system if isinstance(system, dict) else {}, summary if isinstance(summary, dict) else {}, tier
