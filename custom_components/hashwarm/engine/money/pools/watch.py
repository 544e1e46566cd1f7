"""The owner of the one task that looks at a pool account, every ten minutes and patiently."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
import logging
import random

from ...model.errors import HashwarmError, SourceError
from ...model.protocols import Monotonic
from ..patience import Patience
from .reading import AccountReading, PoolReader

_LOGGER = logging.getLogger(__name__)
_JITTER = 0.1
"""Share of a wait by which it is drawn out, so that not all homes ask at once."""


class PoolWatch:
    """Looks at one account again and again, hands each good reading on, and says what hinders it."""

    def __init__(
        self,
        reader: PoolReader,
        *,
        since: Callable[[], datetime],
        on_reading: Callable[[AccountReading], Awaitable[None]],
        clock: Monotonic,
        randomness: random.Random,
    ) -> None:
        """Take where to look, from when on, and who books what is seen.

        `on_reading` may raise a HashwarmError: then the reading counts as not booked, and the next look comes later.
        """
        self.reader = reader
        self.last: AccountReading | None = None
        """The last reading that was booked."""
        self.problem: str | None = None
        """The translation key of what went wrong at the last look, None when nothing did."""
        self._since = since
        self._on_reading = on_reading
        self._clock = clock
        self._random = randomness
        self._patience = Patience()
        self._listeners: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def at(self) -> datetime | None:
        """When the last good look was, None before the first."""
        return None if self.last is None else self.last.at

    async def start(self) -> None:
        """Look now and from then on; never waits for the pool."""
        self._task = asyncio.create_task(self._run(), name="hashwarm pool account")

    async def stop(self) -> None:
        """End the task."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each look; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def look(self) -> None:
        """Look once and note how long to wait then; an error becomes `problem`."""
        try:
            reading = await self.reader.read(self._since())
            await self._on_reading(reading)
        except HashwarmError as error:
            self._note(error)
        except Exception:
            # One odd answer must not end the watch for good.
            _LOGGER.exception("A look at %s failed", self.reader.name)
            self._note(SourceError("a defect of our own"))
        else:
            if self.problem is not None:
                _LOGGER.info("%s tells of the account again", self.reader.name)
            self.last, self.problem = reading, None
            self._patience.answered(self._clock())
        for listener in list(self._listeners):
            listener()

    def _note(self, error: HashwarmError) -> None:
        """Keep what went wrong, said once in the log."""
        if error.key != self.problem:
            _LOGGER.info("%s told nothing of the account: %s", self.reader.name, error)
        self.problem = error.key
        if isinstance(error, SourceError):
            self._patience.failed(self._clock(), error)
        else:
            self._patience.answered(self._clock())

    async def _run(self) -> None:
        """Look, wait, and look again."""
        while True:
            await self.look()
            wait_s = max(0.0, self._patience.not_before_s - self._clock())
            await asyncio.sleep(wait_s * (1 + _JITTER * self._random.random()))
