"""What a machine with work of its own earned, from the sensor that tells it to the books."""

from types import MappingProxyType

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.hashwarm.ai_const import SUBENTRY_EXECUTOR

from ..conftest import SetUp, heater_of
from .conftest import AiHouse

REVENUE = "sensor.nosana_total"
EUR = {"unit_of_measurement": "EUR"}
NOSANA = {
    "kind": "sensor",
    "expected_power": 100.0,
    "heats_room": True,
    "same_chip": False,
    "metered_together": False,
    "revenue_sensor": REVENUE,
    "revenue_before": 12.5,
    "revenue_reset": None,
}


async def test_earnings_are_collected_when_a_person_asks(
    hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory
):
    hass.states.async_set(REVENUE, "12.5", EUR)
    executor = ConfigSubentry(
        data=MappingProxyType(NOSANA),
        subentry_id="nosana",
        subentry_type=SUBENTRY_EXECUTOR,
        title="Nosana",
        unique_id=None,
    )
    heater = heater_of()
    heater.add_to_hass(hass)
    hass.config_entries.async_add_subentry(heater, executor)
    house = await set_up(heater=heater)

    async def earned() -> str:
        for _ in range(20):
            freezer.tick(11)
            async_fire_time_changed(hass)
            await house.a_pass()
            await house.home_entry.runtime_data.home.flush()
            await hass.async_block_till_done()
        return house.state("sensor", "ai_revenue_total").state

    assert await earned() == "0.0"
    hass.states.async_set(REVENUE, "20", EUR)
    assert await earned() == "0.0", "it is booked once an hour"
    await house.do("button", "press", "collect_earnings")
    assert await earned() == "7.5"


async def test_who_earns_nothing_elsewhere_has_nothing_to_collect(hass: HomeAssistant, ai_house: AiHouse):
    assert not any(entity_id.endswith("collect_ai_earnings") for entity_id in hass.states.async_entity_ids("button"))
