"""The planner's shell: what it lets steer, and what it does when the world around it fails."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from custom_components.hashwarm.engine.control import Insulation, Pilot, RoomResponse, Trust, assumed_house
from custom_components.hashwarm.engine.heater import forethought as forethought_module
from custom_components.hashwarm.engine.heater.forethought import Forethought, Standpoint, Surroundings
from custom_components.hashwarm.engine.model.capabilities import Capabilities, ControlKind
from custom_components.hashwarm.engine.model.forecasts import Forecasts
from custom_components.hashwarm.engine.model.planning import SLOT_S, PlannerStatus, RoomSample, Wish

HOUSE = assumed_house(RoomResponse.ORDINARY, Insulation.ORDINARY, 3000.0)
MINER = Capabilities(control=ControlKind.CONTINUOUS_WATTS, floor_w=1200.0, maximum_w=3000.0)
BEGIN = datetime(2026, 1, 15, 12, 0, tzinfo=UTC).timestamp()


class World:
    """A foresight, a person's wishes and a clock in one; `hold` makes the forecasts wait."""

    preheats = True

    def __init__(self) -> None:
        self.at = BEGIN
        self.target_c = 21.0
        self.ceiling_w: float | None = None
        self.hold: asyncio.Event | None = None
        self.asked = 0
        self.told = asyncio.Event()
        self.fails_to_show = False
        self.recorded: list[RoomSample] = []

    async def forecasts(self, now: datetime) -> Forecasts:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        return Forecasts(outdoor_now_c=0.0, price_now=0.3)

    async def history(self, start: datetime, end: datetime) -> list[RoomSample]:
        return self.recorded

    def wish_at(self, at: float) -> Wish:
        return Wish(target_c=self.target_c, coldest_c=self.target_c - 0.5, warmest_c=self.target_c + 0.5)

    def ceiling_at(self, at: float) -> float | None:
        return self.ceiling_w

    def show(self) -> None:
        self.told.set()
        if self.fails_to_show:
            raise ValueError("no sensor bears this")


async def at_once(work: Any) -> None:
    work()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def forethought(world: World):
    made = forethought_in(world)
    made.start()
    yield made
    await made.stop()


def forethought_in(world: World, outlet_w: float = inf, *, told_anew: bool = False) -> Forethought:
    pilot = Pilot(HOUSE, 3000.0)
    pilot.house, pilot.trust, pilot.steering = HOUSE, Trust(rmse_k=0.2, unchanged_rmse_k=1.0), True
    pilot.learned_at = BEGIN
    return Forethought(
        pilot,
        Surroundings(
            foresight=world,
            timezone=UTC,
            outlet_w=outlet_w,
            told_by=("sensor.outdoor", None),
            told_anew=told_anew,
        ),
        world,
        now=lambda: datetime.fromtimestamp(world.at, UTC),
        in_executor=at_once,
        on_plan=world.show,
    )


def standpoint(world: World, **changes: Any) -> Standpoint:
    seen = Standpoint(
        at=world.at,
        room_c=20.0,
        outdoor_c=0.0,
        power_w=0.0,
        capabilities=MINER,
        running=False,
        lasted_s=1e5,
    )
    return replace(seen, **changes)


async def thought(world: World) -> None:
    world.told.clear()
    async with asyncio.timeout(10):
        await world.told.wait()


async def planned(world: World, forethought: Forethought) -> None:
    """Let a pass be seen, and wait for its plan."""
    async with asyncio.timeout(10):
        while not world.asked:
            await asyncio.sleep(0)
    forethought.observe(standpoint(world))
    async with asyncio.timeout(10):
        while forethought.plan is None:
            await thought(world)


async def test_a_plan_for_another_wish_does_not_steer_while_the_new_one_is_waited_for(world, forethought):
    await planned(world, forethought)
    assert forethought.guide(world.at, 20.0) is not None
    world.hold = asyncio.Event()
    world.target_c = 16.0
    forethought.observe(standpoint(world, at=world.at + 1.0))
    await asyncio.sleep(0)
    assert forethought.plan is not None
    assert forethought.guide(world.at + 1.0, 20.0) is None
    world.hold.set()
    await thought(world)
    guidance = forethought.guide(world.at, 20.0)
    assert guidance is not None
    assert guidance.power_w == 0.0


async def test_a_plan_is_made_as_things_stand_when_the_forecasts_have_come(world, forethought):
    await planned(world, forethought)
    world.hold = asyncio.Event()
    world.target_c = 22.0
    forethought.observe(standpoint(world, at=world.at + 1.0))
    await asyncio.sleep(0)
    world.at += 40.0
    forethought.observe(standpoint(world, room_c=20.6))
    world.hold.set()
    await thought(world)
    assert forethought.plan.made_at == world.at
    assert forethought.plan.began_c == 20.6


async def test_a_thermostat_that_is_switched_on_has_its_plan_at_once(world, forethought):
    await planned(world, forethought)
    forethought.observe(standpoint(world, at=world.at + 1.0, asked=False))
    await thought(world)
    assert forethought.plan is None
    forethought.observe(standpoint(world, at=world.at + 2.0))
    await thought(world)
    assert forethought.plan is not None


