"""The plug in a device's mains lead: switched seldom, and only on again by whom it was switched off."""

from collections.abc import Mapping
from typing import Any

from ..model.protocols import Plug
from .fields import items, number

# A plug that cuts the mains wears itself and the power supply out.
PLUG_ON_S, PLUG_OFF_S, PLUG_STARTS = 1800.0, 900.0, 6
DAY_S = 86400.0
# Until a switch tells of its new state; also how long to wait before it is told again.
LAG_S = 30.0


class Mains:
    """Cuts the mains of a device that rests. Times are monotonic; errors: BackendError.

    Of a device with no other way to stop (`only`) the shaper keeps the times and the budget; here they are kept for a
    plug that saves the watts of standby.
    """

    def __init__(self, plug: Plug, *, only: bool, now_s: float, stored: Mapping[str, Any] | None = None) -> None:
        self.plug = plug
        self._only = only
        self._cut_by_us = (stored or {}).get("cut_by_us") is True
        self._cuts_at_s = [now_s - ago_s for ago_s in map(number, items(stored, "cuts_ago_s")) if ago_s is not None]
        self._on_at_s = self._restored_on(stored, now_s)
        self._turned_at_s: float | None = None
        self._turned_on = False

    @staticmethod
    def _restored_on(stored: Mapping[str, Any] | None, now_s: float) -> float | None:
        ago_s = number(stored, "on_ago_s", least=0.0)
        return None if ago_s is None else now_s - ago_s

    def as_dict(self, now_s: float) -> dict[str, Any]:
        """Return what a restart must not forget."""
        return {
            "cut_by_us": self._cut_by_us,
            "cuts_ago_s": [now_s - cut_s for cut_s in self._recent_cuts(now_s)],
            "on_ago_s": None if self._on_at_s is None else now_s - self._on_at_s,
        }

    async def follow(self, *, rest: bool, resting: bool, now_s: float) -> bool:
        """Switch what is due; `rest` is wanted, `resting` is so. Returns whether there is nothing else to command."""
        on = self.plug.is_on()
        self._notice(on=on, now_s=now_s)
        if rest:
            due = on is True and (self._only or (resting and self._may_cut(now_s)))
            if due and self._patient(now_s, turned_on=False):
                await self._cut(now_s)
            return due
        if on is not False or not self._cut_by_us:
            return False
        long_enough = self._only or not self._cuts_at_s or now_s - self._cuts_at_s[-1] >= PLUG_OFF_S
        if long_enough and self._patient(now_s, turned_on=True):
            self._turned_at_s, self._turned_on, self._on_at_s = now_s, True, now_s
            await self.plug.turn(on=True)
        return True

    async def _cut(self, now_s: float) -> None:
        # Noted before it is done: a plug that answers too late must not stay off for ever.
        self._cut_by_us = True
        self._turned_at_s, self._turned_on = now_s, False
        self._cuts_at_s = [*self._recent_cuts(now_s), now_s]
        await self.plug.turn(on=False)

    def _notice(self, *, on: bool | None, now_s: float) -> None:
        """Forget that a plug was ours to switch on once it is on, by us or by a person."""
        settled = self._turned_on or self._turned_at_s is None or now_s - self._turned_at_s >= LAG_S
        if on and self._cut_by_us and settled:
            self._cut_by_us = False

    def _patient(self, now_s: float, *, turned_on: bool) -> bool:
        """Return whether the plug was not told the same just now."""
        told_just_now = self._turned_at_s is not None and now_s - self._turned_at_s < LAG_S
        return not (told_just_now and self._turned_on is turned_on)

    def _may_cut(self, now_s: float) -> bool:
        on_long_enough = self._on_at_s is None or now_s - self._on_at_s >= PLUG_ON_S
        return on_long_enough and len(self._recent_cuts(now_s)) < PLUG_STARTS

    def _recent_cuts(self, now_s: float) -> list[float]:
        return [cut_s for cut_s in self._cuts_at_s if now_s - cut_s < DAY_S]
