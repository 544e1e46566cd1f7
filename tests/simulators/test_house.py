"""The house of the planner's demo: ten days in a second, a winter, prices, and a present that goes on from the past."""

from datetime import datetime
from itertools import pairwise
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from simulators.house.days import DAYS, ENTITIES, WEATHER, house_of, live_through
from simulators.house.forecast import forecast
from simulators.house.living import House
from simulators.house.prices import price_at, price_sensor
from simulators.house.server import HouseServer
from simulators.room.weather import Sky, Winter

ZONE = ZoneInfo("Europe/Berlin")
NOW = 1_795_402_000.0
DAY_S = 86400.0
POWER = ENTITIES["plug_w"][0]


@pytest.fixture(scope="module")
def lived():
    house = house_of(None, NOW, ZONE)
    return house, live_through(house, NOW, ZONE)


def values(past, entity_id):
    return [value for _, value, *_ in past[entity_id]["told"]]


def test_ten_days_of_a_plain_thermostat_are_told(lived):
    house, past = lived
    rooms = values(past, ENTITIES["room_c"][0])
    assert house.clock.now == NOW
    assert len(rooms) == DAYS * 720
    assert 17.0 < min(rooms) < 19.5
    assert 21.0 < max(rooms) < 22.5
    starts = sum(before < 100 < after for before, after in pairwise(values(past, POWER)))
    assert starts > 5 * DAYS
    assert set(values(past, WEATHER)) == {"sunny", "partlycloudy", "cloudy"}
    assert all(times[0] <= NOW for each in past.values() for times in each["told"])


def test_the_heat_of_ten_days_is_what_the_house_lost(lived):
    house, past = lived
    loss_w_per_k = house.room.building.air_to_outdoor_w_per_k
    pairs = zip(values(past, ENTITIES["room_c"][0]), values(past, ENTITIES["outdoor_c"][0]), strict=True)
    lost_wh = sum(loss_w_per_k * (room_c - outdoor_c) / 30.0 for room_c, outdoor_c in pairs)
    sun = (house.weather.sun_w_per_m2(NOW - index * 120.0) for index in range(DAYS * 720))
    sun_wh = house.room.building.window_m2 * sum(sun) / 30.0
    assert sum(values(past, POWER)) / 30.0 + sun_wh == pytest.approx(lost_wh, rel=0.03)


def test_a_house_goes_on_where_it_was_left_or_begins_anew(lived):
    house, _ = lived
    kept = house.kept()
    again = house_of(json.loads(json.dumps(kept)), NOW + 3 * 3600.0, ZONE)
    assert again.clock.now == NOW
    assert again.room.mass_c == house.room.mass_c
    hours = live_through(again, NOW + 3 * 3600.0, ZONE)
    assert len(hours[POWER]["told"]) == 90
    assert house_of(kept, NOW + 11 * DAY_S, ZONE).clock.now == NOW + DAY_S
    assert house_of(kept, NOW - 60.0, ZONE).clock.now == NOW - 60.0 - DAYS * DAY_S


def test_who_was_away_for_a_moment_only_has_nothing_to_catch_up_with(lived):
    again = house_of(lived[0].kept(), NOW + 120.0, ZONE)
    assert live_through(again, NOW + 120.0, ZONE) == {}
    assert again.clock.now == NOW + 120.0


def test_the_plain_thermostat_is_gone_once_another_writes_to_the_miner():
    house = House.begun(NOW, ZONE, {"air_c": 15.0, "mass_c": 15.0, "reading_c": 15.0, "paused": True})
    house.miner.writes.append(("actions/pause", None))
    house.live(NOW + 600.0)
    assert house.miner.machine.paused
    house.miner.writes.clear()
    house.live(NOW + 1200.0)
    assert not house.miner.machine.paused


def test_the_winter_has_frost_and_mild_days_and_its_sun_knows_the_year():
    winter = Winter()
    days = [winter.outdoor_c(NOW + hour * 3600.0) for hour in range(24 * 30)]
    assert min(days) < -3.0
    assert 6.0 < max(days) < 12.0
    assert {winter.sky(NOW + hour * 3600.0) for hour in range(24 * 10)} == set(Sky)
    night, noon = 1_795_474_800.0, 1_795_432_000.0
    assert winter.sun_w_per_m2(night) == 0.0
    assert winter.sun_w_per_m2(noon) > 0.0


def test_the_lists_hold_all_hours_of_today_and_tomorrow():
    told = price_sensor(NOW, ZONE)
    hours = [*told["raw_today"], *told["raw_tomorrow"]]
    assert len(hours) == 48
    assert hours[0]["start"].endswith("T00:00:00+01:00")
    assert all(before["end"] == after["start"] for before, after in pairwise(hours))
    assert told["price"] == price_at(NOW, ZONE)
    prices = [hour["value"] for hour in hours]
    assert 0.15 < min(prices) < 0.25
    assert 0.35 < max(prices) < 0.55


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25T12:00+01:00", 25), ("2026-03-29T12:00+02:00", 23)])
def test_a_day_on_which_the_clocks_change_has_its_own_number_of_hours(day: str, hours: int):
    assert len(price_sensor(datetime.fromisoformat(day).timestamp(), ZONE)["raw_today"]) == hours


def test_the_forecast_is_right_now_and_wrong_by_a_kelvin_at_most():
    winter = Winter()
    hours = forecast(winter, NOW)
    first = NOW // 3600.0 * 3600.0
    wrong_k = [abs(hour["temperature"] - winter.outdoor_c(first + index * 3600.0)) for index, hour in enumerate(hours)]
    assert wrong_k[0] <= 0.051
    assert 0.2 < max(wrong_k) < 1.0


async def test_the_server_tells_sensors_prices_and_weather_and_keeps_the_house(tmp_path: Path):
    house = house_of(None, NOW, ZONE)
    house.clock.now = NOW
    server = HouseServer(house, tmp_path / "house.json", ZONE, now=lambda: NOW)
    await server.start("127.0.0.1", 0, 0)
    try:
        async with aiohttp.ClientSession() as session:
            answers = {}
            for path in ("state", "prices", "forecast"):
                async with session.get(f"http://127.0.0.1:{server.port}/{path}") as answer:
                    answers[path] = await answer.json()
            async with session.get(f"http://127.0.0.1:{house.miner.port}/api/v1/version") as answer:
                assert answer.status == 200
    finally:
        await server.stop()
    assert answers["state"].keys() >= {*ENTITIES, "sky"}
    assert len(answers["forecast"]["hours"]) == 48
    assert "raw_tomorrow" in answers["prices"]
    assert json.loads((tmp_path / "house.json").read_text())["at"] == NOW
