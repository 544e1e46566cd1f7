"""What a setting draws: nominal, learned, within a person's limits, in both directions."""

from dataclasses import replace
import json
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.miners.abilities import capabilities_of
from custom_components.hashwarm.engine.miners.curve import PowerCurve
from custom_components.hashwarm.engine.miners.driver import PowerLevel
from custom_components.hashwarm.engine.miners.learning import Learner
from custom_components.hashwarm.engine.miners.limits import Limits
from custom_components.hashwarm.engine.miners.wishes import Wishes
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from tests.thorough import examples

from .fake_driver import PAUSED, levels, make_profile, make_reading

THREE = levels(800.0, 1200.0, 1600.0)
ENDS = (
    PowerLevel(setting=20.0, label="20 %", power_w=600.0),
    PowerLevel(setting=60.0, label="60 %", power_w=1500.0),
    PowerLevel(setting=100.0, label="100 %", power_w=3000.0),
)
MODES = (PowerLevel(setting=3.0, label="low", power_w=2400.0), PowerLevel(setting=0.0, label="normal", power_w=3200.0))


def presets(stored: Any = None, **limits: float) -> PowerCurve:
    return PowerCurve(THREE, None, Limits(**limits), stored)


def percent(stored: Any = None, **limits: float) -> PowerCurve:
    return PowerCurve(ENDS, 1.0, Limits(**limits), stored)


def teach(curve: PowerCurve, setting: float, power_w: float, times: int = 3) -> None:
    for _ in range(times):
        curve.learn(setting, power_w, power_w * 1e9)


def powers(curve: PowerCurve) -> list[float]:
    return [level.power_w for level in curve.levels]


def test_the_highest_level_that_draws_no_more():
    curve = presets()
    assert [curve.setting(w) for w in (100.0, 800.0, 1190.0, 1199.9, 1200.0, 9e9)] == [0.0, 0.0, 0.0, 1.0, 1.0, 2.0]


@settings(max_examples=examples(200), deadline=None)
@given(st.floats(600.0, 3000.0), st.lists(st.tuples(st.floats(20.0, 100.0), st.floats(0.5, 1.5)), max_size=8))
def test_a_step_of_a_continuous_setting_is_never_above_the_power_asked(
    power_w: float, lessons: list[tuple[float, float]]
):
    curve = percent()
    for setting, ratio in lessons:
        teach(curve, setting, ratio * (PowerCurve(ENDS, 1.0, Limits()).power_w(setting) or 0.0))
    setting = curve.setting(power_w)
    assert setting == round(setting)
    drawn_w = curve.power_w(setting)
    assert drawn_w is not None
    assert drawn_w <= max(power_w, curve.levels[0].power_w) + 0.01
    above_w = curve.power_w(setting + 1.0)
    assert above_w is None or above_w > power_w - 0.01, "the next step would have been too much"
    assert powers(curve) == sorted(powers(curve))


@given(
    st.floats(0.0, 4000.0), st.one_of(st.none(), st.floats(0.0, 4000.0)), st.one_of(st.none(), st.floats(0.0, 4000.0))
)
def test_limits_are_kept_by_every_kind_of_curve(power_w: float, low_w: float | None, high_w: float | None):
    for curve in (
        PowerCurve(THREE, None, Limits(minimum_w=low_w, maximum_w=high_w)),
        PowerCurve(ENDS, 1.0, Limits(minimum_w=low_w, maximum_w=high_w)),
    ):
        drawn_w = curve.power_w(curve.setting(power_w))
        assert drawn_w is not None
        lowest_w = curve.power_w(curve.levels[0].setting)
        assert high_w is None or drawn_w <= max(high_w, lowest_w or 0.0) + 0.01
        assert powers(curve) == sorted(set(powers(curve)))


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ({}, [800.0, 1200.0, 1600.0]),
        ({"minimum_w": 900.0}, [1200.0, 1600.0]),
        ({"maximum_w": 1300.0}, [800.0, 1200.0]),
        ({"minimum_w": 1250.0, "maximum_w": 1550.0}, [1200.0]),
        ({"maximum_w": 100.0}, [800.0]),
        ({"minimum_w": 9000.0}, [1600.0]),
        ({"minimum_w": 1500.0, "maximum_w": 900.0}, [800.0]),
    ],
)
def test_limits_never_leave_nothing(limits: dict[str, float], left: list[float]):
    assert powers(presets(**limits)) == left


def test_limits_cut_a_continuous_curve_on_whole_steps_inside():
    curve = percent(minimum_w=700.0, maximum_w=2000.0)
    assert curve.levels[0].setting == 25.0
    assert curve.levels[-1].setting == 73.0
    assert curve.levels[0].power_w == pytest.approx(712.5)
    assert curve.levels[-1].power_w == pytest.approx(1987.5)
    assert curve.setting(100.0) == 25.0
    assert curve.setting(9000.0) == 73.0
    assert [level.setting for level in percent(minimum_w=9e3).levels] == [100.0]


