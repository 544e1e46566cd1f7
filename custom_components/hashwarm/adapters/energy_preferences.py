"""Which meters of the grid and of batteries the Energy dashboard was told of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util.dt import utcnow

from ..engine.model.protocols import WallClock
from .asking import FAILURES

LOGGER = logging.getLogger(__name__)
ENERGY = "energy"
READ_AGAIN_AFTER = timedelta(minutes=5)
GRID, BATTERY = "grid", "battery"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One connection to the grid, or one battery: power sensors with their signs, else counters of energy.

    Power is positive where it flows into the house.
    """

    powers: tuple[tuple[str, float], ...] = ()
    counter_in: str | None = None
    counter_out: str | None = None


@dataclass(frozen=True, kw_only=True)
class EnergyMeters:
    """All connections of a home."""

    grid: tuple[Connection, ...] = ()
    batteries: tuple[Connection, ...] = ()


class EnergyPreferences:
    """Reads what the Energy dashboard was told, at most every five minutes; nothing where there is no dashboard."""

    def __init__(self, hass: HomeAssistant, *, now: WallClock = utcnow) -> None:
        self._hass = hass
        self._now = now
        self._read_at: datetime | None = None
        self.meters = EnergyMeters()

    async def refresh(self) -> None:
        """Read again where the last time is too long ago; never raises."""
        now = self._now()
        if self._read_at is not None and timedelta() <= now - self._read_at < READ_AGAIN_AFTER:
            return
        self._read_at = now
        if ENERGY not in self._hass.config.components:
            return
        from homeassistant.components.energy import async_get_manager  # noqa: PLC0415 - only where it is set up

        try:
            manager = await async_get_manager(self._hass)
            self.meters = meters_of(manager.data)
        except FAILURES as error:
            LOGGER.debug("The Energy dashboard tells no meters: %s", error)


def meters_of(preferences: Any) -> EnergyMeters:
    """Return the meters in the preferences of the dashboard; what is of another shape is left out."""
    sources = preferences.get("energy_sources", []) if isinstance(preferences, Mapping) else []
    told = [source for source in sources if isinstance(source, Mapping)]
    return EnergyMeters(grid=tuple(_connections(told, GRID)), batteries=tuple(_connections(told, BATTERY)))


def _connections(sources: list[Mapping[str, Any]], kind: str) -> Iterator[Connection]:
    for source in sources:
        if source.get("type") != kind:
            continue
        connection = Connection(
            powers=_powers(source),
            counter_in=_entity(source.get("stat_energy_from")),
            counter_out=_entity(source.get("stat_energy_to")),
        )
        if connection != Connection():
            yield connection


def _powers(source: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Return the power sensors of a source; the one that the dashboard made itself says less than its parts."""
    config = source.get("power_config")
    told = config if isinstance(config, Mapping) else source
    parts = (
        (told.get("stat_rate"), 1.0),
        (told.get("stat_rate_inverted"), -1.0),
        (told.get("stat_rate_from"), 1.0),
        (told.get("stat_rate_to"), -1.0),
    )
    found = tuple((entity_id, sign) for name, sign in parts if (entity_id := _entity(name)) is not None)
    return found or tuple((entity_id, 1.0) for entity_id in [_entity(source.get("stat_rate"))] if entity_id)


def _entity(name: Any) -> str | None:
    """Return the entity behind a statistic; statistics of elsewhere have a colon and no state to read."""
    return name if isinstance(name, str) and "." in name and ":" not in name else None
