"""The simulated box: it warms with the watts, follows its sensor's moods and says so over HTTP."""

import aiohttp
import pytest

from simulators.room.physics import LIVING_ROOM, Climate, Room, insulated_box
from simulators.room.sensor import Sensor, SensorFault
from simulators.room.server import RoomServer

STEADY = Climate(mean_c=5.0, swing_k=0.0, sun_peak_w_per_m2=0.0)


def box(heater_w: float, start_c: float = 5.0) -> Room:
    return Room(building=insulated_box(heater_w), climate=STEADY, air_c=start_c, mass_c=start_c)


@pytest.mark.parametrize("heater_w", [7.0, 30.0, 200.0])
def test_a_box_settles_24_k_over_the_outdoor_air_whatever_its_heater(heater_w: float):
    room = box(heater_w)
    room.advance(heater_w, 3600.0, 0.0)
    assert room.air_c == pytest.approx(29.0, abs=0.7)
    assert room.mass_c > room.air_c - 1.0


def test_heat_is_neither_made_nor_lost():
    room = box(30.0)
    before = room.air_c * room.building.air_j_per_k + room.mass_c * room.building.mass_j_per_k
    room.advance(30.0, 1.0, 0.0)
    after = room.air_c * room.building.air_j_per_k + room.mass_c * room.building.mass_j_per_k
    assert after - before == pytest.approx(30.0, rel=0.02)


def test_without_heat_the_box_cools_to_the_outdoor_air():
    room = box(30.0, start_c=25.0)
    room.advance(0.0, 600.0, 0.0)
    assert 5.0 < room.air_c < room.mass_c < 25.0
    room.advance(0.0, 7200.0, 0.0)
    assert room.air_c == pytest.approx(5.0, abs=0.1)


def test_long_and_short_steps_of_time_agree():
    once, often = box(30.0), box(30.0)
    once.advance(30.0, 100.0, 0.0)
    for _ in range(400):
        often.advance(30.0, 0.25, 0.0)
    assert once.air_c == pytest.approx(often.air_c, abs=1e-6)


def test_the_day_is_coldest_at_four_and_the_sun_shines_by_day_only():
    climate = Climate(mean_c=5.0, swing_k=3.0)
    assert min(range(24), key=lambda hour: climate.outdoor_c(hour * 3600.0)) == 4
    assert climate.sun_w_per_m2(0.0) == 0.0
    assert climate.sun_w_per_m2(12 * 3600.0) == pytest.approx(400.0)


def test_the_sun_warms_a_room_with_windows():
    dark = Room(building=LIVING_ROOM, climate=Climate(sun_peak_w_per_m2=0.0), air_c=20.0, mass_c=20.0)
    sunny = Room(building=LIVING_ROOM, climate=Climate(), air_c=20.0, mass_c=20.0)
    for room in (dark, sunny):
        room.advance(0.0, 3600.0, 12 * 3600.0)
    assert sunny.air_c > dark.air_c + 0.2


def test_the_sensor_lags_and_rounds():
    sensor = Sensor(lag_s=10.0, resolution_k=0.1, reading_c=20.0)
    sensor.follow(21.0, 1.0)
    assert sensor.read() == 20.1
    sensor.follow(21.0, 100.0)
    assert sensor.read() == 21.0


@pytest.mark.parametrize("fault", SensorFault)
def test_a_faulty_sensor_never_tells_the_truth_by_chance(fault: SensorFault):
    sensor = Sensor(lag_s=1.0, resolution_k=0.1, reading_c=20.0, fault=fault)
    sensor.follow(25.0, 10.0)
    read = sensor.read()
    if fault is SensorFault.UNAVAILABLE:
        assert read is None
    elif fault is SensorFault.NOT_A_NUMBER:
        assert read != read  # noqa: PLR0124 - only NaN differs from itself
    else:
        assert read == (20.0 if fault is SensorFault.STUCK else 25.0)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def test_the_server_takes_watts_and_forgets_them_when_nobody_reports():
    clock = Clock()
    sensor = Sensor(lag_s=1.0, resolution_k=0.01, reading_c=18.0)
    server = RoomServer(box(30.0, 18.0), sensor, clock=clock, time_of_day=lambda: 0.0)
    await server.start("127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.port}"
    try:
        async with aiohttp.ClientSession() as session:
            await session.put(f"{url}/power", json={"power_w": 12.5})
            async with session.get(f"{url}/state") as answer:
                state = await answer.json()
            assert (state["power_w"], state["room_c"], state["building"]) == (12.5, 18.0, "insulated box")
            clock.now_s = 14.0
            assert server.power_w == 12.5
            clock.now_s = 16.0
            assert server.power_w == 0.0
            await session.put(f"{url}/power", json={"power_w": -3})
            assert server.power_w == 0.0
    finally:
        await server.stop()


async def test_the_server_fits_the_box_and_spoils_the_sensor():
    sensor = Sensor(lag_s=1.0, resolution_k=0.01, reading_c=18.0)
    server = RoomServer(box(30.0, 18.0), sensor, clock=Clock(), time_of_day=lambda: 0.0)
    await server.start("127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.port}"
    try:
        async with aiohttp.ClientSession() as session:
            async with session.put(f"{url}/box", json={"heater_w": 48.0}) as answer:
                assert (await answer.json())["air_to_outdoor_w_per_k"] == pytest.approx(2.0)
            await session.put(f"{url}/fault", json={"fault": "unavailable"})
            async with session.get(f"{url}/state") as answer:
                assert (await answer.json())["room_c"] is None
            async with session.put(f"{url}/fault", json={"fault": "on fire"}) as answer:
                assert answer.status == 400
                assert "stuck" in await answer.text()
    finally:
        await server.stop()
