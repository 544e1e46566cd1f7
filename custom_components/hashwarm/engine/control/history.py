"""What the room did, five minutes by five minutes; the planner learns from it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import isfinite, isnan, nan
from struct import Struct
from typing import Any, Self

from ..model.planning import RoomSample, SunOnWalls
from .stored import finite
from .sun import DARK

LOOK_S = 300.0
PACKED = Struct("<8d?")
KEPT_S = 14 * 86400.0
# A slot whose power was seen for less than this share of it says too little.
LEAST_SHARE = 0.5
LONGEST_SAMPLE_S = 600.0
# A sample this much older than the last one is no straggler: the clock was set back.
SET_BACK_S = 3600.0
BELIEVABLE_ROOM_C = (-40.0, 60.0)
BELIEVABLE_OUTDOOR_C = (-60.0, 60.0)


@dataclass(frozen=True, kw_only=True)
class PastSlot:
    """Five minutes: the room in °C at its end, means of the rest; None where unknown."""

    at: float
    room_c: float | None
    outdoor_c: float | None
    power_w: float | None
    sun: SunOnWalls = DARK
    disturbed: bool = False


@dataclass(kw_only=True)
class _Gathering:
    """The slot that is being lived through."""

    at: float
    room_c: float | None = None
    disturbed: bool = False
    sums: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    sun: SunOnWalls = DARK

    def add(self, name: str, value: float | None, seconds: float) -> None:
        if value is None or not isfinite(value):
            return
        self.sums[name] = self.sums.get(name, 0.0) + value * seconds
        self.weights[name] = self.weights.get(name, 0.0) + seconds

    def mean(self, name: str, least_s: float) -> float | None:
        weight = self.weights.get(name, 0.0)
        return self.sums[name] / weight if weight > 0.0 and weight >= least_s else None

    def closed(self) -> PastSlot:
        return PastSlot(
            at=self.at,
            room_c=self.room_c,
            outdoor_c=self.mean("outdoor", 0.0),
            power_w=self.mean("power", LEAST_SHARE * LOOK_S),
            sun=self.sun,
            disturbed=self.disturbed,
        )


class History:
    """Gathers samples into slots and forgets what is older than two weeks; samples that go back in time are refused.

    After a clock that was set back what was seen in its future is forgotten, and it goes on from there.
    """

    def __init__(self, slots: Iterable[PastSlot] = ()) -> None:
        # Packed, for a home with many heaters: two weeks of objects would be megabytes for each.
        self._slots: deque[bytes] = deque(_packed(slot) for slot in slots)
        self._gathering: _Gathering | None = None
        self._last: RoomSample | None = None

    def add(self, sample: RoomSample) -> bool:
        """Take a sample, and return whether a slot was completed by it."""
        if not isfinite(sample.at):
            return False
        if self._last is None or sample.at < self._last.at - SET_BACK_S:
            self._begin_at(sample.at)
        last = self._last
        if last is not None and sample.at <= last.at:
            return False
        began = sample.at // LOOK_S * LOOK_S
        self._turn(began)
        completed = last is not None and sample.at // LOOK_S != last.at // LOOK_S
        assert self._gathering is not None
        if last is not None:
            self._gather(self._gathering, last, sample.at - max(last.at, began))
        if sample.room_c is not None and BELIEVABLE_ROOM_C[0] <= sample.room_c <= BELIEVABLE_ROOM_C[1]:
            self._gathering.room_c = sample.room_c
        self._gathering.sun = sample.sun or self._gathering.sun
        self._gathering.disturbed |= sample.disturbed
        self._last = sample
        return completed

    def seed(self, slots: Iterable[PastSlot]) -> None:
        """Take what others recorded, as far as it is older than what was seen."""
        first = _at(self._slots[0]) if self._slots else None
        older = [slot for slot in slots if first is None or slot.at < first]
        self._slots.extendleft(_packed(slot) for slot in sorted(older, key=lambda slot: slot.at, reverse=True))

    def retell(self, slots: Iterable[PastSlot]) -> None:
        """Take the weather of what was seen from others who know it better now; room and power stay as seen."""
        told = {slot.at: slot for slot in slots}
        self._slots = deque(_packed(_retold(slot, told.get(slot.at))) for slot in self.slots())

    def slots(self, newest: int | None = None) -> list[PastSlot]:
        """Return the completed slots, or so many of the newest, oldest first; a copy, for another thread to read."""
        packed = list(self._slots)
        return [_unpacked(slot) for slot in (packed if newest is None else packed[-newest:])]

    @property
    def hours(self) -> float:
        """Return how many hours of the room were seen."""
        return len(self._slots) * LOOK_S / 3600.0

    def as_dict(self) -> dict[str, Any]:
        """Return a form that JSON can hold, short: there are thousands of slots."""
        return {"slots": [_row(slot) for slot in self.slots()]}

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Read what `as_dict` wrote; rows that cannot be read are left out."""
        rows = stored.get("slots") if isinstance(stored, dict) else None
        slots = [slot for row in rows if (slot := _slot(row)) is not None] if isinstance(rows, list) else []
        slots.sort(key=lambda slot: slot.at)
        return cls({slot.at: slot for slot in slots}.values())

    def _begin_at(self, at: float) -> None:
        """Forget what is later than a time that is the present."""
        self._gathering = self._last = None
        while self._slots and _at(self._slots[-1]) > at:
            self._slots.pop()

    def _turn(self, began: float) -> None:
        gathering = self._gathering
        if gathering is not None and gathering.at == began:
            return
        if gathering is not None:
            if self._last is not None:
                self._gather(gathering, self._last, min(gathering.at + LOOK_S - self._last.at, LONGEST_SAMPLE_S))
            if not self._slots or _at(self._slots[-1]) < gathering.at:
                self._slots.append(_packed(gathering.closed()))
        self._gathering = _Gathering(at=began)
        while self._slots and _at(self._slots[0]) < began - KEPT_S:
            self._slots.popleft()

    def _gather(self, gathering: _Gathering, sample: RoomSample, seconds: float) -> None:
        seconds = min(max(seconds, 0.0), LONGEST_SAMPLE_S)
        gathering.add("power", sample.power_w, seconds)
        outdoor_c = sample.outdoor_c
        if outdoor_c is not None and BELIEVABLE_OUTDOOR_C[0] <= outdoor_c <= BELIEVABLE_OUTDOOR_C[1]:
            gathering.add("outdoor", outdoor_c, seconds)
        gathering.disturbed |= sample.disturbed


