"""Where AI work is done: an executor of jobs or a machine with work of its own, as a person set it up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..jobs import Executor
from ..jobs.machine import Machine


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """One of `executor` and `machine` is given. Power in W."""

    title: str
    executor: Executor | None = None
    machine: Machine | None = None
    heats_room: bool = True
    """Its watts count in control; else in money and on circuits only."""
    expected_w: float
    """What one job draws, where neither the job nor a measurement says; of a machine, while it works."""
    measured_w: Callable[[], float | None] | None = None
    """What all its work draws, by a sensor."""
    same_chip: bool = False
    """While it works the chip does not mine."""
    metered_together: bool = False
    """What the heater tells that it draws contains this work too."""
    power_control: Callable[[], str] = lambda: "none"
    """How its watts are limited now: nvml, amdgpu, rapl, duty_cycle or none."""
    resources: Callable[[], Mapping[str, float]] = dict
    """What it has and uses, by name; only what it tells."""
    warnings: Callable[[], tuple[str, ...]] = tuple
    """What a person should mend though it works, as translation keys."""
