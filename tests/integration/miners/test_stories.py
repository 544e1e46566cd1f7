"""Every family, from its address to a warm room and back out of the house, on real sockets."""

import itertools
from typing import Any

from homeassistant.config_entries import SOURCE_DHCP, SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
import pytest

from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.miners import BY_NAME
from simulators.miners.emulator import Fault
from tests.thorough import THOROUGH

from ..conftest import ROOM
from .conftest import FAMILIES, INTERVAL_S, TARGET_C, Add, Case, Miner, World, go, log_in, remember, room_for

every_family = pytest.mark.parametrize("case", FAMILIES.values(), ids=FAMILIES)
every_secured = pytest.mark.parametrize(
    "case",
    [case for case in FAMILIES.values() if case.secured],
    ids=[name for name, c in FAMILIES.items() if c.secured],
)
# Rooms take long even in fast time: every day one of each way to be told watts heats them, else all families do.
HEATERS = FAMILIES if THOROUGH else {name: FAMILIES[name] for name in ("axeos", "avalon", "braiins", "luxos")}
every_heater = pytest.mark.parametrize("case", HEATERS.values(), ids=HEATERS)
HOURS_TO_WARM, HOURS_HELD = 2, 1


async def heat(miner: Miner) -> None:
    await miner.do("climate", "set_temperature", temperature=TARGET_C, hvac_mode="heat")


@every_heater
async def test_it_holds_a_room_at_its_target(calm: None, add: Add, world: World, case: Case):
    miner = await add(case)
    await remember(miner)
    world.begin(room_for(miner.profile, case.need, case.start_c), miner.emulator)
    await heat(miner)
    await world.wait(HOURS_TO_WARM * 3600)
    asked, wrote, start_s = miner.asked, len(miner.emulator.writes), world.clock.time()
    kwh, energy_ws = float(miner.state("sensor", "energy").state), miner.emulator.machine.energy_ws
    await world.wait(HOURS_HELD * 3600)
    held = world.since(start_s)
    assert max(abs(celsius - TARGET_C) for celsius in held) <= case.within_k, (min(held), max(held))
    updates = HOURS_HELD * 3600 / INTERVAL_S + 1
    # Each write is read back once more, and some devices are asked again what a write has changed.
    written = len(miner.emulator.writes) - wrote
    assert miner.asked - asked <= case.requests * updates + (2 * case.requests + 3) * written
    assert miner.state("climate").attributes["current_temperature"] == pytest.approx(held[-1], abs=0.2)
    booked_kwh = float(miner.state("sensor", "energy").state) - kwh
    drawn_kwh = (miner.emulator.machine.energy_ws - energy_ws) / 3.6e6
    # What a stock Antminer draws is only guessed from its mode, and nothing is guessed while it restarts.
    assert booked_kwh == pytest.approx(drawn_kwh, rel=0.25 if case.family == "antminer" else 0.05)
    assert float(miner.state("sensor", "earnings_total").state) > 0.0
    assert miner.state("sensor", "power").attributes["unit_of_measurement"] == "W"
    assert float(miner.state("sensor", "hash_rate").state) < 1000.0, "in TH/s"


@every_family
async def test_a_pulled_plug_is_a_normal_state(
    hass: HomeAssistant, add: Add, world: World, case: Case, caplog: pytest.LogCaptureFixture
):
    miner = await add(case)
    world.begin(room_for(miner.profile, case.need, 19.0), miner.emulator)
    await heat(miner)
    await world.wait(900)
    entities = set(hass.states.async_entity_ids())
    caplog.clear()
    await miner.emulator.pull_plug()
    await world.wait(3 * INTERVAL_S)
    assert miner.state("sensor", "power").state == STATE_UNAVAILABLE
    assert miner.state("sensor", "status").state == "offline"
    assert miner.state("sensor", "why").state == "device_offline"
    await world.wait(600)
    assert set(hass.states.async_entity_ids()) == entities
    said = [record.getMessage() for record in caplog.records if "does not answer" in record.getMessage()]
    assert len(said) == 1, said
    energy = float(miner.state("sensor", "energy").state)
    await miner.emulator.put_plug_back()
    await world.wait(INTERVAL_S)
    assert miner.state("sensor", "status").state != "offline"
    assert float(miner.state("sensor", "energy").state) == pytest.approx(energy, abs=0.01)
    await world.wait(1500)
    assert miner.state("climate").attributes["hvac_action"] == "heating"
    assert sum("answers again" in record.getMessage() for record in caplog.records) == 1
    assert miner.entry.state is ConfigEntryState.LOADED


@every_family
async def test_home_assistant_starts_while_the_miner_is_off(hass: HomeAssistant, add: Add, world: World, case: Case):
    miner = await add(case)
    world.begin(room_for(miner.profile, case.need, 19.0), miner.emulator)
    await heat(miner)
    await world.wait(300)
    entities = set(hass.states.async_entity_ids("sensor"))
    await miner.emulator.pull_plug()
    await hass.config_entries.async_reload(miner.entry.entry_id)
    await world.wait(3 * INTERVAL_S)
    assert miner.entry.state is ConfigEntryState.LOADED
    assert set(hass.states.async_entity_ids("sensor")) == entities
    assert miner.state("climate").state == "heat"
    await miner.emulator.put_plug_back()
    await world.wait(INTERVAL_S)
    assert miner.state("sensor", "status").state != "offline"


