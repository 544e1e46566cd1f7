"""How long jobs have been in their state, by a clock that nobody sets."""

from datetime import datetime, timedelta

from ..model.protocols import Monotonic, WallClock
from .job import Job

_NONE = timedelta()


class Stopwatch:
    """Remembers when each job's state began; of a state that began in an earlier life, what its stamp says.

    A stamp of the future, which a clock that was wrong left behind, counts as now.
    """

    def __init__(self, now: WallClock, clock: Monotonic) -> None:
        self._now = now
        self._clock = clock
        self._began: dict[str, tuple[datetime, float]] = {}

    def note(self, job: Job) -> None:
        """Take a job as it stands now."""
        if job.state.final:
            self._began.pop(job.job_id, None)
        elif job.since is not None and self._known_s(job) is None:
            self._began[job.job_id] = (job.since, self._clock() - self._by_stamp(job).total_seconds())

    def lasted(self, job: Job) -> timedelta:
        """Return how long a job has been in its state."""
        known_s = self._known_s(job)
        return self._by_stamp(job) if known_s is None else timedelta(seconds=max(self._clock() - known_s, 0.0))

    def _known_s(self, job: Job) -> float | None:
        since, began_s = self._began.get(job.job_id, (None, 0.0))
        return began_s if since is not None and since == job.since else None

    def _by_stamp(self, job: Job) -> timedelta:
        return max(self._now() - (job.since or job.created), _NONE)
