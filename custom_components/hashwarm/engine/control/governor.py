"""The safety governor: runs before every command, cannot be turned off, and only lowers."""

from dataclasses import dataclass, field
from math import inf

from ..model.control import Why
from ..model.protocols import TemperatureReading
from ..model.telemetry import Telemetry
from .fusion import FIRST_ALIVE, Fusion, fuse
from .plausibility import Witness

HOUR_S = 3600.0
BLIND_FLOOR_S = 2 * HOUR_S
FROST_OUTDOOR_C = 3.0
FROST_ON_S = 1200.0
COLD_MARGIN_K = 1.0
ROOM_RELEASE_K = 0.5
CHIP_RELEASE_K = 10.0
BELIEVABLE_C = (-40.0, 60.0)
# Cases in which a device may still keep to a power above zero, and to what it was shaped to.
CIRCUIT = {Why.BREAKER, Why.BREAKER_METER_LOST, Why.OUTLET_LIMIT}
BELIEVABLE_OUTDOOR_C = (-70.0, 60.0)
OUTDOOR_STALE_S = 3 * HOUR_S
# So long, ramps and late meters included, a device may draw more than its outlet bears before it is told less.
OUTLET_PATIENCE_S = 300.0
OUTLET_TOLERANCE_SHARE = 0.03


@dataclass(frozen=True, kw_only=True)
class SafetyLimits:
    """Limits a person may set within bounds; temperatures in °C, times in s, power in W."""

    room_maximum_c: float = 28.0
    chip_maximum_c: float = 85.0
    stale_after_s: float = HOUR_S
    unavailable_after_s: float = 600.0
    power_maximum_w: float = inf
    """What the outlet or its lead bears."""
    fusion: Fusion = FIRST_ALIVE
    """How several room sensors become one temperature."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What is known of the room now: a temperature that may be trusted, or none and since when."""

    room_c: float | None
    blind_for_s: float = 0.0
    awaited: bool = False
    """No sensor has spoken since the start, and it is too early to call that a fault."""
    hottest_c: float | None = None
    """The highest that a sensor in use tells, believed or not; the room maximum holds for it."""
    doubted: bool = False
    """A sensor jumped, and what was believed before is held on to."""
    dropped: frozenset[int] = frozenset()
    """The sensors, by their order, that do not count now."""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """The most that may be drawn, in W, and the reason when that is a limit."""

    ceiling_w: float
    why: Why | None = None
    left_w: float | None = None
    """What is left for work that knows no floor, where the floor makes a difference."""

    @property
    def for_any_work_w(self) -> float:
        """The most that all work together may draw."""
        return self.ceiling_w if self.left_w is None else self.left_w

    @property
    def urgent(self) -> bool:
        """Whether minimum times must not stand in the way."""
        return self.why is not None and self.why not in CIRCUIT


@dataclass(kw_only=True)
class GovernorState:
    """Latches and the last temperature that could be trusted; times are monotonic."""

    last_room_c: float | None = None
    blind_since_s: float | None = None
    room_latched: bool = False
    chip_latched: bool = False
    chip_unread_since_s: float | None = None
    started_s: float | None = None
    unavailable_since_s: dict[int, float] = field(default_factory=dict)
    witnesses: dict[int, Witness] = field(default_factory=dict)
    outlet_over_since_s: float | None = None
    outlet_trim_w: float = 0.0
    """What a device is told less than its outlet bears, for it draws more than it is told."""


def outdoor_c(reading: TemperatureReading | None) -> float | None:
    """Return an outdoor temperature that can be believed, None for anything else."""
    if reading is None or reading.age_s > OUTDOOR_STALE_S:
        return None
    return reading.celsius if BELIEVABLE_OUTDOOR_C[0] <= reading.celsius <= BELIEVABLE_OUTDOOR_C[1] else None


