"""What to write to a device and when: once, then read back, once more, and then say that it does not obey."""

from dataclasses import dataclass
from enum import StrEnum
from math import isclose

from ..model.telemetry import DeviceStatus
from .driver import MinerProfile, MinerReading

# Flash memory wears out.
FLASH_INTERVAL_S = 60.0
STUBBORN_EVERY_S = 600.0
ATTEMPTS_BEFORE_TELLING = 2
NOT_RUNNING = {DeviceStatus.PAUSED}
# In these it cannot be expected to take a setting or to have taken one.
BUSY = {DeviceStatus.STARTING, DeviceStatus.RESUMING, DeviceStatus.FAULT, DeviceStatus.RESTRICTED}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The state a device is wanted in; `setting` in its own unit, None while paused."""

    setting: float | None

    @property
    def paused(self) -> bool:
        """Return whether it is wanted to draw nothing."""
        return self.setting is None


PAUSE = Wanted(setting=None)


class Step(StrEnum):
    """One call of the driver."""

    WRITE = "write"
    PAUSE = "pause"
    RESUME = "resume"


class Commander:
    """Remembers what was wanted, written and read back. Times are monotonic."""

    def __init__(self, profile: MinerProfile, interval_s: float) -> None:
        self.profile = profile
        self.interval_s = interval_s
        self.wanted: Wanted | None = None
        self.last_setting: float | None = None
        """The setting in force when it last ran, as read back."""
        self.attempts = 0
        self._written: Wanted | None = None
        self.written_at_s: float | None = None
        self._flashed_at_s: float | None = None

    def want(self, wanted: Wanted) -> bool:
        """Take a new wish; returns whether it differs from the last one."""
        if self.wanted is not None and same(wanted, self.wanted):
            return False
        self.wanted = wanted
        return True

    @property
    def disobeys(self) -> bool:
        """Return whether it was told twice and did neither time."""
        return self.attempts > ATTEMPTS_BEFORE_TELLING

    def settling(self, now_s: float) -> bool:
        """Return whether what was written last may still be on its way."""
        return self.written_at_s is not None and now_s - self.written_at_s < self._settle_s

    @property
    def _settle_s(self) -> float:
        return self.profile.ramp_s + self.profile.boot_s + 2 * self.interval_s

    def take(self, reading: MinerReading) -> None:
        """Take note of what the device says of its setting."""
        if reading.status not in NOT_RUNNING and reading.setting is not None:
            self.last_setting = reading.setting
        if self.wanted is not None and self._agrees(reading):
            self.attempts = 0

    def steps(self, reading: MinerReading, now_s: float) -> list[Step]:
        """Return what to do now to bring the device where it is wanted; mostly nothing."""
        if self.wanted is None or self._agrees(reading):
            return []
        again = self._written is not None and same(self._written, self.wanted)
        if again and not self._may_repeat(reading, now_s):
            return []
        steps = self._way(reading)
        flashes = Step.WRITE in steps and self.profile.write_hits_flash
        if flashes and self._flashed_at_s is not None and now_s - self._flashed_at_s < FLASH_INTERVAL_S:
            return []
        return steps

    def done(self, steps: list[Step], now_s: float) -> None:
        """Take note of steps that were tried, whatever the device said to them."""
        again = self._written is not None and self.wanted is not None and same(self._written, self.wanted)
        self.attempts = self.attempts + 1 if again else 1
        self._written, self.written_at_s = self.wanted, now_s
        if Step.WRITE in steps:
            self._flashed_at_s = now_s

    def _may_repeat(self, reading: MinerReading, now_s: float) -> bool:
        if reading.status in BUSY:
            return False
        if self.attempts > ATTEMPTS_BEFORE_TELLING:
            return self.written_at_s is None or now_s - self.written_at_s >= STUBBORN_EVERY_S
        if self.attempts == ATTEMPTS_BEFORE_TELLING and not self.settling(now_s):
            # Told twice in vain: from here on it counts as stubborn.
            self.attempts += 1
            return False
        return not self.settling(now_s)

    def _agrees(self, reading: MinerReading) -> bool:
        assert self.wanted is not None
        paused = reading.status in NOT_RUNNING
        if self.wanted.setting is None:
            return paused
        if paused:
            return False
        return reading.setting is None or isclose(reading.setting, self.wanted.setting, rel_tol=1e-6, abs_tol=0.01)

    def _way(self, reading: MinerReading) -> list[Step]:
        assert self.wanted is not None
        paused = reading.status in NOT_RUNNING
        if self.wanted.setting is None:
            return [Step.PAUSE]
        if not paused:
            return [Step.WRITE]
        if self.profile.write_resumes:
            return [Step.WRITE]
        knows = self.last_setting is not None and isclose(self.last_setting, self.wanted.setting, abs_tol=0.01)
        # The setting goes first, so that it does not wake up with more power than it may draw.
        return [Step.RESUME] if knows else [Step.WRITE, Step.RESUME]


def same(one: Wanted, other: Wanted) -> bool:
    """Return whether two wishes are one."""
    if one.setting is None or other.setting is None:
        return one.setting is other.setting
    return isclose(one.setting, other.setting, rel_tol=1e-9, abs_tol=1e-6)
