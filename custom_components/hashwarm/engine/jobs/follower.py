"""One executor as the queue sees it: taken hold of, looked at, and known to be there or not."""

import asyncio
from collections.abc import Awaitable, Callable
import logging

from ..model.errors import ExecutorError, HashwarmError
from .executor import Executor, PowerReading, RunStatus

_LOGGER = logging.getLogger(__name__)


class Follower:
    """Owner of the task that follows one executor."""

    def __init__(
        self, executor_id: str, executor: Executor, *, refresh: Callable[[str], Awaitable[None]], poll_s: float
    ) -> None:
        self.executor_id = executor_id
        self.executor = executor
        self.problem: HashwarmError | None = None
        """Why it cannot be used now."""
        self._refresh = refresh
        self._poll_s = poll_s
        self._wake = asyncio.Event()
        self._ready = asyncio.Event()
        self._seen = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        executor.attach(self._wake.set)

    @property
    def ready(self) -> bool:
        """Whether it was taken hold of, so that nothing an earlier life left over is running any more."""
        return self._ready.is_set()

    @property
    def usable(self) -> bool:
        """Whether it can be given work now."""
        return self.ready and self.problem is None

    def start(self) -> None:
        """Begin to follow it."""
        self._task = asyncio.create_task(self._follow(), name=f"jobs at {self.executor_id}")

    def wake(self) -> None:
        """Look at it now."""
        self._wake.set()

    async def stop(self) -> None:
        """Let go of it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self.executor.stop()
        except ExecutorError as error:
            _LOGGER.warning("%s could not be let go of: %s", self.executor_id, error)

    async def look(self) -> list[RunStatus]:
        """Return how its runs stand. Errors: ExecutorError."""
        return await self.executor.look()

    async def seen(self, timeout_s: float) -> bool:
        """Wait until it was looked at for the first time, so long at most."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._seen.wait()
        except TimeoutError:
            return False
        return True

    def power(self) -> PowerReading:
        """Return what its runs draw; unknown before it was taken hold of."""
        return self.executor.power() if self.ready else PowerReading()

    def failed(self, error: HashwarmError) -> None:
        """Note that it cannot be used, until it has been looked at again."""
        if self.problem is None:
            _LOGGER.warning("%s cannot be used now: %s", self.executor_id, error)
        self.problem = error

    async def _follow(self) -> None:
        while True:
            try:
                await self._pass()
                self.problem = None
            except HashwarmError as error:
                self.failed(error)
            except Exception as error:  # noqa: BLE001 - what one executor does wrong must not end the following of it
                self.failed(ExecutorError(repr(error)))
            self._seen.set()
            try:
                async with asyncio.timeout(self._poll_s):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _pass(self) -> None:
        if not self.ready:
            await self.executor.start()
            self._ready.set()
        self._wake.clear()
        await self._refresh(self.executor_id)
