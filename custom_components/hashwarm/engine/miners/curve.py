"""What each power setting draws: nominal at first, then as measured on this very device."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor
from typing import Any

from .driver import PowerLevel
from .fields import number, whole
from .limits import Limits, within

ENOUGH_SAMPLES = 3
LONGEST_MEMORY = 50
# Along a continuous setting the curve is learned at this many places.
PLACES = 20
# A level this close above the power asked for is that level.
CLOSE_SHARE, CLOSE_W = 0.005, 0.5
SAME_SETTING = 0.01
BELIEVABLE_RATIO = (0.2, 5.0)


@dataclass(kw_only=True)
class Measured:
    """The mean of what was drawn and hashed at one setting, as a share of the nominal watts."""

    ratio: float
    hash_rate_hs: float | None
    samples: int

    def take(self, ratio: float, hash_rate_hs: float | None) -> None:
        """Let one more sample move the mean."""
        self.samples = min(self.samples + 1, LONGEST_MEMORY)
        self.ratio += (ratio - self.ratio) / self.samples
        if hash_rate_hs is not None:
            before_hs = self.hash_rate_hs if self.hash_rate_hs is not None else hash_rate_hs
            self.hash_rate_hs = before_hs + (hash_rate_hs - before_hs) / self.samples

    @property
    def enough(self) -> bool:
        """Return whether the mean can be told from chance."""
        return self.samples >= ENOUGH_SAMPLES


class PowerCurve:
    """Settings and watts of one device, in both directions. Settings are in the device's own unit.

    `levels` are those that a person's limits leave, with the watts of now, rising; what was learned is kept for all.
    """

    def __init__(
        self,
        levels: tuple[PowerLevel, ...],
        step: float | None,
        limits: Limits,
        stored: Mapping[str, Any] | None = None,
    ) -> None:
        self._nominal = levels
        self._step = step
        self._limits = limits
        self._measured: dict[float, Measured] = {}
        self._restore(stored or {})
        self._compute()

    def learn(self, setting: float, power_w: float, hash_rate_hs: float | None) -> None:
        """Take one sample of a device that has settled at a setting; one that is none of its levels teaches nothing."""
        place = self._place(setting)
        if place is None:
            return
        ratio = power_w / max(self._nominal_w(setting), 1e-3)
        if not BELIEVABLE_RATIO[0] <= ratio <= BELIEVABLE_RATIO[1]:
            return
        known = self._measured.setdefault(place, Measured(ratio=ratio, hash_rate_hs=hash_rate_hs, samples=0))
        known.take(ratio, hash_rate_hs)
        self._compute()

    def learned_at(self, setting: float) -> bool:
        """Return whether the watts at this setting were measured on this device."""
        place = self._place(setting)
        return place is not None and place in self._measured and self._measured[place].enough

    def power_w(self, setting: float) -> float | None:
        """Return the watts that a setting stands for; None for one beyond all that are known."""
        return self._along([(level.setting, level.power_w) for level in self._all], setting)

    def hash_rate_hs(self, setting: float) -> float | None:
        """Return the hash rate that a setting stands for, None where it is not known."""
        known = [(level.setting, level.hash_rate_hs) for level in self._all if level.hash_rate_hs is not None]
        return self._along(known, setting) if known else None

    def setting(self, power_w: float) -> float:
        """Return the highest setting that draws no more than a power; the lowest when none draws so little."""
        lowest, highest = self.levels[0].setting, self.levels[-1].setting
        if self._step is None:
            limit_w = power_w + max(CLOSE_W, CLOSE_SHARE * power_w)
            return next((level.setting for level in reversed(self.levels) if level.power_w <= limit_w), lowest)
        wanted = _interpolated(power_w, [(level.power_w, level.setting) for level in self._all])
        return min(max(self._stepped_down(wanted), min(lowest, highest)), max(lowest, highest))

    def label(self, setting: float) -> str | None:
        """Return what people call a setting; None for one beyond all that are known."""
        if self.power_w(setting) is None:
            return None
        exact = (level.label for level in self._nominal if abs(level.setting - setting) <= SAME_SETTING)
        return next(exact, f"{setting:g}") if self._step is None else f"{setting:g}"

    def as_dict(self) -> dict[str, Any]:
        """Return what was measured, in a form that JSON can hold."""
        return {str(place): [known.ratio, known.hash_rate_hs, known.samples] for place, known in self._measured.items()}

    def _along(self, points: list[tuple[float, float]], setting: float) -> float | None:
        """Return what belongs to a setting; between two levels only where their numbers rise with their power."""
        for place, value in points:
            if abs(place - setting) <= SAME_SETTING:
                return value
        rising = sorted(points)
        tells_between = self._step is not None or points == rising
        return _interpolated(setting, rising) if tells_between and rising[0][0] < setting < rising[-1][0] else None

    def _stepped_down(self, setting: float) -> float:
        """Return the multiple of the step next to a setting, on the side that draws less."""
        assert self._step is not None
        first, last = self._nominal[0].setting, self._nominal[-1].setting
        steps = floor(abs(setting - first) / self._step + 1e-6)
        return round(first + (steps if last >= first else -steps) * self._step, 6)

    def _restore(self, stored: Mapping[str, Any]) -> None:
        for name, kept in stored.items():
            place, ratio = number(name), number(kept, 0, least=BELIEVABLE_RATIO[0], most=BELIEVABLE_RATIO[1])
            samples = whole(kept, 2, least=1, most=LONGEST_MEMORY)
            if place is not None and ratio is not None and samples is not None and self._place(place) == place:
                hash_rate_hs = number(kept, 1, least=0.0)
                self._measured[place] = Measured(ratio=ratio, hash_rate_hs=hash_rate_hs, samples=samples)

    def _place(self, setting: float) -> float | None:
        """Return under which setting a sample is kept, None for one beyond all that are known."""
        if self._step is None:
            exact = (level.setting for level in self._nominal if abs(level.setting - setting) <= SAME_SETTING)
            return next(exact, None)
        low, high = sorted((self._nominal[0].setting, self._nominal[-1].setting))
        if not low - SAME_SETTING <= setting <= high + SAME_SETTING:
            return None
        share = (setting - low) / (high - low) if high != low else 0.0
        return round(low + round(share * PLACES) / PLACES * (high - low), 6)

    def _nominal_w(self, setting: float) -> float:
        return _interpolated(setting, sorted((level.setting, level.power_w) for level in self._nominal))

    def _compute(self) -> None:
        """Work out the levels with the watts of now, never falling, and which of them the limits leave."""
        ratios = sorted(
            (self._nominal_w(place), known.ratio) for place, known in self._measured.items() if known.enough
        )
        levels: list[PowerLevel] = []
        for level in self._points():
            power_w = level.power_w * (_interpolated(level.power_w, ratios) if ratios else 1.0)
            if levels:
                power_w = max(power_w, levels[-1].power_w)
            known = self._measured.get(self._place(level.setting) or level.setting)
            hash_rate_hs = known.hash_rate_hs if known is not None and known.enough else level.hash_rate_hs
            levels.append(replace(level, power_w=power_w, hash_rate_hs=hash_rate_hs))
        self._all = tuple(levels)
        self.levels = within(self._all, self._step, self._limits)

    def _points(self) -> list[PowerLevel]:
        """Return the nominal levels and, along a continuous setting, the places that were measured between them."""
        if self._step is None:
            return list(self._nominal)
        known = {level.setting for level in self._nominal}
        between = [
            PowerLevel(setting=place, label=f"{place:g}", power_w=self._nominal_w(place))
            for place, measured in self._measured.items()
            if measured.enough and place not in known
        ]
        return sorted([*self._nominal, *between], key=lambda level: level.power_w)


def _interpolated(x: float, points: list[tuple[float, float]]) -> float:
    """Return y at x on the line through points with rising x, level beyond its ends."""
    places = [place for place, _ in points]
    index = bisect_left(places, x)
    if index == 0:
        return points[0][1]
    if index == len(points):
        return points[-1][1]
    (left_x, left_y), (right_x, right_y) = points[index - 1], points[index]
    return left_y + (right_y - left_y) * (x - left_x) / (right_x - left_x)
