"""What a job tells on its output: JSON lines between whatever else it or its executor prints.

`{"progress": 0.42}`, `{"event": "checkpoint"}`, `{"next_checkpoint_s": 90}`, `{"revenue": 0.002, "currency": "EUR"}`.
"""

from collections import deque
from datetime import datetime, timedelta

from .answers import GarbageError, amount, parsed, record, share

LONGEST_LINE = 4096
KEPT_LINES = 500
_NANO = 1_000_000_000
_MOST_REVENUE = 1_000_000.0
_MOST_REVENUE_NANO = 1 << 60
_LONGEST_PAUSE_S = 30 * 86_400.0
_OVERLAP = 256


class JobLines:
    """Follows one run's output. `currency` is the only one in which revenue is believed, None for any."""

    def __init__(self, currency: str | None = None) -> None:
        self.progress: float | None = None
        self.checkpoints = 0
        self.last_checkpoint: datetime | None = None
        self.next_checkpoint: datetime | None = None
        self.revenue_nano = 0
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._currency = currency
        self._partial = ""

    def feed(self, text: str, at: datetime | None) -> None:
        """Take more output in; `at` is when it was said, None where that is not known."""
        *whole, self._partial = (self._partial + text).split("\n")
        self._partial = self._partial[: LONGEST_LINE + 1]
        for line in whole:
            self.take(line, at)

    def finish(self, at: datetime | None) -> None:
        """Take in a last line that has no end."""
        if self._partial:
            self.feed("\n", at)

    def take(self, line: str, at: datetime | None) -> None:
        """Take one line in; one that is no JSON object of ours is only kept."""
        line = line.rstrip("\r")
        self.lines.append(line[:LONGEST_LINE])
        if not line.startswith("{") or len(line) > LONGEST_LINE:
            return
        try:
            told = record(parsed(line))
        except GarbageError:
            return
        progress = share(told.get("progress"))
        self.progress = self.progress if progress is None else progress
        if told.get("event") == "checkpoint":
            self.checkpoints += 1
            self.last_checkpoint, self.next_checkpoint = at, None
        pause_s = amount(told.get("next_checkpoint_s"))
        if pause_s is not None and at is not None and pause_s <= _LONGEST_PAUSE_S:
            self.next_checkpoint = at + timedelta(seconds=pause_s)
        self._earn(told)

    def _earn(self, told: dict[str, object]) -> None:
        revenue = amount(told.get("revenue"))
        if revenue is None or revenue > _MOST_REVENUE:
            return
        if self._currency is None or told.get("currency", self._currency) == self._currency:
            self.revenue_nano = min(self.revenue_nano + round(revenue * _NANO), _MOST_REVENUE_NANO)


class GrowingLog:
    """Feeds a log that is told whole each time, and only grows, into `JobLines`; one that shrank is read anew."""

    def __init__(self, currency: str | None = None) -> None:
        self._currency = currency
        self.told = JobLines(currency)
        self._length = 0
        self._tail = ""

    def read(self, whole: str, at: datetime | None) -> None:
        """Take in what is new in it; `at` is the time of reading, None where the lines may be much older."""
        if not whole.startswith(self._tail, self._length - len(self._tail)):
            self.told, self._length = JobLines(self._currency), 0
        self.told.feed(whole[self._length :], at)
        self._length = len(whole)
        self._tail = whole[-_OVERLAP:]
