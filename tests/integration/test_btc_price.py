"""The price of a bitcoin from a sensor of the home."""

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.hashwarm.adapters.btc_price import BtcPriceSensor, is_price_of_bitcoin

from .conftest import House, SetUp, home_of, options_form


@pytest.mark.parametrize(
    ("unit", "ours"),
    [
        ("EUR", True),
        ("EUR/BTC", True),
        (" €/btc ", True),
        ("€", True),
        ("eur/XBT", True),
        ("USD", False),
        ("$", False),
        ("EUR/ETH", False),
        ("sat", False),
        (None, False),
    ],
)
def test_the_unit_tells_whether_it_is_such_a_price(unit: str | None, ours: bool):
    assert is_price_of_bitcoin(unit, "EUR") is ours


@pytest.mark.parametrize(
    ("state", "price"), [("91000.5", 91000.5), ("unavailable", None), ("nan", None), ("0", None), ("-3", None)]
)
def test_only_a_price_is_read(hass: HomeAssistant, state: str, price: float | None):
    hass.states.async_set("sensor.btc", state, {"unit_of_measurement": "EUR"})
    assert BtcPriceSensor(hass, "sensor.btc", "EUR").read() == price
    assert BtcPriceSensor(hass, "sensor.gone", "EUR").read() is None


async def test_it_is_chosen_in_the_options_and_asked_first(hass: HomeAssistant, set_up: SetUp):
    house = await set_up(home=home_of({"market_online": False, "manual_btc_price": 1.0}))
    hass.states.async_set("sensor.btc", "91000", {"unit_of_measurement": "USD"})
    answer = {"market_online": False, "market_url": "https://mempool.space", "btc_sensor": "sensor.btc"}
    form = await options_form(hass, house.home_entry.entry_id, "market")
    form = await hass.config_entries.options.async_configure(form["flow_id"], answer)
    assert form["errors"] == {"btc_sensor": "btc_unit"}
    own = answer | {"btc_sensor": house.entity_id("sensor", "btc_price", owner="home")}
    form = await hass.config_entries.options.async_configure(form["flow_id"], own)
    assert form["errors"] == {"btc_sensor": "own_entity"}
    hass.states.async_set("sensor.btc", "91000", {"unit_of_measurement": "EUR"})
    result = await hass.config_entries.options.async_configure(form["flow_id"], answer)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await told_by_the_sensor(house)
    figure = house.home_entry.runtime_data.home.market.figure("btc_price")
    assert (figure.value, figure.source) == (91000, "sensor")


async def told_by_the_sensor(house: House) -> None:
    """Let the market ask once more."""
    await house.home_entry.runtime_data.home.market.update()
