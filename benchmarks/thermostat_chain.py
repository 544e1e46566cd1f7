"""From the room's true temperature to the miner's watts, minute by minute: sensor, contestant, miner, scores.

EnergyPlus and the RC plant call the same chain, and so does every scenario.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp
from typing import Any

from .thermostat_view import (
    BOOT_MINUTES,
    BOOT_W,
    FLOOR_W,
    HOUR_S,
    LEAST_OFF_MINUTES,
    MAXIMUM_W,
    MINUTE_S,
    RAMP_W_PER_MINUTE,
    Conditions,
    Contestant,
    Place,
    View,
    Weather,
    WeatherHour,
)
from .thermostat_weather import Forecasts, Prices, TypicalYear, perfect

SENSOR_LAG_MINUTES = 8.0
SENSOR_STEP_C = 0.1
REPORT_MINUTES = 5
FIRST_HOURS = 6
AT_LIMIT_SHARE = 0.95


@dataclass(kw_only=True)
class Sensor:
    """A room sensor that lags, knows tenths of a degree only and reports every five minutes."""

    bias_k: Callable[[float], float] = field(default=lambda _: 0.0)
    lost: Callable[[float], bool] = field(default=lambda _: False)
    reported_c: float | None = None
    reported_at: float = 0.0
    _inside_c: float | None = None

    def feel(self, room_c: float, at: float) -> None:
        """Follow the room for a minute, and report when it is time."""
        share = 1.0 - exp(-1.0 / SENSOR_LAG_MINUTES)
        self._inside_c = room_c if self._inside_c is None else self._inside_c + share * (room_c - self._inside_c)
        due = self.reported_c is None or at - self.reported_at >= REPORT_MINUTES * MINUTE_S
        if due and not self.lost(at):
            steps = round((self._inside_c + self.bias_k(at)) / SENSOR_STEP_C)
            self.reported_c, self.reported_at = round(steps * SENSOR_STEP_C, 1), at


@dataclass(kw_only=True)
class Miner:
    """A miner as a heater: floor, boot, ramp, and a rest of ten minutes between two runs."""

    drawn_w: float = 0.0
    boots: int = 0
    booting: int = 0
    off_for: int = LEAST_OFF_MINUTES

    @property
    def running(self) -> bool:
        """Return whether it is on, booted or not."""
        return self.drawn_w > 0.0

    def minute(self, demand_w: float) -> float:
        """Draw what a demand comes to in the minute to come: under half the floor nothing, else at least the floor."""
        wanted_w = 0.0 if demand_w < FLOOR_W / 2 else min(max(demand_w, FLOOR_W), MAXIMUM_W)
        if wanted_w <= 0.0 or (not self.running and self.off_for < LEAST_OFF_MINUTES):
            self.drawn_w, self.booting = 0.0, 0
            self.off_for += 1
            return 0.0
        if not self.running:
            self.boots += 1
            self.booting = BOOT_MINUTES
            self.off_for = 0
        if self.booting:
            self.booting -= 1
            self.drawn_w = BOOT_W
        else:
            step_w = min(max(wanted_w - self.drawn_w, -RAMP_W_PER_MINUTE), RAMP_W_PER_MINUTE)
            self.drawn_w += step_w
        return self.drawn_w


@dataclass(kw_only=True)
class Score:
    """Sums of one run; nothing before `from_at` counts, but for the worst day."""

    from_at: float
    started_at: float
    cold_kh: float = 0.0
    overshoot_kh: float = 0.0
    energy_kwh: float = 0.0
    earned: float = 0.0
    boots_before: int = 0
    minutes: int = 0
    room_sum_c: float = 0.0
    cold_minutes: int = 0
    """Under the comfort floor in one go, at the longest, while the heater had watts left that it did not give."""
    coldest_k: float = 0.0
    """The furthest under the comfort floor in such minutes."""
    surplus_kwh: float = 0.0
    hourly_kwh: dict[float, float] = field(default_factory=dict)
    daily_cold_kh: dict[int, float] = field(default_factory=dict)
    _cold_for: int = 0

    def minute(self, at: float, room_c: float, power_w: float, conditions: Conditions, *, able: bool) -> None:
        """Count a minute; the room's temperature is the true one at its beginning."""
        cold_k = max(conditions.coldest_c(at) - room_c, 0.0)
        day = int((at - self.started_at) // 86400.0)
        if at - self.started_at >= FIRST_HOURS * HOUR_S:
            self.daily_cold_kh[day] = self.daily_cold_kh.get(day, 0.0) + cold_k / 60
        if at < self.from_at:
            return
        self.minutes += 1
        self.room_sum_c += room_c
        self.cold_kh += cold_k / 60
        if power_w > 0.0:
            self.overshoot_kh += max(room_c - conditions.warmest_at_power_c(at, power_w), 0.0) / 60
        left = able and power_w < AT_LIMIT_SHARE * min(conditions.ceiling_w(at), MAXIMUM_W)
        self._longest_cold(cold_k, left=left)
        self._money(at, power_w, conditions)

    def _longest_cold(self, cold_k: float, *, left: bool) -> None:
        """Count on while the room is cold; minutes in which the heater gives all it has are no fault of anybody."""
        if cold_k <= 0.0:
            self._cold_for = 0
        elif left:
            self._cold_for += 1
            self.cold_minutes = max(self.cold_minutes, self._cold_for)
            self.coldest_k = max(self.coldest_k, cold_k)

    def _money(self, at: float, power_w: float, conditions: Conditions) -> None:
        kwh = power_w / 60_000
        job = conditions.job(at)
        own_w = min(power_w, conditions.surplus_w(at))
        self.energy_kwh += kwh
        self.surplus_kwh += own_w / 60_000
        if job is not None and power_w > BOOT_W:
            self.earned += kwh * job.revenue_per_kwh
        elif power_w > BOOT_W:
            self.earned += kwh * conditions.revenue_per_kwh(power_w, at)
        hour = at // HOUR_S * HOUR_S
        self.hourly_kwh[hour] = self.hourly_kwh.get(hour, 0.0) + kwh - own_w / 60_000

    def net_cost(self, prices: Prices, surplus_price: float) -> float:
        """Return electricity less earnings, in EUR, without what restarts wear out."""
        bought = sum(kwh * prices.at(hour) for hour, kwh in self.hourly_kwh.items())
        return bought + self.surplus_kwh * surplus_price - self.earned


class Chain:
    """One contestant in one house."""

    def __init__(
        self,
        contestant: Contestant,
        *,
        year: TypicalYear,
        start: float,
        learn_days: int,
        seed: int,
        conditions: Conditions,
        spread: float,
        sensor: Sensor | None = None,
        able: Callable[[float], bool] = lambda _: True,
        before: Callable[[Chain, float], None] = lambda _, __: None,
    ) -> None:
        self.contestant = contestant
        self.miner = Miner()
        self.sensor = sensor or Sensor()
        self.prices = Prices(year.place, seed, spread)
        self.conditions = conditions
        self.score = Score(from_at=start + learn_days * 86400.0, started_at=start)
        self._year = year
        self._able = able
        self._before = before
        self._forecasts = Forecasts(year, seed)
        self._at = start
        self._hour: tuple[float, tuple[WeatherHour, ...], tuple[tuple[float, float], ...]] | None = None

    def minute(self, room_c: float, outdoor_c: float) -> float:
        """Go one minute on and return the watts that the miner draws in it."""
        at = self._at
        self._at += MINUTE_S
        self._before(self, at)
        self.sensor.feel(room_c, at)
        demand_w = self.contestant.demand_w(self._view(at, outdoor_c))
        job = self.conditions.job(at)
        if job is not None:
            demand_w = job.power_w
        power_w = self.miner.minute(min(demand_w, self.conditions.ceiling_w(at)))
        if at < self.score.from_at:
            self.score.boots_before = self.miner.boots
        self.score.minute(at, room_c + self.sensor.bias_k(at), power_w, self.conditions, able=self._able(at))
        return power_w

    def _view(self, at: float, outdoor_c: float) -> View:
        weather, prices = self._ahead(at)
        lost = self.sensor.lost(at)
        return View(
            at=at,
            place=self.place,
            room_c=None if lost else self.sensor.reported_c,
            room_age_s=at - self.sensor.reported_at,
            outdoor_c=outdoor_c,
            cloud=self._year.weather_at(at).cloud,
            weather=weather,
            prices=prices,
            conditions=self.conditions,
            drawn_w=self.miner.drawn_w,
            running=self.miner.running,
            booting=self.miner.booting > 0,
        )

    @property
    def place(self) -> Place:
        """Return where the house stands."""
        return self._year.place

    def _ahead(self, at: float) -> tuple[tuple[WeatherHour, ...], tuple[tuple[float, float], ...]]:
        """Return weather and prices to come as this contestant knows them, looked up once an hour."""
        hour = at // HOUR_S * HOUR_S
        if self._hour is None or self._hour[0] != hour:
            kind = self.contestant.weather
            weather: tuple[WeatherHour, ...] = ()
            if kind is Weather.FORECAST:
                weather = self._forecasts.expected(at)
            elif kind is Weather.PERFECT:
                weather = perfect(self._year, at)
            self._hour = (hour, weather, self.prices.known(at))
        return self._hour[1], self._hour[2]

    def figures(self, seeds: tuple[int, ...], spread: float) -> dict[str, Any]:
        """Return the scores per day, the cost as the mean over the prices of some seeds."""
        score = self.score
        days = max(score.minutes / 1440, 1e-9)
        costs = [score.net_cost(Prices(self.place, seed, spread), self.conditions.surplus_price) for seed in seeds]
        starts = self.miner.boots - score.boots_before
        return {
            "starts_per_day": round(starts / days, 2),
            "cold_kh_per_day": round(score.cold_kh / days, 3),
            "overshoot_kh_per_day": round(score.overshoot_kh / days, 3),
            "net_cost_per_day": round(sum(costs) / len(costs) / days, 3),
            "kwh_per_day": round(score.energy_kwh / days, 2),
            "room_mean_c": round(score.room_sum_c / max(score.minutes, 1), 2),
            "worst_day_cold_kh": round(max(score.daily_cold_kh.values(), default=0.0), 2),
            "longest_cold_minutes": score.cold_minutes,
            "coldest_k": round(score.coldest_k, 2),
            "starts": starts,
        }
