"""What is no number gets in nowhere, and does no harm where it is stored already."""

from http import HTTPStatus
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.hashwarm.const import MARKET_URL
from custom_components.hashwarm.engine.model.control import ControlMode
from custom_components.hashwarm.flow_schemas import HEATER_OPTIONS
from custom_components.hashwarm.option_defaults import heater_options, home_options

from .conftest import House, SetUp, heater_of, options_form

NAN = float("nan")


async def test_a_target(house: House):
    with pytest.raises(ServiceValidationError) as refusal:
        await house.do("climate", "set_temperature", temperature=NAN)
    assert refusal.value.translation_key == "not_a_number"
    assert house.climate.attributes["temperature"] == 21.0


async def test_a_power_by_hand(hass: HomeAssistant, house: House):
    house.coordinator.settings.mode = ControlMode.MANUAL_POWER
    number = hass.states.async_entity_ids("number")
    by_hand = next(entity_id for entity_id in number if "manual_power" in entity_id)
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call("number", "set_value", {"entity_id": by_hand, "value": NAN}, blocking=True)
    assert house.coordinator.settings.manual_power_w == 0.0


@pytest.mark.parametrize("field", ["room_maximum", "chip_maximum", "stale_minutes", "threads", "comfort", "full_power"])
async def test_an_option_of_a_heater(hass: HomeAssistant, house: House, field: str):
    known = heater_options(house.entry)
    form = {**known, **known.pop("preset_targets"), field: NAN}
    form.pop("preset_targets", None)
    flow = await options_form(hass, house.entry.entry_id)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(flow["flow_id"], form)
    assert HEATER_OPTIONS


@pytest.mark.parametrize(
    "wrong",
    [{"manual_difficulty": NAN}, {"market_url": "garbage"}, {"market_url": "file:///etc/passwd"}],
)
async def test_an_option_of_the_market(hass: HomeAssistant, house: House, wrong: dict[str, object]):
    flow = await options_form(hass, house.home_entry.entry_id, "market")
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            flow["flow_id"], {"market_online": False, "market_url": MARKET_URL, **wrong}
        )


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ("electricity", {"price": NAN}),
        ("electricity", {"price_factor": NAN}),
        ("electricity", {"price_offset": NAN}),
        ("tariff", {"window_1": {"tariff_price": NAN}}),
        ("tariff", {"window_1": {"tariff_from": "25:00"}}),
        ("tariff", {"window_1": {"tariff_days": ["someday"]}}),
        ("supply", {"feed_in_price": NAN}),
        ("supply", {"battery_price": NAN}),
        ("comparison", {"other_heating": "magic"}),
    ],
)
async def test_an_option_of_the_home(hass: HomeAssistant, house: House, step: str, wrong: dict[str, object]):
    flow = await options_form(hass, house.home_entry.entry_id, step)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(flow["flow_id"], wrong)


@pytest.mark.parametrize("entry", ["entry", "home_entry"])
async def test_the_forms_still_reach_the_browser(hass: HomeAssistant, house: House, hass_client: Any, entry: str):
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    handler = getattr(house, entry).entry_id
    response = await client.post("/api/config/config_entries/options/flow", json={"handler": handler})
    assert response.status == HTTPStatus.OK
    form = await response.json()
    if form["type"] == "menu":
        for step in form["menu_options"]:
            shown = await client.post(
                f"/api/config/config_entries/options/flow/{form['flow_id']}", json={"next_step_id": step}
            )
            assert (await shown.json())["data_schema"]
            form = await (
                await client.post("/api/config/config_entries/options/flow", json={"handler": handler})
            ).json()
        return
    assert form["data_schema"]


async def test_what_is_stored_already_counts_as_not_chosen(set_up: SetUp):
    house = await set_up(
        heater=heater_of(options={"room_maximum": NAN, "stale_minutes": None, "preset_targets": {"eco": NAN}})
    )
    options = heater_options(house.entry)
    assert (options["room_maximum"], options["stale_minutes"]) == (28.0, 60.0)
    assert options["preset_targets"]["eco"] == 19.0
    assert home_options(house.home_entry)["market_url"] == MARKET_URL
