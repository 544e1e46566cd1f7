"""Dynamic programming over a house and what its device does; exact for the floor, starts and jobs; needs numpy."""

from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from math import inf, isfinite

import numpy as np

from ..model.planning import Slot
from .costs import VALUE, Costs, Limits
from .grid import SLOW_K, Grid, grid_over, modes
from .house import House
from .mass_filter import DISTURBANCE_LASTS_S, Belief
from .moves import Device, Moves, levels, start_levels
from .thermal_model import Floats, heat_inputs, step_matrices

FINE_LEVELS = 16
# Later powers are planned anew before their time comes.
FINE_SLOTS = 6
# A house that is warmed from a cold start may cool by this much first.
SLACK_K = 0.1


@dataclass(frozen=True, kw_only=True)
class Step:
    """One slot of the way chosen: power in W, air and mass in °C at its end."""

    power_w: float
    air_c: float
    mass_c: float
    state: int
    """Of the device at its end."""


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """What is to come after the last slot costs, per state of the device over a grid."""

    grid: Grid
    around_c: float
    worth: Floats


class DynamicProgram:
    """One problem: a house as it stands, the hours to come, a device and what things cost."""

    def __init__(
        self,
        house: House,
        belief: Belief,
        slots: list[Slot],
        device: Device,
        costs: Costs,
        beyond: Beyond | None = None,
    ) -> None:
        """Take the problem up; without a `beyond` the house is to end in comfort."""
        self._slots, self._device, self._costs = slots, device, costs
        matrices = step_matrices(house, device.pace_s / 3600.0)
        self._modes = modes(matrices.house_carry)
        # Around a house in comfort: its two ways are about nothing there, and the grid lies where the room will be.
        middle_c = (min(slot.coldest_c for slot in slots) + max(slot.warmest_c for slot in slots)) / 2
        self._around_c = beyond.around_c if beyond is not None else middle_c
        into_modes = (self._modes.inverse @ matrices.house_heat).T
        self._drift = _drift_inputs(house, belief, slots, self._around_c, device.pace_s) @ into_modes
        self._per_watt = np.array([house.heater_to_air, 1.0 - house.heater_to_air]) @ into_modes
        self._begin = self._in_modes(belief.air_c, belief.mass_c)
        self._grid = self._make_grid() if beyond is None else replace(beyond.grid, modes=self._modes)
        self._points_c = self._grid.points + self._around_c
        self._ending = (
            beyond.worth if beyond is not None else costs.ending(self._points_c, house)[None].repeat(device.states, 0)
        )
        self._discomforts = dict[Limits, Floats]()
        self._paid = dict[int, Floats]()

    def _in_modes(self, air_c: float, mass_c: float) -> Floats:
        at: Floats = self._modes.inverse @ (air_c - self._around_c, mass_c - self._around_c)
        return at

    def _make_grid(self) -> Grid:
        slots, most = self._slots, self._device.capabilities.maximum_w * self._per_watt
        shifts = np.stack(
            [self._drift.min(axis=0) + np.minimum(most, 0.0), self._drift.max(axis=0) + np.maximum(most, 0.0)]
        )
        band_c = (
            min(slot.coldest_c for slot in slots) - self._around_c,
            max(slot.surplus_warmest_c or slot.warmest_c for slot in slots) - self._around_c,
        )
        return grid_over(self._modes, band_c, self._begin, shifts, self._coldest(band_c[0], float(most[0])))

    def _coldest(self, band_c: float, most: float) -> float:
        """Return how far the slow way falls without heat, where all heat cannot hold the band; else no matter.

        Without the room's true way beyond the band a heater that is too small would seem to be of no use.
        """
        begin = heated = unheated = lowest = coldest = float(self._begin[0])
        for drift in self._drift[:, 0].tolist():
            heated = self._modes.kept[0] * heated + drift + most
            unheated = self._modes.kept[0] * unheated + drift
            lowest, coldest = min(lowest, heated), min(coldest, unheated)
        return coldest if lowest < min(band_c + SLOW_K[0] / 2, begin - SLACK_K) else inf

    def solve(self, *, state: int) -> list[Step]:
        """Return the cheapest way for a device in a state."""
        return self.way(self.costs_to_come(), state)

    def after(self, index: int, values: list[Floats], faster: Device) -> Beyond:
        """Return what comes from a slot on for a device that is looked at in shorter slots before it."""
        # What a slot's end costs belongs to the shorter one that ends there too.
        worth = values[index - 1][: self._device.states] - self._discomfort(self._costs.limits(index - 1))
        return Beyond(grid=self._grid, around_c=self._around_c, worth=worth[faster.as_states_of(self._device)])

    def _moves(self, index: int, *, fine: bool) -> Moves:
        slots = self._slots
        job_goes_on: bool | None = None
        if slots[index].job_power_w is not None:
            job_goes_on = index + 1 < len(slots) and slots[index + 1].job_power_w is not None
        return _moves_of(self._device, fine, job_goes_on)

    def _same_moves(self, index: int) -> bool:
        """Return whether a slot allows the moves of the one after it."""
        jobs = [slot.job_power_w is not None for slot in self._slots[index : index + 3]]
        return len(set(jobs)) == 1 and (not jobs[0] or index + 2 < len(self._slots))

    def costs_to_come(self) -> list[Floats]:
        """Return what each slot's end and all that follows cost, for each state of the device over the grid."""
        value = self._ending
        values = list[Floats]()
        moves = self._moves(len(self._slots) - 1, fine=False)
        for index in range(len(self._slots) - 1, -1, -1):
            if not self._same_moves(index):
                moves = self._moves(index, fine=False)
            layers: Floats = value + self._discomfort(self._costs.limits(index))
            following = moves.following
            if self._slots[index].surplus_w > 0.0:
                layers, following = self._with_surplus(index, layers, value, moves)
            values.append(layers)
            shift = self._drift[index] + moves.mean_w[:, None] * self._per_watt
            onward = self._grid.take(layers, following, shift)
            self._paid[index] = self._costs.money(index, moves)
            onward += self._paid[index].astype(VALUE)[:, None, None]
            value = _cheapest(onward, moves)
        values.reverse()
        return values

    def _discomfort(self, limits: Limits) -> Floats:
        """Return what the room costs in each state over the grid; a day has few different limits."""
        if limits not in self._discomforts:
            self._discomforts[limits] = self._costs.discomfort(limits, self._points_c[0], self._device.heated)
        return self._discomforts[limits]

    def _with_surplus(self, index: int, layers: Floats, value: Floats, moves: Moves) -> tuple[Floats, np.ndarray]:
        """Return further layers in which the room may get as warm as surplus alone may make it."""
        gentle = value + self._discomfort(self._costs.limits(index, surplus=True))
        by_surplus = (moves.power_w > 0.0) & (moves.power_w <= self._slots[index].surplus_w)
        return np.concatenate([layers, gentle]), moves.following + self._device.states * by_surplus

    def way(
        self, values: list[Floats], state: int, first: int = 0, begin_c: tuple[float, float] | None = None
    ) -> list[Step]:
        """Walk the cheapest way from a slot on, with finer powers at first than the grid was solved for.

        `begin_c` is the warmth of air and mass then, that of now where it is left out.
        """
        at, steps = self._begin if begin_c is None else self._in_modes(*begin_c), []
        moves = self._moves(first, fine=first < FINE_SLOTS)
        for index, slot in enumerate(self._slots[first:], first):
            if index == FINE_SLOTS or (index > first and not self._same_moves(index - 1)):
                moves = self._moves(index, fine=index < FINE_SLOTS)
            after = self._modes.kept * at + self._drift[index] + moves.mean_w[:, None] * self._per_watt
            by_surplus = (moves.power_w > 0.0) & (moves.power_w <= slot.surplus_w)
            onward = self._grid.take_at(values[index], moves.following + self._device.states * by_surplus, after)
            paid = self._paid[index] if index >= FINE_SLOTS else self._costs.money(index, moves)
            best = int(np.argmin(onward + paid + moves.extra[state]))
            at, state = after[best], int(moves.following[best])
            air_c, mass_c = (float(celsius) for celsius in self._modes.basis @ at + self._around_c)
            steps.append(Step(power_w=float(moves.power_w[best]), air_c=air_c, mass_c=mass_c, state=state))
        return steps


