"""What a device can do in the next quarter of an hour, given how long it has been on or off; needs numpy."""

from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from ..model.capabilities import Capabilities
from ..model.planning import SLOT_S
from .thermal_model import Floats

LEVELS = 6
START_LEVELS = 3
# Each age is a state, and a state is time: three hours at full length would make a plan of a day four times as dear.
# No device that we know has more than half an hour. Longer ones are cut here, and kept whole by the shaper.
MOST_AGES = 8


@dataclass(frozen=True, kw_only=True)
class Moves:
    """Commanded power, mean power and state afterwards of each move; `extra` is the cost from each state."""

    power_w: Floats
    mean_w: Floats
    following: np.ndarray
    extra: Floats
    """Axes are state and move; infinite where the device cannot."""
    on_job: np.ndarray
    """Whether a move goes on with the job."""
    powers_w: tuple[float, ...]
    """Each power above zero once, and in `which` the place of each move's, the last for none."""
    which: np.ndarray
    alike: np.ndarray
    """Where those moves begin, in their order, that the same states allow at the same cost."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """States of a device: off and on by the slots that they have lasted, and on a job."""

    capabilities: Capabilities
    start_cost: float
    interruption_cost: float = 0.0
    job_power_w: float | None = None
    pace_s: float = SLOT_S
    """How long a slot is."""

    @property
    def off_ages(self) -> int:
        """How many slots a pause lasts at least."""
        return self._slots(self.capabilities.minimum_off_s)

    @property
    def on_ages(self) -> int:
        """How many slots a run lasts at least."""
        return self._slots(self.capabilities.minimum_on_s)

    @property
    def states(self) -> int:
        """How many states there are; the last is the job."""
        return self.off_ages + self.on_ages + 1

    @property
    def heated(self) -> np.ndarray:
        """Whether the device heats on its way into each state."""
        return np.arange(self.states) >= self.off_ages

    def state(self, *, running: bool, lasted_s: float, on_job: bool) -> int:
        """Return the state of a device that has been on or off for some time."""
        if on_job:
            return self.states - 1
        if running:
            return self.off_ages + self._age(self.capabilities.minimum_on_s - lasted_s, self.on_ages)
        return self._age(self.capabilities.minimum_off_s - lasted_s, self.off_ages)

    def _age(self, left_s: float, ages: int) -> int:
        """Return the age of a state that has to last for so long yet."""
        return max(ages - 1 - ceil(max(left_s, 0.0) / self.pace_s), 0)

    def as_states_of(self, slower: Device) -> np.ndarray:
        """Return the state of the same device at a slower pace for each of ours."""
        lasted_s = [(age + 1) * self.pace_s for age in (*range(self.off_ages), *range(self.on_ages))]
        lasted_s[self.off_ages - 1] = lasted_s[-1] = inf
        states = [
            slower.state(running=index >= self.off_ages, lasted_s=each, on_job=False)
            for index, each in enumerate(lasted_s)
        ]
        return np.array([*states, slower.states - 1], dtype=np.intp)

    def _slots(self, seconds: float) -> int:
        return min(max(ceil(seconds / self.pace_s), 1), MOST_AGES)

    def moves(self, levels_w: Floats, start_levels_w: Floats, *, job_goes_on: bool | None) -> Moves:
        """Return all moves; `job_goes_on` after this slot, None in a slot without a job."""
        rows = [*self._stays(), *self._runs(levels_w), *self._starts(start_levels_w)]
        if job_goes_on is not None and self.job_power_w is not None:
            after = self.states - 1 if job_goes_on else self.off_ages + self.on_ages - 1
            rows.append(_Row(self.job_power_w, self.job_power_w, after, {self.states - 1: 0.0}, on_job=True))
        rows = _merged(rows)
        extra = np.full((self.states, len(rows)), np.inf)
        for move, row in enumerate(rows):
            for state, cost in row.allowed.items():
                extra[state, move] = cost
            if not row.on_job:
                # Leaving a job is what a device does that has run long enough, and what its end costs.
                ending = 0.0 if job_goes_on is None else self.interruption_cost
                extra[-1, move] = extra[self.off_ages + self.on_ages - 1, move] + ending
        return _ordered(rows, extra)

    def _stays(self) -> list[_Row]:
        """Off moves: one slot more of a pause, or the end of a run that lasted long enough."""
        last = self.off_ages - 1
        rows = [_Row(0.0, 0.0, min(age + 1, last), {age: 0.0}) for age in range(max(last, 0))]
        rows.append(_Row(0.0, 0.0, last, {last: 0.0}))
        stops = {self.off_ages + self.on_ages - 1: 0.0}
        rows.append(_Row(0.0, 0.0, 0, stops))
        return rows

    def _runs(self, levels_w: Floats) -> list[_Row]:
        last = self.on_ages - 1
        return [
            _Row(float(level_w), float(level_w), self.off_ages + min(age + 1, last), {self.off_ages + age: 0.0})
            for age in range(self.on_ages)
            for level_w in levels_w
        ]

    def _starts(self, levels_w: Floats) -> list[_Row]:
        last = self.off_ages - 1
        return [
            _Row(float(level_w), self.start_mean_w(float(level_w)), self.off_ages, {last: self.start_cost})
            for level_w in levels_w
        ]

    def start_mean_w(self, level_w: float) -> float:
        """Return the mean power of the slot in which the device boots and ramps up to a power."""
        capabilities = self.capabilities
        spread_w = max(capabilities.maximum_w - capabilities.floor_w, 1.0)
        booted_s = max(self.pace_s - capabilities.boot_s, 0.0)
        ramp_s = capabilities.ramp_s * level_w / spread_w
        if booted_s < ramp_s:
            return level_w * booted_s**2 / (2 * ramp_s) / self.pace_s
        return level_w * (booted_s - ramp_s / 2) / self.pace_s


@dataclass(frozen=True)
class _Row:
    power_w: float
    mean_w: float
    following: int
    allowed: dict[int, float]
    on_job: bool = False


def _merged(rows: list[_Row]) -> list[_Row]:
    """Return moves that are alike but for where they begin as one."""
    merged: dict[tuple[float, float, int, bool], _Row] = {}
    for row in rows:
        key = (row.power_w, row.mean_w, row.following, row.on_job)
        allowed = merged[key].allowed | row.allowed if key in merged else row.allowed
        merged[key] = _Row(row.power_w, row.mean_w, row.following, allowed, row.on_job)
    return list(merged.values())


def _ordered(rows: list[_Row], extra: Floats) -> Moves:
    """Return moves with those alike beside each other."""
    order = sorted(range(len(rows)), key=lambda move: (tuple(extra[:, move]), rows[move].power_w))
    rows, extra = [rows[move] for move in order], extra[:, order]
    powers_w = tuple(sorted({row.power_w for row in rows if row.power_w > 0.0}))
    places = {power_w: place for place, power_w in enumerate(powers_w)}
    return Moves(
        power_w=np.array([row.power_w for row in rows]),
        mean_w=np.array([row.mean_w for row in rows]),
        following=np.array([row.following for row in rows], dtype=np.intp),
        extra=extra,
        on_job=np.array([row.on_job for row in rows]),
        powers_w=powers_w,
        which=np.array([places.get(row.power_w, len(powers_w)) for row in rows], dtype=np.intp),
        alike=np.flatnonzero([not move or (extra[:, move] != extra[:, move - 1]).any() for move in range(len(rows))]),
    )


def levels(capabilities: Capabilities, count: int = LEVELS) -> Floats:
    """Return the powers to choose from; the device's own where it has levels."""
    if capabilities.levels_w:
        return np.array(capabilities.levels_w)
    if capabilities.maximum_w <= capabilities.floor_w:
        return np.array([capabilities.maximum_w])
    return np.linspace(capabilities.floor_w, capabilities.maximum_w, count)


def start_levels(capabilities: Capabilities) -> Floats:
    """Return the powers to start with: the lowest, the highest and one between."""
    all_w = levels(capabilities)
    chosen: Floats = all_w[np.unique(np.linspace(0, len(all_w) - 1, START_LEVELS).round().astype(int))]
    return chosen
