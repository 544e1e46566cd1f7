"""What a job says on its output: lines for people, and JSON lines of progress, checkpoints and revenue among them.

Everything is data from a stranger: too long, malformed or unbelievable lines are lines for people and nothing more.
"""

from collections import deque
from dataclasses import dataclass
import json
from math import isfinite

_LINE_BYTES = 4096
"""A longer line is cut, and tells nothing."""
_NEXT_MOST_S = 30 * 86400.0
_REVENUE_MOST = 1e6
_TOTAL_MOST_NANO = 1 << 62


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a run has told of itself up to now; None is not told."""

    progress: float | None = None
    """0 to 1."""
    checkpoints: int = 0
    next_checkpoint_s: float | None = None
    """From the moment it was told."""
    revenue_nano: int = 0
    """The sum of all that it told in the currency asked for, in 1e-9 of it."""
    saved_nano: int = 0
    """Of it, what was told before the last checkpoint or with it."""


class LogRing:
    """The newest lines, so many bytes of them at most."""

    def __init__(self, most_bytes: int = 64 * 1024) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lines: deque[bytes] = deque()

    def add(self, line: bytes) -> None:
        """Keep a line, and drop the oldest where it gets too much."""
        self._lines.append(line)
        self._bytes += len(line) + 1
        while self._bytes > self._most_bytes:
            self._bytes -= len(self._lines.popleft()) + 1

    def last(self, lines: int) -> list[str]:
        """Return the newest lines, oldest first."""
        chosen = list(self._lines)[-lines:] if lines > 0 else []
        return [line.decode(errors="replace") for line in chosen]


class ProgressLines:
    """Takes a run's output in, in pieces of any size."""

    def __init__(self, *, currency: str | None = None, ring: LogRing | None = None) -> None:
        self._currency = currency
        self._rest = b""
        self._skips = False
        self.ring = ring or LogRing()
        self.progress: float | None = None
        self.checkpoints = 0
        self.next_checkpoint_s: float | None = None
        self.revenue_nano = 0
        self.saved_nano = 0

    @property
    def told(self) -> Told:
        """What the run has told up to now."""
        return Told(
            progress=self.progress,
            checkpoints=self.checkpoints,
            next_checkpoint_s=self.next_checkpoint_s,
            revenue_nano=self.revenue_nano,
            saved_nano=self.saved_nano,
        )

    def feed(self, data: bytes) -> bool:
        """Take a piece in; True where it told something new."""
        before = self.told
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._rest) > _LINE_BYTES:
            if not self._skips:
                self.ring.add(self._rest[:_LINE_BYTES])
            self._rest, self._skips = b"", True
        return self.told != before

    def close(self) -> None:
        """Take in what came last without an end of line."""
        if self._rest:
            self.feed(b"\n")

    def _take(self, line: bytes) -> None:
        skips, self._skips = self._skips, False
        if skips:
            return
        line = line.rstrip(b"\r")
        self.ring.add(line[:_LINE_BYTES])
        if line.startswith(b"{") and len(line) <= _LINE_BYTES:
            self._understand(line)

    def _understand(self, line: bytes) -> None:
        try:
            fields = json.loads(line)
        except ValueError, RecursionError:
            return
        progress = _number(fields.get("progress"), 1.0)
        if progress is not None:
            self.progress = progress
        revenue = _number(fields.get("revenue"), _REVENUE_MOST)
        if revenue is not None and self._currency is not None and fields.get("currency") == self._currency:
            self.revenue_nano = min(self.revenue_nano + round(revenue * 1e9), _TOTAL_MOST_NANO)
        if fields.get("event") == "checkpoint":
            self.checkpoints += 1
            self.next_checkpoint_s = None
            self.saved_nano = self.revenue_nano
        self.next_checkpoint_s = _number(fields.get("next_checkpoint_s"), _NEXT_MOST_S) or self.next_checkpoint_s


def _number(value: object, most: float) -> float | None:
    """Return a number from 0 to the most, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= most and isfinite(value) else None
