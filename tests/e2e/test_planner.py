"""A person looks at a plan that was made for a house with a past, turns the thermostat, and the plan follows."""

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
from playwright.async_api import Page, expect
import pytest
import pytest_asyncio

from simulators.demo_home.client import HomeClient

from .conftest import _allow_loopback, browser_of, tab_of
from .demo import DemoProcess, Watcher, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

DASHBOARD = "/hashwarm-demo/planner"
SOON_S = 60.0
TRUE_LOSS_W_PER_K = 60.0
TRUE_HOURS = 59.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Watcher]:
    """A demo of the planner, which is gone before the other stories begin theirs."""
    _allow_loopback()
    async for watcher in living(tmp_path_factory.mktemp("planner")):
        yield watcher


async def living(folder: Path) -> AsyncGenerator[Watcher]:
    process = DemoProcess(folder, free_port(), "--planner")
    await process.start()
    async with aiohttp.ClientSession() as session:
        client = HomeClient(session, f"http://127.0.0.1:{process.port}")
        await client.onboard_or_log_in()
        (heater,) = (entry["entry_id"] for entry in await client.entries() if entry["source"] != "system")
        yield Watcher(client, await client.entity_ids(heater))
    assert await process.stop() == 0, "\n".join(process.lines)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(chromium: str, house: Watcher, request: pytest.FixtureRequest) -> AsyncGenerator[Page]:
    async with browser_of(chromium, house.client) as context, tab_of(context, request.node.name) as page:
        await page.goto(DASHBOARD)
        yield page


async def test_the_plan_of_a_day_is_drawn_and_what_was_learned_is_near_the_truth(house: Watcher, tab: Page):
    card = tab.locator("hashwarm-plan-card")
    await expect(card).to_contain_text("expected in the room")
    await expect(card).to_contain_text("price, 0.")
    assert await card.locator("rect.watts").count() > 4
    assert await house.client.state(house.ids["sensor.planner"]) == "active"
    assert await house.figure("sensor.heat_loss") == pytest.approx(TRUE_LOSS_W_PER_K, rel=0.25)
    assert await house.figure("sensor.time_constant") == pytest.approx(TRUE_HOURS, rel=0.4)


async def test_a_plan_tells_the_hour_that_is_pointed_at(house: Watcher, tab: Page):
    told = tab.locator("hashwarm-plan-card .told")
    await expect(told).to_contain_text("per kWh")
    before = await told.text_content()
    drawn = tab.locator("hashwarm-plan-card svg")
    box = await drawn.bounding_box()
    assert box is not None
    await drawn.hover(position={"x": box["width"] * 0.7, "y": box["height"] / 2})
    await expect(told).not_to_have_text(before or "")


async def test_whoever_turns_the_thermostat_sees_the_plan_follow(house: Watcher, tab: Page):
    told = tab.locator("hashwarm-plan-card .told")
    await expect(told).to_contain_text("target")
    wish = {"entity_id": house.ids["climate"], "temperature": 22.5}
    await house.client.call("climate", "set_temperature", wish)
    await expect(told).to_contain_text("target 22.5°", timeout=SOON_S * 1000)
    await house.until("sensor.power_target", lambda watts: watts >= 1000.0, SOON_S, "the miner is told to heat")
