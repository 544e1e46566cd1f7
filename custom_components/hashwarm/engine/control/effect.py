"""Does the heat reach the room? Watts drawn for hours while the room falls are told of; nothing is cut for it."""

from collections import deque
from dataclasses import dataclass, field

from ..model.planning import Expectation

LOOK_BACK_S = 3 * 3600.0
EVERY_S = 60.0
# A gap longer than this ends what was seen before.
LONGEST_GAP_S = 900.0
WORKING_SHARE = 0.6
FALL_K = 0.5
# No shut room falls this far from one look to the next: its sensor was moved or replaced.
JUMP_K = 1.2
OUTDOOR_FALL_K = 3.0
# A room is behind what a model expects beyond this, and beyond so many of its own errors.
BEHIND_K = 1.5
BEHIND_ERRORS = 3.0
RISE_K = 0.2


@dataclass(frozen=True, kw_only=True)
class EffectMoment:
    """A look at room and heater; `now_s` is monotonic, temperatures in °C."""

    now_s: float
    room_c: float | None
    target_c: float
    outdoor_c: float | None
    power_share: float | None
    window_open: bool = False
    expected: Expectation | None = None
    """Of the room now; None without a model that is trusted."""


@dataclass(kw_only=True)
class EffectWatch:
    """Latches a room that does not follow its heater, until it warms."""

    _moments: deque[EffectMoment] = field(default_factory=deque)
    _latched_c: float | None = None
    """The coldest since the warning began."""

    def step(self, moment: EffectMoment) -> bool:
        """Return whether heat is paid for that the room does not get."""
        if not self._keep(moment):
            return self._latched_c is not None
        assert moment.room_c is not None
        if self._latched_c is not None:
            self._latched_c = min(self._latched_c, moment.room_c)
            if moment.room_c >= self._latched_c + RISE_K:
                self._forget()
        elif self._without_effect(moment):
            self._latched_c = moment.room_c
        return self._latched_c is not None

    def _keep(self, moment: EffectMoment) -> bool:
        """Keep one look a minute while the heater works into a cold, shut room; say whether it was kept."""
        works = moment.power_share is not None and moment.power_share >= WORKING_SHARE
        if moment.room_c is None or not works or moment.window_open or moment.room_c >= moment.target_c:
            self._forget()
            return False
        since_s = moment.now_s - self._moments[-1].now_s if self._moments else EVERY_S
        if since_s < EVERY_S:
            return False
        if since_s > LONGEST_GAP_S or self._jumped(moment.room_c):
            self._moments.clear()
        self._moments.append(moment)
        while self._moments[0].now_s < moment.now_s - LOOK_BACK_S:
            self._moments.popleft()
        return True

    def _jumped(self, room_c: float) -> bool:
        """Return whether the sensor says something else than the look before; what it said then tells nothing now."""
        before_c = self._moments[-1].room_c if self._moments else None
        return before_c is not None and abs(room_c - before_c) > JUMP_K

    def _without_effect(self, moment: EffectMoment) -> bool:
        first = self._moments[0]
        if moment.now_s - first.now_s < LOOK_BACK_S - 2 * EVERY_S:
            return False
        assert moment.room_c is not None
        assert first.room_c is not None
        if (expected := moment.expected) is not None:
            return moment.room_c < expected.room_c - max(BEHIND_K, BEHIND_ERRORS * expected.unsure_k)
        if _fallen_k(first.outdoor_c, moment.outdoor_c) > OUTDOOR_FALL_K:
            # Plain physics cannot tell a heater that is too small for a sudden cold from one that heats elsewhere.
            return False
        return moment.room_c <= first.room_c - FALL_K

    def _forget(self) -> None:
        self._moments.clear()
        self._latched_c = None


def _fallen_k(before_c: float | None, after_c: float | None) -> float:
    return before_c - after_c if before_c is not None and after_c is not None else 0.0
