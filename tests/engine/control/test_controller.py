from dataclasses import replace

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.control import Controller, RoomResponse, SafetyLimits
from custom_components.hashwarm.engine.model.control import ControlMode, Preset, Why
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from tests.thorough import examples

from .conftest import MINER, WORKER, Bench


def test_raising_the_target_raises_the_power_at_once(bench):
    bench.room = [20.5]
    before_w = bench.step().power_w
    bench.settings.choose_target(23.0)
    assert bench.step().power_w > before_w


def test_off_is_off_at_once_whatever_the_minimum_times(miner_bench):
    assert miner_bench.step().power_w > 0
    miner_bench.settings.on = False
    decision = miner_bench.step()
    assert (decision.power_w, decision.demand_w, decision.why) == (0.0, 0.0, Why.USER_OFF)


def test_stopping_is_off(bench):
    bench.step()
    bench.stopping = True
    assert bench.step().why is Why.STOPPING


def test_a_warm_room_needs_nothing(bench):
    bench.room = [22.0]
    decision = bench.step()
    assert (decision.power_w, decision.why) == (0.0, Why.AT_TARGET)


def test_why_tells_warming_from_holding(bench):
    assert bench.step().why is Why.HEATING_UP
    bench.room = [20.9]
    assert bench.step().why is Why.HOLDING


def test_frost_protection_says_so(bench):
    bench.settings.choose_preset(Preset.FROST)
    bench.room = [4.0]
    assert bench.step().why is Why.FROST


def test_manual_power_is_that_power_in_a_warm_room(bench):
    bench.settings.mode = ControlMode.MANUAL_POWER
    bench.settings.manual_power_w = 30.0
    bench.room = [24.0]
    decision = bench.step()
    assert (decision.power_w, decision.why) == (30.0, Why.MANUAL_POWER)


def test_manual_power_below_the_floor_is_the_floor(miner_bench):
    miner_bench.settings.mode = ControlMode.MANUAL_POWER
    miner_bench.settings.manual_power_w = 100.0
    assert miner_bench.run(3600).power_w == MINER.floor_w


def test_heat_demand_drives_and_falls_to_nothing_after_an_hour(bench):
    bench.settings.mode = ControlMode.HEAT_DEMAND
    bench.settings.heat_demand_percent = 50.0
    bench.settings.heat_demand_at = 1.7e9 + bench.now_s
    decision = bench.step()
    assert (decision.power_w, decision.why, decision.demand_percent) == (25.0, Why.HEAT_DEMAND, 50.0)
    bench.now_s += 3600
    decision = bench.step()
    assert (decision.power_w, decision.why) == (0.0, Why.HEAT_DEMAND_EXPIRED)


def test_a_heat_demand_never_written_is_none(bench):
    bench.settings.mode = ControlMode.HEAT_DEMAND
    assert bench.step().why is Why.HEAT_DEMAND_EXPIRED


def test_the_governor_rules_manual_power_too(bench):
    bench.settings.mode = ControlMode.MANUAL_POWER
    bench.settings.manual_power_w = 50.0
    bench.room = [28.5]
    decision = bench.step()
    assert (decision.power_w, decision.why) == (0.0, Why.ROOM_TOO_HOT)


def test_the_governor_ignores_minimum_times(miner_bench):
    miner_bench.step()
    miner_bench.chip_c = 95.0
    decision = miner_bench.step()
    assert (decision.power_w, decision.why) == (0.0, Why.CHIP_TOO_HOT)


def test_a_lost_sensor_leaves_the_floor_and_then_nothing(miner_bench):
    miner_bench.run(900)
    miner_bench.ages = [3700.0]
    decision = miner_bench.step()
    assert (decision.power_w, decision.why, decision.room_c) == (MINER.floor_w, Why.SENSOR_STALE_FLOOR, None)
    decision = miner_bench.run(7300, step_s=60)
    assert (decision.power_w, decision.why) == (0.0, Why.SENSOR_STALE_OFF)
    miner_bench.ages = [0.0]
    assert miner_bench.run(400).power_w > 0.0


