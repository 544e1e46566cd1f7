"""Three January days in a real Home Assistant: the planner learns a house, proves itself, and takes over."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.weather import WeatherEntityFeature
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.miners import profile_as_dict
from custom_components.hashwarm.engine.model.planning import SLOT_S
from custom_components.hashwarm.entity_profile import number_profile

from ..engine.control.planned_house import CHICAGO, MIDNIGHT, Plant, cloud, outdoor_c
from .conftest import OUTDOOR, ROOM, complaints, home_of, set_temperature
from .miners import fast_time
from .miners.fast_time import FastClock

NUMBER, DRAWN, WEATHER = "input_number.power", "sensor.drawn", "weather.home"
HOUR_S, DAY_S = 3600.0, 86400.0
TURN_S = 300.0
BOOT_S, BOOT_W = 180.0, 150.0


@dataclass
class World:
    """The house around the heater: what is drawn warms it, sensors tell of it, a weather entity of what comes."""

    hass: HomeAssistant
    plant: Plant = field(default_factory=lambda: Plant(air_c=19.5, mass_c=19.0))
    lived: list[tuple[float, float, float]] = field(default_factory=list)
    """Times with the room in °C and the power wished in W."""
    _task: asyncio.Task[None] | None = None
    _on_since: float | None = None

    def begin(self) -> None:
        self._show(0.0)
        self._task = asyncio.create_task(self._turn())

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def wished_w(self) -> float:
        state = self.hass.states.get(NUMBER)
        assert state is not None
        return float(state.state)

    async def _turn(self) -> None:
        while True:
            await asyncio.sleep(TURN_S)
            while self.plant.at + 60.0 <= datetime.now(UTC).timestamp():
                drawn_w = self._drawn_w()
                self.plant.minute(drawn_w)
            self.lived.append((self.plant.at, self.plant.air_c, self.wished_w))
            self._show(drawn_w)

    def _drawn_w(self) -> float:
        """Return what the device draws: little while it boots."""
        if self.wished_w <= 0.0:
            self._on_since = None
            return 0.0
        self._on_since = self.plant.at if self._on_since is None else self._on_since
        return BOOT_W if self.plant.at - self._on_since < BOOT_S else self.wished_w

    def _show(self, drawn_w: float) -> None:
        at = self.plant.at
        set_temperature(self.hass, ROOM, round(self.plant.air_c, 1))
        set_temperature(self.hass, OUTDOOR, round(outdoor_c(at), 1))
        self.hass.states.async_set(DRAWN, str(drawn_w), {"device_class": "power", "unit_of_measurement": "W"})
        features = {"supported_features": WeatherEntityFeature.FORECAST_HOURLY, "temperature_unit": "°C"}
        now = {"temperature": outdoor_c(at), "cloud_coverage": round(100.0 * cloud(at))}
        self.hass.states.async_set(WEATHER, "cloudy", {**features, **now})

    async def forecast(self, _call: ServiceCall) -> Any:
        began = datetime.fromtimestamp(self.plant.at // HOUR_S * HOUR_S, UTC)
        hours = [began + timedelta(hours=hour) for hour in range(48)]
        items = [
            {
                "datetime": hour.isoformat(),
                "temperature": outdoor_c(hour.timestamp()),
                "cloud_coverage": 100.0 * cloud(hour.timestamp()),
            }
            for hour in hours
        ]
        return {WEATHER: {"forecast": items}}

    def starts_between(self, begin: float, end: float) -> int:
        told = [watts for at, _, watts in self.lived if begin <= at < end]
        return sum(1 for before, after in pairwise(told) if before <= 0.0 < after)

    def colder_than(self, begin: float, end: float, target_c: float) -> float:
        """Return the K·h under a temperature within a span."""
        return sum(max(target_c - celsius, 0.0) * TURN_S / HOUR_S for at, celsius, _ in self.lived if begin <= at < end)


@pytest.fixture
def _long_passes() -> Iterator[None]:
    """Let the heater look as seldom as the house changes; three days are long enough as they are."""
    with (
        patch("custom_components.hashwarm.engine.miners.backend.LONGEST_PASS_S", 3 * TURN_S),
        patch("custom_components.hashwarm.engine.home.home.FLUSH_S", HOUR_S),
        patch("custom_components.hashwarm.coordinator.MONEY_EVERY", timedelta(hours=1)),
        patch.object(fast_time, "LONGEST_LEAP_S", TURN_S),
        patch("custom_components.hashwarm.engine.heater.forethought.SLOTS_AHEAD", 96),
    ):
        yield


@pytest.fixture
async def world(hass: HomeAssistant, freezer: FrozenDateTimeFactory, _long_passes: None) -> AsyncIterator[World]:
    freezer.move_to(datetime.fromtimestamp(MIDNIGHT, UTC))
    await hass.config.async_set_time_zone("America/Chicago")
    hass.config.latitude, hass.config.longitude = CHICAGO.latitude, CHICAGO.longitude
    power = {"min": 0, "max": 3000, "step": 10, "initial": 0, "unit_of_measurement": "W"}
    assert await async_setup_component(hass, "input_number", {"input_number": {"power": power}})
    world = World(hass)
    hass.services.async_register("weather", "get_forecasts", world.forecast, supports_response=SupportsResponse.ONLY)
    give_back = FastClock(freezer).take_over(asyncio.get_running_loop())
    world.begin()
    yield world
    await world.end()
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    give_back()


@pytest.fixture
async def entry(hass: HomeAssistant, world: World) -> MockConfigEntry:
    profile = number_profile("id", "Power", ((1200.0, 1200.0), (3000.0, 3000.0)), 10.0)
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id=NUMBER,
        title="Miner",
        data={
            "kind": "entities",
            "controlled": NUMBER,
            "off_option": None,
            "profile": profile_as_dict(profile),
            "room_sensor": ROOM,
            "outdoor_sensor": OUTDOOR,
            "room_response": "ordinary",
            "insulation": "poor",
        },
        options={
            "interval": TURN_S,
            "power_meter": DRAWN,
            "weather": WEATHER,
            "workday_from": "06:00:00",
            "workday_to": "23:00:00",
        },
    )
    home_of().add_to_hass(hass)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


def entity_id(hass: HomeAssistant, domain: str, key: str | None = None) -> str:
    unique_id = NUMBER if key is None else f"{NUMBER}_{key}"
    found = er.async_get(hass).async_get_entity_id(domain, DOMAIN, unique_id)
    assert found is not None, unique_id
    return found


def shown(hass: HomeAssistant, key: str) -> Any:
    return hass.states.get(entity_id(hass, "sensor", key))


async def turn(hass: HomeAssistant, key: str, service: str) -> None:
    await hass.services.async_call("switch", service, {"entity_id": entity_id(hass, "switch", key)}, blocking=True)


# Half a minute alone on a core, and several times that on a busy machine.
@pytest.mark.timeout(400)
async def test_three_days_in_a_house_that_is_learned(
    hass: HomeAssistant, world: World, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
):
    assert shown(hass, "planner").state == "learning"
    assert shown(hass, "heat_loss").state == shown(hass, "planned_power").state == "unknown"
    await hass.services.async_call(
        "climate", "set_hvac_mode", {"entity_id": entity_id(hass, "climate"), "hvac_mode": "heat"}, blocking=True
    )

    statuses = []
    for _ in range(50):
        await asyncio.sleep(HOUR_S)
        statuses.append(shown(hass, "planner").state)
    assert statuses[:20] == ["learning"] * 20
    assert set(statuses[20:]) <= {"learning", "shadow", "active"}
    assert statuses[-1] == "active", statuses
    figures = shown(hass, "planner").attributes
    assert figures["foretelling_error_k"] < figures["foretelling_error_as_now_k"]
    assert figures["history_h"] == pytest.approx(50.0, abs=0.5)
    assert (figures["price_source"], figures["weather_source"]) == ("fixed", "hourly")
    assert world.colder_than(MIDNIGHT + 8 * HOUR_S, MIDNIGHT + 22 * HOUR_S, 20.0) < 1.0, "good from the first day"
    assert float(shown(hass, "heat_loss").state) == pytest.approx(60.0, rel=0.4)
    assert float(shown(hass, "time_constant").state) > 10.0
    planned = shown(hass, "planned_power").attributes["plan"]
    assert len(planned) == 96
    starts = [datetime.fromisoformat(slot["start"]).timestamp() for slot in planned]
    assert {later - earlier for earlier, later in pairwise(starts)} == {SLOT_S}
    assert {slot["target"] for slot in planned} == {21.0, 19.0}
    assert {slot["price"] for slot in planned} == {0.3}
    assert float(shown(hass, "next_heat_cost").state) == 0.3

    whys: set[str] = set()
    for _ in range(22 * 12):
        await asyncio.sleep(300.0)
        whys.add(shown(hass, "why").state)
    third = (MIDNIGHT + 2 * DAY_S + 2 * HOUR_S, MIDNIGHT + 3 * DAY_S)
    held = (MIDNIGHT + 2 * DAY_S + 7 * HOUR_S, MIDNIGHT + 2 * DAY_S + 22.5 * HOUR_S)
    assert shown(hass, "planner").state == "active"
    assert world.colder_than(*held, 20.5) < 0.5
    assert max(celsius for at, celsius, watts in world.lived if held[0] <= at < held[1] and watts > 0.0) < 22.3
    assert world.starts_between(*third) <= 6
    assert whys & {"plan_run", "plan_wait", "preheat"}, whys
    assert shown(hass, "why").attributes["expected_temperature"] == pytest.approx(world.plant.air_c, abs=1.0)
    assert not complaints(caplog)

    loss = shown(hass, "heat_loss").state
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await asyncio.sleep(SLOT_S)
    assert (shown(hass, "planner").state, shown(hass, "heat_loss").state) == ("active", loss)
    await asyncio.sleep(SLOT_S)
    assert shown(hass, "planned_power").state != "unknown"

    await turn(hass, "planner", "turn_off")
    await asyncio.sleep(2 * SLOT_S)
    assert shown(hass, "planner").state == "off"
    assert shown(hass, "planned_power").state == "unknown"
    assert shown(hass, "why").attributes["expected_temperature"] is None
    assert shown(hass, "why").state not in {"plan_run", "plan_wait", "unknown"}
