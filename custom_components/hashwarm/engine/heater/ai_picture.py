"""Puts together what the face shows of AI work; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..jobs import Job, JobState
from ..jobs.machine import Machine
from ..model.dispatch import DispatchReason, Worth
from .ai_counts import AiCounts
from .ai_state import AiState, AiStatus, ExecutorStanding
from .job_views import next_checkpoint, remaining_s

_BY_STATE = {
    JobState.STARTING: AiStatus.STARTING,
    JobState.RUNNING: AiStatus.RUNNING,
    JobState.PAUSED: AiStatus.PAUSED,
    JobState.CHECKPOINTING: AiStatus.CHECKPOINTING,
    JobState.STOPPING: AiStatus.CHECKPOINTING,
    JobState.PREEMPTED: AiStatus.PREEMPTED,
}
_SHOWN_FIRST = (JobState.RUNNING, JobState.STARTING, JobState.CHECKPOINTING, JobState.STOPPING, JobState.PAUSED)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What AI work draws, in W; `source` is measured, estimated or unknown."""

    total_w: float = 0.0
    heat_w: float = 0.0
    together_w: float = 0.0
    """Of it, what the heater's own reading contains."""
    jobs_w: float = 0.0
    source: str = "unknown"
    by_place: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Round:
    """What a round knows when it is over."""

    jobs: tuple[Job, ...]
    shares: Mapping[str, float]
    drawn: Drawn
    worth: Worth
    per_hour: float | None
    reason: DispatchReason | None
    standings: Mapping[str, ExecutorStanding]
    machines: Mapping[str, Machine]
    readable: bool = True
    """The jobs could be read from the file."""


def picture(now: Round, counts: AiCounts) -> AiState:
    """Return what is shown of a round."""
    job = shown(now.jobs)
    machine = next((m for m in now.machines.values() if m.reading is not None and m.reading.busy), None)
    reading = machine.reading if job is None and machine is not None else None
    on = job is not None and job.state.on_executor
    return AiState(
        status=_status(now, job, machine),
        job=job,
        name=job.spec.name if job is not None else reading.name if reading is not None else None,
        progress=job.progress if job is not None else reading.progress if reading is not None else None,
        remaining_s=remaining_s(job) if job is not None and on else None,
        next_checkpoint=next_checkpoint(job) if job is not None and on else None,
        last_checkpoint=job.last_checkpoint if job is not None else None,
        jobs=now.jobs,
        running=sum(one.state in {JobState.STARTING, JobState.RUNNING} for one in now.jobs),
        waiting=sum(not one.state.on_executor for one in now.jobs),
        completed=counts.completed if now.readable else None,
        failed=counts.failed if now.readable else None,
        preemptions_today=counts.preemptions,
        lost_work_today=counts.lost_work,
        power_w=now.drawn.total_w,
        power_source=now.drawn.source,
        energy_mj=round(counts.energy_mj) if now.readable else None,
        pending_nano=sum(one.pending_nano for one in now.jobs),
        revenue_per_hour=now.per_hour,
        worth=now.worth,
        reason=now.reason,
        executors=now.standings,
    )


def shown(jobs: Iterable[Job]) -> Job | None:
    """Return the job that is talked of: one that an executor has, else the next in order."""
    jobs = list(jobs)
    by_state = (job for state in _SHOWN_FIRST for job in jobs if job.state is state)
    return next(by_state, jobs[0] if jobs else None)


def _status(now: Round, job: Job | None, machine: Machine | None) -> AiStatus:
    if not now.readable:
        return AiStatus.ERROR
    if now.standings and all(standing.problem is not None for standing in now.standings.values()):
        return AiStatus.OFFLINE
    if job is None:
        if machine is not None:
            return AiStatus.RUNNING
        return AiStatus.PAUSED if any(one.quieted for one in now.machines.values()) else AiStatus.IDLE
    if job.state is JobState.RUNNING and now.shares.get(job.job_id, 1.0) < 1.0:
        return AiStatus.THROTTLED
    return _BY_STATE.get(job.state, AiStatus.QUEUED)
