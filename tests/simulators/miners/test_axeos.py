"""What an emulated Bitaxe and NerdQAxe do that no driver of ours provokes."""

import aiohttp
import pytest

from simulators.miners.axeos import AxeosEmulator
from simulators.miners.nerdqaxe import NerdqaxeEmulator


async def test_pages_of_other_origins_are_turned_away() -> None:
    bitaxe = AxeosEmulator()
    await bitaxe.start()
    async with aiohttp.ClientSession(f"http://{bitaxe.host}:{bitaxe.port}") as session:
        foreign = {"Origin": "http://example.com"}
        for method, path in (("GET", "/api/system/info"), ("PATCH", "/api/system"), ("POST", "/api/system/pause")):
            async with session.request(method, path, headers=foreign) as response:
                assert response.status == 401
        async with session.post("/api/system/identify") as response:
            assert response.status == 200
        async with session.get("/") as response:
            assert "AxeOS" in await response.text()
    assert bitaxe.identified == 1
    assert bitaxe.flash_writes == 0
    await bitaxe.stop()


@pytest.mark.parametrize(("kind", "status"), [(AxeosEmulator, 500), (NerdqaxeEmulator, 400)])
async def test_settings_that_are_no_json(kind: type[AxeosEmulator], status: int) -> None:
    miner = kind()
    await miner.start()
    async with aiohttp.ClientSession(f"http://{miner.host}:{miner.port}") as session:
        async with session.patch("/api/system", data=b"{") as response:
            assert response.status == status
        async with session.patch("/api/system", json={"hostname": "attic", "unheard": 1}) as response:
            assert response.status == 200
    assert miner.settings["hostname"] == "attic"
    assert "unheard" not in miner.settings
    await miner.stop()


async def test_the_nerds_short_identity() -> None:
    nerd = NerdqaxeEmulator(otp=True)
    await nerd.start()
    async with aiohttp.ClientSession(f"http://{nerd.host}:{nerd.port}") as session:
        async with session.get("/api/v2/identify") as response:
            assert (await response.json())["otp"] is True
        async with session.patch("/api/system", json={"frequency": 500}, headers={"X-TOTP": "123456"}) as response:
            assert response.status == 200
        async with session.get("/") as response:
            assert "Nerd" in await response.text()
    assert nerd.settings["frequency"] == 500
    await nerd.stop()
