"""Holds a thread to a hash rate or to a share of CPU time; pure, on whatever clock it is given."""

SLICE_S = 0.05
"""A batch is as much as fits into one slice at the pace wanted."""
MAXIMUM_DEBT_S = 0.25
"""What was missed for longer is forgotten: a starved thread must not make up for it with a burst of heat."""
LIMITED_WINDOW_S = 2.0
LIMITED_FRACTION = 0.05
"""More of the time forgotten than this and the pace counts as missed."""


class Pacer:
    """Says when to hash and how much. One per thread; not thread-safe."""

    __slots__ = ("_due_s", "_duty", "_forgotten_s", "_phase_s", "_rate_hs", "_window_s", "limited")

    def __init__(self, phase_s: float = 0.0) -> None:
        """Threads with different phases in 0..SLICE_S do not all draw power in the same instant."""
        self._phase_s = phase_s
        self._rate_hs = 0.0
        self._duty = 0.0
        self._due_s = 0.0
        self._window_s = 0.0
        self._forgotten_s = 0.0
        self.limited = False

    @property
    def paused(self) -> bool:
        """Whether nothing is wanted."""
        return self._rate_hs <= 0 and self._duty <= 0

    def hold_rate(self, rate_hs: float, now_s: float) -> None:
        """Hold a hash rate in H/s; 0 pauses."""
        self._set(rate_hs, 0.0, now_s)

    def hold_duty(self, duty: float, now_s: float) -> None:
        """Hold a fraction 0..1 of one core's CPU time; 0 pauses."""
        self._set(0.0, min(duty, 1.0), now_s)

    def _set(self, rate_hs: float, duty: float, now_s: float) -> None:
        """Take over a pace; only a start from rest begins a new phase."""
        if (rate_hs, duty) == (self._rate_hs, self._duty):
            return
        if self.paused:
            self.restart(now_s)
        self._rate_hs, self._duty = rate_hs, duty
        self._due_s = min(self._due_s, now_s + SLICE_S)

    def restart(self, now_s: float) -> None:
        """Begin anew after a rest, without debt."""
        self._due_s = now_s + self._phase_s
        self._window_s = now_s
        self._forgotten_s = 0.0
        self.limited = False

    def wait_s(self, now_s: float) -> float | None:
        """Return how long to sleep before the next batch, 0 when it is due, None while paused."""
        return None if self.paused else max(self._due_s - now_s, 0.0)

    def batch(self, full_rate_hs: float) -> int:
        """Return the hashes of the next batch for a thread that does `full_rate_hs` when it may run all the time."""
        rate_hs = min(self._rate_hs, full_rate_hs) if self._rate_hs > 0 else self._duty * full_rate_hs
        return max(int(rate_hs * SLICE_S), 1)

    def done(self, now_s: float, hashes: int, cpu_s: float) -> None:
        """Book a batch and see what it allows."""
        if self.paused:
            return
        self._due_s += hashes / self._rate_hs if self._rate_hs > 0 else cpu_s / self._duty
        forgotten_s = now_s - self._due_s - MAXIMUM_DEBT_S
        if forgotten_s > 0:
            self._due_s += forgotten_s
            self._forgotten_s += forgotten_s
        elapsed_s = now_s - self._window_s
        if elapsed_s >= LIMITED_WINDOW_S:
            self.limited = self._forgotten_s > LIMITED_FRACTION * elapsed_s
            self._window_s, self._forgotten_s = now_s, 0.0
