"""Where the sun stands, and what it sends onto the walls of a house under a cloudy sky."""

from dataclasses import dataclass
from math import acos, asin, cos, exp, pi, radians, sin

from ..model.planning import SunOnWalls

DAY_S = 86400.0
J2000 = 946728000.0
GROUND_REFLECTS = 0.2
SOLAR_CONSTANT_W_M2 = 1361.0
DARK = SunOnWalls(level=0.0, east=0.0, equator=0.0, west=0.0)
UNKNOWN_CLOUD = 0.5
LOWEST_SIN = 0.02
# Clearness indices between which the share of diffuse light falls.
OVERCAST, CLEAR = 0.22, 0.80


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the house stands, in degrees; north and east are positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class SunPosition:
    """Sine of the elevation, and the sun's direction as a unit vector to the east and to the north."""

    sin_elevation: float
    east: float
    north: float


def sun_position(at: float, site: Site) -> SunPosition:
    """Return where the sun stands at a Unix time, within a degree (Astronomical Almanac, low precision)."""
    days = (at - J2000) / DAY_S
    anomaly = radians(357.528 + 0.9856003 * days)
    ecliptic = radians(280.460 + 0.9856474 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 4e-7 * days)
    declination = asin(sin(tilt) * sin(ecliptic))
    ascension = acos(min(max(cos(ecliptic) / cos(declination), -1.0), 1.0))
    if sin(ecliptic) < 0.0:
        ascension = 2 * pi - ascension
    sidereal = radians((280.46062 + 360.98564737 * days + site.longitude) % 360.0)
    hour, latitude = sidereal - ascension, radians(site.latitude)
    return SunPosition(
        sin_elevation=sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour),
        east=-cos(declination) * sin(hour),
        north=cos(latitude) * sin(declination) - sin(latitude) * cos(declination) * cos(hour),
    )


def sun_on_walls(at: float, site: Site, cloud: float | None) -> SunOnWalls:
    """Return the sunshine under a cloud cover of 0 to 1 (Haurwitz, Kasten-Czeplak, Erbs); None is half covered."""
    position = sun_position(at, site)
    if position.sin_elevation <= LOWEST_SIN:
        return DARK
    cover = min(max(UNKNOWN_CLOUD if cloud is None else cloud, 0.0), 1.0)
    level = 1098.0 * position.sin_elevation * exp(-0.057 / position.sin_elevation) * (1.0 - 0.75 * cover**3.4)
    diffuse = level * _diffuse_share(level / (SOLAR_CONSTANT_W_M2 * position.sin_elevation))
    beam = (level - diffuse) / max(position.sin_elevation, 0.05)
    scattered = 0.5 * diffuse + 0.5 * GROUND_REFLECTS * level
    to_equator = -position.north if site.latitude >= 0.0 else position.north
    return SunOnWalls(
        level=level,
        east=scattered + beam * max(position.east, 0.0),
        equator=scattered + beam * max(to_equator, 0.0),
        west=scattered + beam * max(-position.east, 0.0),
    )


def _diffuse_share(clearness: float) -> float:
    """Return the diffuse share of the sunshine (Erbs, Klein and Duffie 1982)."""
    k = min(max(clearness, 0.0), 1.0)
    if k <= OVERCAST:
        return 1.0 - 0.09 * k
    if k <= CLEAR:
        return float(0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4)
    return 0.165
