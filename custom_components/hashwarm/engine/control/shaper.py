"""From a heat demand to the command a device can obey: floor, levels, minimum times, restart budget."""

from dataclasses import dataclass, field
from math import inf

from ..model.capabilities import Capabilities
from ..model.control import Why

DAY_S = 86400.0
HOUR_S = 3600.0
# Where nothing else sets the pace, energy owed by this much time at one level turns a device over to the next.
CYCLE_S = 30.0
LONGEST_CYCLE_S = 4 * HOUR_S
# A device that bears few writes is left alone while the demand stays this close, as a share of its maximum.
DEADBAND_SHARE = 0.02


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """A legal command in W, and what bent it, None when it is the demand itself."""

    power_w: float
    why: Why | None = None


@dataclass(kw_only=True)
class ShaperState:
    """What the shaper remembers; times on the wall, as Unix seconds, so that a restart forgets nothing."""

    power_w: float = 0.0
    changed_at: float | None = None
    """Of the last turn between on and off."""
    starts_at: list[float] = field(default_factory=list)
    owed_ws: float = 0.0
    """Energy demanded and not commanded, in Ws; negative when ahead."""
    written_at: float | None = None


class Shaper:
    """Keeps the mean of what is commanded equal to the demand as far as the device allows."""

    def __init__(self, state: ShaperState | None = None) -> None:
        self.state = state or ShaperState()

    def step(
        self,
        demand_w: float,
        capabilities: Capabilities,
        *,
        now: float,
        elapsed_s: float,
        ceiling_w: float = inf,
        cold: bool = False,
        frost: bool = False,
        cycle_ws: float = 0.0,
    ) -> Shaped:
        """Return the command for a demand, none of it above the ceiling; `now` is Unix time.

        `cold` says that the room is under the comfort floor; `frost` that a start must not wait for anything;
        `cycle_ws` is the heat that may be owed to the room, or ahead, before somebody notices.
        """
        demand_w = min(max(demand_w, 0.0), capabilities.maximum_w, ceiling_w)
        self._follow_levels(capabilities)
        self.state.owed_ws += (demand_w - self.state.power_w) * elapsed_s
        wanted_w = self._level(demand_w, capabilities, ceiling_w, cycle_ws)
        shaped = self._within_times(wanted_w, demand_w, capabilities, now=now, cold=cold, frost=frost)
        return self._commit(shaped, capabilities, now, ceiling_w)

    def force(self, power_w: float, *, now: float) -> None:
        """Take note of a command that the governor or the person gave past the minimum times."""
        self.state.owed_ws = 0.0
        self._turn(power_w, now)
        self.state.power_w = power_w

    def starts_between(self, since: float, now: float) -> int:
        """Return how often the device was started since a Unix time; a start in the future is a clock set back."""
        return sum(1 for start in self.state.starts_at if since <= start <= now)

    def out_of_starts(self, capabilities: Capabilities, *, now: float, cold: bool) -> bool:
        """Return whether the device is off and the restart budget keeps it so; `cold` allows one start an hour."""
        if self.state.power_w > 0.0 or not self._budget_spent(capabilities, now):
            return False
        return not cold or self.starts_between(now - HOUR_S, now) > 0

    def _follow_levels(self, capabilities: Capabilities) -> None:
        """Keep the level that runs when its watts were learned anew; that is no change of the command."""
        if capabilities.levels_w and self.state.power_w > 0.0:
            self.state.power_w = min(capabilities.levels_w, key=lambda level_w: abs(level_w - self.state.power_w))

    def _level(self, demand_w: float, capabilities: Capabilities, ceiling_w: float, cycle_ws: float) -> float:
        if demand_w <= 0.0:
            self.state.owed_ws = min(self.state.owed_ws, 0.0)
            return 0.0
        if demand_w < capabilities.floor_w:
            upper_w = capabilities.floor_w if capabilities.floor_w <= ceiling_w else 0.0
            return self._alternate(0.0, upper_w, max(_turning_s(capabilities), _longest_s(upper_w, cycle_ws)))
        if not capabilities.levels_w:
            return self._between(demand_w, capabilities, ceiling_w)
        lower_w = max((level for level in capabilities.levels_w if level <= demand_w), default=0.0)
        upper_w = min((level for level in capabilities.levels_w if demand_w <= level <= ceiling_w), default=lower_w)
        return self._alternate(lower_w, upper_w, _dimming_s(capabilities))

    def _between(self, demand_w: float, capabilities: Capabilities, ceiling_w: float) -> float:
        """Follow the demand; a device that bears few writes only when it strays, and then back what was owed."""
        if capabilities.write_interval_s <= 0.0 or self.state.power_w <= 0.0:
            self.state.owed_ws = 0.0
            return demand_w
        band_w, pace_s = max(capabilities.step_w, DEADBAND_SHARE * capabilities.maximum_w), 4 * _dimming_s(capabilities)
        owed_w = self._bounded(band_w * pace_s) / pace_s
        strays = abs(demand_w - self.state.power_w) > band_w or abs(owed_w) >= band_w
        if self.state.power_w >= capabilities.floor_w and not strays:
            return min(self.state.power_w, ceiling_w)
        return min(max(demand_w + owed_w, capabilities.floor_w), capabilities.maximum_w, ceiling_w)

    def _alternate(self, lower_w: float, upper_w: float, pace_s: float) -> float:
        turnover_ws = (upper_w - lower_w) * pace_s / 2
        owed_ws = self._bounded(4 * turnover_ws)
        if lower_w == upper_w or owed_ws <= -turnover_ws:
            return lower_w
        if owed_ws >= turnover_ws:
            return upper_w
        return upper_w if self.state.power_w >= upper_w else lower_w

    def _bounded(self, most_ws: float) -> float:
        """Forget what is owed beyond what a turn or two can give back."""
        self.state.owed_ws = min(max(self.state.owed_ws, -most_ws), most_ws)
        return self.state.owed_ws

    def _within_times(
        self, wanted_w: float, demand_w: float, capabilities: Capabilities, *, now: float, cold: bool, frost: bool
    ) -> Shaped:
        running = self.state.power_w > 0.0
        if running and wanted_w <= 0.0 and not self._old_enough(capabilities.minimum_on_s, now):
            return Shaped(power_w=_floor_w(capabilities), why=Why.MINIMUM_ON)
        if not running and wanted_w > 0.0 and not frost:
            refused = self._start_refused(capabilities, now=now, cold=cold)
            if refused is not None:
                return Shaped(power_w=0.0, why=refused)
            if cold and self._budget_spent(capabilities, now):
                return Shaped(power_w=wanted_w, why=Why.RESTART_BUDGET_COLD)
        below_floor = 0.0 < demand_w < capabilities.floor_w
        return Shaped(power_w=wanted_w, why=Why.BELOW_FLOOR_CYCLING if below_floor else None)

    def _start_refused(self, capabilities: Capabilities, *, now: float, cold: bool) -> Why | None:
        if not self._old_enough(capabilities.minimum_off_s, now):
            return Why.MINIMUM_OFF
        return Why.RESTART_BUDGET if self.out_of_starts(capabilities, now=now, cold=cold) else None

    def _budget_spent(self, capabilities: Capabilities, now: float) -> bool:
        budget = capabilities.starts_per_day
        return budget is not None and self.starts_between(now - DAY_S, now) >= budget

    def _old_enough(self, least_s: float, now: float) -> bool:
        changed_at = self.state.changed_at
        # A wall clock that was set back must not lock the heater: an age below zero counts as old enough.
        return changed_at is None or not 0.0 <= now - changed_at < least_s

    def _commit(self, shaped: Shaped, capabilities: Capabilities, now: float, ceiling_w: float) -> Shaped:
        dims = 0.0 < shaped.power_w != self.state.power_w > 0.0
        if dims and self.state.power_w <= ceiling_w and self._too_early_to_dim(shaped.power_w, capabilities, now):
            return Shaped(power_w=self.state.power_w, why=shaped.why)
        if dims and capabilities.write_restarts:
            self._start(now)
        if shaped.power_w != self.state.power_w:
            self.state.written_at = now
        self._turn(shaped.power_w, now)
        self.state.power_w = shaped.power_w
        return shaped

    def _too_early_to_dim(self, power_w: float, capabilities: Capabilities, now: float) -> bool:
        written_at = self.state.written_at
        if capabilities.write_restarts:
            # The last start of the budget is left for a start; going down to the floor ends a room too warm.
            budget = capabilities.starts_per_day
            spent = budget is not None and self.starts_between(now - DAY_S, now) >= budget - 1
            if spent and power_w > _floor_w(capabilities):
                return True
        least_s = _turning_s(capabilities) if capabilities.write_restarts else capabilities.write_interval_s
        return written_at is not None and 0.0 <= now - written_at < least_s

    def _turn(self, power_w: float, now: float) -> None:
        was_on, is_on = self.state.power_w > 0.0, power_w > 0.0
        if was_on == is_on:
            return
        self.state.changed_at = now
        if is_on:
            self._start(now)

    def _start(self, now: float) -> None:
        self.state.starts_at = [start for start in self.state.starts_at if 0.0 <= now - start < 2 * DAY_S]
        self.state.starts_at.append(now)


def _turning_s(capabilities: Capabilities) -> float:
    """Return how long one state lasts at least when a device alternates between running and not."""
    waits_s = (capabilities.minimum_on_s, capabilities.minimum_off_s, capabilities.write_interval_s)
    return max(CYCLE_S, *waits_s, 4 * capabilities.ramp_s, 4 * capabilities.boot_s)


def _longest_s(upper_w: float, cycle_ws: float) -> float:
    """Return the pace at which the room swings as far as it may, and no slower than some hours."""
    return min(2 * cycle_ws / upper_w, LONGEST_CYCLE_S) if upper_w > 0.0 else 0.0


def _dimming_s(capabilities: Capabilities) -> float:
    """Return how long one level lasts at least while a device runs."""
    if capabilities.write_restarts:
        return _turning_s(capabilities)
    return max(CYCLE_S, capabilities.write_interval_s, capabilities.ramp_s)


def _floor_w(capabilities: Capabilities) -> float:
    return capabilities.levels_w[0] if capabilities.levels_w else capabilities.floor_w
