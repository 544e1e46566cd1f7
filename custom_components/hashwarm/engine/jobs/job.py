"""A job as a person submitted it, and how it stands."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class JobState(StrEnum):
    """Where a job is between its submission and its end."""

    QUEUED = "queued"
    HELD = "held"
    """A person, or too many preemptions, keeps it from starting."""
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    """Frozen where it is; it goes on within a moment."""
    CHECKPOINTING = "checkpointing"
    """Told to save its work and to end."""
    PREEMPTED = "preempted"
    """Ended before its time, to be started again by itself."""
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its executor knows nothing of it any more; queued again where it may be restarted."""

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}

    @property
    def on_executor(self) -> bool:
        """Whether an executor has a run of it."""
        return self in {
            JobState.STARTING,
            JobState.RUNNING,
            JobState.PAUSED,
            JobState.CHECKPOINTING,
            JobState.STOPPING,
        }


class Flexibility(StrEnum):
    """How much slower a job may be made to run for the sake of the heat (tiers of Emerald AI, arXiv 2507.00909)."""

    RIGID = "rigid"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def slowdown(self) -> float:
        """The part of its speed that may be taken from it."""
        return {"rigid": 0.0, "low": 0.1, "medium": 0.25, "high": 0.5}[self.value]


class Checkpointing(StrEnum):
    """How a job saves its work."""

    NONE = "none"
    SIGNAL = "signal"
    """When it is told to end by SIGTERM; it then exits with 75."""
    PERIODIC = "periodic"
    """By itself, now and then."""


class PayoutPer(StrEnum):
    """What a payout is for."""

    JOB = "job"
    HOUR = "hour"


@dataclass(frozen=True, kw_only=True)
class Payout:
    """What a job earns when it has succeeded, in the home's currency."""

    amount: float
    per: PayoutPer = PayoutPer.JOB


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What a job needs to run; memory in MB."""

    cpus: float = 1.0
    gpus: float = 0.0
    memory_mb: int | None = None


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """What a person submitted; it never changes but for its priority. Times in s, power in W."""

    name: str
    executor_id: str
    command: tuple[str, ...]
    """A program and its arguments; never a line for a shell."""
    template_id: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    priority: int = 50
    """0 to 100; higher goes first."""
    flexibility: Flexibility = Flexibility.MEDIUM
    restartable: bool = True
    checkpointing: Checkpointing = Checkpointing.SIGNAL
    checkpoint_interval_s: float | None = None
    grace_s: float = 30.0
    """What it gets to save its work."""
    max_runtime_s: float | None = None
    max_attempts: int = 5
    deadline: datetime | None = None
    not_before: datetime | None = None
    requires: Requirements = field(default_factory=Requirements)
    expected_power_w: float | None = None
    payout: Payout | None = None
    resumes: str | None = None
    """The job that this one does again, whose checkpoints it goes on from."""
    counted_nano: int = 0
    """What that job had told beyond its last checkpoint and was booked, so that this one tells it again."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it stands. Energy in mJ, as everywhere in the ledger."""

    job_id: str
    """Sorts by the time of submission (ULID)."""
    spec: JobSpec
    state: JobState
    created: datetime
    reason: str | None = None
    """Why it is in this state, as a translation key."""
    attempt: int = 0
    """How often it was started."""
    progress: float | None = None
    """0 to 1, None where the job tells none."""
    last_checkpoint: datetime | None = None
    next_checkpoint: datetime | None = None
    run_s: float = 0.0
    energy_mj: int = 0
    revenue_nano: int | None = None
    """Settled, in 1e-9 of the home's currency; None until the end."""
    pending_nano: int = 0
    """Told by the job itself and not settled yet."""
    lost_work: bool = False
    exit_code: int | None = None
    backend_ref: str | None = None
    """What its executor knows its run by; survives a restart of Home Assistant."""
    started: datetime | None = None
    finished: datetime | None = None
    not_before: datetime | None = None
    """Of the next attempt."""
    held_by_person: bool = False
    since: datetime | None = None
    """When it came into its state."""
    queued_since: datetime | None = None
    """When it last began to wait for a start; the longer, the higher it goes."""
    failures: int = 0
    """Attempts in a row that ended by themselves in failure."""
    losses: int = 0
    """Attempts in a row that their executor forgot, with no checkpoint between; they may have taken it along."""
    preemptions: tuple[datetime, ...] = ()
    """Of the last hour."""
    carried_nano: int = 0
    """Of `pending_nano`, what attempts before this one told; below 0 by what was booked and is told again."""
    safe_nano: int = 0
    """Of `pending_nano`, what was told before a checkpoint, so that no later attempt tells it again; see above."""
    revision: int = 0
    """Counts its changes of state."""
