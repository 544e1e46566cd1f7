"""One pass from readings to a command: regulator or wish, shaper, governor; the governor has the last word."""

from dataclasses import replace
from math import inf
from typing import Any, Self

from ..model.capabilities import Capabilities
from ..model.control import ControlMode, Preset, Why
from ..model.dispatch import OtherWork
from ..model.planning import Guidance
from ..model.sharing import Allotment, Standing
from ..model.telemetry import DeviceStatus, Telemetry
from .comfort import ComfortMoment, InForce, Source
from .effect import EffectMoment, EffectWatch
from .governor import Governor, Ruling, SafetyLimits, Sight
from .inputs import ControlInputs, Decision
from .obedience import ObedienceWatch
from .reasons import comfort_reason, device_reason, shaped_reason, shared_reason, told, warned
from .regulator import Regulator
from .room_words import Insulation, RoomResponse
from .shaper import Shaped, Shaper
from .stored import finite, shaper_state

COLD_UNDER_TARGET_K = 2.0
DRAWN_SMOOTHING_S = 30.0
LONGEST_STEP_S = 60.0
DAY_S = 86400.0
HANDOVER_S = 30.0
# While one of these stands in the way nothing is learned from a room that stays cold.
HELD_BACK = {Why.MINIMUM_OFF, Why.RESTART_BUDGET}
# In these a device turns no watts into heat, whatever it is told.
BROKEN = {Why.DEVICE_FAULT, Why.NO_POOL}
# Dangers are told of even while nothing is asked; the rest only while it stands in the way.
TOLD_ALWAYS = {Why.CHIP_TOO_HOT, Why.ROOM_TOO_HOT}


