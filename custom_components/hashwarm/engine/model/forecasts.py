"""What is known of the hours to come, as the adapters gather it and the planner's horizon takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from .planning import RoomSample

type Series = Sequence[tuple[float, float]]
"""Values with the Unix times that they belong to, in order of time."""


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """What is known, with its holes; times are Unix seconds. Nothing is filled in here."""

    prices: Series = ()
    """Currency per kWh of each quarter of an hour that is known; those past tell of the same hours to come."""
    price_now: float | None = None
    outdoor: Series = ()
    """°C at points in time, to be drawn through; of the last day too."""
    outdoor_now_c: float | None = None
    cloud: Series = ()
    """Cover from 0 to 1 at points in time."""
    surplus: Series = ()
    """W of one's own roof, an entry for each quarter of an hour that is known."""
    surplus_price_per_kwh: float = 0.0
    """What the surplus would earn if it were fed in."""
    price_source: str | None = None
    """The kind of source: fixed, action, attributes, recorded or unknown."""
    price_from: str | None = None
    """The entity or the action by name."""
    price_known_until: float | None = None
    weather_source: str | None = None
    """The kind of forecast: hourly, twice_daily or daily."""

    def summary(self) -> dict[str, Any]:
        """Return what a bug report needs to know: who told how much, and until when."""
        return {
            "price_source": self.price_source,
            "price_from": self.price_from,
            "price_known_until": self.price_known_until,
            "price_now": self.price_now,
            "weather_source": self.weather_source,
            "outdoor_now_c": self.outdoor_now_c,
            "known": {
                "prices": len(self.prices),
                "outdoor": len(self.outdoor),
                "cloud": len(self.cloud),
                "surplus": len(self.surplus),
            },
        }


class Foresight(Protocol):
    """Who knows of the hours to come, and of the days that were recorded before we came."""

    async def forecasts(self, now: datetime) -> Forecasts:
        """Return what is known; never raises."""
        ...

    async def history(self, start: datetime, end: datetime) -> list[RoomSample]:
        """Return what was recorded of the room, a sample every five minutes; never raises."""
        ...
