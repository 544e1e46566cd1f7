"""A real Home Assistant per test, with a worker of paper unless the test asks for the real one."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
import logging
from pathlib import Path
from typing import Any
from unittest.mock import patch
import uuid

from freezegun.api import FrozenDateTimeFactory
from homeassistant import block_async_io
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_platform as ep, entity_registry as er, instance_id
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.hashwarm import backends
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.heater import LocalWorker
from tests.thorough import THOROUGH

from .fake_worker import FakeWorker

# The planner imports numpy when it first thinks. A home that is shut down interrupts its threads; one interrupted while
# it imports leaves a numpy behind that no later test of the process can use.
assert np.__version__

ROOM = "sensor.room"
SPARE = "sensor.spare_room"
OUTDOOR = "sensor.outdoor"
PRICE = "sensor.electricity_price"
HOME_OPTIONS = {"market_online": False, "manual_difficulty": 1.2e14, "manual_btc_price": 90_000.0, "price": 0.3}
HEATER_ID = "0123456789abcdef"
OURS = ("custom_components.hashwarm", "homeassistant.util.loop", "homeassistant.helpers.frame")
POOLS = [{"host": "pool.test", "port": 3333, "tls": False, "user": "bc1qsecret.home", "password": "hush"}]


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
def _the_house(hass: HomeAssistant, enable_custom_integrations: None, tmp_path: Path) -> None:
    hass.config.config_dir = str(tmp_path)
    hass.config.currency = "EUR"


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Watch the event loop for calls from wrong threads in the thorough run; remembering each stack takes a third."""
    asyncio.get_running_loop().set_debug(THOROUGH)


@pytest.fixture(autouse=True)
def _quiet_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.fixture
def workers() -> Iterator[list[FakeWorker]]:
    """Every worker of paper that was made."""
    made: list[FakeWorker] = []

    def make(options: Any, **collaborators: Any) -> FakeWorker:
        made.append(FakeWorker(options, **collaborators))
        return made[-1]

    # Entities that are off by default are on here.
    # Passes and writes happen when a test asks for them, so that no figure depends on how fast the test runs.
    with (
        patch.object(backends, "LocalWorker", make),
        patch("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", True),
        patch("custom_components.hashwarm.engine.heater.heater.PASS_S", 3600.0),
        patch("custom_components.hashwarm.engine.home.home.FLUSH_S", 3600.0),
    ):
        yield made


@pytest.fixture
def real_worker() -> Iterator[None]:
    """Let the real child run, under a guard of its own."""
    guard = f"test-{uuid.uuid4().hex}"

    def make(options: Any, **collaborators: Any) -> LocalWorker:
        return LocalWorker(replace(options, guard=guard), **collaborators)

    with patch.object(backends, "LocalWorker", make):
        yield


@dataclass
class House:
    """A set-up heater with its home, and the hands of the person who lives there."""

    hass: HomeAssistant
    entry: MockConfigEntry
    workers: list[FakeWorker]

    @property
    def coordinator(self) -> Any:
        return self.entry.runtime_data

    @property
    def worker(self) -> FakeWorker:
        return self.workers[-1]

    @property
    def home_entry(self) -> Any:
        return self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, "home")

    def room(self, celsius: Any, **attributes: Any) -> None:
        set_temperature(self.hass, ROOM, celsius, **attributes)

    def entity_id(self, domain: str, key: str | None = None, owner: str = HEATER_ID) -> str:
        unique_id = owner if key is None else f"{owner}_{key}"
        entity_id = er.async_get(self.hass).async_get_entity_id(domain, DOMAIN, unique_id)
        assert entity_id is not None, unique_id
        return entity_id

    def entity(self, domain: str, key: str | None = None, owner: str = HEATER_ID) -> Any:
        """Return the entity itself, for what its state does not show."""
        entity_id = self.entity_id(domain, key, owner)
        platforms = ep.async_get_platforms(self.hass, DOMAIN)
        return next(platform.entities[entity_id] for platform in platforms if entity_id in platform.entities)

    def state(self, domain: str, key: str | None = None, owner: str = HEATER_ID) -> Any:
        return self.hass.states.get(self.entity_id(domain, key, owner))

    @property
    def climate(self) -> Any:
        return self.state("climate")

    async def a_pass(self) -> None:
        """Let the heater read, decide and command once more."""
        before = self.worker.beats
        self.coordinator.heater.apply()
        async with asyncio.timeout(10):
            while self.worker.beats == before:
                await asyncio.sleep(0)
        await self.hass.async_block_till_done()

    async def do(self, domain: str, service: str, key: str | None = None, **data: Any) -> None:
        """Call a service on one of the heater's entities."""
        target = {"entity_id": self.entity_id(domain, key)}
        await self.hass.services.async_call(domain, service, {**target, **data}, blocking=True)
        await self.a_pass()


def set_temperature(
    hass: HomeAssistant, entity_id: str, celsius: Any, unit: str | None = UnitOfTemperature.CELSIUS, **more: Any
) -> None:
    attributes = {"device_class": "temperature", **more} | ({"unit_of_measurement": unit} if unit else {})
    hass.states.async_set(entity_id, str(celsius), attributes)


def home_of(options: dict[str, Any] | None = None) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id="home",
        title="Home",
        data={"kind": "home"},
        options=HOME_OPTIONS if options is None else options,
        entry_id="home_entry",
    )


def heater_of(*, pools: Any = POOLS, options: dict[str, Any] | None = None, **data: Any) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id=HEATER_ID,
        title="Hashwarm heater",
        data={
            "kind": "local_worker",
            "room_sensor": ROOM,
            "outdoor_sensor": OUTDOOR,
            "room_response": "ordinary",
            "pools": pools,
            **data,
        },
        options={"threads": 1, **(options or {})},
        entry_id="heater_entry",
    )


async def options_form(hass: HomeAssistant, entry_id: str, step: str = "device") -> Any:
    """Return the form that a heater's menu of options leads to."""
    menu = await hass.config_entries.options.async_init(entry_id)
    return await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": step})


type SetUp = Callable[..., Any]


@pytest.fixture
async def set_up(hass: HomeAssistant, workers: list[FakeWorker], freezer: FrozenDateTimeFactory) -> SetUp:
    """Return what sets a heater up beside its home; all clocks stand still until the test turns them."""

    async def do(
        *, heater: MockConfigEntry | None = None, home: MockConfigEntry | None = None, room: Any = 18.0
    ) -> House:
        await instance_id.async_get(hass)
        set_temperature(hass, ROOM, room)
        set_temperature(hass, OUTDOOR, 5.0)
        (home or home_of()).add_to_hass(hass)
        heater = heater or heater_of()
        heater.add_to_hass(hass)
        await hass.config_entries.async_setup(heater.entry_id)
        await hass.async_block_till_done()
        house = House(hass, heater, workers)
        if heater.state is ConfigEntryState.LOADED:
            await house.a_pass()
        return house

    return do


@pytest.fixture
async def house(set_up: SetUp) -> House:
    return await set_up()


@pytest.fixture
def watched_loop(disable_block_async_io: None) -> None:
    """Let Home Assistant watch for calls that block the loop, also those that it lets pass in tests."""
    strict = [replace(call, skip_for_tests=False) for call in block_async_io._BLOCKING_CALLS]
    with patch.object(block_async_io, "_BLOCKING_CALLS", strict):
        block_async_io.enable()


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log holds against us."""
    return [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING
        and (record.name.startswith(OURS) or "hashwarm" in record.getMessage())
        and not record.getMessage().startswith(("We found a custom integration", "Executing <Task"))
    ]
