"""Whatsminers of API 2: plain JSON on port 4028 for reading, a token and AES for writing, power in percent.

Sources: the maker's API manual as clients quote it, and the client libraries asic-rs and pyasic.
"""

from collections.abc import Mapping
import json
from typing import Any, override

from ..model.errors import (
    DeviceAuthError,
    DeviceGarbageError,
    DeviceLockedError,
    DeviceRefusedError,
    DeviceUnsupportedError,
)
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link
from .fields import at, text, whole
from .rpc import CGMINER_PORT, OpenConnection, RpcClient
from .web import parsed
from .whatsminer_crypt import Token, decrypted, encrypted, token_for
from .whatsminer_parse import FLOOR_PERCENT, FULL_PERCENT, hashes, parse_profile, parse_reading

PASSWORD = "admin"  # noqa: S105 - the factory's; the miner takes no writes before it is changed
POWER_COMMANDS = ("set_power_pct_v2", "set_power_pct")
WHAT_TO_DO = "switch on the miner's API and give it a password other than the factory's with WhatsMinerTool"
_UNKNOWN_COMMAND, _BAD_JSON, _DENIED, _STALE_TOKEN, _BAD_BASE64 = 14, 23, 45, 135, 137
_RENEW = {_BAD_JSON, _STALE_TOKEN, _BAD_BASE64}
_LED = {"color": "red", "period": 200, "duration": 100, "start": 0}


class WhatsminerV2Driver(Driver):
    """Speaks to one Whatsminer."""

    def __init__(self, connect: OpenConnection, address: MinerAddress) -> None:
        self._rpc = RpcClient(address, port=CGMINER_PORT, connect=connect)
        self._password = address.password or PASSWORD
        self._token: Token | None = None
        self._power_commands = list(POWER_COMMANDS)

    @override
    async def identify(self) -> MinerProfile:
        version = await self._ask("get_version")
        info = await self._ask("get_miner_info")
        profile = parse_profile(version, info, await self._ask("summary"))
        await self._prove_password()
        return profile

    @override
    async def read(self) -> MinerReading:
        summary = await self._ask("summary")
        if hashes(summary):
            return parse_reading(summary, pools=await self._ask("pools"))
        return parse_reading(summary, status=await self._ask("status"))

    @override
    async def write(self, setting: float) -> None:
        percent = int(setting)
        if percent != setting or not FLOOR_PERCENT <= percent <= FULL_PERCENT:
            raise DeviceUnsupportedError(f"no power of {setting:g} %")
        while True:
            try:
                return await self._order(self._power_commands[0], percent=str(percent))
            except DeviceUnsupportedError:
                if len(self._power_commands) == 1:
                    raise
                # Older firmware knows the fast form only.
                self._power_commands.pop(0)

    @override
    async def pause(self) -> None:
        await self._order("power_off", respbefore="true")

    @override
    async def resume(self) -> None:
        await self._order("power_on")

    @override
    async def restart(self) -> None:
        await self._order("reboot")

    @override
    async def set_light(self, *, on: bool) -> None:
        await self._order("set_led", **(_LED if on else {"param": "auto"}))

    async def _ask(self, command: str) -> dict[str, Any]:
        return _object(parsed(await self._rpc.exchange(json.dumps({"cmd": command}).encode())))

    async def _log_in(self) -> Token:
        answer = await self._ask("get_token")
        said = at(answer, "Msg")
        salt, new_salt, time = (text(said, key) for key in ("salt", "newsalt", "time"))
        if salt is None or new_salt is None or time is None:
            _raise_refusal("get_token", answer)
            raise DeviceGarbageError("a token without salt")
        self._token = token_for(self._password, salt=salt, new_salt=new_salt, time=time)
        return self._token

    async def _order(self, command: str, **parameters: Any) -> None:
        """Have the miner do something. The log-in is kept, and renewed once where the miner no longer takes it."""
        kept = self._token
        answer = await self._send(kept or await self._log_in(), command, parameters)
        if kept is not None and _code(answer) in _RENEW:
            self._token = None
            answer = await self._send(await self._log_in(), command, parameters)
        _raise_refusal(command, answer)

    async def _send(self, token: Token, command: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        body = encrypted(token.key, {"token": token.sign, "cmd": command, **parameters})
        answer = decrypted(token.key, parsed(await self._rpc.exchange(body)))
        if _code(answer) in _RENEW:
            self._token = None
        return answer

    async def _prove_password(self) -> None:
        """Ask for the status the encrypted way, which a miner with another password cannot read."""
        try:
            await self._order("status")
        except DeviceRefusedError, DeviceUnsupportedError:
            return


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise DeviceGarbageError("no object")
    return answer


def _code(answer: Mapping[str, Any]) -> int | None:
    """Return the code of a refusal, 0 where it has none; None where the answer says yes."""
    said = at(answer, "STATUS")
    if (at(said, 0, "STATUS") if isinstance(said, list) else said) != "E":
        return None
    return next((code for code in (whole(answer, "Code"), whole(said, 0, "Code")) if code is not None), 0)


def _raise_refusal(command: str, answer: Mapping[str, Any]) -> None:
    code = _code(answer)
    if code is None:
        return
    said = text(answer, "Msg") or text(answer, "STATUS", 0, "Msg") or "no"
    if code == _DENIED or "access" in said.lower():
        raise DeviceLockedError(f"{command}: {said}: {WHAT_TO_DO}")
    if code in _RENEW:
        raise DeviceAuthError(f"{command}: {said}: the password is another one, or {WHAT_TO_DO}")
    if code == _UNKNOWN_COMMAND:
        raise DeviceUnsupportedError(f"{command}: {said}")
    raise DeviceRefusedError(f"{command}: {said} ({code})")


def knows_rpc(version: Mapping[str, Any]) -> bool:
    """Judge the answer to cgminer's `version`, which a Whatsminer refuses in its own name.

    Newer ones with API 3 answer so too: ask for that first.
    """
    told = str(version).lower()
    return any(name in told for name in ("whatsminer", "btminer", "bitmicro"))


def _driver(link: Link, address: MinerAddress) -> Driver:
    return WhatsminerV2Driver(link.connect, address)


WHATSMINER_V2 = FamilyInfo(
    family=Family.WHATSMINER_V2,
    title="Whatsminer (API 2)",
    port=CGMINER_PORT,
    driver=_driver,
    knows_rpc=knows_rpc,
    password=PASSWORD,
    asks_password=True,
)
