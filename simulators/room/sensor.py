"""A room sensor as they are: slow, rounded, and now and then gone."""

from dataclasses import dataclass
from enum import StrEnum


class SensorFault(StrEnum):
    """What can be wrong with a sensor."""

    NONE = "none"
    UNAVAILABLE = "unavailable"
    STUCK = "stuck"
    NOT_A_NUMBER = "not_a_number"


@dataclass(kw_only=True)
class Sensor:
    """First-order lag in s and a resolution in K."""

    lag_s: float
    resolution_k: float
    reading_c: float
    fault: SensorFault = SensorFault.NONE

    def follow(self, true_c: float, elapsed_s: float) -> None:
        """Creep towards the true temperature."""
        if self.fault is not SensorFault.STUCK:
            self.reading_c += (true_c - self.reading_c) * min(elapsed_s / self.lag_s, 1.0)

    def read(self) -> float | None:
        """Return what it reports, None while it is gone."""
        if self.fault is SensorFault.UNAVAILABLE:
            return None
        if self.fault is SensorFault.NOT_A_NUMBER:
            return float("nan")
        return round(round(self.reading_c / self.resolution_k) * self.resolution_k, 6)
