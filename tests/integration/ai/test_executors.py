"""What executors, templates and their parameters become in the engine."""

import asyncio
from datetime import timedelta
import os
from pathlib import Path
import sys
from types import MappingProxyType, ModuleType
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.requirements import RequirementsNotFound
from homeassistant.util.dt import utcnow
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.hashwarm import local_machine
from custom_components.hashwarm.adapters.compute import SensorCompute
from custom_components.hashwarm.engine.jobs import (
    NOBODY,
    NVML_REQUIREMENT,
    Flexibility,
    Launch,
    LimitedExecutor,
    LocalExecutor,
    Machine,
    Payout,
    RayExecutor,
)
from custom_components.hashwarm.engine.model.errors import (
    ExecutorRefusedError,
    ExecutorUnreachableError,
    InvalidValueError,
    TemplateError,
)
from custom_components.hashwarm.executors import (
    RAY_WITHOUT_TOKEN,
    build_workplaces,
    executors_as_set,
    executors_changed,
)
from custom_components.hashwarm.local_machine import build_limiter, local_settings, secrets_of
from custom_components.hashwarm.template_text import filled, placeholders, variables_of, words_of
from custom_components.hashwarm.templates import JobTemplate, Parameter, ParameterType, templates_of
from simulators.compute.ray_head import RayHead

from ..conftest import heater_of
from .forms import HEAT, LOCAL, TEMPLATE, add

REVENUE = "sensor.nosana_total"
RAY = {**HEAT, "kind": "ray", "slots": 2, "checkpoint_root": "/mnt/jobs", "raw_commands": False}
MACHINES = {
    "boinc": {"host": "127.0.0.1", "port": 31416, "password": "secret"},
    "folding": {"url": "http://127.0.0.1:7396"},
    "vast": {"machine_id": 7, "api_key": "key"},
    "ollama": {"url": "http://127.0.0.1:1"},
    "llama_cpp": {"url": "http://127.0.0.1:1", "token": "sesame"},
    "vllm": {"url": "http://127.0.0.1:1"},
    "comfyui": {"url": "http://127.0.0.1:1"},
    "sensor": {"revenue_sensor": REVENUE, "revenue_before": 2.0, "revenue_reset": None},
}


@pytest.fixture
def heater(hass: HomeAssistant) -> MockConfigEntry:
    entry = heater_of()
    entry.add_to_hass(hass)
    return entry


def template(**changes: Any) -> JobTemplate:
    fields = {
        "template_id": "template_1",
        "title": "Train",
        "executor_id": "local_1",
        "executor_exists": True,
        "command": ("sh", "{a}"),
        "parameters": {"a": Parameter(name="a")},
    }
    return JobTemplate(**(fields | changes))


async def test_every_kind_becomes_a_place_of_work(hass: HomeAssistant, heater: MockConfigEntry):
    add(hass, heater, "executor", "Box", {**LOCAL, "same_chip": True, "power_sensor": "sensor.box"}, "local_1")
    add(hass, heater, "executor", "Ray", {**RAY, "url": "http://127.0.0.1:1", "heats_room": False}, "ray_1")
    for kind, data in MACHINES.items():
        add(hass, heater, "executor", kind, {**HEAT, "kind": kind, **data}, f"{kind}_1")
    add(hass, heater, "template", "Train", TEMPLATE, "template_1")
    hass.states.async_set("sensor.box", "0.09", {"unit_of_measurement": "kW"})
    places = build_workplaces(hass, heater)
    assert set(places) == {"local_1", "ray_1", *(f"{kind}_1" for kind in MACHINES)}
    box, ray = places["local_1"], places["ray_1"]
    assert isinstance(box.executor, LocalExecutor)
    assert (box.title, box.heats_room, box.same_chip, box.expected_w) == ("Box", True, True, 65)
    assert box.measured_w is not None
    assert box.measured_w() == 90.0
    assert isinstance(ray.executor, RayExecutor)
    assert (ray.heats_room, ray.executor.abilities.slots, ray.measured_w, ray.warnings()) == (False, 2, None, ())
    machines = {kind: places[f"{kind}_1"].machine for kind in MACHINES}
    assert all(isinstance(machine, Machine) for machine in machines.values())
    assert {kind for kind, machine in machines.items() if machine is not None and machine.obeys} == {"boinc", "folding"}
    for place in places.values():
        assert (place.executor is None) is not (place.machine is None)


