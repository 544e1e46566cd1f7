"""The Whatsminer's driver (API 2) against its emulator: percents behind a token and AES."""

import asyncio
import base64
from contextlib import suppress
import copy

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.miners.driver import Family, Feature, MinerAddress
from custom_components.hashwarm.engine.miners.whatsminer_crypt import decrypted, md5_crypt, seal, token_for, unseal
from custom_components.hashwarm.engine.miners.whatsminer_parse import hashes, parse_profile, parse_reading
from custom_components.hashwarm.engine.miners.whatsminer_v2 import (
    WHATSMINER_V2,
    _code,
    _object,
    _raise_refusal,
    knows_rpc,
)
from custom_components.hashwarm.engine.model.capabilities import ControlKind
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceAuthError,
    DeviceGarbageError,
    DeviceLockedError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.emulator import Fault
from simulators.miners.whatsminer_secrets import shadow
from simulators.miners.whatsminer_v2 import LIMIT_W, WhatsminerV2Emulator
from tests.engine.miners.mutation import endures

VERSION = {"STATUS": "S", "Msg": {"api_ver": "2.0.5", "fw_ver": "20220607.21.REL", "miner_type": "M30S_V10"}}
INFO = {"STATUS": "S", "Msg": {"mac": "C6:07:20:00:00:01", "minersn": "HTM30S0001"}}
SUMMARY = {
    "STATUS": [{"STATUS": "S", "Msg": "Summary"}],
    "SUMMARY": [
        {
            "Elapsed": 60,
            "MHS av": 87000000.5,
            "HS RT": 88123456.78,
            "Accepted": 12,
            "Rejected": 1,
            "Stale": 0,
            "Difficulty Accepted": 786432.0,
            "Temperature": 71.5,
            "Fan Speed In": 4200,
            "Fan Speed Out": 0,
            "Power": 3366,
            "Power Limit": 3400,
            "Chip Temp Max": 91.2,
            "Env Temp": 22.5,
            "Btminer Fast Boot": "disable",
            "Upfreq Complete": 1,
            "Firmware Version": "'20220607.21.REL'",
        }
    ],
}
POOLS = {
    "POOLS": [
        {"URL": "stratum+tcp://a.example:3333", "Status": "Alive", "Stratum Active": False},
        {"URL": "stratum+tcp://b.example:25", "Status": "Alive", "Stratum Active": True},
    ]
}
STATUS = {"STATUS": "S", "Msg": {"mineroff": "true"}}


class Clock:
    now_s = 5000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def whatsminer(link):
    clock = Clock()
    emulator = WhatsminerV2Emulator(clock=clock)
    await emulator.start()
    driver = WHATSMINER_V2.driver(link, MinerAddress(host="127.0.0.1", port=emulator.port, password=emulator.password))
    yield emulator, driver, clock
    await driver.close()
    await emulator.stop()


async def test_it_tells_what_it_is(whatsminer):
    emulator, driver, _ = whatsminer
    profile = await driver.identify()
    assert profile.family is Family.WHATSMINER_V2
    assert profile.identity == profile.mac == emulator.mac.lower()
    assert profile.model == "Whatsminer M30S_V10"
    assert profile.firmware == emulator.firmware
    assert profile.control is ControlKind.PERCENT
    assert (profile.levels[0].setting, profile.levels[-1].setting, profile.step) == (50, 100, 1.0)
    assert profile.levels[-1].power_w == LIMIT_W
    assert not profile.write_restarts
    assert profile.features == {Feature.LIGHT, Feature.RESTART}
    assert emulator.requests["connection"] == 5
    assert emulator.writes == []


async def test_two_requests_per_reading(whatsminer):
    emulator, driver, clock = whatsminer
    reading = await driver.read()
    assert emulator.requests["connection"] == 2
    assert reading.status is DeviceStatus.RUNNING
    assert reading.setting is None
    assert reading.power_w == pytest.approx(LIMIT_W, abs=1.0)
    assert reading.hash_rate_hs == pytest.approx((LIMIT_W - 30.0) / 38.0 * 1e12, rel=0.01)
    assert reading.pool.name == "pool0.example:3333"
    await driver.write(60)
    clock.now_s += 60.0
    assert LIMIT_W * 0.6 < (await driver.read()).power_w < LIMIT_W
    clock.now_s += 900.0
    assert (await driver.read()).power_w == pytest.approx(LIMIT_W * 0.6, abs=1.0)
    assert emulator.writes == [("set_power_pct_v2", {"percent": "60"})]


