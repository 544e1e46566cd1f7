from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.control.regulator import GAINS, Regulator
from custom_components.hashwarm.engine.control.room_words import Insulation, RoomResponse

FINITE = st.floats(-60, 60)


def step(regulator, **changes):
    inputs = {
        "target_c": 21.0,
        "room_c": 20.0,
        "outdoor_c": None,
        "maximum_w": 1000.0,
        "drawn_w": None,
        "elapsed_s": 1.0,
    }
    return regulator.step(**{**inputs, **changes})


@given(FINITE, FINITE, st.none() | FINITE, st.none() | st.floats(0, 5000), st.floats(0, 60))
def test_the_demand_is_always_possible(target_c, room_c, outdoor_c, drawn_w, elapsed_s):
    regulator = Regulator(RoomResponse.ORDINARY)
    for _ in range(5):
        demand_w = step(
            regulator, target_c=target_c, room_c=room_c, outdoor_c=outdoor_c, drawn_w=drawn_w, elapsed_s=elapsed_s
        )
        assert 0.0 <= demand_w <= 1000.0
    assert abs(regulator.integral_w) <= 1000.0


def test_raising_the_target_raises_the_demand_at_once():
    regulator = Regulator(RoomResponse.ORDINARY)
    before_w = step(regulator, target_c=20.5)
    assert step(regulator, target_c=22.0) > before_w


def test_cold_outside_asks_for_more_before_the_room_cools():
    frost_w, mild_w = (step(Regulator(RoomResponse.LIGHT), room_c=20.6, outdoor_c=each) for each in (-10.0, 15.0))
    assert frost_w > mild_w


def test_a_cold_room_is_pressing_and_one_too_warm_is_not():
    heavy = {"target_c": 21.0, "outdoor_c": None}
    near_w, cold_w = (step(Regulator(RoomResponse.HEAVY), room_c=each, **heavy) for each in (20.5, 20.0))
    assert near_w == pytest.approx(150.0, abs=1.0)
    assert cold_w == pytest.approx(600.0, abs=1.0)
    assert step(Regulator(RoomResponse.HEAVY), room_c=22.0, **heavy) == 0.0


def test_warm_outside_takes_nothing_away():
    assert step(Regulator(RoomResponse.LIGHT), outdoor_c=30.0) == step(Regulator(RoomResponse.LIGHT), outdoor_c=None)


def test_a_lasting_error_is_integrated_away():
    regulator = Regulator(RoomResponse.ORDINARY)
    first_w = step(regulator, room_c=20.9)
    for _ in range(600):
        last_w = step(regulator, room_c=20.9, drawn_w=None, elapsed_s=10.0)
    assert last_w > first_w * 1.5


def test_saturation_does_not_wind_the_integral_up():
    regulator = Regulator(RoomResponse.ORDINARY)
    for _ in range(1000):
        step(regulator, room_c=10.0, elapsed_s=30.0)
    assert step(regulator, room_c=21.5) == 0.0


def test_a_device_that_draws_less_than_asked_does_not_wind_it_up():
    obeyed, refused = Regulator(RoomResponse.ORDINARY), Regulator(RoomResponse.ORDINARY)
    for _ in range(300):
        step(obeyed, room_c=20.0, elapsed_s=10.0, drawn_w=None)
        step(refused, room_c=20.0, elapsed_s=10.0, drawn_w=50.0)
    assert refused.integral_w < obeyed.integral_w


def test_a_small_difference_between_wish_and_estimate_is_obedience():
    regulator, told = Regulator(RoomResponse.ORDINARY), Regulator(RoomResponse.ORDINARY)
    for _ in range(100):
        wanted_w = step(regulator, room_c=20.5, elapsed_s=10.0)
        step(told, room_c=20.5, elapsed_s=10.0, drawn_w=wanted_w - 90.0)
    assert told.integral_w == pytest.approx(regulator.integral_w)


def test_every_room_has_gains():
    assert set(GAINS) == set(RoomResponse)


def demand(regulator, outdoor_c):
    return regulator.step(
        target_c=21.0, room_c=20.9, outdoor_c=outdoor_c, maximum_w=1000.0, drawn_w=None, elapsed_s=0.0
    )


def test_an_outdoor_sensor_lost_or_found_changes_no_watt():
    regulator = Regulator(RoomResponse.LIGHT, 300.0)
    regulator.forward_w = 160.0
    with_sensor = demand(regulator, 5.0)
    without = demand(regulator, None)
    assert without == pytest.approx(with_sensor)
    assert demand(regulator, 5.0) == pytest.approx(with_sensor)


def test_a_heater_that_has_learned_nothing_takes_the_outdoor_sensor_as_it_comes():
    regulator = Regulator(RoomResponse.LIGHT)
    assert demand(regulator, 5.0) > demand(Regulator(RoomResponse.LIGHT), None)


@pytest.mark.parametrize(("better", "worse"), pairwise((Insulation.GOOD, Insulation.ORDINARY, Insulation.POOR)))
def test_a_room_that_keeps_its_heat_badly_gets_more_before_anything_was_learned(better, worse):
    more_w, less_w = (
        step(Regulator(RoomResponse.HEAVY, insulation=each), room_c=21.0, outdoor_c=0.0) for each in (worse, better)
    )
    assert more_w > less_w * 1.3


def test_people_and_sun_give_the_first_degrees_of_a_room_but_none_of_a_box():
    assert step(Regulator(RoomResponse.HEAVY), room_c=21.0, outdoor_c=18.5) == 0.0
    assert step(Regulator(RoomResponse.BOX), room_c=21.0, outdoor_c=18.5) > 0.0


def learned_w(room_c):
    """Return what two hours teach a regulator that knows half of the need; the room is a function of the hour."""
    regulator = Regulator(RoomResponse.HEAVY, 500.0)
    for minute in range(120):
        step(regulator, room_c=room_c(minute / 60.0), elapsed_s=60.0)
    return regulator.integral_w - 500.0


def test_a_room_that_stays_cold_teaches_more_than_one_on_its_way():
    stuck_w = learned_w(lambda _: 20.3)
    rising_w = learned_w(lambda hour: 20.0 + 0.3 * hour)
    assert stuck_w > 1.8 * rising_w > 0.0


def test_a_room_that_stays_too_warm_teaches_more_than_one_that_cools():
    stuck_w = learned_w(lambda _: 21.7)
    cooling_w = learned_w(lambda hour: 22.0 - 0.3 * hour)
    assert stuck_w < 1.8 * cooling_w < 0.0


def test_after_another_one_decided_the_room_is_looked_at_anew():
    regulator = Regulator(RoomResponse.HEAVY)
    step(regulator, room_c=18.0, elapsed_s=60.0)
    regulator.follow(drawn_w=None, target_c=21.0, outdoor_c=None, maximum_w=1000.0, elapsed_s=60.0)
    step(regulator, room_c=20.3, elapsed_s=60.0)
    assert regulator.integral_w == pytest.approx(0.3 * 1000.0 * 0.7 * 60.0 / 9600.0)