def _retold(slot: PastSlot, told: PastSlot | None) -> PastSlot:
    if told is None:
        return slot
    return replace(slot, sun=told.sun, outdoor_c=slot.outdoor_c if told.outdoor_c is None else told.outdoor_c)


def _packed(slot: PastSlot) -> bytes:
    sun = slot.sun
    known = (nan if figure is None else figure for figure in (slot.room_c, slot.outdoor_c, slot.power_w))
    return PACKED.pack(slot.at, *known, sun.level, sun.east, sun.equator, sun.west, slot.disturbed)


def _unpacked(packed: bytes) -> PastSlot:
    at, room_c, outdoor_c, power_w, level, east, equator, west, disturbed = PACKED.unpack(packed)
    return PastSlot(
        at=at,
        room_c=None if isnan(room_c) else room_c,
        outdoor_c=None if isnan(outdoor_c) else outdoor_c,
        power_w=None if isnan(power_w) else power_w,
        sun=SunOnWalls(level=level, east=east, equator=equator, west=west),
        disturbed=disturbed,
    )


def _at(packed: bytes) -> float:
    at: float = PACKED.unpack(packed)[0]
    return at


def _row(slot: PastSlot) -> list[Any]:
    sun = slot.sun
    figures = (slot.room_c, slot.outdoor_c, slot.power_w, sun.level, sun.east, sun.equator, sun.west)
    return [slot.at, *(None if figure is None else round(figure, 2) for figure in figures), int(slot.disturbed)]


def _slot(row: Any) -> PastSlot | None:
    try:
        at, room_c, outdoor_c, power_w, level, east, equator, west, disturbed = row
        figures = [None if figure is None else finite(figure) for figure in (room_c, outdoor_c, power_w)]
        sun = SunOnWalls(level=finite(level), east=finite(east), equator=finite(equator), west=finite(west))
        return PastSlot(
            at=finite(at),
            room_c=figures[0],
            outdoor_c=figures[1],
            power_w=figures[2],
            sun=sun,
            disturbed=bool(disturbed),
        )
    except TypeError, ValueError:
        return None
