"""Counts the hashes of a device that tells only how fast it hashes now."""

from math import isfinite


class HashTally:
    """Adds up hash rates over time; what lies between readings too far apart stays uncounted. Times are monotonic."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        self._hashes = 0.0

    def take(self, hash_rate_hs: float | None, at_s: float, *, stands_for_s: float) -> int:
        """Take one reading, which stands for so long at most; return the hashes counted since the first."""
        if hash_rate_hs is None or not isfinite(hash_rate_hs) or hash_rate_hs < 0.0:
            self._last = None
        else:
            if self._last is not None and 0.0 < at_s - self._last[0] <= stands_for_s:
                self._hashes += (self._last[1] + hash_rate_hs) / 2 * (at_s - self._last[0])
            self._last = (at_s, hash_rate_hs)
        return int(self._hashes)
