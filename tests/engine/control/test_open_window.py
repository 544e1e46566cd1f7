import pytest

from custom_components.hashwarm.engine.control.open_window import (
    FALL_S,
    LONGEST_S,
    REST_S,
    SETTLING_S,
    RoomMoment,
    WindowWatch,
)


class Room:
    """A room whose sensor reports every minute."""

    def __init__(self, **options) -> None:
        self.watch = WindowWatch(**{"by_slope": True, **options})
        self.now_s, self.room_c, self.target_c, self.outdoor_c, self.power_share = 0.0, 21.0, 21.0, 2.0, 0.5
        self.told_open = None

    def step(self, seconds: float = 60.0, fall_k: float = 0.0) -> bool:
        self.now_s += seconds
        if self.room_c is not None:
            self.room_c -= fall_k
        moment = RoomMoment(
            now_s=self.now_s,
            room_c=self.room_c,
            target_c=self.target_c,
            outdoor_c=self.outdoor_c,
            power_share=self.power_share,
        )
        return self.watch.step(moment, told_open=self.told_open)

    def fall(self, by_k: float = 1.5, minutes: int = 6) -> bool:
        seen = False
        for _ in range(minutes):
            seen = self.step(fall_k=by_k / minutes) or seen
        return seen

    def rest(self, seconds: float) -> None:
        for _ in range(int(seconds / 60.0) + 1):
            self.step()


@pytest.fixture
def room():
    room = Room()
    room.rest(FALL_S)
    return room


def test_a_window_counts_as_open_once_its_sensor_said_so_for_a_while():
    room = Room(by_slope=False, delay_s=30.0)
    assert not room.step()
    room.told_open = True
    assert not room.step()
    assert not room.step(29.0)
    assert room.step(1.0)
    assert not room.watch.detected
    room.told_open = False
    assert not room.step()
    room.told_open = True
    assert not room.step()


def test_a_room_that_cools_fast_has_an_open_window_until_it_warms_again(room):
    assert room.fall()
    assert room.watch.detected
    assert room.step()
    assert not room.step(fall_k=-0.3)


def test_it_is_told_only_when_it_is_asked_for():
    room = Room(by_slope=False)
    room.rest(FALL_S)
    assert not room.fall()


def test_it_lasts_half_an_hour_at_most_and_then_rests(room):
    assert room.fall()
    room.rest(LONGEST_S)
    assert not room.step()
    assert not room.fall(minutes=5)
    room.rest(REST_S)
    assert room.fall()


def test_a_room_that_cools_slowly_has_no_open_window(room):
    assert not room.fall(by_k=1.5, minutes=30)


def test_what_is_as_warm_outside_lets_no_cold_in(room):
    room.outdoor_c = 18.0
    assert not room.fall()


def test_without_an_outdoor_sensor_the_slope_alone_decides(room):
    room.outdoor_c = None
    assert room.fall()


@pytest.mark.parametrize("change", ["target", "power"])
def test_a_room_that_is_let_cool_has_no_open_window(room, change):
    room.step()
    if change == "target":
        room.target_c = 18.0
    else:
        room.power_share = 0.0
    assert not room.fall()
    room.rest(SETTLING_S)
    assert room.fall()


def test_more_power_and_unknown_power_say_nothing(room):
    room.power_share = None
    room.step()
    room.power_share = 1.0
    room.step()
    assert room.fall()


def test_duplicate_and_backward_samples_are_no_slope(room):
    for _ in range(5):
        assert not room.step(0.0, fall_k=0.5)
        assert not room.step(-30.0)


def test_a_lost_sensor_ends_what_it_told(room):
    assert room.fall()
    room.room_c = None
    assert not room.step()
    assert not room.step()
    room.room_c = 17.0
    assert not room.step()
