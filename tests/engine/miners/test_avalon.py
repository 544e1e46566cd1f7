"""The Avalon driver against emulated home miners over real sockets, and against answers recorded from real ones."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from custom_components.hashwarm.engine.miners.avalon import AVALON, AvalonDriver
from custom_components.hashwarm.engine.miners.avalon_parse import (
    is_home_miner,
    model_of,
    pairs,
    parse_profile,
    parse_reading,
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

from .mutation import endures

IDLE_Q = (
    "'STATS':{Ver[Q-25052801_14a19a2] LVer[25052801_14a19a2] DNA[01234567890123456789012345678901] STATE[2] "
    "SYSTEMSTATU[Work: In Idle, Hash Board: 1] Elapsed[37850] BOOTBY[0x01.00000000] DH[2.449%] ITemp[26] HBITemp[27] "
    "HBOTemp[27] TMax[0] TAvg[0] TarT[65] Fan1[0] Fan2[0] Fan3[0] Fan4[0] FanR[0%] SoftOffTime[1753425250] FanErr[0] "
    "PS[0 1222 4 0 0 2245 146] GHSspd[0.00] DHspd[0.000%] GHSmm[55032.79] GHSavg[44499.41] Freq[282.86] PING[17] "
    "SoftOFF[4] ECHU[0] ECMM[0] ATA0[800-65-2264-258-20] WORKMODE[0] WORKLEVEL[0] MPO[800] CALIALL[7] ADJ[1] "
    "Nonce Mask[25]}"
)
WORKING_NANO = (
    "Ver[Nano3s-25021401_56abae7] FW[Release] LED[0-0] DNA[02010000bd448216] NETFAIL[0 0 0 0 0 0 0 0] "
    "SYSTEMSTATU[Work: In Work, Hash Board: 1] Elapsed[10027] ITemp[-273] OTemp[65] TMax[95] TAvg[90] TarT[90] "
    "Fan1[1520] FanR[33%] PS[0 0 27541 4 0 3756 133] GHSspd[6598.84] GHSmm[6783.65] GHSavg[6695.18] SoftOFF[0] "
    "PVT_T0[ 85  91  91  91] WORKMODE[2] WORKLEVEL[0] MPO[133] CALIALL[7] ADJ[1]"
)
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


def test_the_family_is_known_by_its_version() -> None:
    assert AVALON.knows_rpc is is_home_miner
    assert AVALON.port == 4028
    for model in ("nano3s", "mini3", "q"):
        assert is_home_miner(AvalonEmulator(model=model).version())
    for other in ({}, {"VERSION": []}, {"VERSION": [{"PROD": "Antminer S19", "MODEL": "Q"}]}, {"VERSION": [7]}):
        assert not is_home_miner(other)
    assert model_of(None) is None
    assert model_of("Mini3-25022401_cb28ba7") is model_of(" mini 3 ")


def test_a_resting_q_as_recorded() -> None:
    """What an idle one tells: a voltage that looks like 2245 W, stale watts, and an average of better times."""
    reading = parse_reading(stats(IDLE_Q, "MM ID0:Summary"))
    assert reading.status is DeviceStatus.PAUSED
    assert reading.power_w is None
    assert reading.hash_rate_hs == 0
    assert reading.chip_c is None
    assert reading.uptime_s == 37850
    plausible = parse_reading(stats(IDLE_Q.replace("2245 146", "2243 17")))
    assert plausible.power_w == 17


def test_a_working_nano_as_recorded() -> None:
    """133 W of wall power, neither the 3756 of its voltage nor the 0 of index 4; -273 °C is no temperature."""
    reading = parse_reading(stats(WORKING_NANO))
    assert reading.status is DeviceStatus.RUNNING
    assert reading.power_w == 133
    assert reading.hash_rate_hs == pytest.approx(6598.84e9)
    assert reading.inlet_c is None
    assert reading.device_c == 65
    assert reading.chip_c == 95
    assert reading.setting == 2
    assert [(fan.rpm, fan.percent) for fan in reading.fans] == [(1520, 33)]


def test_watts_told_by_name_come_first() -> None:
    assert parse_reading(stats(BIG_A15)).power_w == 3731
    assert parse_reading(stats(BIG_A15.replace("WALLPOWER[3731]", ""))).power_w == 3731
    assert parse_reading(stats(WORKING_NANO.replace("3756 133", "3756 0"))).power_w is None
    assert parse_reading(stats(WORKING_NANO.replace(" 3756 133", ""))).power_w is None


def test_what_it_is_at() -> None:
    def status(line: str) -> DeviceStatus:
        return parse_reading(stats(line)).status

    assert status(WORKING_NANO.replace("In Work", "In Init")) is DeviceStatus.STARTING
    assert status(WORKING_NANO.replace("GHSspd[6598.84]", "GHSspd[0.00]")) is DeviceStatus.STARTING
    assert status(WORKING_NANO.replace("In Work", "In Idle")) is DeviceStatus.STARTING
    assert status("Ver[Q-1]") is DeviceStatus.STARTING
    average = parse_reading(stats(WORKING_NANO.replace("GHSspd[6598.84] ", "")))
    assert average.status is DeviceStatus.RUNNING
    assert average.hash_rate_hs == pytest.approx(6695.18e9)


@pytest.mark.parametrize(
    "answer", [{}, {"STATS": []}, {"STATS": [7]}, stats("nothing"), stats("Elapsed[1]"), {"STATS": [{"MM ID0": 7}]}]
)
def test_no_statistics(answer: Mapping[str, Any]) -> None:
    with pytest.raises(DeviceGarbageError):
        pairs(answer)


def test_identity() -> None:
    version = {"VERSION": [{"PROD": "Avalon Q", "MODEL": "Q"}]}
    assert parse_profile(version, stats(IDLE_Q)).identity == "01234567890123456789012345678901"
    with pytest.raises(DeviceGarbageError):
        parse_profile(version, stats(IDLE_Q.replace("DNA[", "SNA[")))


def test_watts_that_would_break_the_order_of_levels_are_not_taken() -> None:
    version = {"VERSION": [{"PROD": "Avalon Q", "MODEL": "Q", "MAC": "e0e1a93ed589"}]}
    odd = parse_profile(version, stats(IDLE_Q.replace("MPO[800]", "MPO[1400]")))
    assert [level.power_w for level in odd.levels] == [800, 1300, 1700]


def test_a_hostile_line_costs_no_time() -> None:
    for line in ("a" * 60_000, "a[" * 30_000, "Ver[" * 15_000, "[" * 60_000):
        with pytest.raises(DeviceGarbageError):
            pairs(stats(line))


def test_ten_thousand_wrong_answers() -> None:
    def parse(told: object) -> None:
        if not isinstance(told, dict):
            return
        version, estats = (told.get(key) if isinstance(told.get(key), dict) else {} for key in ("version", "estats"))
        is_home_miner(version)
        for parser in (parse_reading, lambda estats: parse_profile(version, estats)):
            with suppress(BackendError):
                parser(estats)

    version = AvalonEmulator().version()
    endures(
        parse,
        {"version": version, "estats": stats(IDLE_Q, "MM ID0:Summary")},
        {"version": version, "estats": stats(WORKING_NANO)},
    )
