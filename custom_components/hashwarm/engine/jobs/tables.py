"""The queue's tables, and jobs in and out of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
import sqlite3
from typing import Any

from ..store import Schema
from .codec import spec_from_text, spec_to_text
from .job import Job, JobState

_FINAL = "('succeeded', 'failed', 'cancelled')"
# Limits that no job reaches keep a salvaged row of nonsense out.
_JOB = """
CREATE TABLE jobs_job (id TEXT PRIMARY KEY, owner TEXT NOT NULL, spec TEXT NOT NULL CHECK (json_valid(spec)),
 state TEXT NOT NULL CHECK (state IN ('queued', 'held', 'starting', 'running', 'paused', 'checkpointing', 'preempted',
 'stopping', 'succeeded', 'failed', 'cancelled', 'lost')), reason TEXT, created_ms INTEGER NOT NULL,
 attempt INTEGER NOT NULL CHECK (attempt >= 0), progress REAL CHECK (progress BETWEEN 0 AND 1),
 last_checkpoint_ms INTEGER, next_checkpoint_ms INTEGER, run_ms INTEGER NOT NULL CHECK (run_ms BETWEEN 0 AND 1 << 50),
 energy_mj INTEGER NOT NULL CHECK (energy_mj BETWEEN 0 AND 1 << 50), revenue_nano INTEGER,
 pending_nano INTEGER NOT NULL, lost_work INTEGER NOT NULL CHECK (lost_work IN (0, 1)), exit_code INTEGER,
 backend_ref TEXT, started_ms INTEGER, finished_ms INTEGER, not_before_ms INTEGER,
 held_by_person INTEGER NOT NULL CHECK (held_by_person IN (0, 1)), since_ms INTEGER, queued_since_ms INTEGER,
 failures INTEGER NOT NULL, preemptions TEXT NOT NULL, carried_nano INTEGER NOT NULL, safe_nano INTEGER NOT NULL,
 revision INTEGER NOT NULL) STRICT
"""
_FINAL_STAYS = f"""
CREATE TRIGGER jobs_job_final BEFORE UPDATE ON jobs_job WHEN OLD.state IN {_FINAL}
BEGIN SELECT RAISE(ABORT, 'a job that has ended never changes'); END
"""
_OPEN = f"CREATE INDEX jobs_job_open ON jobs_job (owner) WHERE state NOT IN {_FINAL}"
_ATTEMPT = """
CREATE TABLE jobs_attempt (job TEXT NOT NULL REFERENCES jobs_job (id), attempt INTEGER NOT NULL,
 executor TEXT NOT NULL, ref TEXT, started_ms INTEGER NOT NULL, ended_ms INTEGER, exit_code INTEGER,
 lost_work INTEGER NOT NULL, run_ms INTEGER NOT NULL, energy_mj INTEGER NOT NULL, PRIMARY KEY (job, attempt)) STRICT
"""
_TRANSITION = """
CREATE TABLE jobs_transition (job TEXT NOT NULL, revision INTEGER NOT NULL, at_ms INTEGER NOT NULL,
 state TEXT NOT NULL, reason TEXT, attempt INTEGER NOT NULL, PRIMARY KEY (job, revision)) STRICT
