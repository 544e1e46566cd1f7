"""What comfort services and the governor make of a pass of control."""

from datetime import time
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest

from custom_components.hashwarm.engine.control import (
    Comfort,
    ComfortOptions,
    Controller,
    Facts,
    RoomResponse,
    SafetyLimits,
    Source,
    WeeklySchedule,
    quiet_hours,
)
from custom_components.hashwarm.engine.control.comfort import InForce
from custom_components.hashwarm.engine.control.reasons import comfort_reason, shared_reason, warned
from custom_components.hashwarm.engine.model.comfort import Block
from custom_components.hashwarm.engine.model.control import ControlMode, Preset, Why
from custom_components.hashwarm.engine.model.planning import Expectation, Guidance
from custom_components.hashwarm.engine.model.sharing import Allotment

UTC_ZONE = ZoneInfo("UTC")


def with_comfort(bench, schedule=None, **options):
    bench.comfort = Comfort(bench.settings, ComfortOptions(**options), Facts(schedule=schedule))
    return bench


def always_quiet(ceiling_w):
    return quiet_hours(time(0), time(0), ceiling_w, UTC_ZONE)


def test_the_target_in_force_is_what_is_regulated_to(bench):
    with_comfort(bench, schedule=WeeklySchedule((), UTC_ZONE))
    bench.room = [20.0]
    decision = bench.step()
    assert (decision.in_force.target_c, decision.in_force.source) == (19.0, Source.SCHEDULE)
    assert (decision.demand_w, decision.why) == (0.0, Why.AT_TARGET)


def test_an_open_window_switches_off_and_says_so(bench):
    with_comfort(bench)
    assert bench.step().power_w > 0.0
    bench.comfort.facts.window_open = True
    bench.step(100.0)
    decision = bench.step(100.0)
    assert (decision.power_w, decision.why) == (0.0, Why.WINDOW_OPEN)
    bench.room = [14.0]
    bench.step()
    bench.room = [9.5]
    bench.step()
    bench.room = [5.0]
    decision = bench.step()
    assert decision.power_w > 0.0
    assert decision.why is Why.FROST


def test_nobody_at_home_is_a_reason(bench):
    with_comfort(bench, away_after_s=0.0)
    bench.comfort.facts.home = False
    assert bench.step().why is Why.NOBODY_HOME


def test_quiet_hours_cap_and_below_the_floor_switch_off(miner_bench):
    with_comfort(miner_bench, quiet=always_quiet(500.0))
    miner_bench.room = [15.0]
    decision = miner_bench.run(1200)
    assert (decision.power_w, decision.why) == (500.0, Why.QUIET_HOURS)
    with_comfort(miner_bench, quiet=always_quiet(0.0))
    decision = miner_bench.run(1200)
    assert (decision.power_w, decision.why) == (0.0, Why.QUIET_HOURS)
    assert decision.demand_w > 0.0


def test_quiet_hours_wait_for_minimum_times(miner_bench):
    with_comfort(miner_bench)
    miner_bench.room = [15.0]
    assert miner_bench.step().power_w > 0.0
    with_comfort(miner_bench, quiet=always_quiet(0.0))
    decision = miner_bench.step(10.0)
    assert (decision.power_w, decision.why) == (400.0, Why.MINIMUM_ON)
    assert miner_bench.run(700).power_w == 0.0


def test_quiet_hours_let_no_room_freeze(miner_bench):
    with_comfort(miner_bench, quiet=always_quiet(0.0))
    miner_bench.room = [6.0]
    decision = miner_bench.step()
    assert decision.power_w > 0.0


@pytest.mark.parametrize("mode", [ControlMode.MANUAL_POWER, ControlMode.HEAT_DEMAND])
def test_no_room_freezes_for_want_of_a_demand_unless_it_is_switched_off(miner_bench, mode):
    with_comfort(miner_bench)
    miner_bench.settings.mode = mode
    miner_bench.room = [6.0]
    decision = miner_bench.step()
    assert (decision.power_w, decision.why) == (400.0, Why.FROST)
    miner_bench.settings.on = False
    assert miner_bench.step().power_w == 0.0


def test_quiet_hours_hold_for_a_power_by_hand_too(miner_bench):
    with_comfort(miner_bench, quiet=always_quiet(600.0))
    miner_bench.settings.mode = ControlMode.MANUAL_POWER
    miner_bench.settings.manual_power_w = 1000.0
    decision = miner_bench.step()
    assert (decision.power_w, decision.why) == (600.0, Why.QUIET_HOURS)


