"""Power into energy: exact, gap-safe, and never from a wish."""

from fractions import Fraction
import math

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.money.meter import HeaterSample, Meter, counter_growth

KWH = 3_600_000_000


def sample(at_s, power_w=None, **fields):
    return HeaterSample(at_s=at_s, power_w=power_w, **fields)


def feed(samples, meter=None):
    meter = meter or Meter()
    return [step for step in map(meter.add, samples) if step is not None]


def test_a_kilowatt_for_an_hour_is_a_kilowatt_hour():
    steps = feed([sample(s, 1000) for s in range(3601)])
    assert sum(step.energy_mj for step in steps) == KWH
    assert sum(step.length_ms for step in steps) == 3_600_000


@given(st.lists(st.tuples(st.integers(1, 60_000), st.none() | st.floats(0, 20_000)), min_size=2, max_size=60))
def test_energy_is_the_integral_over_measured_time(pairs):
    at_ms, samples, previous = 0, [], None
    exact, unmeasured = Fraction(0), 0
    for dt_ms, power in pairs:
        at_ms += dt_ms
        samples.append(sample(at_ms / 1000, power))
        if previous is not None:
            if power is None or previous[0] is None or dt_ms > 30_000:
                unmeasured += dt_ms
            else:
                exact += Fraction(round(power * 1e6) + round(previous[0] * 1e6), 2) * dt_ms / 1_000_000
        previous = (power,)
    steps = feed(samples)
    assert sum(step.energy_mj for step in steps) == math.floor(exact)
    assert sum(step.unmeasured_ms for step in steps) == unmeasured
    assert sum(step.length_ms for step in steps) == sum(dt for dt, _ in pairs[1:])
    assert all(step.energy_mj == 0 for step in steps if step.unmeasured_ms)


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -1, 2e6])
def test_what_is_no_power_is_unmeasured(bad):
    steps = feed([sample(0, 500), sample(1, bad), sample(2, 500), sample(3, 500)])
    assert [step.unmeasured_ms for step in steps] == [1000, 1000, 0]
    assert sum(step.energy_mj for step in steps) == 500_000


def test_samples_that_are_not_newer_are_passed_over():
    steps = feed([sample(10, 100), sample(10, 9999), sample(5, 9999), sample(11, 100)])
    assert [(step.length_ms, step.energy_mj) for step in steps] == [(1000, 100_000)]


def test_a_gap_is_unmeasured_unless_the_device_counted():
    assert [(s.energy_mj, s.unmeasured_ms, s.gap) for s in feed([sample(0, 100), sample(31, 100)])] == [
        (0, 31_000, True)
    ]
    counted = feed([sample(0, 100, energy_mj=5), sample(3600, 100, energy_mj=5 + KWH)])
    assert [(s.energy_mj, s.unmeasured_ms, s.gap) for s in counted] == [(KWH, 0, True)]


def test_a_counter_that_went_away_does_not_count_twice():
    steps = feed(
        [
            sample(0, 1000, energy_mj=0),
            sample(10, 1000, energy_mj=10_000_000),
            sample(20, 1000),
            sample(30, 1000),
            sample(40, 1000, energy_mj=40_500_000),
            sample(50, 1000, energy_mj=50_000_000),
        ]
    )
    assert sum(step.energy_mj for step in steps) == 50_000_000


def test_the_first_reading_of_a_counter_takes_nothing_from_the_second():
    steps = feed([sample(0, 1000), sample(10, 1000, energy_mj=7), sample(20, 1000, energy_mj=10_000_007)])
    assert [step.energy_mj for step in steps] == [10_000_000, 10_000_000]


@pytest.mark.parametrize("after", [3, 2 * KWH])
def test_a_counter_that_was_reset_or_jumps_is_not_believed(after):
    steps = feed(
        [sample(0, 1000, energy_mj=5), sample(10, 1000, energy_mj=after), sample(20, 1000, energy_mj=after + 7)]
    )
    assert [step.energy_mj for step in steps] == [10_000_000, 7]
    assert feed([sample(0, 1, energy_mj=-5), sample(1, 1, energy_mj=-9)])[0].energy_mj == 1000


def test_growth_of_a_counter_has_limits():
    assert counter_growth(0, KWH, 1) == KWH
    assert counter_growth(0, KWH + 100_001, 1) is None
    assert counter_growth(1, 0, 1000) is None


def test_share_work_counts_over_sessions_and_never_from_before_the_first_sample():
    counts = [500, 600, 600, 50, None, 70, -1, 2**80]
    steps = feed([sample(second, 1, share_work=count, hashes=count) for second, count in enumerate(counts)])
    assert [step.share_work for step in steps] == [100, 0, 50, 0, 20, 0, 0]
    assert [step.hashes for step in steps] == [100, 0, 50, 0, 20, 0, 0]


def test_a_device_that_is_asked_seldom_is_measured_all_the_same():
    meter = Meter()
    meter.add(HeaterSample(at_s=0.0, power_w=1000.0, stands_for_s=150.0))
    step = meter.add(HeaterSample(at_s=60.0, power_w=1000.0, stands_for_s=150.0))
    assert (step.energy_mj, step.unmeasured_ms, step.gap) == (60_000_000, 0, False)
    lost = meter.add(HeaterSample(at_s=260.0, power_w=1000.0, stands_for_s=150.0))
    assert (lost.energy_mj, lost.unmeasured_ms, lost.gap) == (0, 200_000, True)
