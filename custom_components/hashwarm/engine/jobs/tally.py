"""Counts what each running job draws and how long it runs."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..model.protocols import Monotonic
from .job import Job, JobState

_GAP_S = 60.0
"""A longer time between two counts is not known, and not counted."""
_WRITE_EVERY_S = 10.0
_RUNNING = frozenset({JobState.RUNNING, JobState.CHECKPOINTING, JobState.STOPPING})
_MOST_MJ = 1 << 50


class Tally:
    """Remembers when it counted last, and parts of a mJ."""

    def __init__(self, clock: Monotonic) -> None:
        self._clock = clock
        self._last_s = clock()
        self._written_s = clock()
        self._parts_mj: dict[str, float] = {}

    def count(self, jobs: Iterable[Job], power_w: Mapping[str, float | None], shares: Mapping[str, float]) -> list[Job]:
        """Return the running jobs with what they drew since the last count; an unknown power adds time only."""
        now_s = self._clock()
        length_s, self._last_s = now_s - self._last_s, now_s
        if not 0.0 < length_s <= _GAP_S:
            return []
        running = [job for job in jobs if job.state in _RUNNING]
        weights = {job.job_id: (job.spec.expected_power_w or 1.0) * shares.get(job.job_id, 1.0) for job in running}
        sums: dict[str, float] = {}
        for job in running:
            sums[job.spec.executor_id] = sums.get(job.spec.executor_id, 0.0) + weights[job.job_id]
        return [
            replace(
                job,
                run_s=job.run_s + length_s,
                energy_mj=min(job.energy_mj + self._whole_mj(job, power_w, weights, sums, length_s), _MOST_MJ),
            )
            for job in running
        ]

    def _whole_mj(
        self,
        job: Job,
        power_w: Mapping[str, float | None],
        weights: Mapping[str, float],
        sums: Mapping[str, float],
        length_s: float,
    ) -> int:
        """Return the mJ that a job drew, its part of what its executor drew."""
        watts = power_w.get(job.spec.executor_id)
        total = sums[job.spec.executor_id]
        if watts is None or total <= 0.0:
            return 0
        exact = max(watts, 0.0) * weights[job.job_id] / total * length_s * 1000.0 + self._parts_mj.get(job.job_id, 0.0)
        self._parts_mj[job.job_id] = exact % 1.0
        return int(exact)

    def is_time_to_write(self) -> bool:
        """Tell whether what was counted should be written now."""
        if self._clock() - self._written_s < _WRITE_EVERY_S:
            return False
        self._written_s = self._clock()
        return True
