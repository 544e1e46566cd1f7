from dataclasses import replace
import itertools
import random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.control.shaper import Shaper, ShaperState
from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind
from custom_components.hashwarm.engine.model.control import Why
from tests.thorough import examples

from .conftest import MINER, WORKER

PRESETS = Capabilities(
    control=ControlKind.PRESETS,
    floor_w=800.0,
    maximum_w=1600.0,
    levels_w=(800.0, 1200.0, 1600.0),
    write_interval_s=60.0,
)
T0 = 1.7e9


def drive(shaper, demand_w, capabilities, seconds, *, start=T0, step_s=10.0, cold=False):
    powers = []
    for index in range(round(seconds / step_s)):
        shaped = shaper.step(demand_w, capabilities, now=start + index * step_s, elapsed_s=step_s, cold=cold)
        powers.append(shaped.power_w)
    return powers


def test_between_floor_and_maximum_the_command_is_the_demand():
    assert Shaper().step(700.0, MINER, now=T0, elapsed_s=1.0).power_w == 700.0


def test_more_than_the_maximum_is_the_maximum():
    assert Shaper().step(9e9, MINER, now=T0, elapsed_s=1.0).power_w == 1200.0


@settings(deadline=None, max_examples=examples(25))
@given(st.floats(0.05, 0.95))
def test_below_the_floor_the_mean_of_the_commands_is_the_demand(share):
    capabilities = replace(MINER, starts_per_day=None)
    demand_w = share * capabilities.floor_w
    powers = drive(Shaper(), demand_w, capabilities, 3 * 86400, step_s=30.0)
    assert set(powers) <= {0.0, 400.0}
    assert sum(powers) / len(powers) == pytest.approx(demand_w, rel=0.15)


@settings(deadline=None, max_examples=examples(25))
@given(st.floats(420.0, 1180.0), st.integers(0, 99))
def test_a_device_that_bears_few_writes_meets_a_restless_demand_in_the_mean(demand_w, seed):
    capabilities, shaper, rng = replace(MINER, write_interval_s=180.0, step_w=1.0), Shaper(), random.Random(seed)
    demands = [min(max(demand_w + rng.gauss(0.0, 30.0), 400.0), 1200.0) for _ in range(6000)]
    powers = [
        shaper.step(each_w, capabilities, now=T0 + 10 * index, elapsed_s=10.0).power_w
        for index, each_w in enumerate(demands)
    ]
    assert sum(powers) == pytest.approx(sum(demands), rel=0.01)
    changes = [index for index in range(1, len(powers)) if powers[index] != powers[index - 1]]
    assert all(later - earlier >= 18 for earlier, later in itertools.pairwise(changes))


def test_a_demand_that_barely_moves_is_not_worth_a_write():
    capabilities, shaper = replace(MINER, write_interval_s=60.0), Shaper()
    powers = {
        shaper.step(700.0 + index % 7, capabilities, now=T0 + 10 * index, elapsed_s=10.0).power_w for index in range(99)
    }
    assert powers == {700.0}


def test_a_level_learned_anew_is_no_change():
    shaper = Shaper()
    shaper.step(1200.0, PRESETS, now=T0, elapsed_s=1.0)
    learned = replace(PRESETS, floor_w=770.0, levels_w=(770.0, 1260.0, 1650.0), maximum_w=1650.0)
    assert shaper.step(1240.0, learned, now=T0 + 1, elapsed_s=1.0).power_w == 1260.0
    assert shaper.state.written_at == T0


@settings(deadline=None, max_examples=examples(25))
@given(st.floats(0.0, 1700.0), st.floats(0.0, 1700.0))
def test_no_alternating_goes_over_the_ceiling(demand_w, ceiling_w):
    shaper = Shaper()
    for index in range(3000):
        shaped = shaper.step(demand_w, PRESETS, now=T0 + 30 * index, elapsed_s=30.0, ceiling_w=ceiling_w)
        assert shaped.power_w <= ceiling_w


def test_a_ceiling_that_comes_down_does_not_wait_for_the_write_interval():
    shaper = Shaper()
    shaper.step(1600.0, PRESETS, now=T0, elapsed_s=1.0)
    assert shaper.step(1600.0, PRESETS, now=T0 + 1, elapsed_s=1.0, ceiling_w=1300.0).power_w == 1200.0


def test_a_device_that_restarts_on_every_write_pays_for_levels_from_its_budget():
    restarting = replace(
        PRESETS, write_restarts=True, minimum_on_s=1800.0, minimum_off_s=900.0, boot_s=300.0, starts_per_day=8
    )
    shaper = Shaper()
    powers = drive(shaper, 1000.0, restarting, 86400, step_s=30.0)
    changes = sum(1 for before, after in itertools.pairwise(powers) if before != after)
    assert 2 <= changes <= 8
    assert shaper.starts_between(T0, T0 + 86400) <= 8


@settings(deadline=None, max_examples=examples(25))
@given(st.floats(810.0, 1590.0))
def test_between_presets_the_mean_of_the_commands_is_the_demand(demand_w):
    powers = drive(Shaper(), demand_w, PRESETS, 2 * 86400, step_s=30.0)
    assert set(powers) <= {0.0, 800.0, 1200.0, 1600.0}
    assert sum(powers) / len(powers) == pytest.approx(demand_w, rel=0.05)


def test_a_demand_that_is_a_preset_stays_on_it():
    assert set(drive(Shaper(), 1200.0, PRESETS, 3600)) == {1200.0}


