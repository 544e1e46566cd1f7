"""Two thermal masses, an outdoor temperature and the sun; integrated exactly enough in small steps."""

from dataclasses import dataclass
from math import pi, sin

STEP_S = 0.25
DAY_S = 86400.0


@dataclass(frozen=True, kw_only=True)
class Building:
    """Heat capacities in J/K, conductances in W/K, window area in m²; `heater_to_air` is a share."""

    name: str
    air_j_per_k: float
    mass_j_per_k: float
    air_to_mass_w_per_k: float
    air_to_outdoor_w_per_k: float
    heater_to_air: float = 0.7
    window_m2: float = 0.0


# What a box loses and stores per watt of its heater: at full power it settles 24 K over the outdoor air, in minutes.
BOX_RISE_K = 24.0
BOX_AIR_S = 45.0
BOX_MASS_S = 140.0


def insulated_box(heater_w: float) -> Building:
    """Return a box whose size fits a heater of that many watts."""
    loss_w_per_k = heater_w / BOX_RISE_K
    return Building(
        name="insulated box",
        air_j_per_k=BOX_AIR_S * loss_w_per_k,
        mass_j_per_k=BOX_MASS_S * loss_w_per_k,
        air_to_mass_w_per_k=4.0 * loss_w_per_k,
        air_to_outdoor_w_per_k=loss_w_per_k,
    )


LIVING_ROOM = Building(
    name="living room",
    air_j_per_k=400e3,
    mass_j_per_k=6e6,
    air_to_mass_w_per_k=250.0,
    air_to_outdoor_w_per_k=45.0,
    window_m2=3.0,
)

OPEN_LIVING_ROOM = Building(
    name="open living room",
    air_j_per_k=750e3,
    mass_j_per_k=12e6,
    air_to_mass_w_per_k=300.0,
    air_to_outdoor_w_per_k=60.0,
    window_m2=4.0,
)


@dataclass(kw_only=True)
class Climate:
    """Outdoor temperature over a day in °C and the sun's peak in W/m²."""

    mean_c: float = 5.0
    swing_k: float = 3.0
    sun_peak_w_per_m2: float = 400.0

    def outdoor_c(self, time_s: float) -> float:
        """Return the temperature at a time of day, coldest at four in the morning."""
        return self.mean_c + self.swing_k * sin(2 * pi * (time_s / DAY_S - 10 / 24))

    def sun_w_per_m2(self, time_s: float) -> float:
        """Return the sun on a south window, zero at night."""
        return self.sun_peak_w_per_m2 * max(sin(2 * pi * (time_s / DAY_S - 0.25)), 0.0)


@dataclass(kw_only=True)
class Room:
    """The state of a building; temperatures in °C."""

    building: Building
    climate: Climate
    air_c: float
    mass_c: float
    step_s: float = STEP_S

    def advance(self, power_w: float, elapsed_s: float, time_s: float) -> None:
        """Let that much time pass with that much heat."""
        left_s = elapsed_s
        while left_s > 0.0:
            step_s = min(left_s, self.step_s)
            self._step(power_w, step_s, time_s + elapsed_s - left_s)
            left_s -= step_s

    def _step(self, power_w: float, step_s: float, time_s: float) -> None:
        building = self.building
        sun_w = building.window_m2 * self.climate.sun_w_per_m2(time_s)
        to_mass_w = building.air_to_mass_w_per_k * (self.air_c - self.mass_c)
        loss_w = building.air_to_outdoor_w_per_k * (self.air_c - self.climate.outdoor_c(time_s))
        air_w = building.heater_to_air * power_w + 0.3 * sun_w - to_mass_w - loss_w
        mass_w = (1 - building.heater_to_air) * power_w + 0.7 * sun_w + to_mass_w
        self.air_c += air_w * step_s / building.air_j_per_k
        self.mass_c += mass_w * step_s / building.mass_j_per_k
