"""The sun stands where almanacs say, and clouds hide it."""

from datetime import UTC, datetime
from math import asin, degrees

from hypothesis import given, strategies as st
import pytest

from custom_components.hashwarm.engine.control.sun import Site, sun_on_walls, sun_position

OSLO, QUITO, SYDNEY = (
    Site(latitude=59.91, longitude=10.75),
    Site(latitude=-0.18, longitude=-78.47),
    Site(latitude=-33.87, longitude=151.21),
)


@pytest.mark.parametrize(
    ("site", "moment", "expected_deg"),
    [
        # Noon of the solstices and an equinox, elevation = 90 - latitude + declination.
        (OSLO, datetime(2026, 6, 21, 11, 19, tzinfo=UTC), 53.5),
        (OSLO, datetime(2026, 12, 21, 11, 15, tzinfo=UTC), 6.7),
        (QUITO, datetime(2026, 3, 20, 17, 21, tzinfo=UTC), 89.7),
        (SYDNEY, datetime(2026, 12, 21, 1, 53, tzinfo=UTC), 79.6),
        (OSLO, datetime(2026, 12, 21, 23, 15, tzinfo=UTC), -53.5),
    ],
)
def test_the_sun_stands_where_it_should(site: Site, moment: datetime, expected_deg: float) -> None:
    elevation_deg = degrees(asin(sun_position(moment.timestamp(), site).sin_elevation))
    assert elevation_deg == pytest.approx(expected_deg, abs=0.5)


def test_morning_sun_is_on_the_east_wall_and_evening_sun_on_the_west() -> None:
    morning = sun_on_walls(datetime(2026, 6, 21, 5, 0, tzinfo=UTC).timestamp(), OSLO, 0.0)
    evening = sun_on_walls(datetime(2026, 6, 21, 17, 0, tzinfo=UTC).timestamp(), OSLO, 0.0)
    assert morning.east > 4 * morning.west
    assert evening.west > 4 * evening.east


@pytest.mark.parametrize(("site", "hour"), [(OSLO, 11), (SYDNEY, 2)])
def test_noon_sun_comes_from_the_equator(site: Site, hour: int) -> None:
    noon = sun_on_walls(datetime(2026, 3, 20, hour, 20, tzinfo=UTC).timestamp(), site, 0.0)
    assert noon.equator > noon.east
    assert noon.equator > noon.west
    assert 300.0 < noon.equator < 1000.0


@given(
    st.floats(1e9, 4e9),
    st.floats(-89.0, 89.0),
    st.floats(-180.0, 180.0),
    st.one_of(st.none(), st.floats(-1.0, 2.0)),
)
def test_sunshine_is_never_negative_and_never_more_than_the_sun_sends(
    at: float, latitude: float, longitude: float, cover: float | None
) -> None:
    walls = sun_on_walls(at, Site(latitude=latitude, longitude=longitude), cover)
    assert all(0.0 <= light <= 1400.0 for light in (walls.level, walls.east, walls.equator, walls.west))


def test_clouds_take_three_quarters_of_the_light() -> None:
    at = datetime(2026, 6, 21, 11, 0, tzinfo=UTC).timestamp()
    clear, covered = sun_on_walls(at, OSLO, 0.0), sun_on_walls(at, OSLO, 1.0)
    assert covered.level == pytest.approx(0.25 * clear.level)
    # Under a closed cover the light has no direction.
    assert covered.east == pytest.approx(covered.west, rel=0.1)
