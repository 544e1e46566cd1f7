"""VNish over its REST API: a throttle in percent from version 1.3 on, before that tuned presets that cost a restart.

Source: the firmware's own API description (/docs on the miner) for 1.2.6 and 1.3.4.
"""

from collections.abc import Mapping
from typing import Any, override

import aiohttp

from ..model.errors import DeviceAuthError, DeviceGarbageError, DeviceRefusedError
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link
from .fields import at, flag, text
from .vnish_parse import (
    LEAST_PERCENT,
    MOST_PERCENT,
    firmware_in,
    firmware_of,
    knows,
    parse_profile,
    parse_reading,
    preset_w,
    throttles,
)
from .web import WebClient, parsed

PASSWORD = "admin"  # noqa: S105 - the factory's, told in the manual
UNLOCK, INFO, SUMMARY, PERF = (f"/api/v1/{path}" for path in ("unlock", "info", "summary", "perf-summary"))
PRESETS, SETTINGS, LIGHT = "/api/v1/autotune/presets", "/api/v1/settings", "/api/v1/find-miner"
START, STOP, RESTART, THROTTLE = (f"/api/v1/mining/{action}" for action in ("start", "stop", "restart", "throttle"))
_REFUSED, _FAILED = 400, 500


class VnishDriver(Driver):
    """Speaks to one miner. A reading is the summary and the preset in force: two requests."""

    def __init__(self, session: aiohttp.ClientSession, address: MinerAddress) -> None:
        self._web = WebClient(session, address)
        self._password = address.password or ""
        self._token: str | None = None
        self._throttle: bool | None = None
        self._perf: Any = None

    @override
    async def identify(self) -> MinerProfile:
        info = await self._ask("GET", INFO)
        self._perf = await self._ask("GET", PERF)
        self._throttle = throttles(firmware_of(info))
        presets = summary = None
        if not self._throttle:
            presets = await self._ask("GET", PRESETS)
        elif preset_w(at(self._perf, "current_preset")) is None:
            summary = await self._ask("GET", SUMMARY)
        return parse_profile(info, self._perf, presets, summary)

    @override
    async def read(self) -> MinerReading:
        logged_in = self._token is not None
        summary = await self._ask("GET", SUMMARY)
        if self._throttle is None:
            self._throttle = throttles(firmware_in(summary))
        if logged_in and self._throttle is None:
            self._throttle = throttles(firmware_of(await self._ask("GET", INFO)))
        elif logged_in:
            self._perf = await self._ask("GET", PERF)
        return parse_reading(summary, self._perf, throttle=self._throttle)

    @override
    async def write(self, setting: float) -> None:
        if self._throttle is None:
            self._throttle = throttles(firmware_of(await self._ask("GET", INFO)))
        if self._throttle is None:
            raise DeviceGarbageError("no version")
        if self._throttle:
            percent = round(min(max(setting, LEAST_PERCENT), MOST_PERCENT))
            await self._ask("POST", THROTTLE, {"percent": percent})
        else:
            await self._apply({"preset": f"{setting:.0f}"})

    @override
    async def pause(self) -> None:
        await self._ask("POST", STOP)

    @override
    async def resume(self) -> None:
        await self._ask("POST", START)

    @override
    async def restart(self) -> None:
        await self._ask("POST", RESTART)

    @override
    async def set_light(self, *, on: bool) -> None:
        await self._ask("POST", LIGHT, {"on": on})

    @override
    async def end_thermal_loop(self) -> None:
        switcher = at(await self._ask("GET", SETTINGS), "miner", "overclock", "preset_switcher")
        # The switcher's other settings go back as they were, for nobody says that they would be kept.
        await self._apply(
            {"preset_switcher": (dict(switcher) if isinstance(switcher, Mapping) else {}) | {"enabled": False}}
        )

    async def _apply(self, overclock: Mapping[str, Any]) -> None:
        """Save settings, and restart the mining where the firmware says that it takes that."""
        answer = await self._ask("POST", SETTINGS, {"miner": {"overclock": overclock}})
        if flag(answer, "restart_required"):
            await self._ask("POST", RESTART)

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return an answer; a token that has run out is renewed once."""
        if self._token is not None:
            try:
                return await self._tell(method, path, body)
            except DeviceAuthError:
                self._token = None
        self._token = await self._unlock()
        return await self._tell(method, path, body)

    async def _tell(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        if method == "GET":
            return await self._web.json(method, path, headers=headers)
        raw = await self._web.tell(method, path, body=body, headers=headers)
        try:
            return parsed(raw)
        except DeviceGarbageError:
            # A write may be answered in prose, or with nothing; the next reading is the proof.
            return None

    async def _unlock(self) -> str:
        answer = await self._web.request("POST", UNLOCK, body={"pw": self._password})
        if _REFUSED <= answer.status < _FAILED:
            raise DeviceAuthError("it wants another password")
        if answer.status >= _FAILED:
            raise DeviceRefusedError(f"no log-in: {answer.status}")
        token = text(parsed(answer.raw), "token")
        if token is None:
            raise DeviceGarbageError("a log-in without a token")
        return token


def _driver(link: Link, address: MinerAddress) -> Driver:
    return VnishDriver(link.session, address)


VNISH = FamilyInfo(
    family=Family.VNISH,
    title="VNish",
    port=80,
    driver=_driver,
    probe_path=INFO,
    knows_web=knows,
    password=PASSWORD,
    asks_password=True,
)
