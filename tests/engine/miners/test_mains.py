"""The plug in the mains lead: cut seldom, after a soft pause, and switched on again only by whom it was cut."""

import json

import pytest

from custom_components.hashwarm.engine.miners.mains import Mains
from custom_components.hashwarm.engine.model.errors import DeviceRefusedError

from .fake_driver import FakePlug


class Lead:
    """A plug under a clock."""

    def __init__(self, *, only: bool = False, on: bool | None = True, stored=None) -> None:
        self.now = 100_000.0
        self.plug = FakePlug(on=on)
        self.mains = Mains(self.plug, only=only, now_s=self.now, stored=stored)

    async def rests(self, *, after: float = 0.0, resting: bool = True) -> bool:
        self.now += after
        return await self.mains.follow(rest=True, resting=resting, now_s=self.now)

    async def runs(self, *, after: float = 0.0) -> bool:
        self.now += after
        return await self.mains.follow(rest=False, resting=False, now_s=self.now)


async def test_the_plug_is_cut_after_the_soft_pause_only():
    lead = Lead()
    assert not await lead.rests(resting=False)
    assert lead.plug.turns == []
    assert await lead.rests()
    assert lead.plug.turns == [False]
    assert not await lead.rests(after=10.0)
    assert lead.plug.turns == [False]


async def test_a_plug_is_cut_after_half_an_hour_and_six_times_a_day_at_most():
    lead, cuts = Lead(), 0
    for _ in range(24 * 60):
        await (lead.rests(after=30.0) if lead.plug.on else lead.runs(after=30.0))
        lead.now += 30.0
    cuts = lead.plug.turns.count(False)
    assert cuts == 6
    lead.plug.turns.clear()
    again = Lead(stored=json.loads(json.dumps(lead.mains.as_dict(lead.now))))
    assert not await again.rests(), "the budget outlives a restart"
    assert await again.rests(after=86_400.0)


async def test_what_was_cut_stays_off_for_a_quarter_of_an_hour():
    lead = Lead()
    await lead.rests()
    assert await lead.runs(after=899.0), "there is nothing else to do for a device without mains"
    assert lead.plug.on is False
    assert await lead.runs(after=1.0)
    assert lead.plug.on is True
    assert not await lead.runs(after=10.0)
    await lead.rests(after=1780.0)
    assert lead.plug.on is True
    await lead.rests(after=20.0)
    assert lead.plug.on is False


async def test_a_device_with_no_other_way_to_stop_is_switched_at_once():
    lead = Lead(only=True)
    assert await lead.rests(resting=False)
    assert await lead.runs(after=1.0)
    assert lead.plug.turns == [False, True]


async def test_a_plug_that_somebody_else_switched_off_stays_off():
    lead = Lead(only=True, on=False)
    assert not await lead.runs()
    assert lead.plug.turns == []
    await lead.rests(after=10.0)
    lead.plug.on = True
    assert await lead.rests(after=10.0)
    lead.plug.on = True
    await lead.runs(after=60.0)
    lead.plug.on = False
    assert not await lead.runs(after=60.0), "a person switched it on and off again since"
    assert lead.plug.turns == [False]


async def test_a_plug_that_says_no_is_asked_again():
    lead = Lead(only=True)
    lead.plug.fails = DeviceRefusedError("no")
    with pytest.raises(DeviceRefusedError):
        await lead.rests()
    assert await lead.rests(after=10.0), "not at once"
    assert lead.plug.turns == [False]
    lead.plug.fails = None
    await lead.rests(after=30.0)
    lead.plug.fails = DeviceRefusedError("no")
    with pytest.raises(DeviceRefusedError):
        await lead.runs(after=60.0)
    lead.plug.fails = None
    assert await lead.runs(after=60.0)
    assert lead.plug.on is True


async def test_a_plug_that_tells_late_is_not_told_again_and_again():
    lead = Lead(only=True)
    lead.plug.stuck = True
    for _ in range(6):
        await lead.rests(after=5.0)
    assert lead.plug.turns == [False]
    await lead.rests(after=5.0)
    assert lead.plug.turns == [False, False]


async def test_an_unknown_plug_is_left_alone():
    lead = Lead(only=True, on=None)
    assert not await lead.rests()
    assert not await lead.runs()
    assert lead.plug.turns == []


async def test_who_cut_it_is_remembered():
    lead = Lead(only=True)
    await lead.rests()
    stored = json.loads(json.dumps(lead.mains.as_dict(lead.now)))
    again = Lead(only=True, on=False, stored=stored)
    assert await again.runs(after=1.0)
    assert again.plug.on is True
    assert Lead(only=True, stored={"cut_by_us": "yes", "cuts_ago_s": ["x"], "on_ago_s": -5}).mains.as_dict(0.0) == {
        "cut_by_us": False,
        "cuts_ago_s": [],
        "on_ago_s": None,
    }
