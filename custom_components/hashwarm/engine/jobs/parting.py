"""Leaves an executor for good: what outlives us there is ended first."""

import asyncio
from collections.abc import Iterable
import logging

from ..model.errors import ExecutorError
from .executor import Executor, Parts

_LOGGER = logging.getLogger(__name__)
_ANSWER_S = 10.0


async def part_from(executors: Iterable[tuple[str, Executor]], within_s: float) -> None:
    """End all of our runs at executors that outlive us, in that time, and say what may run on; they have names."""
    await asyncio.gather(*(_part(name, one, within_s) for name, one in executors if isinstance(one, Parts)))


async def _part(name: str, executor: Parts, within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s + _ANSWER_S):
            left = ", ".join(await executor.part(within_s))
    except (ExecutorError, TimeoutError) as error:
        left = repr(error)
    if left:
        _LOGGER.warning("%s was left for good, but its jobs may run on there: %s", name, left)
