"""From comfort to watts: regulator, shaper and safety governor. Pure: readings come in, a decision goes out."""

from .controller import ControlInputs, Controller, Decision
from .governor import SafetyLimits
from .regulator import RoomResponse
from .settings import HeaterSettings

__all__ = ["ControlInputs", "Controller", "Decision", "HeaterSettings", "RoomResponse", "SafetyLimits"]
