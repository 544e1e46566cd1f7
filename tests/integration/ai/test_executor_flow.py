"""AI executors as a person adds and changes them; what is asked are real servers on the loopback."""

from collections.abc import AsyncIterator
from functools import partial
import os
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util.dt import utcnow
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.hashwarm import executors
from custom_components.hashwarm.engine.jobs import VastMachine
from simulators.compute.boinc_client import PASSWORD, FakeBoinc
from simulators.compute.folding import FakeFolding
from simulators.compute.inference import FakeInference
from simulators.compute.ray_head import RayHead
from simulators.compute.stage import Mood, Stage
from simulators.compute.vast import KEY, FakeVast

from ..conftest import SetUp, complaints, heater_of
from .forms import HEAT, LOCAL, add, answer, begin, only, suggested

REVENUE = "sensor.nosana_total"
RAY = {**HEAT, "name": "Ray", "slots": 2, "checkpoint_root": "/mnt/jobs", "raw_commands": False}


@pytest.fixture
def heater(hass: HomeAssistant) -> MockConfigEntry:
    """A heater that is not running: its forms do not need it."""
    entry = heater_of()
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def other_heater(hass: HomeAssistant) -> MockConfigEntry:
    entry = MockConfigEntry(domain="hashwarm", unique_id="other", title="Other", data={"kind": "entities"})
    entry.add_to_hass(hass)
    return entry


async def running[S: Stage](server: S) -> AsyncIterator[S]:
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def head(loopback: None) -> AsyncIterator[RayHead]:
    async for server in running(RayHead(now=utcnow)):
        yield server


@pytest.fixture
async def folding(loopback: None) -> AsyncIterator[FakeFolding]:
    async for server in running(FakeFolding()):
        yield server


@pytest.fixture
async def inference(loopback: None) -> AsyncIterator[FakeInference]:
    async for server in running(FakeInference()):
        server.metrics = "llamacpp:requests_processing 0\nvllm:num_requests_running 0\n"
        yield server


@pytest.fixture
async def vast(loopback: None) -> AsyncIterator[FakeVast]:
    async for server in running(FakeVast(now=utcnow)):
        with patch.object(executors, "VastMachine", partial(VastMachine, url=URL(server.url))):
            yield server


@pytest.fixture
async def boinc(loopback: None) -> AsyncIterator[FakeBoinc]:
    server = FakeBoinc()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def revenue(hass: HomeAssistant) -> None:
    hass.states.async_set(REVENUE, "12.5", {"unit_of_measurement": "EUR", "device_class": "monetary"})


