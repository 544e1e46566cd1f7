"""The next hour is decided in minutes, the hours after it in quarters, and a look at the room costs no new outlook."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from custom_components.hashwarm.engine.control import planner
from custom_components.hashwarm.engine.control.house import House
from custom_components.hashwarm.engine.control.mass_filter import Belief
from custom_components.hashwarm.engine.control.moves import Device
from custom_components.hashwarm.engine.control.pilot import Pilot, Questions, Trust
from custom_components.hashwarm.engine.control.planner import Present, outlook, plan_from
from custom_components.hashwarm.engine.control.thermal_model import heat_inputs, step_matrices
from custom_components.hashwarm.engine.model.planning import SLOT_S, Plan, Slot

from .planned_house import MIDNIGHT, MINER, TRUE, ahead

MORNING = MIDNIGHT + 7 * 3600.0
MINUTES_5 = 300.0
# Light air over a heavy mass: 1200 W lift it by three kelvin within forty minutes.
LIGHT_AIR = House(
    heat_loss_w_per_k=66.0, air_wh_per_k=210.0, mass_wh_per_k=2700.0, coupling_w_per_k=280.0, heater_to_air=0.9
)


def mild(**changes: float) -> list[Slot]:
    return ahead(MORNING, target_c=21.0, coldest_c=20.5, warmest_c=21.5, outdoor_c=12.0, **changes)


def followed(looks: int, pace_s: float, slots: list[Slot]) -> tuple[list[float], list[float]]:
    """Return rooms and powers of a heater that obeys at once, with a plan at every look."""
    state, running, since = np.array([20.9, 20.9]), False, -1e6
    rooms, powers = [], []
    matrices = step_matrices(LIGHT_AIR, pace_s / 3600.0)
    known: Any = None
    for look in range(looks):
        now = MORNING + look * pace_s
        quarter = int(look * pace_s // SLOT_S)
        belief = Belief(at=now, air_c=float(state[0]), mass_c=float(state[1]), disturbance_w=0.0)
        if known is None or look * pace_s % SLOT_S == 0.0:
            known = outlook(LIGHT_AIR, belief, slots[quarter : quarter + 48], MINER, None, rmse_k=0.2)
        plan = plan_from(known, belief, Present(now=now, room_c=belief.air_c, running=running, lasted_s=now - since))
        power_w = plan.slots[0].power_w
        if (power_w > 0.0) != running:
            running, since = power_w > 0.0, now
        slot = slots[quarter]
        sun = [[slot.sun.level, slot.sun.east, slot.sun.equator, slot.sun.west]]
        inputs = heat_inputs(LIGHT_AIR, np.array([slot.outdoor_c]), np.array([power_w]), np.array(sun))[0]
        state = matrices.house_carry @ state + matrices.house_heat @ inputs
        rooms.append(float(state[0]))
        powers.append(power_w)
    return rooms, powers


def test_a_run_in_a_light_room_ends_within_a_quarter_of_an_hour() -> None:
    slots = [replace(slot, sun=replace(slot.sun, level=0.0, east=0.0, equator=0.0, west=0.0)) for slot in mild()]
    quick_c, quick_w = followed(96, MINUTES_5, slots)
    slow_c, _ = followed(32, SLOT_S, slots)
    assert any(quick_w)

    def outside_kh(rooms: list[float], pace_s: float) -> float:
        return sum(max(20.5 - room_c, room_c - 21.5, 0.0) for room_c in rooms) * pace_s / 3600.0

    assert outside_kh(quick_c, MINUTES_5) < 0.8 * outside_kh(slow_c, SLOT_S)


def test_a_look_within_the_quarter_is_part_of_the_same_outlook(monkeypatch: pytest.MonkeyPatch) -> None:
    pilot = Pilot(TRUE, 3000.0)
    pilot.house, pilot.trust = TRUE, Trust(rmse_k=0.2, unchanged_rmse_k=1.0)
    made: list[float] = []

    def counted(*args: Any, **kwargs: Any) -> Any:
        made.append(args[2][0].at)
        return outlook(*args, **kwargs)

    monkeypatch.setattr(planner, "outlook", counted)

    def asked(now: float, **changes: Any) -> Plan:
        slots = changes.pop("ahead", ahead(now // SLOT_S * SLOT_S))
        told = {"room_c": 20.8, "running": False, "lasted_s": 1e5, "capabilities": MINER, **changes}
        plan = pilot.plan(Questions(now=now, ahead=slots, **told))
        assert plan is not None
        return plan

    asked(MORNING)
    cooler = asked(MORNING + MINUTES_5, room_c=19.5)
    assert made == [MORNING]
    assert cooler.made_at == MORNING + MINUTES_5
    assert cooler.slots[0].power_w > 0.0
    asked(MORNING + 2 * MINUTES_5, ahead=[replace(slot, target_c=19.0) for slot in ahead(MORNING)])
    asked(MORNING + SLOT_S)
    asked(MORNING + SLOT_S, capabilities=replace(MINER, maximum_w=2000.0))
    assert made == [MORNING, MORNING, MORNING + SLOT_S, MORNING + SLOT_S]


def test_the_plan_has_the_power_of_now_and_means_of_quarters_to_come() -> None:
    belief = Belief(at=MORNING, air_c=20.0, mass_c=20.5, disturbance_w=0.0)
    known = outlook(TRUE, belief, ahead(MORNING), MINER, None, rmse_k=0.2)
    for late_s in (0.0, 250.0, 899.0, 5000.0, -60.0):
        present = Present(now=MORNING + late_s, room_c=20.0, running=False, lasted_s=1e5)
        plan = plan_from(known, belief, present)
        assert [slot.at for slot in plan.slots] == [MORNING + index * SLOT_S for index in range(96)]
        assert plan.slots[0].power_w >= MINER.floor_w
        assert all(slot.power_w <= MINER.maximum_w for slot in plan.slots)


def test_few_hours_and_jobs_are_planned_in_quarters() -> None:
    belief = Belief(at=MORNING, air_c=20.0, mass_c=20.5, disturbance_w=0.0)
    present = Present(now=MORNING, room_c=20.0, running=True, lasted_s=1e5)
    short = plan_from(outlook(TRUE, belief, ahead(MORNING, 4), MINER, None, rmse_k=0.2), belief, present)
    assert len(short.slots) == 4
    job = [replace(slot, job_power_w=800.0, job_interruption_cost=9.0) for slot in ahead(MORNING, 2)]
    held = plan_from(outlook(TRUE, belief, job + ahead(MORNING, 40)[2:], MINER, None, rmse_k=0.2), belief, present)
    assert [slot.power_w for slot in held.slots[:2]] == [800.0, 800.0]


def test_a_leaky_house_in_frost_is_held_at_the_lowest_cost_of_comfort() -> None:
    slots = ahead(MORNING, target_c=21.0, coldest_c=20.5, warmest_c=21.5, outdoor_c=-14.0)
    belief = Belief(at=MORNING, air_c=20.8, mass_c=20.6, disturbance_w=0.0)
    present = Present(now=MORNING, room_c=20.8, running=True, lasted_s=1e5)
    plan = plan_from(outlook(LIGHT_AIR, belief, slots, MINER, None, rmse_k=0.2), belief, present)
    assert min(slot.power_w for slot in plan.slots[:64]) >= MINER.floor_w
    assert min(slot.room_c for slot in plan.slots) > 20.4
    assert max(slot.room_c for slot in plan.slots) < 21.6


def test_states_of_short_slots_are_those_of_long_ones_that_lasted_as_long() -> None:
    slow = Device(capabilities=replace(MINER, minimum_on_s=1800.0, minimum_off_s=900.0), start_cost=0.1)
    fast = replace(slow, pace_s=MINUTES_5)
    assert (slow.off_ages, slow.on_ages, fast.off_ages, fast.on_ages) == (1, 2, 3, 6)
    assert fast.as_states_of(slow).tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 2, 3]
    assert slow.state(running=True, lasted_s=1800.0, on_job=False) == 2
    assert slow.state(running=True, lasted_s=600.0, on_job=False) == 1


def test_minimum_times_are_whole_up_to_what_docs_say_and_cut_beyond() -> None:
    hours_3 = Device(capabilities=replace(MINER, minimum_on_s=10800.0), start_cost=0.1)
    assert hours_3.on_ages * SLOT_S == 7200.0
    assert replace(hours_3, pace_s=MINUTES_5).on_ages * MINUTES_5 == 2400.0


def test_what_boots_draws_little_in_a_short_slot_whatever_it_is_told() -> None:
    fast = Device(capabilities=MINER, start_cost=0.0, pace_s=MINUTES_5)
    assert fast.start_mean_w(3000.0) == pytest.approx(fast.start_mean_w(1200.0))
    assert 0.0 < fast.start_mean_w(1200.0) < 300.0
    slow = replace(fast, pace_s=SLOT_S)
    assert slow.start_mean_w(3000.0) > slow.start_mean_w(1200.0) > 700.0
    assert replace(fast, pace_s=60.0).start_mean_w(1200.0) == 0.0
