from datetime import datetime, time
from math import nan
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.control import (
    Comfort,
    ComfortOptions,
    Facts,
    HeaterSettings,
    RoomResponse,
    Source,
    daily,
    quiet_hours,
)
from custom_components.hashwarm.engine.control.comfort import ComfortMoment
from custom_components.hashwarm.engine.control.preheat import (
    FASTEST_K_PER_H,
    LONGEST_LEAD_S,
    SLOWEST_K_PER_H,
    HeatingRate,
    preheat_start,
)
from custom_components.hashwarm.engine.model.control import Preset
from custom_components.hashwarm.engine.model.errors import InvalidValueError

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = daily(workday=(time(6), time(22)), weekend=(time(8), time(23)), tz=BERLIN)


def local(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


NOON, EVENING, NIGHT = local("2026-11-20T12:00"), local("2026-11-20T22:00"), local("2026-11-20T23:00")
MORNING = local("2026-11-21T08:00")


class House:
    """A person's wishes and what the house tells, on a Friday at noon."""

    def __init__(self, schedule=DAYS, **options) -> None:
        self.settings = HeaterSettings(on=True)
        self.comfort = Comfort(self.settings, ComfortOptions(**options), Facts(schedule=schedule))
        self.room_c, self.power_share, self.preheats = 19.0, None, True
        self.now = NOON

    def at(self, now: float):
        self.now = now
        return self.comfort.step(
            ComfortMoment(
                now=now, now_s=now - NOON, room_c=self.room_c, power_share=self.power_share, preheats=self.preheats
            )
        )

    def choose(self, preset) -> None:
        self.comfort.choose_preset(preset, now=self.now)

    def turn_to(self, target_c: float) -> None:
        self.comfort.choose_target(target_c, now=self.now)


@pytest.fixture
def house():
    return House()


@pytest.fixture
def plain():
    return House(schedule=None)


def told(in_force):
    return in_force.target_c, in_force.preset, in_force.source, in_force.until


def test_the_schedule_gives_two_temperatures(house):
    assert told(house.at(NOON)) == (21.0, Preset.COMFORT, Source.SCHEDULE, EVENING)
    assert told(house.at(NIGHT)) == (19.0, Preset.ECO, Source.SCHEDULE, MORNING)


def test_a_target_by_hand_holds_until_the_schedule_changes(house):
    house.at(NOON)
    house.turn_to(22.5)
    assert told(house.at(NOON + 60)) == (22.5, None, Source.HAND, EVENING)
    assert told(house.at(EVENING)) == (19.0, Preset.ECO, Source.SCHEDULE, MORNING)
    assert house.settings.by_hand is False


def test_without_a_schedule_a_target_by_hand_has_no_end(plain):
    plain.turn_to(22.5)
    assert told(plain.at(NOON + 9e6)) == (22.5, None, Source.HAND, None)


@pytest.mark.parametrize("preset", [Preset.AWAY, Preset.FROST])
def test_who_leaves_for_longer_is_left_alone_by_the_schedule(house, preset):
    house.choose(preset)
    assert house.at(NOON + 5e6).preset is preset
    house.choose(None)
    assert house.at(NOON + 5e6).source is Source.SCHEDULE


def test_a_preset_by_hand_holds_until_the_schedule_changes(house):
    house.choose(Preset.SLEEP)
    assert told(house.at(NOON)) == (18.0, Preset.SLEEP, Source.HAND, EVENING)
    assert house.at(EVENING).source is Source.SCHEDULE


def test_none_of_the_presets_without_a_schedule_keeps_the_target(plain):
    plain.turn_to(20.5)
    plain.choose(None)
    assert told(plain.at(NOON)) == (20.5, None, Source.HAND, None)


def test_a_boost_ends_with_what_was_before(house):
    house.choose(Preset.AWAY)
    house.choose(Preset.BOOST)
    house.choose(Preset.BOOST)
    assert told(house.at(NOON + 10)) == (23.0, Preset.BOOST, Source.BOOST, NOON + 3600)
    assert house.at(NOON + 3600).preset is Preset.AWAY
    assert house.settings.after is None


def test_a_boost_over_a_change_of_the_schedule_ends_with_the_schedule(house):
    house.now = EVENING - 1800
    house.turn_to(22.0)
    house.choose(Preset.BOOST)
    assert house.at(EVENING + 1799).source is Source.BOOST
    assert told(house.at(EVENING + 1800)) == (19.0, Preset.ECO, Source.SCHEDULE, MORNING)


def test_a_boost_whose_clock_was_set_back_or_that_has_no_end_lasts_no_longer(plain):
    plain.choose(Preset.BOOST)
    assert plain.at(NOON - 9e5).until == NOON - 9e5 + 3600
    plain.settings.until = plain.settings.after = None
    plain.at(NOON)
    assert told(plain.at(NOON + 3600)) == (21.0, Preset.COMFORT, Source.HAND, None)


def test_a_target_that_happens_to_be_that_of_a_boost_is_none(plain):
    plain.turn_to(23.0)
    assert told(plain.at(NOON + 9e5)) == (23.0, None, Source.HAND, None)
    plain.turn_to(18.0)
    assert plain.at(NOON).preset is Preset.SLEEP


@pytest.mark.parametrize("target_c", [15.9, 24.1, nan])
def test_a_child_cannot_leave_the_limits(target_c):
    house = House(lowest_c=16.0, highest_c=24.0)
    with pytest.raises(InvalidValueError):
        house.turn_to(target_c)
    assert house.settings == HeaterSettings(on=True)
    house.turn_to(16.0)
    house.turn_to(24.0)


def test_nobody_at_home_lowers_after_a_while_and_back_is_comfort_at_once(house):
    house.comfort.facts.home = False
    assert house.at(NOON).target_c == 21.0
    assert house.at(NOON + 1799).target_c == 21.0
    assert told(house.at(NOON + 1800)) == (16.0, Preset.AWAY, Source.NOBODY_HOME, None)
    house.comfort.facts.home = True
    assert house.at(NOON + 1810).target_c == 21.0


def test_presence_that_is_unknown_counts_as_somebody(house):
    house.comfort.facts.home = False
    house.at(NOON)
    house.comfort.facts.home = None
    assert house.at(NOON + 7200).target_c == 21.0


def test_what_was_chosen_since_they_left_counts_more(house):
    house.comfort.facts.home = False
    house.at(NOON)
    house.now = NOON + 3600
    house.turn_to(20.0)
    assert told(house.at(NOON + 3601)) == (20.0, None, Source.HAND, EVENING)
    assert house.at(EVENING).source is Source.NOBODY_HOME


def test_what_was_chosen_before_they_left_does_not(plain):
    plain.turn_to(22.0)
    plain.comfort.facts.home = False
    plain.at(NOON + 1)
    assert plain.at(NOON + 1801).source is Source.NOBODY_HOME


def test_who_wanted_it_colder_than_away_gets_it_colder(plain):
    plain.turn_to(12.0)
    plain.comfort.facts.home = False
    plain.at(NOON + 1)
    assert told(plain.at(NOON + 1801)) == (12.0, None, Source.HAND, None)


def test_absence_survives_a_restart_and_a_clock_set_back_begins_it_anew(house):
    house.comfort.facts.home = False
    house.at(NOON)
    later = House()
    later.comfort.resume(house.comfort.as_dict())
    later.comfort.facts.home = False
    assert later.at(NOON + 1800).source is Source.NOBODY_HOME
    assert later.at(NOON - 9e5).source is Source.SCHEDULE


@pytest.mark.parametrize("stored", [{}, {"absent_since": "x", "rate_k_per_h": nan}, {"absent_since": nan}])
def test_what_cannot_be_read_is_forgotten(house, stored):
    before = house.comfort.as_dict()
    house.comfort.resume(stored)
    assert house.comfort.as_dict() == before


def test_an_open_window_leaves_frost_protection_only(house):
    house.comfort.facts.window_open = True
    assert house.at(NOON).target_c == 21.0
    assert told(house.at(NOON + 60)) == (7.0, Preset.FROST, Source.WINDOW_OPEN, None)
    assert house.comfort.wish_at(NOON + 60).target_c == 7.0
    assert house.comfort.wish_at(NOON + 60 + 900).target_c == 21.0
    house.comfort.facts.window_open = None
    assert house.at(NOON + 61).target_c == 21.0


def test_no_target_is_under_frost_protection(plain):
    plain.turn_to(5.0)
    assert plain.at(NOON).target_c == 7.0
    assert plain.at(NOON).frost_c == 7.0


def test_the_wish_to_come_follows_schedule_boost_and_absence(house):
    house.at(NOON)
    tonight, tomorrow = house.comfort.wish_at(NIGHT), house.comfort.wish_at(MORNING)
    assert (tonight.target_c, tonight.comfort) == (19.0, False)
    assert (tomorrow.target_c, tomorrow.coldest_c, tomorrow.warmest_c, tomorrow.comfort) == (21.0, 20.5, 21.5, True)
    house.choose(Preset.BOOST)
    assert house.comfort.wish_at(NOON + 3599).target_c == 23.0
    assert house.comfort.wish_at(NOON + 3600).target_c == 21.0
    house.choose(Preset.COMFORT)
    house.comfort.facts.home = False
    house.at(NOON)
    assert house.comfort.wish_at(NOON + 1700).target_c == 21.0
    assert house.comfort.wish_at(NIGHT).target_c == 16.0


def test_it_preheats_so_that_the_room_is_warm_in_time_and_does_not_hesitate(house):
    house.settings.preheat = True
    house.at(EVENING)
    # Two K at 1 K/h take two hours.
    assert house.at(MORNING - 7201).source is Source.SCHEDULE
    assert told(house.at(MORNING - 7200)) == (21.0, Preset.COMFORT, Source.PREHEAT, MORNING)
    house.room_c = 20.9
    assert house.at(MORNING - 3600).source is Source.PREHEAT
    assert house.at(MORNING).source is Source.SCHEDULE


@pytest.mark.parametrize("reason", ["planner", "blind", "hand", "away", "off"])
def test_it_does_not_preheat(house, reason):
    house.settings.preheat = reason != "off"
    house.preheats = reason != "planner"
    house.room_c = None if reason == "blind" else 19.0
    house.comfort.facts.home = reason != "away"
    house.at(EVENING)
    if reason == "hand":
        house.choose(Preset.ECO)
    assert house.at(MORNING - 60).source is not Source.PREHEAT


def test_quiet_hours_are_told():
    assert House().comfort.ceiling_at(NIGHT) is None
    quiet = House(quiet=quiet_hours(time(22), time(6), 300.0, BERLIN))
    assert quiet.comfort.ceiling_at(NIGHT) == 300.0
    assert quiet.comfort.ceiling_at(NOON) is None
    assert quiet.comfort.next_change(NOON) == EVENING


@given(st.floats(-20, 40), st.floats(5, 30), st.floats(allow_nan=True, allow_infinity=True))
def test_preheating_never_begins_late_or_too_early(room_c, target_c, rate):
    start = preheat_start(comfort_at=MORNING, room_c=room_c, target_c=target_c, rate_k_per_h=rate)
    assert MORNING - LONGEST_LEAD_S <= start <= MORNING


def test_the_rate_is_learned_from_long_runs_at_full_power_only():
    rate = HeatingRate(k_per_h=1.0)

    def run(seconds, rise_k, share=1.0, begin_s=0.0):
        for step in range(11):
            now_s = begin_s + seconds * step / 10
            rate.step(now_s=now_s, room_c=18.0 + rise_k * step / 10, power_share=share)
        rate.step(now_s=begin_s + seconds + 1, room_c=18.0, power_share=0.0)

    run(800, 2.0)
    run(3600, 0.1)
    run(3600, 2.0, share=0.5)
    run(3600, 2.0, share=None)
    assert rate.k_per_h == 1.0
    run(3600, 2.0)
    assert rate.k_per_h == pytest.approx(1.3)
    for _ in range(40):
        run(3600, 60.0)
    assert rate.k_per_h == FASTEST_K_PER_H
    for _ in range(60):
        run(10 * 3600, 0.3)
    assert rate.k_per_h == SLOWEST_K_PER_H
    rate.step(now_s=100.0, room_c=18.0, power_share=1.0)
    run(800, 2.0, begin_s=-5000.0)
    assert rate.k_per_h == SLOWEST_K_PER_H


def test_the_first_guess_of_the_rate_follows_the_room():
    box = Comfort(HeaterSettings(), response=RoomResponse.BOX)
    assert box.as_dict()["rate_k_per_h"] > Comfort(HeaterSettings()).as_dict()["rate_k_per_h"]