async def choose(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> Any:
    return await answer(hass, await begin(hass, entry, "executor"), kind=kind)


async def change(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    return await begin(hass, entry, "executor", only(entry, "executor").subentry_id)


def secrets_in(form: Any) -> set[str]:
    return {"token", "password", "api_key"} & set(suggested(form))


@pytest.mark.parametrize(("user", "asked"), [(0, True), (1000, False)])
async def test_this_machine_is_added(hass: HomeAssistant, heater: MockConfigEntry, user: int, asked: bool):
    with patch.object(os, "geteuid", return_value=user):
        form = await choose(hass, heater, "local")
        assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "local")
        shown = suggested(form)
        assert shown["name"] == "This machine"
        assert (shown["heats_room"], shown["same_chip"], shown["raw_commands"]) == (True, True, False)
        assert ("as_nobody" in {str(field) for field in form["data_schema"].schema}) is asked
        assert "expected_power" not in shown, "nobody knows before it has run"
        told = {**HEAT, "name": " Box ", "slots": 2.0, "power_control": "rapl", "gpu_index": 1.0, "raw_commands": False}
        result = await answer(hass, form, **told, **({"as_nobody": False} if asked else {}))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    executor = only(heater, "executor")
    assert executor.title == "Box"
    assert dict(executor.data) == {
        **HEAT,
        "kind": "local",
        "slots": 2,
        "power_control": "rapl",
        "gpu_index": 1,
        "raw_commands": False,
        "as_nobody": not asked,
    }


async def test_a_heater_that_runs_suggests_its_own_watts_and_begins_anew_with_its_executor(
    hass: HomeAssistant, set_up: SetUp, caplog: pytest.LogCaptureFixture
):
    house = await set_up(heater=heater_of(options={"power_meter": "sensor.plug"}))
    form = await choose(hass, house.entry, "local")
    maximum_w = round(house.coordinator.heater.backend.capabilities.maximum_w)
    assert suggested(form)["expected_power"] == maximum_w
    assert suggested(form)["metered_together"] is True
    before = house.coordinator
    told = {name: value for name, value in suggested(form).items() if os.geteuid() == 0 or name != "as_nobody"}
    assert (await answer(hass, form, **told))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert house.coordinator is not before
    (workplace,) = house.coordinator.workshop.workplaces.values()
    assert (workplace.title, workplace.metered_together) == ("This machine", True)
    assert not complaints(caplog)
    await hass.config_entries.async_unload(house.entry.entry_id)


async def test_this_machine_is_added_once_in_the_whole_home(
    hass: HomeAssistant, heater: MockConfigEntry, other_heater: MockConfigEntry
):
    add(hass, other_heater, "executor", "This machine", LOCAL, "local_1")
    form = await choose(hass, heater, "local")
    assert (form["step_id"], form["errors"]) == ("user", {"kind": "executor_twice"})
    form = await begin(hass, other_heater, "executor", "local_1")
    told = {**HEAT, "name": "Here", "slots": 3, "power_control": "auto", "raw_commands": True}
    told |= {"as_nobody": False} if os.geteuid() == 0 else {}
    result = await answer(hass, form, **told)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    executor = only(other_heater, "executor")
    assert (executor.title, executor.data["slots"], executor.data["raw_commands"]) == ("Here", 3, True)


async def test_whom_jobs_run_as_stays_as_it_was_where_it_cannot_be_chosen(hass: HomeAssistant, heater: MockConfigEntry):
    add(hass, heater, "executor", "This machine", {**LOCAL, "as_nobody": False}, "local_1")
    with patch.object(os, "geteuid", return_value=1000):
        form = await begin(hass, heater, "executor", "local_1")
        await answer(hass, form, **HEAT, name="Here", slots=3, power_control="auto", raw_commands=True)
    assert only(heater, "executor").data["as_nobody"] is False


async def test_a_ray_cluster_is_asked_and_added(hass: HomeAssistant, heater: MockConfigEntry, head: RayHead):
    head.token = "sesame"
    form = await choose(hass, heater, "ray")
    assert suggested(form)["checkpoint_root"] == "/tmp/hashwarm"
    told = {**RAY, "url": f" {head.url}/ ", "token": "sesame"}
    result = await answer(hass, form, **told)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    assert dict(only(heater, "executor").data) == {
        **{name: value for name, value in told.items() if name != "name"},
        "url": head.url,
        "kind": "ray",
    }


async def test_a_token_stays_with_its_server_and_is_never_shown(
    hass: HomeAssistant, heater: MockConfigEntry, head: RayHead
):
    head.token = "sesame"
    await answer(hass, await choose(hass, heater, "ray"), **RAY, url=head.url, token="sesame")
    form = await change(hass, heater)
    assert not secrets_in(form)
    result = await answer(hass, form, **{**RAY, "slots": 5}, url=head.url)
    assert result["reason"] == "reconfigure_successful"
    assert (only(heater, "executor").data["token"], only(heater, "executor").data["slots"]) == ("sesame", 5)
    stranger = RayHead(now=utcnow)
    await stranger.start()
    result = await answer(hass, await change(hass, heater), **RAY, url=stranger.url)
    await stranger.stop()
    assert result["reason"] == "reconfigure_successful"
    assert {authorisation for _, _, authorisation in stranger.requests} == {""}
    assert "token" not in only(heater, "executor").data


@pytest.mark.parametrize(
    ("mood", "errors"),
    [
        (Mood.REFUSED, {"token": "invalid_auth"}),
        (Mood.FORBIDDEN, {"token": "invalid_auth"}),
        (Mood.BUSY, {"base": "cannot_connect"}),
        (Mood.DROP, {"base": "cannot_connect"}),
        (Mood.ERROR, {"base": "executor_refused"}),
        (Mood.HTML, {"base": "not_that_kind"}),
        (Mood.OTHER_SHAPE, {"base": "not_that_kind"}),
        (Mood.REDIRECT, {"base": "not_that_kind"}),
    ],
)
async def test_what_is_wrong_with_a_head_is_said(
    hass: HomeAssistant, heater: MockConfigEntry, head: RayHead, mood: Mood, errors: dict[str, str]
):
    head.mood, head.elsewhere = mood, f"{head.url}/elsewhere"
    form = await answer(hass, await choose(hass, heater, "ray"), **RAY, url=head.url, token="wrong")
    assert form["errors"] == errors
    assert suggested(form)["url"] == head.url
    assert not secrets_in(form)
    head.mood = Mood.GOOD
    assert (await answer(hass, form, **RAY, url=head.url))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "url", ["ftp://head", "head:8265", "http://", "http://me:secret@head", "http://head/?a=b", "x"]
)
async def test_an_address_is_one_of_the_web(hass: HomeAssistant, heater: MockConfigEntry, url: str):
    form = await answer(hass, await choose(hass, heater, "ray"), **RAY, url=url)
    assert form["errors"] == {"url": "url_invalid"}


