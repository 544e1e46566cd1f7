"""The regulator in a simulated room, on virtual time."""

from dataclasses import replace
import itertools

import pytest

from custom_components.hashwarm.engine.control import RoomResponse
from simulators.room.physics import LIVING_ROOM, Climate, Room, insulated_box
from simulators.room.sensor import Sensor

from .conftest import MINER, WORKER, Bench


class House:
    """A bench whose room answers to the watts."""

    def __init__(self, bench, building, *, lag_s, resolution_k, start_c, outdoor_sensor=True):
        self.bench = bench
        self.room = Room(building=building, climate=Climate(mean_c=5.0, swing_k=3.0), air_c=start_c, mass_c=start_c)
        self.sensor = Sensor(lag_s=lag_s, resolution_k=resolution_k, reading_c=start_c)
        self.outdoor_sensor = outdoor_sensor
        self.time_s = 0.0

    def run(self, seconds, step_s=1.0):
        temperatures, powers = [], []
        for _ in range(round(seconds / step_s)):
            self.room.advance(self.bench.power_w, step_s, self.time_s % 86400)
            self.sensor.follow(self.room.air_c, step_s)
            self.time_s += step_s
            self.bench.room = [self.sensor.read()]
            self.bench.outdoor_c = self.room.climate.outdoor_c(self.time_s) if self.outdoor_sensor else None
            powers.append(self.bench.step(step_s).power_w)
            temperatures.append(self.room.air_c)
        return temperatures, powers


@pytest.mark.parametrize("heater_w", [7.0, 30.0, 120.0])
def test_the_demo_box_is_held_within_a_fifth_of_a_kelvin(heater_w):
    capabilities = replace(WORKER, maximum_w=heater_w, floor_w=0.02 * heater_w)
    house = House(
        Bench(capabilities, RoomResponse.BOX), insulated_box(heater_w), lag_s=5.0, resolution_k=0.01, start_c=15.0
    )
    house.bench.settings.choose_target(21.0)
    rise, _ = house.run(900)
    assert max(rise) < 21.4
    held, _ = house.run(1800)
    assert max(abs(celsius - 21.0) for celsius in held) < 0.2


@pytest.mark.parametrize("delay_s", [1, 4, 8])
def test_the_demo_box_bears_a_device_and_a_sensor_that_lag(delay_s):
    capabilities = replace(WORKER, maximum_w=7.0, floor_w=0.14)
    house = House(Bench(capabilities, RoomResponse.BOX), insulated_box(7.0), lag_s=5.0, resolution_k=0.01, start_c=15.0)
    house.bench.obey = False
    house.bench.settings.choose_target(21.0)
    commanded = [0.0] * delay_s
    temperatures = []
    for _ in range(1800):
        house.bench.power_w = commanded.pop(0)
        air, powers = house.run(1)
        commanded.append(powers[0])
        temperatures += air
    assert max(temperatures) < 21.2
    assert next(index for index, celsius in enumerate(temperatures) if celsius > 20.8) < 240
    assert min(temperatures[300:]) > 20.8


def test_a_lower_target_dims_and_then_pauses():
    house = House(Bench(WORKER, RoomResponse.BOX), insulated_box(50.0), lag_s=5.0, resolution_k=0.01, start_c=21.0)
    house.run(600)
    house.bench.settings.choose_target(18.0)
    _, powers = house.run(10)
    assert powers[-1] == 0.0
    held, _ = house.run(1800)
    assert abs(held[-1] - 18.0) < 0.2


@pytest.mark.parametrize("outdoor_sensor", [True, False])
def test_an_ordinary_room_is_good_from_the_first_evening(outdoor_sensor):
    capabilities = replace(WORKER, maximum_w=1500.0, floor_w=50.0)
    house = House(
        Bench(capabilities, RoomResponse.ORDINARY),
        LIVING_ROOM,
        lag_s=480.0,
        resolution_k=0.1,
        start_c=18.0,
        outdoor_sensor=outdoor_sensor,
    )
    evening, _ = house.run(8 * 3600, step_s=10.0)
    assert max(evening) < 21.7
    assert evening[-1] > 20.2
    day, _ = house.run(24 * 3600, step_s=10.0)
    assert sum(abs(celsius - 21.0) for celsius in day) / len(day) < 0.3


def test_a_miner_with_a_floor_keeps_its_restart_budget():
    capabilities = replace(MINER, maximum_w=1500.0, floor_w=1000.0)
    house = House(Bench(capabilities, RoomResponse.ORDINARY), LIVING_ROOM, lag_s=480.0, resolution_k=0.1, start_c=19.0)
    temperatures, powers = house.run(3 * 86400, step_s=30.0)
    starts = sum(1 for before, after in itertools.pairwise(powers) if before == 0.0 < after)
    # Six a day, and one an hour more while the room is under the comfort floor.
    assert starts <= 3 * 6 + 8
    settled = temperatures[len(temperatures) // 3 :]
    assert min(settled) > 18.0
    assert max(settled) < 24.0
