"""Finds out which miner listens at an address, with few and harmless questions."""

import asyncio
from collections.abc import Iterable
from enum import Enum, auto
import re

from ..model.errors import BackendError, DeviceGarbageError, DeviceUnreachableError, DeviceUnsupportedError
from .driver import Driver, MinerAddress, MinerProfile
from .families import FAMILIES
from .family import FamilyInfo, Link
from .rpc import CGMINER_PORT, RpcClient
from .web import WebAnswer, WebClient

PROBE_S = 4.0
GRACE_S = 0.5
IDENTIFY_S = 15.0
# What the pages and log-ins of miners without a driver of ours have in them, and those of routers have not.
LIKE_A_MINER = re.compile(
    rb"\b(asic|auradine|avalon|bitcoin|bitmain|blinker|elphapex|futurebit|goldshell|hash ?rate)\b|\w*miner",
    re.IGNORECASE,
)


class NoMinerError(DeviceUnsupportedError):
    """What answers is nothing like a miner."""

    key = "cannot_identify"


class Answered(Enum):
    """How an address answered that no family knows."""

    NOT = auto()
    SOMEHOW = auto()
    LIKE_A_MINER = auto()


async def find_family(link: Link, address: MinerAddress, families: Iterable[FamilyInfo] = FAMILIES) -> FamilyInfo:
    """Return the family that answers at an address.

    Errors: DeviceUnreachableError when nothing answers, DeviceUnsupportedError when something like a miner does that
    nobody knows, NoMinerError when anything else does.
    """
    families = tuple(families)
    ways = (_by_web, _by_rpc, _by_raw)
    tasks = [asyncio.create_task(way(link, address, families), name=f"probe {way.__name__}") for way in ways]
    try:
        found = await _first_known(tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    known = [info for info in found if isinstance(info, FamilyInfo)]
    if known:
        return min(known, key=families.index)
    if Answered.LIKE_A_MINER in found:
        raise DeviceUnsupportedError(f"nothing known answers at {address.host}")
    if Answered.SOMEHOW in found:
        raise NoMinerError(f"no miner answers at {address.host}")
    raise DeviceUnreachableError(f"nothing answers at {address.host}")


async def _first_known(tasks: list[asyncio.Task[Found]]) -> list[Found]:
    """Return what the probes found; once one knows the device, the others are given a moment only."""
    pending, found = set(tasks), list[Found]()
    while pending:
        grace_s = GRACE_S if any(isinstance(answer, FamilyInfo) for answer in found) else None
        done, pending = await asyncio.wait(pending, timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            break
        found += [task.result() for task in done]
    return found


async def identify(link: Link, address: MinerAddress, info: FamilyInfo) -> MinerProfile:
    """Ask a miner of a known family what it is. Errors: BackendError."""
    driver = driver_for(link, address, info)
    try:
        async with asyncio.timeout(IDENTIFY_S):
            return await driver.identify()
    except TimeoutError:
        raise DeviceUnreachableError(f"{address.host} did not finish its answer") from None
    finally:
        await driver.close()


def driver_for(link: Link, address: MinerAddress, info: FamilyInfo) -> Driver:
    """Return a driver, with the factory's name and password where none were given."""
    return info.driver(
        link,
        MinerAddress(
            host=address.host,
            port=address.port,
            username=address.username if address.username is not None else info.username,
            password=address.password if address.password is not None else info.password,
        ),
    )


type Found = FamilyInfo | Answered


async def _by_web(link: Link, address: MinerAddress, families: tuple[FamilyInfo, ...]) -> Found:
    """Ask one path after the other: small devices bear one question at a time."""
    web, answered = WebClient(link.session, address), Answered.NOT
    for path in dict.fromkeys(info.probe_path for info in families if info.probe_path is not None):
        try:
            async with asyncio.timeout(PROBE_S):
                answer = await web.request("GET", path)
        except DeviceGarbageError:
            answered = Answered.SOMEHOW if answered is Answered.NOT else answered
            continue
        except BackendError, TimeoutError:
            # A port that is closed or silent stays so for the other paths.
            return answered
        for info in families:
            if info.probe_path == path and info.knows_web is not None and info.knows_web(answer):
                return info
        if answered is not Answered.LIKE_A_MINER:
            answered = Answered.LIKE_A_MINER if _like_a_miner(answer) else Answered.SOMEHOW
    return answered


def _like_a_miner(answer: WebAnswer) -> bool:
    return LIKE_A_MINER.search(answer.challenge.encode() + b" " + answer.raw) is not None


async def _by_rpc(link: Link, address: MinerAddress, families: tuple[FamilyInfo, ...]) -> Found:
    try:
        async with asyncio.timeout(PROBE_S):
            version = await RpcClient(address, connect=link.connect).command("version")
    except DeviceGarbageError:
        # Nothing but a miner listens on cgminer's port, and one of them speaks HTTP there.
        return Answered.LIKE_A_MINER if address.port in {None, CGMINER_PORT} else Answered.SOMEHOW
    except BackendError, TimeoutError:
        return Answered.NOT
    known = (info for info in families if info.knows_rpc is not None and info.knows_rpc(version))
    return next(known, Answered.LIKE_A_MINER)


async def _by_raw(link: Link, address: MinerAddress, families: tuple[FamilyInfo, ...]) -> Found:
    for info in families:
        if info.knows_raw is None:
            continue
        try:
            async with asyncio.timeout(PROBE_S):
                if await info.knows_raw(link, address):
                    return info
        except BackendError, TimeoutError:
            continue
    return Answered.NOT
