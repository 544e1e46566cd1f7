"""A machine with work of its own, as it tells of itself."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True)
class Compute:
    """What a machine that runs work of others tells of itself; None is not told."""

    at: datetime
    busy: bool | None = None
    committed: bool | None = None
    """Promised to somebody, and not to be ended by us."""
    name: str | None = None
    progress: float | None = None
    power_w: float | None = None
    earned_nano: dict[str, int] = field(default_factory=dict)
    """Settled earnings by a key that tells them apart (a day, a rental), in 1e-9 of `currency`."""
    currency: str | None = None
    revenue_per_hour: float | None = None


class ComputeStatus(Protocol):
    """A machine whose work is not ours to queue. Errors: ExecutorError and its kin."""

    async def read(self) -> Compute:
        """Ask how it stands."""
        ...


@runtime_checkable
class AsksSeldom(Protocol):
    """A machine some of whose figures are asked for less often than the rest."""

    def ask_anew(self) -> None:
        """Ask for all of them with the next look."""
        ...
