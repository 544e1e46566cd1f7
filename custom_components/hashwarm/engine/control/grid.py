"""A grid over the two ways in which a house cools, where time moves each way by itself; needs numpy.

Air and mass in °C are `basis` @ (slow, fast): the warmth that lasts for days, and the air's lead, gone in an hour.
"""

from dataclasses import dataclass
from math import inf

import numpy as np

from .thermal_model import Floats

SLOW_POINTS = 40
FAST_POINTS = 30
# A room that is kept near its band has no business beyond these: the lead of the air, and the house around the band.
LEAD_K = (-3.0, 3.5)
SLOW_K = (-2.0, 1.0)


@dataclass(frozen=True)
class Modes:
    """The basis of both ways, and the share that remains of each after a slot."""

    basis: Floats
    inverse: Floats
    kept: Floats


def modes(carry: Floats) -> Modes:
    """Return the eigenvectors of a step, slow before fast, scaled to 1 K of air."""
    kept, vectors = np.linalg.eig(carry)
    order = np.argsort(-kept.real)
    basis = vectors.real[:, order]
    basis = basis / basis[0]
    return Modes(basis=basis, inverse=np.linalg.inv(basis), kept=kept.real[order])


@dataclass(frozen=True)
class Grid:
    """Evenly spaced points; `shift` in `take` is what a move adds to slow and fast on the way."""

    modes: Modes
    slow: Floats
    fast: Floats

    @property
    def points(self) -> Floats:
        """Return air and mass in °C at each point; axes are (air, mass) and the grid's two."""
        slow, fast = np.meshgrid(self.slow, self.fast, indexing="ij")
        points: Floats = np.einsum("ij,jsf->isf", self.modes.basis, np.stack([slow, fast]))
        return points

    def take(self, values: Floats, layers: np.ndarray, shift: Floats) -> Floats:
        """Return for each move the values of its layer at where each point goes; edges hold beyond them.

        Axes are move, fast and slow: what takes the least of the moves turns less of it back.
        """
        row, down = _place(self.modes.kept[0] * self.slow + shift[:, :1], self.slow)
        column, right = _place(self.modes.kept[1] * self.fast + shift[:, 1:], self.fast)
        slow, fast = len(self.slow), len(self.fast)
        between = _between(values.reshape(-1, fast), layers[:, None] * slow + row, down)
        turned = np.ascontiguousarray(between.transpose(0, 2, 1)).reshape(-1, slow)
        return _between(turned, np.arange(len(layers))[:, None] * fast + column, right)

    def take_at(self, values: Floats, layers: np.ndarray, at: Floats) -> Floats:
        """Return for each move the value of its layer at one place; `at` holds slow and fast per move."""
        row, down = _place(at[:, 0], self.slow)
        column, right = _place(at[:, 1], self.fast)
        upper = (1.0 - right) * values[layers, row, column] + right * values[layers, row, column + 1]
        lower = (1.0 - right) * values[layers, row + 1, column] + right * values[layers, row + 1, column + 1]
        value: Floats = upper + down * (lower - upper)
        return value


def _between(rows: Floats, before: np.ndarray, share: Floats) -> Floats:
    """Return what lies on the way from a row to the next."""
    mixed: Floats = rows.take(before, axis=0, mode="clip")
    onward = rows.take(before + 1, axis=0, mode="clip")
    onward -= mixed
    onward *= share.astype(rows.dtype)[:, :, None]
    mixed += onward
    return mixed


def _place(value: Floats, axis: Floats) -> tuple[np.ndarray, Floats]:
    """Return the point before each value and the way to the next, 0 to 1."""
    position = (value - axis[0]) / (axis[1] - axis[0])
    np.minimum(np.maximum(position, 0.0, out=position), len(axis) - 1.001, out=position)
    index = position.astype(np.intp)
    return index, position - index


def grid_over(modes_: Modes, band_c: tuple[float, float], begin: Floats, shifts: Floats, coldest: float = inf) -> Grid:
    """Return a grid that holds the comfort band, where the house is now, and all that `shifts` can lead to.

    `shifts` are the least and the most that a slot may add to slow and fast, as rows; `coldest` is how far slow may
    fall where no heat holds the band.
    """
    lead = np.clip(shifts[:, 1] / (1.0 - modes_.kept[1]), *LEAD_K)
    fast = (min(float(lead[0]), float(begin[1]) - 0.3), max(float(lead[1]), float(begin[1]) + 0.3))
    low = min(band_c[0] + SLOW_K[0], float(begin[0]) - 0.3, coldest - 0.3)
    slow = (low, max(band_c[1] + SLOW_K[1], float(begin[0]) + 0.3))
    return Grid(modes=modes_, slow=np.linspace(*slow, SLOW_POINTS), fast=np.linspace(*fast, FAST_POINTS))
