"""LuxOS over cgminer's API on port 4028: some 25 power profiles, sleep and wake-up, a thermal loop of its own.

Source: docs.luxor.tech, API of LUXminer. A session is no log-in: it keeps programs from writing at the same time,
exists once, and ends a minute after its last use.
"""

from itertools import cycle
from typing import Any, override

from ..model.errors import DeviceGarbageError, DeviceRefusedError, DeviceUnreachableError
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link
from .fields import text
from .luxos_parse import (
    CONFIG,
    FANS,
    POOLS,
    POWER,
    PROFILES,
    SUMMARY,
    TEMPS,
    VERSION,
    accepted,
    apart,
    knows,
    parse_levels,
    parse_profile,
    parse_reading,
    parse_watts,
)
from .rpc import CGMINER_PORT, RpcClient

_READ = (CONFIG, POWER, SUMMARY, TEMPS, FANS, POOLS)
_TURNS = tuple(command for seldom in (TEMPS, POOLS, FANS) for command in (CONFIG, SUMMARY, CONFIG, seldom))
"""What is asked beside the watts where the firmware takes one command at a time."""


class LuxosDriver(Driver):
    """Speaks to one miner. Commands are joined as cgminer joins them; a firmware that does not is asked in turns."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc
        self._session: str | None = None
        self._joins = True
        self._has_joined = False
        self._answers: dict[str, Any] = {}
        self._turns = cycle(_TURNS)
        self._first: str | None = None
        self._watts: dict[str, float] = {}
        self._names: dict[float, str] = {}

    @override
    async def identify(self) -> MinerProfile:
        asked = (VERSION, CONFIG, PROFILES)
        told = await self._joined(asked) or {command: await self._ask(command) for command in asked}
        self._learn(told[PROFILES])
        return parse_profile(*(told[command] for command in asked))

    @override
    async def read(self) -> MinerReading:
        asked = _READ if self._watts else (*_READ, PROFILES)
        joins = self._joins
        try:
            if not await self._joined(asked):
                # The refusal has cost a request of the two that an update may take.
                await self._in_turn((POWER,) if joins else (POWER, self._next()))
        except DeviceUnreachableError:
            # Whatever it was before, it may have started anew when it answers again.
            self._answers.clear()
            raise
        self._learn(self._answers.pop(PROFILES, None))
        return parse_reading(self._answers, self._watts)

    @override
    async def write(self, setting: float) -> None:
        # The watts alone select a profile too, which serves before the first look at the list.
        await self._do("profileset", self._names.get(setting) or f"{setting:.0f}W")

    @override
    async def pause(self) -> None:
        await self._curtail("sleep")

    @override
    async def resume(self) -> None:
        await self._curtail("wakeup")

    @override
    async def restart(self) -> None:
        await self._do("rebootdevice")

    @override
    async def set_light(self, *, on: bool) -> None:
        await self._do("ledset", "red", "blink" if on else "auto")

    @override
    async def end_thermal_loop(self) -> None:
        await self._do("atmset", "enabled=false")

    async def _curtail(self, action: str) -> None:
        try:
            await self._do("curtail", action)
        except DeviceRefusedError as error:
            if "already" not in str(error).lower():
                raise

    def _learn(self, profiles: Any) -> None:
        watts = parse_watts(profiles)
        if watts:
            self._watts = watts
            self._names = {level.setting: level.label for level in parse_levels(profiles)}

    async def _joined(self, commands: tuple[str, ...]) -> dict[str, Any]:
        """Ask all at once; empty where the firmware does not join commands."""
        if not self._joins:
            return {}
        try:
            told = apart(await self._rpc.command("+".join(commands)), commands)
        except DeviceRefusedError:
            self._joins = False
            return {}
        except DeviceGarbageError, DeviceUnreachableError:
            if self._has_joined:
                raise
            # A firmware that joins nothing may say so in its own way; one command by itself tells.
            await self._ask(CONFIG)
            self._joins = False
            return {}
        self._has_joined = True
        self._answers |= told
        return told

    async def _in_turn(self, commands: tuple[str, ...]) -> None:
        for command in commands:
            self._answers[command] = await self._ask(command)

    def _next(self) -> str:
        """Choose what to ask beside the watts: what was just changed, then what gives the settings a meaning."""
        first, self._first = self._first, None
        return first or (next(self._turns) if self._watts else PROFILES)

    async def _do(self, command: str, *arguments: str) -> None:
        """Send a command that changes something; a session that has ended is renewed once."""
        self._first = CONFIG
        if self._session is not None:
            try:
                await self._ask(command, ",".join((self._session, *arguments)))
            except DeviceRefusedError as error:
                if "session" not in str(error).lower():
                    raise
            else:
                return
        self._session = await self._log_on()
        await self._ask(command, ",".join((self._session, *arguments)))

    async def _log_on(self) -> str:
        self._session = None
        session = text(await self._ask("logon"), "SESSION", 0, "SessionID")
        if session is None:
            raise DeviceGarbageError("a session without a name")
        return session

    async def _ask(self, command: str, parameter: str | None = None) -> Any:
        return accepted(await self._rpc.command(command, parameter))


def _driver(link: Link, address: MinerAddress) -> Driver:
    return LuxosDriver(RpcClient(address, connect=link.connect))


LUXOS = FamilyInfo(family=Family.LUXOS, title="LuxOS", port=CGMINER_PORT, driver=_driver, knows_rpc=knows)
