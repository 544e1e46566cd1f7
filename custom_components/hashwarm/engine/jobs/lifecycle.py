"""How a job goes from its submission to its end; pure, the time comes in.

Each function returns the job as it then stands, or the steps one after the other. A step that cannot be raises
JobStateError.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor

from ..model.errors import JobStateError
from .executor import EXIT_SAVED, Launch, RunState, RunStatus
from .job import Job, JobSpec, JobState, PayoutPer

BACKOFF_S = 30.0
BACKOFF_MOST_S = 3600.0
LOSSES_MOST = 5
"""So often in a row may a job get lost without having saved anything between."""
PREEMPTIONS_PER_HOUR = 4
HELD_FOR = timedelta(minutes=30)
"""At least so long is a job left alone that was preempted too often."""
AGEING = timedelta(hours=6)
"""A job that waits gains one point of priority in that time."""
_HOUR = timedelta(hours=1)
_NONE = timedelta()
_MOST_NANO = 1 << 62

_S = JobState
_WAITING = frozenset({_S.QUEUED, _S.HELD, _S.PREEMPTED})
_AFTER_A_RUN = frozenset({_S.SUCCEEDED, _S.FAILED, _S.QUEUED, _S.PREEMPTED, _S.HELD, _S.LOST})
_TOLD_TO_END = frozenset({_S.CHECKPOINTING, _S.STOPPING})
LEGAL: dict[JobState, frozenset[JobState]] = {
    _S.QUEUED: frozenset({_S.HELD, _S.STARTING, _S.CANCELLED}),
    _S.HELD: frozenset({_S.QUEUED, _S.CANCELLED}),
    _S.PREEMPTED: frozenset({_S.QUEUED, _S.HELD, _S.STARTING, _S.CANCELLED}),
    _S.STARTING: _AFTER_A_RUN | _TOLD_TO_END | {_S.RUNNING, _S.PAUSED},
    _S.RUNNING: _AFTER_A_RUN | _TOLD_TO_END | {_S.PAUSED},
    _S.PAUSED: _AFTER_A_RUN | _TOLD_TO_END | {_S.RUNNING},
    _S.CHECKPOINTING: _AFTER_A_RUN | {_S.STOPPING},
    _S.STOPPING: frozenset({_S.CANCELLED, _S.FAILED}),
    _S.LOST: frozenset({_S.QUEUED, _S.HELD, _S.FAILED}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}


class Reason(StrEnum):
    """Why a job is as it is, as translation keys; an executor's own problems stand beside them."""

    NO_HEAT = "no_heat"
    SAFETY = "safety"
    """It had to stop at once."""
    SHUTDOWN = "shutdown"
    PERSON = "person"
    FORCED = "forced"
    """A person did not want to wait for it."""
    TOO_LONG = "too_long"
    """It ran longer than it may."""
    TOO_OFTEN = "too_often"
    """It was preempted too often."""
    SAVED_ITSELF = "saved_itself"
    """It saved its work and ended without being told."""
    GRACE_OVER = "grace_over"
    EXIT_CODE = "exit_code"
    NOT_RESTARTABLE = "not_restartable"
    LOST = "lost"
    LOST_TOO_OFTEN = "lost_too_often"
    """It got lost again and again: it may be what takes its executor down."""


_AT_ONCE = frozenset({Reason.SAFETY, Reason.FORCED})


def move(job: Job, state: JobState, now: datetime, reason: str | None = None) -> Job:
    """Return the job in its new state. Errors: JobStateError where nothing leads there."""
    if state not in LEGAL[job.state]:
        raise JobStateError(f"{job.state} does not lead to {state}", state=job.state.value)
    waits = state in {_S.QUEUED, _S.PREEMPTED}
    waited = job.state in {_S.QUEUED, _S.PREEMPTED}
    return replace(
        job,
        state=state,
        reason=reason,
        since=now,
        revision=job.revision + 1,
        queued_since=(job.queued_since if waited else now) if waits else None,
        finished=now if state.final else None,
        revenue_nano=_settled_nano(job, state) if state.final else None,
        # What was told since the last checkpoint is done again, and told again.
        pending_nano=max(job.safe_nano, 0) if state in _WAITING else job.pending_nano,
    )


def submitted(job_id: str, spec: JobSpec, now: datetime) -> Job:
    """Return a job that waits for its first start."""
    return Job(
        job_id=job_id,
        spec=spec,
        state=_S.QUEUED,
        created=now,
        since=now,
        queued_since=now,
        carried_nano=-spec.counted_nano,
        safe_nano=-spec.counted_nano,
    )


def again(job: Job) -> JobSpec:
    """Return what does a job once more that has ended, from its last checkpoint, and counts nothing twice."""
    counted_nano = max((job.revenue_nano or 0) - job.safe_nano, 0)
    return replace(job.spec, resumes=origin(job), not_before=None, counted_nano=counted_nano)


def origin(job: Job) -> str:
    """Return the job that this one does again, itself where it does none; its checkpoints are theirs together."""
    return job.spec.resumes or job.job_id


