"""PI regulator in watts with outdoor feed-forward; good from the first minute, learns nothing."""

from dataclasses import dataclass
from enum import StrEnum


class RoomResponse(StrEnum):
    """How quickly a room follows its heater, in words a person can answer."""

    BOX = "box"
    LIGHT = "light"
    ORDINARY = "ordinary"
    HEAVY = "heavy"


@dataclass(frozen=True, kw_only=True)
class Gains:
    """Proportional gain as a share of maximum power per K, integral time in s, feed-forward as a share per K."""

    proportional_per_k: float
    integral_s: float
    outdoor_per_k: float


GAINS: dict[RoomResponse, Gains] = {
    RoomResponse.BOX: Gains(proportional_per_k=0.5, integral_s=180.0, outdoor_per_k=0.02),
    RoomResponse.LIGHT: Gains(proportional_per_k=0.5, integral_s=2400.0, outdoor_per_k=0.01),
    RoomResponse.ORDINARY: Gains(proportional_per_k=0.4, integral_s=4800.0, outdoor_per_k=0.01),
    RoomResponse.HEAVY: Gains(proportional_per_k=0.3, integral_s=9600.0, outdoor_per_k=0.01),
}

# Power readings within this share of the maximum count as obedience; estimates are no better.
TRACKING_TOLERANCE = 0.1
INTEGRAL_SHARE = 1.0


class Regulator:
    """Turns the distance to the target into a heat demand in W."""

    def __init__(self, response: RoomResponse, integral_w: float = 0.0) -> None:
        self._gains = GAINS[response]
        self.integral_w = integral_w

    def step(
        self,
        *,
        target_c: float,
        room_c: float,
        outdoor_c: float | None,
        maximum_w: float,
        drawn_w: float | None,
        elapsed_s: float,
    ) -> float:
        """Return the demand in W, 0 to the maximum; `drawn_w` is what was really drawn for the last demand."""
        error_k = target_c - room_c
        proportional_w = self._gains.proportional_per_k * maximum_w * error_k
        forward_w = self._forward_w(target_c, outdoor_c, maximum_w)
        wanted_w = proportional_w + forward_w + self.integral_w
        possible_w = min(max(wanted_w, 0.0), maximum_w)
        self._integrate(error_k, maximum_w, _excess_w(wanted_w, possible_w, drawn_w, maximum_w), elapsed_s)
        return possible_w

    def _forward_w(self, target_c: float, outdoor_c: float | None, maximum_w: float) -> float:
        if outdoor_c is None:
            return 0.0
        return self._gains.outdoor_per_k * maximum_w * max(target_c - outdoor_c, 0.0)

    def _integrate(self, error_k: float, maximum_w: float, excess_w: float, elapsed_s: float) -> None:
        gain_w_per_k = self._gains.proportional_per_k * maximum_w
        tracking_s = self._gains.integral_s / 4
        change_w = (gain_w_per_k * error_k / self._gains.integral_s - excess_w / tracking_s) * elapsed_s
        bound_w = INTEGRAL_SHARE * maximum_w
        self.integral_w = min(max(self.integral_w + change_w, -bound_w), bound_w)


def _excess_w(wanted_w: float, possible_w: float, drawn_w: float | None, maximum_w: float) -> float:
    """Return how much of the demand cannot be had: beyond the limits, or not drawn by the device."""
    saturation_w = wanted_w - possible_w
    if drawn_w is None:
        return saturation_w
    missing_w = possible_w - drawn_w
    tolerance_w = TRACKING_TOLERANCE * maximum_w
    if missing_w > tolerance_w:
        return saturation_w + missing_w - tolerance_w
    return saturation_w
