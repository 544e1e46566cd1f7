"""A Ray head's job API with its traps, as Ray 2.60 shows them; its jobs do what a test tells them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, override

from aiohttp import web

from .stage import Stage

_FINAL = frozenset({"STOPPED", "SUCCEEDED", "FAILED"})


@dataclass
class FakeJob:
    """One submission."""

    body: dict[str, Any]
    status: str = "PENDING"
    log: str = ""
    exit_code: int | None = None
    error_type: str | None = None
    ended_ms: int | None = None
    stops: int = 0
    begun: bool = False
    history: list[str] = field(default_factory=list)

    @property
    def cpus(self) -> float:
        """What it takes of the cluster."""
        return float(self.body.get("entrypoint_num_cpus") or 0)


class RayHead(Stage):
    """A cluster of `cpus` CPUs. A job that is stopped ends when the test lets it, as does one that runs."""

    def __init__(self, *, now: Callable[[], datetime], cpus: float = 1.0) -> None:
        super().__init__()
        self.cpus = cpus
        self.jobs: dict[str, FakeJob] = {}
        self.has_authentication_mode = True
        self._now = now

    @override
    def routes(self) -> list[web.RouteDef]:
        """Return what it serves."""
        return [
            web.get("/api/version", self._version),
            web.get("/api/authentication_mode", self._mode),
            web.get("/api/cluster_status", self._cluster),
            web.get("/api/jobs/", self._list),
            web.post("/api/jobs/", self._submit),
            web.get("/api/jobs/{ref}", self._show),
            web.get("/api/jobs/{ref}/logs", self._logs),
            web.post("/api/jobs/{ref}/stop", self._stop),
        ]

    @override
    def is_open(self, request: web.Request) -> bool:
        return request.path == "/api/authentication_mode"

    def say(self, ref: str, *lines: str) -> None:
        """Let a job print."""
        self.jobs[ref].log += "".join(f"{line}\n" for line in lines)

    def finish(self, ref: str, status: str, exit_code: int | None = None, error_type: str | None = None) -> None:
        """Let a job end; those that waited for its room begin."""
        job = self.jobs[ref]
        job.status, job.exit_code, job.error_type = status, exit_code, error_type
        job.ended_ms = int(self._now().timestamp() * 1000)
        self._begin_waiting()

    def forget(self) -> None:
        """Restart without a memory."""
        self.jobs.clear()

    def _used(self) -> float:
        return sum(job.cpus for job in self.jobs.values() if job.status == "RUNNING")

    def _begin_waiting(self) -> None:
        for job in self.jobs.values():
            if job.status == "PENDING" and self._used() + job.cpus <= self.cpus:
                job.status, job.begun = "RUNNING", True
                job.log += "2026-11-22 10:00:00,000\tINFO job_manager.py:568 -- Runtime env is setting up.\n"

    def _told(self, ref: str, job: FakeJob) -> dict[str, Any]:
        return {
            "type": "SUBMISSION",
            "submission_id": ref,
            "job_id": "02000000",
            "status": job.status,
            "entrypoint": job.body["entrypoint"],
            "message": f"Job is {job.status}.",
            "error_type": job.error_type,
            "start_time": 1,
            "end_time": job.ended_ms,
            "metadata": job.body.get("metadata"),
            "driver_exit_code": job.exit_code,
        }

    async def _version(self, _request: web.Request) -> web.Response:
        return web.json_response({"version": "4", "ray_version": "2.60.0"})

    async def _mode(self, _request: web.Request) -> web.Response:
        if not self.has_authentication_mode:
            return web.Response(status=404)
        return web.json_response({"authentication_mode": "disabled" if self.token is None else "token"})

    async def _cluster(self, _request: web.Request) -> web.Response:
        usage = {"CPU": [self._used(), self.cpus], "memory": [0.0, 2e9]}
        report = {"loadMetricsReport": {"usage": usage}, "autoscalerReport": {"activeNodes": {"local": 1}}}
        return web.json_response({"result": True, "data": {"clusterStatus": report}})

    async def _list(self, _request: web.Request) -> web.Response:
        told: list[Any] = [self._told(ref, job) for ref, job in self.jobs.items()]
        return web.json_response([*told, {"type": "DRIVER", "submission_id": None, "metadata": {}}])

    async def _submit(self, request: web.Request) -> web.Response:
        body = await request.json()
        ref = body["submission_id"]
        if ref in self.jobs:
            return web.Response(status=500, text="Traceback (most recent call last): ... already exists")
        self.jobs[ref] = FakeJob(body)
        self._begin_waiting()
        return web.json_response({"job_id": ref, "submission_id": ref})

    async def _show(self, request: web.Request) -> web.Response:
        ref = request.match_info["ref"]
        if ref not in self.jobs:
            return web.Response(status=404, text=f"Job {ref} does not exist")
        return web.json_response(self._told(ref, self.jobs[ref]))

    async def _logs(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["ref"])
        return web.Response(status=404) if job is None else web.json_response({"logs": job.log})

    async def _stop(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["ref"])
        if job is None:
            return web.Response(status=404)
        stopped = job.status not in _FINAL
        job.stops += stopped
        return web.json_response({"stopped": stopped})
