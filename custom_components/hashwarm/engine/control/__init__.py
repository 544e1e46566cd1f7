"""From comfort to watts: regulator, shaper and safety governor. Pure: readings come in, a decision goes out."""

from .comfort import Comfort, ComfortOptions, Facts, InForce, Source
from .controller import HEAT_DEMAND_VALID_S, Controller
from .fusion import Fusion, FusionMethod
from .governor import SafetyLimits, outdoor_c
from .inputs import ControlInputs, Decision
from .regulator import RoomResponse
from .schedule import QuietHours, Schedule, WeeklySchedule, daily, quiet_hours
from .settings import HeaterSettings

__all__ = [
    "HEAT_DEMAND_VALID_S",
    "Comfort",
    "ComfortOptions",
    "ControlInputs",
    "Controller",
    "Decision",
    "Facts",
    "Fusion",
    "FusionMethod",
    "HeaterSettings",
    "InForce",
    "QuietHours",
    "RoomResponse",
    "SafetyLimits",
    "Schedule",
    "Source",
    "WeeklySchedule",
    "daily",
    "outdoor_c",
    "quiet_hours",
]
