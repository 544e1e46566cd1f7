"""The emulators seen by asic-rs, a client that nobody here wrote: it must recognise them, read them and command them.

The library knows no ports but the usual ones, so each emulator gets a loopback address of its own and binds them there.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import socket

import pytest

from custom_components.hashwarm.engine.miners.asic_rs import AsicRsDriver
from custom_components.hashwarm.engine.miners.driver import MinerAddress
from custom_components.hashwarm.engine.model.errors import DeviceUnreachableError, DeviceUnsupportedError
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus
from simulators.miners.antminer import AntminerEmulator, AntminerRpc
from simulators.miners.avalon import AvalonEmulator
from simulators.miners.axeos import AxeosEmulator
from simulators.miners.braiins import BraiinsEmulator
from simulators.miners.emulator import Emulator
from simulators.miners.luxos import LuxosEmulator
from simulators.miners.nerdqaxe import NerdqaxeEmulator
from simulators.miners.vnish import VnishEmulator
from simulators.miners.whatsminer_v2 import WhatsminerV2Emulator
from simulators.miners.whatsminer_v3 import WhatsminerV3Emulator

pyasic_rs = pytest.importorskip("pyasic_rs", reason="asic-rs (pyasic-rs) is not installed")

HTTP, RPC, FRAMED = 80, 4028, 4433


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def _braiins(clock) -> list[tuple[Emulator, int]]:
    return [(BraiinsEmulator(clock=clock), HTTP)]


def _antminer(clock) -> list[tuple[Emulator, int]]:
    emulator = AntminerEmulator(clock=clock)
    return [(emulator, HTTP), (AntminerRpc(emulator), RPC)]


def _whatsminer_v3(clock) -> list[tuple[Emulator, int]]:
    emulator = WhatsminerV3Emulator(clock=clock)
    older = WhatsminerV2Emulator(clock=clock, firmware=emulator.firmware, mac=emulator.mac)
    return [(emulator, FRAMED), (older, RPC)]


SEEN = [
    # Emulator, a part of what the library must call it, whether its watts are read as they are.
    ("axeos", lambda clock: [(AxeosEmulator(clock=clock), HTTP)], "Bitaxe Gamma", False),
    ("nerdqaxe", lambda clock: [(NerdqaxeEmulator(clock=clock), HTTP)], "NerdQAxe", False),
    ("avalon_q", lambda clock: [(AvalonEmulator(clock=clock, model="q"), RPC)], "AvalonHomeQ", False),
    ("avalon_nano3s", lambda clock: [(AvalonEmulator(clock=clock, model="nano3s"), RPC)], "AvalonNano3s", False),
    ("braiins", _braiins, "(Braiins)", True),
    ("luxos", lambda clock: [(LuxosEmulator(clock=clock), RPC)], "(LuxOS)", True),
    ("vnish", lambda clock: [(VnishEmulator(clock=clock), HTTP)], "(VNish)", True),
    ("antminer", _antminer, "Antminer S19 (AntMiner Stock)", False),
    ("whatsminer_v2", lambda clock: [(WhatsminerV2Emulator(clock=clock), RPC)], "Whatsminer M30SV10", True),
    ("whatsminer_v3", _whatsminer_v3, "Whatsminer M60SVK40", True),
]
"""Direct current instead of wall watts (Bitaxe family), a known misreading (Avalon) and none at all (Antminer) are not
compared."""


@asynccontextmanager
async def bound(make: Callable[..., list[tuple[Emulator, int]]], address: str) -> AsyncIterator[tuple[Emulator, Clock]]:
    """The emulators on their usual ports, or a skip that says why."""
    clock = Clock()
    parts = make(clock)
    for _, port in parts:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                pytest.skip(f"asic-rs knows no other ports, and {address}:{port} cannot be bound here: {error}")
    try:
        for emulator, port in parts:
            await emulator.start(address, port)
        yield parts[0][0], clock
    finally:
        for emulator, _ in parts:
            await emulator.stop()


@pytest.mark.parametrize(("place", "row"), enumerate(SEEN), ids=[row[0] for row in SEEN])
async def test_it_is_recognised_and_read(place, row):
    _, make, name, watts = row
    address = f"127.0.0.{100 + place}"
    async with bound(make, address) as (emulator, _):
        miner = await pyasic_rs.MinerFactory().get_miner(address)
        assert miner is not None
        assert name in str(miner)
        data = await miner.get_data()
        assert data.mac.lower() == emulator.mac.lower()
        assert float(data.hashrate) > 0.0
        assert data.firmware_version or emulator.family == "avalon"
        if watts:
            assert data.wattage == pytest.approx(emulator.machine.power_w, abs=1.0)


@pytest.mark.parametrize(("place", "row"), enumerate(SEEN[-2:]), ids=[row[0] for row in SEEN[-2:]])
async def test_its_signed_commands_are_understood(place, row):
    """Two sides that never met agree on tokens, frames and encryption."""
    address = f"127.0.0.{120 + place}"
    async with bound(row[1], address) as (emulator, clock):
        driver = AsicRsDriver(MinerAddress(host=address, username=emulator.username, password=emulator.password))
        profile = await driver.identify()
        assert profile.mac == emulator.mac.lower()
        assert profile.can_pause
        await driver.write(2000.0)
        assert emulator.limit_w == 2000.0
        clock.now_s += 2000.0
        reading = await driver.read()
        assert reading.status is DeviceStatus.RUNNING
        assert reading.setting == 2000.0
        assert reading.power_w == pytest.approx(2000.0, abs=1.0)
        await driver.pause()
        clock.now_s += 600.0
        assert (await driver.read()).status is DeviceStatus.PAUSED
        await driver.resume()
        await driver.set_light(on=True)
        assert emulator.light == "manual"
        await emulator.pull_plug()
        with pytest.raises(DeviceUnreachableError):
            await driver.read()


async def test_what_it_can_only_read_is_refused():
    async with bound(_old_whatsminer, "127.0.0.130"):
        driver = AsicRsDriver(MinerAddress(host="127.0.0.130"))
        with pytest.raises(DeviceUnsupportedError):
            await driver.identify()


def _old_whatsminer(clock) -> list[tuple[Emulator, int]]:
    return [(WhatsminerV2Emulator(clock=clock, firmware="20200607.21.REL"), RPC)]


async def test_nobody_is_not_a_miner():
    with pytest.raises(DeviceUnreachableError):
        await AsicRsDriver(MinerAddress(host="127.0.0.131")).identify()
