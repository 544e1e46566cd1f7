"""What a contestant of the thermostat bench sees each minute, and what is asked of it; times are Unix seconds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any, Protocol

HOUR_S = 3600.0
DAY_S = 86400.0
MINUTE_S = 60.0

MAXIMUM_W = 3000.0
FLOOR_W = 1200.0
BOOT_W = 150.0
BOOT_MINUTES = 3
RAMP_W_PER_MINUTE = 350.0
LEAST_OFF_MINUTES = 10

COMFORT_C, SETBACK_C = 21.0, 19.0
COMFORT_HOURS = (6.0, 23.0)
COLD_K, WARM_K = 0.5, 0.5
RESTART_COST = 0.15
SURPLUS_WARMER_K = 2.0
"""What a person who has a roof allows: on surplus alone the room may get that much warmer."""


class Weather(StrEnum):
    """What a contestant knows of the weather to come."""

    NONE = "none"
    FORECAST = "forecast"
    PERFECT = "perfect"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the house stands: degrees, and hours before Greenwich; no daylight saving, as in the weather files."""

    latitude: float
    longitude: float
    time_zone_h: float

    def hour(self, at: float) -> float:
        """Return the hour of the day, 0 to 24."""
        return ((at + self.time_zone_h * HOUR_S) % DAY_S) / HOUR_S


@dataclass(frozen=True, kw_only=True)
class WeatherHour:
    """The weather expected at the beginning of an hour: °C, and the share of the sky that clouds cover."""

    at: float
    outdoor_c: float
    cloud: float


@dataclass(frozen=True, kw_only=True)
class Job:
    """An AI job that holds the device."""

    power_w: float
    revenue_per_kwh: float
    interruption_cost: float = inf


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What else is so at a time, and known ahead; a scenario replaces these."""

    setpoint_c: Callable[[float], float]
    surplus_w: Callable[[float], float] = field(default=lambda _: 0.0)
    surplus_price: float = 0.08
    ceiling_w: Callable[[float], float] = field(default=lambda _: inf)
    job: Callable[[float], Job | None] = field(default=lambda _: None)
    revenue_factor: Callable[[float], float] = field(default=lambda _: 1.0)
    """Of the hashprice; only its value now is known."""

    def revenue_per_kwh(self, power_w: float, at: float) -> float:
        """Return what mining earns, in EUR: less per kWh the harder the miner is driven."""
        return self.revenue_factor(at) * 0.10 / (0.8 + 0.2 * power_w / MAXIMUM_W)

    def coldest_c(self, at: float) -> float:
        """Return the temperature under which people are cold."""
        return self.setpoint_c(at) - COLD_K

    def warmest_c(self, at: float) -> float:
        """Return the temperature above which heat is no longer wanted."""
        return self.setpoint_c(at) + WARM_K

    def warmest_at_power_c(self, at: float, power_w: float) -> float:
        """Return the same for what is drawn: what the roof gives may warm the room further."""
        return self.warmest_c(at) + (SURPLUS_WARMER_K if 0.0 < power_w <= self.surplus_w(at) else 0.0)


def daily_schedule(place: Place) -> Callable[[float], float]:
    """Return the setpoint of the bench: 21 °C from 6 to 23 h, 19 °C else."""

    def setpoint_c(at: float) -> float:
        return COMFORT_C if COMFORT_HOURS[0] <= place.hour(at) < COMFORT_HOURS[1] else SETBACK_C

    return setpoint_c


@dataclass(frozen=True, kw_only=True)
class View:
    """All that a contestant may know at a minute; temperatures in °C, powers in W, prices in EUR/kWh."""

    at: float
    place: Place
    room_c: float | None
    """As the sensor reported it last, None while the sensor is lost."""
    room_age_s: float
    outdoor_c: float
    cloud: float
    weather: tuple[WeatherHour, ...]
    """For 36 h, as far as the contestant asks for it; empty for one that reckons with today's."""
    prices: tuple[tuple[float, float], ...]
    """From this hour on, each with the time from which it holds; tomorrow's are known from 13 h on."""
    conditions: Conditions
    drawn_w: float
    running: bool
    booting: bool

    @property
    def setpoint_c(self) -> float:
        """Return what is wanted now."""
        return self.conditions.setpoint_c(self.at)


class Contestant(Protocol):
    """A thermostat."""

    weather: Weather
    uses_prices: bool

    def demand_w(self, view: View) -> float:
        """Return the watts wanted in the minute to come."""
        ...

    def notes(self) -> dict[str, Any]:
        """Return what it says of itself when all is over."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
