"""A networked miner as a heater: asks at its interval, writes what is wanted, reads it back, learns what it draws."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
import logging
import random
from typing import Any, override

from ..model.capabilities import Capabilities
from ..model.errors import BackendError, DeviceAuthError, DeviceUnsupportedError, HashwarmError
from ..model.protocols import Backend, Monotonic, Plug, PowerMeter
from ..model.telemetry import DeviceStatus, Telemetry
from .commander import PAUSE, Commander, Step, Wanted
from .curve import PowerCurve
from .driver import Driver, Feature, MinerProfile, MinerReading
from .limits import capabilities_of, within_limits
from .picture import Picture
from .polling import REAUTH_EVERY_S, first_delay_s, retry_delay_s, time_limit_s
from .profile_store import profile_as_dict

LOGGER = logging.getLogger(__name__)
READ_BACK_S = 2.0
LISTEN_FOR_S = 60.0
PARTING_S = 5.0
OFFLINE_AFTER_FAILURES = 2


class Parting(StrEnum):
    """What a miner is left doing when nobody is there to command it."""

    FLOOR = "floor"
    OFF = "off"
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class MinerOptions:
    """How a person wants a miner to be handled; powers in W, times in s."""

    interval_s: float = 10.0
    minimum_w: float | None = None
    """A floor above the device's own."""
    maximum_w: float | None = None
    """A maximum below the device's own."""
    parting: Parting = Parting.FLOOR
    meter: PowerMeter | None = None
    plug: Plug | None = None
    cut_plug: bool = False
    """Switch the plug off, after a soft pause, while no heat is wanted."""
    end_thermal_loop: bool = False
    """The person agreed that a loop of the firmware's own is switched off."""


