from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.control.fusion import Fusion, FusionMethod, fuse


@pytest.mark.parametrize(
    ("method", "weights", "celsius", "hottest_c"),
    [
        (FusionMethod.FIRST, (), 20.0, 20.0),
        (FusionMethod.MEAN, (), 19.0, 20.0),
        (FusionMethod.COLDEST, (), 18.0, 20.0),
        (FusionMethod.WEIGHTED, (3.0, 1.0), 19.5, 20.0),
        (FusionMethod.WEIGHTED, (3.0,), 19.5, 20.0),
        (FusionMethod.WEIGHTED, (0.0, 0.0), 19.0, 20.0),
    ],
)
def test_two_sensors(method, weights, celsius, hottest_c):
    fused = fuse({0: 20.0, 1: 18.0}, Fusion(method=method, weights=weights))
    assert (fused.celsius, fused.hottest_c, fused.outliers) == (celsius, hottest_c, frozenset())


def test_the_weight_stays_with_its_sensor_when_another_drops_out():
    assert fuse({1: 18.0, 2: 20.0}, Fusion(method=FusionMethod.WEIGHTED, weights=(9.0, 1.0, 3.0))).celsius == 19.5


def test_the_first_that_is_alive_counts():
    assert fuse({2: 18.0, 1: 20.0}, Fusion()).celsius == 20.0


def test_one_that_measures_something_else_is_left_out_of_three():
    fused = fuse({0: 20.0, 1: 20.4, 2: 35.0}, Fusion(method=FusionMethod.MEAN))
    assert (fused.celsius, fused.hottest_c, fused.outliers) == (pytest.approx(20.2), 20.4, {2})


def test_where_none_agrees_none_is_left_out():
    assert fuse({0: 0.0, 1: 20.0, 2: 40.0}, Fusion(method=FusionMethod.COLDEST)).celsius == 0.0


@given(
    st.lists(st.floats(-40, 60), min_size=1, max_size=6),
    st.sampled_from(FusionMethod),
    st.lists(st.floats(0, 100), max_size=6),
)
def test_it_lies_between_the_sensors(celsius, method, weights):
    fused = fuse(dict(enumerate(celsius)), Fusion(method=method, weights=tuple(weights)))
    assert min(celsius) - 1e-9 <= fused.celsius <= fused.hottest_c + 1e-9 <= max(celsius) + 2e-9
