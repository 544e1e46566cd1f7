"""PI regulator in watts with outdoor feed-forward; good from the first minute, learns nothing."""

from dataclasses import dataclass

from .room_words import RISE_K, Insulation, RoomResponse


@dataclass(frozen=True, kw_only=True)
class Gains:
    """Proportional gain as a share of maximum power per K, and integral time in s.

    People, machines and sun give the first `free_heat_k` of what a room is warmer than the outdoors; what two words say
    that it loses beyond them is spent without having seen it.
    Further from the target than `learning_band_k` the integral learns less while the room approaches it, or a long
    warm-up would end in a long overshoot.
    """

    proportional_per_k: float
    integral_s: float
    learning_band_k: float = 0.5
    free_heat_k: float = 4.0


GAINS: dict[RoomResponse, Gains] = {
    RoomResponse.BOX: Gains(proportional_per_k=0.5, integral_s=90.0, learning_band_k=1.0, free_heat_k=0.0),
    RoomResponse.LIGHT: Gains(proportional_per_k=0.5, integral_s=2400.0),
    RoomResponse.ORDINARY: Gains(proportional_per_k=0.4, integral_s=4800.0),
    RoomResponse.HEAVY: Gains(proportional_per_k=0.3, integral_s=9600.0),
}

# A room that moves by less than about a tenth of a degree in an hour towards its target does not approach it.
SLOW_ROOM_S = 1800.0
APPROACHING_K = 0.05
# A room this far under its target is cold, and each K more of it weighs so much more again.
PRESSING_FROM_K = 0.5
PRESSING = 2.0
# Power readings within this share of the maximum count as obedience; estimates are no better.
TRACKING_TOLERANCE = 0.1
# Over this time what a plan spends is averaged; it holds some cycles of on and off.
FOLLOWING_S = 4 * 3600.0


class Regulator:
    """Turns the distance to the target into a heat demand in W."""

    def __init__(
        self,
        response: RoomResponse,
        integral_w: float = 0.0,
        forward_w: float | None = None,
        *,
        insulation: Insulation = Insulation.ORDINARY,
    ) -> None:
        """Take up what was learned before; `forward_w` is what the outdoor sensor gave on top of it then."""
        self._gains = GAINS[response]
        self._outdoor_per_k = 1.0 / RISE_K[insulation]
        self.integral_w = integral_w
        self.forward_w = forward_w
        self._slow_room_c: float | None = None
        # A box is soon warm, and its integral quick: it needs no hurry.
        self._hurries = response is not RoomResponse.BOX

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
        approaches = self._approaches(room_c, error_k, elapsed_s)
        if (wanted_w - possible_w) * error_k <= 0.0:
            self._learn(error_k, maximum_w, elapsed_s, damped=approaches or not self._hurries)
        self._unlearn(_missing_w(possible_w, drawn_w, maximum_w), elapsed_s)
        return possible_w

    def follow(
        self, *, drawn_w: float | None, target_c: float, outdoor_c: float | None, maximum_w: float, elapsed_s: float
    ) -> None:
        """Take the slow mean of what another one spends for what the room needs, without a command of its own."""
        self._slow_room_c = None
        forward_w = self._forward_w(target_c, outdoor_c, maximum_w)
        self._hand_over(outdoor_c is not None, forward_w, maximum_w)
        if drawn_w is not None:
            share = min(elapsed_s / FOLLOWING_S, 1.0)
            self.integral_w += share * (min(drawn_w, maximum_w) - forward_w - self.integral_w)

    def _forward_w(self, target_c: float, outdoor_c: float | None, maximum_w: float) -> float:
        if outdoor_c is None:
            return 0.0
        return self._outdoor_per_k * maximum_w * max(target_c - outdoor_c - self._gains.free_heat_k, 0.0)

    def _hand_over(self, outdoor_known: bool, forward_w: float, maximum_w: float) -> None:  # noqa: FBT001 - one of two states
        """Carry the watts over when the outdoor sensor is lost or found: the room has not changed by that."""
        lost_w = self.forward_w if self.forward_w is not None and not outdoor_known else 0.0
        found_w = forward_w if self.forward_w is None and outdoor_known and self.integral_w else 0.0
        self.integral_w = min(max(self.integral_w + lost_w - found_w, -maximum_w), maximum_w)
        self.forward_w = forward_w if outdoor_known else None

    def _approaches(self, room_c: float, error_k: float, elapsed_s: float) -> bool:
        """Return whether the room is on its way to the target."""
        before_c = room_c if self._slow_room_c is None else self._slow_room_c
        self._slow_room_c = before_c + min(elapsed_s / SLOW_ROOM_S, 1.0) * (room_c - before_c)
        moved_k = room_c - self._slow_room_c
        return (moved_k if error_k > 0.0 else -moved_k) > APPROACHING_K

    def _learn(self, error_k: float, maximum_w: float, elapsed_s: float, *, damped: bool) -> None:
        """Integrate the error, less of it far from the target where `damped`."""
        learning = 1.0 / (1.0 + (error_k / self._gains.learning_band_k) ** 2) if damped else 1.0
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
