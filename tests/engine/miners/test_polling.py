"""How often a device is asked."""

import random

from hypothesis import given, strategies as st

from custom_components.hashwarm.engine.miners.polling import (
    LEAST_INTERVAL_S,
    MOST_INTERVAL_S,
    first_delay_s,
    retry_delay_s,
    time_limit_s,
)

INTERVALS = st.floats(LEAST_INTERVAL_S, MOST_INTERVAL_S)


@given(INTERVALS, st.integers(1, 10_000), st.integers())
def test_delays_are_within_one_interval_and_limits_under_half(interval_s: float, failures: int, seed: int):
    randomness = random.Random(seed)
    assert 0.0 < time_limit_s(interval_s) < interval_s / 2
    assert 0.5 * interval_s <= first_delay_s(interval_s, randomness) <= interval_s
    assert 0.1 * interval_s < retry_delay_s(failures, interval_s, randomness) <= interval_s


def test_a_retry_comes_soon_at_first_and_later_at_the_interval():
    delays = [retry_delay_s(failures, 100.0, random.Random(7)) for failures in range(1, 8)]
    assert delays[0] <= 20.0
    assert delays == sorted(delays)
    assert delays[-1] >= 80.0


def test_a_hundred_do_not_ask_at_once():
    randomness = random.Random(1)
    assert len({round(retry_delay_s(5, 10.0, randomness), 3) for _ in range(100)}) > 50
