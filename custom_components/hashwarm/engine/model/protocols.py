"""What the rooms expect of each other and of the adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from .capabilities import Capabilities
from .telemetry import Telemetry

type Monotonic = Callable[[], float]
"""Seconds that never go back."""

type WallClock = Callable[[], datetime]
"""The time of day, aware, UTC."""


class Backend(Protocol):
    """A device that turns watts into heat and work. Errors: BackendError."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, as known now."""
        ...

    async def start(self) -> None:
        """Take hold of the device."""
        ...

    async def stop(self) -> None:
        """Let go of it, switched off where it dies with us."""
        ...

    async def command(self, power_w: float) -> None:
        """Draw that much; 0 pauses. Written only when it differs from what was written last."""
        ...

    async def read(self) -> Telemetry:
        """Say how things stand."""
        ...

    def beat(self) -> None:
        """Pass on the heartbeat of a completed governor pass."""
        ...


@runtime_checkable
class OutlivingBackend(Backend, Protocol):
    """A device that goes on when nobody commands it, and tells of itself in its own time."""

    @property
    def pass_s(self) -> float:
        """How long a control pass may wait for news, in s."""
        ...

    def attach(self, wake: Callable[[], None]) -> None:
        """Call this whenever there is news."""
        ...

    async def park(self) -> float | None:
        """Bring the device to where it may stay without a command; never raises.

        Returns the power in W that it is left at, None where that is as it was.
        """
        ...

    def as_dict(self) -> dict[str, Any]:
        """Return what a restart must not forget, in a form that JSON can hold."""
        ...


class Plug(Protocol):
    """A switch in the mains lead of a device. Errors: BackendError."""

    def is_on(self) -> bool | None:
        """Return whether it is on, None when unknown."""
        ...

    async def turn(self, *, on: bool) -> None:
        """Switch it."""
        ...


@dataclass(frozen=True, kw_only=True)
class TemperatureReading:
    """A temperature with the age of its report, in s."""

    celsius: float
    age_s: float


class RoomTemperature(Protocol):
    """A room or outdoor sensor, in °C."""

    def read(self) -> TemperatureReading | None:
        """Return the newest reading, None while the sensor is unavailable or says nothing believable."""
        ...


class PriceForecast(Protocol):
    """The price of electricity, in currency per kWh."""

    def price_now(self) -> float | None:
        """Return the price in force, None when unknown."""
        ...

    async def prices(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """Return the known prices, each with the time from which it holds."""
        ...


class WeatherForecast(Protocol):
    """Outdoor temperature in °C to come."""

    async def temperatures(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """Return the expected temperatures, each with the time from which it holds."""
        ...


class PowerHistory(Protocol):
    """Watts drawn in the past."""

    async def powers(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """Return mean powers, each with the time from which it held."""
        ...


class PowerMeter(Protocol):
    """A power sensor that the user names, in W."""

    def read_w(self) -> float | None:
        """Return the power drawn, None when unknown or stale."""
        ...


class RevenueAtPower(Protocol):
    """What a kWh spent at that power earns, in currency."""

    def revenue_per_kwh(self, power_w: float) -> float | None:
        """Return the revenue, None when unknown."""
        ...
