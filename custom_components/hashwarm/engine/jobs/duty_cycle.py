"""Slows a run down by letting it run for a part of the time only; pure, the time comes in."""

PERIOD_S = 0.2
_SHORTEST_S = 0.01
"""Shorter spells are put together with the next; a signal's own delay would spoil them."""
_DEBT_MOST_S = 1.0
_SPELL_MOST_S = 1.0


class DutyCycle:
    """Sums up the difference of what was wanted and what was (sigma-delta), so that late timers cancel out."""

    def __init__(self, share: float, at_s: float) -> None:
        self.share = share
        self._since_s = at_s
        self._runs = True
        self._debt_s = 0.0

    def turn(self, at_s: float) -> tuple[bool, float]:
        """Return whether it runs from now on, and for how long."""
        length_s = max(at_s - self._since_s, 0.0)
        owed_s = self._debt_s + self.share * length_s - (length_s if self._runs else 0.0)
        self._debt_s = min(max(owed_s, -_DEBT_MOST_S), _DEBT_MOST_S)
        self._since_s = at_s
        if self.share <= 0.0 or self.share >= 1.0:
            self._runs = self.share > 0.0
            return self._runs, PERIOD_S
        if self._runs:
            rest_s = (1.0 - self.share) * PERIOD_S - self._debt_s / self.share
            self._runs = rest_s < _SHORTEST_S
            return self._runs, _SHORTEST_S if self._runs else min(rest_s, _SPELL_MOST_S)
        run_s = self._debt_s / (1.0 - self.share)
        self._runs = run_s >= _SHORTEST_S
        return self._runs, min(max(run_s, _SHORTEST_S), _SPELL_MOST_S)