class Governor:
    """Judges each pass anew from what the sensors and the device say."""

    def __init__(self, limits: SafetyLimits, state: GovernorState | None = None) -> None:
        self.limits = limits
        self.state = state or GovernorState()

    def look(self, readings: list[TemperatureReading | None], *, now_s: float) -> Sight:
        """Return the room temperature that the trusted sensors tell together, or how long there has been none."""
        if self.state.started_s is None:
            self.state.started_s = now_s
        alive = self._alive(readings, now_s)
        trusted = self._trusted(alive, now_s)
        if trusted:
            fused = fuse(trusted, self.limits.fusion)
            self.state.blind_since_s = None
            self.state.last_room_c = fused.celsius
            dropped = frozenset(range(len(readings))) - trusted.keys() | fused.outliers
            return Sight(room_c=fused.celsius, hottest_c=fused.hottest_c, dropped=dropped)
        return self._unseen(readings, alive, now_s)

    def _unseen(
        self, readings: list[TemperatureReading | None], alive: dict[int, TemperatureReading], now_s: float
    ) -> Sight:
        """Hold on to the last temperature for a while; then there is none."""
        state, everyone = self.state, frozenset(range(len(readings)))
        waiting = self._in_grace(readings, now_s)
        if waiting and state.last_room_c is not None and state.blind_since_s is None:
            hottest_c = max([state.last_room_c, *(reading.celsius for reading in alive.values())])
            return Sight(room_c=state.last_room_c, hottest_c=hottest_c, doubted=bool(alive), dropped=everyone)
        assert state.started_s is not None
        if state.last_room_c is None and now_s - state.started_s < self.limits.unavailable_after_s:
            return Sight(room_c=None, awaited=True, dropped=everyone)
        if state.blind_since_s is None:
            state.blind_since_s = now_s
        return Sight(room_c=None, blind_for_s=now_s - state.blind_since_s, dropped=everyone)

    def _alive(self, readings: list[TemperatureReading | None], now_s: float) -> dict[int, TemperatureReading]:
        """Return what can be the temperature of a room and is young enough, by the order of the sensors."""
        alive: dict[int, TemperatureReading] = {}
        for rank, reading in enumerate(readings):
            if reading is None or not BELIEVABLE_C[0] <= reading.celsius <= BELIEVABLE_C[1]:
                self.state.unavailable_since_s.setdefault(rank, now_s)
                continue
            if reading.age_s <= self.limits.stale_after_s:
                alive[rank] = reading
            else:
                self.state.unavailable_since_s.pop(rank, None)
        return alive

    def _trusted(self, alive: dict[int, TemperatureReading], now_s: float) -> dict[int, float]:
        """Return the temperatures that are believed; one that jumped is as good as unavailable meanwhile."""
        trusted: dict[int, float] = {}
        for rank, reading in alive.items():
            others_c = [other.celsius for other_rank, other in alive.items() if other_rank != rank]
            if self.state.witnesses.setdefault(rank, Witness()).believes(reading, others_c, now_s=now_s):
                self.state.unavailable_since_s.pop(rank, None)
                trusted[rank] = reading.celsius
            else:
                self.state.unavailable_since_s.setdefault(rank, now_s)
        return trusted

    def _in_grace(self, readings: list[TemperatureReading | None], now_s: float) -> bool:
        gone = self.state.unavailable_since_s
        return any(
            rank in gone and now_s - gone[rank] < self.limits.unavailable_after_s for rank in range(len(readings))
        )

    def rule(
        self,
        sight: Sight,
        telemetry: Telemetry | None,
        *,
        now_s: float,
        target_c: float,
        outdoor_c: float | None,
        floor_w: float,
        breaker_left_w: float | None,
        breaker_room_w: float | None = None,
        meter_lost: bool = False,
    ) -> Ruling:
        """Return what may be drawn at the most, and why; the first case that holds wins."""
        self._watch_outlet(telemetry, now_s)
        if self._room_too_hot(sight):
            return Ruling(ceiling_w=0.0, why=Why.ROOM_TOO_HOT)
        if self._chip_too_hot(telemetry, now_s):
            return Ruling(ceiling_w=0.0, why=Why.CHIP_TOO_HOT)
        if sight.awaited:
            return Ruling(ceiling_w=0.0, why=Why.SENSOR_AWAITED)
        if sight.room_c is None:
            return self._blind(sight, target_c, outdoor_c, floor_w)
        if breaker_left_w is not None and breaker_left_w < self.limits.power_maximum_w:
            why = Why.BREAKER_METER_LOST if meter_lost else Why.BREAKER
            ceiling_w = breaker_left_w if breaker_left_w >= floor_w else 0.0
            room_w = breaker_left_w if breaker_room_w is None else min(breaker_room_w, self.limits.power_maximum_w)
            return Ruling(ceiling_w=ceiling_w, why=why, left_w=max(room_w, 0.0))
        return self._outlet(floor_w)

    def _outlet(self, floor_w: float) -> Ruling:
        if self.limits.power_maximum_w == inf:
            return Ruling(ceiling_w=inf)
        limit_w = self.limits.power_maximum_w - self.state.outlet_trim_w
        ceiling_w = limit_w if limit_w >= floor_w else 0.0
        return Ruling(ceiling_w=ceiling_w, why=Why.OUTLET_LIMIT, left_w=max(limit_w, 0.0))

    def _watch_outlet(self, telemetry: Telemetry | None, now_s: float) -> None:
        """Tell a device less by what it draws beyond its outlet's limit for minutes."""
        state, drawn_w = self.state, telemetry.power_w if telemetry is not None else None
        over_w = drawn_w - self.limits.power_maximum_w if drawn_w is not None else 0.0
        if not over_w > OUTLET_TOLERANCE_SHARE * self.limits.power_maximum_w:
            state.outlet_over_since_s = None
        elif state.outlet_over_since_s is None:
            state.outlet_over_since_s = now_s
        elif now_s - state.outlet_over_since_s >= OUTLET_PATIENCE_S:
            state.outlet_over_since_s, state.outlet_trim_w = now_s, state.outlet_trim_w + over_w

    def _room_too_hot(self, sight: Sight) -> bool:
        if sight.room_c is None:
            # What happens without a temperature is the rule for lost sensors, not an old latch.
            self.state.room_latched = False
            return False
        limit_c = self.limits.room_maximum_c - (ROOM_RELEASE_K if self.state.room_latched else 0.0)
        hottest_c = sight.hottest_c if sight.hottest_c is not None else sight.room_c
        self.state.room_latched = not hottest_c < limit_c
        return self.state.room_latched

    def _chip_too_hot(self, telemetry: Telemetry | None, now_s: float) -> bool:
        state, chip_c = self.state, telemetry.chip_c if telemetry is not None else None
        if chip_c is not None:
            state.chip_unread_since_s = None
            limit_c = self.limits.chip_maximum_c - (CHIP_RELEASE_K if state.chip_latched else 0.0)
            state.chip_latched = not chip_c < limit_c
            return state.chip_latched
        if state.chip_unread_since_s is None:
            state.chip_unread_since_s = now_s
        if now_s - state.chip_unread_since_s >= self.limits.unavailable_after_s:
            state.chip_latched = False
        return state.chip_latched

    def _blind(self, sight: Sight, target_c: float, outdoor_c: float | None, floor_w: float) -> Ruling:
        last_c = self.state.last_room_c
        was_cold = last_c is not None and last_c < target_c - COLD_MARGIN_K
        if was_cold and sight.blind_for_s < BLIND_FLOOR_S:
            return Ruling(ceiling_w=floor_w, why=Why.SENSOR_STALE_FLOOR)
        frosty = outdoor_c is not None and outdoor_c < FROST_OUTDOOR_C
        if frosty and sight.blind_for_s % HOUR_S < FROST_ON_S:
            return Ruling(ceiling_w=floor_w, why=Why.SENSOR_STALE_FROST)
        return Ruling(ceiling_w=0.0, why=Why.SENSOR_STALE_OFF)
