"""AI jobs: a durable queue of our own, and executors that run what it holds."""

from .book import Booking, JobEvent, OnEvent
from .environment import JOB_PATH, SECRET
from .executor import (
    EXIT_SAVED,
    Abilities,
    Compute,
    ComputeStatus,
    Executor,
    Forgets,
    Launch,
    PowerReading,
    RunState,
    RunStatus,
)
from .job import Checkpointing, Flexibility, Job, JobSpec, JobState, Payout, PayoutPer, Requirements
from .lifecycle import Reason
from .local import NOBODY, LocalExecutor, LocalSettings, as_nobody
from .queue import JobQueue, PauseMode
from .tables import SCHEMA, Transition, finish

__all__ = [
    "EXIT_SAVED",
    "JOB_PATH",
    "NOBODY",
    "SCHEMA",
    "SECRET",
    "Abilities",
    "Booking",
    "Checkpointing",
    "Compute",
    "ComputeStatus",
    "Executor",
    "Flexibility",
    "Forgets",
    "Job",
    "JobEvent",
    "JobQueue",
    "JobSpec",
    "JobState",
    "Launch",
    "LocalExecutor",
    "LocalSettings",
    "OnEvent",
    "PauseMode",
    "Payout",
    "PayoutPer",
    "PowerReading",
    "Reason",
    "Requirements",
    "RunState",
    "RunStatus",
    "Transition",
    "as_nobody",
    "finish",
]
