"""Where the electricity of the heaters comes from, and what it costs by where it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, override

BATTERY_EFFICIENCY = 0.9
"""Of storing and giving back; what is assumed of a battery of which a person says nothing."""

type Read = Callable[[], float | None]


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Shares of the heaters' power by source; they are never less than nothing, and their sum is 1."""

    grid: float = 1.0
    solar: float = 0.0
    battery: float = 0.0

    def parts(self, energy_mj: int) -> tuple[int, int]:
        """Return how many mJ of an energy are solar and from the battery; the rest is from the grid."""
        solar_mj = min(max(round(self.solar * energy_mj), 0), energy_mj)
        return solar_mj, min(max(round(self.battery * energy_mj), 0), energy_mj - solar_mj)


ALL_GRID = Supply()
"""What is taken where nobody tells: the dearest reading, so that no saving is claimed that was not made."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a kWh from each source costs, in the home's currency; None is unknown.

    Solar energy costs what it would have earned by being fed in, energy of the battery what it cost to store. Where
    neither is known it is taken to cost what the grid's does.
    """

    grid: float | None = None
    solar: float | None = None
    battery: float | None = None

    def mixed(self, supply: Supply) -> float | None:
        """Return what a kWh of this mix costs, None while the price of the grid is not known."""
        if self.grid is None:
            return None
        solar = self.grid if self.solar is None else self.solar
        battery = self.grid if self.battery is None else self.battery
        return supply.grid * self.grid + supply.solar * solar + supply.battery * battery


class Electricity(Protocol):
    """What electricity costs now, and where that of the heaters comes from."""

    @property
    def known(self) -> bool:
        """Whether meters tell the supply now; while they do not, all is taken to be from the grid."""
        ...

    def prices(self) -> Prices:
        """Return what a kWh costs now, by source."""
        ...

    def supply(self, own_power_w: float | None, more_w: float = 0.0) -> Supply:
        """Return where the power of all our heaters together, in W, comes from now.

        `more_w` asks where it would come from if they drew so much more.
        """
        ...


class MeteredElectricity(Electricity):
    """Prices from a person or a sensor, the supply from the meters of the house; each may be missing."""

    def __init__(
        self,
        *,
        grid_price: Read,
        feed_in_price: float | None = None,
        battery_price: float | None = None,
        grid_w: Read | None = None,
        battery_w: Read | None = None,
    ) -> None:
        """Take how to read: prices per kWh; W imported and W discharged, both less than nothing the other way round."""
        self._grid_price = grid_price
        self._solar_price = feed_in_price
        self._battery_price = battery_price
        if battery_price is None and feed_in_price is not None:
            self._battery_price = max(feed_in_price, feed_in_price / BATTERY_EFFICIENCY)
        self._grid_w = grid_w
        self._battery_w = battery_w

    @property
    @override
    def known(self) -> bool:
        """Whether every meter that there is tells its power now."""
        battery_told = self._battery_w is None or self._battery_w() is not None
        return self._grid_w is not None and self._grid_w() is not None and battery_told

    @override
    def prices(self) -> Prices:
        """Return what a kWh costs now."""
        return Prices(grid=self._grid_price(), solar=self._solar_price, battery=self._battery_price)

    @override
    def supply(self, own_power_w: float | None, more_w: float = 0.0) -> Supply:
        """Return where the power of all our heaters comes from now."""
        grid_w = self._grid_w() if self._grid_w is not None else None
        if grid_w is None or own_power_w is None:
            return ALL_GRID
        battery_w = self._battery_w() if self._battery_w is not None else 0.0
        return marginal_supply(grid_w + more_w, battery_w, own_power_w + more_w)


def marginal_supply(grid_w: float | None, battery_w: float | None, own_power_w: float | None) -> Supply:
    """Return where the heaters' power comes from, with the heaters as the last load of the house.

    Without them the import from the grid would fall first, then the discharge of the battery, and then more would be
    fed in or charged: that last part is solar. `grid_w` is what is imported and `battery_w` what is discharged, each
    less than nothing the other way round. With anything unknown all of it is taken to be from the grid.
    """
    if grid_w is None or battery_w is None or own_power_w is None or own_power_w <= 0.0:
        return ALL_GRID
    grid = min(max(grid_w, 0.0) / own_power_w, 1.0)
    battery = min(max(battery_w, 0.0) / own_power_w, 1.0 - grid)
    return Supply(grid=grid, solar=max(1.0 - grid - battery, 0.0), battery=battery)
