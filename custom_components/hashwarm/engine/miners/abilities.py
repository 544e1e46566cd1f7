"""From a profile and what was learned to what the shaper has to know."""

from ..model.capabilities import Capabilities, PowerSource
from .driver import MinerProfile, PowerLevel
from .mains import PLUG_OFF_S, PLUG_ON_S, PLUG_STARTS

IDLE_SHARE = 0.03
# Heat cycles wear solder and fans: a planner is to think a start worth twelve minutes of full power.
RESTART_COST_S = 700.0


def capabilities_of(
    profile: MinerProfile,
    levels: tuple[PowerLevel, ...],
    *,
    idle_w: float | None,
    metered: bool,
    interval_s: float,
    plug_only: bool,
) -> Capabilities:
    """Return what the device can do; `levels` carry the watts that were learned."""
    told_idle_w = idle_w if idle_w is not None else profile.idle_w
    floor_w, maximum_w = levels[0].power_w, levels[-1].power_w
    budget = profile.starts_per_day
    return Capabilities(
        control=profile.control,
        floor_w=floor_w,
        maximum_w=maximum_w,
        idle_w=0.0 if plug_only else told_idle_w if told_idle_w is not None else IDLE_SHARE * maximum_w,
        # Two presets may draw the same.
        levels_w=tuple(dict.fromkeys(level.power_w for level in levels)) if profile.step is None else (),
        ramp_s=profile.ramp_s,
        boot_s=profile.boot_s,
        restart_cost_s=RESTART_COST_S,
        minimum_on_s=max(profile.minimum_on_s, PLUG_ON_S if plug_only else 0.0),
        minimum_off_s=max(profile.minimum_off_s, PLUG_OFF_S if plug_only else 0.0),
        starts_per_day=min(PLUG_STARTS, PLUG_STARTS if budget is None else budget) if plug_only else budget,
        write_interval_s=profile.write_interval_s,
        write_restarts=profile.write_restarts,
        step_w=_step_w(profile, levels),
        power_source=PowerSource.METERED if metered else profile.power_source,
        power_delay_s=2 * interval_s,
    )


def _step_w(profile: MinerProfile, levels: tuple[PowerLevel, ...]) -> float:
    span = abs(levels[-1].setting - levels[0].setting)
    if profile.step is None or span <= 0.0:
        return 0.0
    return profile.step * (levels[-1].power_w - levels[0].power_w) / span
