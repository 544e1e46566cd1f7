"""A BOINC client whose work is not ours to queue: seen, paused for a while, throttled, and left as it was found."""

import asyncio
from contextlib import suppress
from typing import override

from ...model.compute import Compute, ComputeStatus
from ...model.errors import ExecutorError, ExecutorRefusedError, InvalidValueError
from ...model.protocols import WallClock
from .boinc_wire import BoincConnection, BoincStatus, BoincTask, about, blocks, figure, status, tasks, value

LONGEST_PAUSE_S = 86_400.0
FRESH_S = 60.0
"""Processor time that a soft stop may lose."""
_LIMIT, _BEFORE = "cpu_usage_limit", "hashwarm_before"
_LEAST_PERCENT = 1.0


class BoincClient(ComputeStatus):
    """Speaks to one client. Every pause ends by itself, so that the client works on should nobody renew it."""

    def __init__(self, connection: BoincConnection, *, now: WallClock) -> None:
        self._connection = connection
        self._now = now
        self._stopping: list[BoincTask] = []
        self._throttled = False
        self._changing = asyncio.Lock()

    @override
    async def read(self) -> Compute:
        """Ask how it stands. Errors: ExecutorError and its kin."""
        state = await self.status()
        running = [] if state.suspended else [task for task in await self.tasks() if task.executing]
        known = [task.progress for task in running if task.progress is not None]
        return Compute(
            at=self._now(),
            busy=bool(running),
            committed=False,
            name=running[0].name if running else None,
            progress=sum(known) / len(known) if known else None,
        )

    async def tasks(self) -> list[BoincTask]:
        """Return all tasks it has. Errors: ExecutorError and its kin."""
        return tasks(await self._connection.ask("<get_results/>"))

    async def status(self) -> BoincStatus:
        """Return whether it may work. Errors: ExecutorError and its kin."""
        return status(await self._connection.ask("<get_cc_status/>"))

    async def pause(self, for_s: float) -> None:
        """Compute nothing for so long, counted from now. Errors: InvalidValueError; ExecutorError and its kin."""
        if not 0 < for_s <= LONGEST_PAUSE_S:
            raise InvalidValueError("a pause lasts up to a day", value=str(for_s))
        await self._connection.ask(f"<set_run_mode><never/><duration>{for_s:.0f}</duration></set_run_mode>")

    async def resume(self) -> None:
        """Go back to the mode that a person chose. Errors: ExecutorError and its kin."""
        async with self._changing:
            await self._let_go_on()
        await self._connection.ask("<set_run_mode><restore/><duration>0</duration></set_run_mode>")

    async def soft_stop(self, for_s: float, *, fresh_s: float = FRESH_S) -> bool:
        """Stop each task whose last checkpoint is fresh; once none computes, pause all and return True.

        To be called again until then. A task that was stopped alone would stay so should nobody come back, therefore
        the pause, which ends by itself, takes over as soon as it can. Errors: ExecutorError and its kin.
        """
        async with self._changing:
            for task in [task for task in await self.tasks() if task.executing and _is_fresh(task, fresh_s)]:
                await self._connection.ask(f"<suspend_result>{about(task)}</suspend_result>")
                self._stopping.append(task)
            stopped = {task.name for task in self._stopping}
            if any(task.executing and task.name not in stopped for task in await self.tasks()):
                return False
            await self.pause(for_s)
            await self._let_go_on()
            return True

    async def throttle(self, share: float) -> None:
        """Compute that share of the time, 0 to 1; what a person set as preferences stays beside it.

        Errors: ExecutorError and its kin.
        """
        async with self._changing:
            percent = max(_LEAST_PERCENT, min(share, 1.0) * 100.0)
            rest, before = await self._preferences()
            kept = "" if before is None else f"{before:g}"
            limit = f"<{_LIMIT}>{percent:g}</{_LIMIT}>\n<{_BEFORE}>{kept}</{_BEFORE}>\n"
            await self._set_preferences(f"<global_preferences>\n{rest}{limit}</global_preferences>\n")
            self._throttled = True

    async def unthrottle(self) -> None:
        """Bring back the limit that was in force before the first throttle, even one of an earlier life.

        Errors: ExecutorError and its kin.
        """
        async with self._changing:
            if await self._is_throttled():
                rest, before = await self._preferences()
                limit = "" if before is None else f"<{_LIMIT}>{before:g}</{_LIMIT}>\n"
                whole = f"<global_preferences>\n{rest}{limit}</global_preferences>\n" if rest or limit else ""
                await self._set_preferences(whole)
            self._throttled = False

    async def stop(self) -> None:
        """Leave it as it was found, where it can be reached, and hang up; a pause in force ends by itself."""
        with suppress(ExecutorError):
            if self._throttled:
                await self.unthrottle()
            async with self._changing:
                await self._let_go_on()
        await self._connection.close()

    async def _let_go_on(self) -> None:
        """Take back that single tasks were stopped; one that is gone meanwhile needs nothing."""
        while self._stopping:
            with suppress(ExecutorRefusedError):
                await self._connection.ask(f"<resume_result>{about(self._stopping[-1])}</resume_result>")
            self._stopping.pop()

    async def _override(self) -> str:
        try:
            return await self._connection.ask("<get_global_prefs_override/>")
        except ExecutorRefusedError:
            return ""

    async def _is_throttled(self) -> bool:
        return value(await self._override(), _BEFORE) is not None

    async def _preferences(self) -> tuple[str, float | None]:
        """Return what a person overrides besides the limit, and the limit that was theirs."""
        whole = await self._override()
        inner = next(blocks(whole, "global_preferences"), "")
        before = figure(inner, _BEFORE if value(inner, _BEFORE) is not None else _LIMIT)
        lines = [line for line in inner.splitlines() if _LIMIT not in line and _BEFORE not in line and line.strip()]
        return "".join(f"{line}\n" for line in lines), before

    async def _set_preferences(self, preferences: str) -> None:
        await self._connection.ask(
            f"<set_global_prefs_override>\n{preferences}</set_global_prefs_override>",
        )
        await self._connection.ask("<read_global_prefs_override/>")


def _is_fresh(task: BoincTask, fresh_s: float) -> bool:
    return task.since_checkpoint_s is not None and task.since_checkpoint_s < fresh_s
