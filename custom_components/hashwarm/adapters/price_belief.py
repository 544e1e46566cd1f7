"""Which jumps of a price sensor are believed; pure."""

from collections import deque
from statistics import median

from .price_scale import MISTAKEN_SCALES, SCALE_TOLERANCE

LAST_S = 3600.0
HOLDS_S = 1800.0
NOTED_EVERY_S = 60.0
MOST_JUMP = 50.0
# The usual price is learned over so long, so that an hour at nothing does not make the next one incredible.
USUAL_SETTLES_S = 24 * 3600.0


class PriceBelief:
    """Doubts a price far above those before it, or off by a power of ten, until it has held for half an hour.

    Such prices come from a sensor that changed its unit without saying so. Prices near nothing and negative ones are
    real: a jump is measured by the last hour or by the usual price, whichever is larger.
    """

    def __init__(self) -> None:
        self._noted: deque[tuple[float, float]] = deque()
        self._usual: float | None = None
        self._usual_at_s = 0.0
        self._last = 0.0
        self._doubted_since_s: float | None = None

    def take(self, price: float, now_s: float) -> float | None:
        """Return a price read at a monotonic time, None while it is doubted."""
        while self._noted and now_s - self._noted[0][0] > LAST_S:
            self._noted.popleft()
        if not self._doubtful(price):
            self._note(price, now_s)
            return price
        if self._doubted_since_s is None:
            self._doubted_since_s = now_s
        if now_s - self._doubted_since_s < HOLDS_S:
            return None
        self._noted.clear()
        self._usual = None
        self._note(price, now_s)
        return price

    def _doubtful(self, price: float) -> bool:
        if self._usual is None:
            return False
        recent = median([abs(noted) for _, noted in self._noted]) if self._noted else 0.0
        if 0.0 < MOST_JUMP * max(recent, self._usual) < abs(price):
            return True
        return self._last != 0.0 and any(
            abs(price / (self._last * scale) - 1.0) <= SCALE_TOLERANCE for scale in MISTAKEN_SCALES
        )

    def _note(self, price: float, now_s: float) -> None:
        self._doubted_since_s = None
        self._last = price
        if not self._noted or now_s - self._noted[-1][0] >= NOTED_EVERY_S or self._noted[-1][1] != price:
            self._noted.append((now_s, price))
        if self._usual is None:
            self._usual = abs(price)
        else:
            self._usual += min((now_s - self._usual_at_s) / USUAL_SETTLES_S, 1.0) * (abs(price) - self._usual)
        self._usual_at_s = now_s
