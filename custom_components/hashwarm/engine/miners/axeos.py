"""AxeOS, the firmware of the Bitaxe: HTTP without a password, power by the chips' frequency.

Its web server answers clients of the local network only and refuses a foreign `Origin`, so none is sent. Every field
that is written goes to flash: `write` sends the frequency alone, and the profile asks for a minute between writes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite
import time
from typing import Any, override

import aiohttp
from yarl import URL

from ..model.errors import (
    BackendError,
    DeviceGarbageError,
    DeviceRefusedError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from ..model.telemetry import PoolState
from .axeos_parse import can_pause, is_axeos, offered_mhz, parse_profile, parse_reading
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading, OnReading
from .family import FamilyInfo, Link
from .fields import DIFFICULTY_HASHES
from .web import LARGEST_ANSWER, WebAnswer, WebClient, parsed

INFO = "/api/system/info"
SETTINGS = "/api/system"
_LIVE = "/api/ws/live"
_NOT_FOUND, _REFUSED = 404, 400
_NOT_FROM_HERE = {401, 403}
_LOWEST_MHZ, _HIGHEST_MHZ = 50.0, 1200.0
_SILENCE_S = 30.0
"""The live feed tells its uptime every second; this long without a word means that the other side is gone."""
_READING_INTERVAL_S = 1.0
_DEPTH = 4


class ShareWork:
    """Adds up what accepted shares stand for, each at the pool's difficulty of its time; in hashes."""

    def __init__(self) -> None:
        self._accepted: int | None = None
        self._hashes = 0

    def counted(self, pool: PoolState | None) -> PoolState | None:
        """Return the pool's state with the work of the shares seen since the first reading."""
        if pool is None:
            return None
        if self._accepted is not None:
            # The device counts from zero again after a restart or with another pool.
            fresh = pool.shares_accepted - (self._accepted if pool.shares_accepted >= self._accepted else 0)
            self._hashes += int(fresh * (pool.difficulty or 0.0) * DIFFICULTY_HASHES)
        self._accepted = pool.shares_accepted
        return replace(pool, share_work=self._hashes)


async def ask(client: WebClient, path: str) -> dict[str, Any]:
    """Return the JSON object at a path. Errors: DeviceUnreachableError, DeviceRefusedError, DeviceGarbageError."""
    answer = parsed((await told(client, "GET", path)).raw)
    if not isinstance(answer, dict):
        raise DeviceGarbageError(f"GET {path}: no object")
    return answer


async def ask_asic(client: WebClient) -> dict[str, Any]:
    """Return what the chips can do, nothing where the firmware is too old to tell. Errors: those of `ask`."""
    answer = await client.request("GET", "/api/system/asic")
    if answer.status == _NOT_FOUND:
        return {}
    _check(answer, "asic")
    chips = parsed(answer.raw)
    return chips if isinstance(chips, dict) else {}


async def told(client: WebClient, method: str, path: str, body: Mapping[str, Any] | None = None) -> WebAnswer:
    """Return an answer that says yes; actions answer in prose. Errors: those of `ask`."""
    answer = await client.request(method, path, body=body)
    _check(answer, f"{method} {path}")
    return answer


def _check(answer: WebAnswer, what: str) -> None:
    if answer.status in _NOT_FROM_HERE:
        # No password helps here: the firmware lets in its own network only.
        raise DeviceRefusedError(f"{what}: not from this network")
    if answer.status >= _REFUSED:
        raise DeviceRefusedError(f"{what}: {answer.status}")


def checked_mhz(setting: float, offered: tuple[float, ...]) -> float:
    """Return a frequency that may be written; the firmware itself takes any. Errors: DeviceUnsupportedError."""
    lowest, highest = (offered[0], offered[-1]) if offered else (_LOWEST_MHZ, _HIGHEST_MHZ)
    if not isfinite(setting) or not lowest <= setting <= highest:
        raise DeviceUnsupportedError(f"{setting:g} MHz is not offered")
    return int(setting) if float(setting).is_integer() else setting


