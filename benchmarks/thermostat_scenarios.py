"""What can come in between, each on case 900 in Chicago in January: four days to learn, then three that are scored.

Times are seconds since the first scored midnight. A sensor that is biased is judged by what it shows: nobody can know
better.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, pi, sin
from typing import Any, Protocol, runtime_checkable

from .thermostat_chain import Chain, Sensor
from .thermostat_view import COMFORT_C, DAY_S, FLOOR_W, HOUR_S, Conditions, Contestant, Job, Place

LEARN_DAYS, SCORED_DAYS = 4, 3
OPEN_WINDOW_M3_PER_S = 0.13
"""Some 3.5 air changes an hour."""

type Changed = Callable[[Conditions, float, Place], Conditions]


@runtime_checkable
class Restartable(Protocol):
    """A contestant that can be started anew from what it kept."""

    def restarted(self, now: float) -> Any:
        """Return its successor."""
        ...


def _between(first_h: float, last_h: float) -> Callable[[float], bool]:
    """Return whether a time is between two hours after the first scored midnight."""
    return lambda since_s: first_h * HOUR_S <= since_s < last_h * HOUR_S


def _daily(first_h: float, last_h: float) -> Callable[[float], bool]:
    return lambda since_s: since_s >= 0.0 and first_h <= (since_s % DAY_S) / HOUR_S < last_h


NEVER = _between(0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One thing out of the ordinary."""

    open_window: Callable[[float], bool] = NEVER
    sensor_lost: Callable[[float], bool] = NEVER
    bias_k: float = 0.0
    restarts_at_h: tuple[float, ...] = ()
    known: Changed | None = None
    """What is other than usual and known ahead."""
    surprise: tuple[float, Changed] | None = None
    """What changes at an hour that nobody knew of before."""
    unable: Callable[[float], bool] = NEVER
    """The heater cannot, or may not, do what the room would need."""

    def conditions(self, usual: Conditions, scored_at: float, place: Place) -> Conditions:
        """Return what is so from the beginning."""
        return usual if self.known is None else self.known(usual, scored_at, place)

    def sensor(self, scored_at: float) -> Sensor:
        """Return the room sensor with its faults."""
        return Sensor(
            bias_k=lambda at: self.bias_k if at >= scored_at else 0.0,
            lost=lambda at: self.sensor_lost(at - scored_at),
        )

    def window(self, since_s: float) -> float:
        """Return the air that comes through an open window, in m³/s."""
        return OPEN_WINDOW_M3_PER_S if self.open_window(since_s) else 0.0

    def able(self, since_s: float) -> bool:
        """Return whether the heater could keep the room warm."""
        return not self.unable(since_s)

    def before(self, chain: Chain, at: float, scored_at: float) -> None:
        """Restart Home Assistant, or change what is so, when it is time."""
        since_h = (at - scored_at) / HOUR_S
        if any(abs(since_h - hour) < 0.005 for hour in self.restarts_at_h) and isinstance(
            chain.contestant, Restartable
        ):
            successor: Contestant = chain.contestant.restarted(at)
            chain.contestant = successor
        if self.surprise is not None and abs(since_h - self.surprise[0]) < 0.005:
            chain.conditions = self.surprise[1](chain.conditions, scored_at, chain.place)


def _warmer(usual: Conditions, scored_at: float, _: Place) -> Conditions:
    """Somebody comes home at noon of the second day and wants a degree more."""
    until = scored_at + 2 * DAY_S
    return replace(usual, setpoint_c=lambda at: COMFORT_C + 1.0 if at < until else usual.setpoint_c(at))


def _away(usual: Conditions, _: float, place: Place) -> Conditions:
    return replace(usual, setpoint_c=lambda at: 17.0 if 8.0 <= place.hour(at) < 16.0 else usual.setpoint_c(at))


def _hashprice(usual: Conditions, _: float, __: Place) -> Conditions:
    return replace(usual, revenue_factor=lambda _: 0.4)


def _job(usual: Conditions, scored_at: float, place: Place) -> Conditions:
    job = Job(power_w=2000.0, revenue_per_kwh=0.5)
    return replace(usual, job=lambda at: job if at >= scored_at and 9.0 <= place.hour(at) < 12.0 else None)


def _roof(usual: Conditions, _: float, place: Place) -> Conditions:
    def surplus_w(at: float) -> float:
        return max(2800.0 * sin(pi * (place.hour(at) - 9.0) / 7.0), 0.0) if 9.0 <= place.hour(at) < 16.0 else 0.0

    return replace(usual, surplus_w=surplus_w)


def _quiet(usual: Conditions, _: float, place: Place) -> Conditions:
    return replace(usual, ceiling_w=lambda at: inf if 7.0 <= place.hour(at) < 22.0 else FLOOR_W)


SCENARIOS: dict[str, Scenario] = {
    "usual": Scenario(),
    "step": Scenario(surprise=(36.0, _warmer)),
    "setback": Scenario(known=_away),
    "window": Scenario(
        open_window=lambda since_s: _daily(7.5, 7.75)(since_s) or _between(38.0, 39.0)(since_s),
        unable=lambda since_s: _daily(7.5, 8.5)(since_s) or _between(38.0, 41.0)(since_s),
    ),
    "dropout": Scenario(sensor_lost=_between(42.0, 44.0), unable=_between(42.0, 44.5)),
    "sensor-reads-cold": Scenario(bias_k=-0.5),
    "sensor-reads-warm": Scenario(bias_k=0.5),
    "restart": Scenario(restarts_at_h=(10.5, 30.25, 55.0)),
    "hashprice-drop": Scenario(surprise=(24.0, _hashprice)),
    "ai-job": Scenario(known=_job, unable=_daily(9.0, 12.0)),
    "pv-surplus": Scenario(known=_roof),
    "quiet-hours": Scenario(known=_quiet),
}
