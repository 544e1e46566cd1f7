"""The highest of what was lately so."""

from collections import deque


class PeakHold:
    """Remembers the peak over a window; a value holds until the next one is taken."""

    def __init__(self) -> None:
        self._peaks: deque[tuple[float, float]] = deque()

    def take(self, now_s: float, value: float, window_s: float) -> float:
        """Take the value in force from now on; return the highest that was in force within the window, in s."""
        peaks = self._peaks
        if peaks:
            peaks[-1] = (now_s, peaks[-1][1])
        while peaks and peaks[-1][1] <= value:
            peaks.pop()
        peaks.append((now_s, value))
        while peaks[0][0] < now_s - window_s:
            peaks.popleft()
        return peaks[0][1]

    def clear(self) -> None:
        """Forget all."""
        self._peaks.clear()
