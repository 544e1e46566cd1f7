"""A weather entity as a forecast of outdoor temperature and cloud cover, and as an outdoor sensor."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import override

from homeassistant.components.weather import ATTR_WEATHER_TEMPERATURE, ATTR_WEATHER_TEMPERATURE_UNIT
from homeassistant.components.weather.const import DOMAIN, SERVICE_GET_FORECASTS, WeatherEntityFeature
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_SUPPORTED_FEATURES,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.util.dt import get_default_time_zone, utcnow

from ..engine.model.protocols import WallClock, WeatherForecast
from .asking import ask
from .weather_forecast import DAILY, HOURLY, TWICE_DAILY, Weather, celsius, cloud_cover, weather_of

ASKED_AGAIN_AFTER = timedelta(minutes=30)
FAILED_AGAIN_AFTER = timedelta(minutes=5)
KINDS = (
    (WeatherEntityFeature.FORECAST_HOURLY, HOURLY),
    (WeatherEntityFeature.FORECAST_TWICE_DAILY, TWICE_DAILY),
    (WeatherEntityFeature.FORECAST_DAILY, DAILY),
)


class EntityWeather(WeatherForecast):
    """Asks for the finest forecast that the entity has, at most every half hour; the last one lasts until the next."""

    def __init__(self, hass: HomeAssistant, entity_id: str, *, now: WallClock = utcnow) -> None:
        self._hass = hass
        self._now = now
        self._weather = Weather(outdoor=[], cloud=[])
        self._ask_at: datetime | None = None
        self.entity_id = entity_id
        self.kind: str | None = None
        """The kind of the forecast in hand, None while there is none."""

    @override
    async def temperatures(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """Return the forecast's points in time with their temperatures in °C, also the last before `start`."""
        await self._refresh()
        return _between(self._weather.outdoor, start, end)

    async def cloud_covers(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """Return the points in time with the cloud cover from 0 to 1, the one of now among them."""
        await self._refresh()
        now, cover = self._now(), self.cloud_now
        points = list(self._weather.cloud)
        if cover is not None:
            points = sorted([*((at, value) for at, value in points if at > now.timestamp()), (now.timestamp(), cover)])
        return _between(points, start, end)

    @property
    def outdoor_now_c(self) -> float | None:
        """Return the outdoor temperature that the entity tells, in °C."""
        state = self._state
        return None if state is None else celsius(state.attributes.get(ATTR_WEATHER_TEMPERATURE), _unit(state))

    @property
    def cloud_now(self) -> float | None:
        """Return the cloud cover that the entity tells, from 0 to 1."""
        state = self._state
        return None if state is None else cloud_cover(state.attributes, state.state)

    @property
    def _state(self) -> State | None:
        state = self._hass.states.get(self.entity_id)
        return None if state is None or state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN} else state

    async def _refresh(self) -> None:
        now, state = self._now(), self._state
        due = self._ask_at is None or not timedelta() < self._ask_at - now <= ASKED_AGAIN_AFTER
        if state is None or not due:
            return
        # Taken before the answer, so that two who ask at once ask once.
        self._ask_at = now + FAILED_AGAIN_AFTER
        features = state.attributes.get(ATTR_SUPPORTED_FEATURES, 0)
        kind = next((name for feature, name in KINDS if features & feature), None)
        if kind is None or (weather := await self._asked(state, kind)) is None:
            return
        self._weather, self.kind, self._ask_at = weather, kind, now + ASKED_AGAIN_AFTER

    async def _asked(self, state: State, kind: str) -> Weather | None:
        answer = await ask(self._hass, DOMAIN, SERVICE_GET_FORECASTS, {ATTR_ENTITY_ID: self.entity_id, "type": kind})
        told = answer.get(self.entity_id) if answer is not None else None
        items = told.get("forecast") if isinstance(told, Mapping) else None
        if not isinstance(items, list):
            return None
        weather = weather_of(items, kind, unit=_unit(state), zone=get_default_time_zone())
        return weather if weather.outdoor else None


def _unit(state: State) -> str:
    return str(state.attributes.get(ATTR_WEATHER_TEMPERATURE_UNIT, UnitOfTemperature.CELSIUS))


def _between(points: list[tuple[float, float]], start: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """Return the points of a span, with one more on either side for the lines that lead into it."""
    first, last = start.timestamp(), end.timestamp()
    before = [point for point in points if point[0] < first][-1:]
    within = [point for point in points if first <= point[0] < last]
    after = [point for point in points if point[0] >= last][:1]
    return [(datetime.fromtimestamp(at, UTC), value) for at, value in before + within + after]
