"""A room does not change by several K within minutes: what a sensor says then has to hold before it is believed."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..model.protocols import TemperatureReading

JUMP_K = 5.0
JUMP_K_PER_S = 1.0 / 60.0
HOLD_S = 600.0
HELD_WITHIN_K = 1.5
AGREES_WITHIN_K = 2.0


@dataclass(kw_only=True)
class Witness:
    """What one sensor was last believed, and what it says now without being believed; times are monotonic."""

    believed_c: float | None = None
    reported_s: float = 0.0
    claim_c: float | None = None
    claimed_s: float = 0.0

    def believes(self, reading: TemperatureReading, others_c: Sequence[float], *, now_s: float) -> bool:
        """Return whether a reading can be a room that was as it was, after the time that has passed.

        A jump is believed when it held for ten minutes or when another trusted sensor says the same.
        """
        reported_s = now_s - max(reading.age_s, 0.0)
        if not self._jumps(reading.celsius, reported_s) or _agree(reading.celsius, others_c):
            self._take(reading.celsius, reported_s)
            return True
        if self.claim_c is None or abs(reading.celsius - self.claim_c) > HELD_WITHIN_K:
            self.claim_c, self.claimed_s = reading.celsius, now_s
        if now_s - self.claimed_s < HOLD_S:
            return False
        self._take(reading.celsius, reported_s)
        return True

    def _jumps(self, celsius: float, reported_s: float) -> bool:
        if self.believed_c is None:
            return False
        step_k = abs(celsius - self.believed_c)
        # Time that passes while a jump is doubted does not make it believable.
        passed_s = 0.0 if self.claim_c is not None else max(reported_s - self.reported_s, 0.0)
        return step_k > JUMP_K and step_k > JUMP_K_PER_S * passed_s

    def _take(self, celsius: float, reported_s: float) -> None:
        self.believed_c, self.reported_s, self.claim_c = celsius, reported_s, None


def _agree(celsius: float, others_c: Sequence[float]) -> bool:
    return any(abs(celsius - other_c) <= AGREES_WITHIN_K for other_c in others_c)
