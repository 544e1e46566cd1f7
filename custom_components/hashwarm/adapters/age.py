"""How old a sensor's report is, whatever happens to the wall clock."""

from datetime import datetime

from homeassistant.core import State
from homeassistant.util.dt import utcnow

from ..engine.model.protocols import Monotonic


class ReportAge:
    """The wall clock knows reports from before we looked; the monotonic one cannot be set back."""

    def __init__(self, clock: Monotonic) -> None:
        self._clock = clock
        self._seen: tuple[datetime, float] | None = None

    def age_s(self, state: State) -> float:
        """Return the age of the newest report, in s; the older of what both clocks say."""
        if self._seen is None or self._seen[0] != state.last_reported:
            self._seen = (state.last_reported, self._clock())
        return max((utcnow() - state.last_reported).total_seconds(), self._clock() - self._seen[1])
