"""A new state only for a change that matters, and one at least every five minutes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_report_event
from homeassistant.util.dt import start_of_local_day, utcnow
import pytest

from custom_components.hashwarm.engine.home import Figure, FigureKind
from custom_components.hashwarm.publishing import ANY, HASH_RATE, MONEY, POWER, TEMPERATURE, Change

from .conftest import House
from .fake_worker import POOL


@pytest.mark.parametrize(
    ("change", "before", "after", "matters"),
    [
        (ANY, 1.0, 1.0, False),
        (ANY, 1.0, 1.0001, True),
        (ANY, "a", "b", True),
        (POWER, None, 40.0, True),
        (POWER, 40.0, None, True),
        (POWER, 40.0, 40.7, False),
        (POWER, 40.0, 40.9, True),
        (POWER, 1000.0, 1006.0, True),
        (POWER, 1000.0, 1004.0, False),
        (POWER, 0.0, 0.5, True),
        (HASH_RATE, 100.0, 101.9, False),
        (HASH_RATE, 100.0, 102.1, True),
        (TEMPERATURE, 50.0, 50.06, False),
        (TEMPERATURE, 50.0, 50.2, True),
        (MONEY, 1.0, 1.00001, True),
    ],
)
def test_what_matters(change: Change, before: Any, after: Any, matters: bool):
    assert change.matters(before, after, elapsed_s=None, lively=False) is matters


def test_money_moves_once_a_minute_and_words_at_once():
    assert not MONEY.matters(1.0, 2.0, elapsed_s=59.0, lively=True)
    assert MONEY.matters(1.0, 2.0, elapsed_s=60.0, lively=False)
    assert MONEY.matters(None, 2.0, elapsed_s=0.0, lively=False)


def test_while_a_person_looks_every_change_matters():
    assert POWER.matters(40.0, 40.01, elapsed_s=0.0, lively=True)
    assert not POWER.matters(40.0, 40.0, elapsed_s=0.0, lively=True)


@pytest.fixture
def written(hass: HomeAssistant, house: House) -> list[str]:
    """Every state that the power sensor writes, also one that does not differ."""
    states: list[str] = []

    @callback
    def note(event: Any) -> None:
        states.append(event.data["new_state"].state)

    power = house.entity_id("sensor", "power")
    hass.bus.async_listen("state_changed", lambda event: note(event) if event.data["entity_id"] == power else None)
    async_track_state_report_event(hass, power, note)
    return states


async def test_watts_are_published_when_they_move_or_when_it_was_quiet_for_long(
    house: House, written: list[str], freezer: FrozenDateTimeFactory
):
    async def drawn(watts: float, seconds: float = 1.0) -> list[str]:
        house.worker.said["power_w"] = watts
        freezer.tick(seconds)
        await house.a_pass()
        seen = list(written)
        written.clear()
        return seen

    assert await drawn(100.0) == ["100.0"]
    assert await drawn(101.0) == []
    assert await drawn(101.9) == []
    assert await drawn(102.1) == ["102.1"]
    assert await drawn(102.2, 200.0) == []
    assert await drawn(102.2, 101.0) == ["102.2"]
    assert await drawn(102.2, 299.0) == []
    assert await drawn(102.2, 2.0) == ["102.2"], "five minutes at the most, even when nothing moved"


async def test_after_a_command_every_second_counts(house: House, written: list[str], freezer: FrozenDateTimeFactory):
    house.worker.said["power_w"] = 100.0
    await house.do("climate", "turn_on")
    freezer.tick(10)
    written.clear()
    house.worker.said["power_w"] = 100.1
    await house.a_pass()
    assert written == ["100.1"]
    freezer.tick(25)
    house.worker.said["power_w"] = 100.2
    await house.a_pass()
    assert written == ["100.1"], "the 30 s are over"


@pytest.fixture
def shown(hass: HomeAssistant, house: House) -> Callable[[str], Any]:
    """Return what makes a pass a minute later and tells a sensor's attributes."""

    async def do(key: str, **said: Any) -> dict[str, Any]:
        house.worker.said.update(said)
        house.coordinator.heater.apply()
        await house.a_pass()
        return dict(house.state("sensor", key).attributes)

    return do


