"""The driver of LuxOS against an emulated miner, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.hashwarm.engine.miners.driver import Driver, Feature, MinerAddress
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.miners.luxos import LUXOS
from custom_components.hashwarm.engine.miners.luxos_parse import (
    CONFIG,
    FANS,
    POOLS,
    POWER,
    SUMMARY,
    TEMPS,
    accepted,
    apart,
    knows,
    parse_levels,
    parse_profile,
    parse_reading,
    parse_watts,
)
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.errors import (
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, ThermalLoop
from simulators.miners.emulator import Fault
from simulators.miners.luxos import SESSION_S, LuxosEmulator
from tests.engine.miners.mutation import endures


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def miner() -> AsyncIterator[LuxosEmulator]:
    clock = Clock()
    emulator = LuxosEmulator(clock=clock)
    emulator.turn = clock
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
def driver(miner: LuxosEmulator, link: Link) -> Driver:
    return LUXOS.driver(link, MinerAddress(host=miner.host, port=miner.port))


async def settled(driver: Driver, polls: int = 14):
    for _ in range(polls):
        reading = await driver.read()
    return reading


async def test_it_says_what_it_is_in_one_request(miner, driver):
    profile = await driver.identify()
    assert miner.requests["connection"] == 1
    assert profile.identity == profile.mac == "02:42:c0:00:00:01"
    assert (profile.model, profile.control, profile.step) == ("Antminer S19K Pro", ControlKind.PRESETS, None)
    assert profile.firmware == "2025.4.8.220305-ef17c0c4"
    assert len(profile.levels) == 25
    assert (profile.levels[0].power_w, profile.levels[0].hash_rate_hs) == (784.0, pytest.approx(39.2e12))
    assert (profile.levels[16].label, profile.levels[16].setting) == ("default", 2794.0)
    assert profile.levels[-1].power_w == 4195.0
    assert profile.can_pause
    assert not profile.write_restarts
    assert profile.power_source is PowerSource.ESTIMATED
    assert profile.features == {Feature.LIGHT, Feature.RESTART}


async def test_a_reading_is_one_request(miner, driver):
    await driver.identify()
    miner.requests.clear()
    reading = await driver.read()
    assert miner.requests["connection"] == 1
    assert (reading.status, reading.identity) == (DeviceStatus.RUNNING, "02:42:c0:00:00:01")
    assert reading.setting == reading.power_w == 2794.0
    assert reading.hash_rate_hs == pytest.approx(2779.0 * 43.6e9)
    assert (reading.chip_c, reading.device_c) == (None, 58.5)
    assert [board.board_c for board in reading.boards] == [58.5, 57.5, 56.5]
    assert (reading.fans[0].rpm, reading.fans[0].percent) == (3900.0, 60.0)
    assert (reading.light, reading.thermal_loop) == (False, None)
    assert reading.pool is not None
    assert (reading.pool.name, reading.pool.connected) == ("pool.example:3333", True)


async def test_one_that_was_never_asked_its_profiles_learns_them_with_the_first_reading(miner, driver):
    assert (await driver.read()).setting == 2794.0
    assert miner.requests["connection"] == 1


async def test_firmware_that_joins_nothing_is_asked_two_things_at_a_time(miner, driver):
    miner.joins = False
    profile = await driver.identify()
    assert (len(profile.levels), miner.requests["connection"]) == (25, 4)
    for _ in range(12):
        miner.requests.clear()
        reading = await driver.read()
        assert miner.requests["connection"] == 2
    assert (reading.status, reading.setting, reading.power_w) == (DeviceStatus.RUNNING, 2794.0, 2794.0)
    assert reading.pool is not None
    await driver.read()
    await driver.write(784.0)
    assert (await driver.read()).setting == 784.0


async def test_firmware_that_joins_nothing_and_was_never_asked_is_read_within_three_updates(miner, driver):
    miner.joins = False
    first = await driver.read()
    assert (first.power_w, first.setting, miner.requests["connection"]) == (2794.0, None, 2)
    assert (await settled(driver, 2)).setting == 2794.0


async def test_firmware_that_hangs_up_on_joined_commands_is_asked_one_at_a_time(miner, driver, monkeypatch):
    whole = miner.answer

    async def answer(request):
        return None if b"+" in request else await whole(request)

    monkeypatch.setattr(miner, "answer", answer)
    assert len((await driver.identify()).levels) == 25
    assert (await settled(driver)).power_w == 2794.0


async def test_a_profile_is_written_by_name_and_read_back_while_the_watts_follow(miner, driver):
    await driver.identify()
    await driver.write(1412.0)
    assert miner.writes == [("profileset", "270MHz")]
    reading = await driver.read()
    assert (reading.setting, reading.power_w) == (1412.0, 2794.0)
    miner.turn.now_s += 30.0
    assert 1412.0 < (await driver.read()).power_w < 2794.0
    miner.turn.now_s += 900.0
    assert (await driver.read()).power_w == 1412.0


async def test_without_names_the_watts_select_and_a_profile_it_has_not_is_refused(miner, driver):
    await driver.write(784.0)
    assert miner.writes == [("profileset", "784W")]
    with pytest.raises(DeviceRefusedError, match="not found"):
        await driver.write(100.0)


async def test_pause_and_resume_also_twice(miner, driver):
    await driver.pause()
    await driver.pause()
    miner.turn.now_s += 50.0
    miner.turn.now_s += 900.0
    reading = await driver.read()
    assert (reading.status, reading.setting, reading.power_w) == (DeviceStatus.PAUSED, None, 15.0)
    await driver.resume()
    assert (await driver.read()).status is DeviceStatus.STARTING
    miner.turn.now_s += 900.0
    assert (await driver.read()).status is DeviceStatus.RUNNING


async def test_any_other_refusal_of_a_pause_is_told(miner, driver, monkeypatch):
    def refuse(_arguments):
        raise ValueError("Busy")

    monkeypatch.setitem(miner._takes, "curtail", refuse)
    with pytest.raises(DeviceRefusedError, match="Busy"):
        await driver.pause()


async def test_restart_light_and_what_it_has_not(miner, driver):
    await driver.set_light(on=True)
    assert (await driver.read()).light is True
    await driver.set_light(on=False)
    assert (await driver.read()).light is False
    await driver.restart()
    assert miner.machine.restarts == 1
    with pytest.raises(DeviceUnsupportedError):
        await driver.set_fan(50.0)


async def test_its_own_loop_is_seen_and_ended(miner, driver):
    miner.atm_enabled = True
    assert (await driver.read()).thermal_loop is ThermalLoop.LUXOS_ATM
    await driver.end_thermal_loop()
    assert miner.writes == [("atmset", "enabled=false")]
    assert (await driver.read()).thermal_loop is None


async def test_a_session_is_used_again_and_renewed_once_when_it_ended(miner, driver):
    await driver.write(784.0)
    await driver.write(2794.0)
    assert (miner.commands["logon"], miner.requests["connection"]) == (1, 3)
    miner.turn.now_s += SESSION_S + 1.0
    await driver.write(784.0)
    assert (miner.commands["logon"], miner.requests["connection"]) == (2, 6)
    assert miner.profile == "145MHz"


async def test_a_session_of_another_program_is_waited_for(miner, driver, link):
    other = LUXOS.driver(link, MinerAddress(host=miner.host, port=miner.port))
    await other.write(784.0)
    with pytest.raises(DeviceRefusedError, match="Another session"):
        await driver.write(2794.0)
    miner.turn.now_s += SESSION_S + 1.0
    await driver.write(2794.0)
    assert miner.profile == "default"


async def test_a_session_without_a_name_is_nonsense(miner, driver, monkeypatch):
    monkeypatch.setitem(miner._tells, "logon", lambda: {"SESSION": [{}]})
    with pytest.raises(DeviceGarbageError):
        await driver.pause()


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.HALF_CLOSED, DeviceGarbageError), (Fault.GARBAGE, DeviceGarbageError)],
)
@pytest.mark.parametrize("known", [True, False])
async def test_bad_moments_are_typed_errors(miner, driver, fault, error, known):
    if known:
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
    assert (await driver.read()).power_w == 2794.0


async def test_unplugged_and_back(miner, driver):
    await driver.identify()
    await driver.read()
    await miner.pull_plug()
    with pytest.raises(DeviceUnreachableError):
        await driver.read()
    await miner.put_plug_back()
    reading = await driver.read()
    assert (reading.status, reading.power_w) == (DeviceStatus.STARTING, 15.0)


async def test_a_thousand_profiles_leave_the_pools_alone(miner, driver):
    profile = await driver.identify()
    pools = [dict(pool) for pool in miner.pools]
    for index in range(1000):
        await driver.write(profile.levels[index % 25].setting)
    assert len(miner.writes) == 1000
    assert {command for command, _ in miner.writes} == {"profileset"}
    assert miner.pools == pools


@pytest.mark.parametrize(
    ("told", "status", "problem"),
    [({"tuning": True}, DeviceStatus.TUNING, None), ({"pool_alive": False}, DeviceStatus.NO_POOL, "miner_no_pool")],
)
async def test_every_state_has_its_word(miner, driver, told, status, problem):
    for name, value in told.items():
        setattr(miner, name, value)
    reading = await driver.read()
    assert (reading.status, reading.problem) == (status, problem)


ANSWERS = {
    CONFIG: {"CONFIG": [{
        "CurtailMode": "None", "IsAtmEnabled": True, "IsPowerSupplyOn": True, "IsTuning": False, "RedLed": "blink",
        "MACAddr": "62:f7:5e:b7:10:46", "Profile": "415MHz", "SerialNumber": "JYZZB0UBDJABF06RB"}]},
    POWER: {"POWER": [{"PSU": True, "Watts": 1051}]},
    SUMMARY: {"SUMMARY": [{"Accepted": 10, "Difficulty Accepted": 163840.0, "Elapsed": 3600, "GHS 5s": 39321.5,
                           "Rejected": 1, "Stale": 2, "Best Share": 77}]},
    TEMPS: {"TEMPS": [{"ID": 0, "TopLeft": 51.5, "TopRight": 0, "BottomLeft": 49, "BottomRight": -1}]},
    FANS: {"FANS": [{"ID": 0, "RPM": 2520, "Speed": 40}]},
    POOLS: {"POOLS": [
        {"POOL": 0, "Status": "Dead", "Stratum Active": False, "URL": "stratum+tcp://a.example:3333"},
        {"POOL": 1, "Status": "Alive", "Stratum Active": True, "URL": "stratum+ssl://b.example:443/x"}]},
}  # fmt: skip
PROFILES_TOLD = {"PROFILES": [
    {"Profile Name": "415MHz", "Watts": 1188, "Hashrate": 60.1, "IsTuned": False},
    {"Profile Name": "twin", "Watts": 1188, "Hashrate": 60.0},
    {"Profile Name": "low", "Watts": "784", "Hashrate": 39.2},
    {"Profile Name": "mute"}, {"Watts": 5}]}  # fmt: skip


def test_units_of_a_recorded_answer():
    reading = parse_reading(ANSWERS, parse_watts(PROFILES_TOLD))
    assert reading.hash_rate_hs == 39321.5e9
    assert (reading.power_w, reading.setting, reading.device_c, reading.light) == (1051.0, 1188.0, 51.5, True)
    assert reading.pool is not None
    assert (reading.pool.name, reading.pool.share_work) == ("b.example:443", 163840 * 2**32)
    assert (reading.pool.shares_accepted, reading.pool.shares_rejected, reading.pool.shares_stale) == (10, 1, 2)


def test_levels_rise_and_of_twins_one_is_kept():
    levels = parse_levels(PROFILES_TOLD)
    assert [(level.label, level.setting) for level in levels] == [("low", 784.0), ("415MHz", 1188.0)]
    assert levels[1].hash_rate_hs == 60.1e12
    assert parse_watts(PROFILES_TOLD)["twin"] == 1188.0


@pytest.mark.parametrize("told", [{"CurtailMode": "Sleep"}, {"IsPowerSupplyOn": False}])
def test_asleep_is_paused_by_either_sign(told):
    assert parse_reading({CONFIG: {"CONFIG": [told]}}, {}).status is DeviceStatus.PAUSED


def test_what_is_absent_is_unknown():
    reading = parse_reading({POWER: {"POWER": [{}]}}, {})
    assert reading.status is DeviceStatus.STARTING
    for value in (
        reading.power_w,
        reading.hash_rate_hs,
        reading.setting,
        reading.device_c,
        reading.pool,
        reading.light,
    ):
        assert value is None
    with pytest.raises(DeviceGarbageError):
        parse_reading({}, {})


def test_a_profile_needs_a_name_and_levels():
    version = {"VERSION": [{"Type": "Antminer S19", "Miner": "2024.2"}]}
    assert parse_profile(version, {"CONFIG": [{"SerialNumber": "S1"}]}, PROFILES_TOLD).identity == "S1"
    with pytest.raises(DeviceGarbageError, match="no MAC"):
        parse_profile(version, {}, PROFILES_TOLD)
    with pytest.raises(DeviceGarbageError, match="no profiles"):
        parse_profile(version, ANSWERS[CONFIG], {})


def test_it_is_told_from_others():
    assert knows({"VERSION": [{"API": "3.7", "LUXminer": "2024.2.19", "Miner": "uart_trans.1.3"}]})
    for version in ({}, {"VERSION": []}, {"VERSION": ["LUXminer"]}, {"VERSION": [{"CGMiner": "4.11.1"}]}):
        assert not knows(version)


def test_thousands_of_wrong_readings():
    endures(
        lambda answer: parse_reading(answer if isinstance(answer, dict) else {}, {"415MHz": 1188.0}),
        *({CONFIG: ANSWERS[CONFIG], command: answer} for command, answer in ANSWERS.items()),
    )


def test_thousands_of_wrong_profiles():
    def parse(answer):
        part = answer.get if isinstance(answer, dict) else {}.get
        parse_profile(part("version"), part("config"), part("profiles"))

    version = {"VERSION": [{"Type": "Antminer S19", "LUXminer": "2024.2"}]}
    endures(parse, {"version": version, "config": ANSWERS[CONFIG], "profiles": PROFILES_TOLD})


def test_thousands_of_wrong_answers():
    def parse(answer):
        answer = answer if isinstance(answer, dict) else {}
        knows(answer)
        accepted(answer)
        apart(answer, (CONFIG, POWER))

    joined = {CONFIG: [ANSWERS[CONFIG]], POWER: [ANSWERS[POWER]], "id": 1}
    endures(parse, joined, {"STATUS": [{"STATUS": "S", "Msg": "x"}], "VERSION": [{"LUXminer": "1"}]})
