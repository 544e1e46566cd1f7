"""Dynamic programming over air, mass and what the device is doing: exact for the floor, starts and jobs; needs numpy."""

from dataclasses import dataclass

import numpy as np

from ..model.planning import Slot
from .costs import Costs
from .grid import Grid
from .house import House
from .mass_filter import DISTURBANCE_KEPT, Belief
from .moves import Device, Moves, levels, start_levels
from .thermal_model import Floats, heat_inputs, step_matrices

FINE_LEVELS = 16


@dataclass(frozen=True, kw_only=True)
class Step:
    """One slot of the way chosen: power in W, air and mass in °C at its end."""

    power_w: float
    air_c: float
    mass_c: float


class DynamicProgram:
    """One problem: a house, the hours to come, a device and what things cost; `solve` returns the cheapest way."""

    def __init__(self, house: House, slots: list[Slot], device: Device, costs: Costs, grid: Grid) -> None:
        self._house, self._slots, self._device, self._costs, self._grid = house, slots, device, costs, grid
        self._matrices = step_matrices(house)

    def solve(self, belief: Belief, *, state: int) -> list[Step]:
        """Return the cheapest way from what is believed now and the state that the device is in."""
        drift_k = self._drift(belief)
        return self._forward(self._backward(drift_k), drift_k, belief, state)

    def _drift(self, belief: Belief) -> Floats:
        """Return what weather, sun and disturbance alone add to air and mass in each slot, in K."""
        count = len(self._slots)
        outdoor_c = np.array([slot.outdoor_c for slot in self._slots])
        sun = np.array([(slot.sun.level, slot.sun.east, slot.sun.equator, slot.sun.west) for slot in self._slots])
        lasting_w = belief.disturbance_w * DISTURBANCE_KEPT ** np.arange(count)
        drift: Floats = heat_inputs(self._house, outdoor_c, np.zeros(count), sun, lasting_w) @ self._matrices.heat.T
        return drift

    def _lift(self, moves: Moves) -> Floats:
        """Return what each move adds to air and mass, in K."""
        share = self._house.heater_to_air
        lift: Floats = np.outer(moves.mean_w, (share, 1.0 - share)) @ self._matrices.heat.T
        return lift

    def _moves(self, index: int, *, fine: bool) -> Moves:
        slots, capabilities = self._slots, self._device.capabilities
        job_goes_on: bool | None = None
        if slots[index].job_power_w is not None:
            job_goes_on = index + 1 < len(slots) and slots[index + 1].job_power_w is not None
        levels_w = levels(capabilities, FINE_LEVELS) if fine else levels(capabilities)
        return self._device.moves(levels_w, levels_w if fine else start_levels(capabilities), job_goes_on=job_goes_on)

    def _backward(self, drift_k: Floats) -> list[Floats]:
        """Return the cost to go before each slot, for each state of the device over the grid."""
        grid = self._grid
        base = np.einsum("ij,jtm->itm", self._matrices.carry, grid.points)
        value = np.repeat(self._costs.ending(grid.points, self._house)[None], self._device.states, axis=0)
        values = [value]
        moves, job = self._moves(0, fine=False), self._slots[0].job_power_w
        for index in range(len(self._slots) - 1, -1, -1):
            if job is not None or index == len(self._slots) - 1:
                moves = self._moves(index, fine=False)
                lift_k, layer = self._lift(moves), moves.following[:, None, None]
            air = base[0] + (drift_k[index, 0] + lift_k[:, 0])[:, None, None]
            mass = base[1] + (drift_k[index, 1] + lift_k[:, 1])[:, None, None]
            onward = grid.take(value, layer, air, mass)
            onward += self._costs.discomfort(index, air, moves.power_w)
            onward += self._costs.money(index, moves)[:, None, None]
            value = np.stack([_cheapest(onward, extra) for extra in moves.extra])
            values.append(value)
        values.reverse()
        return values

    def _forward(self, values: list[Floats], drift_k: Floats, belief: Belief, state: int) -> list[Step]:
        """Walk the cheapest way, with finer powers than the grid was solved for."""
        at = np.array([belief.air_c, belief.mass_c])
        steps: list[Step] = []
        job = self._slots[0].job_power_w
        moves = self._moves(0, fine=True)
        for index in range(len(self._slots)):
            moves = self._moves(index, fine=True) if job is not None else moves
            after = self._matrices.carry @ at + drift_k[index] + self._lift(moves)
            air, mass = after[:, 0, None, None], after[:, 1, None, None]
            cost = self._grid.take(values[index + 1], moves.following[:, None, None], air, mass)
            cost += self._costs.discomfort(index, air, moves.power_w)
            total = cost[:, 0, 0] + self._costs.money(index, moves) + moves.extra[state]
            best = int(np.argmin(total))
            at, state = after[best], int(moves.following[best])
            steps.append(Step(power_w=float(moves.power_w[best]), air_c=float(at[0]), mass_c=float(at[1])))
        return steps


def _cheapest(onward: Floats, extra: Floats) -> Floats:
    """Return the least cost over the moves that a state allows."""
    allowed = np.flatnonzero(extra < 1e8)
    cheapest: Floats = (onward[allowed] + extra[allowed, None, None]).min(axis=0)
    return cheapest
