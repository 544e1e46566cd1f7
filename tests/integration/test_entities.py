"""Every entity as registered and as shown."""

from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.hashwarm.binary_sensor import BINARY_SENSORS
from custom_components.hashwarm.const import HEATER_PLATFORMS
from custom_components.hashwarm.engine.home import Outlook
from custom_components.hashwarm.engine.model.control import ControlMode
from custom_components.hashwarm.engine.model.errors import DeviceUnreachableError
from custom_components.hashwarm.sensors_heater import HEATER_SENSORS
from custom_components.hashwarm.sensors_home import HOME_SENSORS
from custom_components.hashwarm.sensors_money import MONEY_SENSORS

from .conftest import House, SetUp, heater_of
from .fake_worker import FakeWorker

NOON = "2026-11-22T12:00:00+00:00"


async def two_minutes_of_heat(house: House, freezer: FrozenDateTimeFactory) -> None:
    """Draw 40 W for two minutes, so that all figures are known."""
    house.coordinator.settings.on = True
    house.coordinator.settings.mode = ControlMode.MANUAL_POWER
    house.coordinator.settings.manual_power_w = 40.0
    for _ in range(12):
        await house.a_pass()
        freezer.tick(10)
    await house.a_pass()
    await house.home_entry.runtime_data.async_refresh()
    await house.hass.async_block_till_done()


# The worker on this host has nothing to press, and nothing happens to its jobs where it has none.
@pytest.mark.parametrize("platform", sorted({*HEATER_PLATFORMS} - {Platform.BUTTON, Platform.EVENT}))
async def test_heater(
    hass: HomeAssistant,
    set_up: SetUp,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    freezer: FrozenDateTimeFactory,
    platform: Platform,
):
    freezer.move_to(NOON)
    with patch("custom_components.hashwarm.HEATER_PLATFORMS", (platform,)):
        house = await set_up()
        await two_minutes_of_heat(house, freezer)
        await snapshot_platform(hass, entity_registry, snapshot, house.entry.entry_id)
        assert await hass.config_entries.async_unload(house.entry.entry_id)


async def test_home(
    hass: HomeAssistant,
    set_up: SetUp,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    freezer: FrozenDateTimeFactory,
):
    freezer.move_to(NOON)
    house = await set_up()
    await two_minutes_of_heat(house, freezer)
    await snapshot_platform(hass, entity_registry, snapshot, house.home_entry.entry_id)


async def test_without_a_pool_there_is_nothing_to_say_of_one(hass: HomeAssistant, set_up: SetUp):
    house = await set_up(heater=heater_of(pools=[]))
    keys = {entry.unique_id for entry in er.async_entries_for_config_entry(er.async_get(hass), house.entry.entry_id)}
    for key in (
        "pool",
        "pool_connected",
        "shares_accepted",
        "shares_rejected",
        "best_share",
        "solo_odds",
        "break_even_price",
    ):
        assert not any(unique_id.endswith(f"_{key}") for unique_id in keys), key


async def test_entities_of_a_pool_that_was_removed_are_forgotten(
    hass: HomeAssistant, house: House, entity_registry: er.EntityRegistry
):
    known = {item.unique_id for item in er.async_entries_for_config_entry(entity_registry, house.entry.entry_id)}
    hass.config_entries.async_update_entry(house.entry, data={**house.entry.data, "pools": []})
    assert await hass.config_entries.async_reload(house.entry.entry_id)
    left = {item.unique_id for item in er.async_entries_for_config_entry(entity_registry, house.entry.entry_id)}
    gone = {unique_id.split("_", 1)[1] for unique_id in known - left}
    assert any("shares_accepted" in name for name in gone)
    assert any("pool_connected" in name for name in gone)
    assert not any("hash_rate" in name for name in gone)


async def test_without_a_pool_nothing_is_promised(set_up: SetUp):
    house = await set_up(heater=heater_of(pools=[]))
    await house.do("climate", "turn_on")
    await house.a_pass()
    assert house.coordinator.data.telemetry.hash_rate_hs > 0
    assert house.coordinator.outlook == Outlook()


async def test_a_heater_whose_device_was_silent_at_first_is_paid_all_the_same(
    set_up: SetUp, freezer: FrozenDateTimeFactory
):
    with patch.object(FakeWorker, "read", side_effect=DeviceUnreachableError("booting")):
        house = await set_up()
    await house.do("climate", "turn_on")
    await house.a_pass()
    assert house.coordinator.outlook.value_per_kwh > 0


def test_what_few_people_need_is_off_by_default():
    described = (*HEATER_SENSORS, *MONEY_SENSORS, *HOME_SENSORS, *BINARY_SENSORS)
    off = {entity.key for entity in described if not entity.entity_registry_enabled_default}
    assert off == {"kernel", "limited", "solo_odds"}


async def test_an_unknown_figure_is_unknown_and_never_zero(house: House):
    house.worker.said.update(
        power_w=None, power_source=None, hash_rate_hs=None, hashes=None, chip_c=None, kernel=None, pool=None
    )
    await house.a_pass()
    for key in ("power", "power_source", "hash_rate", "chip_temperature", "efficiency", "kernel", "pool", "best_share"):
        assert house.state("sensor", key).state == "unknown", key
    assert house.state("binary_sensor", "pool_connected").state == "unknown"
    assert house.state("sensor", "pool").attributes.get("connected") is None


async def test_a_silent_device_is_unavailable_and_comes_back(house: House):
    house.worker.silent = True
    await house.a_pass()
    for key in ("power", "hash_rate", "chip_temperature", "efficiency", "kernel", "pool", "workload"):
        assert house.state("sensor", key).state == "unavailable", key
    assert house.state("binary_sensor", "limited").state == "unavailable"
    assert house.state("sensor", "status").state == "offline"
    assert house.climate.state == "off", "wishes can still be given"
    assert house.state("sensor", "energy").state != "unavailable", "what was counted stays counted"
    house.worker.silent = False
    await house.a_pass()
    assert house.state("sensor", "power").state == "0.0"
    assert house.state("binary_sensor", "limited").state == "off"
