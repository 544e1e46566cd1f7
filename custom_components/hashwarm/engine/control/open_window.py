"""An open window, told by its sensor or by how fast the room cools."""

from collections import deque
from dataclasses import dataclass, field

# A room loses this much within this time only to the outside; well above the steps of a sensor of 0.1 K.
FALL_K = 1.0
FALL_S = 600.0
LEAST_BETWEEN_S = 20.0
COLDER_OUTSIDE_K = 4.0
# So long after the heater went down or the target was lowered the room cools by itself.
SETTLING_S = 1800.0
POWER_DROP_SHARE = 0.25
RISE_K = 0.2
LONGEST_S = 1800.0
REST_S = 900.0


@dataclass(frozen=True, kw_only=True)
class RoomMoment:
    """What a pass knows of the room; `now_s` is monotonic, temperatures in °C, `power_share` of the maximum."""

    now_s: float
    room_c: float | None
    target_c: float
    outdoor_c: float | None
    power_share: float | None


@dataclass(kw_only=True)
class SlopeWatch:
    """Notices a room that cools as only an open window cools it; ends when it warms again, or after half an hour."""

    open_since_s: float | None = None
    _samples: deque[tuple[float, float]] = field(default_factory=deque)
    _lowest_c: float = 0.0
    _settled_at_s: float = 0.0
    _target_c: float | None = None
    _power_share: float | None = None

    def step(self, moment: RoomMoment) -> bool:
        """Return whether a window seems to be open."""
        self._settle(moment)
        if moment.room_c is None:
            # Blind, nothing is known of a window; what was seen before does not connect to what comes after.
            self._end(moment.now_s, rest_s=0.0)
            return False
        if self.open_since_s is not None:
            self._follow(moment.room_c, moment.now_s)
        elif self._falls(moment.room_c, moment.now_s) and self._from_outside(moment):
            self.open_since_s, self._lowest_c = moment.now_s, moment.room_c
        return self.open_since_s is not None

    def _settle(self, moment: RoomMoment) -> None:
        """Wait after whatever else makes a room cool: less power, a lower target."""
        lowered = self._target_c is not None and moment.target_c < self._target_c
        before, share = self._power_share, moment.power_share
        dropped = before is not None and share is not None and share < before - POWER_DROP_SHARE
        if self.open_since_s is None and (lowered or dropped):
            self._settled_at_s = moment.now_s + SETTLING_S
        if self.open_since_s is None or self._target_c is None:
            self._target_c = moment.target_c
        if share is None or before is None or share > before or dropped:
            self._power_share = share

    def _falls(self, room_c: float, now_s: float) -> bool:
        if self._samples and now_s - self._samples[-1][0] < LEAST_BETWEEN_S:
            # This is also where a clock that stands still or goes back ends.
            return False
        self._samples.append((now_s, room_c))
        while self._samples[0][0] < now_s - FALL_S:
            self._samples.popleft()
        return max(celsius for _, celsius in self._samples) - room_c >= FALL_K

    def _from_outside(self, moment: RoomMoment) -> bool:
        assert moment.room_c is not None
        colder = moment.outdoor_c is None or moment.outdoor_c < moment.room_c - COLDER_OUTSIDE_K
        return colder and moment.now_s >= self._settled_at_s

    def _follow(self, room_c: float, now_s: float) -> None:
        assert self.open_since_s is not None
        self._lowest_c = min(self._lowest_c, room_c)
        if room_c >= self._lowest_c + RISE_K or now_s - self.open_since_s >= LONGEST_S:
            self._end(now_s, rest_s=REST_S)

    def _end(self, now_s: float, *, rest_s: float) -> None:
        self._samples.clear()
        if self.open_since_s is not None:
            self.open_since_s = None
            self._target_c = self._power_share = None
            self._settled_at_s = now_s + rest_s


@dataclass(kw_only=True)
class WindowWatch:
    """Joins the sensors at the windows with what the room itself tells; times are monotonic."""

    delay_s: float = 60.0
    """A sensor has to say open for so long."""
    by_slope: bool = False
    _slope: SlopeWatch = field(default_factory=SlopeWatch)
    _told_since_s: float | None = None
    detected: bool = False
    """The room itself tells of an open window."""

    def step(self, moment: RoomMoment, *, told_open: bool | None) -> bool:
        """Return whether a window counts as open; None is a sensor that says nothing, and counts as shut."""
        self.detected = self.by_slope and self._slope.step(moment)
        if not told_open:
            self._told_since_s = None
            return self.detected
        if self._told_since_s is None:
            self._told_since_s = moment.now_s
        return self.detected or moment.now_s - self._told_since_s >= self.delay_s
