"""What is known of one submission to a Ray head."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from ..executor import RunState, RunStatus
from .growing_log import GrowingLog


@dataclass(kw_only=True)
class RayRun:
    """What is known of one submission."""

    ref: str
    log: GrowingLog
    state: RunState = RunState.STARTING
    power_w: float | None = None
    exit_code: int | None = None
    problem: str | None = None
    saved: bool | None = None
    adopted: bool = False
    """Begun before we were: what its log says may be old."""
    log_ends: bool = False
    log_heard: bool = False
    """To its end."""
    checkpoints_before: int = 0
    """How many it had told when it was told to end."""
    stop_wanted: bool = False
    stop_sent: bool = False
    ghost: bool = False
    """Given up before it began; stopped should it begin after all."""
    doubtful_until: datetime | None = None
    """Nobody knows whether the head took it; before that time it may turn up."""
    log_due: datetime | None = None
    log_misses: int = 0
    """How often the log of its end could not be read."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_open(self) -> bool:
        """Whether the head may know news of it."""
        return self.ghost or self.state not in {RunState.ENDED, RunState.LOST}

    @property
    def is_in_transit(self) -> bool:
        """Whether it is about to begin or to end."""
        return self.ghost or self.state in {RunState.STARTING, RunState.ENDING}

    @property
    def is_told_to_end(self) -> bool:
        """Whether nothing of it is left to be told: it has ended, or will by itself."""
        return not self.is_open or (self.stop_sent and not self.ghost)

    def status(self) -> RunStatus:
        """Return how it stands."""
        told = self.log.told
        return RunStatus(
            ref=self.ref,
            state=self.state,
            exit_code=self.exit_code,
            saved=self.saved,
            progress=told.progress,
            last_checkpoint=self.log.last_checkpoint,
            next_checkpoint=self.log.next_checkpoint,
            revenue_nano=told.revenue_nano,
            saved_nano=told.saved_nano,
            problem=self.problem,
        )
