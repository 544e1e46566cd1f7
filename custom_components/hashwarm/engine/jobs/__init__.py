"""AI jobs: a durable queue of our own, and executors that run what it holds."""

from ..model.compute import Compute, ComputeStatus
from .book import Booking, JobEvent, OnEvent
from .environment import JOB_PATH, SECRET
from .executor import (
    EXIT_SAVED,
    Abilities,
    Executor,
    Forgets,
    Launch,
    Parts,
    PowerReading,
    RunState,
    RunStatus,
)
from .executors import (
    BoincClient,
    BoincConnection,
    ComfyUiStatus,
    FoldingClient,
    LlamaCppStatus,
    OllamaStatus,
    RayExecutor,
    VastMachine,
    VllmStatus,
    base_url,
)
from .job import Checkpointing, Flexibility, Job, JobSpec, JobState, Payout, PayoutPer, Requirements
from .keepsake import Keepsake
from .leftovers import remove_leftovers
from .lifecycle import Reason
from .local import NOBODY, LocalExecutor, LocalSettings, as_nobody
from .machine import Controls, Machine, Offers
from .machine_controls import BoincControls, FoldingControls
from .parting import part_from
from .power import NVML_REQUIREMENT, LimitedExecutor, PowerLimiter, choose_limiter
from .queue import JobQueue, PauseMode
from .tables import SCHEMA, Transition, finish

__all__ = [
    "EXIT_SAVED",
    "JOB_PATH",
    "NOBODY",
    "NVML_REQUIREMENT",
    "SCHEMA",
    "SECRET",
    "Abilities",
    "BoincClient",
    "BoincConnection",
    "BoincControls",
    "Booking",
    "Checkpointing",
    "ComfyUiStatus",
    "Compute",
    "ComputeStatus",
    "Controls",
    "Executor",
    "Flexibility",
    "FoldingClient",
    "FoldingControls",
    "Forgets",
    "Job",
    "JobEvent",
    "JobQueue",
    "JobSpec",
    "JobState",
    "Keepsake",
    "Launch",
    "LimitedExecutor",
    "LlamaCppStatus",
    "LocalExecutor",
    "LocalSettings",
    "Machine",
    "Offers",
    "OllamaStatus",
    "OnEvent",
    "Parts",
    "PauseMode",
    "Payout",
    "PayoutPer",
    "PowerLimiter",
    "PowerReading",
    "RayExecutor",
    "Reason",
    "Requirements",
    "RunState",
    "RunStatus",
    "Transition",
    "VastMachine",
    "VllmStatus",
    "as_nobody",
    "base_url",
    "choose_limiter",
    "finish",
    "part_from",
    "remove_leftovers",
]
