"""What a person has set on a heater; survives restarts."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Self

from ..model.control import ControlMode, Preset, Why
from ..model.errors import InvalidValueError

DEFAULT_TARGETS_C: dict[Preset, float] = {
    Preset.COMFORT: 21.0,
    Preset.ECO: 19.0,
    Preset.AWAY: 16.0,
    Preset.SLEEP: 18.0,
    Preset.BOOST: 23.0,
    Preset.FROST: 7.0,
}


HEAT_DEMAND_VALID_S = 3600.0
# Chosen by hand these last until a person chooses again, whatever a schedule says.
LASTING = {Preset.AWAY, Preset.FROST}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person chose; a `by_hand` choice goes before the schedule until its end, in Unix seconds."""

    preset: Preset | None
    target_c: float
    by_hand: bool = False
    until: float | None = None
    """None for until they choose again."""
    at: float | None = None
    """When it was chosen; None when that is not known."""

    def ended(self, at: float) -> bool:
        """Return whether the choice holds no longer at a time."""
        return self.until is not None and at >= self.until


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
    by_hand: bool = False
    until: float | None = None
    chosen_at: float | None = None
    after: Choice | None = None
    """What a boost gives way to at its end."""
    preheat: bool = True
    """Begin early, so that the room is warm when the schedule's time of comfort begins."""
    planner: bool = True
    """Let the planner steer once it has proven itself."""

    @property
    def choice(self) -> Choice:
        """Return what a person chose last."""
        return Choice(
            preset=self.preset, target_c=self.target_c, by_hand=self.by_hand, until=self.until, at=self.chosen_at
        )

    def take(self, choice: Choice) -> None:
        """Make a choice the one in force; a boost remembers the one before."""
        if choice.preset is Preset.BOOST and self.preset is not Preset.BOOST:
            self.after = self.choice
        elif choice.preset is not Preset.BOOST:
            self.after = None
        self.preset, self.target_c = choice.preset, choice.target_c
        self.by_hand, self.until, self.chosen_at = choice.by_hand, choice.until, choice.at

    @property
    def runs(self) -> bool:
        """Return whether the heater may draw power at all."""
        return self.on and not self.paused

    @property
    def why_off(self) -> Why:
        """Return why it draws none, of a heater that does not run."""
        return Why.USER_PAUSED if self.on else Why.USER_OFF

    def asked_w(self, maximum_w: float, now: float) -> tuple[float, Why]:
        """Return the W that a person or another thermostat asks for, and which of them; `now` is Unix time."""
        if self.mode is ControlMode.MANUAL_POWER:
            return min(self.manual_power_w, maximum_w), Why.MANUAL_POWER
        written_at = self.heat_demand_at
        if written_at is None or not 0.0 <= now - written_at <= HEAT_DEMAND_VALID_S:
            return 0.0, Why.HEAT_DEMAND_EXPIRED
        return maximum_w * min(max(self.heat_demand_percent, 0.0), 100.0) / 100.0, Why.HEAT_DEMAND

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
            "preset_targets_c": {preset.value: celsius for preset, celsius in self.preset_targets_c.items()},
            "manual_power_w": self.manual_power_w,
            "heat_demand_percent": self.heat_demand_percent,
            "heat_demand_at": self.heat_demand_at,
            **_stored(self.choice),
            "after": _stored(self.after) if self.after is not None else None,
            "preheat": self.preheat,
            "planner": self.planner,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Read what `as_dict` wrote; anything missing or no longer valid falls back to its default."""
        settings = cls()
        settings.on = bool(stored.get("on", False))
        settings.paused = bool(stored.get("paused", False))
        settings.mode = _member(ControlMode, stored.get("mode"), ControlMode.THERMOSTAT)
        choice = _choice(stored)
        settings.preset, settings.target_c = choice.preset, choice.target_c
        settings.by_hand, settings.until, settings.chosen_at = choice.by_hand, choice.until, choice.at
        after = stored.get("after")
        settings.after = _choice(after) if isinstance(after, dict) else None
        settings.preheat = bool(stored.get("preheat", True))
        settings.planner = bool(stored.get("planner", True))
        for preset in Preset:
            stored_c = (stored.get("preset_targets_c") or {}).get(preset.value)
            settings.preset_targets_c[preset] = _number(stored_c, settings.preset_targets_c[preset])
        settings.manual_power_w = _number(stored.get("manual_power_w"), 0.0)
        settings.heat_demand_percent = _number(stored.get("heat_demand_percent"), 0.0)
        settings.heat_demand_at = _number(stored.get("heat_demand_at"), None)
        return settings


def _stored(choice: Choice) -> dict[str, Any]:
    return {
        "preset": choice.preset.value if choice.preset else None,
        "target_c": choice.target_c,
        "by_hand": choice.by_hand,
        "until": choice.until,
        "chosen_at": choice.at,
    }


def _choice(stored: dict[str, Any]) -> Choice:
    preset = _member(Preset, stored.get("preset"), None)
    return Choice(
        preset=preset,
        target_c=_number(stored.get("target_c"), DEFAULT_TARGETS_C[Preset.COMFORT]),
        by_hand=bool(stored.get("by_hand", preset in LASTING)),
        until=_number(stored.get("until"), None),
        at=_number(stored.get("chosen_at"), None),
    )


def _member[E, D](kind: type[E], value: object, default: D) -> E | D:
    try:
        return kind(value)  # type: ignore[call-arg]
    except ValueError:
        return default


def _number[D](value: object, default: D) -> float | D:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    return default
