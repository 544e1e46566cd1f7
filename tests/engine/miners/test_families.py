"""Every family's emulator is found as itself and by no other, with few requests; what is no miner is a typed error."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
import sys
import time

import pytest

from custom_components.hashwarm.engine.miners import (
    BY_NAME,
    FAMILIES,
    Family,
    MinerAddress,
    NoMinerError,
    driver_for,
    find_family,
    identify,
)
from custom_components.hashwarm.engine.miners.family import Link
from custom_components.hashwarm.engine.miners.web import WebClient
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    DeviceUnreachableError,
    DeviceUnsupportedError,
)
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.antminer import AntminerEmulator
from simulators.miners.avalon import AvalonEmulator
from simulators.miners.axeos import AxeosEmulator
from simulators.miners.braiins import BraiinsEmulator
from simulators.miners.emulator import Emulator, Fault
from simulators.miners.luxos import LuxosEmulator
from simulators.miners.nerdqaxe import NerdqaxeEmulator
from simulators.miners.ofen import OfenEmulator
from simulators.miners.vnish import VnishEmulator
from simulators.miners.whatsminer_v2 import WhatsminerV2Emulator
from simulators.miners.whatsminer_v3 import WhatsminerV3Emulator

PROBING = sys.modules[find_family.__module__]

type Make = Callable[[], Emulator]

EMULATORS: dict[Family, Make] = {
    Family.AXEOS: AxeosEmulator,
    Family.NERDQAXE: NerdqaxeEmulator,
    Family.OFEN: OfenEmulator,
    Family.BRAIINS: BraiinsEmulator,
    Family.VNISH: VnishEmulator,
    Family.LUXOS: LuxosEmulator,
    Family.AVALON: AvalonEmulator,
    Family.WHATSMINER_V3: WhatsminerV3Emulator,
    Family.WHATSMINER_V2: WhatsminerV2Emulator,
    Family.ANTMINER: AntminerEmulator,
}
EACH = pytest.mark.parametrize("family", EMULATORS)
# Web paths until the right one answers; the two TCP probes find a web server or their own miner at once.
MOST_REQUESTS = 10


@asynccontextmanager
async def living(family: Family) -> AsyncIterator[tuple[Emulator, MinerAddress]]:
    emulator = EMULATORS[family]()
    await emulator.start()
    try:
        yield emulator, MinerAddress(host=emulator.host, port=emulator.port, password=emulator.password)
    finally:
        await emulator.stop()


def test_every_family_has_an_emulator():
    assert set(EMULATORS) == set(BY_NAME) == {info.family for info in FAMILIES}


@EACH
async def test_it_is_found_as_itself_with_few_requests(family: Family, link: Link):
    async with living(family) as (emulator, address):
        began_s = time.monotonic()
        assert (await find_family(link, address)).family is family
        assert time.monotonic() - began_s < 3.0, "it does not wait for ports that hang once it is known"
        assert emulator.requests.total() <= MOST_REQUESTS
        assert not emulator.writes


@EACH
async def test_no_other_family_takes_it_for_its_own(family: Family, link: Link, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(PROBING, "PROBE_S", 1.0)
    others = tuple(info for info in FAMILIES if info.family is not family)
    async with living(family) as (_, address):
        with pytest.raises((DeviceUnsupportedError, DeviceUnreachableError)):
            await find_family(link, address, others)


@EACH
async def test_it_says_who_it_is_and_its_reading_fits(family: Family, link: Link):
    async with living(family) as (emulator, address):
        profile = await identify(link, address, BY_NAME[family])
        assert profile.family is family
        assert profile.levels
        assert not emulator.writes
        driver = driver_for(link, address, BY_NAME[family])
        emulator.requests.clear()
        reading = await driver.read()
        assert reading.identity in {None, profile.identity}
        assert reading.status is DeviceStatus.RUNNING
        await driver.read()
        before = emulator.requests.total()
        await driver.read()
        # A connection is counted beside the command that comes over it; a digest log-in asks twice.
        assert emulator.requests.total() - before <= 4
        await driver.close()


@pytest.mark.parametrize("fault", [Fault.HUNG, Fault.GARBAGE, Fault.HALF_CLOSED])
@EACH
async def test_one_that_is_out_of_order_ends_in_a_typed_error_in_time(
    family: Family, fault: Fault, link: Link, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(PROBING, "PROBE_S", 0.2)
    monkeypatch.setattr(PROBING, "IDENTIFY_S", 0.4)
    async with living(family) as (emulator, address):
        emulator.fault = fault
        began_s = time.monotonic()
        try:
            # Some are known by the head of an answer that has no end.
            assert (await find_family(link, address)).family is family
        except DeviceUnreachableError, DeviceUnsupportedError:
            assert emulator.requests
        assert time.monotonic() - began_s < 5.0
        with pytest.raises(BackendError):
            await identify(link, address, BY_NAME[family])


async def test_a_closed_port_is_told_at_once(link: Link):
    async with living(Family.AXEOS) as (emulator, address):
        await emulator.stop()
        with pytest.raises(DeviceUnreachableError):
            await find_family(link, address)
        for info in FAMILIES:
            with pytest.raises(DeviceUnreachableError):
                await identify(link, address, info)


async def test_a_network_that_hangs_is_given_up(link: Link, monkeypatch: pytest.MonkeyPatch):
    async def never(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(PROBING, "PROBE_S", 0.1)
    async with living(Family.AXEOS) as (emulator, address):
        emulator.fault = Fault.HUNG
        with pytest.raises(DeviceUnreachableError):
            await find_family(replace(link, connect=never), address)


async def test_the_wrong_password_is_told(link: Link):
    for family in (Family.BRAIINS, Family.VNISH, Family.ANTMINER):
        async with living(family) as (_, address):
            wrong = replace(address, password="wrong")
            with pytest.raises(BackendError, match=r".") as caught:
                await identify(link, wrong, BY_NAME[family])
            assert caught.value.key == "invalid_auth", family


@asynccontextmanager
async def answering(raw: bytes) -> AsyncIterator[MinerAddress]:
    """Something that answers all it is asked with the same bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(raw)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield MinerAddress(host="127.0.0.1", port=server.sockets[0].getsockname()[1])


