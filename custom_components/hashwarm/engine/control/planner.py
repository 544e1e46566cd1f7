"""The planner's heavy half: fits the house, foretells, and finds the cheapest way; needs numpy, runs in an executor."""

from dataclasses import dataclass, replace

import numpy as np

from ..model.capabilities import Capabilities
from ..model.planning import Plan, RevenueForecast, Slot
from .costs import Costs
from .fitting import fit
from .history import LOOK_S, PastSlot
from .house import House
from .mass_filter import Belief, foretelling_errors, latest, replay
from .moves import Device
from .outlook import Outlook, Situation

AHEAD_SLOTS = 72
JUDGED_SLOTS = 2 * 288
LEAST_JUDGED = 72
# As much of the error six hours ahead is still there when nothing can be done about it any more.
UNSURE_SHARE = 0.5
# A sensor in steps of a tenth of a degree says nothing new within such a step.
SENSOR_STEP_K = 0.15
UNSURE_K = (0.05, 0.35)


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How far off six hours ahead, as root mean square in K, and how far off one would be by saying `as now`."""

    rmse_k: float
    unchanged_rmse_k: float


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A house that was learned, and how well it foretells."""

    house: House
    accuracy: Accuracy


@dataclass(frozen=True, kw_only=True)
class Present:
    """How things stand when a plan is made: the room in °C, whether the device runs and for how long, in s."""

    now: float
    room_c: float
    running: bool
    lasted_s: float


def accuracy(slots: list[PastSlot], house: House, maximum_w: float, judged: int = JUDGED_SLOTS) -> Accuracy | None:
    """Return how well a house would have foretold the newest past, None where there is too little of it."""
    recent = slots[-(judged + AHEAD_SLOTS) :]
    replayed = replay(slots, house, maximum_w, len(recent) + JUDGED_SLOTS // 2)
    if replayed is None:
        return None
    errors_k = foretelling_errors(replayed, recent, house, AHEAD_SLOTS)
    if len(errors_k) < LEAST_JUDGED:
        return None
    rooms = {slot.at: slot.room_c for slot in recent}
    changes_k = [
        later - earlier
        for at, earlier in rooms.items()
        if earlier is not None and (later := rooms.get(at + AHEAD_SLOTS * LOOK_S)) is not None
    ]
    return Accuracy(
        rmse_k=float(np.sqrt(np.mean(errors_k**2))),
        unchanged_rmse_k=float(np.sqrt(np.mean(np.square(changes_k)))),
    )


def learn(slots: list[PastSlot], known: House | None, prior: House, maximum_w: float) -> Learned | None:
    """Return the better of the house known so far and the one fitted anew; None where nothing can be judged yet."""
    fitted = fit(slots, prior, maximum_w)
    houses = [house for house in (known, fitted.house if fitted is not None else None) if house is not None]
    judged = [(house, accuracy(slots, house, maximum_w, len(slots))) for house in houses]
    learned = [Learned(house=house, accuracy=figures) for house, figures in judged if figures is not None]
    return min(learned, key=lambda each: each.accuracy.rmse_k, default=None)


def belief_now(slots: list[PastSlot], house: House, maximum_w: float, present: Present) -> Belief:
    """Return what is believed now: as after the last slot, and the air as much further as the sensor went since."""
    replayed = replay(slots, house, maximum_w)
    if replayed is None:
        return Belief(at=present.now, air_c=present.room_c, mass_c=present.room_c, disturbance_w=0.0)
    belief = latest(replayed)
    since_k = present.room_c - belief.sensor_c if belief.sensor_c is not None else 0.0
    moved_k = since_k if abs(since_k) > SENSOR_STEP_K else 0.0
    return replace(belief, at=present.now, air_c=belief.air_c + moved_k)


def outlook(
    house: House,
    belief: Belief,
    ahead: list[Slot],
    capabilities: Capabilities,
    revenue: RevenueForecast | None,
    *,
    rmse_k: float,
    start_weight: float = 1.0,
) -> Outlook:
    """Return what the slots ahead cost, whichever way they are come to."""
    unsure_k = min(max(UNSURE_SHARE * rmse_k, UNSURE_K[0]), UNSURE_K[1])
    costs = Costs(ahead, revenue, maximum_w=capabilities.maximum_w, floor_w=capabilities.floor_w, unsure_k=unsure_k)
    device = Device(
        capabilities=capabilities,
        start_cost=start_weight * costs.start(capabilities.restart_cost_s, capabilities.maximum_w),
        interruption_cost=ahead[0].job_interruption_cost,
        job_power_w=ahead[0].job_power_w,
    )
    return Outlook(house, belief, ahead, device, costs)


def plan_from(known: Outlook, belief: Belief, present: Present) -> Plan:
    """Return the cheapest way through the slots of an outlook from how things stand."""
    situation = Situation(now=present.now, running=present.running, lasted_s=present.lasted_s)
    slots = known.planned(belief, situation)
    return Plan(
        made_at=present.now,
        slots=slots,
        began_c=belief.air_c,
        heat_cost_per_kwh=known.costs.net_per_kwh(0, slots[0].power_w if slots[0].power_w > 0.0 else known.floor_w),
    )


def make_plan(
    house: House,
    belief: Belief,
    present: Present,
    ahead: list[Slot],
    capabilities: Capabilities,
    revenue: RevenueForecast | None,
    *,
    rmse_k: float,
    start_weight: float = 1.0,
) -> Plan:
    """Return the cheapest way through the slots ahead."""
    known = outlook(house, belief, ahead, capabilities, revenue, rmse_k=rmse_k, start_weight=start_weight)
    return plan_from(known, belief, present)
