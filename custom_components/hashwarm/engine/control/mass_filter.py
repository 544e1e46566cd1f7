"""A Kalman filter for what no sensor shows: the warmth of the mass, and a slow disturbance; needs numpy."""

from dataclasses import dataclass
from math import exp

import numpy as np

from ..model.planning import SLOT_S
from .history import PastSlot
from .house import House
from .thermal_model import Floats, heat_inputs, step_matrices

REPLAYED_SLOTS = 192
SENSOR_SD_K = 0.08
AIR_SD_K = 0.08
MASS_SD_K = 0.02
# A disturbance lasts about half a day, and may be this share of the heater.
DISTURBANCE_KEPT = exp(-SLOT_S / (12 * 3600.0))
DISTURBANCE_SHARE = 0.1
START_MASS_SD_K = 1.5


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What is believed of the house at a time; °C and W."""

    at: float
    air_c: float
    mass_c: float
    disturbance_w: float


@dataclass(frozen=True)
class Replay:
    """Beliefs after each slot of the past; rows are air in °C, mass in °C and disturbance in W."""

    at: Floats
    beliefs: Floats


def replay(slots: list[PastSlot], house: House, maximum_w: float) -> Replay | None:
    """Run the filter over the past, as long as it is remembered; None where no room was ever seen."""
    slots = slots[-REPLAYED_SLOTS:]
    first = next((index for index, slot in enumerate(slots) if slot.room_c is not None), None)
    if first is None:
        return None
    start_c = slots[first].room_c
    assert start_c is not None
    return _Filter(house, maximum_w, start_c).run(slots[first + 1 :], slots[first].at)


def latest(replayed: Replay) -> Belief:
    """Return the newest belief."""
    air_c, mass_c, disturbance_w = (float(value) for value in replayed.beliefs[-1])
    return Belief(at=float(replayed.at[-1]) + SLOT_S, air_c=air_c, mass_c=mass_c, disturbance_w=disturbance_w)


class _Filter:
    """Air, mass and disturbance with their covariance."""

    def __init__(self, house: House, maximum_w: float, start_c: float) -> None:
        self._house = house
        self._state = np.array([start_c, start_c, 0.0])
        disturbance_sd_w = DISTURBANCE_SHARE * maximum_w
        self._covariance = np.diag([SENSOR_SD_K**2, START_MASS_SD_K**2, (0.5 * disturbance_sd_w) ** 2])
        matrices = step_matrices(house)
        self._carry = np.zeros((3, 3))
        self._carry[:2, :2] = matrices.carry
        self._carry[:2, 2] = matrices.heat[:, 0]
        self._carry[2, 2] = DISTURBANCE_KEPT
        self._heat = matrices.heat
        drift_w2 = disturbance_sd_w**2 * (1.0 - DISTURBANCE_KEPT**2)
        self._noise = np.diag([AIR_SD_K**2, MASS_SD_K**2, drift_w2])
        # An open window or a long gap: the air goes where it likes.
        self._wild = np.diag([1.0, 0.1**2, drift_w2])

    def run(self, slots: list[PastSlot], began: float) -> Replay:
        at, beliefs = [began], [self._state]
        gained_k = self._gains(slots)
        for slot, gain_k in zip(slots, gained_k, strict=True):
            blind = slot.disturbed or slot.at - at[-1] > 1.5 * SLOT_S or not np.isfinite(gain_k[0])
            if np.isfinite(gain_k[0]):
                self._state = self._carry @ self._state + gain_k
            self._covariance = self._carry @ self._covariance @ self._carry.T + (self._wild if blind else self._noise)
            if slot.room_c is not None:
                self._correct(slot.room_c)
            at.append(slot.at)
            beliefs.append(self._state)
        return Replay(at=np.array(at), beliefs=np.array(beliefs))

    def _gains(self, slots: list[PastSlot]) -> Floats:
        """Return what each slot's inputs add to air, mass and disturbance; nan where the power is unknown."""
        gained_k = np.zeros((len(slots), 3))
        if slots:
            outdoor_c = _held([slot.outdoor_c for slot in slots])
            power_w = np.array([slot.power_w for slot in slots], dtype=float)
            sun = np.array([(slot.sun.level, slot.sun.east, slot.sun.equator, slot.sun.west) for slot in slots])
            gained_k[:, :2] = heat_inputs(self._house, outdoor_c, power_w, sun) @ self._heat.T
        return gained_k

    def _correct(self, room_c: float) -> None:
        gain = self._covariance[:, 0] / (self._covariance[0, 0] + SENSOR_SD_K**2)
        self._state = self._state + gain * (room_c - self._state[0])
        self._covariance = self._covariance - gain[:, None] * self._covariance[0]


def _held(values: list[float | None]) -> Floats:
    """Return values with the last known one in place of those unknown, nan before the first."""
    held, last = [], np.nan
    for value in values:
        last = last if value is None else value
        held.append(last)
    return np.array(held)


def foretelling_errors(replayed: Replay, slots: list[PastSlot], house: House, ahead: int) -> Floats:
    """Return how far the room was from what was foretold `ahead` slots before, with the inputs as they came, in K."""
    by_at = {slot.at: slot for slot in slots}
    matrices = step_matrices(house)
    starts = [index for index in range(len(replayed.at) - ahead) if _whole(by_at, float(replayed.at[index]), ahead)]
    if not starts:
        return np.empty(0)
    beliefs = replayed.beliefs[starts]
    state, disturbance_w = beliefs[:, :2].copy(), beliefs[:, 2].copy()
    for step in range(1, ahead + 1):
        now = [by_at[float(replayed.at[index]) + step * SLOT_S] for index in starts]
        inputs = heat_inputs(
            house,
            np.array([slot.outdoor_c for slot in now], dtype=float),
            np.array([slot.power_w for slot in now], dtype=float),
            np.array([(slot.sun.level, slot.sun.east, slot.sun.equator, slot.sun.west) for slot in now]),
            disturbance_w,
        )
        state = state @ matrices.carry.T + inputs @ matrices.heat.T
        disturbance_w = disturbance_w * DISTURBANCE_KEPT
    measured_c = np.array([by_at[float(replayed.at[index]) + ahead * SLOT_S].room_c for index in starts], dtype=float)
    errors_k: Floats = state[:, 0] - measured_c
    return errors_k


def _whole(by_at: dict[float, PastSlot], at: float, ahead: int) -> bool:
    """Return whether nothing is missing and nothing was disturbed on the way."""
    for step in range(1, ahead + 1):
        slot = by_at.get(at + step * SLOT_S)
        if slot is None or slot.outdoor_c is None or slot.power_w is None or slot.disturbed:
            return False
    return by_at[at + ahead * SLOT_S].room_c is not None