"""
_HISTORY_STAYS = """
CREATE TRIGGER jobs_transition_stays BEFORE UPDATE ON jobs_transition
BEGIN SELECT RAISE(ABORT, 'what was written of a job never changes'); END
"""
_LOSSES = "ALTER TABLE jobs_job ADD COLUMN losses INTEGER NOT NULL DEFAULT 0"
SCHEMA = Schema("jobs", ((_JOB, _FINAL_STAYS, _OPEN, _ATTEMPT, _TRANSITION, _HISTORY_STAYS), (_LOSSES,)))

_COLUMNS = (
    *("id", "owner", "spec", "state", "reason", "created_ms", "attempt", "progress", "last_checkpoint_ms"),
    *("next_checkpoint_ms", "run_ms", "energy_mj", "revenue_nano", "pending_nano", "lost_work", "exit_code"),
    *("backend_ref", "started_ms", "finished_ms", "not_before_ms", "held_by_person", "since_ms", "queued_since_ms"),
    *("failures", "losses", "preemptions", "carried_nano", "safe_nano", "revision"),
)
_MOMENTS = ("last_checkpoint", "next_checkpoint", "started", "finished", "not_before", "since", "queued_since")
_AS_THEY_ARE = (
    *("reason", "attempt", "progress", "energy_mj", "revenue_nano", "pending_nano", "lost_work", "exit_code"),
    *("backend_ref", "held_by_person", "failures", "losses", "carried_nano", "safe_nano", "revision"),
)
_PUT_JOB = (
    f"INSERT INTO jobs_job ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608 - names of ours
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[2:])}"
    f" WHERE state NOT IN {_FINAL} AND revision <= excluded.revision"
)
_PUT_ATTEMPT = (
    "INSERT INTO jobs_attempt VALUES (:job, :attempt, :executor, :ref, :at_ms, NULL, NULL, 0, 0, 0)"
    " ON CONFLICT DO UPDATE SET ref = IFNULL(excluded.ref, ref)"
)
_END_ATTEMPT = (
    "UPDATE jobs_attempt SET ended_ms = :at_ms, exit_code = :exit_code, lost_work = :lost_work,"
    " run_ms = :run_ms - (SELECT IFNULL(SUM(run_ms), 0) FROM jobs_attempt WHERE job = :job AND attempt < :attempt),"
    " energy_mj = :energy_mj"
    " - (SELECT IFNULL(SUM(energy_mj), 0) FROM jobs_attempt WHERE job = :job AND attempt < :attempt)"
    " WHERE job = :job AND attempt = :attempt AND ended_ms IS NULL"
)
_PUT_TRANSITION = (
    "INSERT INTO jobs_transition VALUES (:job, :revision, :at_ms, :state, :reason, :attempt) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One step of a job's history."""

    revision: int
    at: datetime
    state: JobState
    reason: str | None
    attempt: int


def put(connection: sqlite3.Connection, owner: str, steps: Sequence[Job]) -> None:
    """Write a job as it stands after its last step, and every step into its history; the same again is harmless."""
    job = steps[-1]
    connection.execute(_PUT_JOB, _row(owner, job))
    for step in steps:
        fields = _step_fields(step)
        connection.execute(_PUT_TRANSITION, fields)
        if step.attempt and step.state.on_executor:
            connection.execute(_PUT_ATTEMPT, fields)
        elif step.attempt:
            connection.execute(_END_ATTEMPT, fields)


def finish(connection: sqlite3.Connection, owner: str, steps: Sequence[Job]) -> bool:
    """Write the end of a job inside the caller's transaction; False where it was written before, and nothing changes.

    Whoever books its revenue does so in the same transaction, and only on True.
    """
    known = connection.execute("SELECT state FROM jobs_job WHERE id = ?", (steps[-1].job_id,)).fetchone()
    if known and JobState(known[0]).final:
        return False
    put(connection, owner, steps)
    return True


def open_jobs(connection: sqlite3.Connection, owner: str) -> list[Job]:
    """Return the jobs that have not ended, oldest first."""
    return _jobs(connection, f"owner = ? AND state NOT IN {_FINAL} ORDER BY id", (owner,))


def find(connection: sqlite3.Connection, owner: str, job_id: str) -> Job | None:
    """Return one job."""
    return next(iter(_jobs(connection, "owner = ? AND id = ?", (owner, job_id))), None)


def last_name(connection: sqlite3.Connection) -> str | None:
    """Return the name that sorts after all others, of whichever owner."""
    name: str | None = connection.execute("SELECT MAX(id) FROM jobs_job").fetchone()[0]
    return name


def chain(connection: sqlite3.Connection, owner: str, origin: str) -> list[Job]:
    """Return a job and those that do it again, newest first."""
    where = "owner = ? AND (id = ? OR json_extract(spec, '$.resumes') = ?) ORDER BY id DESC"
    return _jobs(connection, where, (owner, origin, origin))


def newest(connection: sqlite3.Connection, owner: str, states: Collection[JobState], most: int) -> list[Job]:
    """Return jobs in those states, newest first."""
    marks = ", ".join("?" * len(states))
    where = f"owner = ? AND state IN ({marks}) ORDER BY id DESC LIMIT ?"
    return _jobs(connection, where, (owner, *(state.value for state in states), most))