def test_what_a_device_does_outside_of_the_limits_teaches_nothing_wrong():
    curve = presets(maximum_w=1000.0)
    teach(curve, 2.0, 1610.0)
    assert powers(curve) == [pytest.approx(800.0 * 1610 / 1600)]
    assert curve.power_w(2.0) == pytest.approx(1610.0)


def test_what_was_learned_outlives_other_limits_and_a_restart():
    curve = percent(maximum_w=2000.0)
    teach(curve, 60.0, 1650.0)
    kept = json.loads(json.dumps(curve.as_dict()))
    again = percent(kept, minimum_w=1000.0)
    assert again.power_w(60.0) == pytest.approx(1650.0)
    assert again.learned_at(60.0)
    assert not again.learned_at(100.0)


def test_three_samples_are_learned_and_fewer_are_not():
    curve = presets()
    teach(curve, 1.0, 1300.0, times=2)
    assert powers(curve) == [800.0, 1200.0, 1600.0]
    teach(curve, 1.0, 1300.0, times=1)
    assert powers(curve)[1] == pytest.approx(1300.0)
    assert curve.levels[1].hash_rate_hs == pytest.approx(1.3e12)


def test_levels_never_fall_when_the_measured_do():
    curve = presets()
    teach(curve, 0.0, 1590.0)
    teach(curve, 2.0, 1500.0)
    assert powers(curve) == sorted(powers(curve))
    assert curve.setting(1590.0) == 0.0


def test_two_settings_of_the_same_watts_are_shown_as_they_are():
    curve = PowerCurve(levels(800.0, 800.0, 1600.0), None, Limits())
    assert powers(curve) == [800.0, 800.0, 1600.0]
    assert [curve.power_w(setting) for setting in (0.0, 1.0)] == [800.0, 800.0]
    assert curve.setting(800.0) == 1.0
    assert curve.setting(700.0) == 0.0


@pytest.mark.parametrize("power_w", [1.0, 99_999.0])
def test_the_unbelievable_is_not_learned(power_w: float):
    curve = presets()
    teach(curve, 0.0, power_w)
    assert not curve.learned_at(0.0)


def test_a_setting_that_is_no_level_stands_for_nothing_or_for_what_lies_between():
    curve = presets()
    assert curve.power_w(7.0) is None
    assert curve.label(7.0) is None
    assert curve.power_w(0.5) == pytest.approx(1000.0)
    assert curve.label(0.5) == "0.5"
    assert curve.label(1.0) == "level 1"
    assert curve.hash_rate_hs(0.5) == pytest.approx(1e12)
    teach(curve, 0.5, 1000.0)
    assert curve.as_dict() == {}
    assert percent().label(33.0) == "33"
    assert percent().hash_rate_hs(33.0) is None
    teach(continuous := percent(), 120.0, 3000.0)
    assert continuous.as_dict() == {}


def test_modes_whose_numbers_fall_have_nothing_between():
    curve = PowerCurve(MODES, None, Limits())
    assert [curve.setting(w) for w in (2400.0, 3200.0)] == [3.0, 0.0]
    assert (curve.power_w(3.0), curve.power_w(0.0), curve.power_w(1.0)) == (2400.0, 3200.0, None)
    teach(curve, 3.0, 2500.0)
    assert curve.power_w(3.0) == pytest.approx(2500.0)


def test_a_continuous_setting_that_falls_with_the_power_is_rounded_to_less_power():
    falling = (PowerLevel(setting=100.0, label="", power_w=500.0), PowerLevel(setting=0.0, label="", power_w=1500.0))
    curve = PowerCurve(falling, 10.0, Limits(maximum_w=1290.0))
    assert curve.setting(1199.0) == 40.0
    assert curve.power_w(40.0) == pytest.approx(1100.0)
    assert curve.levels[-1].setting == 30.0
    teach(curve, 50.0, 1000.0)
    assert curve.learned_at(50.0)


def test_a_curve_of_one_point_works():
    curve = PowerCurve((PowerLevel(setting=5.0, label="on", power_w=100.0),), 1.0, Limits())
    assert curve.setting(70.0) == 5.0
    teach(curve, 5.0, 120.0)
    assert curve.power_w(5.0) == pytest.approx(120.0)


@pytest.mark.parametrize(
    "kept", [[1.0], "x", None, [float("nan"), None, 3], [1.1, None, 0], [9.0, None, 5], ["a", None, 5], 7]
)
@pytest.mark.parametrize("place", ["1.0", "77", "x"])
def test_what_cannot_be_read_is_not_learned(place: str, kept: Any):
    assert powers(presets({place: kept})) == [800.0, 1200.0, 1600.0]


def test_a_level_that_firmware_gave_up_is_forgotten():
    assert presets({"9.0": [1.5, None, 9]}).as_dict() == {}


