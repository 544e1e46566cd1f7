"""The power that the grid and the batteries give to the house now, from the meters that there are."""

from collections import deque
from collections.abc import Iterable
from math import isfinite
from time import monotonic

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_conversion import EnergyConverter

from ..engine.model.protocols import Monotonic
from .age import ReportAge
from .energy_preferences import Connection, EnergyPreferences
from .power import fresh_w
from .surplus import STALE_AFTER_S

WINDOW_S = 600.0
LEAST_SPAN_S = 300.0
NOTED_EVERY_S = 30.0
# Some power always flows one way or the other: counters that both stand still for so long are dead.
STANDSTILL_S = 2 * 3600.0
KWH_WS = 3.6e6


class CounterPower:
    """The mean power of the last ten minutes, from a counter of energy."""

    def __init__(self, hass: HomeAssistant, entity_id: str, *, clock: Monotonic = monotonic) -> None:
        self._hass = hass
        self._clock = clock
        self._noted: deque[tuple[float, float]] = deque()
        self._grew_at_s: float | None = None
        self.entity_id = entity_id

    def read_w(self) -> float | None:
        """Return the power, None while it was not seen for long enough."""
        now_s, energy_kwh = self._clock(), self._energy_kwh()
        if self._noted and (energy_kwh is None or self._broken_off(now_s, energy_kwh)):
            self._noted.clear()
        if energy_kwh is None:
            return None
        if not self._noted or energy_kwh > self._noted[-1][1]:
            self._grew_at_s = now_s
        if not self._noted or now_s - self._noted[-1][0] >= NOTED_EVERY_S:
            self._noted.append((now_s, energy_kwh))
        # The first one kept is the last from before the window.
        while len(self._noted) > 1 and now_s - self._noted[1][0] >= WINDOW_S:
            self._noted.popleft()
        since_s, before_kwh = self._noted[0]
        if now_s - since_s < LEAST_SPAN_S:
            return None
        return (energy_kwh - before_kwh) * KWH_WS / (now_s - since_s)

    @property
    def still_for_s(self) -> float:
        """How long it has not grown, as far as it was seen."""
        return self._clock() - self._grew_at_s if self._grew_at_s is not None else 0.0

    def _broken_off(self, now_s: float, energy_kwh: float) -> bool:
        """Return whether nothing can be said of the time since the last note: it was reset, or nobody looked."""
        noted_s, noted_kwh = self._noted[-1]
        return energy_kwh < noted_kwh or now_s - noted_s > WINDOW_S

    def _energy_kwh(self) -> float | None:
        state = self._hass.states.get(self.entity_id)
        if state is None:
            return None
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        try:
            value = float(state.state)
        except ValueError:
            return None
        if not isfinite(value) or unit not in EnergyConverter.VALID_UNITS:
            return None
        return EnergyConverter.convert(value, unit, UnitOfEnergy.KILO_WATT_HOUR)


class ConnectionMeter:
    """The power that flows into the house over one connection; less than nothing the other way round."""

    def __init__(self, hass: HomeAssistant, connection: Connection, *, clock: Monotonic = monotonic) -> None:
        self._hass = hass
        self._powers = [(entity_id, sign, ReportAge(clock)) for entity_id, sign in connection.powers]
        told = ((connection.counter_in, 1.0), (connection.counter_out, -1.0))
        self._counters = [
            (CounterPower(hass, entity_id, clock=clock), sign) for entity_id, sign in told if entity_id is not None
        ]

    def read_w(self) -> float | None:
        """Return the power in W, None when unknown; power sensors say more than counters."""
        if self._powers:
            get = self._hass.states.get
            return _sum((fresh_w(get(entity_id), age, STALE_AFTER_S), sign) for entity_id, sign, age in self._powers)
        return _sum((counter.read_w(), sign) for counter, sign in self._counters)

    @property
    def still_for_s(self) -> float:
        """How long none of its counters has grown; power sensors need not change to be believed."""
        return 0.0 if self._powers else min(counter.still_for_s for counter, _ in self._counters)


class EnergyDashboard:
    """Grid and batteries as the Energy dashboard knows them."""

    def __init__(self, hass: HomeAssistant, preferences: EnergyPreferences, *, clock: Monotonic = monotonic) -> None:
        self._hass = hass
        self._preferences = preferences
        self._clock = clock
        self._meters: dict[Connection, ConnectionMeter] = {}

    def grid_w(self) -> float | None:
        """Return what is drawn from the grid, None when unknown or nobody measures it."""
        connections = self._preferences.meters.grid
        power_w = self._sum(connections)
        # Each counter may rest, as that of another tariff does; all of them together never do.
        still = [self._meter(connection).still_for_s > STANDSTILL_S for connection in connections]
        return None if all(still) else power_w

    def battery_w(self) -> float | None:
        """Return what all batteries give, 0 where there are none, None when unknown."""
        batteries = self._preferences.meters.batteries
        return self._sum(batteries) if batteries else 0.0

    def _sum(self, connections: tuple[Connection, ...]) -> float | None:
        return _sum((self._meter(connection).read_w(), 1.0) for connection in connections)

    def _meter(self, connection: Connection) -> ConnectionMeter:
        if connection not in self._meters:
            self._meters[connection] = ConnectionMeter(self._hass, connection, clock=self._clock)
        return self._meters[connection]


def _sum(parts: Iterable[tuple[float | None, float]]) -> float | None:
    """Return the sum of signed powers, None for none and where one of them is unknown."""
    # All of them are read: a counter that nobody looks at learns nothing.
    told = [None if power_w is None else sign * power_w for power_w, sign in list(parts)]
    known = [power_w for power_w in told if power_w is not None]
    return sum(known) if known and len(known) == len(told) else None
