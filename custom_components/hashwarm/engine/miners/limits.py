"""A person's limits on a device's levels."""

from dataclasses import dataclass
from math import ceil, floor

from .driver import PowerLevel


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The lowest running and the highest power that a person allows, in W; None leaves it to the device."""

    minimum_w: float | None = None
    maximum_w: float | None = None


def within(levels: tuple[PowerLevel, ...], step: float | None, limits: Limits) -> tuple[PowerLevel, ...]:
    """Return the levels that the limits leave; at least one, for a limit never makes a device unusable.

    Of two limits that leave nothing between them the maximum counts.
    """
    low_w = limits.minimum_w if limits.minimum_w is not None else levels[0].power_w
    high_w = limits.maximum_w if limits.maximum_w is not None else levels[-1].power_w
    if step is not None and levels[0].setting != levels[-1].setting:
        return _clipped(levels, step, low_w, high_w)
    left = tuple(level for level in levels if low_w <= level.power_w <= high_w)
    under = [level for level in levels if level.power_w <= high_w]
    return left or (under[-1] if under else levels[0],)


def _clipped(levels: tuple[PowerLevel, ...], step: float, low_w: float, high_w: float) -> tuple[PowerLevel, ...]:
    """Cut a continuous curve at two powers, on whole steps inside of them."""
    low = _level_at(levels, step, low_w, upwards=True)
    high = _level_at(levels, step, high_w, upwards=False)
    between = tuple(level for level in levels if low.power_w < level.power_w < high.power_w)
    return (low, *between, high) if low.power_w < high.power_w else (high,)


def _level_at(levels: tuple[PowerLevel, ...], step: float, power_w: float, *, upwards: bool) -> PowerLevel:
    """Return the level at a power, moved to a whole step."""
    if power_w <= levels[0].power_w:
        return levels[0]
    if power_w >= levels[-1].power_w:
        return levels[-1]
    first = levels[0].setting
    right = next(index for index, level in enumerate(levels) if level.power_w >= power_w)
    left_level, right_level = levels[right - 1], levels[right]
    per_w = (right_level.setting - left_level.setting) / (right_level.power_w - left_level.power_w)
    exact = abs(left_level.setting + per_w * (power_w - left_level.power_w) - first) / step
    steps = ceil(exact - 1e-6) if upwards else floor(exact + 1e-6)
    setting = round(first + (steps if per_w > 0.0 else -steps) * step, 6)
    at_w = left_level.power_w + (setting - left_level.setting) / per_w
    return PowerLevel(setting=setting, label=f"{setting:g}", power_w=at_w)