def page(body: str, *headers: str) -> bytes:
    head = ["HTTP/1.1 401 Unauthorized", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*head, "", body]).encode()


ROUTER = page("<title>Router</title> Please log in as administrator", 'WWW-Authenticate: Basic realm="Router"')


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (ROUTER, NoMinerError),
        (b"SSH-2.0-OpenSSH_9.9\r\n", NoMinerError),
        (page("<title>Goldshell</title>"), DeviceUnsupportedError),
        (page("", 'WWW-Authenticate: Digest realm="elphaMiner", nonce="1"'), DeviceUnsupportedError),
        (
            b'{"STATUS":[{"STATUS":"S","Msg":"CGMiner versions"}],"VERSION":[{"API":"3.7"}],"id":1}\0',
            DeviceUnsupportedError,
        ),
    ],
)
async def test_only_what_is_like_a_miner_is_taken_for_an_unknown_one(
    raw: bytes, error: type[Exception], link: Link, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(PROBING, "PROBE_S", 1.0)
    async with answering(raw) as address:
        with pytest.raises(DeviceUnsupportedError) as caught:
            await find_family(link, address)
        assert caught.type is error


async def test_whatever_answers_on_the_port_of_cgminer_may_be_a_miner(link: Link, monkeypatch: pytest.MonkeyPatch):
    async with answering(ROUTER) as address:

        async def connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            assert port in {4028, 4433}
            return await asyncio.open_connection(host, address.port)

        monkeypatch.setattr(PROBING, "WebClient", lambda session, _: WebClient(session, address))
        with pytest.raises(DeviceUnsupportedError) as caught:
            await find_family(replace(link, connect=connect), replace(address, port=None))
        assert caught.type is DeviceUnsupportedError
