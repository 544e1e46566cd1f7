"""What a person has to mend is raised while it lasts and taken back when it is gone."""

from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
import sqlite3
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.repairs.const import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import utcnow
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm import assembly
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.home import AccountState, Figure, FigureKind, Market
from custom_components.hashwarm.engine.model.errors import StoreUnavailableError
from custom_components.hashwarm.engine.money import Disagreement
from custom_components.hashwarm.engine.store import Store

from .conftest import HOME_OPTIONS, PRICE, House, SetUp, home_of
from .fake_worker import POOL

HEATER = "heater_entry"


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    return {issue_id: issue for (domain, issue_id), issue in ir.async_get(hass).issues.items() if domain == DOMAIN}


async def test_all_is_well_to_begin_with(hass: HomeAssistant, house: House):
    assert issues(hass) == {}


@pytest.mark.parametrize("problem", ["kernel_crashed", "kernel_tampered", "kernel_wrong"])
async def test_a_kernel_that_cannot_be_used(hass: HomeAssistant, house: House, problem: str):
    house.worker.said["problem"] = problem
    await house.a_pass()
    issue = issues(hass)[f"{problem}_{HEATER}"]
    assert issue.translation_key == problem
    assert issue.translation_placeholders == {"heater": "Hashwarm heater"}
    assert not issue.is_fixable
    house.worker.said["problem"] = "kernel_missing"
    await house.a_pass()
    assert issues(hass) == {}, "a kernel that was never built is no fault"


@pytest.mark.parametrize("problem", ["pool_garbage", "pool_refused"])
async def test_a_pool_that_a_person_has_to_mend(hass: HomeAssistant, house: House, problem: str):
    house.worker.said["pool"] = replace(POOL, connected=False, problem=problem)
    await house.a_pass()
    assert issues(hass)[f"{problem}_{HEATER}"].translation_placeholders == {
        "heater": "Hashwarm heater",
        "pool": "pool.test:3333",
    }
    house.worker.said["pool"] = replace(POOL, connected=False, problem=problem, name="spare.test:3333")
    await house.a_pass()
    assert issues(hass)[f"{problem}_{HEATER}"].translation_placeholders["pool"] == "spare.test:3333"
    house.worker.said["pool"] = replace(POOL, connected=False, problem="pool_unreachable")
    await house.a_pass()
    assert issues(hass) == {}, "a pool that is away comes back by itself"


async def test_a_pool_without_a_name(hass: HomeAssistant, house: House):
    house.worker.said["pool"] = replace(POOL, name=None, problem="pool_garbage")
    await house.a_pass()
    assert issues(hass)[f"pool_garbage_{HEATER}"].translation_placeholders["pool"] == "?"


async def test_a_lost_room_sensor(hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory):
    await house.do("climate", "turn_on")
    house.room("unavailable")
    await house.a_pass()
    assert issues(hass) == {}, "the last value holds for ten minutes"
    freezer.tick(601)
    await house.a_pass()
    assert f"room_sensor_lost_{HEATER}" in issues(hass)
    house.room(18.0)
    await house.a_pass()
    assert issues(hass) == {}


async def test_a_device_that_draws_without_command(hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory):
    house.worker.said["power_w"] = 80.0
    for _ in range(40):
        freezer.tick(10)
        house.room(18.0)
        await house.a_pass()
    assert f"heat_without_command_{HEATER}" in issues(hass)
    house.worker.said["power_w"] = 0.0
    for _ in range(40):
        freezer.tick(10)
        house.room(18.0)
        await house.a_pass()
    assert issues(hass) == {}


async def test_a_heater_without_a_ledger_says_so(hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory):
    await hass.config_entries.async_set_disabled_by(house.home_entry.entry_id, ConfigEntryDisabler.USER)
    await house.a_pass()
    assert issues(hass) == {}, "a home that is reloaded is no problem"
    freezer.tick(61)
    await house.a_pass()
    assert issues(hass)[f"ledger_missing_{HEATER}"].translation_placeholders == {"heater": "Hashwarm heater"}
    await hass.config_entries.async_set_disabled_by(house.home_entry.entry_id, None)
    await house.a_pass()
    assert issues(hass) == {}


async def test_an_entry_that_is_not_loaded_has_no_problems(hass: HomeAssistant, house: House):
    house.worker.said["problem"] = "kernel_wrong"
    await house.a_pass()
    assert len(issues(hass)) == 1
    await hass.config_entries.async_unload(house.entry.entry_id)
    assert issues(hass) == {}


async def test_a_full_disk_is_said_and_heating_goes_on(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
):
    home = house.home_entry.runtime_data.home
    await house.do("climate", "turn_on")
    for _ in range(3):
        freezer.tick(1)
        await house.a_pass()
    with patch.object(Store, "_transact", side_effect=StoreUnavailableError("database or disk is full")):
        for _ in range(2):
            freezer.tick(10)
            await house.a_pass()
            await home.flush()
        issue = issues(hass)["store_unavailable_home_entry"]
        assert not issue.is_fixable
        assert house.worker.commanded_w > 50.0
        assert house.climate.attributes["hvac_action"] == "heating"
    await home.flush()
    assert issues(hass) == {}
    assert house.coordinator.totals.meter_kwh > 50.0 * 20 / 3.6e6, "nothing was lost"
    said = [record.message for record in caplog.records if "cannot be written now" in record.message]
    assert len(said) == 1


