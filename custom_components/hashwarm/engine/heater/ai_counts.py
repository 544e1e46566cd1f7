"""What is counted of AI work over its whole life and over today; survives restarts."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from ..jobs import Job, JobEvent

_LOST = frozenset({JobEvent.PREEMPTED, JobEvent.RETRIED, JobEvent.LOST, JobEvent.HELD, JobEvent.FAILED})


@dataclass(kw_only=True)
class AiCounts:
    """Counts that never fall, and those of one local day. Energy in mJ."""

    energy_mj: float = 0.0
    apart_mj: float = 0.0
    """Of it, what the heater's own reading does not contain."""
    completed: int = 0
    failed: int = 0
    day: date | None = None
    preemptions: int = 0
    lost_work: int = 0

    def begin(self, today: date) -> None:
        """Count the day's figures anew when another day has begun."""
        if today != self.day:
            self.day, self.preemptions, self.lost_work = today, 0, 0

    def draw(self, power_w: float, apart_w: float, length_s: float) -> None:
        """Add up what was drawn for a while."""
        self.energy_mj += power_w * length_s * 1000.0
        self.apart_mj += apart_w * length_s * 1000.0

    def note(self, job: Job, event: JobEvent) -> None:
        """Count what happened to a job."""
        self.completed += event is JobEvent.SUCCEEDED
        self.failed += event is JobEvent.FAILED
        self.preemptions += event is JobEvent.PREEMPTED
        self.lost_work += job.lost_work and event in _LOST

    def at_least(self, other: Self) -> Self:
        """Return these counts, raised to what another record of the same work knows; the newer day's is taken whole."""
        newer = self if other.day is None or (self.day is not None and self.day > other.day) else other
        same = self.day == other.day
        return replace(
            newer,
            energy_mj=max(self.energy_mj, other.energy_mj),
            apart_mj=max(self.apart_mj, other.apart_mj),
            completed=max(self.completed, other.completed),
            failed=max(self.failed, other.failed),
            preemptions=max(self.preemptions, other.preemptions) if same else newer.preemptions,
            lost_work=max(self.lost_work, other.lost_work) if same else newer.lost_work,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the counts in a form that JSON can hold."""
        return {
            "energy_mj": round(self.energy_mj),
            "apart_mj": round(self.apart_mj),
            "completed": self.completed,
            "failed": self.failed,
            "day": None if self.day is None else self.day.isoformat(),
            "preemptions": self.preemptions,
            "lost_work": self.lost_work,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any] | None) -> Self:
        """Return stored counts; what makes no sense counts as nothing."""
        told = stored or {}
        return cls(
            energy_mj=float(_count(told.get("energy_mj"))),
            apart_mj=float(_count(told.get("apart_mj"))),
            completed=_count(told.get("completed")),
            failed=_count(told.get("failed")),
            day=_day(told.get("day")),
            preemptions=_count(told.get("preemptions")),
            lost_work=_count(told.get("lost_work")),
        )


def _count(stored: object) -> int:
    return stored if isinstance(stored, int) and not isinstance(stored, bool) and stored >= 0 else 0


def _day(stored: object) -> date | None:
    try:
        return date.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        return None
