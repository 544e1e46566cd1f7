"""The town of miners over its own HTTP: rooms that warm, plugs to pull, faults to switch on."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from simulators.miners.catalogue import SPECIMENS
from simulators.miners.emulator import Fault
from simulators.miners.town import START_C, Town


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    town = Town(clock=Clock())
    await town.start("127.0.0.1", 0, {})
    yield town
    await town.stop()


@pytest.fixture
async def http(town: Town) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{town.port}") as session:
        yield session


async def test_every_family_lives_there_under_a_port_of_its_own(town: Town, http: aiohttp.ClientSession):
    state = await (await http.get("/state")).json()
    assert set(state) == set(SPECIMENS)
    assert len({told["port"] for told in state.values()}) == len(SPECIMENS)
    assert all(told["power_w"] > 0 and told["plugged"] and told["room_c"] == START_C for told in state.values())


async def test_a_miner_warms_its_own_room(town: Town):
    house = town.houses["axeos"]
    house.energy_ws = house.emulator.machine.energy_ws - 600.0 * house.emulator.machine.power_w
    house.pass_time(600.0)
    warm, *cold = [house.room.air_c for house in town.houses.values()]
    assert warm > START_C + 1.0
    assert set(cold) == {START_C}


async def test_a_plug_is_pulled_and_put_back_under_the_same_port(town: Town, http: aiohttp.ClientSession):
    port = town.houses["axeos"].emulator.port
    assert (await http.put("/axeos/plug", json={"on": False})).status == 200
    assert town.houses["axeos"].emulator.machine.power_w == 0.0
    with pytest.raises(aiohttp.ClientError):
        await http.get(f"http://127.0.0.1:{port}/api/system/info")
    await http.put("/axeos/plug", json={"on": True})
    assert (await http.get(f"http://127.0.0.1:{port}/api/system/info")).status == 200


async def test_faults_are_switched_while_it_runs(town: Town, http: aiohttp.ClientSession):
    answer = await http.put("/avalon/fault", json={"fault": "hung"})
    assert await answer.json() == {"fault": "hung"}
    assert town.houses["avalon"].emulator.fault is Fault.HUNG


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nobody/plug", {"on": True}, 404),
        ("/axeos/plug", {}, 400),
        ("/axeos/plug", [], 400),
        ("/axeos/fault", {"fault": "tired"}, 400),
        ("/axeos/fault", {}, 400),
    ],
)
async def test_nonsense_is_refused_with_a_word(http: aiohttp.ClientSession, path, body, status):
    answer = await http.put(path, json=body)
    assert answer.status == status
    assert await answer.text()
