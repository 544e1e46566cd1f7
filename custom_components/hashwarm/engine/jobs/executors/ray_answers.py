"""What a Ray head answers about jobs, made into ours and back (Ray 2.60, python/ray/dashboard/modules/job)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
import shlex
from typing import Any

from ..executor import Launch
from .answers import GarbageError, amount, items, number, record, text

METADATA_OWNER, METADATA_JOB, METADATA_POWER = "hashwarm_owner", "hashwarm_job_id", "hashwarm_power_w"
_MEGABYTE = 1_000_000
_LATEST_MS = 4_000_000_000_000


class RayState(StrEnum):
    """How a job stands at a head."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self not in {RayState.PENDING, RayState.RUNNING}


_PROBLEMS = {
    "RUNTIME_ENV_SETUP_FAILURE": "ray_environment",
    "JOB_SUPERVISOR_ACTOR_START_TIMEOUT": "ray_no_room",
    "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE": "ray_no_room",
    "JOB_SUPERVISOR_ACTOR_START_FAILURE": "ray_supervisor",
    "JOB_SUPERVISOR_ACTOR_DIED": "ray_supervisor",
    "JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE": "ray_supervisor",
    "JOB_ENTRYPOINT_COMMAND_START_ERROR": "ray_command_start",
}


@dataclass(frozen=True, kw_only=True)
class RayJob:
    """A job as a head tells of it."""

    ref: str
    state: RayState
    exit_code: int | None
    ended_at: datetime | None
    problem: str | None
    message: str | None
    metadata: Mapping[str, str]

    @property
    def power_w(self) -> float | None:
        """What it was submitted with as its expected power."""
        try:
            return amount(float(self.metadata.get(METADATA_POWER, "")))
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True)
class ClusterResources:
    """What a cluster has and what of it is in use; None where it does not tell."""

    cpus: float | None = None
    cpus_used: float | None = None
    gpus: float | None = None
    gpus_used: float | None = None
    memory_mb: float | None = None
    memory_used_mb: float | None = None
    nodes: int | None = None


def submission(launch: Launch, *, owner: str, checkpoint_root: str) -> dict[str, Any]:
    """Return the body that submits a job. Its grace is a variable that only Ray's own supervisor reads."""
    spec = launch.spec
    metadata = {METADATA_OWNER: owner, METADATA_JOB: launch.job_id}
    if spec.expected_power_w is not None:
        metadata[METADATA_POWER] = f"{spec.expected_power_w:g}"
    body: dict[str, Any] = {
        "entrypoint": shlex.join(spec.command),
        "submission_id": launch.run_id,
        "metadata": metadata,
        "entrypoint_num_cpus": spec.requires.cpus,
        "runtime_env": {
            "env_vars": {
                **spec.environment,
                "HASHWARM_JOB_ID": launch.job_id,
                "HASHWARM_ATTEMPT": str(launch.attempt),
                "HASHWARM_CHECKPOINT_DIR": f"{checkpoint_root.rstrip('/')}/{launch.spec.resumes or launch.job_id}",
                "PYTHONUNBUFFERED": "1",
                "RAY_JOB_STOP_WAIT_TIME_S": f"{max(spec.grace_s, 1.0):.0f}",
            }
        },
    }
    if spec.requires.gpus > 0:
        body["entrypoint_num_gpus"] = spec.requires.gpus
    if spec.requires.memory_mb is not None:
        body["entrypoint_memory"] = spec.requires.memory_mb * _MEGABYTE
    return body


def job(answer: Any) -> RayJob:
    """Return one job. Errors: GarbageError."""
    told = record(answer)
    ref, state = text(told.get("submission_id")), told.get("status")
    if ref is None or state not in list(RayState):
        raise GarbageError("no job of Ray")
    failed = state == RayState.FAILED
    return RayJob(
        ref=ref,
        state=RayState(state),
        exit_code=_exit_code(told.get("driver_exit_code"), state),
        ended_at=_time(told.get("end_time")),
        problem=_PROBLEMS.get(str(told.get("error_type"))) if failed else None,
        message=text(told.get("message")),
        metadata={key: value for key, value in record(told.get("metadata")).items() if isinstance(value, str)},
    )


def jobs_of(answer: Any, owner: str) -> list[RayJob]:
    """Return those jobs of a list that somebody submitted; drivers that were not submitted have no id of ours."""
    found = []
    for entry in items(answer):
        if record(record(entry).get("metadata")).get(METADATA_OWNER) == owner:
            try:
                found.append(job(entry))
            except GarbageError:
                continue
    return found


def log_text(answer: Any) -> str:
    """Return a job's log. Errors: GarbageError."""
    logs = record(answer).get("logs")
    if not isinstance(logs, str):
        raise GarbageError("no log of Ray")
    return logs


def cluster(answer: Any) -> ClusterResources:
    """Return a cluster's resources from `/api/cluster_status`."""
    status = record(record(record(answer).get("data")).get("clusterStatus"))
    usage = record(record(status.get("loadMetricsReport")).get("usage"))
    nodes = record(record(status.get("autoscalerReport")).get("activeNodes"))
    cpus_used, cpus = _pair(usage.get("CPU"))
    gpus_used, gpus = _pair(usage.get("GPU"))
    memory_used, memory = _pair(usage.get("memory"))
    return ClusterResources(
        cpus=cpus,
        cpus_used=cpus_used,
        gpus=gpus,
        gpus_used=gpus_used,
        memory_mb=None if memory is None else memory / _MEGABYTE,
        memory_used_mb=None if memory_used is None else memory_used / _MEGABYTE,
        nodes=sum(int(amount(count) or 0) for count in nodes.values()) or None,
    )


def _pair(value: Any) -> tuple[float | None, float | None]:
    """Return what is in use of a resource and what there is of it."""
    match items(value):
        case [used, whole]:
            return amount(used), amount(whole)
        case _:
            return None, None


def _exit_code(value: Any, state: str) -> int | None:
    code = number(value)
    if code is not None and code.is_integer() and abs(code) < 1 << 31:
        return int(code)
    return 0 if state == RayState.SUCCEEDED else None


def _time(value: Any) -> datetime | None:
    milliseconds = amount(value)
    if not milliseconds or milliseconds > _LATEST_MS:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