async def test_one_log_in_serves_many_writes_and_is_renewed_once(whatsminer):
    emulator, driver, clock = whatsminer
    for percent in (60, 70, 80):
        await driver.write(percent)
    assert emulator.requests["get_token"] == 1
    assert emulator.requests["connection"] == 4
    clock.now_s += 3600.0
    await driver.write(90)
    assert emulator.requests["get_token"] == 2
    assert emulator.requests["connection"] == 7
    assert emulator.percent == 90


async def test_pause_and_resume(whatsminer):
    emulator, driver, clock = whatsminer
    await driver.pause()
    clock.now_s += 600.0
    before = emulator.requests["connection"]
    reading = await driver.read()
    assert emulator.requests["connection"] - before == 2
    assert reading.status is DeviceStatus.PAUSED
    assert reading.power_w == pytest.approx(30.0)
    await driver.resume()
    clock.now_s += 60.0
    assert (await driver.read()).status is DeviceStatus.STARTING
    clock.now_s += 240.0
    assert (await driver.read()).status is DeviceStatus.TUNING
    clock.now_s += 900.0
    assert (await driver.read()).status is DeviceStatus.RUNNING
    assert emulator.writes == [("power_off", {"respbefore": "true"}), ("power_on", {})]


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


async def test_old_firmware_gets_the_fast_form_from_then_on(link):
    emulator = WhatsminerV2Emulator(old=True, fast_boot=False)
    await emulator.start()
    driver = WHATSMINER_V2.driver(link, MinerAddress(host="127.0.0.1", port=emulator.port, password="heat-my-home"))
    assert (await driver.identify()).write_restarts
    await driver.write(60)
    await driver.write(70)
    assert emulator.requests["set_power_pct_v2"] == 1
    assert emulator.writes == [("set_power_pct", {"percent": "60"}), ("set_power_pct", {"percent": "70"})]
    assert emulator.machine.restarts == 2
    driver._power_commands = ["set_power_pct_v3"]
    with pytest.raises(DeviceUnsupportedError):
        await driver.write(60)
    await emulator.stop()


async def test_a_changed_password_is_an_auth_error_that_says_what_to_do(whatsminer):
    emulator, driver, _ = whatsminer
    await driver.write(60)
    emulator.password = "other-one"
    before = emulator.requests["connection"]
    with pytest.raises(DeviceAuthError, match="WhatsMinerTool"):
        await driver.write(70)
    assert emulator.requests["connection"] - before == 3  # one try, one log-in, one retry
    assert (await driver.read()).status is DeviceStatus.RUNNING
    with pytest.raises(DeviceAuthError):
        await driver.identify()


async def test_an_api_that_is_off_or_a_factory_password_locks_it(whatsminer):
    emulator, driver, _ = whatsminer
    emulator.api_on = False
    with pytest.raises(DeviceLockedError, match="switch on"):
        await driver.write(60)
    emulator.api_on = True
    emulator.password = "admin"
    driver._password = "admin"
    with pytest.raises(DeviceLockedError, match="WhatsMinerTool"):
        await driver.write(60)


async def test_bad_moments(whatsminer):
    emulator, driver, _ = whatsminer
    for fault in (Fault.GARBAGE, Fault.HALF_CLOSED):
        emulator.fault = fault
        with pytest.raises(DeviceGarbageError):
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


async def test_a_thousand_power_changes_leave_the_pools_alone(whatsminer):
    emulator, driver, _ = whatsminer
    pools = copy.deepcopy(emulator.pools)
    for turn in range(1000):
        await driver.write(50 + turn % 51)
    assert len(emulator.writes) == 1000
    assert all(set(what) == {"percent"} for _, what in emulator.writes)
    assert emulator.pools == pools


def test_the_password_hash_is_that_of_crypt():
    assert md5_crypt("admin", "BQ5hoXV9") == "RxmaDUO33TS7O26yeMHZ81"  # openssl passwd -1
    assert md5_crypt("a much longer password than sixteen", "ab") == "BXdgTeubcXY.G0KJweZuF/"


