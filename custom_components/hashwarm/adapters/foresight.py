"""All that Home Assistant knows of the hours to come and of the days before, for the planner of one heater."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from ..engine.model.forecasts import Forecasts, Foresight
from ..engine.model.planning import RoomSample
from ..engine.model.protocols import RoomTemperature
from .price_forecast import EntityPriceForecast, FixedPriceForecast
from .recorded import Recorder
from .room_history import UNITS, RecordedRoom, SunAt, room_history
from .surplus import RoofSurplus
from .tariff import TariffPriceForecast
from .weather import EntityWeather
from .weather_forecast import BELIEVABLE_C

LOOKED_AHEAD = timedelta(hours=37)
LOOKED_BACK = timedelta(days=7)
# A day before now is to be among it.
OUTDOOR_DAYS = timedelta(days=1, hours=2)
OUTDOOR_STALE_S = 3 * 3600.0


@dataclass(frozen=True, kw_only=True)
class HomeForesight(Foresight):
    """Gathers from the adapters that a person's choices made; each may be missing, and none of them raises."""

    recorder: Recorder
    room: RecordedRoom
    prices: EntityPriceForecast | FixedPriceForecast | TariffPriceForecast | None = None
    weather: EntityWeather | None = None
    outdoor: RoomTemperature | None = None
    surplus: RoofSurplus | None = None
    feed_in_price_per_kwh: float = 0.0
    sun_at: SunAt | None = None

    @override
    async def forecasts(self, now: datetime) -> Forecasts:
        end = now + LOOKED_AHEAD
        prices = await self.prices.prices(now - LOOKED_BACK, end) if self.prices is not None else []
        origin = self.prices.origin if self.prices is not None else None
        until = origin.known_until if origin is not None else None
        weather = self.weather
        return Forecasts(
            prices=_series(prices),
            price_now=self.prices.price_now() if self.prices is not None else None,
            outdoor=await self._outdoor(now, end),
            outdoor_now_c=self._outdoor_now_c,
            cloud=_series(await weather.cloud_covers(now, end)) if weather is not None else (),
            surplus=_series(await self.surplus.surplus(now, end)) if self.surplus is not None else (),
            surplus_price_per_kwh=self.feed_in_price_per_kwh,
            price_source=origin.source.value if origin is not None else None,
            price_from=origin.name if origin is not None else None,
            price_known_until=until.timestamp() if until is not None else None,
            weather_source=weather.kind if weather is not None else None,
        )

    @override
    async def history(self, start: datetime, end: datetime) -> list[RoomSample]:
        return await room_history(self.recorder, self.room, start, end, self.sun_at)

    @property
    def _outdoor_now_c(self) -> float | None:
        reading = self.outdoor.read() if self.outdoor is not None else None
        believed = reading is not None and BELIEVABLE_C[0] <= reading.celsius <= BELIEVABLE_C[1]
        if reading is not None and believed and reading.age_s < OUTDOOR_STALE_S:
            return reading.celsius
        return self.weather.outdoor_now_c if self.weather is not None else None

    async def _outdoor(self, now: datetime, end: datetime) -> Sequence[tuple[float, float]]:
        """Return what was measured in the last day, and after now what is forecast."""
        forecast = _series(await self.weather.temperatures(now, end)) if self.weather is not None else []
        past: list[tuple[float, float]] = []
        if (outdoor := self.room.outdoor) is not None:
            means, step_s = await self.recorder.means(UNITS, [outdoor], now - OUTDOOR_DAYS, now)
            past = [(at + step_s / 2, celsius) for at, celsius in means.get(outdoor, [])]
        return [*past, *(point for point in forecast if not past or point[0] > past[-1][0])]


def _series(points: list[tuple[datetime, float]]) -> list[tuple[float, float]]:
    return [(at.timestamp(), value) for at, value in points]
