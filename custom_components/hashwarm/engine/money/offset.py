"""Energy offset: what the heat earned, against what its electricity cost."""

from .sums import Sums

_MIN_KNOWN_MS = 3_600_000
_PERCENT = 100


def offset_percent(sums: Sums) -> float | None:
    """Return earnings over electricity cost of the same time, in %, each valued at the hour it was booked.

    Unknown when the cost is zero or negative, or under an hour is known. May exceed 100 %.
    """
    if sums.both_ms < _MIN_KNOWN_MS or sums.both_cost_nano <= 0:
        return None
    return _PERCENT * sums.both_value_nano / sums.both_cost_nano
