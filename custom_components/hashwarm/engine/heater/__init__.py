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
    Insulation,
    Pilot,
    QuietHours,
    RoomResponse,
    SafetyLimits,
    Schedule,
    Site,
    Source,
    WeeklySchedule,
    assumed_house,
    daily,
    quiet_hours,
    sun_on_walls,
)
from ..hashing.benchmark import BenchmarkResult, quick_benchmark
from ..hashing.keeper import default_threads
from ..jobs import SCHEMA as JOBS_SCHEMA, Job, JobEvent
from .ai_counts_file import COUNTS_SCHEMA
from .ai_settings import AiSettings
from .ai_state import AiState, AiStatus, ExecutorStanding
from .forethought import Forethought, Surroundings
from .heater import Heater
from .job_income import JobIncome
from .local_worker import LocalWorker, WorkerOptions
from .state import HeaterAction, HeaterState
from .workplace import Workplace
from .workshop import Workshop

__all__ = [
    "AI_SCHEMAS",
    "HEAT_DEMAND_VALID_S",
    "AiSettings",
    "AiState",
    "AiStatus",
    "BenchmarkResult",
    "Comfort",
    "ComfortOptions",
    "Controller",
    "Decision",
    "ExecutorStanding",
    "Facts",
    "Forethought",
    "Fusion",
    "FusionMethod",
    "Heater",
    "HeaterAction",
    "HeaterSettings",
    "HeaterState",
    "InForce",
    "Insulation",
    "Job",
    "JobEvent",
    "JobIncome",
    "LocalWorker",
    "Pilot",
    "QuietHours",
    "RoomResponse",
    "SafetyLimits",
    "Schedule",
    "Site",
    "Source",
    "Surroundings",
    "WeeklySchedule",
    "WorkerOptions",
    "Workplace",
    "Workshop",
    "assumed_house",
    "daily",
    "default_threads",
    "quick_benchmark",
    "quiet_hours",
    "sun_on_walls",
]

AI_SCHEMAS = (JOBS_SCHEMA, COUNTS_SCHEMA)
"""The tables of AI work in the home's file."""