class NetworkedMiner(Backend):
    """Owns a driver and two tasks, one that asks and one that commands; neither ever waits for another device."""

    def __init__(
        self,
        driver: Driver,
        profile: MinerProfile,
        options: MinerOptions,
        *,
        clock: Monotonic,
        randomness: random.Random,
        stored: Mapping[str, Any] | None = None,
    ) -> None:
        """Take a profile from the set-up or from last time; `stored` is what `as_dict` returned then."""
        stored = stored or {}
        self.driver = driver
        self.profile = profile
        self._options = options
        self._clock = clock
        self._random = randomness
        levels = within_limits(profile, options.minimum_w, options.maximum_w)
        self.curve = PowerCurve(levels, profile.step, stored.get("curve"))
        self._commander = Commander(profile, options.interval_s)
        self._commander.last_setting = stored.get("last_setting")
        self._picture = Picture(profile, self.curve, self._commander, options.meter, options.plug)
        self._cut_by_us = bool(stored.get("cut_by_us", False))
        self._idle_w: float | None = stored.get("idle_w")
        self._tasks: list[asyncio.Task[None]] = []
        self._poll_now = asyncio.Event()
        self._command_now = asyncio.Event()
        self._wake: Callable[[], None] = lambda: None
        self._reading: MinerReading | None = None
        self._read_at_s = clock()
        self._failures = 0
        self._problem: str | None = None
        self._write_problem: str | None = None
        self._read_back: asyncio.TimerHandle | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def pass_s(self) -> float:
        """How long a control pass may wait for news."""
        return min(self._options.interval_s, 10.0)

    @property
    @override
    def capabilities(self) -> Capabilities:
        return capabilities_of(
            self.profile, self.curve, idle_w=self._idle_w, metered=self._options.meter is not None,
            interval_s=self._options.interval_s, plug_only=self._plug_only,
        )  # fmt: skip

    @property
    def _plug_only(self) -> bool:
        return not self.profile.can_pause and self._options.plug is not None

    def attach(self, wake: Callable[[], None]) -> None:
        """Call this whenever there is news."""
        self._wake = wake

    def as_dict(self) -> dict[str, Any]:
        """Return what a restart must not forget."""
        return {
            "profile": profile_as_dict(self.profile),
            "curve": self.curve.as_dict(),
            "last_setting": self._commander.last_setting,
            "cut_by_us": self._cut_by_us,
            "idle_w": self._idle_w,
        }

    @override
    async def start(self) -> None:
        """Begin to ask. A miner that is off is no error: it is found when it comes back."""
        self._tasks = [
            asyncio.create_task(self._poll_forever(), name=f"miner {self.profile.identity} poll"),
            asyncio.create_task(self._command_forever(), name=f"miner {self.profile.identity} command"),
        ]

    @override
    async def stop(self) -> None:
        """End all tasks and connections; the miner stays as it is."""
        if self._read_back is not None:
            self._read_back.cancel()
        listening, self._listening = self._listening, None
        tasks = [*self._tasks, *([listening] if listening is not None else [])]
        self._tasks = []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(BackendError, TimeoutError):
            async with asyncio.timeout(PARTING_S):
                await self.driver.close()

    async def park(self) -> None:
        """Bring the miner to where it may stay without anyone to command it: its floor, off, or as it is."""
        if self._options.parting is Parting.LEAVE:
            return
        if self._reading is None:
            await self._poll_once()
        running = self._reading is not None and self._reading.status is not DeviceStatus.PAUSED
        if not running or not self._online:
            return
        off = self._options.parting is Parting.OFF and self.profile.can_pause
        self._commander.want(PAUSE if off else Wanted(setting=self.curve.levels[0].setting))
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING_S):
                await self._command_once()

    @override
    async def command(self, power_w: float) -> None:
        """Take note of the power wanted; it is written by the command task, at once where the device allows it."""
        wanted = PAUSE if power_w <= 0.0 else Wanted(setting=self.curve.setting(power_w))
        if wanted.paused and not self.profile.can_pause and self._options.plug is None:
            wanted = Wanted(setting=self.curve.levels[0].setting)
        if self._commander.want(wanted):
            self._command_now.set()
            self._listen_for_a_while()

    @override
    def beat(self) -> None:
        """Do nothing: no such device has a dead man's switch."""

    @override
    async def read(self) -> Telemetry:
        """Return the newest picture, without waiting for the device."""
        if not self._online:
            return self._picture.offline(self._clock(), self._problem)
        assert self._reading is not None
        problem = self._write_problem or self._problem
        return self._picture.of(self._reading, self._read_at_s, self._clock(), problem)

    async def ask(self, action: Callable[[Driver], Awaitable[None]]) -> None:
        """Carry out a person's wish on the device, then look what became of it. Errors: BackendError, TimeoutError."""
        async with asyncio.timeout(time_limit_s(self._options.interval_s) * 2):
            await action(self.driver)
        self._poll_now.set()

    def has(self, feature: Feature) -> bool:
        """Return whether the device offers something beside heating."""
        return feature in self.profile.features

    @property
    def _online(self) -> bool:
        stale_s = max(2.5 * self._options.interval_s, 30.0)
        fresh = self._reading is not None and self._clock() - self._read_at_s <= stale_s
        return fresh and self._failures < OFFLINE_AFTER_FAILURES

    async def _poll_forever(self) -> None:
        delay_s = 0.0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._poll_now.wait()
            self._poll_now.clear()
            delay_s = await self._poll_once()

    async def _poll_once(self) -> float:
        """Ask once; return when to ask again, in s."""
        plug = self._options.plug
        if plug is not None and plug.is_on() is False:
            self._lost(None)
            return self.pass_s
        try:
            async with asyncio.timeout(time_limit_s(self._options.interval_s)):
                reading = await self._fresh_reading()
        except DeviceAuthError as error:
            self._lost(error)
            return max(self._options.interval_s, REAUTH_EVERY_S if self._failures > OFFLINE_AFTER_FAILURES else 0.0)
        except (BackendError, TimeoutError) as error:
            self._lost(error)
            return retry_delay_s(self._failures, self._options.interval_s, self._random)
        except Exception as error:
            LOGGER.exception("Reading a miner failed")
            self._lost(error)
            return self._options.interval_s
        first = self._reading is None or self._failures > 0
        self._take(reading)
        return first_delay_s(self._options.interval_s, self._random) if first else self._options.interval_s

    async def _fresh_reading(self) -> MinerReading:
        """Read; after an outage make sure first that it is still the same device that answers here."""
        if self._failures >= OFFLINE_AFTER_FAILURES:
            self._same_device((await self.driver.identify()).identity)
        reading = await self.driver.read()
        self._same_device(reading.identity)
        return reading

    def _same_device(self, identity: str | None) -> None:
        if identity is not None and identity != self.profile.identity:
            raise OtherDeviceError(f"{identity} answers where {self.profile.identity} was")

    def _take(self, reading: MinerReading) -> None:
        """Take in a reading, polled or pushed."""
        if self._failures >= OFFLINE_AFTER_FAILURES or (self._reading is None and self._failures):
            LOGGER.info("%s answers again", self.profile.model)
        self._failures, self._problem = 0, reading.problem
        self._reading, self._read_at_s = reading, self._clock()
        self._commander.take(reading)
        self._learn(reading)
        self._command_now.set()
        self._wake()

    def _lost(self, error: Exception | None) -> None:
        """Take note of a failure, and say once per outage that the device is gone."""
        was_online = self._online
        self._failures += 1
        self._problem = error.key if isinstance(error, DeviceAuthError | OtherDeviceError) else None
        if self._failures == OFFLINE_AFTER_FAILURES or (error is None and was_online):
            self._failures = max(self._failures, OFFLINE_AFTER_FAILURES)
            cause = "its plug is off" if error is None else str(error) or type(error).__name__
            LOGGER.info("%s does not answer: %s", self.profile.model, cause)
        if was_online:
            self._wake()

    def _learn(self, reading: MinerReading) -> None:
        """Learn watts and hash rate of the setting in force, once all has settled."""
        power_w = self._picture.told_w(reading)
        if power_w is None or self._commander.settling(self._clock()):
            return
        if reading.status is DeviceStatus.PAUSED:
            self._idle_w = power_w
        elif reading.status is DeviceStatus.RUNNING and reading.setting is not None and reading.hash_rate_hs:
            self.curve.learn(reading.setting, power_w, reading.hash_rate_hs)

    async def _command_forever(self) -> None:
        while True:
            await self._command_now.wait()
            self._command_now.clear()
            try:
                async with asyncio.timeout(2 * time_limit_s(self._options.interval_s)):
                    await self._command_once()
            except Exception as error:  # noqa: BLE001 - the commanding outlives any single defect
                self._refused(error)

    async def _command_once(self) -> None:
        """Write what is due now."""
        if await self._switch_plug() or self._reading is None or not self._online:
            return
        await self._end_thermal_loop(self._reading)
        steps = self._commander.steps(self._reading, self._clock())
        if not steps:
            return
        self._commander.done(steps, self._clock())
        try:
            for step in steps:
                await self._perform(step)
            self._write_problem = None
        except BackendError as error:
            self._refused(error)
        if self._read_back is not None:
            self._read_back.cancel()
        self._read_back = asyncio.get_running_loop().call_later(READ_BACK_S, self._poll_now.set)

    async def _perform(self, step: Step) -> None:
        wanted = self._commander.wanted
        if step is Step.PAUSE:
            await self.driver.pause()
        elif step is Step.RESUME:
            await self.driver.resume()
        elif wanted is not None and wanted.setting is not None:
            await self.driver.write(wanted.setting)

    async def _switch_plug(self) -> bool:
        """Switch the plug where it is ours to switch; returns whether that was all there is to do."""
        plug, wanted = self._options.plug, self._commander.wanted
        if plug is None or wanted is None or not (self._options.cut_plug or self._plug_only):
            return False
        if not wanted.paused and self._cut_by_us and plug.is_on() is False:
            self._cut_by_us = False
            await plug.turn(on=True)
            return True
        resting = self._reading is not None and self._reading.status is DeviceStatus.PAUSED
        softly = resting and not self._commander.settling(self._clock())
        if wanted.paused and plug.is_on() and (softly or self._plug_only):
            self._cut_by_us = True
            await plug.turn(on=False)
            return True
        return False

    async def _end_thermal_loop(self, reading: MinerReading) -> None:
        if not self._options.end_thermal_loop or reading.thermal_loop is None:
            return
        with suppress(DeviceUnsupportedError):
            await self.driver.end_thermal_loop()

    def _refused(self, error: Exception) -> None:
        self._write_problem = error.key if isinstance(error, DeviceAuthError) else None
        if isinstance(error, HashwarmError | TimeoutError):
            LOGGER.info("%s did not take a command: %s", self.profile.model, str(error) or type(error).__name__)
        else:
            LOGGER.error("Commanding a miner failed", exc_info=error)

    def _listen_for_a_while(self) -> None:
        """Have the device push while a change is on its way, where it can; polling goes on regardless."""
        if not self._tasks or (self._listening is not None and not self._listening.done()):
            return
        self._listening = asyncio.create_task(self._listen(), name=f"miner {self.profile.identity} push")

    async def _listen(self) -> None:
        with suppress(BackendError, TimeoutError):
            async with asyncio.timeout(LISTEN_FOR_S):
                await self.driver.listen(self._pushed)

    def _pushed(self, reading: MinerReading) -> None:
        if reading.identity in {None, self.profile.identity}:
            self._take(reading)


class OtherDeviceError(BackendError):
    """Another miner answers under this address; nothing is ever written to it."""

    key = "other_device"
