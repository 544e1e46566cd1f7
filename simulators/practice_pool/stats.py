"""What the pool has seen, per worker and in all."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class WorkerStats:
    """Shares of one user name; work in hashes."""

    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    share_work: int = 0
    best_share: float = 0.0


@dataclass(kw_only=True)
class PoolStats:
    """Everything since the pool was opened."""

    connections: int = 0
    workers: dict[str, WorkerStats] = field(default_factory=dict)
    calls: deque[tuple[str, list[Any]]] = field(default_factory=lambda: deque(maxlen=1000))
    """What clients called, newest last."""
    answers: deque[tuple[Any, Any]] = field(default_factory=lambda: deque(maxlen=100))
    """What clients answered to calls of the pool's: id and result."""
    rolled: int = 0
    """Accepted shares whose version differs from the work's."""
    bad_lines: int = 0

    def worker(self, user: str) -> WorkerStats:
        """Return the worker's own, made on first use."""
        return self.workers.setdefault(user, WorkerStats())

    @property
    def accepted(self) -> int:
        """Shares accepted from everybody."""
        return sum(worker.accepted for worker in self.workers.values())

    @property
    def rejected(self) -> int:
        """Shares refused from everybody."""
        return sum(worker.rejected.total() for worker in self.workers.values())

    @property
    def share_work(self) -> int:
        """Hashes that all accepted shares stand for."""
        return sum(worker.share_work for worker in self.workers.values())

    def called(self, method: str) -> list[list[Any]]:
        """Return the parameters of all calls of one method."""
        return [params for name, params in self.calls if name == method]
