"""What can come in between, each on case 900 in January: learned for some days, then three days that are scored.

Times are seconds since the first scored midnight.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from .thermostat_chain import Chain, Sensor
from .thermostat_view import DAY_S, HOUR_S, MAXIMUM_W, Conditions, Job
from .thermostat_weather import TypicalYear

if TYPE_CHECKING:
    from .thermostat_view import Contestant

SCORED_DAYS = 3
OPEN_WINDOW_M3_PER_S = 0.13
"""Some 3.5 air changes an hour."""


def _between(first_h: float, last_h: float) -> Callable[[float], bool]:
    """Return whether a time is between two hours after the first scored midnight."""
    return lambda since_s: first_h * HOUR_S <= since_s < last_h * HOUR_S


def _daily(first_h: float, last_h: float) -> Callable[[float], bool]:
    return lambda since_s: first_h <= (since_s % DAY_S) / HOUR_S < last_h


NEVER = _between(0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One thing out of the ordinary."""

    what: str = ""
    open_window: Callable[[float], bool] = NEVER
    sensor_lost: Callable[[float], bool] = NEVER
    bias_k: float = 0.0
    restarts_at_h: tuple[float, ...] = ()
    change: Callable[[Conditions, float, TypicalYear], Conditions] = lambda conditions, _, __: conditions
    unable: Callable[[float], bool] = NEVER
    """The heater cannot, or may not, do what the room would need."""

    def conditions(self, usual: Conditions, start: float, learn_days: int, year: TypicalYear) -> Conditions:
        """Return what is so in this scenario."""
        return self.change(usual, start + learn_days * DAY_S, year)

    def sensor(self, scored_at: float) -> Sensor:
        """Return the room sensor with its faults."""
        return Sensor(
            bias_k=lambda at: self.bias_k if at >= scored_at else 0.0,
            lost=lambda at: self.sensor_lost(at - scored_at),
        )

    def window(self, minute: int) -> float:
        """Return the air that comes through an open window, in m³/s."""
        return OPEN_WINDOW_M3_PER_S if self.open_window(minute * 60.0) else 0.0

    def able(self, since_s: float) -> bool:
        """Return whether the heater could keep the room warm."""
        return not self.unable(since_s)

    def before(self, chain: Chain, since_s: float) -> None:
        """Restart Home Assistant when it is time."""
        if any(abs(since_s - hour * HOUR_S) < 30.0 for hour in self.restarts_at_h):
            chain.contestant = _restarted(chain.contestant, since_s)


def _restarted(contestant: Contestant, _: float) -> Contestant:
    return contestant


SCENARIOS: dict[str, Scenario] = {}
