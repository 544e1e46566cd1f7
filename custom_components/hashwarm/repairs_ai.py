"""What a person has to mend of AI work."""

from collections.abc import Iterable
from time import monotonic

from .engine.heater import AiState, ExecutorStanding
from .engine.jobs import JobState, Reason
from .engine.model.errors import ExecutorAuthError, ExecutorUnreachableError
from .repairs import Problems

PREEMPTED_TOO_OFTEN = "job_preempted_too_often"
UNREACHABLE_AFTER_S = 900.0
LONGEST_NAME = 60


class AiWatch:
    """Notices what is wrong with executors and jobs; one that is away for a moment is no problem."""

    def __init__(self, heater: str) -> None:
        self._heater = heater
        self._reached_at_s: dict[str, float] = {}

    def problems(self, ai: AiState) -> Problems:
        """Return what is wrong now, by translation key, with the names for the text."""
        standings = ai.executors.values()
        warnings = {key for one in standings for key in one.warnings}
        found = {
            **{key: [one.title for one in standings if key in one.warnings] for key in warnings},
            ExecutorAuthError.key: [one.title for one in standings if one.problem == ExecutorAuthError.key],
            ExecutorUnreachableError.key: [one.title for one in self._missed(ai)],
        }
        problems: Problems = {
            key: {"heater": self._heater, "executor": _joined(names)} for key, names in found.items() if names
        }
        held = [job.spec.name for job in ai.jobs if job.state is JobState.HELD and job.reason == Reason.TOO_OFTEN]
        if held:
            problems[PREEMPTED_TOO_OFTEN] = {"heater": self._heater, "job": _joined(held)}
        return problems

    def _missed(self, ai: AiState) -> list[ExecutorStanding]:
        """Return the executors that were out of reach for long."""
        now_s = monotonic()
        missed = []
        for place_id, standing in ai.executors.items():
            if standing.problem != ExecutorUnreachableError.key:
                self._reached_at_s[place_id] = now_s
            elif now_s - self._reached_at_s.setdefault(place_id, now_s) >= UNREACHABLE_AFTER_S:
                missed.append(standing)
        return missed


def _joined(names: Iterable[str]) -> str:
    """Return names for a text; those of jobs are anybody's words."""
    return ", ".join(name[:LONGEST_NAME] for name in names)
