"""What the queue expects of whatever runs jobs.

The contract with a job is the same everywhere: SIGTERM means save and exit with 75, exit 0 means done. Its environment
names HASHWARM_JOB_ID, HASHWARM_ATTEMPT and HASHWARM_CHECKPOINT_DIR; JSON lines on its output tell progress (0 to 1),
checkpoints, the next checkpoint and revenue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from .job import JobSpec

EXIT_SAVED = 75
"""EX_TEMPFAIL: saved, to be started again."""


class RunState(StrEnum):
    """How one attempt of a job stands at its executor."""

    STARTING = "starting"
    RUNNING = "running"
    FROZEN = "frozen"
    ENDING = "ending"
    ENDED = "ended"
    LOST = "lost"
    """The executor answers and knows nothing of it."""


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """What an executor can do with a run."""

    freezes: bool = False
    """Stops a run within a second and lets it go on where it was."""
    throttles: bool = False
    """Makes a run slower and cooler."""
    keeps_runs: bool = False
    """Runs outlive Home Assistant and are found again by their reference."""
    slots: int = 1
    """How many jobs it runs at once."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One attempt to run a job."""

    job_id: str
    attempt: int
    spec: JobSpec

    @property
    def run_id(self) -> str:
        """Unlike that of any other attempt."""
        return f"{self.job_id}-a{self.attempt}"


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """What an executor tells of a run; None is not told."""

    ref: str
    state: RunState
    exit_code: int | None = None
    saved: bool | None = None
    """Whether its work was saved after it was told to end; exit code 75, or a checkpoint told since."""
    progress: float | None = None
    last_checkpoint: datetime | None = None
    next_checkpoint: datetime | None = None
    revenue_nano: int = 0
    """All that this run has told of revenue so far, in 1e-9 of the currency it named, which is that of the home."""
    saved_nano: int = 0
    """Of it, what was told before its last checkpoint or with it: no later run tells that again."""
    problem: str | None = None
    """What a person should know, as a translation key."""


@dataclass(frozen=True, kw_only=True)
class PowerReading:
    """Watts that an executor's work draws, and where the figure is from."""

    power_w: float | None = None
    source: str = "unknown"
    """measured, estimated or unknown."""


class Executor(Protocol):
    """Runs jobs. Errors: ExecutorError and its kin; an executor that cannot be reached says so at every call."""

    @property
    def abilities(self) -> Abilities:
        """What it can do, as known now."""
        ...

    async def start(self) -> None:
        """Take hold of what runs jobs, and end what an earlier life left over where it cannot be taken up again."""
        ...

    async def stop(self) -> None:
        """Let go: what dies with us is ended with its grace, what outlives us is left running."""
        ...

    async def launch(self, launch: Launch) -> str:
        """Begin a run and return its reference."""
        ...

    async def freeze(self, ref: str) -> None:
        """Stop it where it is."""
        ...

    async def thaw(self, ref: str) -> None:
        """Let it go on."""
        ...

    async def throttle(self, ref: str, share: float) -> None:
        """Let it run that share of the time, 0 to 1."""
        ...

    async def end(self, ref: str, grace_s: float) -> None:
        """Tell it to save and end, and end it for good after its grace; does not wait for it."""
        ...

    async def look(self) -> list[RunStatus]:
        """Return how every run stands that this executor has, or had in this life."""
        ...

    async def log(self, ref: str, lines: int) -> list[str]:
        """Return the last lines that a run said."""
        ...

    def power(self) -> PowerReading:
        """Return what all its runs draw now."""
        ...

    def attach(self, wake: Callable[[], None]) -> None:
        """Call this whenever a run changes."""
        ...


@runtime_checkable
class Parts(Protocol):
    """An executor whose runs outlive us, and that can be left for good."""

    async def part(self, within_s: float) -> list[str]:
        """End all runs of ours; return those of which nobody knows in that time that they were told.

        Errors: ExecutorError and its kin where it cannot be reached.
        """
        ...


@runtime_checkable
class Forgets(Protocol):
    """An executor that keeps something of jobs that have ended."""

    async def forget(self, job_id: str) -> None:
        """Remove what is kept of a job, its checkpoints with it."""
        ...