@pytest.mark.parametrize(("user", "chosen", "uid"), [(0, True, NOBODY), (0, False, None), (1000, True, None)])
def test_jobs_run_as_nobody_where_that_can_be(hass: HomeAssistant, user: int, chosen: bool, uid: int | None):
    with patch.object(os, "geteuid", return_value=user):
        settings = local_settings(hass, {**LOCAL, "slots": 3.0, "as_nobody": chosen, "memory_limit": 512.0})
    assert (settings.uid, settings.slots, settings.memory_mb, settings.currency) == (uid, 3, 512, "EUR")
    if chosen:
        config = Path(hass.config.config_dir)
        private = {".storage", ".cloud", "secrets.yaml", "home-assistant_v2.db", "hashwarm.db", "backups"}
        assert {config / name for name in private} <= set(settings.hidden)
        assert config / "hashwarm_jobs" not in settings.hidden
        assert local_settings(hass, LOCAL).memory_mb is None


@pytest.mark.parametrize(
    ("control", "gpu", "limits"),
    [("auto", None, False), ("auto", 0.0, True), ("duty_cycle", 0.0, False), ("rapl", None, True), ("rapl", 1.0, True)],
)
def test_only_what_a_person_named_is_limited(hass: HomeAssistant, control: str, gpu: float | None, limits: bool):
    with patch.object(local_machine, "choose_limiter", return_value="limiter") as choose:
        told = {**LOCAL, "power_control": control} | ({} if gpu is None else {"gpu_index": gpu})
        assert build_limiter(hass, told) == ("limiter" if limits else None)
    if limits:
        asked = choose.call_args.kwargs
        assert (asked["gpu_index"], asked["allow_rapl"]) == (gpu, control == "rapl")
        assert asked["folder"] == Path(hass.config.path(".storage/hashwarm_power"))


async def test_a_gpu_that_is_not_there_is_said_and_jobs_take_turns(
    hass: HomeAssistant, heater: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(local_machine, "NVML", "no_such_module")
    add(hass, heater, "executor", "Box", {**LOCAL, "gpu_index": 63}, "local_1")
    place = build_workplaces(hass, heater)["local_1"]
    assert isinstance(place.executor, LimitedExecutor)
    assert (place.power_control(), place.warnings()) == ("none", ()), "nobody has looked yet"
    with patch.object(local_machine, "install", AsyncMock(side_effect=RequirementsNotFound("x", ["y"]))) as install:
        await place.executor.start()
    install.assert_awaited_once_with(hass, NVML_REQUIREMENT)
    assert (place.power_control(), place.warnings()) == ("duty_cycle", ("power_limit_missing",))
    assert place.measured_w is not None
    assert place.measured_w() is None
    await place.executor.stop()


async def test_the_library_of_a_gpu_is_installed_once(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch):
    library = ModuleType("hashwarm_test_nvml")
    monkeypatch.setattr(local_machine, "NVML", library.__name__)

    async def put(_hass: HomeAssistant, _requirement: str) -> None:
        monkeypatch.setitem(sys.modules, library.__name__, library)

    with patch.object(local_machine, "install", side_effect=put) as install:
        for _ in range(2):
            assert await hass.async_add_executor_job(local_machine.load_nvml, hass) is library
    assert install.call_count == 1


async def test_an_installation_without_an_end_is_given_up(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local_machine, "NVML", "no_such_module")
    monkeypatch.setattr(local_machine, "_INSTALLED_WITHIN_S", 0.05)

    async def hang(_hass: HomeAssistant, _requirement: str) -> None:
        await asyncio.sleep(3600)

    with patch.object(local_machine, "install", side_effect=hang), pytest.raises(ImportError):
        await hass.async_add_executor_job(local_machine.load_nvml, hass)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("key: hush\n", "hush"),
        ("key: 12\n", "12"),
        ("key: true\n", None),
        ("key: [a]\n", None),
        ("other: x\n", None),
        ("- list\n", None),
        ("key: [\n", None),
        ("", None),
        (None, None),
    ],
)
def test_secrets_come_from_the_file_of_home_assistant(
    hass: HomeAssistant, tmp_path: Path, text: str | None, told: str | None
):
    if text is not None:
        (tmp_path / "secrets.yaml").write_text(text)
    assert secrets_of(hass)("key") == told


