"""What a pass of control takes in, and what it gives out."""

from dataclasses import dataclass, field

from ..model.capabilities import Capabilities
from ..model.control import Why
from ..model.dispatch import OtherWork
from ..model.planning import Expectation, Guidance
from ..model.protocols import TemperatureReading
from ..model.sharing import Neighbours
from ..model.telemetry import Telemetry
from .comfort import Comfort, InForce
from .settings import HeaterSettings


@dataclass(frozen=True, kw_only=True)
class ControlInputs:
    """All a pass needs; `now_s` is monotonic, `now` is Unix time."""

    now_s: float
    now: float
    settings: HeaterSettings
    capabilities: Capabilities
    telemetry: Telemetry | None
    room: tuple[TemperatureReading | None, ...]
    outdoor_c: float | None = None
    breaker_left_w: float | None = None
    neighbours: Neighbours | None = None
    guidance: Guidance | None = None
    """What a trusted planner asks for; without it the regulator decides."""
    expected: Expectation | None = None
    """What a trusted model expects of the room by now; without it plain physics has to do."""
    cycle_ws: float = 0.0
    """Heat in Ws that the room takes in or gives off before a person notices; below the floor cycles last as long."""
    comfort: Comfort | None = None
    work: OtherWork = field(default_factory=OtherWork)
    stopping: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to command and why; the room temperature that was trusted, None when blind."""

    power_w: float
    demand_w: float
    demand_percent: float
    why: Why
    room_c: float | None
    sensor_lost: bool = False
    disobedience: Why | None = None
    in_force: InForce | None = None
    dropped: tuple[int, ...] = ()
    """The room sensors, by their order, that are not counted now."""
    without_effect: bool = False
    """Watts are drawn for hours, and the room does not get warmer."""
    heat_w: float = 0.0
    """What the room needs of this heater, whatever work makes it."""
    ceiling_w: float | None = None
    """What this heater may draw in all, None for no limit; 0 while it is off or nothing may be drawn."""
    planned: bool = False
    """Whether a plan decided, and not the regulator or a person."""
    circuit_w: float | None = None
    """What its circuits would leave it if it asked, None where none limits it."""
