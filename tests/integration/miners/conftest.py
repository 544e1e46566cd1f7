"""One emulated miner of each family, a room that it heats, and hours that pass in seconds."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
import pytest_socket

from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.control.regulator import GAINS
from custom_components.hashwarm.engine.control.room_words import RISE_K, Insulation, RoomResponse
from custom_components.hashwarm.keeping import heater_store
from simulators.miners.catalogue import SPECIMENS, Specimen
from simulators.miners.emulator import Emulator
from simulators.room.physics import Building, Climate, Room

from ..conftest import OUTDOOR, ROOM, home_of, set_temperature
from . import fast_time
from .fast_time import FastClock

OUTDOOR_C = 5.0
TARGET_C = 21.0
SENSOR_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """A family: how well it can hold a room, and what an update may cost."""

    family: str
    within_k: float = 0.3
    requests: int = 2
    set_up_requests: int = 12
    need: float = 0.4
    """Of the way from its floor to its maximum: the power that holds the room at its target."""
    start_c: float = 20.0
    secured: bool = False
    """Its password can be changed, and it minds."""

    @property
    def specimen(self) -> Specimen:
        return SPECIMENS[self.family]

    def make(self, clock: FastClock) -> Emulator:
        return self.specimen.make(clock=clock.time)


INTERVAL_S = 60.0
FAMILIES: dict[str, Case] = {
    case.family: case
    for case in (
        Case(family="axeos", requests=1, start_c=20.6),
        Case(family="nerdqaxe", requests=1, start_c=20.6),
        Case(family="avalon", requests=1, within_k=0.7),
        Case(family="braiins", secured=True),
        Case(family="luxos"),
        Case(family="vnish", secured=True),
        Case(family="ofen"),
        Case(family="whatsminer_v2", secured=True),
        Case(family="whatsminer_v3", secured=True),
        Case(family="antminer", within_k=0.7, secured=True),
    )
}


def room_for(profile: Any, need: float, start_c: float) -> Room:
    """Return a room that this heater holds at 21 °C with a power on the way from its floor to its maximum."""
    floor_w, maximum_w = profile.levels[0].power_w, profile.levels[-1].power_w
    need_w = floor_w + need * (maximum_w - floor_w)
    loss_w_per_k = need_w / (TARGET_C - OUTDOOR_C)
    building = Building(
        name="a room that fits",
        air_j_per_k=3_000.0 * loss_w_per_k,
        mass_j_per_k=25_000.0 * loss_w_per_k,
        air_to_mass_w_per_k=5.0 * loss_w_per_k,
        air_to_outdoor_w_per_k=loss_w_per_k,
    )
    return Room(building=building, climate=Climate(mean_c=OUTDOOR_C, swing_k=0.0), air_c=start_c, mass_c=start_c)


class World:
    """The room around the heater: the watts that the emulator draws warm it, a sensor tells how warm it is."""

    def __init__(self, hass: HomeAssistant, clock: FastClock) -> None:
        self.hass = hass
        self.clock = clock
        self.room: Room | None = None
        self.emulator: Emulator | None = None
        self.emulators: list[Emulator] = []
        self.outdoor = True
        """Whether the outdoor sensor reports."""
        self.air: list[tuple[float, float]] = []
        self._task: asyncio.Task[None] | None = None

    def begin(self, room: Room, emulator: Emulator) -> None:
        self.room, self.emulator = room, emulator
        self._task = asyncio.create_task(self._turn())

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _turn(self) -> None:
        assert self.room is not None
        assert self.emulator is not None
        before_ws, before_s = self.emulator.machine.energy_ws, self.clock.time()
        while True:
            set_temperature(self.hass, ROOM, round(self.room.air_c, 2))
            if self.outdoor:
                set_temperature(self.hass, OUTDOOR, OUTDOOR_C)
            await asyncio.sleep(SENSOR_S)
            now_ws, now_s = self.emulator.machine.energy_ws, self.clock.time()
            elapsed_s = now_s - before_s
            self.room.advance((now_ws - before_ws) / elapsed_s, elapsed_s, 0.0)
            self.air.append((now_s, self.room.air_c))
            before_ws, before_s = now_ws, now_s

    async def wait(self, seconds: float) -> None:
        """Let that much time pass."""
        await asyncio.sleep(seconds)
        await self.hass.async_block_till_done()

    def since(self, start_s: float) -> list[float]:
        return [celsius for at_s, celsius in self.air if at_s >= start_s]


@dataclass
class Miner:
    """A miner that became a heater, and the hands of the person who owns it."""

    hass: HomeAssistant
    world: World
    case: Case
    emulator: Emulator
    entry: Any

    def entity_id(self, domain: str, key: str | None = None) -> str:
        unique_id = self.entry.unique_id if key is None else f"{self.entry.unique_id}_{key}"
        entity_id = er.async_get(self.hass).async_get_entity_id(domain, DOMAIN, unique_id)
        assert entity_id is not None, unique_id
        return entity_id

    def state(self, domain: str, key: str | None = None) -> Any:
        return self.hass.states.get(self.entity_id(domain, key))

    async def do(self, domain: str, service: str, key: str | None = None, **data: Any) -> None:
        target = {"entity_id": self.entity_id(domain, key)}
        await self.hass.services.async_call(domain, service, {**target, **data}, blocking=True)

    @property
    def asked(self) -> int:
        """Return how many requests the miner has seen."""
        requests = self.emulator.requests
        return requests["connection"] or sum(requests.values())

    @property
    def profile(self) -> Any:
        return self.entry.runtime_data.miner.profile


@pytest.fixture
def sockets(socket_enabled: None) -> None:
    """Let tests reach the loopback."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "127.0.0.2"])


