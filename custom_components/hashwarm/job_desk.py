"""A heater's jobs where they can be seen and ended, also when nothing that could run them is left."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import secrets
import time

from homeassistant.util.dt import get_default_time_zone, utcnow

from .ai_assembly import HomeFile
from .ai_entities import workshop_of
from .coordinator import HeaterCoordinator
from .engine.heater import JobIncome
from .engine.jobs import JobQueue


@asynccontextmanager
async def queue_of(coordinator: HeaterCoordinator) -> AsyncIterator[JobQueue]:
    """Yield a heater's queue; one without executors where its last one is gone and jobs are left.

    Errors: ServiceValidationError where it has neither; StoreError.
    """
    if coordinator.workshop is not None:
        yield coordinator.workshop.queue
        return
    async with coordinator.desk:
        queue = _left_behind(coordinator)
        if not any((await queue.counts()).values()):
            workshop_of(coordinator)
        await queue.start()
        try:
            yield queue
        finally:
            await queue.stop()


def _left_behind(coordinator: HeaterCoordinator) -> JobQueue:
    """Return the queue of a heater without executors: what ran at them is lost, and nothing starts."""
    income = JobIncome(coordinator.heater_id, coordinator.currency, get_default_time_zone())
    return JobQueue(
        owner=coordinator.heater_id,
        store=HomeFile(coordinator.home),
        executors={},
        now=utcnow,
        clock=time.monotonic,
        randomness=secrets.token_bytes,
        book=income,
    )
