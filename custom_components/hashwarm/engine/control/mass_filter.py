"""A Kalman filter for what no sensor shows: the warmth of the mass, and a slow disturbance; needs numpy."""

from dataclasses import dataclass, replace
from math import exp

import numpy as np

from .history import LOOK_S, PastSlot
from .house import House
from .sun import DARK
from .thermal_model import Floats, heat_inputs, step_matrices

LOOK_H = LOOK_S / 3600.0
REPLAYED_SLOTS = 432
SENSOR_SD_K = 0.06
# What may come unforeseen in five minutes.
AIR_SD_K = 0.1
MASS_SD_K = 0.03
# A disturbance lasts about half a day, and may be this share of the heater.
DISTURBANCE_LASTS_S = 12 * 3600.0
KEPT_A_LOOK = exp(-LOOK_S / DISTURBANCE_LASTS_S)
DISTURBANCE_SHARE = 0.08
START_MASS_SD_K = 1.5


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What is believed of the house at a time; °C and W."""

    at: float
    air_c: float
    mass_c: float
    disturbance_w: float
    sensor_c: float | None = None


@dataclass(frozen=True)
class Replay:
    """Beliefs after each slot of the past; rows are air, mass and sensor in °C and disturbance in W."""

    at: Floats
    beliefs: Floats


def replay(slots: list[PastSlot], house: House, maximum_w: float, count: int = REPLAYED_SLOTS) -> Replay | None:
    """Run the filter over the newest slots; None where no room was ever seen."""
    slots = slots[-count:]
    first = next((index for index, slot in enumerate(slots) if slot.room_c is not None), None)
    if first is None:
        return None
    start_c = slots[first].room_c
    assert start_c is not None
    return _Filter(house, maximum_w, start_c).run(slots[first + 1 :], slots[first].at)


def latest(replayed: Replay) -> Belief:
    """Return the newest belief."""
    air_c, mass_c, sensor_c, disturbance_w = (float(value) for value in replayed.beliefs[-1])
    at = float(replayed.at[-1]) + LOOK_S
    return Belief(at=at, air_c=air_c, mass_c=mass_c, sensor_c=sensor_c, disturbance_w=disturbance_w)


class _Filter:
    """Air, mass, sensor and disturbance with their covariance."""

    def __init__(self, house: House, maximum_w: float, start_c: float) -> None:
        self._house = house
        self._state = np.array([start_c, start_c, start_c, 0.0])
        disturbance_sd_w = DISTURBANCE_SHARE * maximum_w
        self._covariance = np.diag([0.3**2, START_MASS_SD_K**2, SENSOR_SD_K**2, disturbance_sd_w**2])
        matrices = step_matrices(house, LOOK_H)
        self._carry = np.zeros((4, 4))
        self._carry[:3, :3] = matrices.carry
        self._carry[:3, 3] = matrices.heat[:, 0]
        self._carry[3, 3] = KEPT_A_LOOK
        self._heat = matrices.heat
        drift_w2 = disturbance_sd_w**2 * (1.0 - KEPT_A_LOOK**2)
        self._noise = np.diag([AIR_SD_K**2, MASS_SD_K**2, 0.0, drift_w2])
        # An open window or a long gap: the air goes where it likes.
        self._wild = np.diag([1.0, 0.1**2, 1.0, drift_w2])

    def run(self, slots: list[PastSlot], began: float) -> Replay:
        at, beliefs = [began], [self._state]
        for slot, gain_k in zip(slots, self._gains(slots), strict=True):
            known = bool(np.isfinite(gain_k[0]))
            if known:
                self._state = self._carry @ self._state + gain_k
            blind = slot.disturbed or not known or slot.at - at[-1] > 1.5 * LOOK_S
            self._covariance = self._carry @ self._covariance @ self._carry.T + (self._wild if blind else self._noise)
            if slot.room_c is not None:
                self._correct(slot.room_c)
            at.append(slot.at)
            beliefs.append(self._state)
        return Replay(at=np.array(at), beliefs=np.array(beliefs))

    def _gains(self, slots: list[PastSlot]) -> Floats:
        """Return what each slot's inputs add to each state; nan where the power is unknown."""
        gained_k = np.zeros((len(slots), 4))
        if slots:
            gained_k[:, :3] = _inputs(slots, self._house) @ self._heat.T
        return gained_k

    def _correct(self, room_c: float) -> None:
        gain = self._covariance[:, 2] / (self._covariance[2, 2] + SENSOR_SD_K**2)
        self._state = self._state + gain * (room_c - self._state[2])
        self._covariance = self._covariance - gain[:, None] * self._covariance[2]


