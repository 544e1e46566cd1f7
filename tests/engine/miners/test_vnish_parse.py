"""What the answers of VNish mean, with the units they come in, and thousands of wrong ones."""

import pytest

from custom_components.hashwarm.engine.miners.vnish_parse import (
    firmware_in,
    knows,
    parse_profile,
    parse_reading,
    throttles,
)
from custom_components.hashwarm.engine.miners.web import WebAnswer
from custom_components.hashwarm.engine.model.errors import DeviceGarbageError, DeviceUnsupportedError
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from tests.engine.miners.mutation import endures

INFO_TOLD = {
    "fw_name": "Vnish", "fw_version": "1.2.6", "miner": "Antminer S19", "serial": "HKYDE",
    "system": {"network_status": {"mac": "AA:BB:CC:DD:EE:0F"}},
}  # fmt: skip
PERF_TOLD = {
    "current_preset": {"name": "2000", "pretty": "2000 watt ~ 70.5 TH", "status": "tuned"},
    "preset_switcher": {"enabled": True, "top_preset": "2500", "check_time": 300},
}
PRESETS_TOLD = [
    {"name": "disabled", "pretty": "Disabled", "status": "untuned"},
    {"name": "2000", "pretty": "2000 watt ~ 70.5 TH", "status": "tuned"},
    {"name": "1100", "pretty": "1100 watt", "status": "tuned"},
    {"name": "1300", "pretty": "1300 watt ~ 58 TH", "status": "untuned"},
]
SUMMARY_TOLD = {"miner": {
    "miner_status": {"miner_state": "mining", "miner_state_time": 42758, "throttled": 55},
    "miner_type": "Antminer S19 (Vnish 1.2.6)", "hr_realtime": 69811.25, "instant_hashrate": 69.8,
    "chip_temp": {"min": 60, "max": 78}, "pcb_temp": {"min": 0, "max": 0},
    "power_consumption": 2050, "power_usage": 29.5,
    "pools": [{"url": "stratum+tcp://p.example:3333", "pool_type": "UserPool", "status": "working", "accepted": 9,
               "rejected": 2, "stale": 1, "diffa": 65536.0, "ls_diff": 8192.0},
              {"url": "DevFee", "pool_type": "DevFee", "status": "active", "accepted": 5, "diffa": 7.0}],
    "cooling": {"fans": [{"rpm": 5400}], "fan_duty": 72},
    "chains": [{"id": 1, "hashrate_rt": 23270.5, "chip_temp": {"max": 78}, "pcb_temp": {"max": 60}},
               {"id": 2, "hr_realtime": 23270.5}]}}  # fmt: skip


def test_units_of_a_recorded_answer():
    reading = parse_reading(SUMMARY_TOLD, PERF_TOLD, throttle=False)
    assert reading.hash_rate_hs == 69811.25e9
    assert (reading.power_w, reading.setting) == (2050.0, 2000.0)
    assert [board.hash_rate_hs for board in reading.boards] == [23270.5e9, 23270.5e9]
    assert (reading.chip_c, reading.device_c) == (78.0, None)
    assert reading.pool is not None
    assert (reading.pool.name, reading.pool.share_work) == ("p.example:3333", 65536 * 2**32)
    assert (reading.pool.shares_accepted, reading.pool.shares_rejected, reading.pool.shares_stale) == (9, 2, 1)
    assert parse_reading(SUMMARY_TOLD, PERF_TOLD, throttle=True).setting == 55.0


def test_zero_watts_while_it_works_are_unknown():
    def told(state):
        miner = {"miner_status": {"miner_state": state}, "power_consumption": 0, "power_usage": 29.5}
        return parse_reading({"miner": miner}, None, throttle=True).power_w

    assert told("mining") is None
    assert told("stopped") == 0.0


def test_what_is_absent_is_unknown():
    reading = parse_reading({"miner": {}}, {}, throttle=None)
    assert reading.status is DeviceStatus.STARTING
    for value in (reading.power_w, reading.hash_rate_hs, reading.setting, reading.chip_c, reading.pool):
        assert value is None
    with pytest.raises(DeviceGarbageError):
        parse_reading({}, {}, throttle=True)


def test_a_profile_needs_a_name_a_version_and_a_tuned_preset():
    profile = parse_profile(INFO_TOLD, PERF_TOLD, PRESETS_TOLD, None)
    assert [(level.setting, level.hash_rate_hs) for level in profile.levels] == [(1100.0, None), (2000.0, 70.5e12)]
    assert parse_profile({"fw_version": "1.3", "serial": "S"}, PERF_TOLD, None, None).identity == "S"
    with pytest.raises(DeviceGarbageError, match="no MAC"):
        parse_profile({"fw_version": "1.3"}, PERF_TOLD, None, None)
    with pytest.raises(DeviceGarbageError, match="no version"):
        parse_profile({"serial": "S"}, PERF_TOLD, None, None)
    with pytest.raises(DeviceUnsupportedError, match="no preset"):
        parse_profile(INFO_TOLD, PERF_TOLD, PRESETS_TOLD[:1], None)


def test_versions():
    assert [throttles(version) for version in ("1.3.0", "1.10", "2.0", "1.2.6", "x", None)] == [
        True, True, True, False, None, None]  # fmt: skip
    assert firmware_in(SUMMARY_TOLD) == " 1.2.6)"
    assert firmware_in({"miner": {"miner_type": "Antminer S19"}}) is None


def test_it_is_told_from_others():
    assert knows(WebAnswer(status=200, raw=b'{"fw_name":"Vnish","fw_version":"1.2.6"}'))
    for status, raw in ((404, b"{}"), (200, b"<html>"), (200, b'{"fw_name":"x"}'), (200, b"[]"), (401, b"")):
        assert not knows(WebAnswer(status=status, raw=raw))


def test_thousands_of_wrong_readings():
    miner = SUMMARY_TOLD["miner"]
    parts = [{"miner_status": miner["miner_status"], name: value} for name, value in miner.items()]
    endures(
        lambda answer: parse_reading(answer, answer, throttle=False),
        *({"miner": part} | PERF_TOLD for part in parts),
    )


def test_thousands_of_wrong_profiles():
    def parse(answer):
        part = answer.get if isinstance(answer, dict) else {}.get
        firmware_in(part("summary"))
        throttles(part("version") if isinstance(part("version"), str) else None)
        parse_profile(part("info"), part("perf"), part("presets"), part("summary"))

    told = {"info": INFO_TOLD, "perf": PERF_TOLD, "summary": {"miner": {"power_consumption": 2050}}}
    endures(parse, told | {"presets": PRESETS_TOLD}, told | {"info": INFO_TOLD | {"fw_version": "1.3.4"}})
