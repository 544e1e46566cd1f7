"""What entities of another integration can do as a heater, from the watts that a person gives."""

from collections.abc import Mapping
from dataclasses import dataclass

from .engine.miners import Family, MinerProfile, PowerLevel
from .engine.model.capabilities import ControlKind

# Nothing is known of the device behind the entities, so it is spared as an unknown miner is.
MINIMUM_ON_S, MINIMUM_OFF_S, WRITE_INTERVAL_S, STARTS_PER_DAY = 900.0, 600.0, 60.0, 12
MAINS_ON_S, MAINS_OFF_S, MAINS_STARTS = 1800.0, 900.0, 6
RAMP_S, BOOT_S = 60.0, 120.0


@dataclass(frozen=True)
class Spared:
    """How a device behind entities is spared; times in s."""

    minimum_on_s: float = MINIMUM_ON_S
    minimum_off_s: float = MINIMUM_OFF_S
    starts_per_day: int = STARTS_PER_DAY


def number_profile(
    identity: str, name: str, ends: tuple[tuple[float, float], tuple[float, float]], step: float
) -> MinerProfile:
    """Return the profile of a power number; `ends` are its lowest and highest value with the watts they stand for."""
    levels = tuple(PowerLevel(setting=value, label=f"{value:g}", power_w=power_w) for value, power_w in ends)
    return _profile(identity, name, ControlKind.CONTINUOUS_WATTS, levels, step=step)


def select_profile(identity: str, name: str, watts: Mapping[str, float]) -> MinerProfile:
    """Return the profile of a mode select, from the watts of the options that run."""
    rising = sorted(watts.items(), key=lambda option: option[1])
    levels = tuple(
        PowerLevel(setting=float(i), label=label, power_w=power_w) for i, (label, power_w) in enumerate(rising)
    )
    return _profile(identity, name, ControlKind.PRESETS, levels)


def switch_profile(identity: str, name: str, power_w: float, *, cuts_mains: bool) -> MinerProfile:
    """Return the profile of a switch; one that cuts the mains is used sparingly."""
    levels = (PowerLevel(setting=1.0, label="on", power_w=power_w),)
    spared = Spared(MAINS_ON_S, MAINS_OFF_S, MAINS_STARTS) if cuts_mains else Spared()
    return _profile(identity, name, ControlKind.ON_OFF, levels, spared=spared, write_resumes=True)


def _profile(
    identity: str,
    name: str,
    control: ControlKind,
    levels: tuple[PowerLevel, ...],
    *,
    step: float | None = None,
    spared: Spared | None = None,
    write_resumes: bool = False,
) -> MinerProfile:
    spared = spared or Spared()
    return MinerProfile(
        family=Family.ENTITIES,
        identity=identity,
        model=name,
        control=control,
        levels=levels,
        step=step,
        ramp_s=RAMP_S,
        boot_s=BOOT_S,
        write_interval_s=WRITE_INTERVAL_S,
        minimum_on_s=spared.minimum_on_s,
        minimum_off_s=spared.minimum_off_s,
        starts_per_day=spared.starts_per_day,
        can_pause=True,
        write_resumes=write_resumes,
        power_source=None,
    )
