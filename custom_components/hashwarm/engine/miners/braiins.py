"""Braiins OS over its public REST API: a power target in whole watts, which the firmware tunes to by itself.

Source: the vendor's bos-plus-api, contract 1.11 of Braiins OS 26.05; the REST API exists from 25.07 on.
"""

from itertools import cycle
from typing import Any, override

import aiohttp

from ..model.errors import DeviceAuthError, DeviceGarbageError, DeviceRefusedError, DeviceUnreachableError
from .braiins_parse import (
    BOARDS,
    CONFIGURATION,
    CONSTRAINTS,
    COOLING,
    DETAILS,
    POOLS,
    STATS,
    TUNER,
    ShareWork,
    knows,
    knows_rpc,
    parse_profile,
    parse_reading,
)
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link
from .fields import flag, text
from .web import WebClient

USERNAME = PASSWORD = "root"  # noqa: S105 - the factory's, told in the manual
LOGIN, VERSION = "/api/v1/auth/login", "/api/v1/version"
TARGET, DPS = "/api/v1/performance/power-target", "/api/v1/performance/dps"
PAUSE, RESUME, RESTART, LOCATE = (f"/api/v1/actions/{action}" for action in ("pause", "resume", "restart", "locate"))
_TURNS = tuple(
    path for seldom in (POOLS, BOARDS, CONFIGURATION) for path in (DETAILS, COOLING, TUNER, DETAILS, COOLING, seldom)
)
"""What is asked beside the statistics, one at a time: an update is two requests."""
_NEEDED = {STATS, DETAILS}


class BraiinsDriver(Driver):
    """Speaks to one miner; a reading is the newest statistics and the newest of everything else."""

    def __init__(self, session: aiohttp.ClientSession, address: MinerAddress) -> None:
        self._web = WebClient(session, address)
        self._login = {"username": address.username or USERNAME, "password": address.password or ""}
        self._token: str | None = None
        self._answers: dict[str, Any] = {}
        self._turns = cycle(_TURNS)
        self._first: str | None = None
        self._pools = POOLS
        self._work = ShareWork()

    @override
    async def identify(self) -> MinerProfile:
        details = await self._ask("GET", DETAILS)
        constraints = await self._ask("GET", CONSTRAINTS)
        configuration = await self._ask("GET", CONFIGURATION)
        self._answers |= {DETAILS: details, CONFIGURATION: configuration}
        return parse_profile(details, constraints, configuration)

    @override
    async def read(self) -> MinerReading:
        logged_in = self._token is not None
        try:
            stats = await self._ask("GET", STATS)
        except DeviceUnreachableError:
            # Whatever it was before, it may have started anew when it answers again.
            self._expect(DETAILS)
            raise
        if logged_in:
            await self._refresh(self._first or next(self._turns))
        return parse_reading(stats, self._answers, share_work=self._work.of(stats))

    @override
    async def write(self, setting: float) -> None:
        await self._ask("PUT", TARGET, {"watt": round(setting)})
        self._expect(TUNER)

    @override
    async def pause(self) -> None:
        await self._ask("PUT", PAUSE)
        self._expect(DETAILS)

    @override
    async def resume(self) -> None:
        await self._ask("PUT", RESUME)
        self._expect(DETAILS)

    @override
    async def restart(self) -> None:
        await self._ask("PUT", RESTART)
        self._expect(DETAILS)

    @override
    async def set_light(self, *, on: bool) -> None:
        await self._ask("PUT", LOCATE, on)

    @override
    async def end_thermal_loop(self) -> None:
        answer = await self._ask("PUT", DPS, {"enable": False})
        if flag(answer, "enabled"):
            raise DeviceRefusedError("it kept its power scaling on")
        self._expect(CONFIGURATION)

    def _expect(self, path: str) -> None:
        """Forget what a command has changed, and ask for it next."""
        self._answers.pop(path, None)
        self._first = path

    async def _refresh(self, path: str) -> None:
        try:
            self._answers[path] = await self._ask("GET", self._pools if path == POOLS else path)
        except DeviceRefusedError:
            # Older firmware lacks some paths, and a tuner that is off has no state.
            self._answers.pop(path, None)
            if path in _NEEDED:
                raise
            if path == POOLS:
                # The vendor's description ends it with a slash, and other programs do well without.
                self._pools = POOLS.rstrip("/") if self._pools == POOLS else POOLS
        self._first = None

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return an answer; a token that has run out is renewed once."""
        if self._token is not None:
            try:
                return await self._web.json(method, path, body=body, headers={"Authorization": self._token})
            except DeviceAuthError:
                self._token = None
        self._token = await self._log_in()
        return await self._web.json(method, path, body=body, headers={"Authorization": self._token})

    async def _log_in(self) -> str:
        token = text(await self._web.json("POST", LOGIN, body=self._login), "token")
        if token is None:
            raise DeviceGarbageError("a log-in without a token")
        return token


def _driver(link: Link, address: MinerAddress) -> Driver:
    return BraiinsDriver(link.session, address)


BRAIINS = FamilyInfo(
    family=Family.BRAIINS,
    title="Braiins OS",
    port=80,
    driver=_driver,
    probe_path=VERSION,
    knows_web=knows,
    knows_rpc=knows_rpc,
    username=USERNAME,
    password=PASSWORD,
    asks_password=True,
)
