"""A house of two masses with a heater that obeys, faster than time; the planner's tests live in it."""

from dataclasses import dataclass, field
from math import pi, sin

from custom_components.hashwarm.engine.control.house import House
from custom_components.hashwarm.engine.control.sun import Site, sun_on_walls
from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind
from custom_components.hashwarm.engine.model.planning import SLOT_S, RoomSample, Slot

CHICAGO = Site(latitude=41.98, longitude=-87.9)
MIDNIGHT = 1704088800.0
"""A January midnight in Chicago."""
STEP_S = 60.0
TRUE = House(
    heat_loss_w_per_k=60.0,
    air_wh_per_k=900.0,
    mass_wh_per_k=3000.0,
    coupling_w_per_k=600.0,
    apertures_m2=(0.2, 0.2, 3.0, 0.2),
    disturbance_w=150.0,
)
MINER = Capabilities(
    control=ControlKind.CONTINUOUS_WATTS,
    floor_w=1200.0,
    maximum_w=3000.0,
    boot_s=180.0,
    ramp_s=300.0,
    minimum_on_s=1200.0,
    minimum_off_s=600.0,
    restart_cost_s=700.0,
)


def outdoor_c(at: float) -> float:
    """Return a January day that comes again and again, a little warmer each time."""
    return -5.0 + 5.0 * sin(2 * pi * ((at - MIDNIGHT) / 86400.0 - 0.375)) + 0.2 * (at - MIDNIGHT) / 86400.0


def cloud(at: float) -> float:
    """Return clouds that change from day to day."""
    return 0.5 + 0.5 * sin((at - MIDNIGHT) / 40000.0)


def target_c(at: float) -> float:
    """Return 21 °C by day, 19 °C by night."""
    return 21.0 if 6.0 <= (at - MIDNIGHT) / 3600.0 % 24.0 < 23.0 else 19.0


@dataclass(kw_only=True)
class Plant:
    """The true house, a minute at a time."""

    house: House = TRUE
    air_c: float = 20.0
    mass_c: float = 20.0
    at: float = MIDNIGHT
    samples: list[RoomSample] = field(default_factory=list)

    def minute(self, power_w: float) -> None:
        """Live through a minute."""
        house, sun = self.house, sun_on_walls(self.at, CHICAGO, cloud(self.at))
        walls = (sun.level, sun.east, sun.equator, sun.west)
        gain_w = sum(area * light for area, light in zip(house.apertures_m2, walls, strict=True))
        between_w = house.coupling_w_per_k * (self.mass_c - self.air_c)
        air_w = house.heat_loss_w_per_k * (outdoor_c(self.at) - self.air_c) + between_w + house.disturbance_w
        air_w += house.heater_to_air * power_w + house.sun_to_air * gain_w
        mass_w = (1.0 - house.heater_to_air) * power_w + (1.0 - house.sun_to_air) * gain_w - between_w
        self.samples.append(
            RoomSample(at=self.at, room_c=round(self.air_c, 1), outdoor_c=outdoor_c(self.at), power_w=power_w, sun=sun)
        )
        self.air_c += air_w * STEP_S / 3600.0 / house.air_wh_per_k
        self.mass_c += mass_w * STEP_S / 3600.0 / house.mass_wh_per_k
        self.at += STEP_S


def lived(days: float) -> Plant:
    """Return a house after some days under a crude thermostat."""
    plant, heating = Plant(), False
    for _ in range(int(days * 1440)):
        heating = plant.air_c < target_c(plant.at) + (0.3 if heating else -0.3)
        plant.minute(2400.0 if heating else 0.0)
    return plant


def ahead(at: float, count: int = 96, **changes: float) -> list[Slot]:
    """Return the hours to come as they will be."""
    return [
        Slot(
            **{
                "at": at + index * SLOT_S,
                "outdoor_c": outdoor_c(at + index * SLOT_S),
                "target_c": target_c(at + index * SLOT_S),
                "coldest_c": target_c(at + index * SLOT_S) - 0.5,
                "warmest_c": target_c(at + index * SLOT_S) + 0.5,
                "price_per_kwh": 0.26,
                **changes,
            },
            sun=sun_on_walls(at + (index + 0.5) * SLOT_S, CHICAGO, cloud(at + index * SLOT_S)),
        )
        for index in range(count)
    ]
