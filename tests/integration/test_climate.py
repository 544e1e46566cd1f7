"""The thermostat as a person sees it."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.hashwarm.engine.model.control import Preset
from custom_components.hashwarm.engine.model.telemetry import DeviceStatus

from .conftest import House, SetUp


async def test_a_new_heater_is_off_and_says_so(house: House):
    climate = house.climate
    assert climate.state == "off"
    assert climate.attributes["hvac_action"] == "off"
    assert climate.attributes["current_temperature"] == 18.0
    assert climate.attributes["hvac_modes"] == ["off", "heat"]
    assert house.worker.commanded_w == 0.0
    assert house.state("sensor", "why").state == "user_off"


async def test_turned_up_it_heats_and_turned_off_it_stops_at_once(house: House):
    await house.do("climate", "set_temperature", temperature=23.0, hvac_mode="heat")
    await house.a_pass()
    assert house.climate.state == "heat"
    assert house.climate.attributes["temperature"] == 23.0
    assert house.climate.attributes["hvac_action"] == "heating"
    assert house.worker.commanded_w > 50.0
    await house.do("climate", "turn_off")
    assert house.worker.commanded_w == 0.0
    await house.a_pass()
    assert house.climate.state == "off"
    assert house.climate.attributes["hvac_action"] == "off"


async def test_turned_down_it_idles(house: House):
    await house.do("climate", "turn_on")
    await house.do("climate", "set_temperature", temperature=10.0)
    await house.a_pass()
    assert house.climate.attributes["hvac_action"] == "idle"
    assert house.state("sensor", "why").state == "at_target"
    await house.do("climate", "set_hvac_mode", hvac_mode="off")
    assert house.climate.state == "off"


async def test_a_device_that_boots_is_preheating_and_one_that_draws_is_heating(house: House):
    house.worker.said.update(status=DeviceStatus.STARTING, power_w=0.0, hash_rate_hs=0.0)
    await house.do("climate", "turn_on")
    await house.a_pass()
    assert house.climate.attributes["hvac_action"] == "preheating"
    assert house.state("sensor", "why").state == "preheating_device"
    house.worker.said.update(status=DeviceStatus.RUNNING, power_w=40.0)
    await house.a_pass()
    assert house.climate.attributes["hvac_action"] == "heating"


async def test_a_command_that_draws_nothing_is_no_heating(house: House):
    house.worker.said.update(power_w=None, hash_rate_hs=None)
    await house.do("climate", "turn_on")
    await house.a_pass()
    assert house.worker.commanded_w > 0.0
    assert house.climate.attributes["hvac_action"] == "idle"


@pytest.mark.parametrize("preset", list(Preset))
async def test_each_preset_brings_its_temperature(house: House, preset: Preset):
    await house.do("climate", "set_preset_mode", preset_mode=preset.value)
    assert house.climate.attributes["preset_mode"] == preset.value
    assert house.climate.attributes["temperature"] == house.coordinator.settings.preset_targets_c[preset]


async def test_a_target_of_its_own_leaves_the_preset(house: House):
    await house.do("climate", "set_temperature", temperature=20.3)
    assert house.climate.attributes["preset_mode"] == "none"
    await house.do("climate", "set_temperature", temperature=19.0)
    assert house.climate.attributes["preset_mode"] == "eco"


async def test_leaving_the_preset_keeps_the_temperature(house: House):
    await house.do("climate", "set_preset_mode", preset_mode="sleep")
    await house.do("climate", "set_preset_mode", preset_mode="none")
    assert house.climate.attributes["preset_mode"] == "none"
    assert house.climate.attributes["temperature"] == 18.0


async def test_no_preset_keeps_the_target(house: House):
    await house.do("climate", "set_preset_mode", preset_mode="boost")
    await house.do("climate", "set_preset_mode", preset_mode="none")
    assert house.climate.attributes["preset_mode"] == "none"
    assert house.climate.attributes["temperature"] == 23.0


async def test_a_target_out_of_bounds_is_refused_and_changes_nothing(house: House):
    with pytest.raises(ServiceValidationError):
        await house.do("climate", "set_temperature", temperature=80.0)
    assert house.climate.attributes["temperature"] == 21.0


async def test_wishes_survive_a_reload(hass: HomeAssistant, house: House):
    await house.do("climate", "set_preset_mode", preset_mode="boost")
    await house.do("climate", "turn_on")
    await hass.config_entries.async_reload(house.entry.entry_id)
    await house.a_pass()
    assert len(house.workers) == 2
    assert house.climate.state == "heat"
    assert house.climate.attributes["preset_mode"] == "boost"
    assert house.climate.attributes["temperature"] == 23.0
    assert house.worker.commanded_w > 50.0


async def test_frost_protection_says_why(set_up: SetUp):
    house = await set_up(room=4.0)
    await house.do("climate", "turn_on")
    await house.do("climate", "set_preset_mode", preset_mode="frost_protection")
    assert house.worker.commanded_w > 0.0
    assert house.state("sensor", "why").state == "frost"
