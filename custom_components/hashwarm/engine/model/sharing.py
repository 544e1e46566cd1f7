"""What a heater tells its neighbours at each pass, and what they leave to it: watts of a circuit, heat of a room."""

from dataclasses import dataclass
from typing import Protocol

from .capabilities import Capabilities
from .telemetry import Telemetry


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How things stand with a heater before a command; powers in W, `now_s` is monotonic."""

    now_s: float
    capabilities: Capabilities
    telemetry: Telemetry | None
    commanded_w: float
    """The command in force, from the pass before."""
    demand_w: float
    """What its own control asks for."""
    beside_w: float = 0.0
    """What AI work draws beside; its circuits bear it too, and know no floor for it."""
    runs: bool
    """Whether a person lets it draw power at all."""
    shares_room: bool = False
    """It follows the thermostat, and it sees its room."""
    able: bool = True
    """It answers, and neither safety nor a spent restart budget keeps it from running."""
    obeys: bool = True


@dataclass(frozen=True, kw_only=True)
class Allotment:
    """What is left to a heater for this pass; powers in W."""

    demand_w: float
    """Its part of what the room asks for."""
    room_met: float | None = None
    """The share of the room's demand that its heaters can meet, at most 1; None for a heater alone in its room."""
    breaker_left_w: float | None = None
    """The most that its circuits leave it, None where none limits it."""
    breaker_room_w: float | None = None
    """What all work of it may draw together, floor or not, None where none limits it."""
    breaker_share_w: float | None = None
    """What all work of it can count on if it asks for it, None where none limits it."""
    meter_lost: bool = False
    """The power sensor of a circuit is silent, and its worst is assumed."""


class Neighbours(Protocol):
    """The heaters that one heater shares circuits and a room with."""

    def allot(self, standing: Standing) -> Allotment:
        """Take note of how the heater stands, and return what is left to it now."""
        ...

    def leave(self, *, parting: bool) -> None:
        """Forget the heater; unless `parting` it is back in a moment, and what it may be drawing is kept for it."""
        ...