async def test_a_job_on_this_machine_gets_its_secret_and_nothing_else(
    hass: HomeAssistant, heater: MockConfigEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "secrets.yaml").write_text("key: hush\n")
    monkeypatch.setenv("SUPERVISOR_TOKEN", "never")
    data = {**LOCAL, "as_nobody": False}
    add(hass, heater, "executor", "Box", data, "local_1")
    command = "sh\n-c\nenv > out; exit 0"
    add(hass, heater, "template", "Show", {**TEMPLATE, "command": command, "environment": "KEY=!secret key"}, "t")
    executor = build_workplaces(hass, heater)["local_1"].executor
    assert isinstance(executor, LocalExecutor)
    await executor.start()
    job_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    await executor.launch(Launch(job_id=job_id, attempt=1, spec=templates_of(heater)["t"].job()))
    (run,) = executor._runs.values()
    await run.ended.wait()
    await executor.stop()
    told = await hass.async_add_executor_job(
        (tmp_path / "hashwarm_jobs" / "local_1" / job_id / "home" / "out").read_text
    )
    assert "KEY=hush" in told
    assert "SUPERVISOR_TOKEN" not in told


async def test_a_head_that_lets_everybody_in_is_warned_of(
    hass: HomeAssistant, heater: MockConfigEntry, socket_enabled: None, tmp_path: Path
):
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    (tmp_path / "secrets.yaml").write_text("key: hush\n")
    head = RayHead(now=utcnow)
    await head.start()
    add(hass, heater, "executor", "Ray", {**RAY, "url": head.url, "token": "sesame"}, "ray_1")
    environment = {**TEMPLATE, "executor": "ray_1", "environment": "KEY=!secret key"}
    add(hass, heater, "template", "Show", environment, "t")
    place = build_workplaces(hass, heater)["ray_1"]
    assert isinstance(place.executor, RayExecutor)
    await place.executor.start()
    assert place.warnings() == (RAY_WITHOUT_TOKEN,)
    await place.executor.stop()
    head.token = "sesame"
    await place.executor.start()
    assert place.warnings() == ()
    await place.executor.launch(Launch(job_id="01J", attempt=1, spec=templates_of(heater)["t"].job()))
    await place.executor.stop()
    await head.stop()
    (job,) = head.jobs.values()
    assert job.body["runtime_env"]["env_vars"]["KEY"] == "hush"


def test_changes_of_executors_are_noticed_and_those_of_templates_are_not(hass: HomeAssistant, heater: MockConfigEntry):
    add(hass, heater, "executor", "Box", LOCAL, "local_1")
    before = executors_as_set(heater)
    add(hass, heater, "template", "Train", TEMPLATE, "template_1")
    assert not executors_changed(heater, before)
    hass.config_entries.async_update_subentry(heater, heater.subentries["local_1"], title="Other")
    assert executors_changed(heater, before)
    before = executors_as_set(heater)
    hass.config_entries.async_update_subentry(heater, heater.subentries["local_1"], data={**LOCAL, "slots": 2})
    assert executors_changed(heater, before)


def test_a_template_is_read_as_it_was_told(hass: HomeAssistant, heater: MockConfigEntry):
    add(hass, heater, "executor", "Box", LOCAL, "local_1")
    add(hass, heater, "template", "Train", TEMPLATE, "template_1")
    told = templates_of(heater)["template_1"]
    spec = told.job(name=" run 1 ", priority=0, flexibility=Flexibility.RIGID, payout=Payout(amount=2.0))
    assert (spec.name, spec.priority, spec.flexibility, spec.payout) == ("run 1", 0, "rigid", Payout(amount=2.0))
    assert (spec.executor_id, spec.template_id, spec.command) == ("local_1", "template_1", ("sh", "train.sh"))
    assert told.job(name="  ").name == told.job().name == "Train"
    assert len(told.job(name="x" * 300).name) == 200
    due = utcnow()
    spec = told.job({}, deadline=due, not_before=due)
    assert (spec.deadline, spec.not_before, spec.priority) == (due, due, 50)


def test_an_executor_that_is_gone_is_said(hass: HomeAssistant, heater: MockConfigEntry):
    add(hass, heater, "template", "Train", TEMPLATE, "template_1")
    with pytest.raises(InvalidValueError) as refused:
        templates_of(heater)["template_1"].job()
    assert (refused.value.key, refused.value.placeholders) == ("executor_gone", {"template": "Train"})