@pytest.mark.parametrize("path", ["jobs", "", "/mnt/../etc", "/mnt/a\nb", "/" + "x" * 600])
async def test_a_folder_leads_nowhere_else(hass: HomeAssistant, heater: MockConfigEntry, path: str):
    told = {**RAY, "checkpoint_root": path, "url": "http://head:8265"}
    form = await answer(hass, await choose(hass, heater, "ray"), **told)
    assert form["errors"] == {"checkpoint_root": "path_invalid"}


async def test_a_head_serves_several_heaters_and_each_once(
    hass: HomeAssistant, heater: MockConfigEntry, other_heater: MockConfigEntry, head: RayHead
):
    for entry in (heater, other_heater):
        result = await answer(hass, await choose(hass, entry, "ray"), **RAY, url=head.url)
        assert result["type"] is FlowResultType.CREATE_ENTRY
    again = {**RAY, "name": "Again", "url": f"{head.url}/"}
    assert (await answer(hass, await choose(hass, heater, "ray"), **again))["errors"] == {"base": "executor_twice"}


@pytest.mark.parametrize("name", ["Ray", " Ray ", "", "  "])
async def test_names_tell_executors_apart(hass: HomeAssistant, heater: MockConfigEntry, name: str):
    add(hass, heater, "executor", "Ray", LOCAL, "local_1")
    form = await answer(hass, await choose(hass, heater, "ray"), **{**RAY, "name": name}, url="http://head:8265")
    assert form["errors"] == {"name": "executor_name"}


async def test_a_boinc_client_is_asked_and_added(hass: HomeAssistant, heater: MockConfigEntry, boinc: FakeBoinc):
    form = await choose(hass, heater, "boinc")
    assert suggested(form)["port"] == 31416
    told = {**HEAT, "name": "BOINC", "host": f"127.0.0.1:{boinc.port}", "port": 31416}
    wrong = await answer(hass, form, **told, password="wrong")
    assert wrong["errors"] == {"password": "invalid_auth"}
    assert not secrets_in(wrong)
    assert (await answer(hass, wrong, **told, password=PASSWORD))["type"] is FlowResultType.CREATE_ENTRY
    data = only(heater, "executor").data
    assert (data["host"], data["port"], data["password"]) == ("127.0.0.1", boinc.port, PASSWORD)
    result = await answer(hass, await change(hass, heater), **{**told, "heats_room": False})
    assert result["reason"] == "reconfigure_successful"
    data = only(heater, "executor").data
    assert (data["heats_room"], data["password"]) == (False, PASSWORD)


@pytest.mark.parametrize("host", ["", "two words", "ftp://client", "client:0"])
async def test_a_host_is_one(hass: HomeAssistant, heater: MockConfigEntry, host: str):
    form = await choose(hass, heater, "boinc")
    form = await answer(hass, form, **HEAT, name="BOINC", host=host, port=31416)
    assert form["errors"] == {"host": "host_invalid"}


# aiohttp takes the answer to its good-bye for a sign of life, and looks once more at a socket that it has closed.
@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_folding_client_is_asked_and_added_once(
    hass: HomeAssistant, heater: MockConfigEntry, other_heater: MockConfigEntry, folding: FakeFolding
):
    told = {**HEAT, "name": "Folding", "url": folding.url}
    assert (await answer(hass, await choose(hass, heater, "folding"), **told))["type"] is FlowResultType.CREATE_ENTRY
    assert not folding.sockets, "the trial hung up"
    assert only(heater, "executor").data["url"] == folding.url
    form = await answer(hass, await choose(hass, other_heater, "folding"), **told)
    assert form["errors"] == {"base": "executor_twice"}
    await folding.stop()
    form = await answer(hass, await change(hass, heater), **told)
    assert form["errors"] == {"base": "cannot_connect"}


