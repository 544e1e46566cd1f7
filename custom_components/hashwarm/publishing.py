"""Which changes of a figure are worth a new state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Change:
    """The smallest change that matters, relative or absolute, and the shortest time between two states."""

    relative: float = 0.0
    absolute: float = 0.0
    at_most_every_s: float = 0.0

    def matters(self, before: Any, after: Any, *, elapsed_s: float | None, lively: bool) -> bool:
        """Return whether `after` should be published `elapsed_s` later; None and words always are when they differ.

        Times are compared in seconds.
        """
        if before == after:
            return False
        before, after = _as_figure(before), _as_figure(after)
        if not isinstance(before, int | float) or not isinstance(after, int | float):
            return True
        if elapsed_s is not None and elapsed_s < self.at_most_every_s:
            return False
        if lively:
            return True
        step = abs(after - before)
        if self.relative == 0.0 and self.absolute == 0.0:
            return step > 0.0
        within = [step < self.relative * abs(before)] if self.relative else []
        within += [step < self.absolute] if self.absolute else []
        return not all(within)


def _as_figure(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value


ANY = Change()
POWER = Change(relative=0.02, absolute=5.0)
HASH_RATE = Change(relative=0.02)
TEMPERATURE = Change(absolute=0.1)
MONEY = Change(at_most_every_s=60.0)