async def test_a_folder_that_cannot_be_written_is_no_reason_to_stay_cold(
    hass: HomeAssistant, set_up: SetUp, tmp_path: Path
):
    with patch.object(assembly, "home_path", return_value=tmp_path / "nowhere" / "hashwarm.db"):
        house = await set_up()
    assert "store_unavailable_home_entry" in issues(hass)
    await house.do("climate", "turn_on")
    await house.a_pass()
    assert house.worker.commanded_w > 50.0
    assert house.state("sensor", "energy").state == "unknown"


async def test_a_price_sensor_that_is_gone_for_long(hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory):
    house = await set_up(home=home_of({"market_online": False, "price_sensor": PRICE}))
    home = house.home_entry.runtime_data.home
    assert issues(hass) == {}, "it may come up later than we do"
    freezer.tick(601)
    await home.flush()
    issue = issues(hass)["price_sensor_lost_home_entry"]
    assert issue.translation_placeholders == {"sensor": PRICE}
    hass.states.async_set(PRICE, "30", {"unit_of_measurement": "ct/kWh"})
    await home.flush()
    assert issues(hass) == {}
    hass.states.async_set(PRICE, "30", {"unit_of_measurement": "ct"})
    freezer.tick(599)
    await home.flush()
    assert issues(hass) == {}
    freezer.tick(1)
    await home.flush()
    assert len(issues(hass)) == 1


async def test_without_a_price_sensor_none_is_missed(
    hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory
):
    house = await set_up(home=home_of({"market_online": False}))
    freezer.tick(3600)
    await house.home_entry.runtime_data.home.flush()
    assert issues(hass) == {}


async def test_a_salvaged_ledger_is_acknowledged(hass: HomeAssistant, set_up: SetUp, hass_client: Any):
    assembly.home_path(hass).write_bytes(b"no ledger at all " * 500)
    house = await set_up()
    issue = issues(hass)["store_salvaged_home_entry"]
    assert issue.is_fixable
    assert issue.is_persistent, "a restart does not take back what nobody has read"
    assert await hass.config_entries.async_reload(house.home_entry.entry_id)
    assert "store_salvaged_home_entry" in issues(hass)
    assert await async_setup_component(hass, REPAIRS, {})
    await hass.async_block_till_done()
    client = await hass_client()
    flow = {"handler": DOMAIN, "issue_id": "store_salvaged_home_entry"}
    response = await client.post("/api/repairs/issues/fix", json=flow)
    assert response.status == HTTPStatus.OK
    shown = await response.json()
    assert (shown["type"], shown["step_id"]) == ("form", "confirm")
    response = await client.post(f"/api/repairs/issues/fix/{shown['flow_id']}", json={})
    assert (await response.json())["type"] == "create_entry"
    await hass.async_block_till_done()
    assert issues(hass) == {}
    await house.home_entry.runtime_data.home.flush()
    assert issues(hass) == {}, "once read is enough"
    with sqlite3.connect(assembly.home_path(hass)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def test_sources_that_disagree(hass: HomeAssistant, house: House):
    home = house.home_entry.runtime_data.home
    figures = [Figure(value=value, source=source, at=utcnow()) for value, source in ((1.2e14, "one"), (1e14, "other"))]
    found = {FigureKind.DIFFICULTY: Disagreement(ours=figures[0], theirs=figures[1])}
    with patch.object(Market, "disagreements", found):
        await home.flush()
        told = issues(hass)["sources_disagree_home_entry"].translation_placeholders
        assert told == {"figures": "difficulty: one 1.2e+14, other 1e+14"}
    await home.flush()
    assert issues(hass) == {}


async def test_a_pool_account_that_a_person_has_to_mend(
    hass: HomeAssistant, set_up: SetUp, freezer: FrozenDateTimeFactory
):
    account = ConfigSubentryData(
        data={"pool_kind": "ocean", "scheme": "tides", "fee": 2.0, "heaters": [], "others_feed": False, "address": ""},
        subentry_type="account",
        title="My account",
        unique_id=None,
    )
    home = MockConfigEntry(
        domain=DOMAIN, unique_id="home", data={"kind": "home"}, options=HOME_OPTIONS, subentries_data=[account]
    )
    house = await set_up(home=home)
    (account_id,) = house.home_entry.subentries
    ledger = house.home_entry.runtime_data.home
    for problem, waits_s, doubtful, raised in (
        ("account_refused", 0, False, {"account_refused"}),
        ("account_unknown", 0, False, set()),
        ("account_unknown", 25 * 3600, False, {"account_unknown"}),
        (None, 0, True, {"account_doubtful"}),
        ("source_failed", 0, False, set()),
    ):
        freezer.tick(waits_s)
        state = AccountState(problem=problem, doubtful=doubtful)
        with patch.object(ledger.accounts, "state", lambda _id, state=state: state):
            await ledger.flush()
        assert {issue for issue in issues(hass) if account_id in issue} == {f"{key}_{account_id}" for key in raised}
        for key in raised:
            assert issues(hass)[f"{key}_{account_id}"].translation_placeholders == {"account": "My account"}
