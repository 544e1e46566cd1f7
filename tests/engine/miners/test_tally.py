import math

import pytest

from custom_components.hashwarm.engine.miners import HashTally


def counted(*readings, stands_for_s=150.0):
    tally = HashTally()
    return [tally.take(rate_hs, at_s, stands_for_s=stands_for_s) for at_s, rate_hs in readings][-1]


def test_hashes_are_rates_over_time():
    assert counted((0.0, 1e12), (60.0, 3e12), (60.0, 3e12), (120.0, 3e12)) == 60 * 2e12 + 60 * 3e12


@pytest.mark.parametrize("odd", [None, math.nan, math.inf, -1.0])
def test_what_is_not_known_is_not_counted(odd):
    assert counted((0.0, 1e12), (60.0, odd), (120.0, 1e12)) == 0


def test_an_outage_is_not_filled():
    assert counted((0.0, 1e12), (1000.0, 1e12)) == 0
