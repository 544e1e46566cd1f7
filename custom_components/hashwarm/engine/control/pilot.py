"""Decides whether the planner is trusted, and asks it; all that is heavy waits behind a lazy import of numpy."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from math import isfinite
from types import ModuleType
from typing import Any, Self

from ..model.capabilities import Capabilities
from ..model.control import Why
from ..model.planning import (
    SLOT_S,
    Expectation,
    Guidance,
    Plan,
    PlannedSlot,
    PlannerStatus,
    RevenueForecast,
    RoomSample,
    Slot,
)
from .history import LOOK_S, History, PastSlot
from .house import House

# What the filter needs to see again to know the warmth of the mass.
REMEMBERED_SLOTS = 480
LEAST_LEARNED_SLOTS = 288
# Before it steers it has to have seen so much heat: five minutes at this share of the maximum, so many times.
LEAST_HEATED_SLOTS = 36
HEATS_SHARE = 0.1
# Trusted below the first, no longer trusted above the second: what the 6-hour-ahead error may be, in K.
PROMOTED_K = 0.6
DEMOTED_K = 1.0
# The same as shares of the error that one makes by saying `as now`: a sunny room is hard to foretell for anyone.
PROMOTED_SHARE = 0.5
DEMOTED_SHARE = 0.7
# A model that knows no more than `as now` is no model, but where hardly anything changes.
BETTER_THAN_UNCHANGED = 0.9
STILL_K = 0.3
# The room may stray this far from the plan before the regulator takes over at once.
STRAYED_K = 0.7
PLAN_VALID_S = 2 * SLOT_S
EXPECTATION_VALID_S = 2 * LOOK_S
SOON_S = 6 * 3600.0
NEAR_TARGET_K = 0.2
# A reading beyond this share of the maximum is no power of this heater.
MOST_POWER = 3.0
SAME_TARGET_K = 0.01
# A room further under its target than people are promised does not wait, whatever a plan thinks it is good for.
COLD_K = 0.55
# Swings of this size go unnoticed; in the hours of a cycle this share of the mass takes part in them.
UNNOTICED_K = 0.35
MASS_IN_A_CYCLE = 0.3


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What a plan is to be made for; `ahead` begins now."""

    now: float
    room_c: float
    running: bool
    lasted_s: float
    ahead: list[Slot]
    capabilities: Capabilities
    starts_left: int | None = None
    revenue: RevenueForecast | None = None


@dataclass(frozen=True, kw_only=True)
class Trust:
    """What is known of the model's worth; errors are six hours ahead, in K."""

    rmse_k: float
    unchanged_rmse_k: float

    @property
    def good(self) -> bool:
        """Return whether the model deserves promotion."""
        limit_k = max(PROMOTED_K, PROMOTED_SHARE * self.unchanged_rmse_k)
        return self.rmse_k <= limit_k and self.rmse_k <= max(BETTER_THAN_UNCHANGED * self.unchanged_rmse_k, STILL_K)

    @property
    def bad(self) -> bool:
        """Return whether the model must not steer any longer."""
        return not self.rmse_k <= max(DEMOTED_K, DEMOTED_SHARE * self.unchanged_rmse_k)