class Learning:
    """A learner with a clock."""

    def __init__(self, **changes: Any) -> None:
        self.now = 0.0
        profile = make_profile(**changes)
        self.learner = Learner(profile, PowerCurve(profile.levels, None, Limits()), interval_s=10.0, idle_w=None)

    def sees(self, power_w: float | None, times: int = 1, *, metered: bool = False, **changes: Any) -> None:
        for _ in range(times):
            self.now += 10.0
            self.learner.take(make_reading(**changes), power_w, self.now, metered=metered)

    def rests(self, power_w: float, times: int = 9) -> float | None:
        for _ in range(times):
            self.now += 10.0
            self.learner.take(PAUSED, power_w, self.now, metered=False)
        return self.learner.idle_w


def test_only_a_device_that_runs_steadily_for_long_enough_teaches():
    learning = Learning()
    learning.sees(820.0, times=6)
    assert not learning.learner.curve.learned_at(0.0)
    learning.sees(820.0)
    assert learning.learner.curve.learned_at(0.0)


def test_a_power_that_still_moves_teaches_nothing():
    learning = Learning()
    for step in range(24):
        learning.sees(400.0 + 100.0 * step)
    assert learning.learner.curve.as_dict() == {}


def test_a_meter_is_given_time():
    learning = Learning()
    learning.sees(820.0, times=16, metered=True)
    assert learning.learner.curve.as_dict() == {}
    learning.sees(820.0, times=3, metered=True)
    assert learning.learner.curve.learned_at(0.0)


@pytest.mark.parametrize(
    "changes",
    [{"status": DeviceStatus.TUNING}, {"status": DeviceStatus.THROTTLED}, {"setting": None}, {"hash_rate_hs": 0.0}],
)
def test_other_states_teach_nothing(changes: dict[str, Any]):
    learning = Learning()
    learning.sees(820.0, times=30, **changes)
    learning.sees(None, times=30)
    assert learning.learner.curve.as_dict() == {}


def test_what_is_drawn_at_rest_is_learned_unless_it_is_no_rest():
    assert Learning().rests(25.0) == 25.0
    assert Learning().rests(790.0) is None, "a device that heats on while it claims to rest must not be excused"


def test_the_same_power_keeps_its_setting_while_the_curve_is_learned():
    profile = make_profile(levels=ENDS, step=1.0, control=ControlKind.PERCENT, write_interval_s=60.0)
    curve = PowerCurve(ENDS, 1.0, Limits())
    wishes = Wishes(profile, curve, now_s=0.0)
    first = wishes.wanted(1500.0, 0.0, can_rest=True)
    assert first.setting == 60.0
    teach(curve, 60.0, 1520.0)
    assert wishes.wanted(1500.0, 1000.0, can_rest=True) == first, "two per cent are no reason to write"
    teach(curve, 60.0, 1700.0, times=9)
    assert wishes.wanted(1500.0, 59.0, can_rest=True) == first, "too early"
    corrected = wishes.wanted(1500.0, 61.0, can_rest=True)
    assert corrected.setting is not None
    assert corrected.setting < 60.0
    again = Wishes(profile, curve, now_s=0.0, stored=wishes.as_dict())
    assert again.wanted(1500.0, 0.0, can_rest=True) == corrected
    assert again.wanted(1000.0, 0.0, can_rest=True).setting == curve.setting(1000.0)
    assert again.wanted(0.0, 0.0, can_rest=True).paused
    assert again.wanted(0.0, 0.0, can_rest=False) == again.lowest


def test_a_kept_setting_that_the_limits_forbid_is_given_up():
    profile = make_profile(levels=ENDS, step=1.0)
    stored = {"power_w": 1500.0, "setting": 90.0}
    wishes = Wishes(profile, PowerCurve(ENDS, 1.0, Limits(maximum_w=1500.0)), now_s=0.0, stored=stored)
    assert wishes.wanted(1500.0, 0.0, can_rest=True).setting == 60.0


def test_what_the_shaper_is_told():
    profile = make_profile(starts_per_day=None, minimum_on_s=60.0, power_source=None)
    told = capabilities_of(profile, THREE, idle_w=None, metered=False, interval_s=10.0, plug_only=False)
    assert told.levels_w == (800.0, 1200.0, 1600.0)
    assert (told.floor_w, told.maximum_w, told.step_w, told.power_source) == (800.0, 1600.0, 0.0, None)
    assert told.idle_w == pytest.approx(48.0)
    plug = capabilities_of(profile, THREE, idle_w=9.0, metered=True, interval_s=10.0, plug_only=True)
    assert (plug.minimum_on_s, plug.minimum_off_s, plug.starts_per_day, plug.idle_w) == (1800.0, 900.0, 6, 0.0)
    assert plug.power_source is PowerSource.METERED
    few = replace(profile, starts_per_day=4)
    assert capabilities_of(few, THREE, idle_w=9.0, metered=True, interval_s=10.0, plug_only=True).starts_per_day == 4
    continuous = replace(profile, levels=ENDS, step=1.0)
    steps = capabilities_of(continuous, ENDS, idle_w=9.0, metered=False, interval_s=10.0, plug_only=False)
    assert (steps.levels_w, steps.step_w, steps.idle_w) == ((), 30.0, 9.0)
    one = capabilities_of(continuous, ENDS[:1], idle_w=9.0, metered=False, interval_s=10.0, plug_only=False)
    assert one.step_w == 0.0
