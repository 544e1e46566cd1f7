"""From comfort to watts: regulator, shaper and safety governor. Pure: readings come in, a decision goes out."""

from .circuit_share import CircuitShare
from .comfort import Comfort, ComfortOptions, Facts, InForce, Source
from .controller import Controller
from .fusion import Fusion, FusionMethod
from .governor import SafetyLimits, outdoor_c
from .horizon import Household, JobHold, drawn_through, slots_ahead
from .house import House, assumed_house
from .inputs import ControlInputs, Decision
from .pilot import Pilot, Questions, Trust
from .room_words import Insulation, RoomResponse
from .schedule import QuietHours, Schedule, WeeklySchedule, daily, quiet_hours
from .settings import HEAT_DEMAND_VALID_S, HeaterSettings
from .sun import Site, sun_on_walls

__all__ = [
    "HEAT_DEMAND_VALID_S",
    "CircuitShare",
    "Comfort",
    "ComfortOptions",
    "ControlInputs",
    "Controller",
    "Decision",
    "Facts",
    "Fusion",
    "FusionMethod",
    "HeaterSettings",
    "House",
    "Household",
    "InForce",
    "Insulation",
    "JobHold",
    "Pilot",
    "Questions",
    "QuietHours",
    "RoomResponse",
    "SafetyLimits",
    "Schedule",
    "Site",
    "Source",
    "Trust",
    "WeeklySchedule",
    "assumed_house",
    "daily",
    "drawn_through",
    "outdoor_c",
    "quiet_hours",
    "slots_ahead",
    "sun_on_walls",
]
