"""Job templates as an administrator defines and changes them."""

import os
from pathlib import Path
import stat
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hashwarm.engine.jobs import Payout, PayoutPer
from custom_components.hashwarm.templates import templates_of

from ..conftest import heater_of
from .forms import LOCAL, TEMPLATE, add, answer, begin, only, suggested

FORM = {"name": "Train", "executor": "local_1", "command": "sh\ntrain.sh"}


@pytest.fixture
def heater(hass: HomeAssistant) -> MockConfigEntry:
    """A heater with one executor that takes jobs on this machine, one at a cluster, and one that takes none."""
    entry = heater_of()
    entry.add_to_hass(hass)
    add(hass, entry, "executor", "This machine", LOCAL, "local_1")
    add(hass, entry, "executor", "Cluster", {**LOCAL, "kind": "ray"}, "ray_1")
    add(hass, entry, "executor", "BOINC", {**LOCAL, "kind": "boinc"}, "boinc_1")
    return entry


async def tell(hass: HomeAssistant, heater: MockConfigEntry, **told: Any) -> Any:
    return await answer(hass, await begin(hass, heater, "template"), **{**FORM, **told})


def parameter(name: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


async def test_a_template_needs_somebody_to_run_its_jobs(hass: HomeAssistant):
    entry = heater_of()
    entry.add_to_hass(hass)
    add(hass, entry, "executor", "BOINC", {**LOCAL, "kind": "boinc"}, "boinc_1")
    add(hass, entry, "template", "Old", TEMPLATE, "template_1")
    for changed in (None, "template_1"):
        result = await begin(hass, entry, "template", changed)
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_executor")


async def test_a_template_is_added(hass: HomeAssistant, heater: MockConfigEntry):
    form = await begin(hass, heater, "template")
    (field,) = [value for key, value in form["data_schema"].schema.items() if key == "executor"]
    assert [option["value"] for option in field.config["options"]] == ["local_1", "ray_1"]
    assert suggested(form)["executor"] == "local_1"
    result = await answer(hass, form, **{**FORM, "name": " Train "})
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    template = only(heater, "template")
    assert template.title == "Train"
    assert dict(template.data) == TEMPLATE


async def test_a_template_is_changed(hass: HomeAssistant, heater: MockConfigEntry):
    told = {
        "parameters": [parameter("seed", "number", default="7", minimum=0, maximum="10")],
        "command": "sh\ntrain.sh\n{seed}",
        "environment": "LEVEL=debug",
        "duty": {"priority": 80, "checkpoint_interval": 5, "maximum_runtime": 2, "restartable": False},
        "needs": {"expected_power": 300, "payout": 1.5, "payout_per": "hour", "gpus": 1, "memory": 512},
    }
    assert (await tell(hass, heater, **told))["type"] is FlowResultType.CREATE_ENTRY
    template_id = only(heater, "template").subentry_id
    form = await begin(hass, heater, "template", template_id)
    shown = suggested(form)
    assert {name: shown[name] for name in ("name", "executor", "command", "environment")} == {
        "name": "Train",
        "executor": "local_1",
        "command": "sh\ntrain.sh\n{seed}",
        "environment": "LEVEL=debug",
    }
    sections = {str(key): value for key, value in form["data_schema"].schema.items()}
    folded = {
        str(field): field.description["suggested_value"]
        for name in ("duty", "needs")
        for field in sections[name].schema.schema
        if field.description
    }
    assert (folded["priority"], folded["payout"], folded["memory"]) == (80, 1.5, 512)
    changed = {**FORM, **told, "name": "Train", "executor": "ray_1", "needs": {}}
    result = await answer(hass, form, **changed)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    template = templates_of(heater)[template_id]
    assert (template.executor_id, template.priority, template.restartable) == ("ray_1", 80, False)
    assert (template.checkpoint_interval_s, template.max_runtime_s) == (300.0, 7200.0)
    assert (template.payout, template.expected_power_w, template.requires.memory_mb) == (None, None, None)
    assert template.job({"seed": 3.0}).command == ("sh", "train.sh", "3")


async def test_what_a_job_earns_and_needs_is_told_with_it(hass: HomeAssistant, heater: MockConfigEntry):
    needs = {"expected_power": 300, "payout": 1.5, "payout_per": "hour", "cpus": 0.5, "gpus": 2, "memory": 512}
    await tell(hass, heater, needs=needs)
    (template,) = templates_of(heater).values()
    spec = template.job()
    assert spec.payout == Payout(amount=1.5, per=PayoutPer.HOUR)
    assert (spec.requires.cpus, spec.requires.gpus, spec.requires.memory_mb) == (0.5, 2, 512)
    assert spec.expected_power_w == 300


async def test_a_template_whose_executor_is_gone_is_given_another(hass: HomeAssistant, heater: MockConfigEntry):
    add(hass, heater, "template", "Old", {**TEMPLATE, "executor": "gone"}, "template_1")
    form = await begin(hass, heater, "template", "template_1")
    assert "executor" not in suggested(form)
    await answer(hass, form, **FORM)
    assert templates_of(heater)["template_1"].executor_exists


@pytest.mark.parametrize("name", ["", " ", "Taken", " Taken ", "x" * 201])
async def test_names_tell_templates_apart(hass: HomeAssistant, heater: MockConfigEntry, name: str):
    add(hass, heater, "template", "Taken", TEMPLATE, "template_1")
    assert (await tell(hass, heater, name=name))["errors"] == {"name": "template_name"}
    form = await begin(hass, heater, "template", "template_1")
    assert (await answer(hass, form, **{**FORM, "name": "Taken"}))["reason"] == "reconfigure_successful"


@pytest.mark.parametrize(
    ("command", "parameters", "error", "word"),
    [
        ("", [], {"command": "command"}, ""),
        (" \n ", [], {"command": "command"}, ""),
        ("sh\n" + "x" * 4097, [], {"command": "command"}, ""),
        ("sh\n" + "x\n" * 256, [], {"command": "command"}, ""),
        ("sh\na\0b", [], {"command": "command"}, ""),
        ("{program}", [parameter("program")], {"command": "program_fixed"}, "program"),
        ("sh\nrun\n--a={seed}\n{other}", [parameter("seed")], {"command": "placeholder_unknown"}, "other"),
        ("sh\n-c\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("sh\n-ec\nrm {code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("env\n/usr/bin/python3.14\n-c\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("nice\nnode\n--eval\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("python3\n-Xdev\n-W\nignore\n-c{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("bash\n-o\npipefail\n-c\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("busybox\nsh\n-c\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("su\n-c\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("env\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("timeout\n5\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("python3\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("make\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("sh\n{a}", [parameter("a", "choice", choices=["run", "-s"])], {"command": "placeholder_code"}, "a"),
        ("php\n-r\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("awk\n-F\n,\n{code}\nfile", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("ssh\nhost\nls\n{code}", [parameter("code")], {"command": "placeholder_code"}, "code"),
        ("sh\nrun", [parameter("b"), parameter("a")], {"parameters": "parameter_unused"}, "a"),
        ("sh\nrun\n{{a}}", [parameter("a")], {"parameters": "parameter_unused"}, "a"),
        ("sh\n{a}", [parameter("a"), parameter("a")], {"parameters": "parameter_name"}, "a"),
        ("sh\n{a}", [parameter("A b")], {"parameters": "parameter_name"}, "A b"),
        ("sh\n{a}", [parameter("a", "choice")], {"parameters": "parameter_choices"}, "a"),
        ("sh\n{a}", [parameter("a", "choice", choices=["b"], default="c")], {"parameters": "parameter_default"}, "a"),
        ("sh\n{a}", [parameter("a", "choice", choices=["b\0"])], {"parameters": "parameter_default"}, "a"),
        ("sh\n{a}", [parameter("a", "number", default="many")], {"parameters": "parameter_default"}, "a"),
        ("sh\n{a}", [parameter("a", "number", default="5", maximum=4)], {"parameters": "parameter_default"}, "a"),
        ("sh\n{a}", [parameter("a", "number", minimum=5, maximum=4)], {"parameters": "parameter_limits"}, "a"),
        ("sh\n{a}", [parameter("a", "number", minimum="nan")], {"parameters": "parameter_limits"}, "a"),
        ("sh", [parameter(f"p{number}") for number in range(65)], {"parameters": "parameters_many"}, ""),
    ],
)
async def test_what_is_wrong_with_a_command_is_said(
    hass: HomeAssistant, heater: MockConfigEntry, command: str, parameters: Any, error: dict[str, str], word: str
):
    form = await tell(hass, heater, command=command, parameters=parameters)
    assert form["errors"] == error
    assert form["description_placeholders"]["word"] == word
    assert not [found for found in heater.subentries.values() if found.subentry_type == "template"]


@pytest.mark.parametrize(
    ("command", "parameters"),
    [
        ("sh\nrun\n-c\n{config}", [parameter("config")]),
        ("python3\n-u\ntrain.py\n-c\n{config}", [parameter("config")]),
        ("python3\n{script}", [parameter("script", "choice", choices=["a.py", "b.py"])]),
        ("timeout\n{limit}\npython3\ntrain.py\n--lr\n{lr}", [parameter("limit", "number"), parameter("lr")]),
        ('sh\n-c\necho "$1"\n_\n{safe}', [parameter("safe")]),
        ("sed\ns/a/b/\n{file}", [parameter("file")]),
        ("bash\n-o\npipefail\n-x", []),
        ("sh\n-c", []),
        ("train\n-c\n{config}", [parameter("config")]),
        ('sh\n{"a": {"b": 1}}\n{{literal}}\n{a}{b}', [parameter("a"), parameter("b", default="x")]),
        ("train\n{a}", [parameter("a", "choice", choices=["--fast", "--slow"], default="--fast")]),
    ],
)
async def test_a_command_that_can_be(hass: HomeAssistant, heater: MockConfigEntry, command: str, parameters: Any):
    result = await tell(hass, heater, command=command, parameters=parameters, executor="ray_1")
    assert result["type"] is FlowResultType.CREATE_ENTRY, result


async def test_a_value_that_may_be_an_option_is_none_of_an_interpreter(hass: HomeAssistant, heater: MockConfigEntry):
    told = {"command": "perl\n-ne\nprint\n{file}", "parameters": [parameter("file")], "option_values": True}
    assert (await tell(hass, heater, **told))["errors"] == {"command": "placeholder_code"}


@pytest.mark.parametrize(
    "environment", ["LEVEL", "=x", "1A=x", "A B=x", "A=1\nA=2", "HASHWARM_JOB_ID=x", "A=" + "x" * 4097]
)
async def test_an_environment_is_names_and_values(hass: HomeAssistant, heater: MockConfigEntry, environment: str):
    form = await tell(hass, heater, environment=environment)
    assert form["errors"] == {"environment": "environment"}


async def test_a_secret_has_to_be_there(hass: HomeAssistant, heater: MockConfigEntry, tmp_path: Path):
    (tmp_path / "secrets.yaml").write_text("key: hush\n")
    form = await tell(hass, heater, environment="A=b\n\nKEY=!secret missing")
    assert form["errors"] == {"environment": "secret_unknown"}
    assert form["description_placeholders"]["word"] == "missing"
    result = await answer(hass, form, **{**FORM, "environment": "KEY=!secret key"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert only(heater, "template").data["environment"] == "KEY=!secret key", "the secret itself is kept nowhere"


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program", "./run", "bin/run"])
async def test_a_program_that_is_not_here_is_doubted_once(hass: HomeAssistant, heater: MockConfigEntry, program: str):
    form = await tell(hass, heater, command=program)
    assert form["errors"] == {"command": "program_missing"}
    assert form["description_placeholders"]["word"] == program
    form = await answer(hass, form, **{**FORM, "command": "another-missing"})
    assert form["errors"] == {"command": "program_missing"}, "each of them"
    assert (await answer(hass, form, **{**FORM, "command": "another-missing"}))["type"] is FlowResultType.CREATE_ENTRY


async def test_programs_of_a_cluster_are_not_looked_for_here(hass: HomeAssistant, heater: MockConfigEntry):
    result = await tell(hass, heater, command="no-such-program", executor="ray_1")
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_program_is_found_by_its_path_or_by_that_of_the_job(
    hass: HomeAssistant, heater: MockConfigEntry, tmp_path: Path
):
    program = tmp_path / "mine"
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert os.access(program, os.X_OK)
    assert (await tell(hass, heater, command=str(program)))["type"] is FlowResultType.CREATE_ENTRY
    result = await tell(hass, heater, name="Other", command="mine", environment=f"PATH={tmp_path}")
    assert result["type"] is FlowResultType.CREATE_ENTRY
