"""Finds the difficulty at which a client sends a share every few seconds."""

from dataclasses import dataclass

from .quirks import Quirks

STARVED_INTERVALS = 4.0
DEAD_BAND = 1.5
SHARES_ENOUGH = 12
STEP = 8.0


@dataclass(kw_only=True)
class Vardiff:
    """One client's; times monotonic, in s."""

    since_s: float
    shares: int = 0
    work: float = 0.0

    def share(self, difficulty: float) -> None:
        """Count an accepted share."""
        self.shares += 1
        self.work += difficulty

    def proposal(self, difficulty: float, now_s: float, quirks: Quirks) -> float | None:
        """Return a better difficulty, None while the present one will do or too little is known."""
        elapsed_s = now_s - self.since_s
        if self.shares < SHARES_ENOUGH and elapsed_s < quirks.vardiff_after_s:
            return None
        if self.shares == 0 and elapsed_s < STARVED_INTERVALS * quirks.vardiff_interval_s:
            return None
        wanted = self.work / max(elapsed_s, 0.1) * quirks.vardiff_interval_s
        wanted = min(max(wanted, difficulty / STEP), difficulty * STEP)
        self.since_s, self.shares, self.work = now_s, 0, 0.0
        wanted = bounded(wanted, quirks)
        return None if difficulty / DEAD_BAND < wanted < difficulty * DEAD_BAND else wanted


def bounded(difficulty: float, quirks: Quirks) -> float:
    """Return the nearest difficulty that the pool may set."""
    difficulty = max(difficulty, quirks.minimum_difficulty)
    return float(max(round(difficulty), 1)) if quirks.integer_difficulty else difficulty