NUMBER = Parameter(name="a", kind=ParameterType.NUMBER, minimum=-5, maximum=10)
CHOICE = Parameter(name="a", kind=ParameterType.CHOICE, choices=("--fast", "slow"))


@pytest.mark.parametrize(
    ("parameter", "given", "key"),
    [
        (Parameter(name="a"), {}, "parameter_missing"),
        (Parameter(name="a"), {"a": None}, "parameter_missing"),
        (Parameter(name="a"), {"a": "x", "b": "y"}, "parameter_unknown"),
        (Parameter(name="a"), {"a": True}, "parameter_no_value"),
        (Parameter(name="a"), {"a": ["x"]}, "parameter_no_value"),
        (Parameter(name="a"), {"a": {"x": 1}}, "parameter_no_value"),
        (Parameter(name="a"), {"a": "x" * 4001}, "parameter_too_long"),
        (Parameter(name="a"), {"a": "x\0y"}, "parameter_control"),
        (Parameter(name="a"), {"a": "x\ny"}, "parameter_control"),
        (Parameter(name="a"), {"a": "\x1b[31m"}, "parameter_control"),
        (Parameter(name="a"), {"a": "\x85"}, "parameter_control"),
        (Parameter(name="a"), {"a": "\ud800"}, "parameter_control"),
        (Parameter(name="a"), {"a": "-rf"}, "parameter_option"),
        (NUMBER, {"a": "ten"}, "parameter_not_number"),
        (NUMBER, {"a": "nan"}, "parameter_not_number"),
        (NUMBER, {"a": "1e999"}, "parameter_not_number"),
        (NUMBER, {"a": "1_0"}, "parameter_not_number"),
        (NUMBER, {"a": "٣"}, "parameter_not_number"),
        (NUMBER, {"a": "\uff13"}, "parameter_not_number"),
        (NUMBER, {"a": "-"}, "parameter_not_number"),
        (NUMBER, {"a": "-inf"}, "parameter_not_number"),
        (NUMBER, {"a": float("inf")}, "parameter_not_number"),
        (NUMBER, {"a": float("nan")}, "parameter_not_number"),
        (NUMBER, {"a": 11}, "parameter_range"),
        (NUMBER, {"a": -6}, "parameter_range"),
        (CHOICE, {"a": "other"}, "parameter_choice"),
    ],
)
def test_a_value_that_cannot_be_is_refused(parameter: Parameter, given: dict[str, Any], key: str):
    with pytest.raises(TemplateError) as refused:
        template(parameters={"a": parameter}).job(given)
    assert refused.value.key == key
    assert refused.value.placeholders.get("parameter") in {"a", "b"}


@pytest.mark.parametrize(
    ("parameter", "value", "argument"),
    [
        (Parameter(name="a"), "two words; rm -rf $HOME `x`  'q' é ✓", None),
        (Parameter(name="a"), "{a}{b}", None),
        (Parameter(name="a"), "", None),
        (Parameter(name="a"), 7, "7"),
        (Parameter(name="a"), 7.0, "7"),
        (Parameter(name="a"), 7.5, "7.5"),
        (NUMBER, " 3 ", "3"),
        (NUMBER, -1, "-1"),
        (NUMBER, "-0.5e+0", "-0.5e+0"),
        (Parameter(name="a", kind=ParameterType.NUMBER), -7.25, "-7.25"),
        (CHOICE, "--fast", None),
    ],
)
def test_a_value_becomes_one_argument_as_it_is(parameter: Parameter, value: Any, argument: str | None):
    spec = template(parameters={"a": parameter}).job({"a": value})
    assert spec.command == ("sh", value if argument is None else argument)


def test_a_dash_is_allowed_behind_something_and_where_the_template_allows_it():
    assert template(command=("sh", "--a={a}")).job({"a": "-x"}).command == ("sh", "--a=-x")
    assert template(option_values=True).job({"a": "-x"}).command == ("sh", "-x")
    both = {"a": Parameter(name="a", default="x"), "b": Parameter(name="b")}
    with pytest.raises(TemplateError):
        template(command=("sh", "{b}{a}"), parameters=both).job({"b": "", "a": "-x"})


