"""Market figures: each with where it comes from and when it was true."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import Protocol, runtime_checkable

from ..model.errors import SourceError

MAX_DIFFICULTY = 1e20
_CLOCK_SLACK_S = 600.0


class FigureKind(StrEnum):
    """What a source can tell."""

    DIFFICULTY = "difficulty"
    REWARD_SAT = "reward_sat"
    """Mean of the last 144 blocks, fees included."""
    BTC_PRICE = "btc_price"
    """In the home's currency."""
    ADJUSTMENT_PERCENT = "adjustment_percent"
    """Expected change of the difficulty at the next adjustment."""
    ADJUSTMENT_AT = "adjustment_at"
    """When it is expected, in s since 1970."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure with its provenance."""

    value: float
    source: str
    at: datetime

    def age_s(self, now: datetime) -> float:
        """Return how old it is; never negative.

        A figure from far ahead was noted while the clock was wrong, and nobody knows how old it is.
        """
        age_s = (now - self.at).total_seconds()
        return inf if age_s < -_CLOCK_SLACK_S else max(0.0, age_s)


class RateLimitedError(SourceError):
    """The source asks for patience."""

    key = "source_rate_limited"

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NothingNowError(SourceError):
    """The source has nothing to tell now; asking it again soon costs nobody anything."""


class Source(Protocol):
    """A place that tells figures. Errors: SourceError."""

    @property
    def name(self) -> str:
        """As shown to people."""
        ...

    @property
    def requests(self) -> tuple[frozenset[FigureKind], ...]:
        """The figures that one request brings, for each request it knows."""
        ...

    async def fetch(self, kinds: frozenset[FigureKind]) -> dict[FigureKind, float]:
        """Make that request and return what it brought."""
        ...


@runtime_checkable
class PriceHistory(Protocol):
    """A source that also knows past prices. Errors: SourceError."""

    @property
    def name(self) -> str:
        """As shown to people."""
        ...

    async def historical_price(self, at: datetime) -> float:
        """Return the price of a bitcoin at that moment."""
        ...
