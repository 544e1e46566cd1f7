"""What a learned room should be by now: right while it follows its heater, and nothing where nobody can know."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from custom_components.hashwarm.engine.control.effect import LOOK_BACK_S, EffectMoment, EffectWatch
from custom_components.hashwarm.engine.control.expecting import WAY_SLOTS, expectation
from custom_components.hashwarm.engine.control.history import LOOK_S, History, PastSlot
from custom_components.hashwarm.engine.control.mass_filter import Belief, walked_c
from custom_components.hashwarm.engine.control.pilot import Pilot, Trust
from custom_components.hashwarm.engine.model.planning import Expectation, SunOnWalls

from .planned_house import TRUE, Plant, lived, target_c

TRUSTED = Trust(rmse_k=0.2, unchanged_rmse_k=1.5)


def copied(plant: Plant) -> Plant:
    return replace(plant, samples=list(plant.samples))


@cache
def two_days() -> Plant:
    """Two days, and an evening in which the heater has been at rest for some hours."""
    return lived(2.7)


def pasts(plant: Plant) -> list[PastSlot]:
    history = History()
    for sample in plant.samples:
        history.add(sample)
    return history.slots()


def worked(hours: float, *, reaches: float = 1.0) -> Plant:
    """Return the house after hours of all watts, of which a share reaches the room."""
    plant = copied(two_days())
    for _ in range(round(hours * 60)):
        plant.minute(3000.0 * reaches)
        plant.samples[-1] = replace(plant.samples[-1], power_w=3000.0)
    return plant


def expected(slots: list[PastSlot], **changes: Any) -> Expectation | None:
    return expectation(slots, replace(TRUE, **changes), 3000.0, TRUSTED.rmse_k)


def told(
    plant: Plant,
    pilot: Pilot,
    hours: float,
    *,
    reaches: float = 1.0,
    offset_k: float = 0.0,
    stuck_c: float | None = None,
) -> bool:
    """Live on at full power under the watch of the heater's effect; return whether it ever warned."""
    watch, warned = EffectWatch(), False
    for minute in range(round(hours * 60)):
        plant.minute(3000.0 * reaches)
        sample = replace(plant.samples[-1], power_w=3000.0)
        assert sample.room_c is not None
        sample = replace(sample, room_c=sample.room_c + offset_k if stuck_c is None else stuck_c)
        if pilot.observe(sample):
            pilot.expect()
        moment = EffectMoment(
            now_s=60.0 * minute,
            room_c=sample.room_c,
            target_c=40.0,
            outdoor_c=sample.outdoor_c,
            power_share=1.0,
            expected=pilot.expected(sample.at),
        )
        warned = watch.step(moment) or warned
    return warned


def pilot_of(plant: Plant) -> Pilot:
    pilot = Pilot(TRUE, 3000.0)
    pilot.house, pilot.trust, pilot.steering = TRUE, TRUSTED, True
    for sample in plant.samples:
        pilot.observe(sample)
    return pilot


def test_a_room_that_follows_is_as_expected() -> None:
    plant = worked(3.0)
    found = expected(pasts(plant))
    assert found is not None
    assert found.at == plant.at // LOOK_S * LOOK_S
    assert found.room_c == pytest.approx(plant.air_c, abs=0.5)


def test_watts_that_never_reach_the_room_are_missed() -> None:
    plant = worked(3.0, reaches=0.0)
    found = expected(pasts(plant))
    assert found is not None
    assert found.room_c > plant.air_c + 2.0


def test_sun_and_what_else_warmed_the_room_are_not_counted_on_but_what_cools_it_is() -> None:
    way = pasts(worked(3.0))[-WAY_SLOTS:]
    plain = Belief(at=way[0].at, air_c=21.0, mass_c=20.5, disturbance_w=0.0)
    sunny = [replace(slot, sun=SunOnWalls(level=300.0, east=300.0, equator=600.0, west=300.0)) for slot in way]
    assert walked_c(replace(plain, disturbance_w=500.0), sunny, TRUE) == walked_c(plain, way, TRUE)
    assert walked_c(replace(plain, disturbance_w=-500.0), way, TRUE) < walked_c(plain, way, TRUE) - 0.3


