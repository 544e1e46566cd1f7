"""What a breaker circuit will leave a heater in the hours to come, by what it left it until now."""

from dataclasses import dataclass, field
from math import exp, inf

# A neighbour that takes watts for minutes must not turn a plan of a day around: what is left now, taken over some
# minutes, fades into the mean of the last day, which knows how much of a day the neighbours draw.
NOW_S = 900.0
DAY_S = 86400.0
FADES_S = 2 * 3600.0
LONGEST_SAMPLE_S = 600.0
# Coarse, so that a plan stands while the share hardly moves.
GRAIN_SHARE = 0.05


@dataclass(kw_only=True)
class _Mean:
    """A mean that forgets; as long as it saw less than its time all counts alike."""

    over_s: float
    value: float = 0.0
    seen_s: float = 0.0

    def take(self, value: float, seconds: float) -> None:
        self.seen_s = min(self.seen_s + seconds, self.over_s)
        self.value += (value - self.value) * (min(seconds / self.seen_s, 1.0) if self.seen_s > 0.0 else 1.0)


@dataclass(kw_only=True)
class CircuitShare:
    """Remembers what the circuits of one heater left it; times are Unix seconds."""

    _at: float | None = None
    _now: _Mean = field(default_factory=lambda: _Mean(over_s=NOW_S))
    _day: _Mean = field(default_factory=lambda: _Mean(over_s=DAY_S))

    def take(self, at: float, share_w: float | None) -> None:
        """Take what the heater can count on now, in W; None where no circuit limits it."""
        before, self._at = self._at, None if share_w is None else at
        if share_w is None:
            self._now.seen_s = self._day.seen_s = 0.0
            return
        seconds = 0.0 if before is None else min(max(at - before, 0.0), LONGEST_SAMPLE_S)
        for mean in (self._now, self._day):
            mean.take(share_w, seconds)

    def expected_w(self, at: float, *, floor_w: float, maximum_w: float) -> float:
        """Return what is likely to be left at a time, in W: nothing, or what the heater can run at; inf for all."""
        if self._at is None:
            return inf
        lead = exp(-max(at - self._at, 0.0) / FADES_S)
        share_w = self._day.value + (self._now.value - self._day.value) * lead
        if share_w >= maximum_w:
            return inf
        if share_w < floor_w:
            # A circuit that mostly carries the floor is worth asking: who never asks never gets it.
            return floor_w if share_w >= floor_w / 2 else 0.0
        grain_w = GRAIN_SHARE * maximum_w
        return max(share_w // grain_w * grain_w, floor_w)
