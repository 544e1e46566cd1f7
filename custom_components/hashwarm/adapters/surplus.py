"""What the roof leaves over: as the grid meter says now, and as the solar forecast says of the hours to come."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import exp
from time import monotonic

from homeassistant.core import HomeAssistant
from homeassistant.util.dt import utcnow

from ..engine.model.planning import SLOT_S
from ..engine.model.protocols import Monotonic, WallClock
from .age import ReportAge
from .power import fresh_w
from .solar import SolarForecast

STALE_AFTER_S = 900.0
HOUR_S = 3600.0
# Over this time the house is learned to draw what it draws beside our heaters.
LOAD_SETTLES_S = 12 * HOUR_S


class GridMeter:
    """The power drawn from the grid, in W; less than nothing is fed in."""

    def __init__(
        self, hass: HomeAssistant, entity_id: str, *, export_is_positive: bool = False, clock: Monotonic = monotonic
    ) -> None:
        self._hass = hass
        self._sign = -1.0 if export_is_positive else 1.0
        self._age = ReportAge(clock)
        self.entity_id = entity_id

    def read_w(self) -> float | None:
        """Return the power, None when it is unknown or older than a quarter of an hour."""
        power_w = fresh_w(self._hass.states.get(self.entity_id), self._age, STALE_AFTER_S)
        return None if power_w is None else self._sign * power_w


class RoofSurplus:
    """The surplus now is what is fed in and what our heaters draw of it; the forecast is less what the house draws.

    Where there is no solar forecast the surplus of now is taken to last for an hour, and nothing is known after it.
    """

    def __init__(
        self,
        grid: GridMeter,
        *,
        solar: SolarForecast | None,
        own_power_w: Callable[[], float | None],
        battery_w: Callable[[], float | None] = lambda: None,
        now: WallClock = utcnow,
    ) -> None:
        """Take the meters; what a battery gives, in W, is no surplus of the roof."""
        self._battery_w = battery_w
        self._grid = grid
        self._solar = solar
        self._own_power_w = own_power_w
        self._now = now
        self._load_w: float | None = None
        self._load_at: datetime | None = None

    def surplus_now_w(self) -> float | None:
        """Return the surplus, in W, None when the meter does not tell."""
        return None if (balance_w := self._balance_w()) is None else max(-balance_w, 0.0)

    async def surplus(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """Return the surplus, in W, of each quarter of an hour of which anything is known."""
        now = self._now()
        first, last = start.timestamp(), end.timestamp()
        solar_w = await self._solar.powers_w(min(first, now.timestamp()), last) if self._solar is not None else {}
        self._learn(solar_w.get(now.timestamp() // SLOT_S * SLOT_S), now)
        found = {}
        slot = first // SLOT_S * SLOT_S
        while slot < last:
            if (surplus_w := self._at(slot, solar_w.get(slot), now.timestamp())) is not None:
                found[slot] = surplus_w
            slot += SLOT_S
        return [(datetime.fromtimestamp(at, UTC), surplus_w) for at, surplus_w in found.items()]

    def _at(self, slot: float, solar_w: float | None, now: float) -> float | None:
        """Return the surplus of one slot: measured now, expected in an hour, in between of both."""
        measured_w = self.surplus_now_w()
        expected_w = None if solar_w is None else max(solar_w - (self._load_w or 0.0), 0.0)
        ahead = max(slot - now, 0.0) / HOUR_S
        if measured_w is None or ahead >= 1.0:
            return expected_w
        return measured_w if expected_w is None else measured_w + ahead * (expected_w - measured_w)

    def _balance_w(self) -> float | None:
        """Return what the house would draw from the grid without our heaters."""
        grid_w = self._grid.read_w()
        if grid_w is None:
            return None
        return grid_w + max(self._battery_w() or 0.0, 0.0) - (self._own_power_w() or 0.0)

    def _learn(self, solar_w: float | None, now: datetime) -> None:
        """Take note of what the house draws, where it can be told from what the roof gives."""
        balance_w = self._balance_w()
        if balance_w is None or solar_w is None:
            return
        load_w = max(solar_w + balance_w, 0.0)
        if self._load_w is None or self._load_at is None:
            self._load_w = load_w
        else:
            elapsed_s = max((now - self._load_at) / timedelta(seconds=1), 0.0)
            self._load_w += (1.0 - exp(-elapsed_s / LOAD_SETTLES_S)) * (load_w - self._load_w)
        self._load_at = now
