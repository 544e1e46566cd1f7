"""From watts to a setting: the same for the same watts, until what was learned makes it plainly wrong."""

from collections.abc import Mapping
from math import isclose
from typing import Any

from .commander import PAUSE, Wanted
from .curve import PowerCurve
from .driver import MinerProfile
from .fields import number

# Watts learned anew move the setting that a power stands for only when they are wrong by more than this.
KEPT_WITHIN_SHARE = 0.02


class Wishes:
    """Turns the watts asked for into what a device is wanted to do. Times are monotonic."""

    def __init__(
        self, profile: MinerProfile, curve: PowerCurve, *, now_s: float, stored: Mapping[str, Any] | None = None
    ) -> None:
        self._profile = profile
        self._curve = curve
        self._asked_w = number(stored, "power_w")
        self._setting = number(stored, "setting")
        self._mapped_at_s = now_s

    def as_dict(self) -> dict[str, Any]:
        """Return what a restart must not forget, or it would write where nothing changed."""
        return {"power_w": self._asked_w, "setting": self._setting}

    def wanted(self, power_w: float, now_s: float, *, can_rest: bool) -> Wanted:
        """Return what to want for a power in W; a device that cannot rest goes as low as it can instead."""
        if power_w > 0.0:
            return self._at(self._setting_for(power_w, now_s))
        return PAUSE if can_rest else self.lowest

    @property
    def lowest(self) -> Wanted:
        """Return the floor."""
        return self._at(self._curve.levels[0].setting)

    def _at(self, setting: float) -> Wanted:
        return Wanted(setting=setting, power_w=self._curve.power_w(setting) or 0.0)

    def _setting_for(self, power_w: float, now_s: float) -> float:
        setting = self._curve.setting(power_w)
        kept = self._kept(power_w, now_s) if setting != self._setting else setting
        if kept is not None:
            return kept
        self._asked_w, self._setting, self._mapped_at_s = power_w, setting, now_s
        return setting

    def _kept(self, power_w: float, now_s: float) -> float | None:
        """Return the setting that stood for this power before, None where it must be worked out anew."""
        if self._setting is None or self._asked_w is None or not isclose(self._asked_w, power_w):
            return None
        stands_for_w, levels = self._curve.power_w(self._setting), self._curve.levels
        if stands_for_w is None or not levels[0].power_w <= stands_for_w <= levels[-1].power_w:
            return None
        early = now_s - self._mapped_at_s < self._profile.write_interval_s
        return self._setting if early or abs(stands_for_w - power_w) <= KEPT_WITHIN_SHARE * power_w else None
