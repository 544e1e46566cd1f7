"""What an emulated Avalon does that no driver of ours provokes."""

import asyncio
import json
from typing import Any

import pytest

from simulators.miners.avalon import AvalonEmulator


async def ask(avalon: AvalonEmulator, request: bytes) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection(avalon.host, avalon.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    assert answer.endswith(b"\0")
    told: dict[str, Any] = json.loads(answer[:-1])
    return told


@pytest.mark.parametrize("model", ["nano3s", "mini3", "q"])
async def test_the_rest_of_its_api(model: str) -> None:
    avalon = AvalonEmulator(model=model)
    await avalon.start()
    summary = (await ask(avalon, b'{"command": "summary"}'))["SUMMARY"][0]
    devs = (await ask(avalon, b'{"command": "devs"}'))["DEVS"][0]
    assert summary["MHS 5s"] == devs["MHS 1m"] == pytest.approx(avalon.rate_ghs * 1000)
    pools = (await ask(avalon, b'{"command": "pools"}'))["POOLS"]
    assert [pool["URL"] for pool in pools] == [pool["URL"] for pool in avalon.pools]
    assert all("Pass" not in pool for pool in pools)
    await avalon.stop()


@pytest.mark.parametrize(
    "request_", [b"no JSON", b"[]", b'{"command": "format"}', b'{"command": "ascset", "parameter": "0,softoff,1:soon"}',
                 b'{"command": "ascset", "parameter": "0,fan-spd,7"}']
)  # fmt: skip
async def test_what_it_does_not_know(request_: bytes) -> None:
    avalon = AvalonEmulator()
    await avalon.start()
    assert (await ask(avalon, request_))["STATUS"][0]["STATUS"] == "E"
    await avalon.stop()
