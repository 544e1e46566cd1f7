"""What the answers of Braiins OS mean, with the units they come in, and thousands of wrong ones."""

import pytest

from custom_components.hashwarm.engine.miners.braiins_parse import (
    BOARDS,
    CONFIGURATION,
    COOLING,
    DETAILS,
    POOLS,
    TUNER,
    ShareWork,
    knows,
    knows_rpc,
    parse_profile,
    parse_reading,
)
from custom_components.hashwarm.engine.miners.web import WebAnswer
from custom_components.hashwarm.engine.model.errors import DeviceGarbageError
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from tests.engine.miners.mutation import endures

ANSWERS = {
    DETAILS: {
        "uid": "a", "miner_identity": {"brand": 1, "name": "Antminer S19J Pro"}, "status": 2,
        "bos_version": {"current": "2026-04-21-0-8e0dd4de-26.04-plus"}, "mac_address": "02:42:B0:00:00:01",
        "system_uptime_s": 86400, "serial_number": "JYZZ",
    },
    TUNER: {"overall_tuner_state": 2, "mode_state": {"powertargetmodestate": {"current_target": {"watt": 2000}}}},
    COOLING: {
        "fans": [{"position": 0, "rpm": 4200, "target_speed_ratio": 0.55}, {"rpm": 0}],
        "highest_temperature": {"location": 1, "temperature": {"degree_c": 68.5}},
    },
    BOARDS: {
        "hashboards": [
            {
                "id": "1", "chips_count": 126, "board_temp": {"degree_c": 55.0},
                "highest_chip_temp": {"temperature": {"degree_c": 68.5}},
                "stats": {"real_hashrate": {"last_5s": {"gigahash_per_second": 30000.5}}},
            }
        ]
    },
    POOLS: [
        {
            "name": "g",
            "pools": [
                {"url": "stratum2+tcp://v2.pool.example:3336/9awtMD5", "active": True, "alive": True},
                {"url": "stratum+tcp://b.example:3333", "active": False, "alive": False},
            ],
        }
    ],
    CONFIGURATION: {"dps": {"enabled": True}, "hashboard_config": {"quick_ramping_time_up_s": 60}},
}  # fmt: skip
STATISTICS = {
    "pool_stats": {"accepted_shares": 12, "rejected_shares": 1, "stale_shares": 2, "last_difficulty": 65536},
    "miner_stats": {"real_hashrate": {"last_15s": {"gigahash_per_second": 68000.25}}},
    "power_stats": {"approximated_consumption": {"watt": 2010}, "efficiency": {"joule_per_terahash": 29.5}},
}
CONSTRAINTS_TOLD = {"tuner_constraints": {"power_target": {
    "min": {"watt": 945}, "default": {"watt": 3068}, "max": {"watt": 5083}}}}  # fmt: skip


def test_units_of_a_recorded_answer():
    reading = parse_reading(STATISTICS, ANSWERS, share_work=7)
    assert reading.hash_rate_hs == 68000.25e9
    assert (reading.power_w, reading.setting, reading.uptime_s) == (2010.0, 2000.0, 86400.0)
    assert reading.boards[0].hash_rate_hs == 30000.5e9
    assert reading.pool is not None
    assert (reading.pool.name, reading.pool.share_work) == ("v2.pool.example:3336", 7)
    assert (reading.pool.shares_accepted, reading.pool.shares_stale) == (12, 2)


def test_a_temperature_that_is_not_of_a_chip_is_the_devices():
    cooling = {"highest_temperature": {"location": 2, "temperature": {"degree_c": 51.0}}}
    reading = parse_reading(STATISTICS, {COOLING: cooling, BOARDS: ANSWERS[BOARDS]})
    assert (reading.chip_c, reading.device_c) == (68.5, 51.0)


def test_what_is_absent_is_unknown():
    reading = parse_reading({"power_stats": {}}, {})
    assert reading.status is DeviceStatus.STARTING
    for value in (reading.power_w, reading.hash_rate_hs, reading.setting, reading.chip_c, reading.pool):
        assert value is None
    with pytest.raises(DeviceGarbageError):
        parse_reading({}, {})


def test_a_profile_needs_a_name_and_a_range():
    assert parse_profile({"serial_number": "X1"}, CONSTRAINTS_TOLD, None).identity == "X1"
    assert parse_profile({"serial_number": "X1"}, CONSTRAINTS_TOLD, None).boot_s == 300.0
    with pytest.raises(DeviceGarbageError):
        parse_profile({}, CONSTRAINTS_TOLD, None)
    with pytest.raises(DeviceGarbageError):
        parse_profile({"uid": "a"}, {}, None)
    narrow = {"tuner_constraints": {"power_target": {"min": {"watt": 900}, "max": {"watt": 1000}}}}
    assert [level.setting for level in parse_profile({"uid": "a"}, narrow, None).levels] == [900.0, 1000.0]


def test_share_work_follows_the_difficulty_and_a_counter_that_began_anew():
    def told(accepted, difficulty):
        return {"pool_stats": {"accepted_shares": accepted, "last_difficulty": difficulty}}

    work = ShareWork()
    assert work.of(told(100, 10)) == 0
    assert work.of(told(102, 10)) == 20 * 2**32
    assert work.of({}) == 20 * 2**32
    assert work.of(told(103, 1000)) == 1020 * 2**32
    assert work.of(told(1, 1000)) == 2020 * 2**32


def test_it_is_told_from_others():
    assert knows(WebAnswer(status=200, raw=b'{"major":1,"minor":11,"patch":0}'))
    for status, raw in ((404, b"{}"), (200, b"<html>"), (200, b'{"major":1}'), (200, b"[]"), (401, b"")):
        assert not knows(WebAnswer(status=status, raw=raw))
    assert knows_rpc({"VERSION": [{"API": "3.7", "BOSer": "boser-openwrt 0.1.0-26.04"}]})
    assert knows_rpc({"VERSION": [{"API": "3.7", "BOSminer+": "0.2.0"}]})
    for version in ({}, {"VERSION": []}, {"VERSION": ["BOSer"]}, {"VERSION": [{"CGMiner": "4.11.1"}]}):
        assert not knows_rpc(version)


def test_thousands_of_wrong_readings():
    def parse(answer):
        stats, answers = answer if isinstance(answer, list) and len(answer) == 2 else (answer, None)
        parse_reading(stats, answers if isinstance(answers, dict) else {})

    endures(parse, *([STATISTICS, {path: answer}] for path, answer in ANSWERS.items()))


def test_thousands_of_wrong_profiles():
    told = {"details": ANSWERS[DETAILS], "constraints": CONSTRAINTS_TOLD, "configuration": ANSWERS[CONFIGURATION]}

    def parse(answer):
        part = answer.get if isinstance(answer, dict) else {}.get
        parse_profile(part("details"), part("constraints"), part("configuration"))
        ShareWork().of(part("details"))

    endures(parse, told)


def test_thousands_of_wrong_probes():
    endures(lambda version: knows_rpc(version if isinstance(version, dict) else {}),
            {"VERSION": [{"API": "3.7", "BOSer": "boser"}]})  # fmt: skip
