"""What a house is, in figures that a person can check, and what to assume of it before anything was learned."""

from dataclasses import dataclass
from typing import Any, Self

from .room_words import RISE_K, Insulation, RoomResponse
from .stored import finite

WALLS = ("level", "east", "equator", "west")


@dataclass(frozen=True, kw_only=True)
class House:
    """Air and mass with a resistance between them and one to the outdoors (2R2C); W/K, Wh/K, m² and shares."""

    heat_loss_w_per_k: float
    air_wh_per_k: float
    mass_wh_per_k: float
    coupling_w_per_k: float
    heater_to_air: float = 0.7
    sun_to_air: float = 0.3
    apertures_m2: tuple[float, float, float, float] = (0.1, 0.3, 0.6, 0.3)
    """Sunshine let in per W/m² on a level plane and on walls to the east, the equator and the west."""
    sensor_lag_h: float = 0.1
    """How long the sensor takes to follow the air."""
    disturbance_w: float = 0.0
    """Heat of people and machines that is always there."""

    @property
    def time_constant_h(self) -> float:
        """How long the house takes to lose 63 % of its warmth."""
        return (self.air_wh_per_k + self.mass_wh_per_k) / self.heat_loss_w_per_k

    def as_dict(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return {
            "heat_loss_w_per_k": self.heat_loss_w_per_k,
            "air_wh_per_k": self.air_wh_per_k,
            "mass_wh_per_k": self.mass_wh_per_k,
            "coupling_w_per_k": self.coupling_w_per_k,
            "heater_to_air": self.heater_to_air,
            "sun_to_air": self.sun_to_air,
            "apertures_m2": list(self.apertures_m2),
            "sensor_lag_h": self.sensor_lag_h,
            "disturbance_w": self.disturbance_w,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Read what `as_dict` wrote. Errors: KeyError, TypeError, ValueError."""
        level, east, equator, west = (finite(area) for area in stored["apertures_m2"])
        numbers = {key: finite(value) for key, value in stored.items() if key != "apertures_m2"}
        house = cls(apertures_m2=(level, east, equator, west), **numbers)
        positive = (house.heat_loss_w_per_k, house.air_wh_per_k, house.mass_wh_per_k, house.coupling_w_per_k)
        if min(*positive, house.sensor_lag_h) <= 0.0:
            raise ValueError("a house has positive capacities and losses")
        return house


TIME_CONSTANT_H: dict[RoomResponse, float] = {
    RoomResponse.BOX: 0.1,
    RoomResponse.LIGHT: 12.0,
    RoomResponse.ORDINARY: 30.0,
    RoomResponse.HEAVY: 70.0,
}
AIR_TIME_CONSTANT_H = 2.0
COUPLING_PER_LOSS = 5.0


def assumed_house(response: RoomResponse, insulation: Insulation, maximum_w: float) -> House:
    """Return what to assume from two words and the heater's maximum in W."""
    loss_w_per_k = max(maximum_w, 1.0) / RISE_K[insulation]
    air_wh_per_k = loss_w_per_k * min(AIR_TIME_CONSTANT_H, TIME_CONSTANT_H[response] / 4)
    return House(
        heat_loss_w_per_k=loss_w_per_k,
        air_wh_per_k=air_wh_per_k,
        mass_wh_per_k=loss_w_per_k * TIME_CONSTANT_H[response] - air_wh_per_k,
        coupling_w_per_k=COUPLING_PER_LOSS * loss_w_per_k,
        apertures_m2=(0.002 * maximum_w / 3, 0.001 * maximum_w / 3, 0.002 * maximum_w / 3, 0.001 * maximum_w / 3),
    )