@given(st.text(max_size=40), st.text("./0123456789abcXYZ", min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_both_sides_hash_alike(password, salt):
    assert md5_crypt(password, salt) == shadow(password, salt)


def test_sealed_words_are_unsealed():
    key = token_for("x", salt="ab", new_salt="cd", time="1763805626").key
    assert token_for("x", salt="ab", new_salt="cd", time="5626") == token_for(
        "x", salt="ab", new_salt="cd", time="1763805626"
    )
    assert unseal(key, seal(key, b"0123456789abcdef0")) == b"0123456789abcdef0"
    for wrong in (base64.b64encode(b"short").decode(), "é"):
        with pytest.raises(DeviceGarbageError):
            unseal(key, wrong)
    with pytest.raises(DeviceGarbageError):
        decrypted(key, [])
    with pytest.raises(DeviceGarbageError):
        decrypted(key, {"enc": seal(key, b"no json")})
    with pytest.raises(DeviceGarbageError):
        decrypted(key, {"enc": seal(key, b"[]")})


def test_fields_of_a_reading():
    reading = parse_reading(SUMMARY, pools=POOLS)
    assert reading.status is DeviceStatus.RUNNING
    assert reading.hash_rate_hs == pytest.approx(88.12345678e12)  # "HS RT" is in MH/s in spite of its name
    assert (reading.power_w, reading.chip_c, reading.device_c, reading.inlet_c) == (3366.0, 91.2, 71.5, 22.5)
    assert reading.firmware == "20220607.21.REL"
    assert reading.pool.name == "b.example:25"
    assert reading.pool.share_work == 786432 * 2**32
    assert [fan.rpm for fan in reading.fans] == [4200.0, 0.0]


def test_newer_firmware_puts_the_summary_elsewhere():
    moved = {"STATUS": "S", "Msg": SUMMARY["SUMMARY"][0]}
    assert hashes(moved)
    assert parse_reading(moved).power_w == 3366.0


def test_states():
    def status_of(pools=None, status=None, **changed):
        return parse_reading({"SUMMARY": [SUMMARY["SUMMARY"][0] | changed]}, pools=pools, status=status).status

    assert status_of(**{"Upfreq Complete": 0}) is DeviceStatus.TUNING
    assert status_of(**{"HS RT": 0}) is DeviceStatus.STARTING
    assert status_of(status=STATUS, **{"HS RT": 0}) is DeviceStatus.PAUSED
    dead = {"POOLS": [{"URL": "stratum+tcp://a.example:3333", "Status": "Dead"}]}
    assert status_of(pools=dead) is DeviceStatus.NO_POOL
    assert parse_reading({"STATUS": "E"}, status=STATUS).status is DeviceStatus.PAUSED
    with pytest.raises(DeviceGarbageError):
        parse_reading({"STATUS": "E"}, status={"STATUS": "E"})


def test_what_the_miner_does_not_tell_is_guessed_only_for_the_profile():
    assert parse_profile({}, INFO, {}).levels[-1].power_w == 3400.0
    assert parse_profile({}, {"Msg": {"minersn": "SN"}}, {}).identity == "SN"
    with pytest.raises(DeviceGarbageError):
        parse_profile(VERSION, {}, {})
    assert parse_reading({"SUMMARY": [{}]}).power_w is None


def test_refusals():
    assert _code({"STATUS": "S"}) is None
    assert _code({"STATUS": [{"STATUS": "E", "Code": 14}]}) == 14
    assert _code({"STATUS": "E"}) == 0
    with pytest.raises(DeviceGarbageError):
        _object([])
    with pytest.raises(DeviceRefusedError, match="over max connect"):
        _raise_refusal("get_token", {"STATUS": "E", "Code": 136, "Msg": "over max connect"})
    with pytest.raises(DeviceLockedError):
        _raise_refusal("get_token", {"STATUS": "E", "Code": 1, "Msg": "can't access write cmd"})


async def test_a_log_in_without_salt_is_garbage(whatsminer, monkeypatch):
    emulator, driver, _ = whatsminer
    monkeypatch.setattr(emulator, "_get_token", lambda: {"STATUS": "S", "Msg": {}})
    with pytest.raises(DeviceGarbageError):
        await driver.write(60)
    monkeypatch.setattr(emulator, "_get_token", lambda: emulator._no(136, "over max connect"))
    with pytest.raises(DeviceRefusedError):
        await driver.write(60)
    assert (await driver.identify()).mac is not None


def test_only_a_whatsminer_is_recognised():
    assert knows_rpc({"STATUS": "E", "Code": 14, "Msg": "invalid cmd", "Description": "whatsminer v1.1"})
    assert not knows_rpc({"VERSION": [{"Type": "Antminer S19"}]})


def _dict(value):
    return value if isinstance(value, dict) else {}


def _every_parser(answer):
    summary, pools, status, version, info = (
        _dict(_dict(answer).get(name)) for name in ("summary", "pools", "status", "version", "info")
    )
    hashes(summary)
    knows_rpc(version)
    for strict in (
        lambda: parse_reading(summary, pools=pools, status=status),
        lambda: parse_profile(version, info, summary),
        lambda: _raise_refusal("x", summary),
    ):
        with suppress(BackendError):
            strict()


def test_parsers_endure_wrong_answers():
    endures(_every_parser, {"summary": SUMMARY, "pools": POOLS, "status": STATUS, "version": VERSION, "info": INFO})