def counts(connection: sqlite3.Connection, owner: str) -> dict[JobState, int]:
    """Return how many jobs there are of each state."""
    rows = connection.execute("SELECT state, COUNT(*) FROM jobs_job WHERE owner = ? GROUP BY state", (owner,))
    return {JobState(state): number for state, number in rows.fetchall()}


def history(connection: sqlite3.Connection, job_id: str) -> list[Transition]:
    """Return every step of a job."""
    rows = connection.execute(
        "SELECT revision, at_ms, state, reason, attempt FROM jobs_transition WHERE job = ? ORDER BY revision", (job_id,)
    ).fetchall()
    return [
        Transition(revision=revision, at=_moment(at_ms), state=JobState(state), reason=reason, attempt=attempt)
        for revision, at_ms, state, reason, attempt in rows
    ]


def remove(connection: sqlite3.Connection, owner: str, states: Collection[JobState], before_ms: int) -> list[Job]:
    """Forget jobs in those final states that ended before then, and return them.

    One that did an older one again that stays is kept: it tells what of that was counted.
    """
    marks = ", ".join("?" * len(states))
    where = f"owner = ? AND state IN ({marks}) AND state IN {_FINAL} AND finished_ms < ?"
    found = _jobs(connection, where, (owner, *(state.value for state in states), before_ms))
    names = {job.job_id for job in found}
    gone = [job for job in found if _older(connection, owner, job) <= names]
    for table, column in (("jobs_attempt", "job"), ("jobs_transition", "job"), ("jobs_job", "id")):
        statement = f"DELETE FROM {table} WHERE {column} = ?"  # noqa: S608 - names of ours
        connection.executemany(statement, [(job.job_id,) for job in gone])
    return gone


def _older(connection: sqlite3.Connection, owner: str, job: Job) -> set[str]:
    """Return the jobs that a job did again."""
    if job.spec.resumes is None:
        return set()
    return {other.job_id for other in chain(connection, owner, job.spec.resumes) if other.job_id < job.job_id}


def _jobs(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Job]:
    """Return the jobs of a query; a row that damage made unreadable is left out."""
    rows = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs_job WHERE {where}", values).fetchall()  # noqa: S608 - as above
    jobs = (_job(dict(zip(_COLUMNS, row, strict=True))) for row in rows)
    return [job for job in jobs if job is not None]


def _row(owner: str, job: Job) -> dict[str, object]:
    return {
        **{name: getattr(job, name) for name in _AS_THEY_ARE},
        **{f"{name}_ms": _ms(getattr(job, name)) for name in _MOMENTS},
        "id": job.job_id,
        "owner": owner,
        "spec": spec_to_text(job.spec),
        "state": job.state.value,
        "created_ms": _ms(job.created),
        "run_ms": round(job.run_s * 1000),
        "preemptions": ",".join(str(_ms(moment)) for moment in job.preemptions),
    }


def _job(row: dict[str, Any]) -> Job | None:
    try:
        return Job(
            **{name: row[name] for name in _AS_THEY_ARE}
            | {name: None if row[f"{name}_ms"] is None else _moment(row[f"{name}_ms"]) for name in _MOMENTS}
            | {"lost_work": bool(row["lost_work"]), "held_by_person": bool(row["held_by_person"])},
            job_id=row["id"],
            spec=spec_from_text(row["spec"]),
            state=JobState(row["state"]),
            created=_moment(row["created_ms"]),
            run_s=row["run_ms"] / 1000,
            preemptions=tuple(_moment(int(part)) for part in row["preemptions"].split(",") if part),
        )
    except ValueError, KeyError, TypeError, AttributeError, OverflowError:
        return None


def _step_fields(step: Job) -> dict[str, object]:
    return {
        "job": step.job_id,
        "revision": step.revision,
        "at_ms": _ms(step.since or step.created),
        "state": step.state.value,
        "reason": step.reason,
        "attempt": step.attempt,
        "executor": step.spec.executor_id,
        "ref": step.backend_ref,
        "exit_code": step.exit_code,
        "lost_work": step.lost_work,
        "run_ms": round(step.run_s * 1000),
        "energy_mj": step.energy_mj,
    }


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
