"""Jobs and machines as the dispatcher sees them; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..jobs import Abilities, Checkpointing, Flexibility, Job, JobState
from ..jobs.machine import Machine
from .dispatcher import JobView
from .workplace import Workplace

MACHINE = "machine:"
_LEAST_PROGRESS = 0.02
_SAVED_WITHIN_S = 30.0
_BEGINS_WITHIN_S = 10.0
_ENDING = frozenset({JobState.CHECKPOINTING, JobState.STOPPING})


@dataclass(frozen=True, kw_only=True)
class Place:
    """How a workplace stands at this moment; power in W."""

    workplace: Workplace
    abilities: Abilities
    reachable: bool
    measured_w: float | None = None
    """What all its jobs draw."""


def job_views(
    jobs: Iterable[Job],
    places: Mapping[str, Place],
    shares: Mapping[str, float],
    now: datetime,
    *,
    startable: set[str],
    lasted_s: Mapping[str, float],
) -> tuple[JobView, ...]:
    """Return the jobs in their order; those that wait are startable where their executor has room for one more."""
    jobs = list(jobs)
    free = free_slots(jobs, places)
    views: list[JobView] = []
    for job in jobs:
        place = places.get(job.spec.executor_id)
        if place is None:
            continue
        may = job.job_id in startable and free[job.spec.executor_id] > 0
        share, for_s = shares.get(job.job_id, 1.0), lasted_s[job.job_id]
        views.append(_job_view(job, place, share, now, startable=may, lasted_s=for_s))
    return tuple(views)


def free_slots(jobs: Iterable[Job], places: Mapping[str, Place]) -> dict[str, int]:
    """Return how many more jobs each place has room for."""
    free = {place_id: place.abilities.slots for place_id, place in places.items()}
    for job in jobs:
        if job.state.on_executor and job.spec.executor_id in free:
            free[job.spec.executor_id] -= 1
    return free


def expected_w(job: Job, workplace: Workplace) -> float:
    """Return what a job draws at full speed, as far as that was said."""
    return workplace.expected_w if job.spec.expected_power_w is None else job.spec.expected_power_w


def remaining_s(job: Job) -> float | None:
    """Return how much longer a job runs at the pace it had, None where it tells no progress."""
    if job.progress is None or job.progress < _LEAST_PROGRESS or job.run_s <= 0.0:
        return None
    return job.run_s * (1.0 - job.progress) / job.progress


def next_checkpoint(job: Job) -> datetime | None:
    """Return when a job saves its work next: as it says, else by its interval."""
    interval_s = job.spec.checkpoint_interval_s
    if job.next_checkpoint is not None or job.last_checkpoint is None or interval_s is None:
        return job.next_checkpoint
    periodic = job.spec.checkpointing is Checkpointing.PERIODIC and job.state.on_executor
    return job.last_checkpoint + timedelta(seconds=interval_s) if periodic else None


def machine_view(place_id: str, workplace: Workplace, machine: Machine) -> JobView | None:
    """Return a machine as if its work were a job: promised to somebody where we cannot tell it anything."""
    reading = machine.reading
    if reading is None or (not reading.busy and not machine.quieted):
        return None
    # While it rests it draws nothing; what counts is what it would draw if it were let go on.
    power_w = workplace.expected_w if machine.quieted else machine_w(workplace, machine)
    return JobView(
        job_id=MACHINE + place_id,
        power_w=power_w or 0.0,
        on=True,
        frozen_for_s=machine.quieted_for_s,
        ran_s=0.0,
        share=machine.share,
        slowdown=machine.slowdown,
        committed=bool(reading.committed) or not machine.obeys,
        reachable=machine.problem is None,
        freezes=machine.obeys,
        throttles=machine.slowdown > 0.0,
    )


def machine_w(workplace: Workplace, machine: Machine) -> float | None:
    """Return what a machine draws, by a sensor, by its own word, or as expected while it works."""
    if machine.reading is None:
        return None
    told_w = workplace.measured_w() if workplace.measured_w is not None else None
    if told_w is None:
        told_w = machine.reading.power_w
    if told_w is not None:
        return told_w
    return workplace.expected_w if machine.reading.busy else 0.0


def _job_view(job: Job, place: Place, share: float, now: datetime, *, startable: bool, lasted_s: float) -> JobView:
    spec, on = job.spec, job.state.on_executor
    saves_at = next_checkpoint(job)
    return JobView(
        job_id=job.job_id,
        power_w=expected_w(job, place.workplace),
        place_id=spec.executor_id,
        on=on,
        frozen_for_s=lasted_s if job.state is JobState.PAUSED else None,
        ending=job.state in _ENDING or (job.state is JobState.PAUSED and job.held_by_person),
        ran_s=lasted_s if job.state is JobState.RUNNING else 0.0,
        share=share,
        slowdown=spec.flexibility.slowdown,
        committed=on and spec.flexibility is Flexibility.RIGID,
        startable=startable,
        reachable=place.reachable,
        freezes=place.abilities.freezes,
        throttles=place.abilities.throttles,
        restartable=spec.restartable,
        checkpoint_in_s=(saves_at - now).total_seconds() if on and saves_at is not None else None,
        switch_s=min(spec.grace_s, _SAVED_WITHIN_S) + _BEGINS_WITHIN_S,
        deadline_in_s=(spec.deadline - now).total_seconds() if spec.deadline is not None else None,
        remaining_s=remaining_s(job),
    )
