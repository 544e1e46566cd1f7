"""A miner of paper: it answers what the test wrote down, and keeps what it was told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, override

from custom_components.hashwarm.engine.miners.driver import (
    Driver,
    Family,
    MinerProfile,
    MinerReading,
    OnReading,
    PowerLevel,
)
from custom_components.hashwarm.engine.model.capabilities import ControlKind, PowerSource
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus

IDENTITY = "aa:bb:cc:00:00:01"


def levels(*powers_w: float, start: float = 0.0, by: float = 1.0) -> tuple[PowerLevel, ...]:
    return tuple(
        PowerLevel(setting=start + by * index, label=f"level {index}", power_w=power_w, hash_rate_hs=power_w * 1e9)
        for index, power_w in enumerate(powers_w)
    )


def make_profile(**changes: Any) -> MinerProfile:
    """Three presets of 800, 1200 and 1600 W unless changed."""
    return replace(
        MinerProfile(
            family=Family.AVALON,
            identity=IDENTITY,
            model="Paper Q",
            firmware="1.0",
            control=ControlKind.PRESETS,
            levels=levels(800.0, 1200.0, 1600.0),
            ramp_s=20.0,
            boot_s=30.0,
            write_interval_s=60.0,
            minimum_on_s=60.0,
            minimum_off_s=60.0,
            can_pause=True,
            power_source=PowerSource.MEASURED,
        ),
        **changes,
    )


def make_reading(**changes: Any) -> MinerReading:
    return replace(
        MinerReading(
            status=DeviceStatus.RUNNING,
            identity=IDENTITY,
            setting=0.0,
            power_w=800.0,
            hash_rate_hs=8e11,
            firmware="1.0",
        ),
        **changes,
    )


PAUSED = MinerReading(status=DeviceStatus.PAUSED, identity=IDENTITY, power_w=10.0, hash_rate_hs=0.0, firmware="1.0")


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeDriver(Driver):
    """Obeys at once unless told not to."""

    def __init__(self, profile: MinerProfile | None = None) -> None:
        self.profile = profile or make_profile()
        self.reading = make_reading(setting=self.profile.levels[0].setting)
        self.obeys = True
        self.calls: list[Any] = []
        self.before: dict[str, Callable[[], Any]] = {}
        """What happens first when a method is called; it may raise, or return something to await."""
        self.closed = False

    async def _called(self, name: str, call: Any = None) -> None:
        self.calls.append(call if call is not None else name)
        if (action := self.before.get(name)) is not None and (waits := action()) is not None:
            await waits

    @property
    def commands(self) -> list[Any]:
        return [call for call in self.calls if call not in {"read", "identify", "listen"}]

    @override
    async def identify(self) -> MinerProfile:
        await self._called("identify")
        return self.profile

    @override
    async def read(self) -> MinerReading:
        await self._called("read")
        return self.reading

    @override
    async def write(self, setting: float) -> None:
        await self._called("write", ("write", setting))
        if self.obeys and self.reading.status is not DeviceStatus.PAUSED:
            self.reading = replace(self.reading, setting=setting)

    @override
    async def pause(self) -> None:
        await self._called("pause")
        if self.obeys:
            self.reading = PAUSED

    @override
    async def resume(self) -> None:
        await self._called("resume")
        if self.obeys:
            last = [call[1] for call in self.calls if isinstance(call, tuple)]
            self.reading = make_reading(setting=last[-1] if last else self.profile.levels[0].setting)

    @override
    async def end_thermal_loop(self) -> None:
        await self._called("end_thermal_loop")

    @override
    async def listen(self, on_reading: OnReading) -> None:
        self.on_reading = on_reading
        await self._called("listen")

    @override
    async def close(self) -> None:
        self.closed = True
        await self._called("close")


class FakePlug:
    """A plug that a test can hold."""

    def __init__(self, *, on: bool | None = True) -> None:
        self.on = on
        self.turns: list[bool] = []
        self.fails: Exception | None = None
        self.stuck = False

    def is_on(self) -> bool | None:
        return self.on

    async def turn(self, *, on: bool) -> None:
        self.turns.append(on)
        if self.fails is not None:
            raise self.fails
        if not self.stuck:
            self.on = on


class FakeMeter:
    """A meter that a test can set."""

    def __init__(self, power_w: float | None) -> None:
        self.power_w = power_w

    def read_w(self) -> float | None:
        return self.power_w
