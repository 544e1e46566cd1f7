"""The house as matrices over a step of time; needs numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.planning import SLOT_S
from .house import House

type Floats = NDArray[np.floating[Any]]

HOURS = SLOT_S / 3600.0
HALVINGS, TERMS = 8, 6


@dataclass(frozen=True)
class StepMatrices:
    """Next (air, mass, sensor) in °C = `carry` @ now + `heat` @ (W into air with outdoor gain, W into mass)."""

    carry: Floats
    heat: Floats

    @property
    def house_carry(self) -> Floats:
        """Return the step of air and mass alone; the sensor follows them and moves nothing."""
        return self.carry[:2, :2]

    @property
    def house_heat(self) -> Floats:
        """Return what heat does to air and mass alone."""
        return self.heat[:2]


def step_matrices(house: House, hours: float = HOURS) -> StepMatrices:
    """Return the exact step for inputs that hold still."""
    figures = (house.heat_loss_w_per_k, house.air_wh_per_k, house.mass_wh_per_k, house.coupling_w_per_k)
    carry, heat = batch_matrices(np.array([[*figures, house.sensor_lag_h]]), hours)
    return StepMatrices(carry=carry[0], heat=heat[0])


def batch_matrices(figures: Floats, hours: float) -> tuple[Floats, Floats]:
    """Return `carry` and `heat` for each row of loss, air, mass, coupling in W/K and Wh/K and sensor lag in h."""
    loss, air, mass, coupling, lag = figures.T
    system = np.zeros((len(figures), 5, 5))
    system[:, 0, 0], system[:, 0, 1] = -(loss + coupling) / air, coupling / air
    system[:, 1, 0], system[:, 1, 1] = coupling / mass, -coupling / mass
    system[:, 2, 0], system[:, 2, 2] = 1.0 / lag, -1.0 / lag
    system[:, 0, 3], system[:, 1, 4] = 1.0 / air, 1.0 / mass
    step = _exponential(system * hours)
    return step[:, :3, :3], step[:, :3, 3:]


def _exponential(matrices: Floats) -> Floats:
    """Return the exponential of each matrix by a short series of a small part, squared again and again."""
    small = matrices / 2.0**HALVINGS
    identity = np.eye(matrices.shape[-1])
    result: Floats = identity + small / TERMS
    for term in range(TERMS - 1, 0, -1):
        result = identity + small @ result / term
    for _ in range(HALVINGS):
        result = result @ result
    return result


def heat_inputs(house: House, outdoor_c: Floats, power_w: Floats, sun: Floats, extra_w: Floats | float = 0.0) -> Floats:
    """Return the heat in W into air and mass for each slot; `sun` has the four walls in its last axis."""
    gain_w = sun @ np.array(house.apertures_m2)
    to_air = house.heat_loss_w_per_k * outdoor_c + house.heater_to_air * power_w + house.sun_to_air * gain_w
    to_mass = (1.0 - house.heater_to_air) * power_w + (1.0 - house.sun_to_air) * gain_w
    return np.stack([to_air + house.disturbance_w + extra_w, to_mass], axis=-1)