def test_below_the_floor_says_that_it_cycles():
    assert Shaper().step(100.0, MINER, now=T0, elapsed_s=1.0).why is Why.BELOW_FLOOR_CYCLING


def test_minimum_on_time_keeps_the_floor():
    shaper = Shaper()
    shaper.step(1000.0, MINER, now=T0, elapsed_s=1.0)
    shaped = shaper.step(0.0, MINER, now=T0 + 100, elapsed_s=1.0)
    assert (shaped.power_w, shaped.why) == (400.0, Why.MINIMUM_ON)
    assert shaper.step(0.0, MINER, now=T0 + 601, elapsed_s=1.0).power_w == 0.0


def test_minimum_on_time_of_presets_keeps_the_lowest():
    shaper, capabilities = Shaper(), replace(PRESETS, minimum_on_s=600.0)
    shaper.step(1600.0, capabilities, now=T0, elapsed_s=1.0)
    assert shaper.step(0.0, capabilities, now=T0 + 100, elapsed_s=1.0).power_w == 800.0


def test_minimum_off_time_keeps_it_off():
    shaper = Shaper(ShaperState(power_w=0.0, changed_at=T0))
    shaped = shaper.step(1000.0, MINER, now=T0 + 100, elapsed_s=1.0)
    assert (shaped.power_w, shaped.why) == (0.0, Why.MINIMUM_OFF)
    assert shaper.step(1000.0, MINER, now=T0 + 301, elapsed_s=1.0).power_w == 1000.0


def test_a_clock_set_back_does_not_lock_the_heater():
    shaper = Shaper(ShaperState(power_w=0.0, changed_at=T0 + 1e6))
    assert shaper.step(1000.0, MINER, now=T0, elapsed_s=1.0).power_w == 1000.0


def spent(now):
    return Shaper(ShaperState(starts_at=[now - 4000 - 100 * index for index in range(6)], changed_at=now - 4000))


def test_a_spent_restart_budget_keeps_it_off():
    shaped = spent(T0).step(1000.0, MINER, now=T0, elapsed_s=1.0)
    assert (shaped.power_w, shaped.why) == (0.0, Why.RESTART_BUDGET)


def test_a_cold_room_gets_one_start_an_hour_beyond_the_budget():
    shaper = spent(T0)
    shaped = shaper.step(1000.0, MINER, now=T0, elapsed_s=1.0, cold=True)
    assert (shaped.power_w, shaped.why) == (1000.0, Why.RESTART_BUDGET_COLD)
    shaper.force(0.0, now=T0 + 700)
    assert shaper.step(1000.0, MINER, now=T0 + 1200, elapsed_s=1.0, cold=True).why is Why.RESTART_BUDGET
    assert shaper.step(1000.0, MINER, now=T0 + 3700, elapsed_s=1.0, cold=True).power_w == 1000.0


def test_old_starts_leave_the_budget():
    assert spent(T0).step(1000.0, MINER, now=T0 + 86400, elapsed_s=1.0).power_w == 1000.0


def test_presets_are_written_no_more_often_than_the_device_bears():
    shaper = Shaper()
    powers = drive(shaper, 1000.0, PRESETS, 7200, step_s=1.0)
    changes = [index for index in range(1, len(powers)) if powers[index] != powers[index - 1]]
    assert changes
    assert all(later - earlier >= 60 for earlier, later in itertools.pairwise(changes))


def test_switching_off_does_not_wait_for_the_write_interval():
    shaper = Shaper()
    shaper.step(1600.0, PRESETS, now=T0, elapsed_s=1.0)
    assert shaper.step(0.0, PRESETS, now=T0 + 1, elapsed_s=1.0).power_w == 0.0


def test_a_change_within_the_write_interval_waits():
    shaper = Shaper()
    capabilities = replace(MINER, write_interval_s=60.0)
    shaper.step(600.0, capabilities, now=T0, elapsed_s=1.0)
    assert shaper.step(900.0, capabilities, now=T0 + 10, elapsed_s=1.0).power_w == 600.0
    # What it was kept from for a moment it gets back.
    assert shaper.step(900.0, capabilities, now=T0 + 61, elapsed_s=1.0).power_w == pytest.approx(900.0, abs=10.0)


def test_starts_are_counted():
    shaper = Shaper()
    shaper.step(20.0, WORKER, now=T0, elapsed_s=1.0)
    shaper.force(0.0, now=T0 + 10)
    shaper.step(20.0, WORKER, now=T0 + 20, elapsed_s=1.0)
    assert (shaper.starts_between(T0, T0 + 99), shaper.starts_between(T0 + 15, T0 + 99)) == (2, 1)


@settings(deadline=None, max_examples=examples(50))
@given(st.lists(st.floats(0, 1500), min_size=20, max_size=60), st.booleans())
def test_the_command_is_always_legal(demands, cold):
    shaper = Shaper()
    for index, demand_w in enumerate(demands):
        power_w = shaper.step(demand_w, MINER, now=T0 + 30 * index, elapsed_s=30.0, cold=cold).power_w
        assert power_w == 0.0 or 400.0 <= power_w <= 1200.0


def test_starts_in_the_future_use_no_budget():
    shaper = Shaper(ShaperState(starts_at=[T0 + 1000 * index for index in range(1, 7)]))
    assert shaper.step(1000.0, MINER, now=T0, elapsed_s=1.0).power_w == 1000.0
    assert shaper.starts_between(T0 - 1, T0) == 1
