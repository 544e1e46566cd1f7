from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.control.fusion import Fusion, FusionMethod
from custom_components.hashwarm.engine.control.governor import Governor, SafetyLimits, outdoor_c
from custom_components.hashwarm.engine.model.control import Why
from custom_components.hashwarm.engine.model.protocols import TemperatureReading
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus, Telemetry

LIMITS = SafetyLimits()


def reading(celsius, age_s=0.0):
    return TemperatureReading(celsius=celsius, age_s=age_s)


def rule(
    governor,
    sight,
    *,
    now_s=0.0,
    chip_c=None,
    target_c=21.0,
    outdoor_c=None,
    floor_w=400.0,
    breaker_left_w=None,
    power_w=None,
):
    telemetry = Telemetry(at_s=0.0, status=DeviceStatus.RUNNING, chip_c=chip_c, power_w=power_w)
    return governor.rule(
        sight,
        telemetry,
        now_s=now_s,
        target_c=target_c,
        outdoor_c=outdoor_c,
        floor_w=floor_w,
        breaker_left_w=breaker_left_w,
    )


def test_all_well_sets_no_limit():
    governor = Governor(LIMITS)
    ruling = rule(governor, governor.look([reading(20.0)], now_s=0.0))
    assert ruling.why is None
    assert not ruling.urgent


def test_the_second_sensor_takes_over_first():
    governor = Governor(LIMITS)
    assert governor.look([None, reading(19.0)], now_s=0.0).room_c == 19.0
    assert governor.look([reading(20.0, age_s=3601.0), reading(19.5)], now_s=1.0).room_c == 19.5


def test_a_sensor_that_is_gone_is_trusted_for_ten_minutes_more():
    governor = Governor(LIMITS)
    governor.look([reading(20.0)], now_s=0.0)
    assert governor.look([None], now_s=10.0).room_c == 20.0
    assert governor.look([None], now_s=609.0).room_c == 20.0
    assert governor.look([None], now_s=611.0).room_c is None


def test_a_sensor_that_has_not_spoken_since_the_start_is_awaited_for_ten_minutes():
    governor = Governor(LIMITS)
    early = governor.look([None], now_s=50.0)
    assert (early.room_c, early.awaited) == (None, True)
    assert rule(governor, early, outdoor_c=-5.0).why is Why.SENSOR_AWAITED
    late = governor.look([None], now_s=650.0)
    assert (late.room_c, late.awaited) == (None, False)
    assert rule(governor, late).why is Why.SENSOR_STALE_OFF


@pytest.mark.parametrize("celsius", [float("nan"), float("inf"), -273.0, 85.0])
def test_what_cannot_be_a_room_is_no_reading(celsius):
    governor = Governor(LIMITS)
    governor.look([reading(20.0)], now_s=0.0)
    assert governor.look([reading(celsius)], now_s=601.0).room_c == 20.0
    assert governor.look([reading(celsius)], now_s=1300.0).room_c is None


def test_a_frosty_cabin_is_believed():
    assert Governor(LIMITS).look([reading(-12.0)], now_s=0.0).room_c == -12.0


def test_a_stale_sensor_leaves_the_floor_for_two_hours_when_the_room_was_cold():
    governor = Governor(LIMITS)
    governor.look([reading(19.0)], now_s=0.0)
    early = rule(governor, governor.look([reading(19.0, age_s=3601.0)], now_s=10.0))
    assert (early.ceiling_w, early.why, early.urgent) == (400.0, Why.SENSOR_STALE_FLOOR, True)
    late = rule(governor, governor.look([reading(19.0, age_s=9000.0)], now_s=10.0 + 7200.0))
    assert (late.ceiling_w, late.why) == (0.0, Why.SENSOR_STALE_OFF)


def test_a_stale_sensor_switches_off_when_the_room_was_warm():
    governor = Governor(LIMITS)
    governor.look([reading(20.5)], now_s=0.0)
    assert rule(governor, governor.look([reading(20.5, age_s=3601.0)], now_s=10.0)).why is Why.SENSOR_STALE_OFF


def test_frost_outside_gives_a_blind_heater_twenty_minutes_an_hour():
    governor = Governor(LIMITS)
    governor.look([reading(20.5)], now_s=0.0)

    def ruled(now_s):
        return rule(governor, governor.look([reading(20.5, age_s=4000.0)], now_s=now_s), outdoor_c=0.0)

    assert ruled(10.0).why is Why.SENSOR_STALE_FROST
    assert ruled(10.0 + 1201).why is Why.SENSOR_STALE_OFF
    assert ruled(10.0 + 3601).why is Why.SENSOR_STALE_FROST


