"""Whatsminers of API 3: JSON behind a length on port 4433, a signed token for writing, power in percent.

Sources: four independent clients that agree on framing, token and commands, among them asic-rs.
"""

import base64
from collections.abc import Callable, Mapping
import hashlib
import json
import time
from typing import Any, override

from ..model.errors import (
    DeviceAuthError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link
from .fields import at, text, whole
from .rpc import OpenConnection
from .web import LARGEST_ANSWER, parsed
from .whatsminer_parse import FLOOR_PERCENT, FULL_PERCENT
from .whatsminer_v3_parse import hashes, parse_profile, parse_reading

PORT = 4433
ACCOUNT = PASSWORD = "super"  # noqa: S105 - the factory's
INFO, STATUS = "get.device.info", "get.miner.status"
_TOKEN_LENGTH, _LENGTH_BYTES = 8, 4
_INVALID, _DENIED = -2, -4
_ABOUT_ACCESS = ("token", "permission", "password", "account", "auth", "denied")
_LED = [{"color": "red", "period": 200, "duration": 100, "start": 0}]


class FramedClient:
    """Speaks to one miner: each request on a connection of its own, both ways behind their length."""

    def __init__(self, connect: OpenConnection, address: MinerAddress) -> None:
        self._connect = connect
        self._host, self._port = address.host, address.port or PORT

    async def exchange(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer. Errors: DeviceUnreachableError, DeviceGarbageError."""
        try:
            reader, writer = await self._connect(self._host, self._port)
        except OSError:
            raise DeviceUnreachableError(f"no answer from {self._host}") from None
        try:
            writer.write(framed(request))
            await writer.drain()
            length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "little")
            if length > LARGEST_ANSWER:
                raise DeviceGarbageError("the answer has no end")
            answer = parsed(await reader.readexactly(length))
        except OSError, EOFError:
            raise DeviceUnreachableError(f"{self._host} hung up") from None
        finally:
            writer.transport.abort()
        if not isinstance(answer, dict):
            raise DeviceGarbageError("no object")
        return answer


class WhatsminerV3Driver(Driver):
    """Speaks to one Whatsminer. `now` is the time of day, which goes into each token."""

    def __init__(self, connect: OpenConnection, address: MinerAddress, *, now: Callable[[], float] = time.time) -> None:
        self._client = FramedClient(connect, address)
        self._account, self._password = address.username or ACCOUNT, address.password or PASSWORD
        self._now = now
        self._salt: str | None = None

    @override
    async def identify(self) -> MinerProfile:
        info = await self._ask(INFO)
        self._salt = text(info, "salt")
        return parse_profile(info, await self._ask(STATUS, "summary"))

    @override
    async def read(self) -> MinerReading:
        told = await self._ask(STATUS, "summary+pools")
        return parse_reading(told, miner=None if hashes(told) else await self._ask(INFO, "miner"))

    @override
    async def write(self, setting: float) -> None:
        percent = int(setting)
        if percent != setting or not FLOOR_PERCENT <= percent <= FULL_PERCENT:
            raise DeviceUnsupportedError(f"no power of {setting:g} %")
        # A text: firmware is known to ignore a number here.
        await self._order("set.miner.power_percent", {"percent": str(percent), "mode": "normal"})

    @override
    async def pause(self) -> None:
        await self._order("set.miner.service", "stop")

    @override
    async def resume(self) -> None:
        await self._order("set.miner.service", "start")

    @override
    async def restart(self) -> None:
        await self._order("set.system.reboot")

    @override
    async def set_light(self, *, on: bool) -> None:
        await self._order("set.system.led", _LED if on else "auto")

    async def _ask(self, command: str, parameter: str | None = None) -> dict[str, Any]:
        request: dict[str, Any] = {"cmd": command}
        if parameter is not None:
            request["param"] = parameter
        answer = await self._client.exchange(request)
        raise_refusal(command, answer)
        said = at(answer, "msg")
        return said if isinstance(said, dict) else {}

    async def _order(self, command: str, parameter: Any = None) -> None:
        """Have the miner do something. The salt is kept, and asked for once more where the token is not taken."""
        kept = self._salt
        try:
            return await self._send(command, parameter)
        except DeviceAuthError:
            if kept is None:
                raise
        self._salt = None
        return await self._send(command, parameter)

    async def _send(self, command: str, parameter: Any) -> None:
        if self._salt is None:
            self._salt = text(await self._ask(INFO, "salt"), "salt")
        if self._salt is None:
            raise DeviceGarbageError("no salt")
        at_s = int(self._now())
        request: dict[str, Any] = {
            "cmd": command,
            "ts": at_s,
            "token": token(command, self._password, self._salt, at_s),
            "account": self._account,
        }
        raise_refusal(
            command, await self._client.exchange(request | ({} if parameter is None else {"param": parameter}))
        )


def framed(request: Mapping[str, Any]) -> bytes:
    """Return a request behind its length, four bytes with the lowest first."""
    body = json.dumps(request, separators=(",", ":")).encode()
    return len(body).to_bytes(_LENGTH_BYTES, "little") + body


def token(command: str, password: str, salt: str, at_s: int) -> str:
    """Return what signs a command: eight characters of a digest over command, password, salt and time of day."""
    digest = hashlib.sha256(f"{command}{password}{salt}{at_s}".encode()).digest()
    return base64.b64encode(digest).decode()[:_TOKEN_LENGTH]


def raise_refusal(command: str, answer: Mapping[str, Any]) -> None:
    """Raise what an answer says no to. Errors: DeviceAuthError, DeviceUnsupportedError, DeviceRefusedError."""
    code = whole(answer, "code", least=-1000, most=1000)
    if code is None:
        raise DeviceGarbageError(f"{command}: no code")
    if code == 0:
        return
    said = text(answer, "msg") or "no"
    if code == _DENIED or any(word in said.lower() for word in _ABOUT_ACCESS):
        raise DeviceAuthError(
            f"{command}: {said}: switch on the miner's API with WhatsMinerTool, check account and password, "
            "and that the clocks of the miner and of this host agree"
        )
    if code == _INVALID:
        raise DeviceUnsupportedError(f"{command}: {said}")
    raise DeviceRefusedError(f"{command}: {said} ({code})")


async def knows_raw(link: Link, address: MinerAddress) -> bool:
    """Ask its port what it is. Errors: DeviceUnreachableError, DeviceGarbageError."""
    answer = await FramedClient(link.connect, address).exchange({"cmd": INFO, "param": "miner"})
    return at(answer, "desc") == INFO and isinstance(at(answer, "msg", "miner"), dict)


def _driver(link: Link, address: MinerAddress) -> Driver:
    return WhatsminerV3Driver(link.connect, address)


WHATSMINER_V3 = FamilyInfo(
    family=Family.WHATSMINER_V3,
    title="Whatsminer (API 3)",
    port=PORT,
    driver=_driver,
    knows_raw=knows_raw,
    username=ACCOUNT,
    password=PASSWORD,
    asks_password=True,
    proves_password=False,
    tells_work=False,
)
