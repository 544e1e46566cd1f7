"""From comfort to watts: regulator, shaper and safety governor. Pure: readings come in, a decision goes out."""

from .controller import HEAT_DEMAND_VALID_S, ControlInputs, Controller, Decision
from .governor import SafetyLimits, outdoor_c
from .regulator import RoomResponse
from .settings import HeaterSettings

__all__ = [
    "HEAT_DEMAND_VALID_S",
    "ControlInputs",
    "Controller",
    "Decision",
    "HeaterSettings",
    "RoomResponse",
    "SafetyLimits",
    "outdoor_c",
]
