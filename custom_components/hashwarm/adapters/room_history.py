"""What the recorder knows of a room, for the planner to learn from on its first day."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.const import UnitOfPower, UnitOfTemperature

from ..engine.model.planning import RoomSample, SunOnWalls
from .recorded import LONG_TERM_S, SHORT_TERM_S, Recorder, Series
from .weather_forecast import cloud_cover

UNITS = {"temperature": UnitOfTemperature.CELSIUS, "power": UnitOfPower.WATT}

type SunAt = Callable[[float, float | None], SunOnWalls]
"""The sunshine at a Unix time under a cloud cover from 0 to 1, None where that is unknown."""


@dataclass(frozen=True, kw_only=True)
class RecordedRoom:
    """The entities whose past tells of a room; None for those that are not there."""

    room: str
    outdoor: str | None = None
    power: str | None = None
    weather: str | None = None


async def room_history(
    recorder: Recorder, entities: RecordedRoom, start: datetime, end: datetime, sun_at: SunAt | None = None
) -> list[RoomSample]:
    """Return a sample every five minutes in which the room was recorded; nothing where there is no recorder.

    Five-minute means where the recorder has them (ten days as it comes), else those of hours, drawn through.
    """
    wanted = [entity for entity in (entities.room, entities.outdoor, entities.power) if entity is not None]
    means, step_s = await recorder.means(UNITS, wanted, start, end)
    room = means.get(entities.room, [])
    if not room:
        return []
    clouds = await _clouds(recorder, entities.weather, start, end)
    outdoor, power = (means.get(entity or "", []) for entity in (entities.outdoor, entities.power))
    return [
        RoomSample(
            at=at,
            room_c=_line(room, at, step_s),
            outdoor_c=_line(outdoor, at, step_s),
            power_w=_held(power, at, step_s),
            sun=sun_at(at, _held(clouds, at, LONG_TERM_S * 6)) if sun_at is not None else None,
        )
        for at in _times(room, step_s)
    ]


def _times(room: Series, step_s: float) -> list[float]:
    """Return the times of the samples: a mean of an hour stands for twelve of them."""
    return [at + index * SHORT_TERM_S for at, _ in room for index in range(round(step_s / SHORT_TERM_S))]


def _held(series: Series, at: float, step_s: float) -> float | None:
    index = bisect_right(series, at, key=lambda point: point[0]) - 1
    return series[index][1] if index >= 0 and at < series[index][0] + step_s else None


def _line(series: Series, at: float, step_s: float) -> float | None:
    """Return the value at a time on the line through the middles of the means; within one of five minutes, the mean."""
    held = _held(series, at, step_s)
    if step_s <= SHORT_TERM_S or held is None:
        return held
    index = bisect_right(series, at, key=lambda point: point[0]) - 1
    beside = index + (1 if at >= series[index][0] + step_s / 2 else -1)
    if not 0 <= beside < len(series) or abs(series[beside][0] - series[index][0]) > step_s:
        return held
    ahead = (at - series[index][0] - step_s / 2) / (series[beside][0] - series[index][0])
    return held + ahead * (series[beside][1] - held)


async def _clouds(recorder: Recorder, weather: str | None, start: datetime, end: datetime) -> Series:
    """Return the cloud cover by the words for the weather that were recorded."""
    states: list[Any] = await recorder.states(weather, start, end) if weather is not None else []
    covers = ((state.last_updated_timestamp, cloud_cover({}, state.state)) for state in states)
    return [(at, cover) for at, cover in covers if cover is not None]
