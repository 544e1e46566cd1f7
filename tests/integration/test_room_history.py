"""What the recorder knows of a room, and the foresight that gathers everything."""

from datetime import UTC, datetime, timedelta
import logging
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import DATA_INSTANCE
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy.exc import OperationalError

from custom_components.hashwarm.adapters.foresight import HomeForesight
from custom_components.hashwarm.adapters.price_forecast import EntityPriceForecast, FixedPriceForecast
from custom_components.hashwarm.adapters.recorded import Recorder
from custom_components.hashwarm.adapters.room_history import RecordedRoom, room_history
from custom_components.hashwarm.adapters.surplus import GridMeter, RoofSurplus
from custom_components.hashwarm.adapters.temperature import EntityTemperature
from custom_components.hashwarm.adapters.weather import EntityWeather
from custom_components.hashwarm.engine.model.planning import SunOnWalls

from .conftest import OUTDOOR, PRICE, ROOM, set_temperature

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
POWER, WEATHER = "sensor.heater_power", "weather.home"
HOUR = timedelta(hours=1)


@pytest.fixture
def mock_recorder_before_hass(recorder_db_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Have the recorder's database ready before Home Assistant starts."""
    caplog.set_level(logging.WARNING, "sqlalchemy.engine")


@pytest.fixture(autouse=True)
def _at(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOW)


async def recorded(hass: HomeAssistant, entity_id: str, unit: str, unit_class: str, means: dict[int, float]) -> None:
    """Write hourly means, by the hours from now."""
    metadata: Any = {
        "has_sum": False,
        "mean_type": StatisticMeanType.ARITHMETIC,
        "name": None,
        "source": "recorder",
        "statistic_id": entity_id,
        "unit_class": unit_class,
        "unit_of_measurement": unit,
    }
    rows: Any = [{"start": NOW + hour * HOUR, "mean": mean, "min": mean, "max": mean} for hour, mean in means.items()]
    async_import_statistics(hass, metadata, rows)
    await async_wait_recording_done(hass)


async def test_hours_are_drawn_through_and_powers_held(hass: HomeAssistant, recorder_mock: Any):
    set_temperature(hass, ROOM, 70, "°F")
    await recorded(hass, ROOM, "°F", "temperature", {-3: 68.0, -2: 69.8, -1: 69.8})
    await recorded(hass, OUTDOOR, "°C", "temperature", {-3: 1.0, -1: 3.0})
    await recorded(hass, POWER, "kW", "power", {-3: 1.0, -2: 0.0, -1: 2.0})
    room = RecordedRoom(room=ROOM, outdoor=OUTDOOR, power=POWER)
    samples = await room_history(Recorder(hass), room, NOW - 4 * HOUR, NOW)
    by_minute = {round((sample.at - NOW.timestamp()) / 60): sample for sample in samples}
    assert sorted(by_minute) == list(range(-180, 0, 5))
    assert by_minute[-180].room_c == pytest.approx(20.0)
    assert by_minute[-120].room_c == pytest.approx(20.5)
    assert by_minute[-90].room_c == pytest.approx(21.0)
    assert by_minute[-5].room_c == pytest.approx(21.0)
    assert [by_minute[minute].power_w for minute in (-150, -90, -5)] == [1000.0, 0.0, 2000.0]
    assert (by_minute[-125].outdoor_c, by_minute[-90].outdoor_c, by_minute[-5].outdoor_c) == (1.0, None, 3.0)
    assert by_minute[-5].sun is None


async def test_five_minutes_are_taken_where_there_are_any(hass: HomeAssistant):
    recorder = Recorder(hass)
    start = (NOW - HOUR).timestamp()
    asked: list[str] = []

    async def in_executor(read: Any) -> Any:
        asked.append(read.args[-1])
        return {ROOM: [(start, 20.0), (start + 300.0, 20.1), (start + 900.0, 20.3)], POWER: [(start, 500.0)]}

    with patch.object(recorder, "_in_executor", in_executor):
        samples = await room_history(recorder, RecordedRoom(room=ROOM, power=POWER), NOW - HOUR, NOW)
    assert asked == ["5minute"]
    assert [(sample.at - start, sample.room_c, sample.power_w) for sample in samples] == [
        (0.0, 20.0, 500.0),
        (300.0, 20.1, None),
        (900.0, 20.3, None),
    ]


async def test_the_weather_of_then_gives_the_sun_of_then(hass: HomeAssistant, recorder_mock: Any, freezer: Any):
    # Words that hold for hours, and one that says that nobody knows.
    for hours, word in ((-12, "sunny"), (-2, "unavailable"), (-1, "cloudy")):
        freezer.move_to(NOW + hours * HOUR)
        hass.states.async_set(WEATHER, word)
        await async_wait_recording_done(hass)
    freezer.move_to(NOW)
    await recorded(hass, ROOM, "°C", "temperature", {-14: 20.0, -3: 20.0, -2: 20.0, -1: 20.0})
    asked: list[float | None] = []

    def sun_at(at: float, cloud: float | None) -> SunOnWalls:
        asked.append(cloud)
        return SunOnWalls(level=100.0, east=0.0, equator=0.0, west=0.0)

    room = RecordedRoom(room=ROOM, weather=WEATHER)
    samples = await room_history(Recorder(hass), room, NOW - 15 * HOUR, NOW, sun_at)
    assert {sample.sun.level for sample in samples if sample.sun} == {100.0}
    assert asked == [None] * 12 + [0.1] * 12 + [None] * 12 + [0.95] * 12


async def test_a_room_without_statistics_is_known_by_its_states(hass: HomeAssistant, recorder_mock: Any, freezer: Any):
    for minutes, degrees, power in ((-600, 60.0, 9.0), (-60, 68.0, 1.0), (-30, "unknown", 2.0), (-20, 69.8, "off")):
        freezer.move_to(NOW + timedelta(minutes=minutes))
        set_temperature(hass, ROOM, degrees, "°F")
        set_temperature(hass, OUTDOOR, 5.0, None)
        hass.states.async_set(POWER, str(power), {"unit_of_measurement": "kW"})
        await async_wait_recording_done(hass)
    freezer.move_to(NOW)
    room = RecordedRoom(room=ROOM, outdoor=OUTDOOR, power=POWER)
    samples = await room_history(Recorder(hass), room, NOW - timedelta(minutes=90), NOW)
    by_minute = {round((sample.at - NOW.timestamp()) / 60): sample for sample in samples}
    assert sorted(by_minute) == [*range(-60, -30, 5), *range(-20, 0, 5)]
    assert (by_minute[-60].room_c, by_minute[-5].room_c) == (pytest.approx(20.0), pytest.approx(21.0))
    assert (by_minute[-60].power_w, by_minute[-5].power_w, by_minute[-5].outdoor_c) == (1000.0, None, None)


async def test_an_entity_that_is_gone_has_no_unit(hass: HomeAssistant):
    assert Recorder(hass).unit_of(ROOM) is None


async def test_a_room_that_nobody_recorded(hass: HomeAssistant, recorder_mock: Any):
    assert await room_history(Recorder(hass), RecordedRoom(room=ROOM), NOW - HOUR, NOW) == []


async def test_without_a_recorder_there_is_no_past(hass: HomeAssistant):
    recorder = Recorder(hass)
    assert await room_history(recorder, RecordedRoom(room=ROOM), NOW - HOUR, NOW) == []
    assert await recorder.states(ROOM, NOW - HOUR, NOW) == []


@pytest.mark.parametrize(
    "error", [OperationalError("x", None, Exception("locked")), ValueError("no"), RuntimeError("shut")]
)
async def test_a_recorder_that_fails_is_none(hass: HomeAssistant, recorder_mock: Any, error: Exception):
    async def fail(*_: Any) -> None:
        raise error

    with patch.object(hass.data[DATA_INSTANCE], "async_add_executor_job", fail):
        assert await Recorder(hass).states(ROOM, NOW - HOUR, NOW) == []


async def test_a_plain_price_sensor_is_known_by_what_was_recorded(
    hass: HomeAssistant, recorder_mock: Any, freezer: Any
):
    for hour, price in ((-3, "20"), (-2, "unavailable"), (-1, "25")):
        freezer.move_to(NOW + hour * HOUR)
        hass.states.async_set(PRICE, price, {"unit_of_measurement": "ct/kWh"})
        await async_wait_recording_done(hass)
    freezer.move_to(NOW)
    prices = EntityPriceForecast(hass, PRICE, "EUR", Recorder(hass))
    found = dict(await prices.prices(NOW - 4 * HOUR, NOW + 4 * HOUR))
    assert {(at - NOW) / HOUR: price for at, price in found.items()} == pytest.approx(
        {-3 + 0.25 * slot: 0.2 for slot in range(4)} | {-1 + 0.25 * slot: 0.25 for slot in range(5)}
    )


async def test_foresight_with_nothing_chosen_knows_nothing(hass: HomeAssistant):
    foresight = HomeForesight(recorder=Recorder(hass), room=RecordedRoom(room=ROOM, outdoor=OUTDOOR))
    found = await foresight.forecasts(NOW)
    assert (found.prices, found.outdoor, found.cloud, found.surplus) == ([], [], (), ())
    assert (found.price_now, found.outdoor_now_c, found.price_source, found.weather_source) == (None,) * 4
    assert await foresight.history(NOW - HOUR, NOW) == []


async def test_foresight_gathers_what_was_chosen(
    hass: HomeAssistant, recorder_mock: Any, freezer: Any, watched_loop: None
):
    await recorded(hass, OUTDOOR, "°C", "temperature", {-2: 3.0, -1: 5.0})
    set_temperature(hass, OUTDOOR, 6.0)
    hass.states.async_set(WEATHER, "sunny", {"temperature": 9.0, "temperature_unit": "°C"})
    hass.states.async_set("sensor.grid", "-700", {"unit_of_measurement": "W"})
    foresight = HomeForesight(
        recorder=Recorder(hass),
        room=RecordedRoom(room=ROOM, outdoor=OUTDOOR),
        prices=FixedPriceForecast(0.3),
        weather=EntityWeather(hass, WEATHER),
        outdoor=EntityTemperature(hass, OUTDOOR),
        surplus=RoofSurplus(GridMeter(hass, "sensor.grid"), solar=None, own_power_w=lambda: None),
        feed_in_price_per_kwh=0.08,
    )
    found = await foresight.forecasts(NOW)
    assert (found.price_now, found.price_source, found.price_known_until) == (0.3, "fixed", None)
    assert len(found.prices) == (7 * 24 + 37) * 4
    assert found.outdoor == [((NOW + hour * HOUR).timestamp(), celsius) for hour, celsius in ((-1.5, 3.0), (-0.5, 5.0))]
    assert found.outdoor_now_c == 6.0
    assert found.cloud == [(NOW.timestamp(), 0.1)]
    assert [power_w for _, power_w in found.surplus] == [700.0] * 4
    assert found.surplus_price_per_kwh == 0.08
    assert found.summary() == {
        "price_source": "fixed",
        "price_from": None,
        "price_known_until": None,
        "price_now": 0.3,
        "weather_source": None,
        "outdoor_now_c": 6.0,
        "known": {"prices": (7 * 24 + 37) * 4, "outdoor": 2, "cloud": 1, "surplus": 4},
    }
    freezer.tick(3 * 3600.0 + 1.0)
    assert (await foresight.forecasts(NOW)).outdoor_now_c == 9.0
