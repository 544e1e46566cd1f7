"""What happens to jobs on its way to whoever listens; what happened before anybody did is kept and told then."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from homeassistant.core import callback
from homeassistant.util.dt import utcnow

from .engine.heater import Job, JobEvent

KEPT = 32
"""A restart tells of each job that it found; of more than so many only the newest are kept."""

type JobListener = Callable[[Job, JobEvent, datetime], None]


class JobNews:
    """Tells listeners what happens to jobs, and the first that wants the past what they all missed."""

    def __init__(self) -> None:
        self._listeners: list[JobListener] = []
        self._missed: deque[tuple[Job, JobEvent, datetime]] | None = deque(maxlen=KEPT)

    @callback
    def listen(self, listener: JobListener, *, past: bool = False) -> Callable[[], None]:
        """Call `listener` with whatever happens, and with `past` with what was missed; returns how to stop that."""
        self._listeners.append(listener)
        if past and self._missed is not None:
            missed, self._missed = self._missed, None
            for told in missed:
                listener(*told)
        return lambda: self._listeners.remove(listener)

    @callback
    def tell(self, job: Job, event: JobEvent) -> None:
        """Tell whoever listens what happened to a job just now."""
        told = (job, event, utcnow())
        if self._missed is not None:
            self._missed.append(told)
        for listener in list(self._listeners):
            listener(*told)
