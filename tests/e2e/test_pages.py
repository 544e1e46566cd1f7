"""The pages of Home Assistant that a person opens to set Hashwarm up and to look after it."""

from playwright.async_api import Page
import pytest

from .demo import Watcher

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

INTEGRATION = "/config/integrations/integration/hashwarm"


async def test_devices_and_services_shows_hashwarm(page: Page, home: Watcher):
    await page.goto("/config/integrations/dashboard")
    await page.locator("ha-integration-card", has_text="Hashwarm").wait_for()
    assert await page.locator("ha-integration-card", has_text="Failed").count() == 0


async def test_a_second_worker_on_this_host_is_refused_in_words(page: Page, home: Watcher):
    await page.goto(INTEGRATION)
    await page.get_by_role("button", name="Add device").click()
    await page.get_by_text("This machine (hashing worker)").click()
    await page.get_by_text("This heater is set up already").wait_for()


async def test_the_heaters_options_have_words(page: Page, home: Watcher):
    await page.goto(INTEGRATION)
    row = page.locator("ha-config-entry-row", has_text="Hashwarm heater")
    await row.get_by_role("button", name="Configure").first.click()
    dialog = page.locator("dialog-data-entry-flow")
    await dialog.get_by_text("Temperatures, limits and power").first.click()
    for words in ("Preset temperatures, safety limits and power.", "Frost protection", "CPU power at full load"):
        await dialog.get_by_text(words).first.wait_for()
    for raw in ("frost_protection", "room_maximum", "full_power"):
        assert await dialog.get_by_text(raw).count() == 0


async def test_the_homes_options_have_words(page: Page, home: Watcher):
    await page.goto(INTEGRATION)
    row = page.locator("ha-config-entry-row", has=page.get_by_text("Home", exact=True))
    await row.get_by_role("button", name="Configure").first.click()
    dialog = page.locator("dialog-data-entry-flow")
    for words in ("Electricity price", "Solar power and battery", "Market figures", "Comparison with other heating"):
        await dialog.get_by_text(words).first.wait_for()
    await dialog.get_by_text("Tariff with other prices at other times").first.click()
    for words in ("First time", "Second time", "Price per kWh", "By the clock on the wall."):
        await dialog.get_by_text(words).first.wait_for()
    for raw in ("tariff_price", "window_1", "{currency}"):
        assert await dialog.get_by_text(raw).count() == 0


async def test_the_device_page_lists_figures_and_controls(page: Page, home: Watcher):
    devices = await home.client.command({"type": "config/device_registry/list"})
    device = next(item["id"] for item in devices if item["name"] == "Hashwarm heater")
    await page.goto(f"/config/devices/device/{device}")
    for words in ("Hash rate", "Power target", "Manual power"):
        await page.get_by_text(words, exact=True).first.wait_for()


async def test_the_thermostats_own_dialog_opens(page: Page, home: Watcher):
    await page.goto("/hashwarm-demo")
    await page.locator("hui-thermostat-card ha-icon-button.more-info").click()
    await page.locator("ha-more-info-dialog").get_by_text("Current temperature").first.wait_for()


@pytest.mark.parametrize(
    ("path", "element"),
    [
        ("/config/entities?domain=hashwarm", "ha-config-entities"),
        ("/energy", "ha-panel-energy"),
        ("/history", "ha-panel-history"),
    ],
    ids=["entities", "energy", "history"],
)
async def test_the_page_opens_without_a_complaint(page: Page, home: Watcher, path: str, element: str):
    await page.goto(path)
    await page.locator(element).wait_for()
    # Complaints arrive a moment after the page stands.
    await page.wait_for_timeout(2000)


async def test_the_energy_dashboard_knows_the_heater(page: Page, home: Watcher):
    preferences = await home.client.command({"type": "energy/get_prefs"})
    (device,) = preferences["device_consumption"]
    assert device["stat_consumption"] == home.ids["sensor.energy"]
    await page.goto("/energy")
    await page.get_by_text("Individual devices", exact=True).first.wait_for()
    await page.get_by_text("Hashwarm heater").first.wait_for()


async def test_a_pool_account_asks_for_what_its_pool_needs(page: Page, home: Watcher):
    await page.goto("/config/integrations/integration/hashwarm")
    await page.get_by_role("button", name="Add pool account").click()
    dialog = page.locator("dialog-data-entry-flow")
    for words in ("CKPool", "OCEAN", "Braiins Pool", "Address on the chain"):
        await dialog.get_by_text(words).first.wait_for()
    await dialog.get_by_text("OCEAN").first.click()
    await dialog.get_by_role("button", name="Submit").click()
    for words in ("Bitcoin address", "Heaters that work for it", "How the pool pays", "Other miners work for it too"):
        await dialog.get_by_text(words).first.wait_for()
    for raw in ("others_feed", "pool_url", "{pool}"):
        assert await dialog.get_by_text(raw).count() == 0


async def test_every_figure_has_a_name_and_none_is_in_trouble(page: Page, home: Watcher):
    await page.goto("/hashwarm-demo")
    await page.locator("hui-thermostat-card").wait_for()
    await page.get_by_text("What is simulated:").wait_for()
    assert await page.locator("hui-error-card, hui-warning").count() == 0
    states = await home.client.get("/api/states")
    ours = {state["entity_id"]: state for state in states if state["entity_id"] in home.ids.values()}
    assert len(ours) > 20
    assert all(state["attributes"].get("friendly_name") for state in ours.values())