class AxeosDriver(Driver):
    """Speaks to one Bitaxe."""

    def __init__(
        self,
        link: Link,
        address: MinerAddress,
        *,
        clock: Callable[[], float] = time.monotonic,
        silence_s: float = _SILENCE_S,
    ) -> None:
        self._session = link.session
        self._web = WebClient(link.session, address)
        self._live = URL.build(scheme="ws", host=address.host, port=address.port or 80, path=_LIVE)
        self._clock = clock
        self._silence_s = silence_s
        self._work = ShareWork()
        self._offered: tuple[float, ...] = ()
        self._fan_key = "manualFanSpeed"
        self._pauses: bool | None = None

    @override
    async def identify(self) -> MinerProfile:
        """Ask for state and chips, two requests."""
        info = await ask(self._web, INFO)
        if not is_axeos(info):
            raise DeviceGarbageError("no answer of AxeOS")
        asic = await ask_asic(self._web)
        profile = parse_profile(info, asic)
        self._offered = tuple(offered_mhz(info, asic))
        self._learn(info)
        return profile

    @override
    async def read(self) -> MinerReading:
        return self._reading(await ask(self._web, INFO))

    def _learn(self, info: Mapping[str, Any]) -> None:
        self._pauses = can_pause(info)
        self._fan_key = "manualFanSpeed" if "manualFanSpeed" in info else "fanspeed"

    def _reading(self, info: Mapping[str, Any]) -> MinerReading:
        reading = parse_reading(info)
        self._learn(info)
        return replace(reading, pool=self._work.counted(reading.pool))

    @override
    async def write(self, setting: float) -> None:
        await told(self._web, "PATCH", SETTINGS, {"frequency": checked_mhz(setting, self._offered)})

    @override
    async def pause(self) -> None:
        await self._act("pause")

    @override
    async def resume(self) -> None:
        await self._act("resume")

    async def _act(self, action: str) -> None:
        if self._pauses is False:
            raise DeviceUnsupportedError("pausing needs firmware 2.14")
        await told(self._web, "POST", f"/api/system/{action}")

    @override
    async def restart(self) -> None:
        await told(self._web, "POST", "/api/system/restart")

    @override
    async def set_fan(self, percent: float | None) -> None:
        by_hand = {} if percent is None else {self._fan_key: round(min(max(percent, 0.0), 100.0))}
        await told(self._web, "PATCH", SETTINGS, {"autofanspeed": int(percent is None), **by_hand})

    @override
    async def listen(self, on_reading: OnReading) -> None:
        """Pass on at most one reading a second from the live feed of firmware 2.14 and newer."""
        timeout = aiohttp.ClientWSTimeout(ws_receive=self._silence_s)
        try:
            async with self._session.ws_connect(self._live, timeout=timeout, max_msg_size=LARGEST_ANSWER) as socket:
                await self._follow(socket, on_reading)
        except aiohttp.WSServerHandshakeError:
            raise DeviceUnsupportedError("it has no live feed") from None
        except aiohttp.ClientError, OSError, TimeoutError:
            raise DeviceUnreachableError("the live feed broke off") from None
        except ValueError as error:
            raise DeviceGarbageError(f"live feed: {type(error).__name__}") from None

    async def _follow(self, socket: aiohttp.ClientWebSocketResponse, on_reading: OnReading) -> None:
        state: dict[str, Any] = {}
        passed_on_s = float("-inf")
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise DeviceGarbageError("the live feed speaks no text")
            state = merged(state, _update(message.data))
            if self._clock() - passed_on_s >= _READING_INTERVAL_S:
                on_reading(self._reading(state))
                passed_on_s = self._clock()


def _update(message: str) -> dict[str, Any]:
    """Return what one message of the live feed changes."""
    answer = parsed(message.encode("utf-8", "replace"))
    changes = answer.get("data", answer) if isinstance(answer, dict) else None
    if not isinstance(changes, dict):
        raise DeviceGarbageError("the live feed sent no update")
    return changes


def merged(state: Mapping[str, Any], changes: Mapping[str, Any], *, depth: int = _DEPTH) -> dict[str, Any]:
    """Return a state with changes laid over it, objects within objects too, to a sane depth."""
    nested = {
        key: merged(below, value, depth=depth - 1)
        for key, value in changes.items()
        if depth and isinstance(value, dict) and isinstance(below := state.get(key), dict)
    }
    return {**state, **changes, **nested}


def knows_axeos(answer: WebAnswer) -> bool:
    """Judge the answer to the probe."""
    return judged(answer, is_axeos)


def judged(answer: WebAnswer, judge: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Judge the answer to a probe under the path that AxeOS and its relatives share; never raises."""
    try:
        info = parsed(answer.raw)
    except BackendError:
        return False
    return answer.status < _REFUSED and isinstance(info, dict) and judge(info)


AXEOS = FamilyInfo(
    family=Family.AXEOS,
    title="Bitaxe (AxeOS)",
    port=80,
    driver=AxeosDriver,
    probe_path=INFO,
    knows_web=knows_axeos,
)
