"""How a heater is added and changed; every error is mended and ends in an entry."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, patch
import uuid

from homeassistant.config_entries import SOURCE_SYSTEM, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import instance_id
import pytest

from custom_components.hashwarm import config_flow
from custom_components.hashwarm.const import DOMAIN
from custom_components.hashwarm.engine.heater import BenchmarkResult, quick_benchmark
from custom_components.hashwarm.engine.model.errors import (
    PoolGarbageError,
    PoolRefusedError,
    PoolSilentError,
    PoolUnreachableError,
    WorkerBusyError,
    WorkerError,
)
from custom_components.hashwarm.engine.stratum import PoolFacts
from simulators.practice_pool import PracticePool, Quirks

from .conftest import (
    HEATER_ID,
    HOME_OPTIONS,
    OUTDOOR,
    PRICE,
    ROOM,
    SPARE,
    heater_of,
    home_of,
    options_form,
    set_temperature,
)

SPEED = BenchmarkResult(kernel="avx2", kernel_problem=None, hash_rate_hs=25e6, threads=1, kernel_rates_hs=())
FACTS = PoolFacts(
    name="pool.test:3333",
    difficulty=0.5,
    version_rolling=True,
    share_interval_s=86.0,
    difficulty_too_high=False,
    message=None,
    plain=False,
)
ROOM_INPUT = {"room_sensor": ROOM, "room_response": "light", "insulation": "good"}
POOL_INPUT = {"pool": "pool.test:3333", "user": "bc1qme.home"}


@pytest.fixture
def trials(hass: HomeAssistant) -> Iterator[Any]:
    """The benchmark and the pool's trial, both well."""
    with (
        patch.object(config_flow, "quick_benchmark", AsyncMock(return_value=SPEED)) as benchmark,
        patch.object(config_flow, "try_pool", AsyncMock(return_value=FACTS)) as pool,
    ):
        yield SimpleNamespace(benchmark=benchmark, pool=pool)


@pytest.fixture
def no_setup() -> Iterator[Any]:
    with patch("custom_components.hashwarm.async_setup_entry", AsyncMock()) as setup:
        yield setup


async def begin(hass: HomeAssistant) -> Any:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["this_machine", "networked_miner", "entities"]
    return await go(hass, result, {"next_step_id": "this_machine"})


async def go(hass: HomeAssistant, result: Any, user_input: dict[str, Any]) -> Any:
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


async def to_pool(hass: HomeAssistant) -> Any:
    return await go(hass, await begin(hass), ROOM_INPUT)


def entries(hass: HomeAssistant) -> dict[str, Any]:
    return {entry.data["kind"]: entry for entry in hass.config_entries.async_entries(DOMAIN)}


async def test_room_pool_price_make_a_heater_and_its_home(hass: HomeAssistant, trials, no_setup):
    result = await begin(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "this_machine")
    result = await go(hass, result, {**ROOM_INPUT, "second_room_sensor": SPARE, "outdoor_sensor": OUTDOOR})
    assert result["step_id"] == "pool"
    assert result["description_placeholders"] == {"hash_rate": "25.0 MH/s", "kernel": "avx2"}
    result = await go(hass, result, {**POOL_INPUT, "password": "hush", "backup_pool": "stratum+ssl://spare.test:443"})
    assert result["step_id"] == "price"
    assert result["description_placeholders"] == {"currency": "EUR", "share_interval": "86 s"}
    result = await go(hass, result, {"price": 0.31})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == await instance_id.async_get(hass)
    assert result["data"] == {
        "kind": "local_worker",
        "room_sensor": ROOM,
        "second_room_sensor": SPARE,
        "outdoor_sensor": OUTDOOR,
        "room_response": "light",
        "insulation": "good",
        "pools": [
            {"host": "pool.test", "port": 3333, "tls": False, "user": "bc1qme.home", "password": "hush"},
            {"host": "spare.test", "port": 443, "tls": True, "user": "bc1qme.home", "password": "hush"},
        ],
    }
    home = entries(hass)["home"]
    assert (home.unique_id, home.options) == ("home", {"price": 0.31})
    assert trials.pool.await_count == 2
    assert trials.pool.await_args_list[0].kwargs["hash_rate_hs"] == 25e6


