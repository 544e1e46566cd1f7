"""The hours to come, solved once in quarters, and the next of them anew in minutes whenever the room is looked at.

A heater with a floor moves the air of a light room by a kelvin in a quarter of an hour: as much as the comfort band is
wide. So the next hour is decided in steps of about five minutes, ahead of what the quarters after it will cost.
"""

from dataclasses import dataclass, replace

from ..model.planning import SLOT_S, PlannedSlot, Slot
from .costs import Costs
from .dynamic_program import DynamicProgram, Step
from .house import House
from .mass_filter import Belief
from .moves import Device
from .thermal_model import Floats

STEP_S = 300.0
NEAR_QUARTERS = 4
# A sensor in steps of a tenth of a degree cannot tell two places apart that are closer.
SAME_PLACE_K = 0.1


@dataclass(frozen=True, kw_only=True)
class Situation:
    """When the way begins, and what the device has been doing since when, in s."""

    now: float
    running: bool
    lasted_s: float


class Outlook:
    """What the hours to come cost, whichever way they are come to; it is as good as new for a quarter of an hour."""

    def __init__(self, house: House, belief: Belief, ahead: list[Slot], device: Device, costs: Costs) -> None:
        self._house, self._ahead, self._device, self.costs = house, ahead, device, costs
        self._program = DynamicProgram(house, belief, ahead, device, costs)
        self._values: list[Floats] = self._program.costs_to_come()
        self._went: tuple[Step, int, list[Step]] | None = None

    @property
    def floor_w(self) -> float:
        """The lowest running power."""
        return self._device.capabilities.floor_w

    def planned(self, belief: Belief, situation: Situation) -> tuple[PlannedSlot, ...]:
        """Return the cheapest way from how things stand: the power to draw now, then the mean of each quarter."""
        window = self._ahead[: NEAR_QUARTERS + 1]
        if len(window) <= NEAR_QUARTERS or any(slot.job_power_w is not None for slot in window):
            on_job = situation.running and self._ahead[0].job_power_w is not None
            state = self._device.state(running=situation.running, lasted_s=situation.lasted_s, on_job=on_job)
            steps = self._program.way(self._values, state, begin_c=(belief.air_c, belief.mass_c))
            return tuple(_planned(slot, [step]) for slot, step in zip(self._ahead, steps, strict=True))
        quarters, state = self._near(belief, situation)
        ways = [*quarters, *([step] for step in self._far(quarters[-1][-1], state))]
        rest = [_planned(slot, steps) for slot, steps in zip(self._ahead, ways, strict=True)]
        return replace(rest[0], power_w=_power_now_w(quarters[0] + quarters[1], situation)), *rest[1:]

    def _far(self, last: Step, state: int) -> list[Step]:
        """Return the steps after the next quarters; those of the look before where it came to the same place."""
        if self._went is not None:
            begun, with_state, far = self._went
            moved_k = max(abs(begun.air_c - last.air_c), abs(begun.mass_c - last.mass_c))
            if with_state == state and moved_k <= SAME_PLACE_K:
                return far
        far = self._program.way(self._values, state, NEAR_QUARTERS, (last.air_c, last.mass_c))
        self._went = (last, state, far)
        return far

    def _near(self, belief: Belief, situation: Situation) -> tuple[list[list[Step]], int]:
        """Return the steps of the next quarters, each in its own, and the state of the device after them."""
        first_at = self._ahead[0].at
        now = min(max(situation.now, first_at), first_at + SLOT_S - 1.0)
        left_s = self._ahead[NEAR_QUARTERS].at - now
        count = max(round(left_s / STEP_S), NEAR_QUARTERS)
        pace_s = left_s / count
        # The first step is of the quarter that is now, however little is left of it.
        places = [0, *(int((now + (index + 0.5) * pace_s - first_at) // SLOT_S) for index in range(1, count))]
        slots = [replace(self._ahead[place], at=now + index * pace_s) for index, place in enumerate(places)]
        device = replace(self._device, pace_s=pace_s)
        costs = self.costs.at_pace([*slots, self._ahead[NEAR_QUARTERS]], pace_s / 3600.0)
        beyond = self._program.after(NEAR_QUARTERS, self._values, device)
        state = device.state(running=situation.running, lasted_s=situation.lasted_s, on_job=False)
        steps = DynamicProgram(self._house, belief, slots, device, costs, beyond).solve(state=state)
        by_quarter = [
            [step for step, place in zip(steps, places, strict=True) if place == quarter]
            for quarter in range(NEAR_QUARTERS)
        ]
        return by_quarter, int(device.as_states_of(self._device)[steps[-1].state])


def _power_now_w(steps: list[Step], situation: Situation) -> float:
    """Return the power of the first step; what boots meanwhile is told already what it is to draw then."""
    starts = steps[0].power_w > 0.0 and not situation.running
    return max(steps[0].power_w, steps[1].power_w) if starts else steps[0].power_w


def _planned(slot: Slot, steps: list[Step]) -> PlannedSlot:
    """Return what is planned of a quarter."""
    return PlannedSlot(
        at=slot.at,
        power_w=sum(step.power_w for step in steps) / len(steps),
        room_c=steps[-1].air_c,
        target_c=slot.target_c,
        outdoor_c=slot.outdoor_c,
        price_per_kwh=slot.price_per_kwh if slot.priced or slot.price_per_kwh else None,
        price_known=slot.price_known,
    )
