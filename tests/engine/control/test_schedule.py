from datetime import UTC, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.control.schedule import WeeklySchedule, daily, overnight, quiet_hours
from custom_components.hashwarm.engine.model.comfort import Block
from custom_components.hashwarm.engine.model.errors import InvalidValueError

BERLIN = ZoneInfo("Europe/Berlin")
ORDINARY = daily(workday=(time(6), time(22)), weekend=(time(8), time(23, 30)), tz=BERLIN)


def local(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def walk(schedule, begin: str, days: int):
    """Return the changes of some days, in local words."""
    at, changes = local(begin), []
    while (at := schedule.next_change(at)) is not None and at < local(begin) + days * 86400:
        changes.append(datetime.fromtimestamp(at, BERLIN).strftime("%a %H:%M"))
    return changes


def test_workdays_and_weekends_have_times_of_their_own():
    assert walk(ORDINARY, "2026-11-19T12:00", 4) == [
        "Thu 22:00",
        "Fri 06:00",
        "Fri 22:00",
        "Sat 08:00",
        "Sat 23:30",
        "Sun 08:00",
        "Sun 23:30",
        "Mon 06:00",
    ]
    assert ORDINARY.comfort_at(local("2026-11-20T06:00"))
    assert not ORDINARY.comfort_at(local("2026-11-20T22:00"))
    assert not ORDINARY.comfort_at(local("2026-11-21T07:59"))


def test_a_day_of_23_hours_and_one_of_25_keep_to_the_clock_on_the_wall():
    assert walk(ORDINARY, "2026-03-28T12:00", 2) == ["Sat 23:30", "Sun 08:00", "Sun 23:30", "Mon 06:00"]
    assert ORDINARY.next_change(local("2026-03-28T23:30")) - local("2026-03-28T23:30") == 7.5 * 3600
    assert walk(ORDINARY, "2026-10-24T12:00", 2) == ["Sat 23:30", "Sun 08:00", "Sun 23:30", "Mon 06:00"]
    assert ORDINARY.next_change(local("2026-10-24T23:30")) - local("2026-10-24T23:30") == 9.5 * 3600


def test_a_time_that_the_clock_skips_or_shows_twice_loses_no_block():
    night = WeeklySchedule((Block(weekday=6, begin=time(2, 30), end=time(5)),), BERLIN)
    # In spring 02:30 never comes: the block begins at 03:30 and is an hour shorter.
    begin = night.next_change(local("2026-03-29T00:00"))
    assert (begin, night.next_change(begin)) == (local("2026-03-29T03:30"), local("2026-03-29T05:00"))
    assert not night.comfort_at(local("2026-03-29T03:00"))
    # In autumn it comes twice: the block begins at the first.
    begin = night.next_change(local("2026-10-25T00:00"))
    assert night.next_change(begin) - begin == 3.5 * 3600


def test_a_time_past_midnight_belongs_to_the_day_it_began():
    late = daily(workday=(time(18), time(1)), weekend=(time(18), time(18)), tz=BERLIN)
    assert late.comfort_at(local("2026-11-21T00:59"))
    assert not late.comfort_at(local("2026-11-21T01:00"))
    # Saturday's and Sunday's last until 18:00 of the day after, where the next one goes on.
    assert walk(late, "2026-11-21T12:00", 3) == ["Sat 18:00", "Tue 01:00"]


def test_blocks_that_touch_are_one():
    touching = WeeklySchedule(
        (Block(weekday=0, begin=time(20), end=None), Block(weekday=1, begin=time.min, end=time(6))), BERLIN
    )
    assert walk(touching, "2026-11-23T12:00", 2) == ["Mon 20:00", "Tue 06:00"]


def test_a_schedule_that_never_changes_has_no_next_change():
    assert WeeklySchedule((), BERLIN).next_change(local("2026-11-23T12:00")) is None
    always = WeeklySchedule(tuple(Block(weekday=day, begin=time.min, end=None) for day in range(7)), BERLIN)
    assert always.comfort_at(local("2026-11-23T12:00"))
    assert always.next_change(local("2026-11-23T12:00")) is None


@pytest.mark.parametrize(
    ("weekday", "begin", "end"),
    [(7, time(6), time(8)), (-1, time(6), None), (0, time(8), time(8)), (0, time(9), time(8))],
)
def test_what_is_no_block_is_refused(weekday, begin, end):
    with pytest.raises(InvalidValueError):
        Block(weekday=weekday, begin=begin, end=end)


def test_a_time_that_ends_when_it_begins_lasts_a_day():
    assert overnight(6, time(6), time(6)) == [
        Block(weekday=6, begin=time(6), end=None),
        Block(weekday=0, begin=time.min, end=time(6)),
    ]
    assert overnight(6, time(6), time.min) == [Block(weekday=6, begin=time(6), end=None)]


def test_quiet_hours_are_a_limit_and_outside_of_them_there_is_none():
    quiet = quiet_hours(time(22), time(6), 500.0, BERLIN)
    assert quiet.ceiling_at(local("2026-11-21T23:00")) == 500.0
    assert quiet.ceiling_at(local("2026-11-22T05:59")) == 500.0
    assert quiet.ceiling_at(local("2026-11-22T06:00")) is None


@given(
    st.integers(0, 366 * 24 * 4),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1439)), min_size=1, max_size=5),
)
def test_between_two_changes_nothing_changes(quarter, spans):
    blocks = []
    for weekday, begin_min, length_min in spans:
        begin, end = time(begin_min // 60, begin_min % 60), min(begin_min + length_min, 1440)
        blocks.append(Block(weekday=weekday, begin=begin, end=time(end // 60, end % 60) if end < 1440 else None))
    schedule = WeeklySchedule(tuple(blocks), BERLIN)
    at = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + 900.0 * quarter
    edges = [at]
    for _ in range(3):
        change = schedule.next_change(edges[-1])
        if change is not None:
            edges.append(change)
    for before, after in pairwise(edges):
        assert schedule.comfort_at(before) is not schedule.comfort_at(after)
        assert schedule.comfort_at(before) is schedule.comfort_at((before + after) / 2)
        assert schedule.comfort_at(before) is schedule.comfort_at(after - 1)