def test_the_breaker_lowers_and_says_so(miner_bench):
    miner_bench.room = [15.0]
    miner_bench.breaker_left_w = 700.0
    decision = miner_bench.step()
    assert (decision.power_w, decision.why) == (700.0, Why.BREAKER)


def test_the_breaker_beats_the_minimum_on_time(miner_bench):
    miner_bench.room = [15.0]
    miner_bench.step()
    miner_bench.breaker_left_w = 100.0
    decision = miner_bench.step()
    assert (decision.power_w, decision.why) == (0.0, Why.BREAKER)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (DeviceStatus.OFFLINE, Why.DEVICE_OFFLINE),
        (DeviceStatus.FAULT, Why.WORKER_RESTARTING),
        (DeviceStatus.STARTING, Why.PREHEATING_DEVICE),
    ],
)
def test_why_tells_of_the_device(bench, status, why):
    bench.status = status
    assert bench.step().why is why


def test_a_device_that_does_not_obey_is_told_of(bench):
    bench.obey = False
    bench.power_w = 0.0
    assert bench.step().why is Why.HEATING_UP
    decision = bench.run(90)
    assert (decision.why, decision.disobedience) == (Why.NOT_OBEYING, Why.NOT_OBEYING)


def test_heat_without_command_is_told_of(bench):
    bench.obey = False
    bench.power_w = 40.0
    bench.settings.on = False
    assert bench.run(90).why is Why.HEAT_WITHOUT_COMMAND


def test_state_survives_a_restart(miner_bench):
    miner_bench.run(3600)
    stored = miner_bench.controller.as_dict(1e9)
    again = Controller.restored(RoomResponse.ORDINARY, SafetyLimits(), stored, now=1e9 + 5)
    assert again.as_dict(1e9) == stored
    assert again.starts_between(0, 1e10) == 1


@pytest.mark.parametrize(("away_s", "starts"), [(5.0, 1), (600.0, 2), (-600.0, 2)])
def test_a_reload_costs_no_start_and_a_longer_absence_does(bench, away_s, starts):
    bench.step()
    stored = bench.controller.as_dict(1e9)
    bench.controller = Controller.restored(RoomResponse.ORDINARY, SafetyLimits(), stored, now=1e9 + away_s)
    bench.step()
    assert bench.controller.starts_between(0, 1e10) == starts


NO_NUMBERS = {"at": 0.0, "integral_w": 0.0, "shaper": {"power_w": float("nan"), "changed_at": None, "starts_at": []}}


@pytest.mark.parametrize(
    "stored",
    [None, {}, {"shaper": {"unknown": 1}}, {"integral_w": "warm"}, {"shaper": None}, {"integral_w": 1.0}, NO_NUMBERS],
)
def test_state_that_cannot_be_read_is_forgotten(stored):
    assert Controller.restored(RoomResponse.ORDINARY, SafetyLimits(), stored, now=0.0).starts_between(0, 1e10) == 0


@settings(deadline=None, max_examples=examples(60))
@given(st.data())
def test_nothing_gets_past_the_limits(data):
    bench = Bench(MINER)
    for _ in range(15):
        bench.room = [data.draw(st.none() | st.floats(-50, 90) | st.just(float("nan")))]
        bench.ages = [data.draw(st.sampled_from([0.0, 5000.0]))]
        bench.chip_c = data.draw(st.none() | st.floats(20, 110))
        bench.settings.on = data.draw(st.booleans())
        bench.settings.mode = data.draw(st.sampled_from(ControlMode))
        bench.settings.manual_power_w = data.draw(st.floats(0, 3000))
        power_w = bench.step(data.draw(st.floats(0.1, 3000))).power_w
        assert power_w == 0.0 or MINER.floor_w <= power_w <= MINER.maximum_w
        assert power_w == 0.0 or bench.settings.on
        assert power_w == 0.0 or bench.chip_c is None or bench.chip_c < 85.0


def test_a_clock_that_jumps_back_does_no_harm(bench):
    bench.step()
    bench.now_s -= 500
    assert 0.0 <= bench.step(0.0).power_w <= WORKER.maximum_w


