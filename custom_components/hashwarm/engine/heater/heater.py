"""The loop of one heater: read, decide, command, book; the only place where control meets a device."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, tzinfo
import logging
from typing import Any

from ..control import Comfort, ControlInputs, Controller, Decision, HeaterSettings, JobHold, Source, outdoor_c
from ..model.control import ControlMode
from ..model.dispatch import OtherWork
from ..model.errors import BackendError, HashwarmError
from ..model.planning import Guidance, PlannerStatus
from ..model.protocols import Backend, Monotonic, OutlivingBackend, RoomTemperature, WallClock
from ..model.sharing import Neighbours
from ..model.telemetry import DeviceStatus, Telemetry
from .combined import mining_alone
from .forethought import Forethought, Standpoint
from .state import HeaterState
from .workshop import Workshop

LOGGER = logging.getLogger(__name__)
PASS_S = 1.0
LIMIT_S = 5.0

type BookSample = Callable[[Telemetry], None]


class Heater:
    """One backend under one controller. `start` and `stop` own the loop; settings change through `apply`."""

    def __init__(
        self,
        *,
        backend: Backend,
        controller: Controller,
        settings: HeaterSettings,
        room: tuple[RoomTemperature, ...],
        outdoor: RoomTemperature | None,
        clock: Monotonic,
        now: WallClock,
        timezone: tzinfo,
        book: BookSample,
        on_change: Callable[[], None],
        comfort: Comfort | None = None,
        forethought: Forethought | None = None,
        workshop: Workshop | None = None,
    ) -> None:
        self.backend = backend
        self._outliving = backend if isinstance(backend, OutlivingBackend) else None
        self.settings = settings
        self.comfort = comfort if comfort is not None else Comfort(settings)
        self.forethought = forethought
        self.workshop = workshop
        self._controller = controller
        self._room = room
        self._outdoor = outdoor
        self._clock = clock
        self._now = now
        self._timezone = timezone
        self._book = book
        self._on_change = on_change
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._telemetry: Telemetry | None = None
        self._off: asyncio.Task[None] | None = None
        self._commanding = asyncio.Lock()
        self._failing = False
        self._broken: set[str] = set()
        self.neighbours: Neighbours | None = None
        self.state = HeaterState(settings=settings, capabilities=backend.capabilities)

    @property
    def planner_status(self) -> PlannerStatus | None:
        """Return how far the planner is trusted, and whether it really decides; None without a planner."""
        if self.forethought is None:
            return None
        status, decision = self.forethought.pilot.status, self.state.decision
        decides = decision is not None and decision.planned
        return PlannerStatus.WAITING if status is PlannerStatus.ACTIVE and not decides else status

    async def start(self) -> None:
        """Take hold of the device and begin. Errors: BackendError."""
        if self._outliving is not None:
            self._outliving.attach(self._wake.set)
        await self.backend.start()
        self._task = asyncio.create_task(self._run(), name="heater")
        if self.forethought is not None:
            self.forethought.start()
        if self.workshop is not None:
            await self.workshop.start()

    async def stop(self, *, parting: bool = False) -> None:
        """End the loop, then the device; safe to call twice.

        `parting` says that nobody will command it again soon: a device that outlives us is brought to its floor.
        """
        tasks = [task for task in (self._task, self._off) if task is not None]
        self._task = self._off = None
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self.forethought is not None:
            await self.forethought.stop()
        if self.workshop is not None:
            await self.workshop.stop()
        if parting and self._outliving is not None:
            left_w = await self._outliving.park()
            if left_w is not None:
                self._controller.leave(left_w, self._now().timestamp())
        await self.backend.stop()
        if self.neighbours is not None:
            self.neighbours.leave(parting=parting)

    def apply(self) -> None:
        """Act on changed settings at once, not at the next pass; off does not even wait for a reading under way."""
        if self.forethought is not None:
            self.forethought.switch(on=self.settings.planner)
        if not self.settings.runs and self._task is not None:
            self._off = asyncio.create_task(self._switch_off(), name="heater off")
        self._wake.set()

    def as_dict(self) -> dict[str, Any]:
        """Return all that must survive a restart."""
        controller = self._controller.as_dict(self._now().timestamp())
        told = {"settings": self.settings.as_dict(), "controller": controller, "comfort": self.comfort.as_dict()}
        if self.workshop is not None:
            told["ai"] = self.workshop.as_dict()
        if self._outliving is None:
            return told
        return {**told, "controller": controller | {"outlives": True}, "backend": self._outliving.as_dict()}

    async def _switch_off(self) -> None:
        try:
            await self._command(0.0)
        except (HashwarmError, TimeoutError) as error:
            self._failed(error)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            await self._guarded_pass()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pass_s):
                    await self._wake.wait()

    @property
    def _pass_s(self) -> float:
        return self._outliving.pass_s if self._outliving is not None else PASS_S

    async def _guarded_pass(self) -> None:
        """Run a pass; without one the device gets no heartbeat, and nothing old is shown as if it were now."""
        try:
            await self.one_pass()
        except Exception as error:  # noqa: BLE001 - the loop outlives any single defect
            self._failed(error)
            self._show(None, Telemetry(at_s=self._clock(), status=DeviceStatus.OFFLINE), None)

    async def one_pass(self) -> None:
        """Read, decide, command, show, book."""
        work = self._work
        telemetry = mining_alone(await self._read(), work)
        outdoor = outdoor_c(self._outdoor.read() if self._outdoor is not None else None)
        decision = self._controller.step(self._inputs(telemetry, outdoor, work))
        if self.workshop is not None:
            off = not self.settings.runs
            self.workshop.observe(decision, off=off, maximum_w=self.backend.capabilities.maximum_w)
        await self._command(decision.power_w)
        self.backend.beat()
        if self._failing and telemetry.status is not DeviceStatus.OFFLINE:
            LOGGER.info("The device answers again")
            self._failing = False
        self._show(decision, telemetry, outdoor)
        booked = telemetry if self.workshop is None else self.workshop.booked(telemetry)
        self._apart(lambda: self._book(booked), "book")
        self._apart(lambda: self._look_ahead(decision, telemetry, outdoor), "plan")

    async def _command(self, power_w: float) -> None:
        async with self._commanding, asyncio.timeout(LIMIT_S):
            # A pass that decided before the heater was switched off must not switch it on again.
            await self.backend.command(power_w if self.settings.runs else 0.0)

    async def _read(self) -> Telemetry:
        try:
            async with asyncio.timeout(LIMIT_S):
                return await self.backend.read()
        except (BackendError, TimeoutError) as error:
            self._failed(error)
            return Telemetry(at_s=self._clock(), status=DeviceStatus.OFFLINE)

    def _failed(self, error: Exception) -> None:
        """Say it once per failure that lasts; a defect of our own with its traceback."""
        if self._failing:
            return
        self._failing = True
        if isinstance(error, HashwarmError | TimeoutError):
            LOGGER.warning("The device does not answer: %s", str(error) or type(error).__name__)
        else:
            LOGGER.error("A control pass failed", exc_info=error)

    def _apart(self, action: Callable[[], None], name: str) -> None:
        """Do what must not stop the heating when it fails, and say once that it does."""
        try:
            action()
            self._broken.discard(name)
        except Exception:
            if name not in self._broken:
                LOGGER.exception("Could not %s a control pass", name)
            self._broken.add(name)

    @property
    def _work(self) -> OtherWork:
        return self.workshop.work if self.workshop is not None else OtherWork()

    def _inputs(self, telemetry: Telemetry, outdoor_c: float | None, work: OtherWork) -> ControlInputs:
        return ControlInputs(
            now_s=self._clock(),
            now=self._now().timestamp(),
            settings=self.settings,
            capabilities=self.backend.capabilities,
            telemetry=telemetry,
            room=tuple(sensor.read() for sensor in self._room),
            outdoor_c=outdoor_c,
            neighbours=self.neighbours,
            comfort=self.comfort,
            guidance=self._guidance(),
            expected=self.forethought.expected(self._now().timestamp()) if self.forethought is not None else None,
            work=work,
            cycle_ws=self.forethought.cycle_ws if self.forethought is not None else 0.0,
        )

    def _guidance(self) -> Guidance | None:
        """Return what the planner asks for, by the room as the last pass saw it."""
        decision = self.state.decision
        if self.forethought is None or decision is None:
            return None
        return self.forethought.guide(self._now().timestamp(), decision.room_c)

    def _look_ahead(self, decision: Decision, telemetry: Telemetry, outdoor_c: float | None) -> None:
        """Show the planner how things stand."""
        if self.forethought is None:
            return
        now, capabilities = self._now().timestamp(), self.backend.capabilities
        running, since = self._controller.running_since(now)
        in_force = decision.in_force
        job = self.workshop.hold(now) if self.workshop is not None else None
        self.forethought.observe(
            Standpoint(
                at=now,
                room_c=decision.room_c,
                outdoor_c=outdoor_c,
                power_w=None if telemetry.power_w is None else telemetry.power_w + self._work.heat_w,
                capabilities=capabilities,
                running=running,
                lasted_s=now - since,
                disturbed=in_force is not None and in_force.source is Source.WINDOW_OPEN,
                starts_left=self._controller.starts_left(capabilities, now),
                asked=self.settings.runs and self.settings.mode is ControlMode.THERMOSTAT,
                alone=not self._controller.shares_room,
                job=job,
                circuit_w=self._circuit_w(decision, job),
            )
        )

    def _circuit_w(self, decision: Decision, job: JobHold | None) -> float | None:
        """Return what the circuits leave for what is planned; work beside takes its part, work on the chip does not."""
        if decision.circuit_w is None or job is not None:
            return decision.circuit_w
        return max(decision.circuit_w - self._work.drawn_w, 0.0)

    def _show(self, decision: Decision | None, telemetry: Telemetry, outdoor: float | None) -> None:
        now = self._now().timestamp()
        self.state = HeaterState(
            settings=self.settings,
            capabilities=self.backend.capabilities,
            decision=decision,
            telemetry=telemetry,
            outdoor_c=outdoor,
            work=self._work,
            starts_today=self._controller.starts_between(self._midnight().timestamp(), now),
        )
        self._apart(self._on_change, "show")

    def _midnight(self) -> datetime:
        local = self._now().astimezone(self._timezone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)
