"""The pilot learns in shadow, steers once it has proven itself, and lets go at once when it is wrong."""

from dataclasses import replace
from functools import cache
import sys
from typing import Any

import pytest

from custom_components.hashwarm.engine.control import planner
from custom_components.hashwarm.engine.control.house import House, assumed_house
from custom_components.hashwarm.engine.control.pilot import Pilot, Questions, Trust
from custom_components.hashwarm.engine.control.room_words import Insulation, RoomResponse
from custom_components.hashwarm.engine.model.control import Why
from custom_components.hashwarm.engine.model.planning import SLOT_S, Plan, PlannedSlot, PlannerStatus, RoomSample

from .planned_house import MINER, TRUE, ahead, lived

PRIOR = assumed_house(RoomResponse.ORDINARY, Insulation.ORDINARY, 3000.0)


@cache
def days(count: float) -> list[RoomSample]:
    return lived(count).samples


def pilot_after(count: float) -> Pilot:
    pilot = Pilot(PRIOR, 3000.0)
    pilot.seed(days(count))
    pilot.learn(days(count)[-1].at)
    return pilot


def questions(at: float, **changes: Any) -> Questions:
    told = {"now": at, "room_c": 20.8, "running": False, "lasted_s": 1e5, "ahead": ahead(at), "capabilities": MINER}
    return Questions(**{**told, **changes})


def steering() -> tuple[Pilot, float]:
    pilot = pilot_after(4.0)
    at = days(4.0)[-1].at // SLOT_S * SLOT_S + SLOT_S
    assert pilot.plan(questions(at)) is not None
    return pilot, at


def test_it_learns_in_silence_first() -> None:
    pilot = pilot_after(0.8)
    assert pilot.status is PlannerStatus.LEARNING
    assert pilot.plan(questions(days(0.8)[-1].at)) is None
    assert pilot.guide(days(0.8)[-1].at, 20.0) is None


def test_it_is_promoted_on_measured_accuracy() -> None:
    pilot = pilot_after(4.0)
    assert pilot.trust is not None
    assert pilot.trust.good
    assert pilot.status is PlannerStatus.ACTIVE
    assert pilot.learned_at == days(4.0)[-1].at


def test_in_charge_it_says_what_it_wants_and_why() -> None:
    pilot, at = steering()
    assert pilot.latest is not None
    guidance = pilot.guide(at + 60.0, pilot.latest.slots[0].room_c)
    assert guidance is not None
    assert guidance.power_w == pilot.latest.slots[0].power_w
    assert guidance.expected_c == pilot.latest.slots[0].room_c


def test_a_room_that_strays_from_the_plan_goes_to_the_regulator_at_once() -> None:
    pilot, at = steering()
    assert pilot.latest is not None
    expected_c = pilot.latest.slots[0].room_c
    began_c = pilot.latest.began_c
    assert began_c is not None
    assert pilot.guide(at, (expected_c + began_c) / 2) is not None
    assert pilot.guide(at, min(expected_c, began_c) - 0.5) is not None
    assert pilot.guide(at, min(expected_c, began_c) - 0.8) is None
    assert pilot.guide(at, max(expected_c, began_c) + 0.8) is None
    assert pilot.guide(at, float("nan")) is None


def test_an_old_plan_is_no_plan() -> None:
    pilot, at = steering()
    assert pilot.latest is not None
    late = pilot.latest.slot(at + 2.5 * SLOT_S)
    assert late is not None
    assert pilot.guide(at + 2.5 * SLOT_S, late.room_c) is None
    assert pilot.guide(at - 60.0, 20.8) is None


def test_switched_off_it_says_nothing() -> None:
    pilot, at = steering()
    pilot.enabled = False
    assert pilot.status is PlannerStatus.OFF
    assert pilot.guide(at, 20.8) is None


