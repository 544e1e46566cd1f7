"""The stock Antminer's driver against its emulator: every write is a restart, and carries all that the owner set."""

import asyncio
from contextlib import suppress
import copy

import pytest

from custom_components.hashwarm.engine.miners.antminer import ANTMINER, knows_rpc, knows_web
from custom_components.hashwarm.engine.miners.antminer_parse import (
    HIGH,
    LOW,
    NORMAL,
    SLEEP,
    mode_of,
    parse_profile,
    parse_reading,
    with_mode,
)
from custom_components.hashwarm.engine.miners.driver import Family, Feature, MinerAddress
from custom_components.hashwarm.engine.miners.web import WebAnswer
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceAuthError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.antminer import MODE_W, AntminerEmulator
from simulators.miners.emulator import Fault
from tests.engine.miners.mutation import endures

CONF = {
    "pools": [{"url": "stratum+tcp://a.example:3333", "user": "u", "pass": 'p"w'}],
    "bitmain-fan-ctrl": False,
    "bitmain-fan-pwm": "100",
    "bitmain-work-mode": "0",
    "bitmain-freq-level": "100",
}
INFO = {"minertype": "Antminer S19j Pro", "macaddr": "80:ac:7a:cd:50:64", "system_filesystem_version": "Wed Jul 20"}
STATS = {
    "STATUS": {"STATUS": "S"},
    "STATS": [
        {
            "elapsed": 60,
            "rate_5s": 95123.4,
            "rate_unit": "GH/s",
            "fan": [3480, 3480],
            "miner-mode": 0,
            "chain": [
                {"index": 0, "rate_real": 31707.8, "asic_num": 114, "temp_pcb": [60, 61], "temp_chip": [70, 0, 72]},
                {"index": 1, "rate_real": 31707.8, "asic_num": 114, "temp_pcb": [60, 63], "temp_chip": [70, 75, 0]},
            ],
        }
    ],
}
POOLS = {
    "POOLS": [
        {"url": "stratum+tcp://a.example:3333", "status": "Dead", "accepted": 0, "rejected": 0, "diffa": 0},
        {"url": "stratum+tcp://b.example:25", "status": "Alive", "accepted": 7, "rejected": 1, "diffa": 458752},
        {"url": "", "status": "Dead"},
    ]
}


class Clock:
    now_s = 5000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def antminer(link):
    clock = Clock()
    emulator = AntminerEmulator(clock=clock)
    await emulator.start()
    driver = ANTMINER.driver(link, MinerAddress(host="127.0.0.1", port=emulator.port))
    yield emulator, driver, clock
    await driver.close()
    await emulator.stop()


def total(emulator):
    return sum(emulator.requests.values())


async def test_it_tells_what_it_is(antminer):
    emulator, driver, _ = antminer
    profile = await driver.identify()
    assert profile.family is Family.ANTMINER
    assert profile.identity == profile.mac == emulator.mac.lower()
    assert profile.model == "Antminer S19"
    assert profile.control is ControlKind.PRESETS
    assert [level.setting for level in profile.levels] == [LOW, NORMAL]
    assert profile.write_restarts
    assert profile.can_pause
    assert profile.power_source is None
    assert profile.features == {Feature.LIGHT, Feature.RESTART}
    assert total(emulator) == 4  # three, and the first of them was asked to log in


async def test_two_requests_per_reading_once_logged_in(antminer):
    emulator, driver, _ = antminer
    await driver.read()
    before = total(emulator)
    reading = await driver.read()
    assert total(emulator) - before == 2
    assert reading.status is DeviceStatus.RUNNING
    assert reading.setting == NORMAL
    assert reading.power_w is None
    assert reading.hash_rate_hs == pytest.approx((MODE_W[NORMAL] - 24.0) / 34.0 * 1e12, rel=0.01)
    assert reading.pool.name == "pool0.example:3333"
    assert reading.chip_c == pytest.approx(76.0, abs=1.0)
    emulator.nonces.clear()
    before = total(emulator)
    await driver.read()
    assert total(emulator) - before == 3  # its log-in had run out: exactly one more


async def test_a_change_of_mode_restarts_it(antminer):
    emulator, driver, clock = antminer
    await driver.write(LOW)
    assert emulator.writes == [("miner-mode", LOW)]
    assert emulator.machine.restarts == 1
    starting = await driver.read()
    assert starting.status is DeviceStatus.STARTING
    assert starting.setting == LOW
    clock.now_s += 150.0 + 60.0
    ramping = await driver.read()
    assert ramping.status is DeviceStatus.RUNNING
    clock.now_s += 600.0
    assert (await driver.read()).hash_rate_hs > ramping.hash_rate_hs
    assert emulator.machine.power_w == pytest.approx(MODE_W[LOW], abs=1.0)


