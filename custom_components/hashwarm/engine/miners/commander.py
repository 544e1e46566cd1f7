"""What to write to a device and when: once, then read back, once more, and then say that it does not obey."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isclose
from typing import Any

from ..model.telemetry import DeviceStatus
from .curve import PowerCurve
from .driver import MinerProfile, MinerReading
from .fields import number

# Flash memory wears out.
FLASH_INTERVAL_S = 60.0
STUBBORN_EVERY_S = 600.0
ATTEMPTS_BEFORE_TELLING = 2
REBOOT_SLACK_S = 5.0
SAME_SETTING = 0.01
SEEN_AT_REST = 2
# In these it cannot be expected to take a setting or to have taken one.
BUSY = {DeviceStatus.STARTING, DeviceStatus.RESUMING, DeviceStatus.FAULT, DeviceStatus.RESTRICTED}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The state a device is wanted in; `setting` in its own unit, None while paused; `power_w` is what it draws."""

    setting: float | None
    power_w: float = field(default=0.0, compare=False)

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

    def __init__(
        self, profile: MinerProfile, interval_s: float, *, now_s: float, stored: Mapping[str, Any] | None = None
    ) -> None:
        self.profile = profile
        self._interval_s = interval_s
        self.wanted: Wanted | None = None
        self.disobeys = False
        """It was told twice and did neither time."""
        self.last_setting: float | None = number(stored, "last_setting")
        """The setting in force when it last ran, as read back."""
        self._written = _written_last_time(stored)
        flashed_ago_s = number(stored, "flashed_ago_s", least=0.0)
        self._flashed_at_s = None if flashed_ago_s is None else now_s - flashed_ago_s
        self._tried_at_s: float | None = None
        self._settle_s = 0.0
        self.unheard = False
        """The steps towards what is wanted were tried in vain."""
        self._attempts = 0
        self._failures = 0
        self._uptime_s: float | None = None
        self._at_rest = 0
        """Readings in a row in which it rested."""
        self._waking = self._woken = False
        """Whether it was at rest and told to run, and was seen to do so since."""

    def as_dict(self, now_s: float) -> dict[str, Any]:
        """Return what a restart must not forget: what is in force already, and how fresh the flash is."""
        return {
            "last_setting": self.last_setting,
            "written": None if self._written is None else [self._written.setting],
            "flashed_ago_s": None if self._flashed_at_s is None else now_s - self._flashed_at_s,
        }

    def want(self, wanted: Wanted) -> bool:
        """Take a new wish; returns whether it differs from the last one."""
        new = self.wanted is None or not same(wanted, self.wanted)
        self.wanted, self.unheard = wanted, self.unheard and not new
        return new

    def settling(self, now_s: float) -> bool:
        """Return whether what was written last may still be on its way."""
        return self._tried_at_s is not None and now_s - self._tried_at_s < self._settle_s

    def take(self, reading: MinerReading, now_s: float) -> None:
        """Take note of what the device says of its setting, and judge whether it obeys."""
        if reading.status is not DeviceStatus.PAUSED and reading.setting is not None:
            self.last_setting = reading.setting
        self._notice_reboot(reading, now_s)
        self._notice_rest(reading)
        if self.wanted is None or reading.status in BUSY:
            return
        if self._agrees(reading):
            self._attempts, self._failures, self.disobeys = 0, 0, False
        elif self._attempts >= ATTEMPTS_BEFORE_TELLING and not self.settling(now_s):
            self.disobeys = True

    def steps(self, reading: MinerReading, now_s: float, *, parting: bool = False) -> list[Step]:
        """Return what to do now to bring the device where it is wanted; mostly nothing.

        Nobody is there any more to wait for the flash's minute when `parting`.
        """
        if self.wanted is None or not self._due(reading, now_s):
            return []
        steps = self._way(reading, now_s)
        flashes = Step.WRITE in steps and self.profile.write_hits_flash and not parting
        if flashes and self._flashed_at_s is not None and now_s - self._flashed_at_s < FLASH_INTERVAL_S:
            return []
        return steps

    def trying(self, steps: list[Step], now_s: float) -> None:
        """Take note of steps that are about to be tried."""
        told_in_vain = self._attempts > 0 and not self.settling(now_s)
        self._attempts = self._attempts + 1 if told_in_vain or not self._new else max(self._attempts, 1)
        self._written, self._tried_at_s, self.unheard = self.wanted, now_s, True
        boots = Step.RESUME in steps or (Step.WRITE in steps and self.profile.write_restarts)
        self._settle_s = self.profile.ramp_s + (self.profile.boot_s if boots else 0.0) + 2 * self._interval_s
        self._waking, self._woken = self._at_rest > 0 and self._written is not None and not self._written.paused, False
        if Step.WRITE in steps:
            self._flashed_at_s = now_s

    def failed(self, *, refused: bool) -> None:
        """Take note that the last steps were not taken; a device that was not reached is not stubborn."""
        self._failures += 1
        if refused:
            # Nothing is on its way.
            self._settle_s = 0.0
        else:
            self._attempts = max(self._attempts - 1, 0)

    def took(self) -> None:
        """Take note that the device said yes, which is no proof."""
        self._failures, self.unheard = 0, False

    def in_force(self, reading: MinerReading, now_s: float) -> float | None:
        """Return the setting in force; where the device never tells it, the one that was written, once it settled."""
        if reading.setting is not None or reading.status is DeviceStatus.PAUSED or self._written is None:
            return reading.setting
        return None if self.settling(now_s) else self._written.setting

    def told_w(self, curve: PowerCurve) -> float | None:
        """Return what was told last in W, or found in force where nothing had to be told; None where unknown."""
        setting = self.last_setting if self._written is None else self._written.setting
        if setting is None:
            return None if self._written is None else 0.0
        return curve.power_w(setting)

    @property
    def _new(self) -> bool:
        return self.wanted is None or self._written is None or not same(self._written, self.wanted)

    def _notice_reboot(self, reading: MinerReading, now_s: float) -> None:
        """Believe nothing written to be in force in a device that rebooted and does not tell its setting."""
        before_s, self._uptime_s = self._uptime_s, reading.uptime_s
        rebooted = (
            before_s is not None and reading.uptime_s is not None and reading.uptime_s < before_s - REBOOT_SLACK_S
        )
        if rebooted and reading.setting is None and not self.settling(now_s):
            self._written = None

    def _notice_rest(self, reading: MinerReading) -> None:
        """Wait no longer for a start that took hold and that somebody else ended."""
        self._at_rest = self._at_rest + 1 if reading.status is DeviceStatus.PAUSED else 0
        self._woken = self._waking if not self._at_rest else self._woken
        if self._woken and self._at_rest >= SEEN_AT_REST:
            self._settle_s = 0.0

    def _due(self, reading: MinerReading, now_s: float) -> bool:
        if self._new:
            under_way_elsewhere = self._written is not None and self.settling(now_s)
            return (under_way_elsewhere or not self._agrees(reading)) and self._may_begin(now_s)
        return not self._agrees(reading) and self._may_repeat(reading, now_s)

    def _may_begin(self, now_s: float) -> bool:
        """Return whether a new wish may be told; a stubborn device hears of more power every ten minutes only."""
        if not self.disobeys or self.wanted is None or self.wanted.paused or self._written is None:
            return True
        less = not self._written.paused and self.wanted.power_w < self._written.power_w
        return less or self._tried_ago(STUBBORN_EVERY_S, now_s)

    def _may_repeat(self, reading: MinerReading, now_s: float) -> bool:
        if self._failures:
            return self._tried_ago(min(self._interval_s * 2.0 ** min(self._failures - 1, 8), STUBBORN_EVERY_S), now_s)
        if reading.status in BUSY:
            return False
        return self._tried_ago(STUBBORN_EVERY_S, now_s) if self.disobeys else not self.settling(now_s)

    def _tried_ago(self, least_s: float, now_s: float) -> bool:
        return self._tried_at_s is None or now_s - self._tried_at_s >= least_s

    def _agrees(self, reading: MinerReading) -> bool:
        assert self.wanted is not None
        paused = reading.status is DeviceStatus.PAUSED
        if self.wanted.setting is None or paused:
            return paused and self.wanted.setting is None
        if reading.setting is None:
            # Some never tell their setting: there what was written last is believed, and the watts judge.
            return not self._new
        return self._equal(reading.setting, self.wanted.setting)

    def _equal(self, one: float, other: float) -> bool:
        step = self.profile.step
        return isclose(one, other, rel_tol=1e-6, abs_tol=SAME_SETTING if step is None else min(SAME_SETTING, step / 4))

    def _way(self, reading: MinerReading, now_s: float) -> list[Step]:
        assert self.wanted is not None
        if self.wanted.setting is None:
            return [Step.PAUSE]
        going_to_pause = self._written is not None and self._written.paused and self.settling(now_s)
        if reading.status is not DeviceStatus.PAUSED and not going_to_pause:
            return [Step.WRITE]
        if self.profile.write_resumes:
            return [Step.WRITE]
        knows = self.last_setting is not None and self._equal(self.last_setting, self.wanted.setting)
        # The setting goes first, so that it does not wake up with more power than it may draw.
        return [Step.RESUME] if knows else [Step.WRITE, Step.RESUME]


def same(one: Wanted, other: Wanted) -> bool:
    """Return whether two wishes are one."""
    if one.setting is None or other.setting is None:
        return one.setting is other.setting
    return isclose(one.setting, other.setting, rel_tol=1e-9, abs_tol=1e-6)


def _written_last_time(stored: Mapping[str, Any] | None) -> Wanted | None:
    kept = (stored or {}).get("written")
    if not isinstance(kept, list) or len(kept) != 1:
        return None
    setting = number(kept, 0)
    return PAUSE if kept[0] is None else None if setting is None else Wanted(setting=setting)
