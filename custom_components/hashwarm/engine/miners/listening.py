"""Has a device push for a while, where it can; polling goes on regardless."""

import asyncio

from ..model.errors import BackendError
from .contact import Sayings
from .driver import Driver, OnReading

LISTEN_FOR_S = 60.0


class Listener:
    """Owns the one task that listens."""

    def __init__(self, driver: Driver, name: str, on_reading: OnReading, sayings: Sayings) -> None:
        self._driver = driver
        self._name = name
        self._on_reading = on_reading
        self._sayings = sayings
        self._task: asyncio.Task[None] | None = None

    def for_a_while(self) -> None:
        """Begin to listen, unless that is under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name=self._name)

    async def end(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            async with asyncio.timeout(LISTEN_FOR_S):
                await self._driver.listen(self._on_reading)
        except BackendError, TimeoutError:
            return
        except Exception as error:  # noqa: BLE001 - it is only an accelerator
            self._sayings.say(error, "listen")
