"""The state machine: what a miner says of itself, seen beside what it was told."""

from typing import Any

import pytest

from custom_components.hashwarm.engine.miners.commander import PAUSE, Commander, Wanted
from custom_components.hashwarm.engine.miners.curve import PowerCurve
from custom_components.hashwarm.engine.miners.driver import Family
from custom_components.hashwarm.engine.miners.limits import Limits
from custom_components.hashwarm.engine.miners.picture import Picture
from custom_components.hashwarm.engine.miners.states import SAID_OUTRIGHT, status_of
from custom_components.hashwarm.engine.model.capabilities import PowerSource
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus

from .fake_driver import PAUSED, levels, make_profile, make_reading

RUN = Wanted(setting=0.0)


@pytest.mark.parametrize(
    ("said", "wanted", "settling", "power_w", "status"),
    [
        (DeviceStatus.RUNNING, None, False, 800.0, DeviceStatus.RUNNING),
        (DeviceStatus.RUNNING, RUN, False, 100.0, DeviceStatus.RUNNING),
        (DeviceStatus.RUNNING, RUN, True, 700.0, DeviceStatus.RAMPING),
        (DeviceStatus.RUNNING, RUN, True, 790.0, DeviceStatus.RUNNING),
        (DeviceStatus.RUNNING, RUN, True, None, DeviceStatus.RUNNING),
        (DeviceStatus.RUNNING, PAUSE, True, 800.0, DeviceStatus.PAUSING),
        (DeviceStatus.NO_POOL, PAUSE, True, 20.0, DeviceStatus.PAUSING),
        (DeviceStatus.FAULT, PAUSE, True, 20.0, DeviceStatus.FAULT),
        (DeviceStatus.RUNNING, PAUSE, False, 800.0, DeviceStatus.RUNNING),
        (DeviceStatus.PAUSED, PAUSE, True, 5.0, DeviceStatus.PAUSED),
        (DeviceStatus.PAUSED, RUN, True, 5.0, DeviceStatus.RESUMING),
        (DeviceStatus.PAUSED, RUN, False, 5.0, DeviceStatus.PAUSED),
        *((said, RUN, True, 0.0, said) for said in sorted(SAID_OUTRIGHT)),
    ],
)
def test_the_state_is_what_it_says_beside_what_it_was_told(
    said: DeviceStatus, wanted: Wanted | None, settling: bool, power_w: float | None, status: DeviceStatus
):
    reading = make_reading(status=said)
    assert status_of(reading, wanted, settling=settling, power_w=power_w, setpoint_w=800.0) is status


def picture(**changes: Any) -> Picture:
    profile = make_profile(**changes)
    curve = PowerCurve(profile.levels, profile.step, Limits())
    return Picture(profile, curve, Commander(profile, 10.0, now_s=0.0), None, None, stands_for_s=150.0)


def test_what_entities_draw_is_estimated_from_the_state_they_are_in():
    reading = make_reading(power_w=None, hash_rate_hs=None)
    seen = picture(family=Family.ENTITIES, power_source=None).of(reading, 0.0, 0.0, problem=None, idle_w=None)
    assert (seen.power_w, seen.power_source) == (800.0, PowerSource.ESTIMATED)
    off = picture(family=Family.ENTITIES).of(
        make_reading(setting=9.0, power_w=None), 0.0, 0.0, problem=None, idle_w=None
    )
    assert (off.power_w, off.miner.setting_label if off.miner else "") == (None, None)


def test_levels_that_tell_no_hash_rate_are_estimated_while_it_hashes():
    bare = tuple(type(level)(setting=level.setting, label="", power_w=level.power_w) for level in levels(800.0, 900.0))
    hashing = picture(levels=bare).of(make_reading(power_w=None), 0.0, 0.0, problem=None, idle_w=None)
    assert hashing.power_w == 800.0
    still = picture(levels=bare).of(make_reading(power_w=None, hash_rate_hs=0.0), 0.0, 0.0, problem=None, idle_w=None)
    assert still.power_w is None


def test_a_lucky_minute_is_no_heat():
    lucky = picture().of(make_reading(power_w=None, hash_rate_hs=8e12), 0.0, 0.0, problem=None, idle_w=None)
    assert lucky.power_w == pytest.approx(960.0)


@pytest.mark.parametrize(("seen_w", "told_w", "power_w"), [(7.0, 9.0, 7.0), (None, 9.0, 9.0), (None, None, None)])
def test_at_rest_it_draws_what_was_seen_or_told(seen_w: float | None, told_w: float | None, power_w: float | None):
    reading = type(PAUSED)(status=DeviceStatus.PAUSED)
    resting = picture(idle_w=told_w).of(reading, 0.0, 0.0, problem="miner_fan", idle_w=seen_w)
    assert (resting.power_w, resting.problem, resting.status) == (power_w, "miner_fan", DeviceStatus.PAUSED)
    assert resting.miner is not None
    assert resting.miner.setpoint_w == 0.0
