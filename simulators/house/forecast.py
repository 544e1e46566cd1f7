"""The weather service of the demo: right about the clouds, and a little wrong about the temperature."""

from datetime import UTC, datetime
from math import pi, sin
from typing import Any

from simulators.room.weather import Winter

HOUR_S = 3600.0
HOURS = 48
WRONG_K = 0.8


def forecast(weather: Winter, now: float) -> list[dict[str, Any]]:
    """Return the hours to come as Home Assistant lists them; what is further ahead is known less well."""
    first = now // HOUR_S * HOUR_S
    return [_hour(weather, first + index * HOUR_S, index) for index in range(HOURS)]


def _hour(weather: Winter, at: float, ahead_h: int) -> dict[str, Any]:
    wrong_k = WRONG_K * min(ahead_h / 24, 1.0) * sin(2 * pi * at / 200_000.0)
    return {
        "datetime": datetime.fromtimestamp(at, UTC).isoformat(),
        "condition": weather.sky(at + HOUR_S / 2).value,
        "temperature": round(weather.outdoor_c(at) + wrong_k, 1),
    }
