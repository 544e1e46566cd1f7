"""Whether a device answers, since when, and what to say of it: one line when it is gone, one when it is back."""

import logging
import random

from ..model.errors import BackendError, DeviceAuthError, DeviceGoneError, HashwarmError
from .driver import MinerReading
from .polling import retry_delay_s

LOGGER = logging.getLogger(__name__)
OFFLINE_AFTER_FAILURES = 2
STALE_INTERVALS, STALE_S = 2.5, 30.0


def stale_after_s(interval_s: float) -> float:
    """Return how long an answer stands for the device that gave it."""
    return max(STALE_INTERVALS * interval_s, STALE_S)


class OtherDeviceError(BackendError):
    """Another miner answers under this address; nothing is ever written to it."""

    key = "other_device"


class Contact:
    """The newest reading and the failures since. Times are monotonic."""

    def __init__(self, name: str, interval_s: float) -> None:
        self._name = name
        self._stale_s = stale_after_s(interval_s)
        self.reading: MinerReading | None = None
        self.read_at_s = 0.0
        self.failures = 0
        self.refusals = 0
        """Failures in a row for want of the right password."""
        self.problem: str | None = None
        """Translation key of what a person has to mend."""
        self.other_device = False
        self._told_gone = False

    def online(self, now_s: float) -> bool:
        """Return whether the newest reading still says how things are."""
        fresh = self.reading is not None and now_s - self.read_at_s <= self._stale_s
        return fresh and self.failures < OFFLINE_AFTER_FAILURES

    @property
    def doubtful(self) -> bool:
        """Return whether another device may have taken its place since the last answer."""
        return self.reading is None or self.failures >= OFFLINE_AFTER_FAILURES

    def answered(self, reading: MinerReading, now_s: float) -> None:
        """Take in a reading of the right device."""
        if self._told_gone:
            LOGGER.info("%s answers again", self._name)
        self._told_gone = self.other_device = False
        self.failures = self.refusals = 0
        self.problem = reading.problem
        self.reading, self.read_at_s = reading, now_s

    def retry_delay_s(self, interval_s: float, randomness: random.Random) -> float:
        """Return the wait before the next try."""
        return retry_delay_s(self.failures, interval_s, randomness, refusals=self.refusals)

    def unplugged(self) -> None:
        """Take note that its plug is off, which explains all that follows."""
        self.failures = max(self.failures + 1, OFFLINE_AFTER_FAILURES)
        self.refusals, self.problem = 0, None
        self._say_gone("its plug is off")

    def lost(self, error: Exception) -> None:
        """Take note of a failure."""
        self.failures += 1
        self.refusals = self.refusals + 1 if isinstance(error, DeviceAuthError) else 0
        self.other_device = isinstance(error, OtherDeviceError)
        if self.other_device:
            self.failures = max(self.failures, OFFLINE_AFTER_FAILURES)
        self.problem = self._to_mend(error)
        if self.failures >= OFFLINE_AFTER_FAILURES:
            self._say_gone(str(error) or type(error).__name__)

    def _to_mend(self, error: Exception) -> str | None:
        """Return what a person has to mend; what is being reloaded is gone for a moment only."""
        if isinstance(error, DeviceGoneError) and self.failures < OFFLINE_AFTER_FAILURES:
            return None
        return error.key if isinstance(error, DeviceAuthError | DeviceGoneError | OtherDeviceError) else None

    def _say_gone(self, cause: str) -> None:
        if not self._told_gone:
            LOGGER.info("%s does not answer: %s", self._name, cause)
        self._told_gone = True


class Sayings:
    """Says once per failure that lasts what does not work; a defect of our own with its traceback."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._broken: set[str] = set()

    def well(self, what: str) -> None:
        """Take note that something works again."""
        self._broken.discard(what)

    def say(self, error: Exception, what: str) -> None:
        """Say what failed, unless that was said."""
        if what in self._broken:
            return
        self._broken.add(what)
        if isinstance(error, HashwarmError | TimeoutError):
            LOGGER.info("%s, %s: %s", self._name, what, str(error) or type(error).__name__)
        else:
            LOGGER.error("%s, %s: a defect", self._name, what, exc_info=error)
