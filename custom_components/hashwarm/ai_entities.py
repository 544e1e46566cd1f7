"""What the entities of AI work have in common: who has them, what they read, what they have done."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from homeassistant.exceptions import ServiceValidationError

from .ai_const import CONF_EXECUTOR_KIND, SUBENTRY_EXECUTOR, ExecutorKind
from .const import DOMAIN
from .coordinator import HeaterCoordinator
from .engine.heater import AiSettings, AiState, Workshop
from .engine.jobs import Job, JobEvent
from .engine.model.errors import HashwarmError
from .job_errors import as_home_assistant

LONGEST_TEXT = 200
"""Of what jobs call themselves and say."""
_NANO = 1e9
_MJ_PER_KWH = 3.6e9
_MJ_PER_WH = 3.6e6


def has_ai(coordinator: HeaterCoordinator) -> bool:
    """Return whether a heater has anything that computes for AI."""
    return coordinator.workshop is not None


def of_ai[T](read: Callable[[AiState], T]) -> Callable[[HeaterCoordinator], T | None]:
    """Return how a figure of the newest round is found; None before the first."""
    return lambda coordinator: read(coordinator.ai) if coordinator.ai is not None else None


def of_settings[T](read: Callable[[AiSettings], T]) -> Callable[[HeaterCoordinator], T | None]:
    """Return how a wish in force is found."""
    return lambda coordinator: read(coordinator.workshop.settings) if coordinator.workshop is not None else None


def kwh(energy_mj: float) -> float:
    """Return mJ in kWh."""
    return energy_mj / _MJ_PER_KWH


def money(nano: int | None) -> float | None:
    """Return 1e-9 of the currency in the currency."""
    return None if nano is None else nano / _NANO


def iso(moment: datetime | None) -> str | None:
    """Return a time as JSON has it."""
    return None if moment is None else moment.isoformat()


def short(text: str | None) -> str | None:
    """Return what a job or an executor said, no longer than anybody reads."""
    return None if text is None else text[:LONGEST_TEXT]


def event_figures(job: Job) -> dict[str, Any]:
    """Return what automations want to know of a job something happened to; None is unknown."""
    return {
        "job_id": job.job_id,
        "name": short(job.spec.name),
        "attempt": job.attempt,
        "reason": short(job.reason),
        "exit_code": job.exit_code,
        "energy_wh": round(job.energy_mj / _MJ_PER_WH, 3),
        "revenue": money(job.revenue_nano),
    }


def workshop_of(coordinator: HeaterCoordinator) -> Workshop:
    """Return what owns the jobs of a heater. Errors: ServiceValidationError where nothing does."""
    if coordinator.workshop is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="ai_not_set_up",
            translation_placeholders={"heater": coordinator.config_entry.title},
        )
    return coordinator.workshop


async def async_set(coordinator: HeaterCoordinator, name: str, value: Any) -> None:
    """Change a wish for AI work, act on it at once and write it down."""
    workshop = workshop_of(coordinator)
    setattr(workshop.settings, name, value)
    workshop.apply()
    await coordinator.async_settings_changed()


async def async_finish_and_pause(coordinator: HeaterCoordinator) -> None:
    """Let what runs come to its end and start nothing after it, here and on machines with work of their own."""
    await async_set(coordinator, "queue_paused", value=True)
    machines = workshop_of(coordinator).machines.values()
    told = await asyncio.gather(*(machine.finish() for machine in machines), return_exceptions=True)
    for error in told:
        if isinstance(error, HashwarmError):
            raise as_home_assistant(error) from error
        if error is not None:
            raise error


def earns_elsewhere(coordinator: HeaterCoordinator) -> bool:
    """Return whether a heater has a machine whose earnings others count."""
    subentries = coordinator.config_entry.subentries.values()
    executors = (subentry for subentry in subentries if subentry.subentry_type == SUBENTRY_EXECUTOR)
    kinds = [ExecutorKind(executor.data[CONF_EXECUTOR_KIND]) for executor in executors]
    return has_ai(coordinator) and any(kind.tells_earnings for kind in kinds)


async def async_collect_earnings(coordinator: HeaterCoordinator) -> None:
    """Ask machines what they earned, and book it now."""
    workshop_of(coordinator).collect_earnings()


async def async_cancel_current(coordinator: HeaterCoordinator) -> None:
    """End the job that runs for good; it saves its work. Errors: ServiceValidationError where none runs."""
    state = coordinator.ai
    job = state.job if state is not None else None
    if job is None or not job.state.on_executor:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_job_runs")
    try:
        await workshop_of(coordinator).queue.cancel(job.job_id)
    except HashwarmError as error:
        raise as_home_assistant(error) from error


class Told:
    """Keeps what happens to jobs from becoming a flood: progress and checkpoints of a job now and then only."""

    EVERY_S = 60.0
    STEPS = 10

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at_s: dict[tuple[str, JobEvent], float] = {}
        self._progress: dict[str, float] = {}

    def is_news(self, job: Job, event: JobEvent) -> bool:
        """Return whether to tell: of progress each tenth, of progress and checkpoints once a minute at most."""
        if job.state.final:
            self._forget(job.job_id)
            return True
        if event not in {JobEvent.PROGRESS, JobEvent.CHECKPOINT}:
            return True
        quiet_for_s = self._clock() - self._at_s.get((job.job_id, event), float("-inf"))
        if quiet_for_s < self.EVERY_S or (event is JobEvent.PROGRESS and not self._came_far(job)):
            return False
        self._at_s[job.job_id, event] = self._clock()
        return True

    def _came_far(self, job: Job) -> bool:
        progress, before = job.progress or 0.0, self._progress.get(job.job_id, 0.0)
        if progress >= before and int(progress * self.STEPS) == int(before * self.STEPS):
            return False
        self._progress[job.job_id] = progress
        return True

    def _forget(self, job_id: str) -> None:
        self._progress.pop(job_id, None)
        for event in (JobEvent.PROGRESS, JobEvent.CHECKPOINT):
            self._at_s.pop((job_id, event), None)
