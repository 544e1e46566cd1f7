"""Forecasts of weather entities made into points in time: outdoor temperature in °C, cloud cover from 0 to 1; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from homeassistant.const import UnitOfTemperature
from homeassistant.util.unit_conversion import TemperatureConverter

from .price_attributes import moment, number

HOURLY, TWICE_DAILY, DAILY = "hourly", "twice_daily", "daily"
COLDEST_HOUR, WARMEST_HOUR = 6, 15
NOON = 12
# Of a day that only tells its warmest hour: how much colder its night is.
DAILY_SWING_K = 6.0
BELIEVABLE_C = (-60.0, 60.0)
CLOUD_OF_CONDITION = {
    "clear-night": 0.1,
    "cloudy": 0.95,
    "exceptional": 0.75,
    "fog": 0.95,
    "hail": 0.95,
    "lightning": 0.9,
    "lightning-rainy": 0.95,
    "partlycloudy": 0.5,
    "pouring": 1.0,
    "rainy": 0.95,
    "snowy": 0.95,
    "snowy-rainy": 0.95,
    "sunny": 0.1,
    "windy": 0.3,
    "windy-variant": 0.6,
}

type Points = list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Weather:
    """A forecast as points to draw a line through, with Unix times."""

    outdoor: Points
    cloud: Points


def weather_of(items: Iterable[Any], kind: str, *, unit: str, zone: tzinfo) -> Weather:
    """Return what a forecast of that kind says; items that say nothing believable are left out."""
    outdoor: Points = []
    cloud: Points = []
    for item in items:
        at = moment(item.get("datetime"), zone) if isinstance(item, Mapping) else None
        if at is None:
            continue
        outdoor += _outdoor(item, kind, at, unit, zone)
        if (cover := cloud_cover(item, item.get("condition"))) is not None:
            cloud.append((at, cover))
    return Weather(outdoor=sorted(outdoor), cloud=sorted(cloud))


def _outdoor(item: Mapping[str, Any], kind: str, at: float, unit: str, zone: tzinfo) -> Iterator[tuple[float, float]]:
    """Yield the points that one item of a forecast stands for: a day is two of them."""
    high, low = (celsius(item.get(name), unit) for name in ("temperature", "templow"))
    local = datetime.fromtimestamp(at, zone)
    if kind == HOURLY and high is not None:
        yield at, high
    elif kind == TWICE_DAILY and high is not None:
        yield (_at_hour(local, WARMEST_HOUR), high) if item.get("is_daytime", True) else (_at_night(local), high)
    elif kind == DAILY and high is not None:
        yield _at_hour(local, COLDEST_HOUR), high - DAILY_SWING_K if low is None else low
        yield _at_hour(local, WARMEST_HOUR), high


def _at_hour(local: datetime, hour: int) -> float:
    return local.replace(hour=hour, minute=0, second=0, microsecond=0).timestamp()


def _at_night(local: datetime) -> float:
    """Return when a night is coldest: one that begins in the evening ends on the next day."""
    return _at_hour(local + timedelta(days=1) if local.hour >= NOON else local, COLDEST_HOUR)


def celsius(value: Any, unit: str) -> float | None:
    """Return a temperature in °C, None when it is none."""
    degrees = number(value)
    if degrees is None or unit not in TemperatureConverter.VALID_UNITS:
        return None
    degrees = TemperatureConverter.convert(degrees, unit, UnitOfTemperature.CELSIUS)
    return degrees if BELIEVABLE_C[0] <= degrees <= BELIEVABLE_C[1] else None


def cloud_cover(values: Mapping[str, Any], condition: Any) -> float | None:
    """Return the cover from 0 to 1: as a percentage where one is told, else by the word for the weather."""
    percent = number(values.get("cloud_coverage"))
    if percent is not None and 0.0 <= percent <= 100.0:  # noqa: PLR2004 - a percentage
        return percent / 100.0
    return CLOUD_OF_CONDITION.get(condition) if isinstance(condition, str) else None
