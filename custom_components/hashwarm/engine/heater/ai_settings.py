"""What a person has set for the AI jobs of a heater; survives restarts."""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Self

from ..model.dispatch import WorkloadMode


@dataclass(kw_only=True)
class AiSettings:
    """The wishes in force; power in W, worth in currency per kWh."""

    enabled: bool = True
    queue_paused: bool = False
    """What runs is finished, nothing new is started."""
    without_heat: bool = False
    """Jobs may run where no heat is wanted, if they pay for their electricity."""
    mode: WorkloadMode = WorkloadMode.AUTO
    power_limit_w: float | None = None
    """The most that jobs may draw together, None for no limit."""
    minimum_per_kwh: float = 0.0
    """Less than this a job must not earn to go before mining, or to run without heat demand above its electricity."""

    @property
    def most_w(self) -> float:
        """Return the limit of power, infinite where there is none."""
        return inf if self.power_limit_w is None else self.power_limit_w

    def as_dict(self) -> dict[str, Any]:
        """Return the settings in a form that JSON can hold."""
        return {
            "enabled": self.enabled,
            "queue_paused": self.queue_paused,
            "without_heat": self.without_heat,
            "mode": self.mode.value,
            "power_limit_w": self.power_limit_w,
            "minimum_per_kwh": self.minimum_per_kwh,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any] | None) -> Self:
        """Return stored settings; what is missing or makes no sense takes its default."""
        told = stored or {}
        limit_w, minimum = _figure(told.get("power_limit_w")), _figure(told.get("minimum_per_kwh"))
        return cls(
            enabled=told.get("enabled") is not False,
            queue_paused=told.get("queue_paused") is True,
            without_heat=told.get("without_heat") is True,
            mode=_mode(told.get("mode")),
            power_limit_w=limit_w if limit_w is not None and limit_w >= 0.0 else None,
            minimum_per_kwh=minimum or 0.0,
        )


def _mode(stored: object) -> WorkloadMode:
    return next((mode for mode in WorkloadMode if mode.value == stored), WorkloadMode.AUTO)


def _figure(stored: object) -> float | None:
    if isinstance(stored, bool) or not isinstance(stored, int | float) or not isfinite(stored):
        return None
    return float(stored)
