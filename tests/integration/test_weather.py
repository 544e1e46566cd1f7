"""A weather entity as forecast and as outdoor sensor."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.weather import Forecast, WeatherEntity, WeatherEntityFeature
from homeassistant.const import UnitOfTemperature
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import setup_test_component_platform

from custom_components.hashwarm.adapters.weather import EntityWeather
from custom_components.hashwarm.adapters.weather_forecast import CLOUD_OF_CONDITION, celsius, cloud_cover, weather_of

WEATHER = "weather.home"
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=BERLIN)
HOUR = timedelta(hours=1)
ALL = (
    WeatherEntityFeature.FORECAST_HOURLY
    | WeatherEntityFeature.FORECAST_DAILY
    | WeatherEntityFeature.FORECAST_TWICE_DAILY
)


@pytest.fixture(autouse=True)
async def _in_berlin(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(NOW)


def show(hass: HomeAssistant, condition: str = "cloudy", features: int = ALL, unit: str = "°C", **more: Any) -> None:
    attributes = {"supported_features": features, "temperature": 4.0, "temperature_unit": unit, **more}
    hass.states.async_set(WEATHER, condition, attributes)


def hourly(*degrees: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"datetime": (NOW + hour * HOUR).isoformat(), "temperature": t, **more} for hour, t in enumerate(degrees)]


def offers(hass: HomeAssistant, items: Any, asked: list[str] | None = None) -> list[str]:
    asked = [] if asked is None else asked

    async def handle(call: ServiceCall) -> Any:
        asked.append(call.data["type"])
        if isinstance(items, Exception):
            raise items
        return items if isinstance(items, dict) else {WEATHER: {"forecast": items}}

    hass.services.async_register("weather", "get_forecasts", handle, supports_response=SupportsResponse.ONLY)
    return asked


async def temperatures(weather: EntityWeather, hours: int = 48) -> dict[float, float]:
    """Return the temperatures by the hours from now."""
    found = await weather.temperatures(NOW, NOW + hours * HOUR)
    return {(at - NOW) / HOUR: degrees for at, degrees in found}


async def test_hours_are_taken_before_days(hass: HomeAssistant):
    show(hass)
    asked = offers(hass, hourly(3.0, 2.0, 1.0))
    weather = EntityWeather(hass, WEATHER)
    assert await temperatures(weather) == {0.0: 3.0, 1.0: 2.0, 2.0: 1.0}
    assert asked == ["hourly"]
    assert weather.kind == "hourly"


async def test_fahrenheit_is_converted(hass: HomeAssistant):
    show(hass, unit="°F", temperature=50.0)
    offers(hass, hourly(41.0))
    weather = EntityWeather(hass, WEATHER)
    assert (await temperatures(weather))[0.0] == pytest.approx(5.0)
    assert weather.outdoor_now_c == pytest.approx(10.0)


async def test_days_are_shaped_between_morning_and_afternoon(hass: HomeAssistant):
    show(hass, features=WeatherEntityFeature.FORECAST_DAILY)
    offers(
        hass,
        [
            {"datetime": "2026-11-22T11:00:00+00:00", "temperature": 8.0, "templow": 1.0},
            {"datetime": "2026-11-23T11:00:00+00:00", "temperature": 6.0},
        ],
    )
    assert await temperatures(EntityWeather(hass, WEATHER)) == {-4.0: 1.0, 5.0: 8.0, 20.0: 0.0, 29.0: 6.0}


async def test_days_and_nights(hass: HomeAssistant):
    show(hass, features=WeatherEntityFeature.FORECAST_TWICE_DAILY)
    offers(
        hass,
        [
            {"datetime": "2026-11-22T06:00:00+01:00", "temperature": 8.0, "is_daytime": True},
            {"datetime": "2026-11-22T18:00:00+01:00", "temperature": 2.0, "is_daytime": False},
            {"datetime": "2026-11-24T00:00:00+01:00", "temperature": -1.0, "is_daytime": False},
        ],
    )
    assert await temperatures(EntityWeather(hass, WEATHER)) == {5.0: 8.0, 20.0: 2.0, 44.0: -1.0}


@pytest.mark.parametrize(
    "items",
    [
        [None, 3, {}, {"datetime": "soon", "temperature": 3.0}, {"datetime": NOW.isoformat()}],
        [{"datetime": NOW.isoformat(), "temperature": "warm"}],
        [{"datetime": NOW.isoformat(), "temperature": 999.0}],
        [],
        None,
        "rain",
        {},
        {WEATHER: None},
        HomeAssistantError("no"),
        KeyError("temperature"),
    ],
)
async def test_a_forecast_that_is_none_leaves_nothing(hass: HomeAssistant, items: Any):
    show(hass)
    offers(hass, items)
    weather = EntityWeather(hass, WEATHER)
    assert await temperatures(weather) == {}
    assert weather.kind is None


async def test_without_the_action_the_entity_or_a_forecast_there_is_none(hass: HomeAssistant):
    weather = EntityWeather(hass, WEATHER)
    assert await temperatures(weather) == {}
    assert weather.outdoor_now_c is None
    assert weather.cloud_now is None
    show(hass)
    assert await temperatures(EntityWeather(hass, WEATHER)) == {}
    show(hass, "unavailable")
    assert await temperatures(weather) == {}
    show(hass, features=0)
    assert await temperatures(weather) == {}
    assert await temperatures(EntityWeather(hass, WEATHER)) == {}


async def test_asked_every_half_hour_and_after_a_failure_in_five_minutes(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
):
    show(hass)
    asked = offers(hass, hourly(*[3.0] * 30))
    weather = EntityWeather(hass, WEATHER)
    await temperatures(weather)
    await weather.cloud_covers(NOW, NOW + HOUR)
    assert len(asked) == 1
    offers(hass, HomeAssistantError("down"), asked)
    freezer.move_to(NOW + timedelta(minutes=31))
    assert len(await temperatures(weather)) == 30
    freezer.move_to(NOW + timedelta(minutes=33))
    await temperatures(weather)
    assert len(asked) == 2
    freezer.move_to(NOW + timedelta(minutes=37))
    await temperatures(weather)
    assert len(asked) == 3


async def test_a_clock_that_is_set_back_does_not_stop_the_questions(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
):
    show(hass)
    asked = offers(hass, hourly(3.0))
    weather = EntityWeather(hass, WEATHER)
    await temperatures(weather)
    freezer.move_to(NOW - timedelta(days=2))
    await temperatures(weather)
    assert len(asked) == 2


async def test_one_more_point_on_either_side_leads_in_and_out(hass: HomeAssistant):
    show(hass)
    offers(hass, hourly(0.0, 1.0, 2.0, 3.0, 4.0))
    found = await EntityWeather(hass, WEATHER).temperatures(NOW + 1.5 * HOUR, NOW + 2.5 * HOUR)
    assert [degrees for _, degrees in found] == [1.0, 2.0, 3.0]


async def test_clouds_begin_with_those_of_now(hass: HomeAssistant):
    show(hass, "sunny", cloud_coverage=30)
    offers(hass, hourly(3.0, 3.0, condition="rainy"))
    found = await EntityWeather(hass, WEATHER).cloud_covers(NOW, NOW + 3 * HOUR)
    assert found == [(NOW.astimezone(UTC), 0.3), ((NOW + HOUR).astimezone(UTC), 0.95)]


async def test_clouds_of_a_forecast_alone(hass: HomeAssistant):
    show(hass, "mystery")
    offers(hass, hourly(3.0, cloud_coverage=80))
    assert await EntityWeather(hass, WEATHER).cloud_covers(NOW, NOW + HOUR) == [(NOW.astimezone(UTC), 0.8)]


@pytest.mark.parametrize(
    ("percent", "condition", "cover"),
    [
        (0, "rainy", 0.0),
        (100, None, 1.0),
        (101, "fog", 0.95),
        (None, "sunny", 0.1),
        (None, "odd", None),
        (None, 3, None),
    ],
)
def test_cloud_cover(percent: Any, condition: Any, cover: float | None):
    assert cloud_cover({"cloud_coverage": percent}, condition) == cover


def test_every_word_that_home_assistant_has_for_the_weather_tells_of_clouds():
    from homeassistant.components.weather import const

    words = {value for name, value in vars(const).items() if name.startswith("ATTR_CONDITION_")} - {"condition_class"}
    assert set(CLOUD_OF_CONDITION) == words


@pytest.mark.parametrize("value", [None, "x", float("nan"), 200.0, -100.0])
def test_what_is_no_temperature(value: Any):
    assert celsius(value, "°C") is None
    assert celsius(5.0, "kWh") is None


def test_a_kind_that_nobody_knows_has_no_temperatures():
    assert weather_of(hourly(3.0), "weekly", unit="°C", zone=BERLIN).outdoor == []


class Sky(WeatherEntity):
    """A weather entity as integrations write them."""

    _attr_name = "Home"
    _attr_condition = "cloudy"
    _attr_native_temperature = 4.0
    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_supported_features = WeatherEntityFeature.FORECAST_HOURLY

    async def async_forecast_hourly(self) -> list[Forecast]:
        return [
            Forecast(datetime=(NOW + hour * HOUR).isoformat(), native_temperature=5.0 - hour, cloud_coverage=40)
            for hour in range(3)
        ]


async def test_the_weather_of_home_assistant_itself_in_a_house_that_counts_in_fahrenheit(hass: HomeAssistant):
    hass.config.units = US_CUSTOMARY_SYSTEM
    setup_test_component_platform(hass, "weather", [Sky()])
    assert await async_setup_component(hass, "weather", {"weather": {"platform": "test"}})
    await hass.async_block_till_done()
    weather = EntityWeather(hass, WEATHER)
    assert await temperatures(weather) == pytest.approx({0.0: 5.0, 1.0: 4.0, 2.0: 3.0}, abs=0.5)
    assert weather.outdoor_now_c == pytest.approx(4.0, abs=0.5)
    assert {cover for _, cover in (await weather.cloud_covers(NOW, NOW + 3 * HOUR))[1:]} == {0.4}
