"""The house as matrices over a quarter of an hour; needs numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.planning import SLOT_S
from .house import House

type Floats = NDArray[np.floating[Any]]

HOURS = SLOT_S / 3600.0


@dataclass(frozen=True)
class StepMatrices:
    """Next (air, mass) in K = `carry` @ (air, mass) + `heat` @ (W into air with outdoor gain, W into mass)."""

    carry: Floats
    heat: Floats


def step_matrices(house: House, hours: float = HOURS) -> StepMatrices:
    """Return the exact step for inputs that hold still."""
    packed = packed_house(house)
    carry, heat = batch_matrices(packed[None, :4], hours)
    return StepMatrices(carry=carry[0], heat=heat[0])


def packed_house(house: House) -> Floats:
    """Return the four physical figures: loss, air, mass, coupling."""
    return np.array([house.heat_loss_w_per_k, house.air_wh_per_k, house.mass_wh_per_k, house.coupling_w_per_k])


def batch_matrices(figures: Floats, hours: float) -> tuple[Floats, Floats]:
    """Return `carry` and `heat` for each row of (loss, air, mass, coupling); closed form of a 2x2 exponential."""
    loss, air, mass, coupling = figures.T
    system = np.empty((len(figures), 2, 2))
    system[:, 0, 0], system[:, 0, 1] = -(loss + coupling) / air, coupling / air
    system[:, 1, 0], system[:, 1, 1] = coupling / mass, -coupling / mass
    half_trace = (system[:, 0, 0] + system[:, 1, 1]) / 2
    determinant = system[:, 0, 0] * system[:, 1, 1] - system[:, 0, 1] * system[:, 1, 0]
    # Both eigenvalues are real and different: the off-diagonal product is positive.
    root = np.sqrt(half_trace**2 - determinant)
    slow, fast = np.exp((half_trace + root) * hours), np.exp((half_trace - root) * hours)
    mean, spread = (slow + fast) / 2, (slow - fast) / (2 * root)
    identity = np.eye(2)
    carry = mean[:, None, None] * identity + spread[:, None, None] * (system - half_trace[:, None, None] * identity)
    inflow = np.zeros_like(system)
    inflow[:, 0, 0], inflow[:, 1, 1] = 1.0 / air, 1.0 / mass
    heat = np.linalg.solve(system, (carry - identity) @ inflow)
    return carry, heat


def heat_inputs(house: House, outdoor_c: Floats, power_w: Floats, sun: Floats, extra_w: Floats | float = 0.0) -> Floats:
    """Return the heat in W into air and mass for each slot; `sun` has the four walls in its last axis."""
    gain_w = sun @ np.array(house.apertures_m2)
    to_air = house.heat_loss_w_per_k * outdoor_c + house.heater_to_air * power_w + house.sun_to_air * gain_w
    to_mass = (1.0 - house.heater_to_air) * power_w + (1.0 - house.sun_to_air) * gain_w
    return np.stack([to_air + house.disturbance_w + extra_w, to_mass], axis=-1)
