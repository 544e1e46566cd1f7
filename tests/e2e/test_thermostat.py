"""A person turns the thermostat card; the miner follows. The stories build on each other, in order."""

import asyncio

from playwright.async_api import Page
import pytest

from .demo import Watcher

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

DASHBOARD = "/hashwarm-demo"
WARMER = "hui-thermostat-card button[aria-label='Increase temperature']"
COOLER = "hui-thermostat-card button[aria-label='Decrease temperature']"
# Far more than it takes, for machines that do other things at the same time.
SOON_S = 30.0
WARMS_LIMIT_S = 240.0
OFF_LIMIT_S = 5.0


async def click(page: Page, control: str, times: int) -> None:
    for _ in range(times):
        await page.locator(control).click()


async def open_dashboard(page: Page) -> None:
    await page.goto(DASHBOARD)
    await page.locator(WARMER).wait_for()


async def test_the_card_shows_a_thermostat_that_heats(page: Page, home: Watcher):
    await open_dashboard(page)
    await home.until("sensor.hash_rate", lambda rate: rate > 0, SOON_S * 2, "the miner starts")
    thermostat = await home.thermostat()
    assert thermostat["mode"] == "heat"
    assert thermostat["temperature"] == 21
    await page.locator("hui-thermostat-card", has_text="Hashwarm heater").wait_for()
    await page.locator("hui-thermostat-card", has_text="Heating").wait_for()


async def test_a_higher_target_makes_it_work_harder_and_the_room_warmer(page: Page, home: Watcher):
    # Low enough to be under the room first, so that the click starts from a pause.
    await home.client.call(
        "climate", "set_temperature", {"entity_id": home.ids["climate"], "temperature": 12, "hvac_mode": "heat"}
    )
    await home.until("sensor.hash_rate", lambda rate: rate == 0, SOON_S, "it pauses under the room's temperature")
    await open_dashboard(page)
    room_c = (await home.thermostat())["current_temperature"]
    await click(page, WARMER, 24)
    await home.until("sensor.power_target", lambda watts: watts > 0, SOON_S, "the power target rises")
    await home.until("sensor.hash_rate", lambda rate: rate > 0, SOON_S, "the hash rate follows")
    await home.until("sensor.power", lambda watts: watts > 0, SOON_S, "the watts follow")
    assert (await home.thermostat())["temperature"] == 24
    async with asyncio.timeout(WARMS_LIMIT_S):
        while (await home.thermostat())["current_temperature"] < room_c + 0.5:
            await asyncio.sleep(0.5)


async def test_a_lower_target_dims_it_and_then_pauses_it(page: Page, home: Watcher):
    await open_dashboard(page)
    full_w = await home.until("sensor.power_target", lambda watts: watts > 0, SOON_S, "it heats")
    await click(page, COOLER, 28)
    await home.until("sensor.power_target", lambda watts: watts < full_w, SOON_S, "it dims")
    await home.until("sensor.hash_rate", lambda rate: rate == 0, SOON_S, "it pauses")
    await home.until("sensor.power", lambda watts: watts < 0.05, SOON_S, "the watts of the last second are over")
    assert (await home.thermostat())["hvac_action"] == "idle"
    await page.locator("hui-thermostat-card", has_text="Idle").wait_for()


async def test_off_stops_the_hashing_at_once(page: Page, home: Watcher):
    await open_dashboard(page)
    await click(page, WARMER, 28)
    await home.until("sensor.hash_rate", lambda rate: rate > 0, SOON_S, "it hashes again")
    await page.locator("hui-thermostat-card #option-off").click()
    await home.until("sensor.hash_rate", lambda rate: rate == 0, OFF_LIMIT_S, "hashing stops")
    await home.until("sensor.power", lambda watts: watts == 0, OFF_LIMIT_S, "no watts are drawn")
    thermostat = await home.thermostat()
    assert (thermostat["mode"], thermostat["hvac_action"]) == ("off", "off")


async def test_the_pool_took_every_share(page: Page, home: Watcher):
    await page.goto(DASHBOARD)
    await page.locator("hui-thermostat-card #option-heat").click()
    await home.until("sensor.shares_accepted", lambda shares: shares >= 1, 120.0, "shares are accepted")
    assert await home.figure("sensor.shares_rejected") == 0