def _inputs(slots: list[PastSlot], house: House) -> Floats:
    """Return the heat into air and mass of each slot in W, without what disturbs; nan where the power is unknown."""
    outdoor_c = _held([slot.outdoor_c for slot in slots])
    power_w = np.array([slot.power_w for slot in slots], dtype=float)
    sun = np.array([(slot.sun.level, slot.sun.east, slot.sun.equator, slot.sun.west) for slot in slots])
    return heat_inputs(house, outdoor_c, power_w, sun)


def walked_c(begin: Belief, slots: list[PastSlot], house: House) -> float:
    """Return what the sensor tells at the least after slots by their watts and weather, from a belief before them.

    Sun and whatever else warmed the room may be gone at any time: they are not counted on.
    """
    matrices = step_matrices(house, LOOK_H)
    state = np.array([begin.air_c, begin.mass_c, begin.air_c if begin.sensor_c is None else begin.sensor_c])
    disturbance_w = min(begin.disturbance_w, 0.0)
    for inputs in _inputs([replace(slot, sun=DARK) for slot in slots], house):
        inputs[0] += disturbance_w
        state = matrices.carry @ state + matrices.heat @ inputs
        disturbance_w *= KEPT_A_LOOK
    return float(state[2])


def _held(values: list[float | None]) -> Floats:
    """Return values with the last known one in place of those unknown, nan before the first."""
    held, last = [], np.nan
    for value in values:
        last = last if value is None else value
        held.append(last)
    return np.array(held)


def foretelling_errors(replayed: Replay, slots: list[PastSlot], house: House, ahead: int) -> Floats:
    """Return how far the sensor was from what was foretold `ahead` slots before, with the inputs as they came, in K."""
    place = {slot.at: index for index, slot in enumerate(slots)}
    whole = _whole(slots, ahead)
    starts = [row for row, at in enumerate(replayed.at[:-1]) if whole.get(float(at), False)]
    if not starts:
        return np.empty(0)
    matrices = step_matrices(house, LOOK_H)
    driven = _inputs(slots, house)
    state, disturbance_w = replayed.beliefs[starts, :3], replayed.beliefs[starts, 3]
    first = np.array([place[float(replayed.at[row])] for row in starts])
    for step in range(1, ahead + 1):
        inputs = driven[first + step]
        inputs[:, 0] += disturbance_w
        state = state @ matrices.carry.T + inputs @ matrices.heat.T
        disturbance_w = disturbance_w * KEPT_A_LOOK
    measured_c = np.array([slots[index + ahead].room_c for index in first], dtype=float)
    errors_k: Floats = state[:, 2] - measured_c
    return errors_k


def _whole(slots: list[PastSlot], ahead: int) -> dict[float, bool]:
    """Return for each time whether nothing is missing and nothing was disturbed on the way."""
    run, whole = 0, dict[float, bool]()
    before: PastSlot | None = None
    for index, slot in enumerate(slots):
        usable = slot.outdoor_c is not None and slot.power_w is not None and not slot.disturbed
        run = run + 1 if usable and before is not None and slot.at - before.at == LOOK_S else 0
        if index >= ahead:
            whole[slots[index - ahead].at] = run >= ahead and slot.room_c is not None
        before = slot
    return whole
