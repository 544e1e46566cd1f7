"""AI work beside mining: its heat is not made twice, and its watts count under every limit."""

import pytest

from custom_components.hashwarm.engine.control import Controller, RoomResponse
from custom_components.hashwarm.engine.home import Circuit, Neighbourhood
from custom_components.hashwarm.engine.model.control import ControlMode, Why
from custom_components.hashwarm.engine.model.dispatch import OtherWork


def by_hand(bench, power_w):
    bench.settings.mode = ControlMode.MANUAL_POWER
    bench.settings.manual_power_w = power_w


def test_mining_makes_the_heat_that_is_left(bench):
    by_hand(bench, 40.0)
    bench.work = OtherWork(heat_w=25.0, drawn_w=25.0)
    decision = bench.step()
    assert (decision.power_w, decision.heat_w, decision.why) == (15.0, 40.0, Why.MANUAL_POWER)
    bench.work = OtherWork(heat_w=60.0, drawn_w=60.0)
    decision = bench.step()
    assert (decision.power_w, decision.heat_w, decision.why) == (0.0, 40.0, Why.AI_HEATS)


def test_watts_that_heat_another_room_are_no_heat_here(bench):
    by_hand(bench, 40.0)
    bench.work = OtherWork(heat_w=0.0, drawn_w=300.0)
    assert bench.step().power_w == 40.0


def test_both_together_stay_within_the_limits(bench):
    by_hand(bench, 50.0)
    bench.breaker_left_w = 45.0
    bench.work = OtherWork(heat_w=0.0, drawn_w=30.0)
    decision = bench.step()
    assert decision.power_w == 15.0
    assert decision.ceiling_w == 45.0
    bench.work = OtherWork(heat_w=0.0, drawn_w=90.0)
    assert bench.step().power_w == 0.0


def test_mining_draws_no_more_than_it_may(bench):
    by_hand(bench, 40.0)
    bench.work = OtherWork(mining_most_w=10.0)
    assert bench.step().power_w == 10.0
    bench.work = OtherWork(mining_most_w=0.0)
    assert bench.step().power_w == 0.0


def test_a_heater_that_is_off_leaves_no_watts_to_anybody(bench):
    assert bench.step().ceiling_w is None
    bench.settings.on = False
    assert bench.step().ceiling_w == 0.0


def test_the_regulator_learns_from_all_the_heat(bench):
    """The same room, heated half by AI work: what the room needs is learned as if mining made all of it."""
    alone = bench
    shared = type(bench)()
    for other in (alone, shared):
        other.controller = Controller(RoomResponse.ORDINARY, other.limits)
        other.room = [20.8]
    for _ in range(600):
        whole = alone.step(10.0)
        shared.work = OtherWork(heat_w=whole.power_w / 2, drawn_w=whole.power_w / 2)
        shared.power_w = whole.power_w / 2
        part = shared.step(10.0)
    assert abs(part.heat_w - whole.heat_w) < 1.0


def test_what_is_too_little_for_mining_is_left_for_work_without_a_floor(miner_bench):
    miner_bench.room = [15.0]
    miner_bench.breaker_left_w = 100.0
    decision = miner_bench.step()
    assert (decision.power_w, decision.ceiling_w) == (0.0, 100.0)
    miner_bench.breaker_left_w = -20.0
    assert miner_bench.step().ceiling_w == 0.0


def test_on_a_circuit_with_room_enough_work_beside_changes_nothing_for_hours(bench):
    home = Neighbourhood()
    home.circuits.configure([Circuit(circuit_id="c", limit_w=3000.0, assumed_w={"h": 0.0})])
    bench.neighbours = home.place("h", "room", lambda rate, power: None)
    maximum_w = bench.capabilities.maximum_w
    by_hand(bench, maximum_w)
    assert bench.step().power_w == maximum_w
    bench.work = OtherWork(heat_w=0.6 * maximum_w, drawn_now_w=0.6 * maximum_w, drawn_w=0.6 * maximum_w)
    for _ in range(200):
        decision = bench.step(10.0)
        assert decision.power_w == pytest.approx(0.4 * maximum_w)
        assert decision.ceiling_w is None or decision.ceiling_w >= maximum_w
