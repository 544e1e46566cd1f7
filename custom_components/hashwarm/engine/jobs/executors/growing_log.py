"""A run's output that is told whole each time it is asked for, and only grows."""

from datetime import datetime, timedelta

from ..progress_lines import ProgressLines

_OVERLAP = 256


class GrowingLog:
    """Takes in what is new in it; one that shrank is read anew. `currency` is the one in which revenue is believed."""

    def __init__(self, currency: str | None = None) -> None:
        self._currency = currency
        self._begin()

    def _begin(self) -> None:
        self.told = ProgressLines(currency=self._currency)
        self.last_checkpoint: datetime | None = None
        self.next_checkpoint: datetime | None = None
        self._length = 0
        self._tail = ""

    def read(self, whole: str, at: datetime | None) -> None:
        """Take in what is new in it; `at` is the time of reading, None where the lines may be much older."""
        if not whole.startswith(self._tail, self._length - len(self._tail)):
            self._begin()
        before = self.told.told
        self.told.feed(whole[self._length :].encode("utf-8", "replace"))
        self._date(before.checkpoints, before.next_checkpoint_s, at)
        self._length = len(whole)
        self._tail = whole[-_OVERLAP:]

    def finish(self, at: datetime | None) -> None:
        """Take in a last line that has no end."""
        before = self.told.told
        self.told.close()
        self._date(before.checkpoints, before.next_checkpoint_s, at)

    def _date(self, checkpoints: int, next_s: float | None, at: datetime | None) -> None:
        """Give what was told since its time."""
        saved = self.told.checkpoints > checkpoints
        if saved:
            self.last_checkpoint, self.next_checkpoint = at, None
        pause_s = self.told.next_checkpoint_s
        if pause_s is not None and at is not None and (saved or pause_s != next_s):
            self.next_checkpoint = at + timedelta(seconds=pause_s)