def test_a_model_that_diverges_loses_its_charge_and_earns_it_back() -> None:
    pilot, at = steering()
    pilot.house = replace(TRUE, heat_loss_w_per_k=400.0)
    pilot.judge()
    assert pilot.status is PlannerStatus.NOT_TRUSTED
    assert pilot.guide(at, 20.8) is None
    pilot.learn(at)
    assert pilot.status is PlannerStatus.ACTIVE


def test_between_good_and_bad_it_keeps_what_it_has() -> None:
    fair = Trust(rmse_k=0.8, unchanged_rmse_k=1.2)
    assert not fair.good
    assert not fair.bad
    assert Trust(rmse_k=float("nan"), unchanged_rmse_k=1.0).bad
    assert not Trust(rmse_k=0.5, unchanged_rmse_k=0.5).good


@pytest.mark.parametrize(
    "changes",
    [
        {"room_c": float("nan")},
        {"ahead": []},
        {"ahead": ahead(0.0, outdoor_c=float("nan"))},
        {"ahead": ahead(0.0, price_per_kwh=float("inf"))},
    ],
)
def test_questions_without_numbers_get_no_plan(changes: dict[str, Any]) -> None:
    pilot, at = steering()
    assert pilot.plan(questions(at, **changes)) is None
    assert pilot.guide(at, 20.8) is None


def test_restarts_forget_nothing() -> None:
    pilot, at = steering()
    again = Pilot.restored(PRIOR, 3000.0, pilot.as_dict())
    assert again.status is PlannerStatus.ACTIVE
    assert again.house == pilot.house
    assert again.plan(questions(at)) is not None


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"house": None, "trust": None},
        {"house": {"apertures_m2": [1, 2]}, "trust": [0.1, 1.0], "steering": True, "learned_at": 1.0},
        {"house": TRUE.as_dict() | {"air_wh_per_k": -1.0}, "trust": [0.1, 1.0], "steering": True, "learned_at": 1.0},
        {"house": TRUE.as_dict() | {"air_wh_per_k": "nan"}, "trust": [0.1, 1.0], "steering": True, "learned_at": 1.0},
        {"house": TRUE.as_dict(), "trust": [0.1], "steering": True, "learned_at": 1.0},
    ],
)
def test_what_cannot_be_read_is_learned_anew(stored: dict[str, Any] | None) -> None:
    assert Pilot.restored(PRIOR, 3000.0, stored).status is PlannerStatus.LEARNING


def test_a_bad_model_of_last_time_does_not_steer() -> None:
    stored = {"house": TRUE.as_dict(), "trust": [3.0, 1.0], "steering": True, "learned_at": 1.0}
    assert Pilot.restored(PRIOR, 3000.0, stored).status is PlannerStatus.NOT_TRUSTED


def test_without_numpy_the_regulator_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    pilot, at = steering()
    monkeypatch.setitem(sys.modules, "custom_components.hashwarm.engine.control.planner", None)
    assert pilot.plan(questions(at)) is None
    pilot.learn(at)
    pilot.judge()
    assert pilot.status is PlannerStatus.NO_NUMPY
    assert pilot.guide(at, 20.8) is None


def test_starts_get_dearer_as_the_budget_runs_out() -> None:
    pilot, at = steering()
    budgeted = replace(MINER, starts_per_day=6)
    plans = {
        left: pilot.plan(questions(at, capabilities=budgeted, starts_left=left, room_c=20.7)) for left in (6, 1, 0)
    }
    starts = {
        left: sum(
            later.power_w > 0.0 >= earlier.power_w for earlier, later in zip(plan.slots, plan.slots[1:], strict=False)
        )
        for left, plan in plans.items()
        if plan is not None
    }
    assert starts[0] <= starts[1] <= starts[6]
    assert starts[0] < starts[6]


