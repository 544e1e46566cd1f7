"""What runs AI work, in memory: it remembers what it was asked, and fails on demand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from custom_components.hashwarm.engine.jobs import Abilities, Launch, PowerReading, RunState, RunStatus


class FakeExecutor:
    """Runs jobs for as long as a test says."""

    def __init__(self) -> None:
        self.abilities = Abilities(freezes=True, throttles=True, slots=4)
        self.runs: dict[str, RunStatus] = {}
        self.forgotten: list[str] = []
        self.error: Exception | None = None

    async def start(self) -> None:
        self.runs.clear()

    async def stop(self) -> None:
        return

    async def launch(self, launch: Launch) -> str:
        self.runs[launch.run_id] = RunStatus(ref=launch.run_id, state=RunState.RUNNING)
        return launch.run_id

    def change(self, ref: str, **changes: Any) -> None:
        self.runs[ref] = replace(self.runs[ref], **changes)

    async def freeze(self, ref: str) -> None:
        self.change(ref, state=RunState.FROZEN)

    async def thaw(self, ref: str) -> None:
        self.change(ref, state=RunState.RUNNING)

    async def throttle(self, ref: str, share: float) -> None:
        return

    async def end(self, ref: str, grace_s: float) -> None:
        self.change(ref, state=RunState.ENDED, exit_code=75 if grace_s else None)
        self._wake()

    async def look(self) -> list[RunStatus]:
        return list(self.runs.values())

    async def log(self, ref: str, lines: int) -> list[str]:
        if self.error is not None:
            raise self.error
        return [f"line {number} of {ref}" for number in range(lines)]

    def power(self) -> PowerReading:
        return PowerReading(power_w=60.0, source="measured")

    def attach(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    async def forget(self, job_id: str) -> None:
        self.forgotten.append(job_id)


class FakeMachine:
    """Has work of its own."""

    reading = None
    problem: str | None = None
    quieted = False

    def __init__(self) -> None:
        self.finished = 0
        self.error: Exception | None = None

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    def attach(self, wake: Callable[[], None]) -> None:
        return

    async def finish(self) -> None:
        if self.error is not None:
            raise self.error
        self.finished += 1
