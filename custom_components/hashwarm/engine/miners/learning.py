"""When a reading may teach what a setting draws: the device runs steadily, undisturbed, for long enough."""

from ..model.telemetry import DeviceStatus
from .curve import PowerCurve
from .driver import MinerProfile, MinerReading

# A meter tells of a change in its own time.
METER_DELAY_S = 120.0
STEADY_SHARE, STEADY_W = 0.03, 2.0
IDLE_OF_FLOOR, IDLE_OF_MAXIMUM = 0.5, 0.25


class Learner:
    """Feeds the curve; powers in W, times monotonic."""

    def __init__(self, profile: MinerProfile, curve: PowerCurve, *, interval_s: float, idle_w: float | None) -> None:
        self.curve = curve
        self.idle_w = idle_w
        """Drawn while paused, as measured."""
        self._profile = profile
        self._interval_s = interval_s
        self._state: tuple[DeviceStatus, float | None] | None = None
        self._since_s = 0.0
        self._before_w: float | None = None

    def take(self, reading: MinerReading, power_w: float | None, now_s: float, *, metered: bool) -> None:
        """Learn from a reading and the watts that a meter or the device itself tells."""
        state = (reading.status, reading.setting)
        if state != self._state:
            self._state, self._since_s = state, now_s
        before_w, self._before_w = self._before_w, power_w
        if power_w is None or before_w is None or now_s - self._since_s < self._patience_s(metered=metered):
            return
        if abs(power_w - before_w) > STEADY_SHARE * power_w + STEADY_W:
            return
        if reading.status is DeviceStatus.PAUSED:
            self._learn_idle(power_w)
        elif reading.status is DeviceStatus.RUNNING and reading.setting is not None and reading.hash_rate_hs != 0.0:
            self.curve.learn(reading.setting, power_w, reading.hash_rate_hs)

    def _patience_s(self, *, metered: bool) -> float:
        # It may have booted a moment before we first saw it.
        return self._profile.ramp_s + 2 * self._interval_s + (METER_DELAY_S if metered else 0.0)

    def _learn_idle(self, power_w: float) -> None:
        """Believe what it draws at rest only while that can be rest: a device that heats on is not to be excused."""
        levels = self._profile.levels
        if power_w <= min(IDLE_OF_FLOOR * levels[0].power_w, IDLE_OF_MAXIMUM * levels[-1].power_w):
            self.idle_w = power_w