def test_presets_and_targets_belong_together():
    settings_ = replace(Bench().settings)
    settings_.choose_preset(Preset.ECO)
    assert settings_.target_c == 19.0
    settings_.choose_target(19.3)
    assert settings_.preset is None
    settings_.choose_target(18.0)
    assert settings_.preset is Preset.SLEEP


def test_a_heat_demand_from_the_future_is_a_clock_set_back(bench):
    bench.settings.mode = ControlMode.HEAT_DEMAND
    bench.settings.heat_demand_percent = 80.0
    bench.settings.heat_demand_at = 1.7e9 + bench.now_s + 86400
    assert bench.step().why is Why.HEAT_DEMAND_EXPIRED


def test_frost_protection_waits_for_no_minimum_time(miner_bench):
    miner_bench.room = [7.5]
    miner_bench.step()
    miner_bench.settings.on = False
    miner_bench.step()
    miner_bench.settings.on = True
    miner_bench.settings.choose_preset(Preset.FROST)
    miner_bench.room = [3.0]
    assert miner_bench.step().power_w > 0.0


def test_a_heater_held_back_learns_nothing(bench):
    bench.room = [20.6]
    bench.chip_c = 95.0
    bench.run(3 * 3600)
    assert bench.controller.as_dict(0.0)["integral_w"] == pytest.approx(0.0, abs=0.5)


def test_nothing_asked_is_not_blamed_on_the_sensor(bench):
    bench.settings.mode = ControlMode.MANUAL_POWER
    bench.settings.manual_power_w = 0.0
    bench.ages = [9000.0]
    bench.step()
    decision = bench.run(900)
    assert (decision.why, decision.sensor_lost) == (Why.MANUAL_POWER, True)


def test_a_ceiling_takes_the_level_below_it():
    presets = replace(MINER, floor_w=800.0, maximum_w=1600.0, levels_w=(800.0, 1200.0, 1600.0), minimum_on_s=600.0)
    bench = Bench(presets)
    bench.room = [10.0]
    assert bench.step().power_w == 1600.0
    bench.settings.mode = ControlMode.MANUAL_POWER
    bench.settings.manual_power_w = 1600.0
    bench.breaker_left_w = 1300.0
    bench.controller._shaper.state.written_at = None
    assert bench.step().power_w <= 1300.0


@pytest.mark.parametrize(("away_s", "room_c"), [(60.0, 19.0), (700.0, None)])
def test_a_short_absence_keeps_the_last_temperature(bench, away_s, room_c):
    bench.step()
    stored = bench.controller.as_dict(1e9)
    bench.controller = Controller.restored(RoomResponse.ORDINARY, SafetyLimits(), stored, now=1e9 + away_s)
    bench.room = [None]
    assert bench.step().room_c == room_c


def test_a_limit_that_is_no_number_is_reached():
    bench = Bench()
    bench.controller = Controller(RoomResponse.ORDINARY, SafetyLimits(room_maximum_c=float("nan")))
    assert bench.step().why is Why.ROOM_TOO_HOT
    bench.controller = Controller(RoomResponse.ORDINARY, SafetyLimits(chip_maximum_c=float("nan")))
    bench.chip_c = 20.0
    assert bench.step().why is Why.CHIP_TOO_HOT


def test_of_a_device_that_does_not_answer_nothing_else_is_said(bench):
    bench.status = DeviceStatus.OFFLINE
    bench.room = [25.0]
    assert bench.step().why is Why.DEVICE_OFFLINE
    bench.settings.on = False
    assert bench.step().why is Why.USER_OFF


def test_a_clock_set_back_says_nothing_of_how_long_a_device_has_run(bench):
    bench.step()
    now = 1.7e9 + bench.now_s
    running, since = bench.controller.running_since(now)
    assert running
    assert since == now
    earlier = now - 7200.0
    assert bench.controller.running_since(earlier) == (True, earlier - 86400.0)
    assert Controller(RoomResponse.ORDINARY, SafetyLimits()).running_since(earlier) == (False, earlier - 86400.0)
