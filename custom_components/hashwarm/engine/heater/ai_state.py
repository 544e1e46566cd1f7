"""What the AI work of a heater shows to the face: one frozen picture per round."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..jobs import Abilities, Job
from ..model.dispatch import DispatchReason, Worth


class AiStatus(StrEnum):
    """How the AI work of a heater stands, in one word."""

    IDLE = "idle"
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    THROTTLED = "throttled"
    PAUSED = "paused"
    CHECKPOINTING = "checkpointing"
    PREEMPTED = "preempted"
    ERROR = "error"
    """The jobs cannot be read or written."""
    OFFLINE = "offline"
    """Nothing that runs jobs can be reached."""


@dataclass(frozen=True, kw_only=True)
class ExecutorStanding:
    """How one executor or machine stands; power in W."""

    title: str
    problem: str | None = None
    """Why it cannot be used now, as a translation key."""
    heats_room: bool = True
    power_w: float | None = None
    power_source: str = "unknown"
    """measured, estimated or unknown."""
    abilities: Abilities | None = None
    """None of a machine whose work is not ours to queue."""
    busy: bool | None = None
    committed: bool = False
    power_control: str = "none"
    """How its watts are limited: nvml, amdgpu, rapl, duty_cycle or none."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """What it has and uses, by name."""
    warnings: tuple[str, ...] = ()
    """What a person should mend though it works, as translation keys."""


@dataclass(frozen=True, kw_only=True)
class AiState:
    """One round of AI work. Power in W, energy in mJ, money in 1e-9 of the home's currency."""

    status: AiStatus = AiStatus.IDLE
    job: Job | None = None
    """The one that is talked of: what runs, else what comes next."""
    name: str | None = None
    """Of it, or of what a machine says that it does."""
    progress: float | None = None
    remaining_s: float | None = None
    next_checkpoint: datetime | None = None
    last_checkpoint: datetime | None = None
    jobs: tuple[Job, ...] = ()
    """All that have not ended, in the order in which they get watts."""
    running: int = 0
    waiting: int = 0
    completed: int | None = None
    failed: int | None = None
    preemptions_today: int = 0
    lost_work_today: int = 0
    """How often work was lost."""
    power_w: float | None = None
    power_source: str = "unknown"
    energy_mj: int | None = None
    """Of all time; None until that could be read."""
    pending_nano: int = 0
    revenue_per_hour: float | None = None
    """In currency; a moving average of what was earned."""
    worth: Worth = field(default_factory=Worth)
    reason: DispatchReason | None = None
    executors: Mapping[str, ExecutorStanding] = field(default_factory=dict)

    @property
    def connected(self) -> bool:
        """Whether everything that runs jobs can be reached."""
        return all(standing.problem is None for standing in self.executors.values())

    @property
    def busy(self) -> bool:
        """Whether AI work makes heat."""
        return self.running > 0 or any(standing.busy for standing in self.executors.values())

    @property
    def committed(self) -> bool:
        """Whether work runs that is promised to somebody."""
        return any(standing.committed for standing in self.executors.values())