@given(st.dictionaries(st.sampled_from("ab"), st.text(max_size=20), min_size=2))
def test_what_values_contain_is_never_read_again(values: dict[str, str]):
    assert filled("{a}-{b}", values) == f"{values['a']}-{values['b']}"
    assert filled("{{a}}{ a }{}{A}", values) == "{a}{ a }{}{A}"


def test_commands_and_variables_are_read_line_by_line():
    assert words_of(" a \r\n\n b c\n") == ["a", "b c"]
    assert placeholders("{a}{{b}}{c_1}{D}") == ["a", "c_1"]
    assert variables_of(" A=b=c \n\nB=") == {"A": "b=c", "B": ""}
    assert variables_of("\n".join(f"A{number}=x" for number in range(129))) is None


def sensor(hass: HomeAssistant, **more: Any) -> SensorCompute:
    return SensorCompute(hass, REVENUE, now=utcnow, currency="EUR", **{"before": 2.0, **more})


def tells(hass: HomeAssistant, total: Any, **more: Any) -> None:
    hass.states.async_set(REVENUE, str(total), {"unit_of_measurement": "EUR", "friendly_name": "Nosana", **more})


async def test_a_sensor_tells_what_was_earned_since_it_was_added(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    compute = sensor(hass, busy="switch.nosana", power="sensor.nosana_power")
    tells(hass, 2.5)
    told = await compute.read()
    assert (told.name, told.busy, told.committed, told.power_w) == ("Nosana", None, False, None)
    assert (told.earned_nano, told.currency, told.revenue_per_hour) == ({f"{REVENUE}/2": 500_000_000}, "EUR", None)
    hass.states.async_set("switch.nosana", "on")
    hass.states.async_set("sensor.nosana_power", "170", {"unit_of_measurement": "W"})
    freezer.tick(timedelta(hours=2))
    hass.states.async_set("sensor.nosana_power", "171", {"unit_of_measurement": "W"})
    tells(hass, 3.5)
    told = await compute.read()
    assert (told.busy, told.power_w, told.earned_nano) == (True, 171.0, {f"{REVENUE}/2": 1_500_000_000})
    assert told.revenue_per_hour == pytest.approx(0.5)
    hass.states.async_set("switch.nosana", "off")
    tells(hass, 1.0)
    told = await compute.read()
    assert (told.busy, told.earned_nano, told.revenue_per_hour) == (False, {f"{REVENUE}/2": 0}, None)
    hass.states.async_set("switch.nosana", "unavailable")
    assert (await compute.read()).busy is None


async def test_the_rate_is_that_of_the_last_day(hass: HomeAssistant, freezer: FrozenDateTimeFactory):
    compute = sensor(hass)
    for hour in range(30):
        tells(hass, 2.0 + (min(5, hour)))
        told = await compute.read()
        freezer.tick(timedelta(hours=1))
    assert told.revenue_per_hour == 0.0


async def test_a_total_that_begins_anew_and_says_so_is_told_apart(hass: HomeAssistant):
    compute = sensor(hass, before_reset="2026-11-01")
    tells(hass, 5.0, last_reset="2026-11-01")
    assert (await compute.read()).earned_nano == {f"{REVENUE}/2/2026-11-01": 3_000_000_000}
    tells(hass, 1.0, last_reset="2026-12-01")
    assert (await compute.read()).earned_nano == {f"{REVENUE}/2/2026-12-01": 1_000_000_000}


@pytest.mark.parametrize(
    ("state", "unit", "error"),
    [
        (None, None, ExecutorUnreachableError),
        ("unavailable", "EUR", ExecutorUnreachableError),
        ("inf", "EUR", ExecutorUnreachableError),
        ("1e12", "EUR", ExecutorUnreachableError),
        ("5", "USD", ExecutorRefusedError),
    ],
)
async def test_a_sensor_that_tells_no_money_of_the_home_is_a_problem(
    hass: HomeAssistant, state: str | None, unit: str, error: type[Exception]
):
    if state is not None:
        hass.states.async_set(REVENUE, state, {"unit_of_measurement": unit})
    with pytest.raises(error):
        await sensor(hass).read()


def test_data_of_subentries_is_only_read(hass: HomeAssistant, heater: MockConfigEntry):
    add(hass, heater, "executor", "Box", MappingProxyType(LOCAL), "local_1")
    build_workplaces(hass, heater)
    assert dict(heater.subentries["local_1"].data) == LOCAL
