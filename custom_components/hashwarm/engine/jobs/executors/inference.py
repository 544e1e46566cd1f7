"""Inference servers: whether they are busy. They serve requests, and nothing of theirs is ours to queue or stop."""

from datetime import datetime, timedelta
import math
from typing import override

import aiohttp
from yarl import URL

from ...model.compute import Compute, ComputeStatus
from ...model.protocols import WallClock
from .answers import GarbageError, amount, items, record, text
from .web import ANSWER_S, NOT_FOUND, WebClient

_NOT_ENABLED = frozenset({NOT_FOUND, 501})
_AFTERGLOW = timedelta(seconds=60)
"""Ollama tells of a request when it has ended; another one is likely for so long."""


def metric(exposition: str, name: str) -> float | None:
    """Return the sum over all labels of a metric in Prometheus' text format, None where it is not told."""
    total: float | None = None
    for line in exposition.splitlines():
        rest = line.removeprefix(name)
        if rest == line or rest[:1] not in {"{", " ", "\t"}:
            continue
        figures = rest[rest.rfind("}") + 1 :].split()
        try:
            value = float(figures[0])
        except IndexError, ValueError:
            continue
        if math.isfinite(value) and value >= 0:
            total = (total or 0.0) + value
    return total


class _InferenceStatus(ComputeStatus):
    """One server, with what it takes to ask it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        *,
        now: WallClock,
        token: str | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._web = WebClient(session, url, token=token, answer_s=answer_s)
        self._now = now

    def _told(self, *, busy: bool | None, name: str | None = None) -> Compute:
        return Compute(at=self._now(), busy=busy, committed=False, name=name)


class OllamaStatus(_InferenceStatus):
    """Busy for a minute after a loaded model was used: the time at which it will be unloaded has moved then."""

    _expiries: dict[str, str] | None = None
    _used: datetime | None = None

    @override
    async def read(self) -> Compute:
        """Ask how it stands. Errors: ExecutorError and its kin."""
        models = record(await self._web.json("GET", "/api/ps")).get("models")
        if not isinstance(models, list):
            raise GarbageError("no Ollama")
        told = {text(record(model).get("name")) or "": str(record(model).get("expires_at")) for model in models}
        if self._expiries is not None and any(self._expiries.get(name) != expiry for name, expiry in told.items()):
            self._used = self._now()
        first_look, self._expiries = self._expiries is None, told
        busy = self._used is not None and self._now() - self._used < _AFTERGLOW
        return self._told(busy=None if first_look and told else busy, name=next(iter(told), None))


class LlamaCppStatus(_InferenceStatus):
    """Busy while requests are processed or wait, by its metrics, else by its slots; unknown where it shows neither."""

    @override
    async def read(self) -> Compute:
        """Ask how it stands. Errors: ExecutorError and its kin."""
        answer = await self._web.request("GET", "/metrics")
        if answer.status not in _NOT_ENABLED:
            shown = answer.checked().raw.decode("utf-8", "replace")
            counts = [metric(shown, f"llamacpp:requests_{state}") for state in ("processing", "deferred")]
            return self._told(busy=_any(counts))
        answer = await self._web.request("GET", "/slots")
        if answer.status in _NOT_ENABLED:
            await self._web.json("GET", "/health")
            return self._told(busy=None)
        working = [record(slot).get("is_processing") for slot in items(answer.json())]
        told = [slot for slot in working if isinstance(slot, bool)]
        return self._told(busy=any(told) if told else None)


class VllmStatus(_InferenceStatus):
    """Busy while requests run or wait."""

    @override
    async def read(self) -> Compute:
        """Ask how it stands. Errors: ExecutorError and its kin."""
        shown = await self._web.lines("/metrics")
        return self._told(busy=_any([metric(shown, f"vllm:num_requests_{state}") for state in ("running", "waiting")]))


class ComfyUiStatus(_InferenceStatus):
    """Busy while its queue holds anything, what is drawn now included."""

    @override
    async def read(self) -> Compute:
        """Ask how it stands. Errors: ExecutorError and its kin."""
        told = record(record(await self._web.json("GET", "/prompt")).get("exec_info"))
        return self._told(busy=_any([amount(told.get("queue_remaining"))]))


def _any(counts: list[float | None]) -> bool | None:
    known = [count for count in counts if count is not None]
    return any(count > 0 for count in known) if known else None