@every_secured
async def test_a_changed_password_is_asked_for_again(hass: HomeAssistant, add: Add, world: World, case: Case):
    miner = await add(case)
    world.begin(room_for(miner.profile, case.need, 19.0), miner.emulator)
    await heat(miner)
    await world.wait(600)
    miner.emulator.password = "another"
    # Some devices ask for the password at a write only.
    await miner.do("climate", "set_temperature", temperature=19.5)
    await world.wait(1800)
    flows = [flow for flow in hass.config_entries.flow.async_progress() if flow["context"]["source"] == "reauth"]
    assert len(flows) == 1
    result = flows[0]
    if BY_NAME[miner.profile.family].proves_password:
        result = await go(hass, result, log_in(case, password="wrong"))
        assert result["errors"] == {"password": "invalid_auth"}
    result = await go(hass, result, log_in(case, password="another"))
    assert (result["type"], result["reason"]) == ("abort", "reauth_successful")
    await world.wait(600)
    assert miner.entry.data["password"] == "another"
    assert miner.state("sensor", "status").state not in {"offline", "restricted"}
    await miner.do("climate", "set_temperature", temperature=23.0)
    await world.wait(1200)
    assert miner.state("sensor", "why").state in {"heating_up", "holding"}


@every_family
async def test_its_address_may_change(hass: HomeAssistant, add: Add, world: World, case: Case):
    miner = await add(case)
    world.begin(room_for(miner.profile, case.need, 19.0), miner.emulator)
    await heat(miner)
    await world.wait(300)
    await miner.emulator.stop()
    miner.emulator.port = 0
    await miner.emulator.start()
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": miner.entry.entry_id}
    )
    host = f"127.0.0.1:{miner.emulator.port}"
    room = {"room_sensor": ROOM, "room_response": "light"}
    wrong = await go(hass, result, {"host": "127.0.0.1:9", **room})
    assert wrong["errors"] == {"base": "device_unreachable"}
    result = await go(hass, wrong, {"host": host, **room})
    assert (result["type"], result["reason"]) == ("abort", "reconfigure_successful")
    await world.wait(INTERVAL_S)
    assert miner.state("sensor", "status").state != "offline"
    assert miner.state("climate").state == "heat"


@every_family
async def test_it_is_followed_when_the_router_gives_it_another_address(
    hass: HomeAssistant, add: Add, world: World, case: Case
):
    miner = await add(case)
    if miner.profile.mac is None:
        pytest.skip("this family tells no MAC")
    world.begin(room_for(miner.profile, case.need, 19.0), miner.emulator)
    await miner.emulator.stop()
    await miner.emulator.start("127.0.0.2", miner.emulator.port)
    found = DhcpServiceInfo(ip="127.0.0.2", hostname="miner", macaddress=miner.profile.mac.replace(":", ""))
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_DHCP}, data=found)
    assert (result["type"], result["reason"]) == ("abort", "already_configured")
    await world.wait(INTERVAL_S)
    assert miner.entry.data["host"] == "127.0.0.2"
    assert miner.state("sensor", "status").state != "offline"


@every_family
async def test_when_it_is_removed_it_stays_at_its_floor(hass: HomeAssistant, add: Add, world: World, case: Case):
    miner = await add(case)
    world.begin(room_for(miner.profile, case.need, 18.0), miner.emulator)
    await heat(miner)
    await world.wait(900)
    floor_w = miner.profile.levels[0].power_w
    await hass.config_entries.async_remove(miner.entry.entry_id)
    await world.wait(1800)
    power_w = miner.emulator.machine.power_w
    assert power_w == pytest.approx(floor_w, rel=0.2)
    asked = miner.asked
    await world.wait(300)
    assert miner.asked == asked, "a removed miner is left in peace"
    assert not [entity_id for entity_id in hass.states.async_entity_ids("climate") if "miner" in entity_id]


@every_family
async def test_adding_it_costs_few_requests_and_a_reload_writes_nothing(
    hass: HomeAssistant, add: Add, world: World, case: Case
):
    miner = await add(case)
    assert miner.asked <= 2 * case.set_up_requests, miner.emulator.requests
    world.begin(room_for(miner.profile, case.need, 18.0), miner.emulator)
    await miner.do("select", "select_option", "control", option="manual_power")
    await miner.do("number", "set_value", "manual_power", value=round(miner.profile.levels[-1].power_w * 0.9))
    await miner.do("climate", "turn_on")
    await world.wait(900)
    wrote, restarts = list(miner.emulator.writes), miner.emulator.machine.restarts
    asked = miner.asked
    await hass.config_entries.async_reload(miner.entry.entry_id)
    await world.wait(2)
    assert list(miner.emulator.writes) == wrote
    assert miner.emulator.machine.restarts == restarts
    assert miner.asked - asked <= case.requests + case.set_up_requests / 2
    starts: Any = miner.state("sensor", "starts_today").state
    assert int(starts) <= 1


async def test_a_hung_miner_delays_nobody(add: Add, world: World):
    hung, other = await add(FAMILIES["axeos"]), await add(FAMILIES["avalon"])
    world.begin(room_for(other.profile, 0.4, 18.0), other.emulator)
    await world.wait(300)
    hung.emulator.fault = Fault.HUNG
    coordinator, seen = other.entry.runtime_data, list[float]()
    at_s = coordinator.data.telemetry.at_s

    def look() -> None:
        nonlocal at_s
        if coordinator.data.telemetry.at_s != at_s:
            at_s = coordinator.data.telemetry.at_s
            seen.append(at_s)

    coordinator.async_add_listener(look)
    await world.wait(10 * INTERVAL_S)
    assert hung.state("sensor", "status").state == "offline"
    gaps = [later - earlier for earlier, later in itertools.pairwise(seen)]
    assert len(gaps) >= 8
    assert max(gaps) <= INTERVAL_S + 0.1
