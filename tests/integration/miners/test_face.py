"""What Home Assistant shows of a miner that answers, refuses, changes and goes; on emulators, in real time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
import json
import logging
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.requirements import RequirementsNotFound
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import utcnow
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    get_system_health_info,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.hashwarm import miner_flow, repairs
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.diagnostics import async_get_config_entry_diagnostics
from custom_components.hashwarm.engine.miners import BY_NAME, Family, MinerAddress, profile_as_dict
from custom_components.hashwarm.heater_money import working_point
from custom_components.hashwarm.helpers import install_asic_rs
from custom_components.hashwarm.keeping import heater_store
from simulators.miners.catalogue import SPECIMENS
from simulators.miners.emulator import Emulator, Fault

from ..conftest import OUTDOOR, ROOM, complaints, home_of, options_form, set_temperature

# One kind of answer after the other is asked for beside the figures.
TURNS = 24

pytestmark = pytest.mark.usefixtures("sockets")


class Owner:
    """A miner that is a heater, and the hands of the person who owns it."""

    def __init__(self, hass: HomeAssistant, emulator: Emulator, entry: Any) -> None:
        self.hass, self.emulator, self.entry = hass, emulator, entry

    @property
    def coordinator(self) -> Any:
        return self.entry.runtime_data

    def entity_id(self, domain: str, key: str | None = None) -> str | None:
        unique_id = self.entry.unique_id if key is None else f"{self.entry.unique_id}_{key}"
        return er.async_get(self.hass).async_get_entity_id(domain, DOMAIN, unique_id)

    def state(self, domain: str, key: str | None = None) -> Any:
        return self.hass.states.get(self.entity_id(domain, key) or "")

    async def do(self, domain: str, service: str, key: str | None = None, **data: Any) -> None:
        target = {"entity_id": self.entity_id(domain, key)}
        await self.hass.services.async_call(domain, service, {**target, **data}, blocking=True)

    async def look(self, **changed: Any) -> None:
        """Change the emulator, have it asked at once, and let the answer be shown."""
        for key, value in changed.items():
            setattr(self.emulator, key, value)
        backend = self.coordinator.heater.backend
        contact = backend._contact
        before = (contact.read_at_s, contact.failures)
        backend._poll_now.set()
        await until(lambda: (contact.read_at_s, contact.failures) != before)
        await self.shown()

    async def shown(self) -> None:
        passes = self.coordinator.heater
        before = passes.state
        passes.apply()
        await until(lambda: passes.state is not before)
        await self.hass.async_block_till_done()


type SetUp = Callable[..., Awaitable[Owner]]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def everything() -> Iterator[None]:
    """Entities that are off by default are on."""
    with patch("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", True):
        yield


@pytest.fixture
async def own(hass: HomeAssistant) -> AsyncIterator[SetUp]:
    """Return what sets up a miner that was added before; with `off` it does not answer yet."""
    running: list[Emulator] = []

    async def do(family: str = "axeos", *, off: bool = False, options: Any = None, **made: Any) -> Owner:
        emulator = SPECIMENS[family].make(**made)
        await emulator.start()
        running.append(emulator)
        specimen = SPECIMENS[family]
        address = MinerAddress(
            host=emulator.host, port=emulator.port, username=specimen.username, password=specimen.password
        )
        link = miner_flow.Link(session=miner_flow.async_get_clientsession(hass))
        profile = await miner_flow.identify(link, address, BY_NAME[Family(family)])
        if off:
            await emulator.pull_plug()
        set_temperature(hass, ROOM, 18.0)
        set_temperature(hass, OUTDOOR, 5.0)
        home_of().add_to_hass(hass)
        data = {
            "kind": "networked_miner",
            "family": family,
            "host": emulator.host,
            "port": emulator.port,
            "username": specimen.username,
            "password": specimen.password,
            "profile": profile_as_dict(profile),
            "room_sensor": ROOM,
            "outdoor_sensor": OUTDOOR,
            "room_response": "light",
        }
        entry = MockConfigEntry(
            domain=DOMAIN, unique_id=profile.identity, title=profile.model, data=data, options=options or {}
        )
        entry.add_to_hass(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        owner = Owner(hass, emulator, entry)
        if not off:
            await until(lambda: entry.runtime_data.heater.backend._contact.reading)
            await owner.shown()
        await hass.async_block_till_done()
        return owner

    yield do
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)
    for emulator in running:
        await emulator.stop()


async def heating(owner: Owner) -> None:
    """Have it run, well above its floor."""
    await owner.do("climate", "set_temperature", temperature=28.0, hvac_mode="heat")
    await until(lambda: ("frequency", 625) in owner.emulator.writes and not owner.emulator.machine.paused)
    owner.emulator.writes.clear()
    await owner.look()


def issues(hass: HomeAssistant) -> set[str]:
    return {issue.translation_key or "" for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN}


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("family", ["axeos", "avalon", "vnish"])
async def test_all_entities_of_a_miner(
    hass: HomeAssistant, own: SetUp, family: str, snapshot: SnapshotAssertion, caplog: pytest.LogCaptureFixture
):
    """By kind of control: any frequency, three presets, percent."""
    owner = await own(family)
    registry = er.async_get(hass)
    told = {
        entity.entity_id: {
            "category": entity.entity_category,
            "class": entity.original_device_class,
            "key": entity.translation_key,
            "name": entity.original_name,
            "unit": entity.unit_of_measurement,
            "options": (entity.capabilities or {}).get("options"),
            "state_class": (entity.capabilities or {}).get("state_class"),
        }
        for entity in er.async_entries_for_config_entry(registry, owner.entry.entry_id)
    }
    assert dict(sorted(told.items())) == snapshot
    assert not complaints(caplog)


async def test_its_device(hass: HomeAssistant, own: SetUp):
    owner = await own()
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, owner.entry.unique_id), owner.entry.entry_id)
    assert device is not None
    assert device.connections == {(dr.CONNECTION_NETWORK_MAC, "aa:bb:cc:0a:0e:01")}
    assert (device.manufacturer, device.model, device.sw_version) == (
        "Bitaxe (AxeOS)",
        "Bitaxe Gamma (BM1370)",
        "v2.15.0",
    )
    owner.emulator.firmware = "v2.16.0"  # type: ignore[attr-defined]
    await owner.look()
    device = dr.async_get(hass).async_get(device.id)
    assert isinstance(device, dr.DeviceEntry)
    assert device.sw_version == "v2.16.0"
    assert owner.entry.state is ConfigEntryState.LOADED


async def test_one_without_a_mac_has_a_device_too(hass: HomeAssistant, own: SetUp):
    owner = await own("ofen")
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, owner.entry.unique_id), owner.entry.entry_id)
    assert device is not None
    assert (device.connections, device.manufacturer) == (set(), "21energy Ofen")


async def test_firmware_that_brings_more_brings_its_entities(hass: HomeAssistant, own: SetUp):
    owner = await own()
    assert owner.entity_id("number", "fan_percent") is not None
    info = owner.emulator.info  # type: ignore[attr-defined]

    def without_a_fan() -> Any:
        return {key: value for key, value in info().items() if key != "autofanspeed"}

    owner.emulator.info, owner.emulator.firmware = without_a_fan, "v2.17.0"  # type: ignore[attr-defined]
    owner.coordinator.heater.backend._poll_now.set()
    await until(lambda: owner.entity_id("number", "fan_percent") is None)
    await hass.async_block_till_done()
    assert owner.entry.state is ConfigEntryState.LOADED


async def test_parts_are_off_by_default_come_when_seen_and_may_go(hass: HomeAssistant, own: SetUp):
    owner = await own("vnish", off=True)
    keys = [f"{key}_{index}" for key in ("board_temperature", "board_hash_rate", "fan_speed") for index in (0, 1)]
    assert not [key for key in keys if owner.entity_id("sensor", key)]
    assert owner.state("sensor", "power").state == STATE_UNAVAILABLE
    assert owner.state("climate").state == "off"
    await owner.emulator.put_plug_back()
    await owner.look()
    registry = er.async_get(hass)
    parts = [registry.async_get(owner.entity_id("sensor", key) or "") for key in keys]
    assert all(part is not None and part.disabled_by is er.RegistryEntryDisabler.INTEGRATION for part in parts)


@pytest.mark.usefixtures("everything")
async def test_a_board_is_followed_and_one_that_is_gone_is_unknown(own: SetUp):
    owner = await own("vnish")
    emulator: Any = owner.emulator
    fast = owner.state("sensor", "board_hash_rate_1").state
    emulator.machine._work_w /= 2.0
    await owner.look()
    assert float(owner.state("sensor", "board_hash_rate_1").state) < float(fast)
    backend = owner.coordinator.heater.backend
    read = backend.driver.read

    async def fewer() -> Any:
        reading = await read()
        return replace(reading, boards=reading.boards[:1])

    with patch.object(backend.driver, "read", fewer):
        await owner.look()
    assert owner.state("sensor", "board_temperature_1").state == "unknown"
    assert owner.state("sensor", "board_temperature_0").state != "unknown"


async def test_buttons_light_and_fan_do_what_they_say(hass: HomeAssistant, own: SetUp):
    owner = await own()
    await owner.do("number", "set_value", "fan_percent", value=55)
    await owner.look()
    assert float(owner.state("number", "fan_percent").state) == 55.0
    assert owner.state("switch", "fan_automatic").state == "off"
    await owner.do("switch", "turn_on", "fan_automatic")
    await owner.look()
    assert owner.state("switch", "fan_automatic").state == "on"
    await owner.do("switch", "turn_off", "fan_automatic")
    assert ("manualFanSpeed", 100) in owner.emulator.writes
    await owner.do("button", "press", "restart")
    assert owner.emulator.machine.restarts == 1


async def test_a_light_shines(own: SetUp):
    owner = await own("braiins")
    light = owner.state("switch", "light")
    assert (light.state, light.attributes["assumed_state"]) == ("unknown", True), "this one does not tell"
    await owner.do("switch", "turn_on", "light")
    await owner.do("switch", "turn_off", "light")
    assert owner.emulator.requests["PUT /api/v1/actions/locate"] == 2


async def test_what_fails_is_said_in_words(hass: HomeAssistant, own: SetUp):
    owner = await own()
    await owner.emulator.stop()
    with pytest.raises(HomeAssistantError) as failed:
        await owner.do("button", "press", "restart")
    assert failed.value.translation_key == "device_unreachable"
    await owner.emulator.start()
    owner.emulator.fault = Fault.HUNG
    short = patch("custom_components.hashwarm.engine.miners.backend.time_limit_s", return_value=0.1)
    with short, pytest.raises(HomeAssistantError) as failed:
        await owner.do("switch", "turn_off", "fan_automatic")
    assert failed.value.translation_key == "device_unreachable"


async def test_paused_by_hand_the_thermostat_is_untouched_also_after_a_restart(hass: HomeAssistant, own: SetUp):
    owner = await own()
    await owner.do("climate", "set_temperature", temperature=23.0, hvac_mode="heat")
    await owner.do("switch", "turn_on", "pause")
    await owner.shown()
    for _ in range(2):
        assert owner.state("sensor", "why").state == "user_paused"
        assert owner.state("climate").state == "heat"
        assert owner.state("climate").attributes["temperature"] == 23.0
        await hass.config_entries.async_reload(owner.entry.entry_id)
        await owner.look()
    await until(lambda: owner.emulator.machine.paused)
    await owner.do("switch", "turn_off", "pause")
    await owner.shown()
    assert owner.state("sensor", "why").state != "user_paused"


async def test_repairs_come_and_go(hass: HomeAssistant, own: SetUp):
    owner = await own()
    assert not issues(hass)
    await owner.look(hardware_fault="psu")
    assert issues(hass) == {"miner_hardware"}
    await owner.look(hardware_fault="")
    assert not issues(hass)
    owner.emulator.mac = "AA:BB:CC:0A:0E:77"
    await owner.look()
    assert issues(hass) == {"other_device"}
    assert owner.state("sensor", "status").state == "offline"
    writes = len(owner.emulator.writes)
    await owner.do("climate", "set_temperature", temperature=23.0, hvac_mode="heat")
    with pytest.raises(HomeAssistantError):
        await owner.coordinator.async_ask(lambda driver: driver.restart())
    assert len(owner.emulator.writes) == writes
    await hass.config_entries.async_unload(owner.entry.entry_id)
    assert not issues(hass)


async def test_a_loop_of_its_own_is_explained_and_ended_with_consent(hass: HomeAssistant, own: SetUp):
    owner = await own("braiins")
    emulator: Any = owner.emulator
    emulator.dps_enabled = True
    for _ in range(TURNS):
        await owner.look()
    assert issues(hass) == {"braiins_dps"}
    assert owner.state("binary_sensor", "own_loop").state == "on"
    assert emulator.dps_enabled
    hass.config_entries.async_update_entry(owner.entry, options={"end_thermal_loop": True})
    await hass.config_entries.async_reload(owner.entry.entry_id)
    await owner.look()
    await until(lambda: not emulator.dps_enabled)
    for _ in range(TURNS):
        await owner.look()
    assert owner.state("binary_sensor", "own_loop").state == "off"
    assert not issues(hass)


async def test_a_new_password_is_asked_for_once(hass: HomeAssistant, own: SetUp):
    owner = await own("vnish")
    await owner.look(password="another")
    for _ in range(6):
        await owner.look()
        await owner.shown()
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == ["reauth"]


@pytest.mark.parametrize(("pays", "scheme"), [("pool", "pool"), ("solo", "solo"), ("none", "none")])
async def test_what_pays_is_booked(hass: HomeAssistant, own: SetUp, pays: str, scheme: str):
    owner = await own(options={"pays": pays})
    home = owner.coordinator.home()
    assert home._ledger.account(owner.entry.unique_id).earning.scheme == scheme
    assert (owner.entity_id("sensor", "shares_accepted") is None) is (pays == "none")
    assert (owner.entity_id("sensor", "break_even_price") is None) is (pays != "pool")
    assert (owner.entity_id("sensor", "earnings_total") is None) is (pays == "solo")
    assert (owner.entity_id("sensor", "solo_odds") is None) is (pays == "none")


async def test_a_miner_at_rest_tells_what_it_would_earn(own: SetUp):
    owner = await own("axeos")
    nominal = owner.coordinator.miner.curve.levels[-1]
    owner.coordinator.data = replace(owner.coordinator.data, telemetry=None)
    assert working_point(owner.coordinator) == (nominal.hash_rate_hs, nominal.power_w)


async def test_one_that_does_not_count_its_work_earns_by_its_hash_rate(own: SetUp):
    owner = await own("avalon")
    assert owner.entity_id("sensor", "shares_accepted") is None
    assert owner.entity_id("binary_sensor", "pool_connected") is None
    await owner.look()
    account = owner.coordinator.home()._ledger.account(owner.entry.unique_id)
    assert account.open_sums().sums.share_work > 0


async def test_diagnostics_tell_all_but_secrets(hass: HomeAssistant, own: SetUp):
    owner = await own("braiins")
    told = json.dumps(await async_get_config_entry_diagnostics(hass, owner.entry))
    profile = owner.entry.data["profile"]
    assert profile["mac"]
    assert not [secret for secret in (profile["mac"], profile["identity"], '"root"', "bc1q") if secret in told]
    assert owner.emulator.host in told
    assert "NaN" not in told


async def test_system_health(hass: HomeAssistant, own: SetUp):
    assert await async_setup_component(hass, "system_health", {})
    await own()
    assert await get_system_health_info(hass, DOMAIN) == {"heaters": 1, "kernels": "-", "pools_connected": "1/1"}


class TestParting:
    """What is left when nobody commands it any more."""

    async def test_removed_it_is_left_at_its_floor(self, hass: HomeAssistant, own: SetUp):
        owner = await own()
        await heating(owner)
        await hass.config_entries.async_remove(owner.entry.entry_id)
        assert ("frequency", 400) in owner.emulator.writes
        assert await heater_store(hass, owner.entry.entry_id).async_load() is None

    async def test_removed_while_it_is_off_nothing_is_lost(
        self, hass: HomeAssistant, own: SetUp, caplog: pytest.LogCaptureFixture
    ):
        owner = await own(off=True)
        await hass.config_entries.async_remove(owner.entry.entry_id)
        assert not complaints(caplog)

    async def test_disabled_it_is_paused_where_its_owner_wants_that(self, hass: HomeAssistant, own: SetUp):
        owner = await own(options={"parting": "off"})
        await heating(owner)
        await hass.config_entries.async_set_disabled_by(owner.entry.entry_id, ConfigEntryDisabler.USER)
        assert owner.emulator.machine.paused
        asked = sum(owner.emulator.requests.values())
        await hass.config_entries.async_remove(owner.entry.entry_id)
        assert sum(owner.emulator.requests.values()) == asked

    async def test_when_home_assistant_stops_it_goes_to_its_floor(self, hass: HomeAssistant, own: SetUp):
        owner = await own()
        await heating(owner)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await until(lambda: ("frequency", 400) in owner.emulator.writes)
        await hass.async_block_till_done()

    async def test_one_whose_profile_cannot_be_read_is_said_and_may_be_removed(
        self, hass: HomeAssistant, own: SetUp, caplog: pytest.LogCaptureFixture
    ):
        owner = await own(off=True)
        await hass.config_entries.async_unload(owner.entry.entry_id)
        await heater_store(hass, owner.entry.entry_id).async_remove()
        hass.config_entries.async_update_entry(owner.entry, data={**owner.entry.data, "profile": {"family": "new"}})
        assert not await hass.config_entries.async_setup(owner.entry.entry_id)
        assert owner.entry.error_reason_translation_key == "profile_unreadable"
        caplog.clear()
        await hass.config_entries.async_remove(owner.entry.entry_id)
        assert not complaints(caplog)


async def test_set_up_reload_and_unload_leave_no_complaints(
    hass: HomeAssistant, own: SetUp, watched_loop: None, caplog: pytest.LogCaptureFixture
):
    owner = await own()
    await hass.config_entries.async_reload(owner.entry.entry_id)
    await owner.look()
    await hass.config_entries.async_unload(owner.entry.entry_id)
    assert not complaints(caplog)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING and "hashwarm" in record.name]


class TestAsicRs:
    """The library for miners of the long tail."""

    @pytest.fixture
    def process(self) -> Iterator[AsyncMock]:
        with patch("custom_components.hashwarm.helpers.async_process_requirements", AsyncMock()) as process:
            yield process

    async def test_it_is_installed_at_the_version_that_is_known(self, hass: HomeAssistant, process: AsyncMock):
        await install_asic_rs(hass)
        assert process.await_args is not None
        assert process.await_args.args[2] == ["pyasic-rs==0.8.6"]

    async def test_a_failure_is_forgotten_after_a_while(self, hass: HomeAssistant, process: AsyncMock, freezer: Any):
        from pytest_homeassistant_custom_component.common import async_fire_time_changed

        process.side_effect = RequirementsNotFound(DOMAIN, ["x"])
        with patch("custom_components.hashwarm.helpers.async_clear_install_history") as forget:
            with pytest.raises(RequirementsNotFound):
                await install_asic_rs(hass)
            forget.assert_not_called()
            freezer.tick(901)
            async_fire_time_changed(hass)
            await hass.async_block_till_done()
            forget.assert_called_once()

    async def test_without_it_the_miner_is_tried_again(self, hass: HomeAssistant, own: SetUp, process: AsyncMock):
        owner = await own(off=True)
        await hass.config_entries.async_unload(owner.entry.entry_id)
        hass.config_entries.async_update_entry(owner.entry, data={**owner.entry.data, "family": "asic_rs"})
        process.side_effect = RequirementsNotFound(DOMAIN, ["x"])
        await hass.config_entries.async_setup(owner.entry.entry_id)
        assert owner.entry.state is ConfigEntryState.SETUP_RETRY
        assert owner.entry.error_reason_translation_key == "asic_rs_missing"
        process.side_effect = None
        await hass.config_entries.async_reload(owner.entry.entry_id)
        assert owner.entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("field", "domain", "key"),
    [("power_meter", "sensor", "power"), ("plug", "switch", "pause"), ("plug", "switch", "fan_automatic")],
)
async def test_a_heater_is_not_measured_or_switched_by_itself(hass, own, field, domain, key):
    owner = await own()
    form = await options_form(hass, owner.entry.entry_id)
    shown = {str(name): name.description["suggested_value"] for name in form["data_schema"].schema if name.description}
    ours = owner.entity_id(domain, key)
    refused = await hass.config_entries.options.async_configure(form["flow_id"], {**shown, field: ours})
    assert refused["errors"] == {field: "own_entity"}
    mended = await hass.config_entries.options.async_configure(form["flow_id"], shown)
    assert mended["type"] == "create_entry"
    # It begins anew with its changed options, and must have done so before the home goes.
    await hass.async_block_till_done()


async def test_the_plug_of_another_heater_is_not_shared(hass, own):
    owner = await own()
    other = MockConfigEntry(
        domain=DOMAIN, unique_id="other", data={"kind": "networked_miner"}, options={"plug": "switch.plug"}
    )
    other.add_to_hass(hass)
    form = await options_form(hass, owner.entry.entry_id)
    shown = {str(name): name.description["suggested_value"] for name in form["data_schema"].schema if name.description}
    refused = await hass.config_entries.options.async_configure(form["flow_id"], {**shown, "plug": "switch.plug"})
    assert refused["errors"] == {"plug": "entity_in_use"}
    await hass.config_entries.async_remove(other.entry_id)


async def test_a_start_is_written_down_at_once(hass, own, hass_storage):
    owner = await own()
    await heating(owner)
    async_fire_time_changed(hass, utcnow() + timedelta(seconds=2))
    await hass.async_block_till_done()
    kept = hass_storage[f"hashwarm.{owner.entry.entry_id}"]["data"]["controller"]["shaper"]
    assert kept["power_w"] > 0.0
    assert len(kept["starts_at"]) == 1


async def test_removed_while_it_hangs_says_at_what_power_it_was_left(hass: HomeAssistant, own: SetUp):
    owner = await own()
    await heating(owner)
    owner.emulator.fault = Fault.HUNG
    told_w = owner.coordinator.miner.last_told_w
    assert told_w
    with patch("custom_components.hashwarm.engine.miners.backend.PARTING_S", 0.2):
        await hass.config_entries.async_remove(owner.entry.entry_id)
    issue = ir.async_get(hass).issues[(DOMAIN, f"left_running_{owner.entry.unique_id}")]
    assert issue.is_persistent, "the entry is gone, the heat is not"
    assert issue.translation_placeholders == {
        "heater": owner.entry.title,
        "address": "127.0.0.1",
        "power": f"{told_w:.0f}",
    }
    repairs.forget_left_running(hass, owner.entry)
    assert (DOMAIN, f"left_running_{owner.entry.unique_id}") not in ir.async_get(hass).issues


@pytest.mark.parametrize("options", [{"parting": "leave"}, {}])
async def test_one_that_its_owner_leaves_or_that_was_paused_is_not_spoken_of(
    hass: HomeAssistant, own: SetUp, options: dict[str, Any]
):
    owner = await own(options=options)
    if options:
        await heating(owner)
    else:
        await until(lambda: owner.emulator.machine.paused)
    owner.emulator.fault = Fault.HUNG
    with patch("custom_components.hashwarm.engine.miners.backend.PARTING_S", 0.2):
        await hass.config_entries.async_remove(owner.entry.entry_id)
    assert (DOMAIN, f"left_running_{owner.entry.unique_id}") not in ir.async_get(hass).issues