def _drift_inputs(house: House, belief: Belief, slots: list[Slot], around_c: float, pace_s: float) -> Floats:
    """Return the heat in W that weather, sun and disturbance bring into air and mass of a house at a temperature."""
    outdoor_c = np.array([slot.outdoor_c for slot in slots]) - around_c
    sun = np.array([(slot.sun.level, slot.sun.east, slot.sun.equator, slot.sun.west) for slot in slots])
    lasting_w = belief.disturbance_w * np.exp(-pace_s / DISTURBANCE_LASTS_S * np.arange(len(slots)))
    return heat_inputs(house, outdoor_c, np.zeros(len(slots)), sun, lasting_w)


@lru_cache(maxsize=32)
def _moves_of(device: Device, fine: bool, job_goes_on: bool | None) -> Moves:  # noqa: FBT001 - a key of the cache
    levels_w = levels(device.capabilities, FINE_LEVELS) if fine else levels(device.capabilities)
    return device.moves(levels_w, levels_w if fine else start_levels(device.capabilities), job_goes_on=job_goes_on)


def _cheapest(onward: Floats, moves: Moves) -> Floats:
    """Return the least cost over the moves that each state allows."""
    ends = (*moves.alike[1:].tolist(), len(onward))
    least = [onward[begin:end].min(axis=0) for begin, end in zip(moves.alike.tolist(), ends, strict=True)]
    cheapest: Floats = np.empty((len(moves.extra), *onward.shape[1:]), VALUE)
    for state, extra in enumerate(moves.extra[:, moves.alike].tolist()):
        costs = [each + VALUE(cost) for each, cost in zip(least, extra, strict=True) if isfinite(cost)]
        cheapest[state] = reduce(np.minimum, costs)
    return np.ascontiguousarray(cheapest.transpose(0, 2, 1))
