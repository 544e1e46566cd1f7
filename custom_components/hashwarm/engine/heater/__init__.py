"""One heater: a backend, its control and its place in the ledger."""

from ..control import HEAT_DEMAND_VALID_S, Controller, Decision, HeaterSettings, RoomResponse, SafetyLimits
from ..hashing.benchmark import BenchmarkResult, quick_benchmark
from ..hashing.keeper import default_threads
from .heater import Heater
from .local_worker import LocalWorker, WorkerOptions
from .state import HeaterAction, HeaterState

__all__ = [
    "HEAT_DEMAND_VALID_S",
    "BenchmarkResult",
    "Controller",
    "Decision",
    "Heater",
    "HeaterAction",
    "HeaterSettings",
    "HeaterState",
    "LocalWorker",
    "RoomResponse",
    "SafetyLimits",
    "WorkerOptions",
    "default_threads",
    "quick_benchmark",
]
