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
    """Proportional gain as a share of maximum power per K, integral time in s, feed-forward as a share per K.

    Further from the target than `learning_band_k` the integral learns less, or a long warm-up would end in a long
    overshoot.
    """

    proportional_per_k: float
    integral_s: float
    outdoor_per_k: float
    learning_band_k: float = 0.5


GAINS: dict[RoomResponse, Gains] = {
    RoomResponse.BOX: Gains(proportional_per_k=0.5, integral_s=90.0, outdoor_per_k=0.03, learning_band_k=1.0),
    RoomResponse.LIGHT: Gains(proportional_per_k=0.5, integral_s=2400.0, outdoor_per_k=0.01),
    RoomResponse.ORDINARY: Gains(proportional_per_k=0.4, integral_s=4800.0, outdoor_per_k=0.01),
    RoomResponse.HEAVY: Gains(proportional_per_k=0.3, integral_s=9600.0, outdoor_per_k=0.01),
}

# A room this far under its target is cold, and each K more of it weighs so much more again.
PRESSING_FROM_K = 0.5
PRESSING = 2.0
# Power readings within this share of the maximum count as obedience; estimates are no better.
TRACKING_TOLERANCE = 0.1
# Over this time what a plan spends is averaged; it holds some cycles of on and off.
FOLLOWING_S = 4 * 3600.0


class Regulator:
    """Turns the distance to the target into a heat demand in W."""

    def __init__(self, response: RoomResponse, integral_w: float = 0.0, forward_w: float | None = None) -> None:
        """Take up what was learned before; `forward_w` is what the outdoor sensor gave on top of it then."""
        self._gains = GAINS[response]
        self.integral_w = integral_w
        self.forward_w = forward_w

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
        pressing_k = error_k + PRESSING * max(error_k - PRESSING_FROM_K, 0.0)
        proportional_w = self._gains.proportional_per_k * maximum_w * pressing_k
        forward_w = self._forward_w(target_c, outdoor_c, maximum_w)
        self._hand_over(outdoor_c is not None, forward_w, maximum_w)
        wanted_w = proportional_w + forward_w + self.integral_w
        possible_w = min(max(wanted_w, 0.0), maximum_w)
        if (wanted_w - possible_w) * error_k <= 0.0:
            self._learn(error_k, maximum_w, elapsed_s)
        self._unlearn(_missing_w(possible_w, drawn_w, maximum_w), elapsed_s)
        return possible_w

    def follow(
        self, *, drawn_w: float | None, target_c: float, outdoor_c: float | None, maximum_w: float, elapsed_s: float
    ) -> None:
        """Take the slow mean of what another one spends for what the room needs, without a command of its own."""
        forward_w = self._forward_w(target_c, outdoor_c, maximum_w)
        self._hand_over(outdoor_c is not None, forward_w, maximum_w)
        if drawn_w is not None:
            share = min(elapsed_s / FOLLOWING_S, 1.0)
            self.integral_w += share * (min(drawn_w, maximum_w) - forward_w - self.integral_w)

    def _forward_w(self, target_c: float, outdoor_c: float | None, maximum_w: float) -> float:
        if outdoor_c is None:
            return 0.0
        return self._gains.outdoor_per_k * maximum_w * max(target_c - outdoor_c, 0.0)

    def _hand_over(self, outdoor_known: bool, forward_w: float, maximum_w: float) -> None:  # noqa: FBT001 - one of two states
        """Carry the watts over when the outdoor sensor is lost or found: the room has not changed by that."""
        lost_w = self.forward_w if self.forward_w is not None and not outdoor_known else 0.0
        found_w = forward_w if self.forward_w is None and outdoor_known and self.integral_w else 0.0
        self.integral_w = min(max(self.integral_w + lost_w - found_w, -maximum_w), maximum_w)
        self.forward_w = forward_w if outdoor_known else None

    def _learn(self, error_k: float, maximum_w: float, elapsed_s: float) -> None:
        """Integrate the error, unless the demand is at its limit and the error would only drive it further."""
        learning = 1.0 / (1.0 + (error_k / self._gains.learning_band_k) ** 2)
        rate_w_per_s = learning * self._gains.proportional_per_k * maximum_w * error_k / self._gains.integral_s
        self.integral_w = min(max(self.integral_w + rate_w_per_s * elapsed_s, -maximum_w), maximum_w)

    def _unlearn(self, missing_w: float, elapsed_s: float) -> None:
        """Give back what was learned while the device drew less than it was asked to."""
        if missing_w > 0.0 < self.integral_w:
            self.integral_w = max(self.integral_w - missing_w * elapsed_s / (self._gains.integral_s / 4), 0.0)


def _missing_w(demand_w: float, drawn_w: float | None, maximum_w: float) -> float:
    """Return what the device leaves undrawn beyond the tolerance; nothing while its power is unknown."""
    if drawn_w is None:
        return 0.0
    return max(demand_w - drawn_w - TRACKING_TOLERANCE * maximum_w, 0.0)
