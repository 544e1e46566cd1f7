"""Where the electricity of the heaters comes from, and what it costs by where it comes from; pure."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Shares of the heaters' power by source; they are never less than nothing, and their sum is 1."""

    grid: float = 1.0
    solar: float = 0.0
    battery: float = 0.0


ALL_GRID = Supply()
"""What is taken where nobody tells: the dearest reading, so that no saving is claimed that was not made."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a kWh from each source costs, in the home's currency; None where it is not known.

    Solar energy costs what it would have earned by being fed in, energy of the battery what it cost to store.
    """

    grid: float | None = None
    solar: float | None = None
    battery: float | None = None

    def mixed(self, supply: Supply) -> float | None:
        """Return what a kWh of this mix costs, None where the price of a part of it is not known."""
        parts = ((supply.grid, self.grid), (supply.solar, self.solar), (supply.battery, self.battery))
        total = 0.0
        for share, price in parts:
            if share > 0.0:
                if price is None:
                    return None
                total += share * price
        return total


class Electricity(Protocol):
    """What electricity costs now, and where that of the heaters comes from."""

    @property
    def supply_known(self) -> bool:
        """Whether a meter tells the supply; where none does all is taken to be from the grid."""

    def prices(self) -> Prices:
        """Return what a kWh costs now, by source."""

    def supply(self, own_power_w: float | None) -> Supply:
        """Return where the power of all our heaters together, in W, comes from now."""


def marginal_supply(grid_w: float | None, battery_w: float | None, own_power_w: float | None) -> Supply:
    """Return where the heaters' power comes from, with the heaters as the last load of the house.

    Without them the import from the grid would fall first, then the discharge of the battery, and then more would be
    fed in or charged: that last part is solar. `grid_w` is what is imported and `battery_w` what is discharged, each
    less than nothing the other way round. An unknown meter reading makes all of it grid; an unknown battery is none.
    """
    if grid_w is None or own_power_w is None or own_power_w <= 0.0:
        return ALL_GRID
    grid = min(max(grid_w, 0.0) / own_power_w, 1.0)
    battery = min(max(battery_w or 0.0, 0.0) / own_power_w, 1.0 - grid)
    return Supply(grid=grid, solar=max(1.0 - grid - battery, 0.0), battery=battery)