async def test_every_five_minutes_it_looks_again_with_what_is_known_of_the_hours_to_come(world, forethought):
    await planned(world, forethought)
    asked = world.asked
    for _ in range(2):
        world.at += 300.0
        forethought.observe(standpoint(world))
        await thought(world)
        assert forethought.plan.made_at == world.at
    assert world.asked == asked
    world.at += 300.0
    forethought.observe(standpoint(world))
    await thought(world)
    assert world.asked == asked + 1
    world.target_c = 20.0
    forethought.observe(standpoint(world, at=world.at + 1.0))
    await thought(world)
    assert world.asked == asked + 2


async def test_what_cannot_be_shown_does_not_end_the_thinking(world, forethought, caplog):
    world.fails_to_show = True
    await planned(world, forethought)
    world.fails_to_show = False
    caplog.clear()
    world.at += SLOT_S
    forethought.observe(standpoint(world))
    await thought(world)
    assert forethought.plan.made_at == world.at


async def test_in_a_room_that_others_heat_too_it_plans_in_shadow(world, forethought):
    await planned(world, forethought)
    assert forethought.pilot.status is PlannerStatus.ACTIVE
    forethought.observe(standpoint(world, at=world.at + 1.0, alone=False))
    assert forethought.pilot.status is PlannerStatus.SHADOW
    assert forethought.guide(world.at + 1.0, 20.0) is None
    forethought.observe(standpoint(world, at=world.at + 2.0))
    assert forethought.guide(world.at + 2.0, 20.0) is not None


async def test_every_five_minutes_it_says_where_the_room_should_be_by_now(world, forethought):
    for minute in range(9 * 60):
        sample = standpoint(world, at=BEGIN - (9 * 60 - minute) * 60.0)
        forethought.observe(sample)
    await planned(world, forethought)
    expected = forethought.expected(world.at)
    assert expected is not None
    assert expected.room_c < 20.0, "it is freezing outside, and nothing heats"
    assert forethought.expected(world.at + 3600.0) is None
    forethought.switch(on=False)
    world.at += 300.0
    forethought.observe(standpoint(world))
    await thought(world)
    assert forethought.plan is None
    assert forethought.expected(world.at) is not None, "the regulator's room has a model too"


@pytest.mark.parametrize(("quiet_w", "most_w"), [(None, 1500.0), (1300.0, 1300.0), (2000.0, 1500.0)])
async def test_no_more_is_planned_than_the_outlet_bears(world, quiet_w, most_w):
    world.ceiling_w, world.target_c = quiet_w, 24.0
    forethought = forethought_in(world, outlet_w=1500.0)
    forethought.start()
    try:
        await planned(world, forethought)
        assert 0.0 < max(slot.power_w for slot in forethought.plan.slots) <= most_w
    finally:
        await forethought.stop()


@pytest.mark.parametrize(("circuit_w", "most_w"), [(None, 3000.0), (1744.0, 1744.0), (1100.0, 1200.0), (0.0, 0.0)])
async def test_no_more_is_planned_than_the_circuit_leaves(world, forethought, circuit_w, most_w):
    world.target_c = 24.0
    async with asyncio.timeout(10):
        while not world.asked:
            await asyncio.sleep(0)
    forethought.observe(standpoint(world, circuit_w=circuit_w))
    async with asyncio.timeout(10):
        while forethought.plan is None:
            await thought(world)
    planned_w = max(slot.power_w for slot in forethought.plan.slots)
    assert 0.8 * most_w <= planned_w <= most_w


async def test_forecasts_that_never_come_leave_no_plan_behind(world, forethought, monkeypatch):
    await planned(world, forethought)
    monkeypatch.setattr(forethought_module, "FORECASTS_LIMIT_S", 0.05)
    world.hold = asyncio.Event()
    world.at += SLOT_S
    forethought.observe(standpoint(world))
    await thought(world)
    assert forethought.plan is None
    world.hold = None
    world.at += SLOT_S
    forethought.observe(standpoint(world))
    await thought(world)
    assert forethought.plan is not None


@pytest.mark.parametrize(("told_anew", "outdoor_c"), [(True, -5.0), (False, 0.0)])
async def test_weather_that_others_tell_of_now_is_read_again_and_learned_from(world, told_anew, outdoor_c):
    forethought = forethought_in(world, told_anew=told_anew)
    learned = []
    forethought.pilot.learn = learned.append
    for at in (BEGIN - 900.0, BEGIN - 600.0, BEGIN - 300.0, BEGIN):
        forethought.pilot.observe(RoomSample(at=at, room_c=20.0, outdoor_c=0.0, power_w=500.0))
        world.recorded.append(RoomSample(at=at, room_c=19.0, outdoor_c=-5.0, power_w=None))
    forethought.start()
    await thought(world)
    await forethought.stop()
    assert [slot.outdoor_c for slot in forethought.pilot.history.slots()] == [outdoor_c] * 3
    assert [slot.power_w for slot in forethought.pilot.history.slots()] == [500.0] * 3
    assert learned == ([BEGIN] if told_anew else [])
    assert forethought.as_dict()["told_by"] == ["sensor.outdoor", None]