@pytest.mark.parametrize(
    ("power_w", "room_c", "later_c", "why"),
    [
        (0.0, 21.0, 21.0, Why.AT_TARGET),
        (0.0, 20.6, 21.0, Why.PLAN_WAIT),
        (1200.0, 20.0, 21.0, Why.HEATING_UP),
        (1200.0, 21.0, 21.0, Why.HOLDING),
        (1200.0, 21.4, 21.0, Why.PLAN_RUN),
        (1200.0, 21.0, 23.0, Why.PREHEAT),
    ],
)
def test_each_part_of_a_plan_has_its_word(power_w: float, room_c: float, later_c: float, why: Why) -> None:
    pilot, at = steering()
    slot = PlannedSlot(at=at, power_w=power_w, room_c=room_c, target_c=21.0, outdoor_c=0.0, price_per_kwh=None)
    later = replace(slot, at=at + SLOT_S, target_c=later_c)
    pilot.latest = Plan(made_at=at, slots=(slot, later), heat_cost_per_kwh=None)
    guidance = pilot.guide(at, room_c)
    assert guidance is not None
    assert guidance.why is why


def test_cycles_are_as_long_as_the_house_is_heavy() -> None:
    light = Pilot(assumed_house(RoomResponse.LIGHT, Insulation.ORDINARY, 3000.0), 3000.0)
    heavy = Pilot(assumed_house(RoomResponse.HEAVY, Insulation.ORDINARY, 3000.0), 3000.0)
    assert 0.0 < light.cycle_ws < heavy.cycle_ws
    heavy.house = TRUE
    assert heavy.cycle_ws == pytest.approx(0.35 * (900.0 + 0.3 * 3000.0) * 3600.0)


def test_a_house_that_loses_nothing_is_no_house() -> None:
    with pytest.raises(ValueError, match="positive"):
        House.from_dict(TRUE.as_dict() | {"heat_loss_w_per_k": 0.0})


def test_a_history_that_no_fit_survives_does_not_keep_a_known_house_from_planning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pilot, at = steering()

    def fails(*_told: Any) -> None:
        raise ArithmeticError("singular")

    monkeypatch.setattr(planner, "learn", fails)
    with pytest.raises(ArithmeticError):
        pilot.learn(at + 1.0)
    assert pilot.learned_at == at + 1.0
    assert pilot.plan(questions(at)) is not None


def test_a_plan_for_another_target_is_no_plan() -> None:
    pilot, at = steering()
    assert pilot.latest is not None
    slot = pilot.latest.slots[0]
    assert pilot.guide(at, slot.room_c, slot.target_c) is not None
    assert pilot.guide(at, slot.room_c, slot.target_c - 1.0) is None


def test_a_cold_room_is_not_made_to_wait() -> None:
    pilot, at = steering()
    assert pilot.latest is not None
    slot = replace(pilot.latest.slots[0], power_w=0.0, target_c=21.0, room_c=20.3)
    pilot.latest = replace(pilot.latest, slots=(slot,), began_c=20.6)
    assert pilot.guide(at, 20.5) is not None
    assert pilot.guide(at, 20.4) is None


@pytest.mark.parametrize(("heated_w", "status"), [(0.0, PlannerStatus.SHADOW), (1200.0, PlannerStatus.ACTIVE)])
def test_a_heater_that_never_heated_has_proven_nothing(heated_w: float, status: PlannerStatus) -> None:
    pilot, begin = Pilot(PRIOR, 3000.0), days(0.8)[0].at
    for index in range(4 * 288):
        pilot.observe(RoomSample(at=begin + 300.0 * index, room_c=20.0, outdoor_c=5.0, power_w=heated_w))
    pilot.learn(begin + 4 * 86400.0)
    assert pilot.trust is not None
    assert pilot.trust.good
    assert pilot.status is status


@pytest.mark.parametrize("power_w", [1e9, -1e9, float("nan")])
def test_a_power_that_no_heater_draws_is_not_learned_from(power_w: float) -> None:
    pilot = Pilot(PRIOR, 3000.0)
    for minute in range(20):
        pilot.observe(RoomSample(at=900.0 + 60.0 * minute, room_c=20.0, outdoor_c=0.0, power_w=power_w))
    assert [slot.power_w for slot in pilot.history.slots()] == [None] * 3
