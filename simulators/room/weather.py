"""A winter that goes on for ever: frosty days and mild ones, clear and cloudy, the same on every run."""

from dataclasses import dataclass
from enum import StrEnum
from math import cos, pi, radians, sin
from typing import override

from .physics import DAY_S, Climate

YEAR_DAYS = 365.2422
# From the epoch to the first spring day after it.
SPRING_DAY = 79.0
# What glass and frame let in.
LET_IN = 0.5


class Sky(StrEnum):
    """How cloudy it is, in Home Assistant's words."""

    SUNNY = "sunny"
    PARTLY = "partlycloudy"
    CLOUDY = "cloudy"


LIGHT = {Sky.SUNNY: (800.0, 60.0), Sky.PARTLY: (450.0, 90.0), Sky.CLOUDY: (20.0, 70.0)}
"""Sunbeam and light of the sky in W/m², when the sun stands high enough."""


@dataclass(kw_only=True)
class Winter(Climate):
    """The times that it is asked about are Unix times; north is positive, east too, in degrees."""

    mean_c: float = 2.0
    swing_k: float = 2.5
    latitude: float = 52.52
    longitude: float = 13.40

    @override
    def outdoor_c(self, time_s: float) -> float:
        """Return the temperature, coldest before sunrise; a mild spell takes turns with a frosty one."""
        days = time_s / DAY_S + self.longitude / 360.0
        spells_k = 2.5 * sin(2 * pi * days / 5.3) + 1.2 * sin(2 * pi * days / 2.1 + 1.0)
        return self.mean_c + spells_k + self.swing_k * sin(2 * pi * (days - 10 / 24))

    def sky(self, time_s: float) -> Sky:
        """Return how cloudy it is: hours of one kind follow hours of another."""
        days = time_s / DAY_S
        clouds = sin(2 * pi * days / 3.7) + 0.7 * sin(2 * pi * days / 1.3 + 2.0)
        if clouds > 0.7:
            return Sky.CLOUDY
        return Sky.PARTLY if clouds > -0.7 else Sky.SUNNY

    @override
    def sun_w_per_m2(self, time_s: float) -> float:
        """Return what comes through a square metre of a window to the south, zero at night."""
        declination = radians(23.44) * sin(2 * pi * (time_s / DAY_S - SPRING_DAY) / YEAR_DAYS)
        hour = 2 * pi * (time_s / DAY_S + self.longitude / 360.0 - 0.5)
        latitude = radians(self.latitude)
        height = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour)
        if height <= 0.0:
            return 0.0
        to_south = sin(latitude) * cos(declination) * cos(hour) - cos(latitude) * sin(declination)
        beam, diffuse = LIGHT[self.sky(time_s)]
        # Low sun has the longer way through the air.
        strength = min(height / 0.25, 1.0)
        return LET_IN * strength * (beam * max(to_south, 0.0) + diffuse)
