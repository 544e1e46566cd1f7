"""What a device can do, stated truthfully and obeyed by the shaper."""

from dataclasses import dataclass
from enum import StrEnum


class ControlKind(StrEnum):
    """How a device takes its power command."""

    CONTINUOUS_WATTS = "continuous_watts"
    PERCENT = "percent"
    PRESETS = "presets"
    FREQUENCY = "frequency"
    ON_OFF = "on_off"


class PowerSource(StrEnum):
    """Where a power reading comes from, best first."""

    METERED = "metered"
    MEASURED = "measured"
    ESTIMATED = "estimated"


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a heater's device can do; powers in W, times in s."""

    control: ControlKind
    floor_w: float
    """The lowest power at which it runs."""
    maximum_w: float
    idle_w: float = 0.0
    """Drawn while paused."""
    levels_w: tuple[float, ...] = ()
    """The running levels of a device with presets, rising; empty when any power from floor to maximum will do."""
    ramp_s: float = 0.0
    """From the floor to the maximum."""
    boot_s: float = 0.0
    """From a start to the first watt of work."""
    restart_cost_s: float = 0.0
    """Wear of one start, as seconds of full power that a start should be worth."""
    minimum_on_s: float = 0.0
    minimum_off_s: float = 0.0
    starts_per_day: int | None = None
    """The restart budget; None where starts cost nothing."""
    write_interval_s: float = 0.0
    write_restarts: bool = False
    """Every change of the level costs a restart."""
    step_w: float = 0.0
    """Between the powers of a device that takes any; 0 where they are as good as continuous."""
    power_source: PowerSource | None = None
    power_delay_s: float = 0.0
    """How old a power reading may be."""