def needs_checkpoints(chain: Sequence[Job]) -> bool:
    """Tell whether any of the jobs that share checkpoints, newest first, may go on from them yet."""
    return bool(chain) and chain[0].state is not _S.SUCCEEDED


def starting(job: Job, now: datetime) -> Job:
    """Return the job as it is written before anything is told to start it: a new attempt."""
    return replace(
        move(job, _S.STARTING, now),
        attempt=job.attempt + 1,
        backend_ref=None,
        exit_code=None,
        lost_work=False,
        not_before=None,
        next_checkpoint=None,
        pending_nano=max(job.safe_nano, 0),
        carried_nano=job.safe_nano,
        started=job.started or now,
    )


def told(job: Job, run: RunStatus) -> Job:
    """Return the job with what its run tells of itself."""
    told_nano = min(job.carried_nano + max(run.revenue_nano, 0), _MOST_NANO)
    saved_nano = told_nano if run.exit_code == EXIT_SAVED else job.carried_nano + max(run.saved_nano, 0)
    safe_nano = max(job.safe_nano, min(saved_nano, told_nano))
    is_saved_anew = run.last_checkpoint not in {None, job.last_checkpoint} or safe_nano > job.safe_nano
    return replace(
        job,
        backend_ref=run.ref,
        losses=0 if is_saved_anew or run.state is RunState.ENDED else job.losses,
        progress=job.progress if run.progress is None else min(max(run.progress, 0.0), 1.0),
        last_checkpoint=run.last_checkpoint or job.last_checkpoint,
        next_checkpoint=run.next_checkpoint,
        pending_nano=max(told_nano, safe_nano, 0),
        safe_nano=safe_nano,
    )


def ending(job: Job, now: datetime, reason: str, *, by_person: bool = False) -> Job:
    """Return a job that is told to save its work and to end."""
    return replace(move(job, _S.CHECKPOINTING, now, reason), held_by_person=by_person or job.held_by_person)


def cancelled(job: Job, now: datetime, reason: str) -> Job:
    """Return a job on its way to be cancelled, or cancelled where no executor has it."""
    return move(job, _S.STOPPING if job.state.on_executor else _S.CANCELLED, now, reason)


def ended(job: Job, run: RunStatus, now: datetime) -> tuple[Job, ...]:
    """Return the steps that follow from the end of a run."""
    saved = run.exit_code == EXIT_SAVED if run.saved is None else run.saved
    job = replace(told(job, run), exit_code=run.exit_code, next_checkpoint=None)
    if job.state is _S.STOPPING:
        return (_stopped(job, now),)
    if run.exit_code == 0:
        return (move(replace(job, progress=1.0), _S.SUCCEEDED, now),)
    asked = job.state is _S.CHECKPOINTING
    if saved and (asked or run.exit_code == EXIT_SAVED):
        job = replace(job, failures=0)
        return _interrupted(job, now, (job.reason or Reason.NO_HEAT) if asked else Reason.SAVED_ITSELF)
    job = replace(job, lost_work=True)
    if not asked:
        return (_failed(job, now, run.problem or Reason.EXIT_CODE),)
    if not job.spec.restartable:
        return (move(job, _S.FAILED, now, Reason.NOT_RESTARTABLE),)
    hard = job.reason in {*_AT_ONCE, Reason.SHUTDOWN}
    return _interrupted(job, now, job.reason if hard and job.reason else Reason.GRACE_OVER)


def lost(job: Job, now: datetime) -> tuple[Job, ...]:
    """Return the steps of a job whose executor knows nothing of it any more."""
    if job.state is _S.STOPPING:
        return (_stopped(job, now),)
    losses = job.losses + 1
    gone = replace(move(job, _S.LOST, now, Reason.LOST), lost_work=True, next_checkpoint=None, losses=losses)
    if not job.spec.restartable:
        return gone, move(gone, _S.FAILED, now, Reason.NOT_RESTARTABLE)
    if losses >= LOSSES_MOST:
        return gone, move(gone, _S.FAILED, now, Reason.LOST_TOO_OFTEN)
    if job.held_by_person:
        return gone, move(gone, _S.HELD, now, Reason.LOST)
    not_before = now + _backoff(losses - 1) if losses > 1 else None
    return gone, replace(move(gone, _S.QUEUED, now, Reason.LOST), not_before=not_before)


def refused(job: Job, now: datetime, reason: str) -> Job:
    """Return a job that its executor did not take."""
    return _failed(job, now, reason)


def put_off(job: Job, now: datetime, reason: str) -> Job:
    """Return a job that could not be started for no fault of its own, to be tried again later."""
    return replace(move(job, _S.QUEUED, now, reason), not_before=now + timedelta(seconds=BACKOFF_S))


def held(job: Job, now: datetime) -> Job:
    """Return a waiting job that a person keeps from starting."""
    return replace(move(job, _S.HELD, now, Reason.PERSON), held_by_person=True)


def let_go(job: Job, now: datetime) -> Job:
    """Return a job whose pause is over; whether it then runs is up to the heat."""
    return released(job, now) if job.state is _S.HELD else replace(job, held_by_person=False, not_before=None)


