"""Weather of a typical year from an EPW file, and forecasts of it that err; prices from a seeded generator."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import floor, sqrt
from pathlib import Path
from random import Random

from .thermostat_view import DAY_S, HOUR_S, Place, WeatherHour

HOURS_AHEAD = 36
ISSUED_EVERY_H = 6
TEMPERATURE_SD_K = 1.5
"""Of the forecast's error at 24 h; that of the cloud cover beside it, as a share of the sky."""
CLOUD_SD = 0.25
PERSISTENCE_OF_ERROR = 0.95
YEAR = 2026

MEAN_PRICE = 0.26
SPREAD = 0.037
WIDE_SPREAD = 0.11
"""Between the cheapest and the dearest hour of a day: the table's, and the bound's."""
NIGHT_TO_EVENING = (
    *(-0.9, -1.1, -1.3, -1.3, -1.1, -0.5, 0.4, 1.1, 1.2, 0.6, 0.1, -0.3),
    *(-0.5, -0.6, -0.5, -0.1, 0.6, 1.4, 1.9, 1.7, 1.0, 0.3, -0.2, -0.6),
)


@dataclass(frozen=True, kw_only=True)
class TypicalYear:
    """Hourly weather of one place; index 0 is the value at 1 h on New Year's Day, as EnergyPlus reads it."""

    place: Place
    outdoor_c: tuple[float, ...]
    cloud: tuple[float, ...]
    level_sun_w_per_m2: tuple[float, ...]

    def start_of(self, day: date) -> float:
        """Return when a day begins there, as Unix seconds."""
        greenwich = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return (greenwich - timedelta(hours=self.place.time_zone_h)).timestamp()

    def weather_at(self, at: float) -> WeatherHour:
        """Return the weather at a time, between two hours as EnergyPlus draws the line."""
        return WeatherHour(at=at, outdoor_c=self._between(self.outdoor_c, at), cloud=self._between(self.cloud, at))

    def _between(self, values: tuple[float, ...], at: float) -> float:
        hours = (at - self.start_of(date(YEAR, 1, 1))) / HOUR_S
        before = floor(hours)
        share = hours - before
        return (1.0 - share) * values[(before - 1) % len(values)] + share * values[before % len(values)]


def read_epw(file: Path) -> TypicalYear:
    """Read a weather file: dry bulb in °C, total sky cover in tenths, global horizontal radiation in Wh/m²."""
    lines = file.read_text(encoding="latin-1").splitlines()
    head = lines[0].split(",")
    rows = [line.split(",") for line in lines[8:] if line.strip()]
    return TypicalYear(
        place=Place(latitude=float(head[6]), longitude=float(head[7]), time_zone_h=float(head[8])),
        outdoor_c=tuple(float(row[6]) for row in rows),
        cloud=tuple(min(float(row[22]), 10.0) / 10.0 for row in rows),
        level_sun_w_per_m2=tuple(float(row[13]) for row in rows),
    )


class Forecasts:
    """Forecasts issued every six hours: the truth and an error that begins at nothing and grows with the horizon."""

    def __init__(self, year: TypicalYear, seed: int) -> None:
        self._year = year
        self._seed = seed
        self._issued: tuple[int, list[tuple[float, float]]] | None = None

    def expected(self, at: float) -> tuple[WeatherHour, ...]:
        """Return what the newest forecast says of the hours from now on."""
        issue = int(at // (ISSUED_EVERY_H * HOUR_S))
        if self._issued is None or self._issued[0] != issue:
            self._issued = (issue, self._errors(issue))
        errors = self._issued[1]
        first = int(at // HOUR_S)
        return tuple(self._hour(hour, errors[hour - issue * ISSUED_EVERY_H]) for hour in range(first, first + 37))

    def _hour(self, hour: int, error: tuple[float, float]) -> WeatherHour:
        true = self._year.weather_at(hour * HOUR_S)
        cloud = min(max(true.cloud + error[1], 0.0), 1.0)
        return WeatherHour(at=true.at, outdoor_c=true.outdoor_c + error[0], cloud=cloud)

    def _errors(self, issue: int) -> list[tuple[float, float]]:
        random = Random(f"{self._seed} {issue}")
        rho = PERSISTENCE_OF_ERROR
        grown = sqrt((1.0 - rho ** (2 * 24)) / (1.0 - rho * rho))
        kelvin, cloud, errors = 0.0, 0.0, [(0.0, 0.0)]
        for _ in range(HOURS_AHEAD + ISSUED_EVERY_H + 1):
            kelvin = rho * kelvin + random.gauss(0.0, TEMPERATURE_SD_K / grown)
            cloud = rho * cloud + random.gauss(0.0, CLOUD_SD / grown)
            errors.append((kelvin, cloud))
        return errors


def perfect(year: TypicalYear, at: float) -> tuple[WeatherHour, ...]:
    """Return the weather as it will be."""
    first = int(at // HOUR_S)
    return tuple(year.weather_at(hour * HOUR_S) for hour in range(first, first + HOURS_AHEAD + 1))


class Prices:
    """Day-ahead prices in EUR/kWh: a day's usual shape, its own noise, a level that wanders from day to day."""

    def __init__(self, place: Place, seed: int, spread: float = SPREAD) -> None:
        self._place = place
        self._seed = seed
        self._spread = spread
        self._days: dict[int, tuple[float, ...]] = {}

    def at(self, at: float) -> float:
        """Return the price in force."""
        local = at + self._place.time_zone_h * HOUR_S
        day = int(local // DAY_S)
        return self._day(day)[int((local - day * DAY_S) // HOUR_S)]

    def known(self, at: float) -> tuple[tuple[float, float], ...]:
        """Return the hours known at a time: until midnight, from 13 h on until the midnight after."""
        until_midnight = 24 - int(self._place.hour(at))
        hours = until_midnight + (24 if self._place.hour(at) >= 13.0 else 0)
        first = at // HOUR_S * HOUR_S
        return tuple((first + hour * HOUR_S, self.at(first + hour * HOUR_S)) for hour in range(hours))

    def _day(self, day: int) -> tuple[float, ...]:
        if day not in self._days:
            random = Random(f"price {self._seed} {day}")
            raw = [usual + random.gauss(0.0, 0.35) for usual in NIGHT_TO_EVENING]
            mean, width = sum(raw) / 24, max(raw) - min(raw)
            level = MEAN_PRICE + random.gauss(0.0, self._spread / 4)
            self._days[day] = tuple(level + self._spread * (price - mean) / width for price in raw)
        return self._days[day]
