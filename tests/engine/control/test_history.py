"""Samples become quarters of an hour; what cannot be believed is not learned from."""

from math import nan
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.control.history import KEPT_S, History, PastSlot
from custom_components.hashwarm.engine.control.sun import DARK
from custom_components.hashwarm.engine.model.planning import SLOT_S, RoomSample, SunOnWalls

BEGIN = 900.0 * 2_000_000


def sample(at: float, **changes: Any) -> RoomSample:
    return RoomSample(**{"at": BEGIN + at, "room_c": 20.0, "outdoor_c": 5.0, "power_w": 1000.0, **changes})


def lived(*samples: RoomSample) -> History:
    history = History()
    for each in samples:
        history.add(each)
    return history


def test_a_slot_has_the_last_room_and_the_means_of_the_rest() -> None:
    history = lived(
        sample(0, power_w=0.0, outdoor_c=4.0),
        sample(150, power_w=2000.0, outdoor_c=6.0, room_c=20.4),
        sample(300, power_w=0.0),
    )
    (slot,) = history.slots()
    assert slot.at == BEGIN
    assert slot.room_c == 20.4
    assert slot.power_w == pytest.approx(1000.0)
    assert slot.outdoor_c == pytest.approx(5.0)


def test_samples_twice_and_backwards_change_nothing() -> None:
    history = lived(sample(0), sample(300))
    assert not history.add(sample(300, room_c=99.0))
    assert not history.add(sample(100, power_w=1e6))
    assert history.add(sample(901))
    slot = history.slots()[0]
    assert slot.room_c == 20.0
    assert slot.power_w == pytest.approx(1000.0)


@pytest.mark.parametrize("room_c", [nan, 85.0, -127.0, None])
def test_a_room_that_no_room_can_be_is_unknown(room_c: float | None) -> None:
    history = lived(sample(0, room_c=room_c), sample(900))
    assert history.slots()[0].room_c is None


def test_power_unseen_for_most_of_the_slot_is_unknown() -> None:
    history = lived(sample(0, power_w=None), sample(200), sample(300))
    assert history.slots()[0].power_w is None


def test_a_gap_is_a_gap() -> None:
    history = lived(sample(0), sample(7200), sample(8100))
    assert [slot.at - BEGIN for slot in history.slots()] == [0.0, 7200.0]


def test_a_window_open_for_a_moment_spoils_the_slot() -> None:
    history = lived(sample(0), sample(60, disturbed=True), sample(120), sample(300), sample(600))
    assert [slot.disturbed for slot in history.slots()] == [True, False]


def test_two_weeks_are_kept_and_restarts_forget_nothing() -> None:
    history = lived(*(sample(look * 300.0) for look in range(15 * 288)))
    slots = history.slots()
    assert slots[-1].at - slots[0].at <= KEPT_S
    assert len(slots) > 13 * 288
    again = History.from_dict(history.as_dict())
    assert again.slots() == slots
    assert not again.slots()[0].disturbed


@pytest.mark.parametrize(
    "stored", [{}, {"slots": 3}, {"slots": [[1, 2]]}, {"slots": ["x", None, [None] * 9]}, {"slots": [[nan] * 9]}]
)
def test_what_cannot_be_read_is_left_out(stored: dict[str, Any]) -> None:
    assert History.from_dict(stored).slots() == []


def test_recorded_days_go_before_what_was_seen() -> None:
    history = lived(sample(9000), sample(9900))
    recorded = lived(*(sample(quarter * SLOT_S) for quarter in range(20)))
    history.seed(recorded.slots())
    at = [slot.at - BEGIN for slot in history.slots()]
    assert at == [quarter * SLOT_S for quarter in range(11)]


@given(
    st.lists(st.tuples(st.floats(allow_nan=True), st.floats(allow_nan=True), st.floats(allow_nan=True)), max_size=40)
)
def test_nothing_that_a_sensor_says_breaks_it(rows: list[tuple[float, float, float]]) -> None:
    history = History()
    for at, room_c, power_w in rows:
        history.add(RoomSample(at=at, room_c=room_c, outdoor_c=room_c, power_w=power_w))
    times = [slot.at for slot in history.slots()]
    assert times == sorted(set(times))


def test_weather_that_is_told_anew_changes_the_weather_only() -> None:
    sunny = SunOnWalls(level=100.0, east=10.0, equator=90.0, west=0.0)
    history = lived(*(sample(at, room_c=20.0, outdoor_c=3.0, power_w=900.0) for at in (0.0, 300.0, 600.0, 900.0)))
    history.retell(
        [
            PastSlot(at=BEGIN, room_c=15.0, outdoor_c=-5.0, power_w=None, sun=sunny),
            PastSlot(at=BEGIN + 300.0, room_c=15.0, outdoor_c=None, power_w=None, sun=sunny),
        ]
    )
    assert [(slot.room_c, slot.power_w) for slot in history.slots()] == [(20.0, 900.0)] * 3
    assert [slot.outdoor_c for slot in history.slots()] == [-5.0, 3.0, 3.0]
    assert [slot.sun for slot in history.slots()] == [sunny, sunny, DARK]


def test_after_a_clock_that_was_set_back_it_goes_on_from_there() -> None:
    ahead_s = 365 * 86400.0
    history = lived(sample(ahead_s), sample(ahead_s + 300), sample(ahead_s + 600), sample(0), sample(300), sample(600))
    assert [slot.at for slot in history.slots()] == [BEGIN, BEGIN + 300]
    assert history.add(sample(901))


def test_what_was_stored_by_a_clock_that_was_wrong_keeps_nothing_out() -> None:
    stored = lived(*(sample(365 * 86400.0 + 300 * index) for index in range(5))).as_dict()
    history = History.from_dict(stored)
    history.add(sample(0))
    history.add(sample(300))
    assert [slot.at for slot in history.slots()] == [BEGIN]


@pytest.mark.parametrize("broken_c", [85.0, -127.0, nan])
def test_an_outdoor_temperature_that_no_weather_has_is_not_learned(broken_c: float) -> None:
    history = lived(sample(0, outdoor_c=broken_c), sample(300, outdoor_c=broken_c))
    assert history.slots()[0].outdoor_c is None
