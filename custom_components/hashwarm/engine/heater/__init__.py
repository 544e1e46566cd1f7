"""One heater: a backend, its control and its place in the ledger."""

from ..control import (
    HEAT_DEMAND_VALID_S,
    Comfort,
    ComfortOptions,
    Controller,
    Decision,
    Facts,
    Fusion,
    FusionMethod,
    HeaterSettings,
    InForce,
    QuietHours,
    RoomResponse,
    SafetyLimits,
    Schedule,
    Source,
    WeeklySchedule,
    daily,
    quiet_hours,
)
from ..hashing.benchmark import BenchmarkResult, quick_benchmark
from ..hashing.keeper import default_threads
from .heater import Heater
from .local_worker import LocalWorker, WorkerOptions
from .state import HeaterAction, HeaterState

__all__ = [
    "HEAT_DEMAND_VALID_S",
    "BenchmarkResult",
    "Comfort",
    "ComfortOptions",
    "Controller",
    "Decision",
    "Facts",
    "Fusion",
    "FusionMethod",
    "Heater",
    "HeaterAction",
    "HeaterSettings",
    "HeaterState",
    "InForce",
    "LocalWorker",
    "QuietHours",
    "RoomResponse",
    "SafetyLimits",
    "Schedule",
    "Source",
    "WeeklySchedule",
    "WorkerOptions",
    "daily",
    "default_threads",
    "quick_benchmark",
    "quiet_hours",
]
