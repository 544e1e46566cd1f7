"""What Home Assistant recorded of an entity; nothing where there is no recorder."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
import logging
from typing import Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.util.dt import as_utc

LOGGER = logging.getLogger(__name__)
RECORDER = "recorder"
SHORT_TERM_S, LONG_TERM_S = 300.0, 3600.0

type Series = list[tuple[float, float]]
"""Values, each with the Unix time from which it held."""


class Recorder:
    """Reads the recorder's database in its own executor."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass

    async def states(self, entity_id: str, start: datetime, end: datetime) -> list[State]:
        """Return the states of an entity from the one in force at `start` to `end`, without attributes."""

        def read() -> list[State]:
            from homeassistant.components.recorder.history import state_changes_during_period  # noqa: PLC0415 - only where there is a recorder

            found = state_changes_during_period(
                self._hass, as_utc(start), as_utc(end), entity_id, no_attributes=True, include_start_time_state=True
            )
            return list(found.get(entity_id, []))

        return await self._in_executor(read) or []

    def unit_of(self, entity_id: str) -> str | None:
        """Return the unit in which an entity tells its numbers, None while it tells none."""
        state = self._hass.states.get(entity_id)
        return state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state is not None else None

    async def means(
        self, units: Mapping[str, str], entity_ids: Iterable[str], start: datetime, end: datetime
    ) -> tuple[dict[str, Series], float]:
        """Return the recorded means of entities, and for how many seconds each stands.

        Those of five minutes where the recorder still has them, else those of hours. `units` says in which unit each
        kind of quantity is wanted, as Home Assistant's converters name them.
        """
        wanted = set(entity_ids)
        for period, seconds in (("5minute", SHORT_TERM_S), ("hour", LONG_TERM_S)):
            found = await self._in_executor(partial(self._means, units, wanted, start, end, period))
            if found:
                return found, seconds
        return {}, SHORT_TERM_S

    def _means(
        self, units: Mapping[str, str], wanted: set[str], start: datetime, end: datetime, period: Any
    ) -> dict[str, Series]:
        from homeassistant.components.recorder.statistics import statistics_during_period  # noqa: PLC0415 - only where there is a recorder

        rows = statistics_during_period(self._hass, as_utc(start), as_utc(end), wanted, period, dict(units), {"mean"})
        return {
            entity_id: [(row["start"], mean) for row in rows[entity_id] if (mean := row.get("mean")) is not None]
            for entity_id in rows
        }

    async def _in_executor[T](self, read: Callable[[], T]) -> T | None:
        """Run a read where it may block, None when there is no recorder or its database fails."""
        if RECORDER not in self._hass.config.components or DATA_INSTANCE not in self._hass.data:
            return None
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - only where there is a recorder

        try:
            return await self._hass.data[DATA_INSTANCE].async_add_executor_job(read)
        except (SQLAlchemyError, ValueError, RuntimeError) as error:
            LOGGER.debug("The recorder has no answer: %s", error)
            return None