def test_it_recovers_alone():
    governor = Governor(LIMITS)
    governor.look([reading(20.5)], now_s=0.0)
    governor.look([reading(20.5, age_s=4000.0)], now_s=10.0)
    assert rule(governor, governor.look([reading(20.4)], now_s=20.0)).why is None


def test_a_hot_room_switches_off_and_releases_half_a_kelvin_below():
    governor = Governor(LIMITS)
    assert rule(governor, governor.look([reading(28.0)], now_s=0.0)).why is Why.ROOM_TOO_HOT
    assert rule(governor, governor.look([reading(27.6)], now_s=1.0)).why is Why.ROOM_TOO_HOT
    assert rule(governor, governor.look([reading(27.4)], now_s=2.0)).why is None


def test_a_hot_room_that_goes_blind_follows_the_rule_for_lost_sensors():
    governor = Governor(LIMITS)
    rule(governor, governor.look([reading(29.0)], now_s=0.0))
    assert rule(governor, governor.look([None], now_s=500.0), outdoor_c=-5.0).why is Why.ROOM_TOO_HOT
    assert rule(governor, governor.look([None], now_s=1110.0)).why is Why.SENSOR_STALE_OFF
    assert rule(governor, governor.look([None], now_s=1120.0), outdoor_c=-5.0).why is Why.SENSOR_STALE_FROST


def test_a_hot_chip_switches_off_until_it_has_cooled():
    governor = Governor(LIMITS)
    sight = governor.look([reading(20.0)], now_s=0.0)
    assert rule(governor, sight, chip_c=85.0).why is Why.CHIP_TOO_HOT
    assert rule(governor, sight, chip_c=76.0).why is Why.CHIP_TOO_HOT
    assert rule(governor, sight, chip_c=74.0).why is None


def test_an_unreadable_chip_keeps_its_latch_for_ten_minutes():
    governor = Governor(LIMITS)
    sight = governor.look([reading(20.0)], now_s=0.0)
    rule(governor, sight, chip_c=90.0)
    assert rule(governor, sight, chip_c=None, now_s=1.0).why is Why.CHIP_TOO_HOT
    assert rule(governor, sight, chip_c=None, now_s=602.0).why is None


def test_the_breaker_caps_and_below_the_floor_switches_off():
    governor = Governor(LIMITS)
    sight = governor.look([reading(20.0)], now_s=0.0)
    assert rule(governor, sight, breaker_left_w=700.0).ceiling_w == 700.0
    assert rule(governor, sight, breaker_left_w=300.0).ceiling_w == 0.0
    assert not rule(governor, sight, breaker_left_w=300.0).urgent


@given(
    st.lists(st.none() | st.floats(-50, 90), min_size=1, max_size=30),
    st.none() | st.floats(0, 120),
    st.none() | st.floats(-20, 20),
)
def test_it_never_allows_more_than_the_limit(temperatures, chip_c, outdoor_c):
    governor = Governor(SafetyLimits(power_maximum_w=900.0))
    for index, celsius in enumerate(temperatures):
        seen = None if celsius is None else reading(celsius)
        ruling = rule(governor, governor.look([seen], now_s=300.0 * index), chip_c=chip_c, outdoor_c=outdoor_c)
        assert ruling.ceiling_w <= 900.0


@pytest.mark.parametrize(("celsius", "age_s"), [(-127.0, 0.0), (85.0, 0.0), (float("nan"), 0.0), (-5.0, 11000.0)])
def test_an_outdoor_reading_that_cannot_be_believed_is_none(celsius, age_s):
    assert outdoor_c(reading(celsius, age_s=age_s)) is None
    assert outdoor_c(None) is None
    assert outdoor_c(reading(-5.0, age_s=600.0)) == -5.0


def test_a_jump_is_not_believed_until_it_held_for_ten_minutes():
    governor = Governor(LIMITS)
    governor.look([reading(20.0)], now_s=0.0)
    first = governor.look([reading(12.0)], now_s=60.0)
    assert (first.room_c, first.doubted, first.dropped) == (20.0, True, {0})
    assert governor.look([reading(11.0)], now_s=650.0).room_c == 20.0
    held = governor.look([reading(11.5)], now_s=660.0)
    assert (held.room_c, held.doubted, held.dropped) == (11.5, False, frozenset())


def test_a_sensor_that_leaps_about_is_lost_after_ten_minutes():
    governor = Governor(LIMITS)
    governor.look([reading(20.0)], now_s=0.0)
    for minute in range(1, 11):
        assert governor.look([reading(2.0 + 10.0 * (minute % 2))], now_s=60.0 * minute).room_c == 20.0
    assert governor.look([reading(2.0)], now_s=670.0).room_c is None
    assert governor.look([reading(20.1)], now_s=680.0).room_c == 20.1


