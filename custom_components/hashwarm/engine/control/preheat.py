"""When to begin heating so that a room is warm in time, from how fast it warmed before."""

from dataclasses import dataclass, field
from math import isfinite

from .room_words import RoomResponse

RATES_K_PER_H: dict[RoomResponse, float] = {
    RoomResponse.BOX: 20.0,
    RoomResponse.LIGHT: 2.0,
    RoomResponse.ORDINARY: 1.0,
    RoomResponse.HEAVY: 0.4,
}
SLOWEST_K_PER_H, FASTEST_K_PER_H = 0.1, 40.0
LONGEST_LEAD_S = 6 * 3600.0
MARGIN_K = 0.1
LEARNING_SHARE = 0.3
FULL_POWER_SHARE = 0.8
LEAST_RUN_S = 900.0
LEAST_RISE_K = 0.2


def preheat_start(*, comfort_at: float, room_c: float, target_c: float, rate_k_per_h: float) -> float:
    """Return the Unix time at which full power has to begin for a room to reach its target at `comfort_at`.

    At most six hours before; a rate that is no number is taken as the slowest.
    """
    missing_k = target_c - room_c
    if missing_k <= MARGIN_K:
        return comfort_at
    rate = rate_k_per_h if isfinite(rate_k_per_h) else SLOWEST_K_PER_H
    lead_s = 3600.0 * missing_k / min(max(rate, SLOWEST_K_PER_H), FASTEST_K_PER_H)
    return comfort_at - min(lead_s, LONGEST_LEAD_S)


@dataclass(kw_only=True)
class HeatingRate:
    """Learns how fast the room warms at full power, in K/h, from runs of a quarter of an hour and more."""

    k_per_h: float
    _since: tuple[float, float] | None = None
    _last: tuple[float, float] = field(default=(0.0, 0.0))

    def step(self, *, now_s: float, room_c: float | None, power_share: float | None) -> None:
        """Take a look at the room; `now_s` is monotonic, `power_share` what is drawn of the maximum."""
        runs = room_c is not None and power_share is not None and power_share >= FULL_POWER_SHARE
        if not runs:
            self._learn()
            self._since = None
            return
        assert room_c is not None
        self._last = (now_s, room_c)
        if self._since is None or now_s < self._since[0]:
            self._since = self._last

    def _learn(self) -> None:
        if self._since is None:
            return
        (begun_s, begun_c), (ended_s, ended_c) = self._since, self._last
        if ended_s - begun_s < LEAST_RUN_S or ended_c - begun_c < LEAST_RISE_K:
            return
        seen = 3600.0 * (ended_c - begun_c) / (ended_s - begun_s)
        rate = self.k_per_h + LEARNING_SHARE * (seen - self.k_per_h)
        self.k_per_h = min(max(rate, SLOWEST_K_PER_H), FASTEST_K_PER_H)
