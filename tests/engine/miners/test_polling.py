"""How often a device is asked, and what a driver says that can do little."""

import random
from typing import override

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.miners.driver import Driver, MinerProfile, MinerReading
from custom_components.hashwarm.engine.miners.polling import (
    LEAST_INTERVAL_S,
    MOST_INTERVAL_S,
    first_delay_s,
    retry_delay_s,
    time_limit_s,
)
from custom_components.hashwarm.engine.model.errors import DeviceUnsupportedError

from .fake_driver import make_profile, make_reading


class Plain(Driver):
    """A driver that can do no more than it must."""

    @override
    async def identify(self) -> MinerProfile:
        return make_profile()

    @override
    async def read(self) -> MinerReading:
        return make_reading()

    @override
    async def write(self, setting: float) -> None:
        return


async def test_what_a_driver_cannot_do_is_said():
    driver = Plain()
    for call in (
        driver.pause(),
        driver.resume(),
        driver.restart(),
        driver.set_light(on=True),
        driver.set_fan(None),
        driver.end_thermal_loop(),
        driver.listen(lambda _: None),
    ):
        with pytest.raises(DeviceUnsupportedError):
            await call
    await driver.close()


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