def test_a_jump_that_was_a_hiccup_is_forgotten():
    governor = Governor(LIMITS)
    governor.look([reading(20.0)], now_s=0.0)
    governor.look([reading(0.0)], now_s=10.0)
    assert not governor.look([reading(20.1)], now_s=20.0).doubted


def test_a_jump_that_another_sensor_confirms_is_believed_at_once():
    governor = Governor(LIMITS)
    governor.look([reading(20.0), reading(20.5)], now_s=0.0)
    assert governor.look([reading(13.0), reading(14.0)], now_s=60.0).room_c == 13.0


def test_while_a_sensor_is_not_believed_the_second_takes_over():
    governor = Governor(LIMITS)
    governor.look([reading(20.0), reading(20.5)], now_s=0.0)
    sight = governor.look([reading(5.0), reading(20.4)], now_s=60.0)
    assert (sight.room_c, sight.doubted, sight.dropped) == (20.4, False, {0})


def test_what_changed_over_hours_is_no_jump():
    governor = Governor(LIMITS)
    governor.look([reading(20.0)], now_s=0.0)
    # It reports hourly: what counts is the time between its reports, not between our looks.
    governor.look([reading(20.0, age_s=3500.0)], now_s=3500.0)
    assert governor.look([reading(12.0)], now_s=3600.0).room_c == 12.0


def test_a_jump_to_the_room_maximum_switches_off_before_it_is_believed():
    governor = Governor(LIMITS)
    governor.look([reading(20.0)], now_s=0.0)
    sight = governor.look([reading(30.0)], now_s=10.0)
    assert sight.room_c == 20.0
    assert rule(governor, sight).why is Why.ROOM_TOO_HOT


def test_several_sensors_are_joined_and_the_hottest_counts_for_the_room_maximum():
    governor = Governor(SafetyLimits(fusion=Fusion(method=FusionMethod.COLDEST)))
    sight = governor.look([reading(20.0), None, reading(24.0), reading(19.0, age_s=4000.0)], now_s=0.0)
    assert (sight.room_c, sight.hottest_c, sight.dropped) == (20.0, 24.0, {1, 3})
    sight = governor.look([reading(20.0), reading(24.0), reading(28.0)], now_s=1.0)
    assert rule(governor, sight).why is Why.ROOM_TOO_HOT


def test_one_of_three_that_measures_something_else_is_named():
    governor = Governor(SafetyLimits(fusion=Fusion(method=FusionMethod.MEAN)))
    sight = governor.look([reading(20.0), reading(20.0), reading(27.9)], now_s=0.0)
    assert (sight.room_c, sight.dropped) == (20.0, {2})


def test_a_report_from_the_future_is_one_of_now():
    governor = Governor(LIMITS)
    governor.look([reading(20.0, age_s=-500.0)], now_s=0.0)
    assert governor.look([reading(20.2, age_s=-900.0)], now_s=-5.0).room_c == 20.2


def test_the_outlet_caps_and_below_the_floor_switches_off():
    governor = Governor(SafetyLimits(power_maximum_w=700.0))
    sight = governor.look([reading(20.0)], now_s=0.0)
    ruling = rule(governor, sight)
    assert (ruling.ceiling_w, ruling.why, ruling.urgent) == (700.0, Why.OUTLET_LIMIT, False)
    assert rule(governor, sight, floor_w=800.0).ceiling_w == 0.0
    assert rule(governor, sight, breaker_left_w=600.0).why is Why.BREAKER
    assert rule(governor, sight, breaker_left_w=900.0).why is Why.OUTLET_LIMIT


def test_a_device_that_draws_more_than_its_outlet_bears_is_told_less_and_at_last_nothing():
    governor = Governor(SafetyLimits(power_maximum_w=1000.0))
    sight = governor.look([reading(20.0)], now_s=0.0)

    def ceiling_w(now_s, power_w):
        return rule(governor, sight, now_s=now_s, power_w=power_w).ceiling_w

    assert ceiling_w(0.0, 1020.0) == 1000.0
    assert ceiling_w(1000.0, 1100.0) == 1000.0
    assert ceiling_w(1200.0, 990.0) == 1000.0
    assert ceiling_w(1299.0, 1100.0) == 1000.0
    assert ceiling_w(1598.0, 1100.0) == 1000.0
    assert ceiling_w(1600.0, 1100.0) == 900.0
    assert ceiling_w(1700.0, None) == 900.0
    ceiling_w(2000.0, 1600.0)
    assert ceiling_w(2400.0, 1600.0) == 0.0


def test_without_a_limit_of_the_outlet_any_draw_will_do():
    governor = Governor(LIMITS)
    sight = governor.look([reading(20.0)], now_s=0.0)
    for now_s in (0.0, 400.0, 800.0):
        assert rule(governor, sight, now_s=now_s, power_w=9000.0).why is None
