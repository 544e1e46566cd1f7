"""The parsers of Avalon: recorded answers, traps of units, and thousands of answers that are wrong."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from custom_components.hashwarm.engine.miners.avalon import AVALON
from custom_components.hashwarm.engine.miners.avalon_parse import (
    is_home_miner,
    model_of,
    pairs,
    parse_profile,
    parse_reading,
)
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceGarbageError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.avalon import AvalonEmulator

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


def test_thousands_of_wrong_answers() -> None:
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
