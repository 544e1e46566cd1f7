"""All other miners, through asic-rs (`pyasic-rs`), which is installed only when somebody adds such a miner.

The library reports success for writes that never arrived and mining for miners that are gone. So what it says of itself
is an offer at most, and only what it read from the miner counts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from ipaddress import ip_address
from typing import Any, override

from ..model.errors import DeviceRefusedError, DeviceUnreachableError, DeviceUnsupportedError
from .asic_rs_parse import LIGHT, PAUSE, POWER, RESTART, RESUME, parse_profile, parse_reading
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link

REQUIREMENT = "pyasic-rs==0.8.6"
USERNAME = "root"
PORT = 80
_MODULE = "pyasic_rs"
_WANTED = {
    "Mac", "Hashrate", "Wattage", "Uptime", "Fans", "Hashboards", "Pools", "TuningTarget", "FirmwareVersion",
    "OperatingState", "IsMining", "FluidTemperature",
}  # fmt: skip
_FAILURES = (RuntimeError, ValueError, OSError)


def load() -> Any:
    """Import the library; it takes a while, so not in the loop. Errors: ImportError."""
    return import_module(_MODULE)


class AsicRsDriver(Driver):
    """Speaks to one miner through the library, which finds out by itself what the miner is."""

    def __init__(self, address: MinerAddress, *, library: Callable[[], Any] = load) -> None:
        self._address = address
        self._load = library
        self._miner: Any = None
        self._unwanted: list[Any] = []
        self._put_to_sleep = False

    @override
    async def identify(self) -> MinerProfile:
        self._miner = None
        miner = await self._found()
        offers = [name for name in (POWER, PAUSE, RESUME, RESTART, LIGHT) if getattr(miner, name, False) is True]
        return parse_profile(await self._told(miner.get_data), offers)

    @override
    async def read(self) -> MinerReading:
        miner = await self._found()
        told = await self._told(lambda: miner.get_data(exclude=self._unwanted))
        reading = parse_reading(told, put_to_sleep=self._put_to_sleep)
        if reading.hash_rate_hs:
            self._put_to_sleep = False
        return reading

    @override
    async def write(self, setting: float) -> None:
        await self._order("set_power_limit", float(setting))

    @override
    async def pause(self) -> None:
        await self._order("pause")
        self._put_to_sleep = True

    @override
    async def resume(self) -> None:
        await self._order("resume")
        self._put_to_sleep = False

    @override
    async def restart(self) -> None:
        await self._order("restart")

    @override
    async def set_light(self, *, on: bool) -> None:
        await self._order("set_fault_light", on)

    @override
    async def close(self) -> None:
        self._miner = None

    async def _found(self) -> Any:
        if self._miner is None:
            self._miner = await self._find()
        return self._miner

    async def _find(self) -> Any:
        if self._address.port not in {None, PORT}:
            raise DeviceUnsupportedError("asic-rs reaches miners on their usual ports only")
        try:
            library = await asyncio.to_thread(self._load)
        except ImportError:
            raise DeviceUnsupportedError(f"{REQUIREMENT} is not installed, or not to be had for this machine") from None
        host = await _resolved(self._address.host)
        miner = await self._call(lambda: library.MinerFactory().get_miner(host))
        if miner is None:
            raise DeviceUnreachableError(f"nothing that asic-rs knows answers at {self._address.host}")
        field = library.data.DataField
        self._unwanted = [getattr(field, name) for name in dir(field) if name[0].isupper() and name not in _WANTED]
        if self._address.password is not None:
            miner.set_auth(self._address.username or USERNAME, self._address.password)
        return miner

    async def _told(self, ask: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
        told = await self._call(ask)
        return told.model_dump() if told is not None else {}

    async def _order(self, name: str, *values: Any) -> None:
        """Have the miner do something. A yes of the library proves nothing, a no is one."""
        miner = await self._found()
        if await self._call(lambda: getattr(miner, name)(*values)) is False:
            raise DeviceRefusedError(f"{name} was not taken")

    async def _call(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await ask()
        except TimeoutError:
            raise DeviceUnreachableError(f"no answer from {self._address.host}") from None
        except _FAILURES as error:
            if "not supported" in str(error):
                raise DeviceUnsupportedError(str(error)) from None
            raise DeviceRefusedError(f"asic-rs: {error}") from None


async def _resolved(host: str) -> str:
    """Return the address of a host, for the library takes no names. Errors: DeviceUnreachableError."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, PORT)
    except OSError, UnicodeError:
        raise DeviceUnreachableError(f"{host} has no address") from None
    return str(found[0][4][0])


def _driver(_: Link, address: MinerAddress) -> Driver:
    return AsicRsDriver(address)


ASIC_RS = FamilyInfo(
    family=Family.ASIC_RS,
    title="Other miner (asic-rs)",
    port=PORT,
    driver=_driver,
    asks_password=True,
    tells_work=False,
)