@pytest.fixture
async def clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory, sockets: None) -> AsyncIterator[FastClock]:
    """Fast time, given back before Home Assistant is taken down."""
    clock = FastClock(freezer)
    give_back = clock.take_over(asyncio.get_running_loop())
    yield clock
    give_back()


@pytest.fixture
async def world(hass: HomeAssistant, clock: FastClock) -> AsyncIterator[World]:
    world = World(hass, clock)
    yield world
    await world.end()
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    for emulator in world.emulators:
        await emulator.stop()


async def remember(miner: Miner) -> None:
    """Have the heater remember what its room takes, as after some days in it; a new room is learned for hours."""
    profile, need = miner.profile, miner.case.need
    floor_w, maximum_w = profile.levels[0].power_w, profile.levels[-1].power_w
    lost_k = max(TARGET_C - OUTDOOR_C - GAINS[RoomResponse.LIGHT].free_heat_k, 0.0)
    forward_w = maximum_w / RISE_K[Insulation.ORDINARY] * lost_k
    store, entry_id = heater_store(miner.hass, miner.entry.entry_id), miner.entry.entry_id
    await miner.hass.config_entries.async_unload(entry_id)
    kept = await store.async_load() or {}
    kept["controller"]["integral_w"] = floor_w + need * (maximum_w - floor_w) - forward_w
    await store.async_save(kept)
    await miner.hass.config_entries.async_setup(entry_id)
    await miner.hass.async_block_till_done()


type Add = Callable[..., Any]


@pytest.fixture
def add(hass: HomeAssistant, world: World) -> Add:
    """Return what adds a miner by its address, as a person does."""

    async def do(case: Case, **room: Any) -> Miner:
        emulator = case.make(world.clock)
        world.emulators.append(emulator)
        # A feed that says something twice a second would make every hour long.
        emulator.push_s = 5.0
        await emulator.start()
        if not hass.config_entries.async_entries(DOMAIN):
            home_of().add_to_hass(hass)
        set_temperature(hass, ROOM, 20.0)
        set_temperature(hass, OUTDOOR, OUTDOOR_C)
        result = await go(hass, await begin(hass), {"host": f"127.0.0.1:{emulator.port}"})
        if result["step_id"] == "miner_login":
            result = await go(hass, result, log_in(case))
        assert result["step_id"] == "miner_room", result
        result = await go(
            hass, result, {"room_sensor": ROOM, "outdoor_sensor": OUTDOOR, "room_response": "light", **room}
        )
        assert result["type"] == "create_entry", result
        entry = result["result"]
        hass.config_entries.async_update_entry(entry, options={"interval": INTERVAL_S, **entry.options})
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        return Miner(hass, world, case, emulator, entry)

    return do


async def begin(hass: HomeAssistant) -> Any:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await go(hass, result, {"next_step_id": "networked_miner"})


async def go(hass: HomeAssistant, result: Any, user_input: dict[str, Any]) -> Any:
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


def log_in(case: Case, **changed: str) -> dict[str, str]:
    """Return what the owner types."""
    known = {"username": case.specimen.username, "password": case.specimen.password, **changed}
    return {key: value for key, value in known.items() if value is not None}


@pytest.fixture(autouse=True)
def _as_in_life() -> Iterator[None]:
    """Entities that are off by default stay off; the ledger writes as it does in life."""
    with patch("custom_components.hashwarm.engine.home.home.FLUSH_S", 60.0):
        yield


@pytest.fixture
def calm() -> Iterator[None]:
    """Let a heater look as seldom as its room changes: hours of an even room hold nothing to see in between."""
    with (
        patch("custom_components.hashwarm.engine.miners.backend.LONGEST_PASS_S", SENSOR_S),
        patch.object(fast_time, "LONGEST_LEAP_S", SENSOR_S),
    ):
        yield