async def test_a_pool_that_says_something_new_is_published_under_the_same_name(shown: Any):
    assert (await shown("pool"))["connected"] is True
    told = await shown("pool", pool=replace(POOL, connected=False, problem="pool_silent"))
    assert (told["connected"], told["problem"]) == (False, "pool_silent")
    assert (await shown("pool", pool=replace(POOL, message="maintenance at noon")))["message"] == "maintenance at noon"
    assert (await shown("pool", pool=None)).get("message") is None


async def test_a_kernel_that_gets_a_problem_is_published_under_the_same_name(shown: Any):
    assert (await shown("kernel"))["problem"] is None
    assert (await shown("kernel", problem="kernel_wrong"))["problem"] == "kernel_wrong"


async def test_why_shows_its_figures_when_they_move(house: House, freezer: FrozenDateTimeFactory):
    await house.do("climate", "turn_on")
    freezer.tick(60)
    for celsius, shown_c in ((18.0, 18.0), (18.02, 18.0), (18.3, 18.3)):
        house.room(celsius)
        await house.a_pass()
        assert house.state("sensor", "why").attributes["room_temperature"] == pytest.approx(shown_c, abs=0.05), celsius


async def test_money_says_who_told_the_figures_behind_it_and_when(house: House, freezer: FrozenDateTimeFactory):
    market = house.home_entry.runtime_data.home.market
    keys = ("break_even_price", "earnings_today", "earnings_total", "earnings_value", "energy_offset", "heat_cost")
    for key in keys:
        attributes = house.state("sensor", key).attributes
        assert (attributes["source"], attributes["as_of"]) == ("manual", None), key
    # Later than the house was set up: time only goes on.
    at = utcnow().replace(microsecond=0) + timedelta(hours=1)
    freezer.move_to(at + timedelta(minutes=7))
    figures = {
        FigureKind.DIFFICULTY: Figure(value=1e14, source="mempool.space", at=at),
        FigureKind.REWARD_SAT: Figure(value=3e8, source="mempool.space", at=at + timedelta(minutes=5)),
        FigureKind.BTC_PRICE: Figure(value=9e4, source="coinbase.com", at=at + timedelta(minutes=6)),
    }
    with patch.object(market, "figure", figures.get):
        await house.a_pass()
        await house.home_entry.runtime_data.async_refresh()
        for key in keys:
            attributes = house.state("sensor", key).attributes
            source = "mempool.space" if key in {"earnings_today", "earnings_total"} else "coinbase.com, mempool.space"
            assert (attributes["source"], attributes["as_of"]) == (source, at.isoformat()), key
        attributes = house.state("sensor", "btc_price", owner="home").attributes
        assert (attributes["source"], attributes["as_of"]) == ("coinbase.com", (at + timedelta(minutes=6)).isoformat())


async def test_the_earnings_of_today_begin_at_local_midnight(house: House, freezer: FrozenDateTimeFactory):
    freezer.move_to((utcnow() + timedelta(days=1)).replace(hour=20, minute=0))
    await house.a_pass()
    midnight = start_of_local_day().isoformat()
    assert house.state("sensor", "earnings_today").attributes["last_reset"] == midnight


async def test_a_clock_set_back_silences_nobody(house: House, written: list[str], freezer: FrozenDateTimeFactory):
    elapsed_s = monotonic() + 1000.0
    with (
        patch("custom_components.hashwarm.entity.monotonic", lambda: elapsed_s),
        patch("custom_components.hashwarm.coordinator.monotonic", lambda: elapsed_s),
    ):
        await house.do("climate", "turn_on")
        house.worker.said["power_w"] = 100.0
        await house.a_pass()
        freezer.tick(-86_400)
        elapsed_s += 31
        assert not house.coordinator.lively
        elapsed_s += 270
        written.clear()
        await house.a_pass()
        assert written == ["100.0"]