class Pilot:
    """Observes the room, learns the house, plans in shadow, and steers once it has proven itself.

    `observe` and `guide` are cheap and belong to the loop; `learn` and `plan` are heavy and may run in another thread.
    """

    def __init__(self, prior: House, maximum_w: float, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self.history = History()
        self.house: House | None = None
        self.trust: Trust | None = None
        self.learned_at: float | None = None
        self.latest: Plan | None = None
        self.expectation: Expectation | None = None
        """Of the room as it is now, None where the model is not trusted or did not see the hours before whole."""
        self.steering = False
        self.alone = True
        """No other heater heats this room; of one that others heat too a plan knows too little to steer."""
        self._prior = prior
        self._maximum_w = maximum_w
        self._numpy_missing = False
        self._outlook: Any = None
        self._outlook_of: tuple[Any, ...] | None = None

    @property
    def status(self) -> PlannerStatus:
        """How far the planner is trusted."""
        if not self.enabled:
            return PlannerStatus.OFF
        if self._numpy_missing:
            return PlannerStatus.NO_NUMPY
        if self.house is None or self.trust is None:
            return PlannerStatus.LEARNING
        if self.steering:
            return PlannerStatus.ACTIVE if self.alone else PlannerStatus.SHADOW
        return PlannerStatus.NOT_TRUSTED if self.trust.bad else PlannerStatus.SHADOW

    def observe(self, sample: RoomSample) -> bool:
        """Take a sample of the room, and return whether five minutes were completed; another plan is worth it then."""
        power_w = sample.power_w
        if power_w is not None and not -self._maximum_w <= power_w <= MOST_POWER * self._maximum_w:
            sample = replace(sample, power_w=None)
        return self.history.add(sample)

    def seed(self, samples: Iterable[RoomSample]) -> None:
        """Take what others recorded of the room before we came, and the weather that they knew of since."""
        recorded = History()
        for sample in samples:
            recorded.add(sample)
        slots = recorded.slots()
        self.history.retell(slots)
        self.history.seed(slots)

    @property
    def cycle_ws(self) -> float:
        """Return the heat in Ws that may be owed to the room, or ahead of it, before a person notices."""
        house = self.house if self.house is not None else self._prior
        return UNNOTICED_K * (house.air_wh_per_k + MASS_IN_A_CYCLE * house.mass_wh_per_k) * 3600.0

    def learn(self, now: float) -> None:
        """Fit the house anew, and keep the better; a night's work of a second or so."""
        planner = self._planner()
        slots = self.history.slots()
        if planner is None or len(slots) < LEAST_LEARNED_SLOTS:
            return
        # Noted first: a history that no fit survives must not keep the plans away that a known house allows.
        self.learned_at = now
        learned = planner.learn(slots, self.house, self._prior, self._maximum_w)
        if learned is not None:
            self.house = learned.house
            self.judge()

    def judge(self) -> None:
        """Measure the model by the last two days, and trust it accordingly."""
        planner = self._planner()
        if planner is None or self.house is None:
            return
        slots = self.history.slots()
        figures = planner.accuracy(slots, self.house, self._maximum_w)
        if figures is None:
            return
        self.trust = Trust(rmse_k=figures.rmse_k, unchanged_rmse_k=figures.unchanged_rmse_k)
        self.steering = not self.trust.bad if self.steering else self.trust.good and self._seen_heating(slots)

    def _seen_heating(self, slots: list[PastSlot]) -> bool:
        """Return whether the heater ever heated long enough to know what it does; a room at rest is foretold easily."""
        least_w = HEATS_SHARE * self._maximum_w
        return sum(slot.power_w is not None and slot.power_w >= least_w for slot in slots) >= LEAST_HEATED_SLOTS

    def expect(self) -> None:
        """Reckon where the room should be by now; of a room that others heat too the model knows too little."""
        house, trust = self.house, self.trust
        self.expectation = None
        if house is None or trust is None or not (self.steering or trust.good) or not self.alone:
            return
        if (expecting := self._heavy(".expecting")) is not None:
            self.expectation = expecting.expectation(self.history.slots(), house, self._maximum_w, trust.rmse_k)

    def expected(self, now: float) -> Expectation | None:
        """Return what a trusted model expects of the room now, None without one."""
        expected = self.expectation
        return expected if expected is not None and 0.0 <= now - expected.at <= EXPECTATION_VALID_S else None

    def plan(self, questions: Questions) -> Plan | None:
        """Return the plan for the hours ahead, None where nothing is known of the house yet or the plan is no plan."""
        planner, house = self._planner(), self.house
        if planner is None or house is None or not _answerable(questions):
            self.latest = None
            return None
        present = planner.Present(
            now=questions.now, room_c=questions.room_c, running=questions.running, lasted_s=questions.lasted_s
        )
        belief = planner.belief_now(self.history.slots(), house, self._maximum_w, present)
        asked = (house, questions.capabilities, _start_weight(questions), _wishes(questions.ahead))
        if self._outlook is None or self._outlook_of != asked:
            # Weather and prices of some minutes ago are good enough to look again how the room follows the plan.
            self._outlook_of = asked
            self._outlook = planner.outlook(
                house,
                belief,
                questions.ahead,
                questions.capabilities,
                questions.revenue,
                rmse_k=self.trust.rmse_k if self.trust is not None else 1.0,
                start_weight=_start_weight(questions),
            )
        plan: Plan = planner.plan_from(self._outlook, belief, present)
        self.latest = plan if all(isfinite(slot.power_w) and isfinite(slot.room_c) for slot in plan.slots) else None
        return self.latest

    def guide(self, now: float, room_c: float, target_c: float | None = None) -> Guidance | None:
        """Return what the planner asks for now; None while it is not trusted, and the regulator goes on.

        `target_c` is what is wanted now, in °C: a plan that was made for another wish is no plan. None asks nothing.
        """
        if self.status is not PlannerStatus.ACTIVE or self.latest is None:
            return None
        slot = self.latest.slot(now)
        if slot is None or not 0.0 <= now - self.latest.made_at <= PLAN_VALID_S:
            return None
        if self._strayed(slot, room_c) or (target_c is not None and abs(target_c - slot.target_c) > SAME_TARGET_K):
            return None
        if slot.power_w <= 0.0 and room_c < slot.target_c - COLD_K:
            return None
        later_c = max(each.target_c for each in self.latest.slots if each.at <= now + SOON_S)
        return Guidance(power_w=slot.power_w, expected_c=slot.room_c, why=_why(slot, room_c, later_c))

    def _strayed(self, slot: PlannedSlot, room_c: float) -> bool:
        """Return whether the room is nowhere on the way from where the plan saw it to where it is to be."""
        assert self.latest is not None
        before = self.latest.slot(slot.at - SLOT_S)
        began_c = before.room_c if before is not None else self.latest.began_c
        way_c = (slot.room_c, slot.room_c if began_c is None else began_c)
        return not min(way_c) - STRAYED_K <= room_c <= max(way_c) + STRAYED_K

    def _planner(self) -> ModuleType | None:
        """Return the heavy half, imported when first needed; without numpy the regulator does all the work."""
        return self._heavy(".planner")

    def _heavy(self, name: str) -> ModuleType | None:
        try:
            module = import_module(name, __package__)
        except ImportError:
            self._numpy_missing = True
            return None
        self._numpy_missing = False
        return module

    def as_dict(self) -> dict[str, Any]:
        """Return what a restart must not forget, in a form that JSON can hold."""
        return {
            "history": self.history.as_dict(),
            "house": self.house.as_dict() if self.house is not None else None,
            "learned_at": self.learned_at,
            "steering": self.steering,
            "trust": [self.trust.rmse_k, self.trust.unchanged_rmse_k] if self.trust is not None else None,
        }

    @classmethod
    def restored(cls, prior: House, maximum_w: float, stored: dict[str, Any] | None, *, enabled: bool = True) -> Self:
        """Read what `as_dict` wrote; what cannot be read is learned anew."""
        pilot = cls(prior, maximum_w, enabled=enabled)
        if not stored:
            return pilot
        pilot.history = History.from_dict(stored.get("history") or {})
        try:
            pilot.house = House.from_dict(stored["house"])
            rmse_k, unchanged_rmse_k = (float(figure) for figure in stored["trust"])
            pilot.trust = Trust(rmse_k=rmse_k, unchanged_rmse_k=unchanged_rmse_k)
            pilot.steering = bool(stored["steering"]) and not pilot.trust.bad
            pilot.learned_at = float(stored["learned_at"])
        except KeyError, TypeError, ValueError:
            pilot.house = pilot.trust = pilot.learned_at = None
            pilot.steering = False
        return pilot


def _answerable(questions: Questions) -> bool:
    """Return whether there are hours to plan for, and numbers to plan with."""
    figures = [
        questions.room_c,
        *(figure for slot in questions.ahead for figure in (slot.outdoor_c, slot.price_per_kwh)),
    ]
    return bool(questions.ahead) and all(isfinite(figure) for figure in figures)


def _wishes(ahead: list[Slot]) -> tuple[tuple[Any, ...], ...]:
    """Return what is wanted and allowed in the hours to come, without what is only expected."""
    return tuple((slot.at, slot.target_c, slot.coldest_c, slot.ceiling_w, slot.job_power_w) for slot in ahead)


def _why(slot: PlannedSlot, room_c: float, later_c: float) -> Why:
    """Return the word for what is planned: what the room needs now, or what comes later."""
    if slot.power_w <= 0.0:
        return Why.AT_TARGET if room_c >= slot.target_c - NEAR_TARGET_K else Why.PLAN_WAIT
    if room_c < slot.target_c - NEAR_TARGET_K:
        return Why.HEATING_UP
    if later_c > slot.target_c + NEAR_TARGET_K:
        return Why.PREHEAT
    return Why.HOLDING if room_c <= slot.target_c + NEAR_TARGET_K else Why.PLAN_RUN


def _start_weight(questions: Questions) -> float:
    """Return how much dearer starts become as the day's budget runs out."""
    budget, left = questions.capabilities.starts_per_day, questions.starts_left
    if not budget or left is None:
        return 1.0
    return 1.0 + 3.0 * (1.0 - max(left, 0) / budget) ** 2 if left > 0 else 20.0
