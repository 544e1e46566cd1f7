"""Power samples into energy: pure, gap-safe, and blind to the wall clock."""

from dataclasses import dataclass
import math
from typing import TypeIs

from ..model.capabilities import PowerSource
from .quantities import MJ_PER_KWH

MAX_GAP_S = 30.0
"""Samples further apart leave unmeasured time between them."""
_MAX_POWER_W = 1_000_000.0
_MICRO = 1_000_000
_TWICE_NJ_PER_MJ = 2_000_000
_MAX_HASHES = 2**72
"""A step's worth that no device reaches; the sums of a day of them stay within the ledger's columns."""
_COUNTER_MAX_POWER_W = 100_000
_COUNTER_SLACK_MJ = MJ_PER_KWH
"""A coarse counter may step by a whole kWh."""


@dataclass(frozen=True, kw_only=True)
class HeaterSample:
    """What one heater reads at one moment."""

    at_s: float
    """Monotonic."""
    power_w: float | None = None
    power_source: PowerSource | None = None
    energy_mj: int | None = None
    """The device's own counter."""
    share_work: int | None = None
    """Accepted since its session began, in hashes."""
    hashes: int | None = None
    """Counted since its device started."""
    running: bool = False
    stands_for_s: float = 0.0
    """A device that is asked seldom: samples this far apart belong together."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happened between two samples. Either energy is known, or the whole length is unmeasured."""

    length_ms: int
    energy_mj: int
    unmeasured_ms: int
    share_work: int
    hashes: int
    gap: bool
    """The samples were too far apart to belong to one running interval."""


class Meter:
    """Adds up one heater's samples; every number is an integer and every remainder is carried."""

    def __init__(self, max_gap_s: float = MAX_GAP_S) -> None:
        self._max_gap_ms = round(max_gap_s * 1000)
        self._at_ms: int | None = None
        self._power_uw: int | None = None
        self._remainder = 0
        self._counter_mj: int | None = None
        self._since_counter_mj = 0
        self._since_counter_ms = 0
        self._share_work = _Counted()
        self._hashes = _Counted()

    @property
    def used(self) -> bool:
        """Tell whether it has seen a sample."""
        return self._at_ms is not None

    @property
    def counter_mj(self) -> int | None:
        """The device's own counter as last seen."""
        return self._counter_mj

    def add(self, sample: HeaterSample) -> Step | None:
        """Take a sample; return the step from the one before, None for the first and for one that is not newer."""
        at_ms = round(sample.at_s * 1000)
        if self._at_ms is not None and at_ms <= self._at_ms:
            return None
        power_uw = _power_uw(sample.power_w)
        share_work = self._share_work.grown(sample.share_work)
        hashes = self._hashes.grown(sample.hashes)
        length_ms = None if self._at_ms is None else at_ms - self._at_ms
        gap = (length_ms or 0) > max(self._max_gap_ms, round(sample.stands_for_s * 1000))
        energy_mj = self._energy(length_ms or 0, power_uw, sample.energy_mj, gap=gap)
        self._at_ms, self._power_uw = at_ms, power_uw
        if length_ms is None:
            return None
        return Step(
            length_ms=length_ms,
            energy_mj=energy_mj or 0,
            unmeasured_ms=length_ms if energy_mj is None else 0,
            share_work=share_work,
            hashes=hashes,
            gap=gap,
        )

    def _energy(self, length_ms: int, power_uw: int | None, counter_mj: int | None, *, gap: bool) -> int | None:
        """Return the step's energy in mJ, from the device's own counter where it has one, None when unmeasured."""
        counted = self._counted(length_ms, counter_mj)
        if counted is not None:
            return counted
        measured = None if gap else self._integrated(length_ms, power_uw)
        if not _is_count(counter_mj):
            self._since_counter_mj += measured or 0
        return measured

    def _counted(self, length_ms: int, counter_mj: int | None) -> int | None:
        """Return what the counter grew by, less what was integrated while it was away; None without a usable one."""
        self._since_counter_ms += length_ms
        if not _is_count(counter_mj):
            return None
        last, self._counter_mj = self._counter_mj, counter_mj
        booked, self._since_counter_mj = self._since_counter_mj, 0
        since_ms, self._since_counter_ms = self._since_counter_ms, 0
        grown = None if last is None else counter_growth(last, counter_mj, since_ms)
        return None if grown is None else max(0, grown - booked)

    def _integrated(self, length_ms: int, power_uw: int | None) -> int | None:
        """Return the trapezoid between both powers, None where either is unknown."""
        if power_uw is None or self._power_uw is None:
            return None
        whole, self._remainder = divmod(
            (power_uw + self._power_uw) * length_ms + self._remainder,
            _TWICE_NJ_PER_MJ,
        )
        return whole


class _Counted:
    """A count that starts anew with each session of its source; the first value seen is where counting begins."""

    def __init__(self) -> None:
        self._last: int | None = None

    def grown(self, count: int | None) -> int:
        """Return what came since the last value; a lower value is a new session, all of which is new."""
        if not _is_count(count):
            return 0
        last, self._last = self._last, count
        if last is None:
            return 0
        grown = count - last if count >= last else count
        return grown if grown < _MAX_HASHES else 0


def _is_count(count: int | None) -> TypeIs[int]:
    """Tell whether a counter said something that it can say."""
    return count is not None and count >= 0


def counter_growth(before_mj: int, after_mj: int, length_ms: int) -> int | None:
    """Return what an energy counter grew by, None where it was reset or jumped beyond belief."""
    grown = after_mj - before_mj
    believable = 0 <= grown <= _COUNTER_MAX_POWER_W * length_ms + _COUNTER_SLACK_MJ
    return grown if believable else None


def _power_uw(power_w: float | None) -> int | None:
    """Return a power in uW, None for what cannot be one."""
    if power_w is None or not math.isfinite(power_w) or not 0 <= power_w <= _MAX_POWER_W:
        return None
    return round(power_w * _MICRO)