class Controller:
    """Owns the pure parts of one heater and carries their state from pass to pass."""

    def __init__(
        self,
        response: RoomResponse,
        limits: SafetyLimits,
        stored: dict[str, Any] | None = None,
        *,
        insulation: Insulation = Insulation.ORDINARY,
    ) -> None:
        stored = stored or {}
        forward_w = stored.get("forward_w")
        self._regulator = Regulator(
            response,
            finite(stored.get("integral_w", 0.0)),
            None if forward_w is None else finite(forward_w),
            insulation=insulation,
        )
        self._shaper = Shaper(shaper_state(stored["shaper"]) if "shaper" in stored else None)
        self._governor = Governor(limits)
        self._obedience = ObedienceWatch()
        self._effect = EffectWatch()
        self._in_force = InForce(target_c=0.0, preset=None)
        self._last_pass_s: float | None = None
        self._commanded_w = 0.0
        self._held_back = False
        self._drawn_w: float | None = None
        self._able = self._obeys = True
        self._room_met: float | None = None
        self._own_demand_w = 0.0

    def as_dict(self, now: float) -> dict[str, Any]:
        """Return what a restart must not forget, in a form that JSON can hold; `now` is Unix time."""
        state = self._shaper.state
        return {
            "at": now,
            "integral_w": self._regulator.integral_w,
            "forward_w": self._regulator.forward_w,
            "last_room_c": self._governor.state.last_room_c,
            "shaper": {
                "changed_at": state.changed_at,
                "starts_at": list(state.starts_at),
                "power_w": state.power_w,
                "written_at": state.written_at,
            },
        }

    @classmethod
    def restored(
        cls,
        response: RoomResponse,
        limits: SafetyLimits,
        stored: dict[str, Any] | None,
        *,
        now: float,
        insulation: Insulation = Insulation.ORDINARY,
    ) -> Self:
        """Read what `as_dict` wrote; what cannot be read is forgotten.

        A reload hands the running command over and costs no start; after a longer absence the device starts anew,
        unless it is one that goes on without us (`outlives`).
        """
        try:
            controller = cls(response, limits, stored, insulation=insulation)
            if stored:
                controller.resume(stored, away_s=now - float(stored["at"]))
        except TypeError, ValueError, AttributeError, KeyError:
            return cls(response, limits, insulation=insulation)
        return controller

    def resume(self, stored: dict[str, Any], *, away_s: float) -> None:
        """Take the device as off and the room as unknown when too much time has passed to know better."""
        if not stored.get("outlives") and not 0.0 <= away_s <= HANDOVER_S:
            self._shaper.state.power_w = 0.0
        if 0.0 <= away_s <= self._governor.limits.unavailable_after_s:
            last_room_c = stored["last_room_c"]
            self._governor.state.last_room_c = None if last_room_c is None else finite(last_room_c)

    def leave(self, power_w: float, now: float) -> None:
        """Take note of the power, in W, at which a device is left that goes on without us; `now` is Unix time."""
        if self._shaper.state.power_w > 0.0:
            self._shaper.force(power_w, now=now)

    def running_since(self, now: float) -> tuple[bool, float]:
        """Return whether the device is told to run, and since when, in Unix time."""
        state = self._shaper.state
        changed_at = state.changed_at
        # A clock that was set back says nothing of how long it has been.
        since = now - DAY_S if changed_at is None or changed_at > now else changed_at
        return state.power_w > 0.0, since

    @property
    def shares_room(self) -> bool:
        """Whether others heat the room too."""
        return self._room_met is not None

    def starts_left(self, capabilities: Capabilities, now: float) -> int | None:
        """Return what is left of the restart budget, None where there is none."""
        budget = capabilities.starts_per_day
        return None if budget is None else max(budget - self.starts_between(now - DAY_S, now), 0)

    def starts_between(self, since: float, now: float) -> int:
        """Return how often the device was started between two Unix times."""
        return self._shaper.starts_between(since, now)

    def step(self, inputs: ControlInputs) -> Decision:
        """Decide on one command."""
        elapsed_s = self._elapsed_s(inputs.now_s)
        self._smooth_drawn(inputs.telemetry, inputs.work, elapsed_s)
        sight = self._governor.look(list(inputs.room), now_s=inputs.now_s)
        self._in_force = self._wanted(inputs, sight)
        inputs = replace(inputs, guidance=self._guided(inputs, sight))
        heat_w, reason = self._demand(inputs, sight, elapsed_s)
        own_w = min(max(heat_w - inputs.work.heat_w, 0.0), inputs.work.mining_most_w)
        reason = Why.AI_HEATS if own_w <= 0.0 < heat_w else reason
        allotment = self._allotment(inputs, sight, own_w)
        demand_w, reason = allotment.demand_w, shared_reason(reason, own_w, allotment)
        ruling = self._ruling(inputs, sight, allotment)
        beside = replace(ruling, ceiling_w=max(ruling.ceiling_w - inputs.work.drawn_w, 0.0))
        power_w, why = self._command(inputs, demand_w, reason, beside, sight, elapsed_s)
        wrong = self._obedience.judge(self._commanded_w, inputs.telemetry, inputs.capabilities, now_s=inputs.now_s)
        self._commanded_w = power_w
        offline = inputs.telemetry is None or inputs.telemetry.status is DeviceStatus.OFFLINE
        broken = device_reason(inputs.telemetry) in BROKEN
        quiet_w = self._quiet_w(inputs, sight)
        ceiling_w = min(ruling.ceiling_w, quiet_w)
        limit_w = max(ceiling_w - inputs.work.drawn_w, 0.0)
        self._held_back = offline or broken or demand_w > limit_w or (power_w < demand_w and why in HELD_BACK)
        stopped = ruling.urgent and ruling.ceiling_w <= 0.0
        self._able = not offline and not stopped
        self._obeys = wrong is None and not broken
        without_effect = self._effect.step(self._effect_moment(inputs, sight))
        return Decision(
            power_w=power_w,
            demand_w=demand_w,
            demand_percent=100.0 * demand_w / inputs.capabilities.maximum_w if inputs.capabilities.maximum_w else 0.0,
            why=wrong or told(warned(why, doubted=sight.doubted, without_effect=without_effect), inputs),
            room_c=sight.room_c,
            sensor_lost=sight.room_c is None and not sight.awaited,
            disobedience=wrong,
            in_force=self._in_force,
            dropped=tuple(sorted(sight.dropped)),
            without_effect=without_effect,
            heat_w=heat_w,
            ceiling_w=_limit(min(ruling.for_any_work_w, quiet_w))
            if inputs.settings.runs and not inputs.stopping
            else 0.0,
            circuit_w=allotment.breaker_share_w,
            planned=inputs.guidance is not None,
        )

    def _wanted(self, inputs: ControlInputs, sight: Sight) -> InForce:
        """Return the target in force; without comfort services it is what was set."""
        if inputs.comfort is None:
            settings = inputs.settings
            frost_c = settings.preset_targets_c[Preset.FROST]
            return InForce(target_c=settings.target_c, preset=settings.preset, frost_c=frost_c)
        return inputs.comfort.step(
            ComfortMoment(
                now=inputs.now,
                now_s=inputs.now_s,
                room_c=sight.room_c,
                outdoor_c=inputs.outdoor_c,
                power_share=self._power_share(inputs.capabilities),
                preheats=inputs.guidance is None,
            )
        )

    def _power_share(self, capabilities: Capabilities) -> float | None:
        """Return what is drawn of the maximum; what was commanded while that is unknown."""
        drawn_w = self._drawn_w if self._drawn_w is not None else self._commanded_w
        return drawn_w / capabilities.maximum_w if capabilities.maximum_w else None

    def _effect_moment(self, inputs: ControlInputs, sight: Sight) -> EffectMoment:
        follows = inputs.settings.mode is ControlMode.THERMOSTAT
        return EffectMoment(
            now_s=inputs.now_s,
            room_c=sight.room_c,
            target_c=self._in_force.target_c,
            outdoor_c=inputs.outdoor_c,
            power_share=self._power_share(inputs.capabilities) if follows else None,
            window_open=self._in_force.source is Source.WINDOW_OPEN,
            expected=inputs.expected,
        )

    def _frosty(self, inputs: ControlInputs, sight: Sight) -> bool:
        """Return whether heat must not wait: the room is under frost protection, or set to nothing but that."""
        wished = inputs.settings.mode is ControlMode.THERMOSTAT and self._in_force.preset is Preset.FROST
        return wished or (sight.room_c is not None and sight.room_c < self._in_force.frost_c)

    def _quiet_w(self, inputs: ControlInputs, sight: Sight) -> float:
        """Return the limit of quiet hours; frost knows none."""
        ceiling_w = inputs.comfort.ceiling_at(inputs.now) if inputs.comfort is not None else None
        return inf if ceiling_w is None or self._frosty(inputs, sight) else ceiling_w

    def _elapsed_s(self, now_s: float) -> float:
        last_s, self._last_pass_s = self._last_pass_s, now_s
        return 0.0 if last_s is None else min(max(now_s - last_s, 0.0), LONGEST_STEP_S)

    def _smooth_drawn(self, telemetry: Telemetry | None, work: OtherWork, elapsed_s: float) -> None:
        power_w = telemetry.power_w if telemetry is not None else None
        power_w = None if power_w is None else power_w + work.heat_w
        if power_w is None or self._drawn_w is None:
            self._drawn_w = power_w
            return
        share = min(elapsed_s / DRAWN_SMOOTHING_S, 1.0)
        self._drawn_w += share * (power_w - self._drawn_w)

    def _demand(self, inputs: ControlInputs, sight: Sight, elapsed_s: float) -> tuple[float, Why]:
        settings, maximum_w = inputs.settings, inputs.capabilities.maximum_w
        if not settings.runs:
            return 0.0, settings.why_off
        if settings.mode is not ControlMode.THERMOSTAT:
            asked_w, reason = settings.asked_w(maximum_w, inputs.now)
            if asked_w < inputs.capabilities.floor_w and self._frosty(inputs, sight):
                return inputs.capabilities.floor_w, Why.FROST
            return asked_w, reason
        if sight.room_c is None:
            # Blind, the wish is the floor; whether even that may be had is the governor's to say.
            return inputs.capabilities.floor_w, Why.SENSOR_STALE_FLOOR
        return self._thermostat(inputs, sight.room_c, elapsed_s)

    def _thermostat(self, inputs: ControlInputs, room_c: float, elapsed_s: float) -> tuple[float, Why]:
        if inputs.guidance is not None:
            self._follow_plan(inputs, elapsed_s)
            return min(inputs.guidance.power_w, inputs.capabilities.maximum_w), inputs.guidance.why
        demand_w = self._regulator.step(
            target_c=self._in_force.target_c,
            room_c=room_c,
            outdoor_c=inputs.outdoor_c,
            maximum_w=inputs.capabilities.maximum_w,
            drawn_w=self._tracked_w(inputs.capabilities),
            elapsed_s=elapsed_s,
        )
        return demand_w, comfort_reason(demand_w, room_c, self._in_force)

    def _guided(self, inputs: ControlInputs, sight: Sight) -> Guidance | None:
        """Return what the planner asks for where it decides; of a room that others heat too it knows too little."""
        follows = inputs.settings.runs and inputs.settings.mode is ControlMode.THERMOSTAT and not inputs.stopping
        decides = follows and sight.room_c is not None and self._room_met is None and not self._frosty(inputs, sight)
        return inputs.guidance if decides else None

    def _follow_plan(self, inputs: ControlInputs, elapsed_s: float) -> None:
        """Let the regulator learn from what the plan spends, so that it can take over at any time."""
        self._regulator.follow(
            drawn_w=self._drawn_w,
            target_c=self._in_force.target_c,
            outdoor_c=inputs.outdoor_c,
            maximum_w=inputs.capabilities.maximum_w,
            elapsed_s=elapsed_s,
        )

    def _tracked_w(self, capabilities: Capabilities) -> float | None:
        """Return the draw that the regulator is held to; levels that alternate meet the demand in the mean only."""
        if self._room_met is not None:
            # Others of the room may draw what this one asks for; what counts is whether all of it is met.
            return None if self._room_met >= 1.0 else self._room_met * self._own_demand_w
        if self._held_back:
            return self._drawn_w if self._drawn_w is not None else 0.0
        continuous = not capabilities.levels_w and self._commanded_w > capabilities.floor_w
        return self._drawn_w if continuous else None

    def _allotment(self, inputs: ControlInputs, sight: Sight, own_w: float) -> Allotment:
        """Return what the neighbours leave of the demand and of the circuits; all of it where there are none."""
        self._own_demand_w = own_w
        if inputs.neighbours is None:
            return Allotment(demand_w=own_w, breaker_left_w=inputs.breaker_left_w)
        settings = inputs.settings
        allotment = inputs.neighbours.allot(
            Standing(
                now_s=inputs.now_s,
                capabilities=inputs.capabilities,
                telemetry=inputs.telemetry,
                commanded_w=self._shaper.state.power_w,
                beside_w=inputs.work.drawn_w,
                demand_w=own_w,
                runs=settings.runs and not inputs.stopping,
                shares_room=settings.runs and settings.mode is ControlMode.THERMOSTAT and sight.room_c is not None,
                able=self._able and not self._out_of_starts(inputs, sight),
                obeys=self._obeys,
            )
        )
        self._room_met = allotment.room_met
        return allotment

    def _out_of_starts(self, inputs: ControlInputs, sight: Sight) -> bool:
        return self._shaper.out_of_starts(inputs.capabilities, now=inputs.now, cold=self._cold(sight))

    def _cold(self, sight: Sight) -> bool:
        """Return whether the room is under the comfort floor."""
        return sight.room_c is not None and sight.room_c < self._in_force.target_c - COLD_UNDER_TARGET_K

    def _ruling(self, inputs: ControlInputs, sight: Sight, allotment: Allotment) -> Ruling:
        return self._governor.rule(
            sight,
            inputs.telemetry,
            now_s=inputs.now_s,
            target_c=self._in_force.target_c,
            outdoor_c=inputs.outdoor_c,
            floor_w=inputs.capabilities.floor_w,
            breaker_left_w=allotment.breaker_left_w,
            breaker_room_w=allotment.breaker_room_w,
            meter_lost=allotment.meter_lost,
        )

    def _command(
        self,
        inputs: ControlInputs,
        demand_w: float,
        reason: Why,
        ruling: Ruling,
        sight: Sight,
        elapsed_s: float,
    ) -> tuple[float, Why]:
        if inputs.stopping or not inputs.settings.runs:
            return self._forced(0.0, Why.STOPPING if inputs.stopping else inputs.settings.why_off, inputs)
        if ruling.urgent:
            assert ruling.why is not None
            told = demand_w > 0.0 or ruling.why in TOLD_ALWAYS
            return self._forced(min(demand_w, ruling.ceiling_w), ruling.why if told else reason, inputs)
        quiet_w = self._quiet_w(inputs, sight)
        shaped = self._shape(inputs, demand_w, min(ruling.ceiling_w, quiet_w), sight, elapsed_s)
        if shaped.power_w > ruling.ceiling_w:
            return self._forced(ruling.ceiling_w, ruling.why or reason, inputs)
        if demand_w > ruling.ceiling_w and ruling.why is not None:
            return shaped.power_w, ruling.why
        if shaped.power_w <= quiet_w < demand_w:
            return shaped.power_w, Why.QUIET_HOURS
        return shaped.power_w, shaped_reason(shaped, reason, inputs.telemetry)

    def _shape(
        self, inputs: ControlInputs, demand_w: float, ceiling_w: float, sight: Sight, elapsed_s: float
    ) -> Shaped:
        capabilities = inputs.capabilities
        if inputs.settings.mode is ControlMode.MANUAL_POWER:
            # A power set by hand means that power: nothing is averaged, a wish under the floor is the floor.
            demand_w = max(demand_w, capabilities.floor_w) if demand_w > 0.0 else 0.0
        return self._shaper.step(
            demand_w,
            capabilities,
            now=inputs.now,
            elapsed_s=elapsed_s,
            ceiling_w=ceiling_w,
            cold=self._cold(sight),
            frost=self._frosty(inputs, sight),
            cycle_ws=inputs.cycle_ws if inputs.settings.mode is ControlMode.THERMOSTAT else 0.0,
        )

    def _forced(self, power_w: float, why: Why, inputs: ControlInputs) -> tuple[float, Why]:
        legal_w = _legal_w(power_w, inputs.capabilities)
        self._shaper.force(legal_w, now=inputs.now)
        return legal_w, why


def _limit(ceiling_w: float) -> float | None:
    return None if ceiling_w == inf else ceiling_w


def _legal_w(power_w: float, capabilities: Capabilities) -> float:
    """Return the most that the device can draw without exceeding a power."""
    if capabilities.levels_w:
        return max((level_w for level_w in capabilities.levels_w if level_w <= power_w), default=0.0)
    return power_w if power_w >= capabilities.floor_w else 0.0
