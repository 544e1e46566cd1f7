import pytest

from custom_components.hashwarm.engine.control.effect import LOOK_BACK_S, EffectMoment, EffectWatch
from custom_components.hashwarm.engine.model.planning import Expectation


def expecting(room_c, unsure_k=0.2):
    return Expectation(at=0.0, room_c=room_c, unsure_k=unsure_k)


class Room:
    """A heater at work, looked at every minute."""

    def __init__(self) -> None:
        self.watch, self.now_s, self.room_c, self.told = EffectWatch(), 0.0, 19.0, False
        self.facts = {"target_c": 21.0, "outdoor_c": 0.0, "power_share": 0.9}

    def run(self, seconds: float, change_k: float = 0.0, step_s: float = 60.0, outdoor_k: float = 0.0) -> bool:
        steps = round(seconds / step_s)
        for _ in range(steps):
            self.now_s += step_s
            if self.room_c is not None:
                self.room_c += change_k / steps
            if self.facts["outdoor_c"] is not None:
                self.facts["outdoor_c"] += outdoor_k / steps
            self.told = self.watch.step(EffectMoment(now_s=self.now_s, room_c=self.room_c, **self.facts))
        return self.told


@pytest.fixture
def room():
    return Room()


def test_a_room_that_falls_for_hours_at_full_power_is_told_of_until_it_warms(room):
    assert not room.run(LOOK_BACK_S - 600, change_k=-0.6)
    assert room.run(900, change_k=-0.1)
    assert room.run(30, step_s=10.0)
    assert room.run(600)
    assert not room.run(600, change_k=0.4)


def test_one_that_warms_or_holds_is_well(room):
    assert not room.run(2 * LOOK_BACK_S)
    assert not room.run(LOOK_BACK_S, change_k=1.0)


@pytest.mark.parametrize(
    "facts",
    [
        {"power_share": 0.3},
        {"power_share": None},
        {"window_open": True},
        {"target_c": 15.0},
        {"expected": expecting(18.0)},
    ],
)
def test_there_is_a_reason_for_it(room, facts):
    room.facts |= facts
    assert not room.run(2 * LOOK_BACK_S, change_k=-1.2)


def test_a_sudden_cold_is_a_reason_and_no_outdoor_sensor_is_none(room):
    assert not room.run(LOOK_BACK_S, change_k=-1.0, outdoor_k=-6.0)
    blind = Room()
    blind.facts["outdoor_c"] = None
    assert blind.run(LOOK_BACK_S, change_k=-1.0)


def test_a_model_tells_sooner_that_the_room_should_be_warmer(room):
    room.facts["expected"] = expecting(21.0)
    assert room.run(LOOK_BACK_S)


def test_a_model_is_believed_within_its_errors(room):
    room.facts["expected"] = expecting(21.0, unsure_k=0.8)
    assert not room.run(2 * LOOK_BACK_S)


@pytest.mark.parametrize("expected", [None, expecting(20.9)])
def test_a_sensor_that_was_replaced_begins_it_anew(room, expected):
    room.facts["expected"] = expected
    room.run(LOOK_BACK_S - 900)
    room.room_c -= 2.0
    assert not room.run(LOOK_BACK_S - 900)


def test_a_blind_hour_and_a_gap_begin_it_anew(room):
    room.run(LOOK_BACK_S - 900, change_k=-0.6)
    room.run(3600, step_s=3600.0)
    assert not room.run(1800, change_k=-0.2)
    room.room_c = None
    assert not room.run(600)
