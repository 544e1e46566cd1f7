"""AI jobs: a durable queue of our own, and executors that run what it holds."""

from .executor import (
    Abilities,
    Executor,
    Launch,
    PowerReading,
    RunState,
    RunStatus,
)
from .job import Checkpointing, Flexibility, Job, JobSpec, JobState, Payout, PayoutPer, Requirements

__all__ = [
    "Abilities",
    "Checkpointing",
    "Executor",
    "Flexibility",
    "Job",
    "JobSpec",
    "JobState",
    "Launch",
    "Payout",
    "PayoutPer",
    "PowerReading",
    "Requirements",
    "RunState",
    "RunStatus",
]
