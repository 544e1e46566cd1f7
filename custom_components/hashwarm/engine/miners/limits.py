"""From a profile, a curve and a person's limits to what the shaper has to know."""

from ..model.capabilities import Capabilities, PowerSource
from .curve import PowerCurve
from .driver import MinerProfile, PowerLevel

# A plug that cuts the mains wears itself and the power supply out.
PLUG_ON_S, PLUG_OFF_S, PLUG_STARTS = 1800.0, 900.0, 6
IDLE_SHARE = 0.03


def within_limits(profile: MinerProfile, minimum_w: float | None, maximum_w: float | None) -> tuple[PowerLevel, ...]:
    """Return the levels that a person's limits leave; at least one, for a limit never makes a device unusable."""
    low_w = minimum_w if minimum_w is not None else 0.0
    high_w = maximum_w if maximum_w is not None else profile.levels[-1].power_w
    if profile.step is not None:
        return _clipped(profile.levels, low_w, high_w, profile.step)
    left = tuple(level for level in profile.levels if low_w <= level.power_w <= high_w)
    return left or (min(profile.levels, key=lambda level: abs(level.power_w - high_w)),)


def _clipped(levels: tuple[PowerLevel, ...], low_w: float, high_w: float, step: float) -> tuple[PowerLevel, ...]:
    """Cut a continuous curve at two powers, on whole steps inside of them."""
    first, last = levels[0], levels[-1]
    span_w, span = last.power_w - first.power_w, last.setting - first.setting
    if span_w <= 0.0 or span <= 0.0:
        return levels

    def at(power_w: float, *, upwards: bool) -> PowerLevel:
        power_w = min(max(power_w, first.power_w), last.power_w)
        steps = (power_w - first.power_w) / span_w * span / step
        setting = first.setting + (-(-steps // 1) if upwards else steps // 1) * step
        setting = min(setting, last.setting)
        return PowerLevel(
            setting=setting,
            label=f"{setting:g}",
            power_w=first.power_w + (setting - first.setting) / span * span_w,
        )

    low, high = at(low_w, upwards=True), at(high_w, upwards=False)
    between = [level for level in levels if low.setting < level.setting < high.setting]
    return (low, *between, high) if low.setting < high.setting else (high,)


def capabilities_of(
    profile: MinerProfile,
    curve: PowerCurve,
    *,
    idle_w: float | None,
    metered: bool,
    interval_s: float,
    plug_only: bool,
) -> Capabilities:
    """Return what the device can do, with the watts that were learned."""
    levels, told_idle_w = curve.levels, idle_w if idle_w is not None else profile.idle_w
    floor_w, maximum_w = levels[0].power_w, levels[-1].power_w
    return Capabilities(
        control=profile.control,
        floor_w=floor_w,
        maximum_w=maximum_w,
        idle_w=0.0 if plug_only else told_idle_w if told_idle_w is not None else IDLE_SHARE * maximum_w,
        levels_w=tuple(level.power_w for level in levels) if profile.step is None else (),
        ramp_s=profile.ramp_s,
        boot_s=profile.boot_s,
        minimum_on_s=max(profile.minimum_on_s, PLUG_ON_S if plug_only else 0.0),
        minimum_off_s=max(profile.minimum_off_s, PLUG_OFF_S if plug_only else 0.0),
        starts_per_day=PLUG_STARTS if plug_only else profile.starts_per_day,
        write_interval_s=profile.write_interval_s,
        write_restarts=profile.write_restarts,
        step_w=_step_w(profile, floor_w, maximum_w),
        power_source=PowerSource.METERED if metered else profile.power_source,
        power_delay_s=2 * interval_s,
    )


def _step_w(profile: MinerProfile, floor_w: float, maximum_w: float) -> float:
    span = profile.levels[-1].setting - profile.levels[0].setting
    if profile.step is None or span <= 0.0:
        return 0.0
    return profile.step * (maximum_w - floor_w) / span
