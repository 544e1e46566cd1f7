"""Stock Antminers: CGI behind digest log-in, four modes, and a restart of the miner with every change of mode."""

from collections.abc import Mapping
from typing import Any, override

from aiohttp import ClientSession, DigestAuthMiddleware

from ..model.errors import DeviceRefusedError, DeviceUnsupportedError
from .antminer_parse import (
    HIGH,
    LOW,
    NORMAL,
    SLEEP,
    mode_of,
    parse_profile,
    parse_reading,
    tells_mode,
    with_mode,
)
from .driver import Driver, Family, MinerAddress, MinerProfile, MinerReading
from .family import FamilyInfo, Link
from .fields import at, text
from .web import WebAnswer, WebClient

USERNAME = PASSWORD = "root"  # noqa: S105 - the factory's, printed in every manual
CGI = "/cgi-bin"
_OTHER_FIRMWARES = ("vnish", "luxminer", "luxos", "braiins", "bosminer", "boser", "hiveon")
_UNAUTHORISED = 401


class AntminerDriver(Driver):
    """Speaks to one Antminer with the firmware that Bitmain ships."""

    def __init__(self, session: ClientSession, address: MinerAddress) -> None:
        # The log-in of a miner stays valid over many requests and is renewed by itself, once, when it is not.
        digest = DigestAuthMiddleware(address.username or USERNAME, address.password or PASSWORD)
        self._web = WebClient(session, address, middlewares=(digest,))
        self._awake_mode = NORMAL
        """In force before it was put to sleep."""

    @override
    async def identify(self) -> MinerProfile:
        info = await self._get("get_system_info")
        return parse_profile(info, await self._get("get_miner_conf"), await self._get("stats"))

    @override
    async def read(self) -> MinerReading:
        stats = await self._get("stats")
        if tells_mode(stats):
            reading = parse_reading(stats, pools=await self._get("pools"))
        else:
            reading = parse_reading(stats, conf=await self._get("get_miner_conf"))
        if reading.setting is not None:
            self._awake_mode = int(reading.setting)
        return reading

    @override
    async def write(self, setting: float) -> None:
        """Change the mode; a sleeping miner goes on sleeping and wakes up in it."""
        if setting not in {LOW, NORMAL, HIGH}:
            raise DeviceUnsupportedError(f"no mode {setting:g}")
        conf = await self._get("get_miner_conf")
        if mode_of(conf) != SLEEP:
            await self._set_mode(conf, int(setting))
        self._awake_mode = int(setting)

    @override
    async def pause(self) -> None:
        conf = await self._get("get_miner_conf")
        mode = mode_of(conf)
        if mode is not None and mode != SLEEP:
            self._awake_mode = mode
        await self._set_mode(conf, SLEEP)

    @override
    async def resume(self) -> None:
        """Wake it in the mode that was in force before; one found asleep wakes in normal mode."""
        conf = await self._get("get_miner_conf")
        if mode_of(conf) in {SLEEP, None}:
            await self._set_mode(conf, self._awake_mode)

    @override
    async def restart(self) -> None:
        await self._web.tell("GET", f"{CGI}/reboot.cgi")

    @override
    async def set_light(self, *, on: bool) -> None:
        await self._web.tell("POST", f"{CGI}/blink.cgi", body={"blink": on})

    async def _get(self, name: str) -> dict[str, Any]:
        return await self._web.get(f"{CGI}/{name}.cgi")

    async def _set_mode(self, conf: Mapping[str, Any], mode: int) -> None:
        if mode_of(conf) == mode:
            # Sending it again would restart the miner for nothing.
            return
        answer = await self._web.json("POST", f"{CGI}/set_miner_conf.cgi", body=with_mode(conf, mode))
        if at(answer, "stats") == "error":
            raise DeviceRefusedError(text(answer, "msg") or "settings refused")


def knows_web(answer: WebAnswer) -> bool:
    """Judge the answer to a GET of the start page: it asks for a log-in in the miner's name."""
    return answer.status == _UNAUTHORISED and "antminer" in answer.challenge.lower()


def knows_rpc(version: Mapping[str, Any]) -> bool:
    """Judge cgminer's answer to `version`; other firmwares for the same machines name themselves too."""
    told = str(at(version, "VERSION", 0)).lower()
    return "antminer" in told and not any(other in told for other in _OTHER_FIRMWARES)


def _driver(link: Link, address: MinerAddress) -> Driver:
    return AntminerDriver(link.session, address)


ANTMINER = FamilyInfo(
    family=Family.ANTMINER,
    title="Antminer (stock firmware)",
    port=80,
    driver=_driver,
    probe_path="/",
    knows_web=knows_web,
    knows_rpc=knows_rpc,
    username=USERNAME,
    password=PASSWORD,
    asks_password=True,
)
