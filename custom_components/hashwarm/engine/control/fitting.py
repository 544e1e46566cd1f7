"""Fits a house to its history: Gauss-Newton with bounds over days that begin where they were measured; needs numpy."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from .history import LOOK_S, PastSlot
from .house import House
from .thermal_model import Floats, batch_matrices

# A piece of history that is simulated in one go; the mass is estimated anew at its beginning.
PIECE_SLOTS = 144
LEAST_PIECE_SLOTS = 48
LEAST_SLOTS = 288
ROUNDS = 30
# Errors of neighbouring slots say the same thing; this many K of lasting error weigh as much as one prior deviation.
NOISE_K = 0.4
HUBER = 2.0
ALIKE_SLOTS = 24.0
START_SD_K = (0.5, 2.0, 0.1)
LEARNS_SD = 1.0
STEP = 1e-4


@dataclass(frozen=True)
class Pieces:
    """Stretches of history without gaps, padded to one length; axes are piece, slot."""

    room_c: Floats
    """At the end of each slot; nan where unknown or not to be learned from."""
    began_c: Floats
    outdoor_c: Floats
    power_w: Floats
    sun: Floats

    @property
    def known(self) -> int:
        """How many slots there are to learn from."""
        return int(np.isfinite(self.room_c).sum())


def pieces(slots: list[PastSlot], length: int = PIECE_SLOTS) -> Pieces:
    """Cut history where it has gaps or was disturbed, and into days."""
    stretches = _stretches(slots, length)
    count = len(stretches)
    room_c, power_w = np.full((count, length), np.nan), np.zeros((count, length))
    outdoor_c, sun, began_c = np.zeros((count, length)), np.zeros((count, length, 4)), np.zeros(count)
    for index, (start_c, stretch) in enumerate(stretches):
        began_c[index] = start_c
        for step, slot in enumerate(stretch):
            room_c[index, step] = np.nan if slot.room_c is None else slot.room_c
            outdoor_c[index, step], power_w[index, step] = slot.outdoor_c or 0.0, slot.power_w or 0.0
            sun[index, step] = (slot.sun.level, slot.sun.east, slot.sun.equator, slot.sun.west)
    return Pieces(room_c=room_c, began_c=began_c, outdoor_c=outdoor_c, power_w=power_w, sun=sun)


def _stretches(slots: list[PastSlot], length: int) -> list[tuple[float, list[PastSlot]]]:
    found: list[tuple[float, list[PastSlot]]] = []
    before: PastSlot | None = None
    stretch: list[PastSlot] = []
    start_c = 0.0

    def close() -> None:
        if len(stretch) >= min(LEAST_PIECE_SLOTS, length):
            found.append((start_c, list(stretch)))
        stretch.clear()

    for slot in slots:
        follows = before is not None and before.room_c is not None and abs(slot.at - before.at - LOOK_S) < 1.0
        usable = slot.power_w is not None and slot.outdoor_c is not None and not slot.disturbed
        if not (follows and usable) or len(stretch) >= length:
            close()
        if follows and usable and before is not None and before.room_c is not None:
            if not stretch:
                start_c = before.room_c
            stretch.append(slot)
        before = slot if not slot.disturbed else None
    close()
    return found


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A house and how well it foretells, as root mean square in K."""

    house: House
    rmse_k: float
    slots: int


