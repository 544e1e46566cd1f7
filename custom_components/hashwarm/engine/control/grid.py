"""A grid over air and mass temperature with fast linear interpolation; needs numpy."""

from dataclasses import dataclass

import numpy as np

from .thermal_model import Floats

AIR_POINTS = 40
MASS_POINTS = 24


@dataclass(frozen=True)
class Grid:
    """Evenly spaced air and mass temperatures in °C."""

    air_c: Floats
    mass_c: Floats

    @property
    def points(self) -> Floats:
        """Return the air and the mass at each point; axes are (air, mass) and the grid's two."""
        return np.stack(np.meshgrid(self.air_c, self.mass_c, indexing="ij"))

    @property
    def shape(self) -> tuple[int, int]:
        """How many points there are each way."""
        return len(self.air_c), len(self.mass_c)

    def take(self, values: Floats, layer: np.ndarray, air_c: Floats, mass_c: Floats) -> Floats:
        """Return values between the points; `values` has a layer before the grid's axes, edges hold beyond them."""
        rows, columns = self.shape
        row, down = _place(air_c, self.air_c)
        column, right = _place(mass_c, self.mass_c)
        first = (layer * rows + row) * columns + column
        flat = values.ravel()
        upper = flat[first] + right * (flat[first + 1] - flat[first])
        first += columns
        lower = flat[first] + right * (flat[first + 1] - flat[first])
        between: Floats = upper + down * (lower - upper)
        return between


def _place(value: Floats, axis: Floats) -> tuple[np.ndarray, Floats]:
    """Return the point before each value and the way to the next, 0 to 1."""
    position = (value - axis[0]) / (axis[1] - axis[0])
    np.clip(position, 0.0, len(axis) - 1.001, out=position)
    index = position.astype(np.intp)
    return index, position - index


def grid_around(coldest_c: float, warmest_c: float, air_c: float, mass_c: float) -> Grid:
    """Return a grid that holds the comfort band, where the house is now, and some way around."""
    low_c, high_c = min(coldest_c - 1.0, air_c - 0.3), max(warmest_c + 1.0, air_c + 0.3)
    mass_low_c, mass_high_c = min(coldest_c - 1.5, mass_c - 0.5), max(warmest_c + 1.5, mass_c + 0.5)
    return Grid(air_c=np.linspace(low_c, high_c, AIR_POINTS), mass_c=np.linspace(mass_low_c, mass_high_c, MASS_POINTS))
