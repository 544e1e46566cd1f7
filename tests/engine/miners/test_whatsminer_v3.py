"""The Whatsminer's driver (API 3) against its emulator: percents behind a signed token."""

import asyncio
from contextlib import suppress
import copy

import pytest

from custom_components.hashwarm.engine.miners.driver import Family, Feature, MinerAddress
from custom_components.hashwarm.engine.miners.whatsminer_v3 import (
    WHATSMINER_V3,
    WhatsminerV3Driver,
    framed,
    knows_raw,
    raise_refusal,
    token,
)
from custom_components.hashwarm.engine.miners.whatsminer_v3_parse import hashes, parse_profile, parse_reading
from custom_components.hashwarm.engine.model.capabilities import ControlKind
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceAuthError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.emulator import Fault
from simulators.miners.whatsminer_v3 import LIMIT_W, WhatsminerV3Emulator
from tests.engine.miners.mutation import endures

INFO = {
    "network": {"mac": "CE:02:01:00:8C:36"},
    "miner": {"type": "M60S_VK40", "working": "true", "fast-boot": "disable", "miner-sn": "HTM1"},
    "system": {"fwversion": "20251209.16.Rel2"},
    "salt": "5QAHiKMb",
}
TOLD = {
    "summary": {
        "elapsed": 50000,
        "hash-realtime": 171.259,
        "hash-average": 170.0,
        "power-realtime": 3156,
        "power-limit": 3600,
        "environment-temperature": 27.5,
        "board-temperature": [70.0, 71.5, 69.0],
        "chip-temp-max": 88.8,
        "up-freq-finish": 1,
        "fan-speed-in": 4980,
        "fan-speed-out": 5070,
    },
    "pools": [
        {"url": "stratum+tcp://a.example:3333", "status": "alive", "stratum-active": False},
        {"url": "stratum+tcp://b.example:25", "status": "alive", "stratum-active": True},
    ],
}


class Clock:
    now_s = 5000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def whatsminer(link):
    clock = Clock()
    emulator = WhatsminerV3Emulator(clock=clock)
    await emulator.start()
    driver = WhatsminerV3Driver(
        link.connect,
        MinerAddress(host="127.0.0.1", port=emulator.port, password=emulator.password),
        now=lambda: 1763800000.9,
    )
    yield emulator, driver, clock
    await driver.close()
    await emulator.stop()


async def test_it_tells_what_it_is(whatsminer):
    emulator, driver, _ = whatsminer
    profile = await driver.identify()
    assert profile.family is Family.WHATSMINER_V3
    assert profile.identity == profile.mac == emulator.mac.lower()
    assert profile.model == "Whatsminer M60S_VK40"
    assert profile.control is ControlKind.PERCENT
    assert profile.levels[-1].power_w == LIMIT_W
    assert not profile.write_restarts
    assert profile.features == {Feature.LIGHT, Feature.RESTART}
    assert emulator.requests["connection"] == 2


async def test_one_request_per_reading_at_work_and_two_at_rest(whatsminer):
    emulator, driver, clock = whatsminer
    reading = await driver.read()
    assert emulator.requests["connection"] == 1
    assert reading.status is DeviceStatus.RUNNING
    assert reading.power_w == pytest.approx(LIMIT_W, abs=1.0)
    assert reading.hash_rate_hs == pytest.approx((LIMIT_W - 35.0) / 18.5 * 1e12, rel=0.01)
    assert reading.pool.name == "pool0.example:3333"
    await driver.write(60)
    clock.now_s += 60.0
    assert LIMIT_W * 0.6 < (await driver.read()).power_w < LIMIT_W
    await driver.pause()
    clock.now_s += 900.0
    before = emulator.requests["connection"]
    asleep = await driver.read()
    assert emulator.requests["connection"] - before == 2
    assert asleep.status is DeviceStatus.PAUSED
    assert asleep.power_w == pytest.approx(35.0)
    await driver.resume()
    clock.now_s += 100.0
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now_s += 200.0
    assert (await driver.read()).status is DeviceStatus.TUNING
    clock.now_s += 900.0
    assert (await driver.read()).power_w == pytest.approx(LIMIT_W * 0.6, abs=1.0)
    assert emulator.writes == [
        ("set.miner.power_percent", {"percent": "60", "mode": "normal"}),
        ("set.miner.service", "stop"),
        ("set.miner.service", "start"),
    ]


async def test_the_salt_is_asked_for_once_and_once_more_when_it_changed(whatsminer):
    emulator, driver, _ = whatsminer
    for percent in (60, 70, 80):
        await driver.write(percent)
    assert emulator.requests["connection"] == 4
    emulator.salt = "changed"
    await driver.write(90)
    assert emulator.requests["connection"] == 7
    assert emulator.percent == 90


async def test_light_and_restart(whatsminer):
    emulator, driver, _ = whatsminer
    await driver.set_light(on=True)
    assert emulator.light == "manual"
    await driver.set_light(on=False)
    assert emulator.light == "auto"
    await driver.restart()
    assert emulator.machine.restarts == 1
    for wrong in (49, 101, 60.5):
        with pytest.raises(DeviceUnsupportedError):
            await driver.write(wrong)