async def test_the_mode_in_force_is_not_written_again(antminer):
    emulator, driver, _ = antminer
    await driver.write(NORMAL)
    assert emulator.writes == []
    await driver.resume()
    assert emulator.writes == []


async def test_it_wakes_in_the_mode_it_slept_in(antminer):
    emulator, driver, clock = antminer
    await driver.write(LOW)
    await driver.pause()
    clock.now_s += 300.0
    asleep = await driver.read()
    assert asleep.status is DeviceStatus.PAUSED
    assert asleep.setting is None
    await driver.pause()
    await driver.resume()
    assert emulator.mode == LOW
    assert emulator.writes == [("miner-mode", LOW), ("miner-mode", SLEEP), ("miner-mode", LOW)]
    await driver.pause()
    await driver.write(NORMAL)
    assert emulator.mode == SLEEP
    await driver.resume()
    assert emulator.mode == NORMAL


async def test_a_mode_set_elsewhere_is_woken_up_in(antminer, link):
    emulator, driver, _ = antminer
    emulator.conf["bitmain-work-mode"] = "2"
    assert [level.setting for level in (await driver.identify()).levels] == [LOW, NORMAL, HIGH]
    assert (await driver.read()).setting == HIGH
    await driver.pause()
    await driver.resume()
    assert emulator.mode == HIGH


async def test_light_and_restart(antminer):
    emulator, driver, _ = antminer
    await driver.set_light(on=True)
    assert emulator.light
    await driver.set_light(on=False)
    assert not emulator.light
    await driver.restart()
    assert emulator.machine.restarts == 1
    with pytest.raises(DeviceUnsupportedError):
        await driver.set_fan(50.0)
    with pytest.raises(DeviceUnsupportedError):
        await driver.write(SLEEP)


async def test_a_changed_password_is_an_auth_error_after_one_try(antminer, link):
    emulator, driver, _ = antminer
    await driver.read()
    emulator.password = "other"
    before = total(emulator)
    with pytest.raises(DeviceAuthError):
        await driver.read()
    assert total(emulator) - before == 2
    again = ANTMINER.driver(link, MinerAddress(host="127.0.0.1", port=emulator.port, password="other"))
    assert (await again.read()).status is DeviceStatus.RUNNING


async def test_bad_moments(antminer):
    emulator, driver, _ = antminer
    emulator.fault = Fault.GARBAGE
    with pytest.raises(DeviceGarbageError):
        await driver.read()
    emulator.fault = Fault.NONE
    await driver.read()
    emulator.fault = Fault.HUNG
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await driver.read()
    emulator.fault = Fault.HALF_CLOSED
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    emulator.fault = Fault.NONE
    await emulator.pull_plug()
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    await emulator.put_plug_back()
    assert (await driver.read()).status is DeviceStatus.STARTING


async def test_a_thousand_power_changes_leave_pools_passwords_and_fans_alone(antminer):
    emulator, driver, _ = antminer
    before = copy.deepcopy(emulator.conf)
    for turn in range(1000):
        await driver.write(LOW if turn % 2 == 0 else NORMAL)
    assert len(emulator.writes) == 1000
    assert emulator.conf == before


async def test_what_would_wipe_the_pools_is_not_sent(antminer):
    emulator, driver, _ = antminer
    emulator.conf["pools"] = []
    with pytest.raises(DeviceGarbageError):
        await driver.write(LOW)
    assert emulator.writes == []


async def test_a_no_is_an_error(antminer):
    _, driver, _ = antminer
    with pytest.raises(DeviceRefusedError):
        await driver._set_mode(CONF, 9)


def test_settings_go_back_whole_and_under_both_names():
    body = with_mode(CONF, SLEEP)
    assert body == CONF | {"bitmain-work-mode": "1", "miner-mode": 1, "freq-level": "100"}
    assert CONF["bitmain-work-mode"] == "0"
    newer = {"pools": CONF["pools"], "miner-mode": 0, "freq-level": "100"}
    assert with_mode(newer, LOW) == newer | {"miner-mode": 3}
    for broken in ({}, {"pools": []}, {"pools": CONF["pools"]}, {"pools": "x", "miner-mode": 0}):
        with pytest.raises(DeviceGarbageError):
            with_mode(broken, LOW)


