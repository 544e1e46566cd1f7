"""The card that draws the plan is served where there is a frontend, once, under an address of its version."""

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.hashwarm.card import CARD, CARD_URL

from .conftest import SetUp


async def test_without_a_frontend_nothing_is_served(hass: HomeAssistant, set_up: SetUp):
    await set_up()
    assert DATA_EXTRA_MODULE_URL not in hass.data


async def test_the_card_is_loaded_by_every_dashboard(
    hass: HomeAssistant, set_up: SetUp, hass_client_no_auth: ClientSessionGenerator
):
    assert await async_setup_component(hass, "frontend", {})
    await set_up()
    await hass.config_entries.async_reload("home_entry")
    await hass.async_block_till_done()
    ours = [url for url in hass.data[DATA_EXTRA_MODULE_URL].urls if CARD_URL in url]
    assert len(ours) == 1
    assert ours[0].startswith(f"{CARD_URL}?v=0.")
    client = await hass_client_no_auth()
    answer = await client.get(ours[0])
    assert answer.status == 200
    assert answer.content_type in {"text/javascript", "application/javascript"}
    assert await answer.text() == CARD.read_text()