@pytest.mark.parametrize(
    "changes",
    [
        {"power_w": None},
        {"outdoor_c": None},
        {"room_c": None},
        {"disturbed": True},
        {"room_c": 28.0},
    ],
)
@pytest.mark.parametrize("place", [-2, -100])
def test_nothing_is_expected_after_holes_windows_and_jumps(changes: dict[str, Any], place: int) -> None:
    slots = pasts(worked(3.0))
    assert expected(slots) is not None
    slots[place] = replace(slots[place], **changes)
    assert expected(slots) is None


def test_a_restart_leaves_a_hole_and_a_young_history_says_nothing() -> None:
    slots = pasts(worked(3.0))
    assert expected(slots[:-40] + slots[-38:]) is None
    assert expected(slots[-80:]) is None


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"steering": False}, True),
        ({"steering": False, "trust": Trust(rmse_k=0.8, unchanged_rmse_k=1.5)}, False),
        ({"trust": None}, False),
        ({"house": None}, False),
        ({"alone": False}, False),
    ],
)
def test_only_a_trusted_model_of_a_room_of_its_own_is_asked(changes: dict[str, Any], known: bool) -> None:
    pilot = pilot_of(worked(1.0))
    for name, value in changes.items():
        setattr(pilot, name, value)
    pilot.expect()
    assert (pilot.expectation is not None) is known


def test_what_was_expected_is_soon_old() -> None:
    pilot = pilot_of(worked(1.0))
    pilot.expect()
    assert pilot.expectation is not None
    at = pilot.expectation.at
    assert pilot.expected(at + 2 * LOOK_S) is not None
    assert pilot.expected(at + 2 * LOOK_S + 1.0) is None
    assert pilot.expected(at - 1.0) is None


def test_a_heater_that_heats_elsewhere_is_told_of_though_the_room_holds() -> None:
    """Three hundred watts reach the room: it falls too little for plain physics, and stays far under the model."""
    plant = copied(two_days())
    assert told(plant, pilot_of(plant), LOOK_BACK_S / 3600.0 + 0.5, reaches=0.35)
    blind = pilot_of(plant := copied(two_days()))
    blind.trust = None
    assert not told(plant, blind, LOOK_BACK_S / 3600.0 + 0.5, reaches=0.35)


def test_a_sensor_that_repeats_one_value_for_ever_is_told_of_where_a_model_is_trusted() -> None:
    plant = copied(two_days())
    stuck_c, blind = round(plant.air_c, 1), pilot_of(plant)
    assert told(plant, pilot_of(copied(two_days())), LOOK_BACK_S / 3600.0 + 1.0, stuck_c=stuck_c)
    blind.trust = None
    assert not told(copied(two_days()), blind, 12.0, stuck_c=stuck_c)


def test_days_at_full_power_warn_nobody_while_the_room_follows() -> None:
    plant = copied(two_days())
    assert not told(plant, pilot_of(plant), 30.0)


def test_a_window_of_sun_that_nobody_foretold_warns_nobody() -> None:
    plant = copied(two_days())
    pilot, gloomy = pilot_of(plant), plant.house
    plant.house = replace(gloomy, disturbance_w=gloomy.disturbance_w + 1500.0)
    assert not told(plant, pilot, 4.0)
    plant.house = gloomy
    assert not told(plant, pilot, 8.0)


def test_a_sensor_that_was_replaced_warns_nobody() -> None:
    plant = copied(two_days())
    assert not told(plant, pilot_of(plant), 14.0, offset_k=-2.0)


def test_the_house_is_one_that_a_thermostat_held() -> None:
    assert two_days().air_c == pytest.approx(target_c(two_days().at), abs=0.6)