def test_fields_of_a_reading():
    reading = parse_reading(STATS, pools=POOLS)
    assert reading.hash_rate_hs == 95123.4e9
    assert (reading.chip_c, reading.device_c) == (75.0, 63.0)
    assert reading.boards[0].hash_rate_hs == 31707.8e9
    assert reading.boards[1].chips == 114
    assert reading.pool.name == "b.example:25"
    assert (reading.pool.shares_accepted, reading.pool.shares_rejected) == (7, 1)
    assert reading.pool.share_work == 458752 * 2**32


def test_units_of_the_hash_rate():
    def rate_hs(**row):
        return parse_reading({"STATS": [row]}).hash_rate_hs

    assert rate_hs(rate_5s=95.1, rate_unit="TH/s") == 95.1e12
    assert rate_hs(rate_5s=95100) == 95.1e12
    assert rate_hs(rate_5s="95100.0", rate_unit="GH/s") == 95.1e12
    assert rate_hs(rate_5s=95.1, rate_unit="furlongs") is None
    assert rate_hs(rate_5s=95.1, rate_unit=7) is None
    assert rate_hs(**{"GHS 5s": "13500.5"}) == 13500.5e9


def test_watts_are_told_by_few():
    row = STATS["STATS"][0]
    told = {"STATS": [row | {"watt": 3250}]}
    assert parse_reading(told).power_w == 3250.0
    assert parse_reading({"STATS": [row | {"watt": 0, "chain_power": "1345 W"}]}).power_w == 1345.0
    assert parse_profile(INFO, CONF, told).power_source is PowerSource.ESTIMATED
    assert parse_profile(INFO, CONF, STATS).power_source is None


def test_pools_that_are_all_dead_give_no_heat():
    dead = {"POOLS": [POOLS["POOLS"][0]]}
    reading = parse_reading(STATS, pools=dead)
    assert reading.status is DeviceStatus.NO_POOL
    assert reading.problem == "miner_no_pool"


def test_empty_stats_mean_sleep_or_boot():
    empty = {"STATS": []}
    assert parse_reading(empty, conf=CONF | {"bitmain-work-mode": "1"}).status is DeviceStatus.PAUSED
    assert parse_reading(empty, conf=CONF).status is DeviceStatus.STARTING
    assert parse_reading(empty).setting is None
    asleep = {"STATS": [{"miner-mode": 1, "rate_5s": 0}]}
    assert parse_reading(asleep, pools={"POOLS": [POOLS["POOLS"][0]]}).status is DeviceStatus.PAUSED


def test_a_miner_without_name_or_mode_is_garbage():
    with pytest.raises(DeviceGarbageError):
        parse_profile({}, CONF, STATS)
    with pytest.raises(DeviceGarbageError):
        parse_profile(INFO, {}, STATS)
    assert parse_profile({"serinum": "Y1"}, CONF, STATS).identity == "Y1"


def test_nominal_watts_by_model():
    def normal_w(model):
        return parse_profile(INFO | {"minertype": model}, CONF, STATS).levels[1].power_w

    assert normal_w("Antminer S19j Pro") == 3050.0
    assert normal_w("Antminer S21 XP") == 3645.0
    assert normal_w("Antminer Z99") == 3250.0
    assert mode_of({"miner-mode": "x", "bitmain-work-mode": 3}) == LOW


def test_only_stock_firmware_is_recognised():
    assert knows_web(WebAnswer(status=401, raw=b"", challenge='Digest realm="antMiner Configuration", nonce="1"'))
    assert not knows_web(WebAnswer(status=401, raw=b"", challenge='Basic realm="router"'))
    assert not knows_web(WebAnswer(status=200, raw=b"antMiner"))
    assert knows_rpc({"VERSION": [{"BMMiner": "2.0.0", "Type": "Antminer S19"}]})
    assert not knows_rpc({"VERSION": [{"BMMiner": "2.0.0", "Type": "Antminer S19 (Vnish 1.2.6)"}]})
    assert not knows_rpc({"VERSION": [{"LUXminer": "2024", "Type": "Antminer S19"}]})
    assert not knows_rpc({})


def _dict(value):
    return value if isinstance(value, dict) else {}


def _every_parser(answer):
    stats, info, conf, pools = (_dict(_dict(answer).get(name)) for name in ("stats", "info", "conf", "pools"))
    parse_reading(stats, pools=pools, conf=conf)
    knows_rpc(stats)
    for strict in (lambda: parse_profile(info, conf, stats), lambda: with_mode(conf, LOW)):
        with suppress(BackendError):
            strict()


def test_parsers_endure_wrong_answers():
    endures(_every_parser, {"stats": STATS, "info": INFO, "conf": CONF, "pools": POOLS})