async def test_without_a_pool_it_heats_and_without_a_price_the_cost_is_unknown(hass: HomeAssistant, trials, no_setup):
    result = await go(hass, await to_pool(hass), {})
    assert (result["step_id"], result["description_placeholders"]) == ("price_alone", {"currency": "EUR"})
    result = await go(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["pools"] == []
    assert entries(hass)["home"].options == {}
    trials.pool.assert_not_awaited()


async def test_with_a_home_there_already_no_price_is_asked(hass: HomeAssistant, trials, no_setup):
    home_of().add_to_hass(hass)
    result = await go(hass, await to_pool(hass), POOL_INPUT)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2


async def test_price_and_sensor_at_once_are_refused(hass: HomeAssistant, trials, no_setup):
    result = await go(hass, await to_pool(hass), {})
    result = await go(hass, result, {"price": 0.3, "price_sensor": PRICE})
    assert (result["step_id"], result["errors"]) == ("price_alone", {"base": "price_twice"})
    assert "home" not in entries(hass)
    result = await go(hass, result, {"price_sensor": PRICE})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entries(hass)["home"].options == {"price_sensor": PRICE}


async def test_a_pool_given_up_after_its_spare_failed_is_not_spoken_of(hass: HomeAssistant, trials, no_setup):
    trials.pool.side_effect = [FACTS, PoolSilentError()]
    result = await go(hass, await to_pool(hass), {**POOL_INPUT, "backup_pool": "spare.test:3333"})
    assert result["errors"] == {"backup_pool": "pool_silent"}
    result = await go(hass, result, {})
    assert result["step_id"] == "price_alone"


async def test_a_price_refused_beside_a_pool_is_mended(hass: HomeAssistant, trials, no_setup):
    result = await go(hass, await go(hass, await to_pool(hass), POOL_INPUT), {"price": 0.3, "price_sensor": PRICE})
    assert (result["step_id"], result["errors"]) == ("price", {"base": "price_twice"})
    result = await go(hass, result, {"price": 0.3})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entries(hass)["home"].options == {"price": 0.3}


async def test_the_spare_sensor_is_another_one(hass: HomeAssistant, trials, no_setup):
    result = await go(hass, await begin(hass), {**ROOM_INPUT, "second_room_sensor": ROOM})
    assert result["errors"] == {"second_room_sensor": "same_sensor"}
    trials.benchmark.assert_not_awaited()
    result = await go(hass, result, {**ROOM_INPUT, "second_room_sensor": SPARE})
    assert result["step_id"] == "pool"
    result = await go(hass, await go(hass, result, {}), {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("error", "key"), [(WorkerBusyError("held"), "worker_busy"), (WorkerError("broken"), "worker_failed")]
)
async def test_a_machine_that_cannot_hash_now_may_later(hass: HomeAssistant, trials, no_setup, error, key):
    trials.benchmark.side_effect = error
    result = await to_pool(hass)
    assert result["errors"] == {"base": key}
    trials.benchmark.side_effect = None
    result = await go(hass, result, ROOM_INPUT)
    result = await go(hass, await go(hass, result, {}), {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (PoolUnreachableError(), "pool_unreachable"),
        (PoolSilentError(), "pool_silent"),
        (PoolRefusedError(), "pool_refused"),
        (PoolGarbageError(), "pool_garbage"),
    ],
)
async def test_a_pool_that_fails_its_trial_can_be_mended(hass: HomeAssistant, trials, no_setup, error, key):
    trials.pool.side_effect = error
    result = await go(hass, await to_pool(hass), POOL_INPUT)
    assert (result["step_id"], result["errors"]) == ("pool", {"pool": key})
    trials.pool.side_effect = [FACTS, error]
    result = await go(hass, result, {**POOL_INPUT, "backup_pool": "spare.test:3333"})
    assert result["errors"] == {"backup_pool": key}
    trials.pool.side_effect = None
    result = await go(hass, await go(hass, result, POOL_INPUT), {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("user_input", "errors"),
    [
        ({"pool": "nonsense", "user": "me"}, {"pool": "pool_address"}),
        ({"pool": "http://pool.test:80", "user": "me"}, {"pool": "pool_address"}),
        ({"pool": "pool.test:99999", "user": "me"}, {"pool": "pool_address"}),
        ({"pool": "pool.test:3333"}, {"user": "pool_user_missing"}),
        ({"pool": "pool.test:3333", "user": "  "}, {"user": "pool_user_missing"}),
        ({"pool": "pool.test:3333", "user": "me", "backup_pool": "?"}, {"backup_pool": "pool_address"}),
        ({"user": "me", "backup_pool": "pool.test:3333"}, {"pool": "pool_address"}),
    ],
)
async def test_what_is_no_pool_is_said_at_its_field(hass: HomeAssistant, trials, no_setup, user_input, errors):
    result = await go(hass, await to_pool(hass), user_input)
    assert result["errors"] == errors
    trials.pool.assert_not_awaited()
    result = await go(hass, await go(hass, result, POOL_INPUT), {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_second_worker_on_this_machine_is_refused(hass: HomeAssistant, trials, no_setup):
    result = await go(hass, await go(hass, await to_pool(hass), {}), {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    result = await begin(hass)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_there_is_one_home(hass: HomeAssistant, no_setup):
    home_of().add_to_hass(hass)
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_SYSTEM}, data={})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_reconfiguring_keeps_the_entry_and_its_options(hass: HomeAssistant, trials, no_setup):
    home_of().add_to_hass(hass)
    pools = [
        {"host": "old.test", "port": 3333, "tls": False, "user": "bc1qme", "password": "x"},
        {"host": "::1", "port": 443, "tls": True, "user": "bc1qme", "password": "x"},
    ]
    entry = heater_of(pools=pools)
    entry.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    result = await go(hass, result, {**ROOM_INPUT, "second_room_sensor": ROOM})
    assert result["errors"] == {"second_room_sensor": "same_sensor"}
    result = await go(hass, result, ROOM_INPUT)
    suggested = {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}
    assert suggested["pool"] == "stratum+tcp://old.test:3333"
    assert suggested["user"] == "bc1qme"
    assert suggested["backup_pool"] == "stratum+ssl://[::1]:443"
    result = await go(hass, result, {"pool": "new.test:4444", "user": "bc1qme"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.unique_id == HEATER_ID
    assert entry.options == {"threads": 1}
    assert entry.data["room_response"] == "light"
    assert "outdoor_sensor" not in entry.data
    assert entry.data["pools"] == [{"host": "new.test", "port": 4444, "tls": False, "user": "bc1qme", "password": "x"}]
    trials.benchmark.assert_not_awaited()


@pytest.mark.parametrize(
    ("user_input", "passwords"),
    [
        ({"pool": "pool.test:3333", "user": "bc1qme"}, ["hush"]),
        ({"pool": "stratum+ssl://pool.test:443", "user": "other"}, ["hush"]),
        ({"pool": "pool.test:3333", "user": "bc1qme", "password": "new"}, ["new"]),
        ({"pool": "pool.test:3333", "user": "bc1qme", "backup_pool": "spare.test:1"}, ["hush", "x"]),
        ({"pool": "elsewhere.test:3333", "user": "bc1qme"}, ["x"]),
    ],
)
async def test_a_password_stays_here_and_with_its_pool(
    hass: HomeAssistant, trials, no_setup, user_input: dict[str, str], passwords: list[str]
):
    entry = heater_of()
    entry.add_to_hass(hass)
    result = await go(hass, await entry.start_reconfigure_flow(hass), ROOM_INPUT)
    assert result["step_id"] == "reconfigure_pool"
    assert not result["description_placeholders"]
    assert "hush" not in str([(key, key.description) for key in result["data_schema"].schema])
    result = await go(hass, result, user_input)
    assert result["reason"] == "reconfigure_successful"
    assert [pool["password"] for pool in entry.data["pools"]] == passwords


async def test_a_heater_without_a_pool_gets_one_by_reconfiguring(hass: HomeAssistant, trials, no_setup):
    home_of().add_to_hass(hass)
    entry = heater_of(pools=[])
    entry.add_to_hass(hass)
    result = await go(hass, await entry.start_reconfigure_flow(hass), ROOM_INPUT)
    trials.pool.side_effect = PoolRefusedError()
    result = await go(hass, result, POOL_INPUT)
    assert result["errors"] == {"pool": "pool_refused"}
    assert entry.data["pools"] == []
    trials.pool.side_effect = None
    result = await go(hass, result, POOL_INPUT)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["pools"][0]["host"] == "pool.test"


async def test_the_one_pool_in_use_is_suggested_again(hass: HomeAssistant, trials, no_setup):
    entry = heater_of()
    entry.add_to_hass(hass)
    result = await go(hass, await entry.start_reconfigure_flow(hass), ROOM_INPUT)
    suggested = {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}
    assert suggested["pool"] == "stratum+tcp://pool.test:3333"
    assert suggested["backup_pool"] is None


async def test_a_price_in_another_currency_or_of_something_else_is_refused(hass: HomeAssistant, trials, no_setup):
    result = await go(hass, await to_pool(hass), {})
    for unit in ("USD/kWh", "EUR/m³", None):
        hass.states.async_set(PRICE, "0.3", {"unit_of_measurement": unit} if unit else {})
        result = await go(hass, result, {"price_sensor": PRICE})
        assert result["errors"] == {"price_sensor": "price_unit"}
    hass.states.async_set(PRICE, "30", {"unit_of_measurement": "ct/kWh"})
    result = await go(hass, result, {"price_sensor": PRICE})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_home_is_not_reconfigured(hass: HomeAssistant, no_setup):
    entry = home_of()
    entry.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "home_has_options")


async def test_heater_options(hass: HomeAssistant, house):
    result = await options_form(hass, house.entry.entry_id)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "worker")
    suggested = {
        str(key): key.description["suggested_value"] for key in result["data_schema"].schema if key.description
    }
    assert (suggested["comfort"], suggested["stale_minutes"], suggested["threads"]) == (21.0, 60.0, 1)
    chosen = {name: suggested[name] for name in suggested if suggested[name] is not None}
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {**chosen, "comfort": 22.0, "room_maximum": 25.0, "full_power": 65}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert house.entry.options["preset_targets"]["comfort"] == 22.0
    assert len(house.workers) == 2, "the new options are in force"
    assert house.worker.options.full_power_w == 65
    await house.a_pass()
    assert house.climate.attributes["temperature"] == 22.0
    house.room(25.1)
    await house.do("climate", "set_temperature", temperature=28.0, hvac_mode="heat")
    assert house.state("sensor", "why").state == "room_too_hot"


async def test_a_bitcoin_price_that_the_ledger_cannot_hold_is_refused_by_the_form(hass: HomeAssistant, house):
    result = await options_form(hass, house.home_entry.entry_id, "market")
    with pytest.raises(InvalidData) as refused:
        await hass.config_entries.options.async_configure(
            result["flow_id"],
            {"market_online": False, "market_url": "https://mempool.space", "manual_btc_price": 1e10},
        )
    assert "manual_btc_price" in refused.value.schema_errors
    assert house.home_entry.options == HOME_OPTIONS


@pytest.mark.usefixtures("socket_enabled", "no_setup")
async def test_the_trials_are_real(hass: HomeAssistant):
    """The machine really hashes and the pool really shakes hands, also one that refuses."""
    set_temperature(hass, ROOM, 20.0)
    guard = f"test-{uuid.uuid4().hex}"
    with patch.object(config_flow, "quick_benchmark", lambda: quick_benchmark(0.5, threads=1, guard=guard)):
        result = await to_pool(hass)
    assert result["step_id"] == "pool", result.get("errors")
    assert not result["description_placeholders"]["hash_rate"].startswith("0.0")
    async with PracticePool(quirks=Quirks(users=frozenset({"me"}))) as pool:
        address = f"127.0.0.1:{pool.port}"
        result = await go(hass, result, {"pool": address, "user": "somebody"})
        assert result["errors"] == {"pool": "pool_refused"}
        result = await go(hass, result, {"pool": address, "user": "me"})
        assert result["step_id"] == "price"
        assert result["description_placeholders"]["share_interval"].endswith(" s")
    result = await go(hass, result, {"price": HOME_OPTIONS["price"]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
