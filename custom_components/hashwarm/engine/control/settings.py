"""What a person has set on a heater; survives restarts."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Self

from ..model.control import ControlMode, Preset
from ..model.errors import InvalidValueError

DEFAULT_TARGETS_C: dict[Preset, float] = {
    Preset.COMFORT: 21.0,
    Preset.ECO: 19.0,
    Preset.AWAY: 16.0,
    Preset.SLEEP: 18.0,
    Preset.BOOST: 23.0,
    Preset.FROST: 7.0,
}


@dataclass(kw_only=True)
class HeaterSettings:
    """The wishes in force; temperatures in °C, powers in W, demand in percent."""

    on: bool = False
    paused: bool = False
    """Held off for a while, without a change to anything else."""
    mode: ControlMode = ControlMode.THERMOSTAT
    preset: Preset | None = Preset.COMFORT
    target_c: float = DEFAULT_TARGETS_C[Preset.COMFORT]
    preset_targets_c: dict[Preset, float] = field(default_factory=lambda: dict(DEFAULT_TARGETS_C))
    manual_power_w: float = 0.0
    heat_demand_percent: float = 0.0
    heat_demand_at: float | None = None
    """Unix time of the last write of the heat demand."""

    @property
    def runs(self) -> bool:
        """Return whether the heater may draw power at all."""
        return self.on and not self.paused

    def choose_preset(self, preset: Preset) -> None:
        """Take the preset's target."""
        self.preset = preset
        self.target_c = self.preset_targets_c[preset]

    def choose_target(self, target_c: float) -> None:
        """Take a target of its own; the preset in force keeps its own temperature. Errors: InvalidValueError."""
        if not isfinite(target_c):
            raise InvalidValueError("a target is a number", value=str(target_c))
        self.target_c = target_c
        self.preset = next((preset for preset, celsius in self.preset_targets_c.items() if celsius == target_c), None)

    def as_dict(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return {
            "on": self.on,
            "paused": self.paused,
            "mode": self.mode.value,
            "preset": self.preset.value if self.preset else None,
            "target_c": self.target_c,
            "preset_targets_c": {preset.value: celsius for preset, celsius in self.preset_targets_c.items()},
            "manual_power_w": self.manual_power_w,
            "heat_demand_percent": self.heat_demand_percent,
            "heat_demand_at": self.heat_demand_at,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Read what `as_dict` wrote; anything missing or no longer valid falls back to its default."""
        settings = cls()
        settings.on = bool(stored.get("on", False))
        settings.paused = bool(stored.get("paused", False))
        settings.mode = _member(ControlMode, stored.get("mode"), ControlMode.THERMOSTAT)
        settings.preset = _member(Preset, stored.get("preset"), None)
        settings.target_c = _number(stored.get("target_c"), settings.target_c)
        for preset in Preset:
            stored_c = (stored.get("preset_targets_c") or {}).get(preset.value)
            settings.preset_targets_c[preset] = _number(stored_c, settings.preset_targets_c[preset])
        settings.manual_power_w = _number(stored.get("manual_power_w"), 0.0)
        settings.heat_demand_percent = _number(stored.get("heat_demand_percent"), 0.0)
        settings.heat_demand_at = _number(stored.get("heat_demand_at"), None)
        return settings


def _member[E, D](kind: type[E], value: object, default: D) -> E | D:
    try:
        return kind(value)  # type: ignore[call-arg]
    except ValueError:
        return default


def _number[D](value: object, default: D) -> float | D:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    return default
