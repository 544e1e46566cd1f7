"""Home Assistant's schedule helper as the times of comfort in a week."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import time
from typing import Any

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event, async_track_state_report_event

from ..engine.model.comfort import Block
from ..engine.model.errors import InvalidValueError

SCHEDULE_DOMAIN = "schedule"
GET_SCHEDULE = "get_schedule"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

type Spawn = Callable[[Coroutine[Any, Any, None]], object]


class ScheduleHelper:
    """Asks the helper for its blocks whenever it writes its state; keeps those it told last while it is gone."""

    def __init__(self, hass: HomeAssistant, entity_id: str, *, spawn: Spawn) -> None:
        self._hass = hass
        self._entity_id = entity_id
        self._spawn = spawn
        self.blocks: tuple[Block, ...] | None = None
        """None until the helper has told them."""

    @callback
    def start(self) -> Callable[[], None]:
        """Follow the helper; returns how to let go."""
        changed = async_track_state_change_event(self._hass, self._entity_id, self._written)
        reported = async_track_state_report_event(self._hass, self._entity_id, self._written)
        self._spawn(self.ask())

        @callback
        def let_go() -> None:
            changed()
            reported()

        return let_go

    @callback
    def _written(self, _event: Event[Any]) -> None:
        """Ask anew: an edit that changes nothing soon shows in no attribute, only in that the state is written."""
        self._spawn(self.ask())

    async def ask(self) -> None:
        """Take over the helper's blocks; what cannot be read changes nothing."""
        try:
            told = await self._hass.services.async_call(
                SCHEDULE_DOMAIN,
                GET_SCHEDULE,
                {ATTR_ENTITY_ID: self._entity_id},
                blocking=True,
                return_response=True,
            )
            self.blocks = blocks_of((told or {})[self._entity_id])
        except HomeAssistantError, InvalidValueError, KeyError, TypeError, ValueError:
            return


def blocks_of(week: Any) -> tuple[Block, ...]:
    """Read the helper's answer. Errors: InvalidValueError, KeyError, TypeError, ValueError."""
    if not isinstance(week, Mapping):
        raise TypeError("no week")
    return tuple(
        Block(weekday=weekday, begin=_clock(block["from"]), end=_end(block["to"]))
        for weekday, name in enumerate(WEEKDAYS)
        for block in week.get(name, ())
    )


def _end(told: time | str) -> time | None:
    """Return the end of a block; the end of the day, which comes as 24:00 or as its last microsecond, is None."""
    if told == time.max or (isinstance(told, str) and told.startswith("24:00")):
        return None
    return _clock(told)


def _clock(told: time | str) -> time:
    return told if isinstance(told, time) else time.fromisoformat(told)
