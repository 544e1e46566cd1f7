"""A networked miner as a heater: asks at its interval, writes once what is wanted, reads it back, learns."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
import random
from typing import Any, override

from ..model.capabilities import Capabilities
from ..model.errors import BackendError, DeviceAuthError, DeviceLockedError, DeviceUnreachableError
from ..model.protocols import Backend, Monotonic
from ..model.telemetry import DeviceStatus, Telemetry
from .abilities import capabilities_of
from .commander import PAUSE, STUBBORN_EVERY_S, Commander, Step, Wanted, same
from .contact import Contact, OtherDeviceError, Sayings, stale_after_s
from .curve import PowerCurve
from .driver import Driver, Feature, MinerProfile, MinerReading
from .fields import mapping, number
from .learning import Learner
from .listening import Listener
from .mains import Mains
from .options import MinerOptions, Parting
from .picture import Picture
from .polling import first_delay_s, time_limit_s
from .profile_store import profile_as_dict
from .wishes import Wishes

READ_BACK_S, PARTING_S = 2.0, 5.0
LONGEST_PASS_S = 10.0


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
        stored, now_s = stored or {}, clock()
        self.driver = driver
        self._options = options
        self._clock = clock
        self._random = randomness
        name = options.name or f"{profile.model} ({profile.identity})"
        self._contact = Contact(name, options.interval_s)
        self._commander = Commander(profile, options.interval_s, now_s=now_s, stored=mapping(stored, "commander"))
        self._mains: Mains | None = None
        self._equip(profile, stored)
        if options.plug is not None and (options.cut_plug or self._plug_only):
            kept = mapping(stored, "mains")
            self._mains = Mains(options.plug, only=self._plug_only, now_s=now_s, stored=kept)
        self._tasks: list[asyncio.Task[None]] = []
        self._poll_now = asyncio.Event()
        self._command_now = asyncio.Event()
        self._wake: Callable[[], None] = lambda: None
        self._write_problem: str | None = None
        self._sayings = Sayings(name)
        self._loop_ended_at_s: float | None = None
        self._read_back: asyncio.TimerHandle | None = None
        self._listener = Listener(driver, f"miner {profile.identity} push", self._pushed, self._sayings)

    def _equip(self, profile: MinerProfile, stored: Mapping[str, Any]) -> None:
        """Take a profile and all that follows from it."""
        options = self._options
        self.profile = self._commander.profile = profile
        self.curve = PowerCurve(profile.levels, profile.step, options.limits, mapping(stored, "curve"))
        self._wishes = Wishes(profile, self.curve, now_s=self._clock(), stored=mapping(stored, "asked"))
        idle_w = number(stored, "idle_w", least=0.0)
        self._learner = Learner(profile, self.curve, interval_s=options.interval_s, idle_w=idle_w)
        self._picture = Picture(
            profile,
            self.curve,
            self._commander,
            options.meter,
            options.plug,
            stands_for_s=stale_after_s(options.interval_s),
        )

    @property
    def pass_s(self) -> float:
        """How long a control pass may wait for news."""
        return min(self._options.interval_s, LONGEST_PASS_S)

    @property
    @override
    def capabilities(self) -> Capabilities:
        return capabilities_of(
            self.profile,
            self.curve.levels,
            idle_w=self._learner.idle_w,
            metered=self._options.meter is not None,
            interval_s=self._options.interval_s,
            plug_only=self._plug_only,
        )

    @property
    def _plug_only(self) -> bool:
        return not self.profile.can_pause and self._options.plug is not None

    def attach(self, wake: Callable[[], None]) -> None:
        """Call this whenever there is news."""
        self._wake = wake

    def as_dict(self) -> dict[str, Any]:
        """Return what a restart must not forget."""
        now_s = self._clock()
        return {
            "profile": profile_as_dict(self.profile),
            "curve": self.curve.as_dict(),
            "commander": self._commander.as_dict(now_s),
            "mains": None if self._mains is None else self._mains.as_dict(now_s),
            "idle_w": self._learner.idle_w,
            "asked": self._wishes.as_dict(),
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
        await self._end_tasks()
        try:
            async with asyncio.timeout(PARTING_S):
                await self.driver.close()
        except Exception as error:  # noqa: BLE001 - a defect in a driver must not keep the heater from ending
            self._sayings.say(error, "hang up")

    async def _end_tasks(self) -> None:
        if self._read_back is not None:
            self._read_back.cancel()
        await self._listener.end()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def park(self) -> float | None:
        """Bring the miner to where it may stay without anyone to command it: its floor, off, or as it is.

        Returns the power in W that it is left at, None where that is as it was.
        """
        # Nothing else may command it from here on.
        await self._end_tasks()
        if self._options.parting is Parting.LEAVE:
            return None
        left_w = None
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING_S):
                left_w = await self._park()
        return left_w

    async def _park(self) -> float | None:
        if self._contact.reading is None:
            await self._guarded_poll()
        reading = self._contact.reading
        if reading is None or not self._online:
            return None
        if reading.status is DeviceStatus.PAUSED and not self._waking:
            return 0.0
        off = self._options.parting is Parting.OFF and (self.profile.can_pause or self._plug_only)
        left = PAUSE if off else self._wishes.lowest
        self._commander.want(left)
        await self._guarded_command(parting=True)
        return None if self._commander.unheard else left.power_w

    @property
    def last_told_w(self) -> float | None:
        """Return the power that it was told last, in W, as far as that is known."""
        return self._commander.told_w(self.curve)

    @property
    def _waking(self) -> bool:
        """Return whether it was told to run and is seen at rest still."""
        wanted = self._commander.wanted
        return wanted is not None and not wanted.paused and self._commander.settling(self._clock())

    @override
    async def command(self, power_w: float) -> None:
        """Take note of the power wanted; it is written by the command task, at once where the device allows it."""
        plug = self._options.plug
        can_rest = self.profile.can_pause or (plug is not None and plug.is_on() is not None)
        if self._commander.want(self._wishes.wanted(power_w, self._clock(), can_rest=can_rest)):
            self._command_now.set()
            if self._tasks and self._online:
                self._listener.for_a_while()

    @override
    def beat(self) -> None:
        """Do nothing: no such device has a dead man's switch."""

    @override
    async def read(self) -> Telemetry:
        """Return the newest picture, without waiting for the device."""
        contact, now_s = self._contact, self._clock()
        if contact.reading is None or not self._online:
            return self._picture.offline(now_s, contact.problem)
        problem = self._write_problem or contact.problem
        return self._picture.of(contact.reading, contact.read_at_s, now_s, problem=problem, idle_w=self._learner.idle_w)

    async def ask(self, action: Callable[[Driver], Awaitable[None]]) -> None:
        """Carry out a person's wish on the device, then look what became of it. Errors: BackendError, TimeoutError."""
        if self._contact.other_device:
            raise OtherDeviceError
        if self._contact.reading is None:
            raise DeviceUnreachableError
        async with asyncio.timeout(time_limit_s(self._options.interval_s) * 2):
            await action(self.driver)
        self._poll_now.set()

    def has(self, feature: Feature) -> bool:
        """Return whether the device offers something beside heating."""
        return feature in self.profile.features

    @property
    def _online(self) -> bool:
        return self._contact.online(self._clock())

    async def _poll_forever(self) -> None:
        delay_s = 0.0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._poll_now.wait()
            self._poll_now.clear()
            delay_s = await self._guarded_poll()

    async def _guarded_poll(self) -> float:
        """Ask once; return when to ask again, in s."""
        was_online, interval_s = self._online, self._options.interval_s
        try:
            delay_s = await self._poll()
            self._sayings.well("read")
        except (BackendError, TimeoutError) as error:
            self._contact.lost(error)
            delay_s = self._contact.retry_delay_s(interval_s, self._random)
        except Exception as error:  # noqa: BLE001 - the asking outlives any single defect
            self._contact.lost(error)
            self._sayings.say(error, "read")
            delay_s = interval_s
        if was_online and not self._online:
            self._wake()
        return delay_s

    async def _poll(self) -> float:
        plug = self._options.plug
        if plug is not None and plug.is_on() is False:
            self._contact.unplugged()
            # It may be ours to switch on.
            self._command_now.set()
            return self.pass_s
        first = self._contact.reading is None or self._contact.failures > 0
        interval_s = self._options.interval_s
        async with asyncio.timeout(time_limit_s(interval_s)):
            reading = await self.driver.read()
        async with asyncio.timeout(time_limit_s(interval_s)):
            await self._make_sure(reading)
        self._take(reading)
        return first_delay_s(interval_s, self._random) if first else interval_s

    async def _make_sure(self, reading: MinerReading) -> None:
        """Make sure that it is the device we know, at first and after an outage, and notice new firmware.

        Errors: OtherDeviceError.
        """
        self._same_device(reading.identity)
        before = self._contact.reading
        told = reading.identity is not None and reading.firmware == self.profile.firmware
        changed = before is not None and reading.firmware not in {None, before.firmware, self.profile.firmware}
        if not changed and (told or not self._contact.doubtful):
            return
        profile = await self.driver.identify()
        self._same_device(profile.identity)
        if profile.firmware != self.profile.firmware:
            self._equip(profile, self.as_dict())

    def _same_device(self, identity: str | None) -> None:
        if identity is not None and identity != self.profile.identity:
            raise OtherDeviceError(f"{identity} answers where {self.profile.identity} was")

    def _take(self, reading: MinerReading) -> None:
        """Take in a reading, polled or pushed."""
        now_s = self._clock()
        self._contact.answered(reading, now_s)
        self._commander.take(reading, now_s)
        self._learn(reading, now_s)
        self._command_now.set()
        self._wake()

    def _learn(self, reading: MinerReading, now_s: float) -> None:
        if self._commander.settling(now_s):
            return
        in_force = replace(reading, setting=self._commander.in_force(reading, now_s))
        metered = self._options.meter is not None
        self._learner.take(in_force, self._picture.told_w(reading), now_s, metered=metered)

    async def _command_forever(self) -> None:
        while True:
            await self._command_now.wait()
            self._command_now.clear()
            await self._guarded_command()

    async def _guarded_command(self, *, parting: bool = False) -> None:
        """Write what is due now; whatever goes wrong is said once and tried again."""
        for name, action in (
            ("switch", self._switch_plug),
            ("calm", self._end_thermal_loop),
            ("command", lambda: self._write(parting=parting)),
        ):
            try:
                async with asyncio.timeout(2 * time_limit_s(self._options.interval_s)):
                    if await action():
                        return
                self._sayings.well(name)
            except Exception as error:  # noqa: BLE001 - the commanding outlives any single defect
                self._sayings.say(error, name)

    async def _switch_plug(self) -> bool:
        """Switch the plug where it is ours to switch; returns whether that was all there is to do."""
        wanted, reading = self._commander.wanted, self._contact.reading
        if self._mains is None or wanted is None:
            return False
        now_s = self._clock()
        resting = reading is not None and self._online and reading.status is DeviceStatus.PAUSED
        # A device that was told twice in vain is not waited for: its owner agreed that the plug ends it.
        softly = (resting or self._commander.disobeys) and not self._commander.settling(now_s)
        if not await self._mains.follow(rest=wanted.paused, resting=softly, now_s=now_s):
            return False
        self._poll_now.set()
        return True

    async def _end_thermal_loop(self) -> bool:
        """Switch off a loop of the firmware's own, where the person agreed, and not again and again."""
        reading, now_s = self._contact.reading, self._clock()
        consented = self._options.end_thermal_loop and self._online
        if not consented or reading is None or reading.thermal_loop is None:
            return False
        if self._loop_ended_at_s is None or now_s - self._loop_ended_at_s >= STUBBORN_EVERY_S:
            self._loop_ended_at_s = now_s
            await self.driver.end_thermal_loop()
        return False

    async def _write(self, *, parting: bool) -> bool:
        """Bring the device where it is wanted, as far as that is due."""
        reading, wanted, now_s = self._contact.reading, self._commander.wanted, self._clock()
        if reading is None or wanted is None or not self._online:
            return False
        steps = self._commander.steps(reading, now_s, parting=parting)
        if not steps:
            return False
        self._commander.trying(steps, now_s)
        try:
            await self._perform(steps, wanted)
        except (BackendError, TimeoutError) as error:
            self._commander.failed(refused=not isinstance(error, DeviceUnreachableError | TimeoutError))
            self._write_problem = error.key if isinstance(error, DeviceAuthError | DeviceLockedError) else None
            raise
        finally:
            self._look_soon()
        self._commander.took()
        self._write_problem = None
        return False

    async def _perform(self, steps: list[Step], wanted: Wanted) -> None:
        for step in steps:
            if self._commander.wanted is None or not same(self._commander.wanted, wanted):
                # Another wish came meanwhile; it must not wake up for this one.
                return
            if step is Step.PAUSE:
                await self.driver.pause()
            elif step is Step.RESUME:
                await self.driver.resume()
            elif wanted.setting is not None:
                await self.driver.write(wanted.setting)

    def _look_soon(self) -> None:
        if self._read_back is not None:
            self._read_back.cancel()
        if self._tasks:
            self._read_back = asyncio.get_running_loop().call_later(READ_BACK_S, self._poll_now.set)

    def _pushed(self, reading: MinerReading) -> None:
        """Take in what the device pushed, unless it might be another one."""
        doubtful = self._contact.doubtful and reading.identity is None
        if not doubtful and reading.identity in {None, self.profile.identity}:
            self._take(reading)