async def test_a_machine_on_vast_is_asked_and_added(hass: HomeAssistant, heater: MockConfigEntry, vast: FakeVast):
    told = {**HEAT, "name": "vast.ai"}
    form = await answer(hass, await choose(hass, heater, "vast"), **told, machine_id=8)
    assert form["errors"] == {"api_key": "secret_missing"}
    form = await answer(hass, form, **told, machine_id=8, api_key="wrong")
    assert form["errors"] == {"api_key": "invalid_auth"}
    form = await answer(hass, form, **told, machine_id=8, api_key=KEY)
    assert form["errors"] == {"base": "executor_refused"}
    assert not secrets_in(form)
    assert (await answer(hass, form, **told, machine_id=7.0, api_key=KEY))["type"] is FlowResultType.CREATE_ENTRY
    data = only(heater, "executor").data
    assert (data["machine_id"], data["api_key"]) == (7, KEY)
    result = await answer(hass, await change(hass, heater), **{**told, "expected_power": 300}, machine_id=7)
    assert result["reason"] == "reconfigure_successful"
    assert only(heater, "executor").data["api_key"] == KEY


@pytest.mark.parametrize("kind", ["ollama", "llama_cpp", "vllm", "comfyui"])
async def test_inference_servers_are_asked_and_added(
    hass: HomeAssistant, heater: MockConfigEntry, inference: FakeInference, kind: str
):
    form = await choose(hass, heater, kind)
    assert form["step_id"] == "server"
    assert form["description_placeholders"]["executor"] == suggested(form)["name"]
    inference.token = "sesame"
    form = await answer(hass, form, **HEAT, name=kind, url=inference.url)
    assert form["errors"] == {"token": "invalid_auth"}
    result = await answer(hass, form, **HEAT, name=kind, url=inference.url, token="sesame")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert only(heater, "executor").data["kind"] == kind


async def test_any_sensor_may_tell_what_was_earned(hass: HomeAssistant, heater: MockConfigEntry, revenue: None):
    told = {**HEAT, "name": "Nosana", "revenue_sensor": REVENUE}
    result = await answer(hass, await choose(hass, heater, "sensor"), **told, busy_sensor="switch.nosana")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    data = only(heater, "executor").data
    assert (data["revenue_before"], data["revenue_reset"]) == (12.5, None)
    hass.states.async_set(REVENUE, "20", {"unit_of_measurement": "EUR"})
    await answer(hass, await change(hass, heater), **told)
    assert only(heater, "executor").data["revenue_before"] == 12.5, "what was earned since is ours"
    other = {"unit_of_measurement": "€", "last_reset": "2026-11-01T00:00:00+00:00"}
    hass.states.async_set("sensor.other_total", "3", other)
    await answer(hass, await change(hass, heater), **{**told, "revenue_sensor": "sensor.other_total"})
    data = only(heater, "executor").data
    assert (data["revenue_before"], data["revenue_reset"]) == (3.0, other["last_reset"])


@pytest.mark.parametrize(
    ("state", "unit", "error"),
    [
        (None, None, "sensor_unknown"),
        ("unavailable", "EUR", "sensor_unknown"),
        ("nan", "EUR", "sensor_unknown"),
        ("5", "USD", "sensor_currency"),
        ("5", "EUR/h", "sensor_currency"),
        ("5", None, "sensor_currency"),
    ],
)
async def test_a_sensor_has_to_tell_money_of_the_home(
    hass: HomeAssistant, heater: MockConfigEntry, state: str | None, unit: str | None, error: str
):
    if state is not None:
        hass.states.async_set(REVENUE, state, {} if unit is None else {"unit_of_measurement": unit})
    form = await answer(hass, await choose(hass, heater, "sensor"), **HEAT, name="AI", revenue_sensor=REVENUE)
    assert form["errors"] == {"revenue_sensor": error}


@pytest.mark.parametrize("field", ["revenue_sensor", "power_sensor", "busy_sensor"])
async def test_an_executor_is_not_measured_by_our_own_figures(
    hass: HomeAssistant, heater: MockConfigEntry, revenue: None, field: str
):
    own = er.async_get(hass).async_get_or_create("sensor", "hashwarm", "own").entity_id
    hass.states.async_set(own, "5", {"unit_of_measurement": "EUR"})
    told = {**HEAT, "name": "AI", "revenue_sensor": REVENUE, field: own}
    own = own if field != "busy_sensor" else er.async_get(hass).async_get_or_create("switch", "hashwarm", "o").entity_id
    form = await answer(hass, await choose(hass, heater, "sensor"), **{**told, field: own})
    assert form["errors"] == {field: "own_entity"}


async def test_one_revenue_is_counted_once(
    hass: HomeAssistant, heater: MockConfigEntry, other_heater: MockConfigEntry, revenue: None
):
    told = {**HEAT, "name": "AI", "revenue_sensor": REVENUE}
    await answer(hass, await choose(hass, heater, "sensor"), **told)
    form = await answer(hass, await choose(hass, other_heater, "sensor"), **told)
    assert form["errors"] == {"base": "executor_twice"}