class _Scaling:
    """The figures of a house as free numbers around what was assumed: logarithms, logits, and watts per heater size."""

    def __init__(self, prior: House, maximum_w: float) -> None:
        self._maximum_w = maximum_w
        least_m2 = 1e-5 * maximum_w
        positive = (
            prior.heat_loss_w_per_k,
            prior.air_wh_per_k,
            prior.mass_wh_per_k,
            prior.coupling_w_per_k,
            prior.sensor_lag_h,
            *(max(area, least_m2) for area in prior.apertures_m2),
        )
        self.centre = np.array(
            [*np.log(positive), _logit(prior.heater_to_air), _logit(prior.sun_to_air), prior.disturbance_w / maximum_w]
        )
        self.deviation = np.array([LEARNS_SD] * 5 + [1.5 * LEARNS_SD] * 4 + [1.0, 1.0, 0.05])
        self.bound = np.array([2.5] * 5 + [5.0] * 4 + [2.5, 2.5, 0.2])

    def figures(self, free: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return physical figures, apertures, heater's and sun's shares to the air, and disturbance in W, by row."""
        positive = np.exp(free[:, :9])
        shares = 1.0 / (1.0 + np.exp(-free[:, 9:11]))
        return positive[:, :5], positive[:, 5:], shares[:, 0], shares[:, 1], free[:, 11] * self._maximum_w

    def house(self, free: Floats) -> House:
        """Return the house of one row."""
        physical, areas, heater, sun, disturbance_w = self.figures(free[None, :])
        loss, air, mass, coupling, lag = (float(figure) for figure in physical[0])
        level, east, equator, west = (float(area) for area in areas[0])
        return House(
            heat_loss_w_per_k=loss,
            air_wh_per_k=air,
            mass_wh_per_k=mass,
            coupling_w_per_k=coupling,
            sensor_lag_h=lag,
            heater_to_air=float(heater[0]),
            sun_to_air=float(sun[0]),
            apertures_m2=(level, east, equator, west),
            disturbance_w=float(disturbance_w[0]),
        )

    def clip(self, free: Floats) -> Floats:
        """Keep every figure within what a house can be."""
        clipped: Floats = np.clip(free, self.centre - self.bound, self.centre + self.bound)
        return clipped


def _logit(share: float) -> float:
    return float(np.log(share / (1.0 - share)))


def fit(slots: list[PastSlot], prior: House, maximum_w: float) -> Fitted | None:
    """Return the house that explains its history best, None where there is too little of it or the fit goes astray."""
    cut = pieces(slots)
    if cut.known < LEAST_SLOTS:
        return None
    scaling = _Scaling(prior, maximum_w)
    free = _gauss_newton(cut, scaling)
    house = scaling.house(free)
    residual_k = _residuals(cut, scaling, free[None, :])[0]
    known = np.isfinite(cut.room_c)
    rmse_k = float(np.sqrt(np.mean(residual_k[known] ** 2)))
    return Fitted(house=house, rmse_k=rmse_k, slots=cut.known) if isfinite(rmse_k) else None


def _gauss_newton(cut: Pieces, scaling: _Scaling) -> Floats:
    """Minimise the weighted error and the distance to the prior (Levenberg-Marquardt)."""
    free, damping = scaling.centre.copy(), 1e-2
    count = len(free)
    cost = _cost(cut, scaling, free)
    for _ in range(ROUNDS):
        rows = np.vstack([free, free + STEP * np.eye(count)])
        residual = _weighted(_residuals(cut, scaling, rows).reshape(count + 1, -1))
        jacobian = (residual[1:] - residual[0]).T / STEP
        # The prior is one more row per figure; it keeps what the history does not tell.
        information = jacobian.T @ jacobian + np.diag(scaling.deviation**-2.0)
        gradient = jacobian.T @ residual[0] + (free - scaling.centre) / scaling.deviation**2
        improved = False
        for _ in range(6):
            step = np.linalg.solve(information + damping * np.diag(np.diag(information)), -gradient)
            trial = scaling.clip(free + step)
            trial_cost = _cost(cut, scaling, trial)
            if isfinite(trial_cost) and trial_cost < cost:
                improved = True
                break
            damping *= 4.0
        if not improved:
            break
        gained, free, cost, damping = cost - trial_cost, trial, trial_cost, damping / 6.0
        if gained < 1e-4 * cost:
            break
    return free


def _cost(cut: Pieces, scaling: _Scaling, free: Floats) -> float:
    residual = _weighted(_residuals(cut, scaling, free[None, :]).reshape(1, -1))
    return float(np.sum(residual**2) + np.sum(((free - scaling.centre) / scaling.deviation) ** 2))


def _weighted(residual_k: Floats) -> Floats:
    """Return residuals in deviations, bent beyond the second (Huber), zero where unknown."""
    scaled = np.nan_to_num(residual_k) / NOISE_K
    size = np.abs(scaled)
    bent = np.where(size <= HUBER, scaled, np.sign(scaled) * np.sqrt(np.maximum(2 * HUBER * size - HUBER**2, 0.0)))
    weighted: Floats = bent / np.sqrt(ALIKE_SLOTS)
    return weighted


def _residuals(cut: Pieces, scaling: _Scaling, rows: Floats) -> Floats:
    """Return simulated minus measured room in K for each row of figures; axes are row, piece, slot."""
    physical, areas, heater, sun_share, disturbance_w = scaling.figures(rows)
    carry, heat = batch_matrices(physical, LOOK_S / 3600.0)
    gain_w = np.einsum("psk,rk->rps", cut.sun, areas)
    to_air = physical[:, 0, None, None] * cut.outdoor_c + heater[:, None, None] * cut.power_w
    to_air += sun_share[:, None, None] * gain_w + disturbance_w[:, None, None]
    to_mass = (1.0 - heater)[:, None, None] * cut.power_w + (1.0 - sun_share)[:, None, None] * gain_w
    forced_k, response = _simulated(cut, carry, heat, to_air, to_mass)
    return _with_best_start(cut, forced_k, response)


def _simulated(cut: Pieces, carry: Floats, heat: Floats, to_air: Floats, to_mass: Floats) -> tuple[Floats, Floats]:
    """Return the sensor's way from a start with all as measured, and its answer to 1 K more of each state at first."""
    rows, count, steps = to_air.shape
    state = np.broadcast_to(cut.began_c, (rows, 3, count)).copy()
    drive = np.einsum("rij,rjps->srip", heat, np.stack([to_air, to_mass], axis=1))
    forced_k, response = np.empty_like(to_air), np.empty((rows, steps, 3))
    power = carry
    for step in range(steps):
        state = carry @ state + drive[step]
        forced_k[:, :, step] = state[:, 2]
        response[:, step] = power[:, 2]
        power = power @ carry
    return forced_k, response


def _with_best_start(cut: Pieces, forced_k: Floats, response: Floats) -> Floats:
    """Choose each piece's own start of air, mass and sensor, which nobody knows, by linear least squares."""
    known = np.isfinite(cut.room_c)
    error_k = np.where(known, forced_k - np.nan_to_num(cut.room_c), 0.0)
    weight = known.astype(float)
    normal = np.einsum("rsi,rsj,ps->rpij", response, response, weight) / ALIKE_SLOTS / NOISE_K**2
    normal += np.diag(np.array(START_SD_K) ** -2.0)
    right = np.einsum("rsi,rps->rpi", response, error_k) / ALIKE_SLOTS / NOISE_K**2
    start = -np.linalg.solve(normal, right[..., None])[..., 0]
    residual_k: Floats = forced_k + np.einsum("rsi,rpi->rps", response, start) - cut.room_c
    return residual_k
