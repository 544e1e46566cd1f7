"""What the recorder knows of a room, for the planner to learn from on its first day."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.const import UnitOfPower, UnitOfTemperature
from homeassistant.util.unit_conversion import PowerConverter

from ..engine.model.planning import RoomSample, SunOnWalls
from .price_attributes import number
from .recorded import LONG_TERM_S, SHORT_TERM_S, Recorder, Series
from .weather_forecast import celsius, cloud_cover

UNITS = {"temperature": UnitOfTemperature.CELSIUS, "power": UnitOfPower.WATT}
STATE_VALID_S = 6 * LONG_TERM_S

type Told = tuple[float, float | None]
"""When what was told, None for what is no value."""

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

    Five-minute means where the recorder has them (ten days as it comes), else those of hours, drawn through. Of an
    entity that has no statistics the recorded states are taken.
    """
    wanted = [entity for entity in (entities.room, entities.outdoor, entities.power) if entity is not None]
    means, step_s = await recorder.means(UNITS, wanted, start, end)
    for entity in wanted:
        if entity not in means:
            means[entity] = await _by_states(recorder, entity, start, end, step_s)
    room = means[entities.room]
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
            sun=sun_at(at, _latest(clouds, at)) if sun_at is not None else None,
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


async def _by_states(recorder: Recorder, entity_id: str, start: datetime, end: datetime, step_s: float) -> Series:
    """Return the states at regular times, in °C or W; one that was not written for six hours says nothing."""
    unit = recorder.unit_of(entity_id)
    states = await recorder.states(entity_id, start, end)
    # The one in force at the start is dated to the start, however old it is.
    told = [
        (state.last_updated_timestamp, _converted(number(state.state), unit))
        for state in states
        if state.last_updated_timestamp > start.timestamp()
    ]
    if not told:
        return []
    first, last = start.timestamp() // step_s + 1, end.timestamp() // step_s
    times = [(first + index) * step_s for index in range(max(int(last - first), 0))]
    found = ((at, _in_force(told, at)) for at in times)
    return [(at, value) for at, value in found if value is not None]


def _in_force(told: list[Told], at: float) -> float | None:
    index = bisect_right(told, at, key=lambda point: point[0]) - 1
    return told[index][1] if index >= 0 and at - told[index][0] <= STATE_VALID_S else None


def _latest(told: list[Told], at: float) -> float | None:
    index = bisect_right(told, at, key=lambda point: point[0]) - 1
    return told[index][1] if index >= 0 else None


def _converted(value: float | None, unit: str | None) -> float | None:
    """Return a temperature in °C or a power in W, None for anything else."""
    if value is None or unit is None:
        return None
    if unit in PowerConverter.VALID_UNITS:
        return PowerConverter.convert(value, unit, UnitOfPower.WATT)
    return celsius(value, unit)


async def _clouds(recorder: Recorder, weather: str | None, start: datetime, end: datetime) -> list[Told]:
    """Return the cloud cover by the words for the weather that were recorded; a word holds until there is another.

    A grey November has the same word for days; where the weather was not known there is a word for that, too.
    """
    states: list[Any] = await recorder.states(weather, start, end) if weather is not None else []
    return [(state.last_updated_timestamp, cloud_cover({}, state.state)) for state in states]
