"""A house of air and mass (2R2C), stepped by the minute: the plant that has a bound.

Its measures are those of case 900, with less loss, so that the heater suffices on the coldest day of Chicago's January.
"""

from dataclasses import dataclass, field

import numpy as np

from custom_components.hashwarm.engine.control.house import House
from custom_components.hashwarm.engine.control.sun import Site, sun_on_walls
from custom_components.hashwarm.engine.control.thermal_model import Floats, heat_inputs, step_matrices

from .thermostat_chain import Chain
from .thermostat_view import MINUTE_S
from .thermostat_weather import TypicalYear

PLANT = House(
    heat_loss_w_per_k=75.0,
    air_wh_per_k=280.0,
    mass_wh_per_k=2800.0,
    coupling_w_per_k=600.0,
    heater_to_air=1.0,
    sun_to_air=0.2,
    apertures_m2=(0.1, 0.2, 5.0, 0.2),
    disturbance_w=200.0,
)
START_C = 20.0


@dataclass
class Course:
    """What happened, minute by minute; `weather_k` is what weather and sun alone added to air and mass, in K."""

    air_c: list[float] = field(default_factory=list)
    mass_c: list[float] = field(default_factory=list)
    weather_k: list[Floats] = field(default_factory=list)
    power_w: list[float] = field(default_factory=list)


def run(chain: Chain, year: TypicalYear, start: float, minutes: int) -> Course:
    """Run a contestant in the RC house, with the sky of a weather file over it."""
    matrices = step_matrices(PLANT, 1.0 / 60.0)
    to_air = matrices.house_heat @ np.array([PLANT.heater_to_air, 1.0 - PLANT.heater_to_air])
    site = Site(latitude=year.place.latitude, longitude=year.place.longitude)
    state = np.array([START_C, START_C])
    course = Course()
    for minute in range(minutes):
        at = start + minute * MINUTE_S
        weather = year.weather_at(at)
        sun = sun_on_walls(at, site, weather.cloud)
        walls = np.array([[sun.level, sun.east, sun.equator, sun.west]])
        added = heat_inputs(PLANT, np.array([weather.outdoor_c]), np.zeros(1), walls)[0] @ matrices.house_heat.T
        course.air_c.append(float(state[0]))
        course.mass_c.append(float(state[1]))
        power_w = chain.minute(float(state[0]), weather.outdoor_c)
        course.weather_k.append(added)
        course.power_w.append(power_w)
        state = matrices.house_carry @ state + added + to_air * power_w
    course.air_c.append(float(state[0]))
    course.mass_c.append(float(state[1]))
    return course
