"""How long a server is left alone: ten minutes after an answer, longer after each failure, longest when it asks."""

from dataclasses import dataclass
import math

from ..model.errors import SourceError
from .figures import NothingNowError, RateLimitedError

PERIOD_S = 600.0
"""At most one request per figure, and one look per account, in this time."""
SOON_S = 60.0
_MAX_BACK_OFF_S = 6 * 3600.0


@dataclass
class Patience:
    """When one request may be made again; times in s of a clock that never goes back."""

    not_before_s: float = -math.inf
    failures: int = 0

    def answered(self, now_s: float) -> None:
        """Note an answer."""
        self.failures = 0
        self.not_before_s = now_s + PERIOD_S

    def failed(self, now_s: float, error: SourceError) -> None:
        """Note a failure: each one in a row makes the next request wait longer."""
        if isinstance(error, NothingNowError):
            self.not_before_s = now_s + SOON_S
            return
        self.failures += 1
        self.not_before_s = now_s + _back_off_s(self.failures, error)


def _back_off_s(failures: int, error: SourceError) -> float:
    """Return how long to leave a failing request alone."""
    wait_s = min(_MAX_BACK_OFF_S, PERIOD_S * 2.0 ** min(failures - 1, 10))
    if isinstance(error, RateLimitedError):
        wait_s = min(_MAX_BACK_OFF_S, max(2 * wait_s, error.retry_after_s or 0.0))
    return wait_s