async def test_a_changed_password_and_an_api_that_is_off(whatsminer):
    emulator, driver, _ = whatsminer
    await driver.write(60)
    emulator.password = "other-one"
    before = emulator.requests["connection"]
    with pytest.raises(DeviceAuthError, match="WhatsMinerTool"):
        await driver.write(70)
    assert emulator.requests["connection"] - before == 3
    assert (await driver.read()).status is DeviceStatus.RUNNING
    emulator.password = "heat-my-home"
    emulator.api_on = False
    driver._salt = None
    with pytest.raises(DeviceAuthError, match="switch on"):
        await driver.write(70)


async def test_bad_moments(whatsminer):
    emulator, driver, _ = whatsminer
    emulator.fault = Fault.GARBAGE
    with pytest.raises(DeviceGarbageError):
        await driver.read()
    emulator.fault = Fault.HALF_CLOSED
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    emulator.fault = Fault.HUNG
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await driver.read()
    emulator.fault = Fault.NONE
    await emulator.pull_plug()
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    await emulator.put_plug_back()
    assert (await driver.read()).status is DeviceStatus.STARTING


async def test_answers_that_are_no_answers(whatsminer, monkeypatch):
    emulator, driver, _ = whatsminer

    async def empty(_):
        return (2).to_bytes(4, "little") + b"[]"

    monkeypatch.setattr(emulator, "answer", empty)
    with pytest.raises(DeviceGarbageError):
        await driver.read()
    monkeypatch.undo()
    monkeypatch.setattr(emulator, "_device_info", lambda _: (0, "nothing"))
    with pytest.raises(DeviceGarbageError):
        await driver.write(60)


async def test_a_thousand_power_changes_leave_the_pools_alone(whatsminer):
    emulator, driver, _ = whatsminer
    pools = copy.deepcopy(emulator.pools)
    for turn in range(1000):
        await driver.write(50 + turn % 51)
    assert len(emulator.writes) == 1000
    assert all(set(what) == {"percent", "mode"} for _, what in emulator.writes)
    assert emulator.pools == pools


async def test_only_a_whatsminer_is_recognised(whatsminer, link):
    emulator, _, _ = whatsminer
    address = MinerAddress(host="127.0.0.1", port=emulator.port)
    assert WHATSMINER_V3.knows_raw is knows_raw
    assert isinstance(WHATSMINER_V3.driver(link, address), WhatsminerV3Driver)
    assert await knows_raw(link, address)
    emulator.fault = Fault.GARBAGE
    with pytest.raises(DeviceGarbageError):
        await knows_raw(link, address)
    await emulator.stop()
    with pytest.raises(DeviceUnreachableError):
        await knows_raw(link, address)


def test_frames_and_tokens():
    assert framed({"cmd": "x"}) == b"\x0b\x00\x00\x00" + b'{"cmd":"x"}'
    signed = token("set.miner.service", "super", "5QAHiKMb", 1763800000)
    assert len(signed) == 8
    assert signed != token("set.miner.service", "super", "5QAHiKMb", 1763800001)


def test_refusals():
    raise_refusal("x", {"code": 0})
    with pytest.raises(DeviceGarbageError):
        raise_refusal("x", {})
    with pytest.raises(DeviceUnsupportedError):
        raise_refusal("x", {"code": -2, "msg": "invalid command"})
    with pytest.raises(DeviceRefusedError):
        raise_refusal("x", {"code": -1, "msg": "fail"})
    with pytest.raises(DeviceAuthError):
        raise_refusal("x", {"code": -4})


def test_fields_of_a_reading():
    reading = parse_reading(TOLD)
    assert reading.hash_rate_hs == pytest.approx(171.259e12)
    assert (reading.power_w, reading.chip_c, reading.device_c, reading.inlet_c) == (3156.0, 88.8, 71.5, 27.5)
    assert [fan.rpm for fan in reading.fans] == [4980.0, 5070.0]
    assert reading.pool.name == "b.example:25"
    assert reading.uptime_s == 50000.0
    assert len(reading.boards) == 3


def test_states_and_missing_things():
    idle = {"summary": {"hash-realtime": 0}}
    assert parse_reading(idle, miner=INFO).status is DeviceStatus.STARTING
    assert parse_reading(idle, miner={"miner": {"working": "false"}}).status is DeviceStatus.PAUSED
    assert parse_reading({}, miner={"miner": {"working": "false"}}).status is DeviceStatus.PAUSED
    dead = {"summary": TOLD["summary"], "pools": [{"url": "stratum+tcp://a.example:1", "status": "dead"}]}
    assert parse_reading(dead).status is DeviceStatus.NO_POOL
    assert parse_reading(idle).power_w is None
    assert parse_reading(idle).device_c is None
    with pytest.raises(DeviceGarbageError):
        parse_reading({})
    with pytest.raises(DeviceGarbageError):
        parse_profile({}, TOLD)
    without_mac = parse_profile({"miner": {"miner-sn": "SN", "fast-boot": "enable"}}, {})
    assert (without_mac.identity, without_mac.write_restarts, without_mac.levels[-1].power_w) == ("SN", False, 3400.0)
    assert parse_profile(INFO, TOLD).write_restarts


def _dict(value):
    return value if isinstance(value, dict) else {}


def _every_parser(answer):
    told, info = (_dict(_dict(answer).get(name)) for name in ("told", "info"))
    hashes(told)
    for strict in (
        lambda: parse_reading(told, miner=info),
        lambda: parse_profile(info, told),
        lambda: raise_refusal("x", _dict(answer)),
    ):
        with suppress(BackendError):
            strict()


def test_parsers_endure_wrong_answers():
    endures(_every_parser, {"code": -1, "msg": "no", "told": TOLD, "info": INFO})
