"""The loop of one heater: read, decide, command, book; the only place where control meets a device."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, tzinfo
import logging
from typing import Any

from ..control import ControlInputs, Controller, Decision, HeaterSettings
from ..model.errors import BackendError, HashwarmError
from ..model.protocols import Backend, Monotonic, RoomTemperature, WallClock
from ..model.telemetry import DeviceStatus, Telemetry
from .state import HeaterState

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
    ) -> None:
        self.backend = backend
        self.settings = settings
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
        self._unreachable = False
        self.breaker_left_w: float | None = None
        self.state = HeaterState(settings=settings, capabilities=backend.capabilities)

    async def start(self) -> None:
        """Take hold of the device and begin. Errors: BackendError."""
        await self.backend.start()
        self._task = asyncio.create_task(self._run(), name="heater")

    async def stop(self) -> None:
        """End the loop, then the device; safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self.backend.stop()

    def apply(self) -> None:
        """Act on changed settings at once, not at the next pass."""
        self._wake.set()

    def as_dict(self) -> dict[str, Any]:
        """Return all that must survive a restart."""
        return {"settings": self.settings.as_dict(), "controller": self._controller.as_dict(self._now().timestamp())}

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            await self._guarded_pass()
            with suppress(TimeoutError):
                async with asyncio.timeout(PASS_S):
                    await self._wake.wait()

    async def _guarded_pass(self) -> None:
        try:
            await self.one_pass()
        except (HashwarmError, TimeoutError) as error:
            self._lost(error)
        except Exception:  # The loop outlives any single defect; the child stops by itself without a heartbeat.
            LOGGER.exception("A control pass failed")

    async def one_pass(self) -> None:
        """Read, decide, command, book. Off is commanded before the device is asked anything."""
        if not self.settings.on:
            await self._command(0.0)
        telemetry = await self._read()
        outdoor = self._outdoor.read() if self._outdoor is not None else None
        outdoor_c = outdoor.celsius if outdoor is not None else None
        decision = self._controller.step(self._inputs(telemetry, outdoor_c))
        await self._command(decision.power_w)
        self.backend.beat()
        self._book(telemetry)
        self._publish(decision, telemetry, outdoor_c)

    async def _command(self, power_w: float) -> None:
        async with asyncio.timeout(LIMIT_S):
            await self.backend.command(power_w)

    async def _read(self) -> Telemetry:
        try:
            async with asyncio.timeout(LIMIT_S):
                telemetry = await self.backend.read()
        except (BackendError, TimeoutError) as error:
            self._lost(error)
            return Telemetry(at_s=self._clock(), status=DeviceStatus.OFFLINE)
        if self._unreachable:
            LOGGER.info("The device answers again")
            self._unreachable = False
        return telemetry

    def _lost(self, error: Exception) -> None:
        if not self._unreachable:
            LOGGER.warning("The device does not answer: %s", str(error) or type(error).__name__)
            self._unreachable = True

    def _inputs(self, telemetry: Telemetry, outdoor_c: float | None) -> ControlInputs:
        return ControlInputs(
            now_s=self._clock(),
            now=self._now().timestamp(),
            settings=self.settings,
            capabilities=self.backend.capabilities,
            telemetry=telemetry,
            room=tuple(sensor.read() for sensor in self._room),
            outdoor_c=outdoor_c,
            breaker_left_w=self.breaker_left_w,
        )

    def _publish(self, decision: Decision, telemetry: Telemetry, outdoor_c: float | None) -> None:
        self.state = HeaterState(
            settings=self.settings,
            capabilities=self.backend.capabilities,
            decision=decision,
            telemetry=telemetry,
            outdoor_c=outdoor_c,
            starts_today=self._controller.starts_since(self._midnight().timestamp()),
        )
        self._on_change()

    def _midnight(self) -> datetime:
        local = self._now().astimezone(self._timezone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)
