"""What the roof is expected to give, from the solar forecast that the Energy dashboard names."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
import logging
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util.dt import get_default_time_zone, utcnow

from ..engine.model.protocols import WallClock
from .asking import FAILURES
from .periods import Period, in_order, quarter_hours
from .price_attributes import moment, number

LOGGER = logging.getLogger(__name__)
ENERGY = "energy"
READ_AGAIN_AFTER = timedelta(minutes=30)
HOUR_S = 3600.0


class SolarForecast:
    """Sums up the forecasts of all roofs, read at most every half hour; nothing where there is none."""

    def __init__(self, hass: HomeAssistant, *, now: WallClock = utcnow) -> None:
        self._hass = hass
        self._now = now
        self._powers: list[list[Period]] = []
        self._read_at: datetime | None = None

    async def powers_w(self, start: float, end: float) -> dict[float, float]:
        """Return the power, in W, expected of each quarter of an hour between two Unix times; unknown ones missing."""
        now = self._now()
        if self._read_at is None or not timedelta() <= now - self._read_at < READ_AGAIN_AFTER:
            self._read_at = now
            if found := await self._read():
                self._powers = found
        total: dict[float, float] = {}
        for powers in self._powers:
            for slot, power_w in quarter_hours(powers, start, end).items():
                total[slot] = total.get(slot, 0.0) + power_w
        return dict(sorted(total.items()))

    async def _read(self) -> list[list[Period]]:
        if ENERGY not in self._hass.config.components:
            return []
        from homeassistant.components.energy import async_get_manager  # noqa: PLC0415 - only where it is set up
        from homeassistant.components.energy.websocket_api import (  # noqa: PLC0415 - only where it is set up
            async_get_energy_platforms,
        )

        found: list[list[Period]] = []
        try:
            manager, platforms = await async_get_manager(self._hass), await async_get_energy_platforms(self._hass)
            for entry_id in _forecasts_named(manager.data):
                entry = self._hass.config_entries.async_get_entry(entry_id)
                forecast = platforms.get(entry.domain) if entry is not None else None
                told = await forecast(self._hass, entry_id) if forecast is not None else None
                found.append(powers_of(told["wh_hours"], get_default_time_zone()) if told is not None else [])
        except FAILURES as error:
            LOGGER.debug("No solar forecast: %s", error)
        return [powers for powers in found if powers]


def powers_of(wh_hours: Mapping[Any, Any], zone: tzinfo) -> list[Period]:
    """Return the powers, in W, of periods that are listed with their energy in Wh by the time of their beginning."""
    energies = [
        Period(start=start, end=None, value=energy_wh)
        for at, value in wh_hours.items()
        if (start := moment(at, zone)) is not None and (energy_wh := number(value)) is not None and energy_wh >= 0.0
    ]
    return [
        Period(start=period.start, end=period.end, value=period.value * HOUR_S / (period.end - period.start))
        for period in in_order(energies)
        if period.end is not None
    ]


def _forecasts_named(preferences: Any) -> Iterable[str]:
    """Yield the config entries whose forecasts the Energy dashboard shows."""
    for source in (preferences or {}).get("energy_sources", []):
        if source.get("type") == "solar":
            yield from source.get("config_entry_solar_forecast") or []