def test_the_outlet_limit_is_told(miner_bench):
    miner_bench.controller = Controller(RoomResponse.ORDINARY, SafetyLimits(power_maximum_w=800.0))
    miner_bench.room = [15.0]
    decision = miner_bench.step()
    assert (decision.power_w, decision.why) == (800.0, Why.OUTLET_LIMIT)


def test_a_sensor_that_jumps_is_told_and_the_heat_goes_on(bench):
    before = bench.step()
    bench.room = [5.0]
    decision = bench.step()
    assert (decision.room_c, decision.why, decision.dropped) == (19.0, Why.SENSOR_JUMP, (0,))
    assert decision.power_w == pytest.approx(before.power_w, rel=0.1)


def test_heat_that_does_not_reach_the_room_is_told_and_nothing_is_cut(bench):
    bench.room = [18.0]
    for _ in range(200):
        bench.room[0] -= 0.005
        decision = bench.step(60.0)
    assert decision.without_effect
    assert decision.why is Why.HEATER_NOT_HEATING
    assert decision.power_w == 50.0


def test_a_room_that_is_far_behind_a_trusted_model_is_told_though_it_holds(bench):
    bench.room = [18.0]
    bench.expected = Expectation(at=0.0, room_c=20.0, unsure_k=0.2)
    decisions = [bench.step(60.0) for _ in range(200)]
    assert decisions[-1].why is Why.HEATER_NOT_HEATING
    assert not decisions[120].without_effect


def test_a_plan_gives_way_to_an_open_window(bench):
    with_comfort(bench, window_delay_s=0.0)
    bench.guidance = Guidance(power_w=40.0, expected_c=20.0, why=Why.PLAN_RUN)
    assert bench.step().why is Why.PLAN_RUN
    bench.comfort.facts.window_open = True
    assert bench.step().power_w == 0.0


def test_reasons():
    away = InForce(target_c=16.0, preset=Preset.AWAY, source=Source.NOBODY_HOME)
    assert comfort_reason(0.0, 20.0, away) is Why.NOBODY_HOME
    assert comfort_reason(5.0, 15.0, away) is Why.HEATING_UP
    early = InForce(target_c=21.0, preset=Preset.COMFORT, source=Source.PREHEAT)
    assert comfort_reason(5.0, 20.0, early) is Why.PREHEAT
    assert warned(Why.USER_OFF, doubted=True, without_effect=True) is Why.USER_OFF
    assert warned(Why.PREHEAT, doubted=False, without_effect=False) is Why.PREHEAT
    assert shared_reason(Why.WINDOW_OPEN, 0.0, Allotment(demand_w=50.0, room_met=1.0)) is Why.HOLDING


def test_quiet_hours_wind_nothing_up(miner_bench):
    with_comfort(miner_bench, quiet=always_quiet(0.0))
    miner_bench.room = [20.6]
    miner_bench.run(3 * 3600)
    assert miner_bench.controller.as_dict(0.0)["integral_w"] == pytest.approx(0.0, abs=5.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"on": False},
        {"paused": True},
        {"mode": ControlMode.MANUAL_POWER},
        {"preset": Preset.FROST},
    ],
)
def test_a_plan_is_said_to_decide_only_where_it_does(bench, changes):
    assert not bench.step().planned
    bench.guidance = Guidance(power_w=40.0, expected_c=20.0, why=Why.PLAN_RUN)
    assert bench.step().planned
    for name, value in changes.items():
        setattr(bench.settings, name, value)
    assert not bench.step().planned


def test_blind_or_among_others_or_at_the_end_no_plan_decides(bench):
    bench.guidance = Guidance(power_w=40.0, expected_c=20.0, why=Why.PLAN_RUN)
    bench.step()
    bench.stopping = True
    assert not bench.step().planned
    bench.stopping, bench.neighbours = False, Mock(allot=Mock(return_value=Allotment(demand_w=10.0, room_met=1.0)))
    bench.step()
    assert not bench.step().planned
    bench.neighbours.allot.return_value = Allotment(demand_w=10.0)
    bench.step()
    assert bench.step().planned
    bench.room = [None]
    bench.run(700.0)
    assert not bench.step().planned


def test_a_planner_in_charge_preheats_by_itself(bench):
    # 1.7e9 s is a Tuesday at 22:13; comfort begins at 23:00.
    schedule = WeeklySchedule((Block(weekday=1, begin=time(23), end=None),), UTC_ZONE)
    with_comfort(bench, schedule=schedule)
    bench.settings.preheat = True
    assert bench.step().in_force.source is Source.PREHEAT
    bench.guidance = Guidance(power_w=40.0, expected_c=20.0, why=Why.PLAN_RUN)
    assert bench.step().in_force.source is Source.SCHEDULE