def released(job: Job, now: datetime) -> Job:
    """Return a held job that may start again."""
    return replace(move(job, _S.QUEUED, now), held_by_person=False, not_before=None)


def is_due(job: Job, now: datetime, lasted: timedelta | None = None) -> bool:
    """Tell whether a job has been left alone for long enough: preempted too often, or paused by a person for a time.

    `lasted` is how long it has been in its state, where a clock says so that nobody sets.
    """
    if job.held_by_person:
        return job.state in {_S.HELD, _S.PAUSED} and job.not_before is not None and job.not_before <= now
    return job.state is _S.HELD and _has_rested(job, now, lasted)


def is_startable(job: Job, now: datetime, lasted: timedelta | None = None) -> bool:
    """Tell whether a job may be started now, as far as it goes by itself; `lasted` as above."""
    waits = job.state in {_S.QUEUED, _S.PREEMPTED}
    is_time = job.spec.not_before is None or job.spec.not_before <= now
    return waits and is_time and _has_rested(job, now, lasted)


def _has_rested(job: Job, now: datetime, lasted: timedelta | None) -> bool:
    """Tell whether a job's back-off is over, which is as long as when it was begun, whatever the clock says."""
    if job.not_before is None or job.since is None:
        return True
    return (max(now - job.since, _NONE) if lasted is None else lasted) >= job.not_before - job.since


def priority(job: Job, now: datetime) -> int:
    """Return its priority, higher the longer it waits."""
    return job.spec.priority + (0 if job.queued_since is None else floor(max(now - job.queued_since, _NONE) / AGEING))


def in_order(jobs: Iterable[Job], now: datetime) -> list[Job]:
    """Return jobs in the order in which they get watts: frozen, preempted, then by priority, deadline and age."""
    last = datetime.max.replace(tzinfo=now.tzinfo)

    def place(job: Job) -> tuple[int, int, datetime, str]:
        rank = {_S.PAUSED: 1, _S.PREEMPTED: 2}.get(job.state, 0 if job.state.on_executor else 3)
        return rank, -priority(job, now), job.spec.deadline or last, job.job_id

    return sorted(jobs, key=place)


def ref(job: Job) -> str:
    """Return what its executor knows its run by; before it said so, the name it was given to begin it."""
    return job.backend_ref or Launch(job_id=job.job_id, attempt=job.attempt, spec=job.spec).run_id


def grace_s(job: Job) -> float:
    """Return what a job gets that is told to end."""
    return 0.0 if job.reason in _AT_ONCE else job.spec.grace_s


def wanted(job: Job) -> RunState:
    """Return how its run should stand while an executor has it."""
    if job.state in _TOLD_TO_END:
        return RunState.ENDING
    return RunState.FROZEN if job.state is _S.PAUSED else RunState.RUNNING


def _stopped(job: Job, now: datetime) -> Job:
    return move(job, _S.FAILED if job.reason == Reason.TOO_LONG else _S.CANCELLED, now, job.reason)


def _interrupted(job: Job, now: datetime, reason: str) -> tuple[Job, ...]:
    """Return the steps of a job that ended before its time and may go on: by itself, or when a person says so."""
    if job.held_by_person:
        return (move(job, _S.HELD, now, Reason.PERSON),)
    not_before = now + timedelta(seconds=BACKOFF_S) if reason == Reason.SAVED_ITSELF else None
    job = replace(move(job, _S.PREEMPTED, now, reason), not_before=not_before)
    if reason == Reason.SHUTDOWN:
        return (job,)
    recent = (*(moment for moment in job.preemptions if now - _HOUR < moment <= now), now)[-PREEMPTIONS_PER_HOUR:]
    job = replace(job, preemptions=recent)
    if len(recent) < PREEMPTIONS_PER_HOUR:
        return (job,)
    left_alone_until = max(now + HELD_FOR, recent[0] + _HOUR)
    return job, replace(move(job, _S.HELD, now, Reason.TOO_OFTEN), not_before=left_alone_until)


def _failed(job: Job, now: datetime, reason: str) -> Job:
    """Return a job whose attempt failed: queued for another one after a while, or failed for good."""
    failures = job.failures + 1
    job = replace(job, failures=failures)
    if not job.spec.restartable or failures >= job.spec.max_attempts:
        return move(job, _S.FAILED, now, reason)
    if job.held_by_person:
        return move(job, _S.HELD, now, reason)
    return replace(move(job, _S.QUEUED, now, reason), not_before=now + _backoff(failures))


def _backoff(times: int) -> timedelta:
    """Return for how long a job is left alone, twice as long each time."""
    return timedelta(seconds=min(BACKOFF_S * 2.0 ** min(times - 1, 16), BACKOFF_MOST_S))


def _settled_nano(job: Job, state: JobState) -> int:
    """Return what a job earned that has ended: its payout where it succeeded, and what it told itself."""
    payout = job.spec.payout
    if state is not _S.SUCCEEDED or payout is None:
        return job.pending_nano
    parts = 1.0 if payout.per is PayoutPer.JOB else job.run_s / 3600.0
    return min(job.pending_nano + round(payout.amount * parts * 1e9), _MOST_NANO)
