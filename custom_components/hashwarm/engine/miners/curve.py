"""What each power setting draws: nominal at first, then as measured on this very device."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor, isfinite
from typing import Any

from .driver import PowerLevel

ENOUGH_SAMPLES = 3
LONGEST_MEMORY = 50
# Along a continuous setting the curve is learned at this many places.
PLACES = 20
# A level this close above the power asked for is that level.
CLOSE_SHARE, CLOSE_W = 0.005, 0.5
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
    """Settings and watts of one device, in both directions. Settings are in the device's own unit."""

    def __init__(
        self, levels: tuple[PowerLevel, ...], step: float | None, stored: Mapping[str, Any] | None = None
    ) -> None:
        self._nominal = levels
        self.step = step
        self._measured: dict[float, Measured] = {}
        self._restore(stored or {})
        self.levels = self._learned_levels()

    def learn(self, setting: float, power_w: float, hash_rate_hs: float | None) -> None:
        """Take one sample of a device that has settled at a setting."""
        ratio = power_w / self._nominal_w(setting)
        if not BELIEVABLE_RATIO[0] <= ratio <= BELIEVABLE_RATIO[1]:
            return
        place = self._place(setting)
        known = self._measured.setdefault(place, Measured(ratio=ratio, hash_rate_hs=hash_rate_hs, samples=0))
        known.take(ratio, hash_rate_hs)
        self.levels = self._learned_levels()

    def learned_at(self, setting: float) -> bool:
        """Return whether the watts at this setting were measured on this device."""
        known = self._measured.get(self._place(setting))
        return known is not None and known.enough

    def power_w(self, setting: float) -> float:
        """Return the watts that a setting stands for."""
        if self.step is None:
            return min(self.levels, key=lambda level: abs(level.setting - setting)).power_w
        return self._nominal_w(setting) * self._ratio(setting)

    def setting(self, power_w: float) -> float:
        """Return the highest setting that draws no more than a power; the lowest when none draws so little."""
        if self.step is None:
            limit_w = power_w + max(CLOSE_W, CLOSE_SHARE * power_w)
            fitting = [level.setting for level in self.levels if level.power_w <= limit_w]
            return fitting[-1] if fitting else self.levels[0].setting
        low, high = sorted((self.levels[0].setting, self.levels[-1].setting))
        wanted = _interpolated(power_w, [(level.power_w, level.setting) for level in self.levels])
        return min(max(low + floor((wanted - low) / self.step + 1e-6) * self.step, low), high)

    def label(self, setting: float) -> str:
        """Return what people call a setting."""
        if self.step is None:
            return min(self.levels, key=lambda level: abs(level.setting - setting)).label
        return f"{setting:g}"

    def as_dict(self) -> dict[str, Any]:
        """Return what was measured, in a form that JSON can hold."""
        return {str(place): [known.ratio, known.hash_rate_hs, known.samples] for place, known in self._measured.items()}

    def _restore(self, stored: Mapping[str, Any]) -> None:
        for place, kept in stored.items():
            try:
                ratio, hash_rate_hs, samples = kept
                known = Measured(ratio=float(ratio), hash_rate_hs=hash_rate_hs, samples=int(samples))
                if isfinite(known.ratio) and BELIEVABLE_RATIO[0] <= known.ratio <= BELIEVABLE_RATIO[1]:
                    self._measured[float(place)] = known
            except TypeError, ValueError:
                continue

    def _place(self, setting: float) -> float:
        """Return under which setting a sample is kept."""
        if self.step is None:
            return min(self._nominal, key=lambda level: abs(level.setting - setting)).setting
        low, high = self._nominal[0].setting, self._nominal[-1].setting
        share = (setting - low) / (high - low) if high != low else 0.0
        return round(low + round(share * PLACES) / PLACES * (high - low), 6)

    def _nominal_w(self, setting: float) -> float:
        if self.step is None:
            return min(self._nominal, key=lambda level: abs(level.setting - setting)).power_w
        return max(_interpolated(setting, [(level.setting, level.power_w) for level in self._nominal]), 1e-3)

    def _ratio(self, setting: float) -> float:
        known = sorted((self._nominal_w(place), kept.ratio) for place, kept in self._measured.items() if kept.enough)
        return _interpolated(self._nominal_w(setting), known) if known else 1.0

    def _learned_levels(self) -> tuple[PowerLevel, ...]:
        """Return the levels with the watts of now, still rising."""
        levels: list[PowerLevel] = []
        for level in self._points():
            known = self._measured.get(self._place(level.setting))
            hash_rate_hs = known.hash_rate_hs if known is not None and known.enough else level.hash_rate_hs
            power_w = level.power_w * self._ratio(level.setting)
            if levels:
                power_w = max(power_w, levels[-1].power_w + CLOSE_W / 10)
            levels.append(replace(level, power_w=power_w, hash_rate_hs=hash_rate_hs))
        return tuple(levels)

    def _points(self) -> list[PowerLevel]:
        """Return the nominal levels and, along a continuous setting, the places that were measured between them."""
        if self.step is None:
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
