"""The parsers of AxeOS: recorded answers, traps of units, and thousands of answers that are wrong."""

from contextlib import suppress
import json

import pytest

from custom_components.hashwarm.engine.miners.axeos import AXEOS, ShareWork, knows_axeos, merged
from custom_components.hashwarm.engine.miners.axeos_parse import (
    can_pause,
    difficulty,
    is_axeos,
    is_nerd,
    parse_profile,
    parse_reading,
    version,
)
from custom_components.hashwarm.engine.miners.web import WebAnswer
from custom_components.hashwarm.engine.model.errors import BackendError, DeviceGarbageError, DeviceUnsupportedError
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, PoolState
from simulators.miners.axeos import AxeosEmulator

from .mutation import endures

# Told by a Gamma of firmware 2.6, whose short forms and signs for "no sensor" later versions dropped.
OLD_INFO = {
    "power": 18.2, "voltage": 5093.75, "current": 3573.25, "temp": 58.0, "vrTemp": 0, "maxPower": 40,
    "nominalVoltage": 5, "hashRate": 1063.4, "expectedHashrate": 1071, "bestDiff": "4.29G", "bestSessionDiff": "3.83M",
    "stratumDiff": 1000, "isUsingFallbackStratum": 1, "coreVoltage": 1150, "coreVoltageActual": 1147, "frequency": 525,
    "macAddr": "C0-FA-38-6A-6E-B2", "sharesAccepted": 19739, "sharesRejected": 6,
    "sharesRejectedReasons": [{"message": "Above target", "count": 6}], "uptimeSeconds": 212115, "asicCount": 1,
    "smallCoreCount": 2040, "ASICModel": "BM1370", "stratumURL": "stratum+tcp://public-pool.io", "stratumPort": 21496,
    "fallbackStratumURL": "solo.ckpool.org", "fallbackStratumPort": 3333, "version": "v2.6.0", "boardVersion": "601",
    "overheat_mode": 0, "autofanspeed": 0, "fanspeed": 45, "temptarget": 60, "fanrpm": 3900,
}  # fmt: skip


def test_objects_within_objects_are_merged_to_a_sane_depth() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 4}, "d": {"e": 5}}) == {
        "a": {"b": 4, "c": 2},
        "d": {"e": 5},
    }
    deep: dict[str, object] = {}
    for _ in range(5000):
        deep = {"a": deep}
    assert merged(deep, deep)["a"]


def test_old_firmware_and_its_traps_of_units() -> None:
    reading = parse_reading(OLD_INFO)
    assert reading.identity == "c0:fa:38:6a:6e:b2"
    assert reading.hash_rate_hs == pytest.approx(1063.4e9)
    assert reading.power_w == pytest.approx(18.2 / 0.9)
    assert reading.regulator_c is None
    assert reading.fan_percent == 45
    assert reading.pool
    assert reading.pool.best_share == pytest.approx(3.83e6)
    assert reading.pool.name == "solo.ckpool.org:3333"
    assert reading.pool.difficulty == 1000
    profile = parse_profile(OLD_INFO, {})
    assert profile.model == "Bitaxe (BM1370)"
    assert not profile.can_pause
    with pytest.raises(DeviceUnsupportedError):
        parse_profile(OLD_INFO | {"ASICModel": "BM9999"}, {})
    with pytest.raises(DeviceGarbageError):
        parse_profile({}, {})


@pytest.mark.parametrize(
    ("told", "means"),
    [("4.29G", 4.29e9), ("3.83M", 3.83e6), ("12.5 k", 12500.0), (777, 777.0), ("88", 88.0), (None, None), ("x", None)],
)
def test_difficulties_come_long_and_short(told: object, means: float | None) -> None:
    found = difficulty({"d": told}, "d")
    assert found == (pytest.approx(means) if means is not None else None)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"version": "v2.14.0"}, True),
        ({"version": "v2.13.1"}, False),
        ({"version": "3.0.0-rc1"}, True),
        ({"version": "my build", "miningPaused": False}, True),
        ({"version": "my build"}, False),
    ],
)
def test_who_can_pause(info: dict[str, object], expected: bool) -> None:
    assert can_pause(info) is expected
    assert version({}, "version") is None


def test_share_work_counts_each_share_at_its_own_difficulty() -> None:
    work = ShareWork()
    told = [(100, 1000.0), (103, 1000.0), (104, 500.0), (2, 500.0), (3, None)]
    states = [work.counted(PoolState(connected=True, shares_accepted=n, difficulty=d)) for n, d in told]
    assert [state and state.share_work >> 32 for state in states] == [0, 3000, 3500, 4500, 4500]
    assert work.counted(None) is None


def test_starting_and_standing_still() -> None:
    still = OLD_INFO | {"hashRate": 0}
    assert parse_reading(still | {"uptimeSeconds": 5}).status is DeviceStatus.STARTING
    assert parse_reading(still).status is DeviceStatus.STARTING
    assert parse_reading(still | {"coreVoltageActual": 0}).status is DeviceStatus.NO_POOL
    assert parse_reading(still | {"poolsUnavailable": True, "uptimeSeconds": 5}).status is DeviceStatus.NO_POOL
    assert parse_reading(still | {"poolConnectionInfo": "Not Connected"}).status is DeviceStatus.NO_POOL


def test_the_family_is_told_from_its_relatives() -> None:
    def judge(info: object, status: int = 200) -> bool:
        return knows_axeos(WebAnswer(status=status, raw=json.dumps(info).encode()))

    assert AXEOS.knows_web is knows_axeos
    assert AXEOS.probe_path == "/api/system/info"
    assert judge(OLD_INFO)
    assert not judge(OLD_INFO | {"deviceModel": "NerdQAxe+", "shutdown": False})
    assert not judge(OLD_INFO, status=401)
    assert not judge([])
    assert not knows_axeos(WebAnswer(status=200, raw=b"<html>"))


def test_thousands_of_wrong_answers() -> None:
    def parse(told: object) -> None:
        if not isinstance(told, dict):
            return
        info, asic = (told.get(key) if isinstance(told.get(key), dict) else {} for key in ("info", "asic"))
        for parser in (parse_reading, lambda info: parse_profile(info, asic), is_axeos, is_nerd):
            with suppress(BackendError):
                parser(info)

    newer = {"miningPaused", "poolDifficulty", "manualFanSpeed", "actualFrequency", "hashrateMonitor", "temp2"}
    info = {key: value for key, value in AxeosEmulator().info().items() if key in OLD_INFO.keys() | newer}
    asic = AxeosEmulator().asic()
    endures(parse, {"info": info | {"power_fault": "OCP"}, "asic": asic}, {"info": info}, {"info": OLD_INFO})
