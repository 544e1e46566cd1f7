"""Every word the face can say is in the translations, and no word is there for nothing."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
import re
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from custom_components.hashwarm import (
    account_schema,
    comfort_schema,
    executor_schema,
    flow_schemas,
    home_schema,
    template_schema,
)
from custom_components.hashwarm.binary_sensor import BINARY_SENSORS
from custom_components.hashwarm.button import AI_BUTTONS, BUTTONS
from custom_components.hashwarm.climate import HeaterClimate
from custom_components.hashwarm.const import DOMAIN, HEATER_PLATFORMS, HOME_PLATFORMS
from custom_components.hashwarm.device_trigger import TRIGGERS
from custom_components.hashwarm.engine.home import Problem
from custom_components.hashwarm.engine.jobs import Reason
from custom_components.hashwarm.engine.jobs.executors import ray_answers
from custom_components.hashwarm.engine.jobs.power.cap import CapError
from custom_components.hashwarm.engine.model.control import Why
from custom_components.hashwarm.engine.model.errors import (
    BackendError,
    ExecutorAuthError,
    ExecutorError,
    ExecutorRefusedError,
    ExecutorUnreachableError,
    HashwarmError,
    InvalidValueError,
    JobError,
    PoolError,
)
from custom_components.hashwarm.engine.model.telemetry import ThermalLoop
from custom_components.hashwarm.engine.store import StoreNewerError
from custom_components.hashwarm.event import AI_JOB, EARNINGS
from custom_components.hashwarm.executors import RAY_WITHOUT_TOKEN
from custom_components.hashwarm.number import AI_NUMBERS, MINER_NUMBERS, NUMBERS
from custom_components.hashwarm.repairs import KERNEL_PROBLEMS, LEFT_RUNNING, MINER_PROBLEMS, POOL_PROBLEMS
from custom_components.hashwarm.repairs_ai import PREEMPTED_TOO_OFTEN
from custom_components.hashwarm.select import SELECTS
from custom_components.hashwarm.sensors_account import ACCOUNT_SENSORS
from custom_components.hashwarm.sensors_ai import AI_SENSORS
from custom_components.hashwarm.sensors_heater import HEATER_SENSORS
from custom_components.hashwarm.sensors_home import CIRCUIT_SENSORS, HOME_SENSORS
from custom_components.hashwarm.sensors_miner import BOARD_SENSORS, FAN_SENSORS, MINER_SENSORS
from custom_components.hashwarm.sensors_money import MONEY_SENSORS
from custom_components.hashwarm.sensors_planner import PLANNER_SENSORS
from custom_components.hashwarm.services import async_register
from custom_components.hashwarm.switch import SWITCHES

from .conftest import INTEGRATION, read_json

FLOWS = {
    "config": ("config_flow.py", "entity_flow.py", "flow_base.py", "miner_flow.py"),
    "options": ("options_flow.py", "comfort_flow.py", "home_options_flow.py"),
    "config_subentries.account": ("account_flow.py",),
    "config_subentries.circuit": ("circuit_flow.py",),
    "config_subentries.executor": ("executor_flow.py",),
    "config_subentries.template": ("template_flow.py",),
}
SCHEMAS = (
    vars(account_schema)
    | vars(flow_schemas)
    | vars(comfort_schema)
    | vars(home_schema)
    | vars(executor_schema)
    | vars(template_schema)
)
SECTIONS = comfort_schema.SECTIONS | home_schema.SECTIONS | template_schema.SECTIONS
WORD = re.compile(r"[a-z][a-z0-9_]+")
THERMOSTAT = HeaterClimate.__new__(HeaterClimate)
DESCRIBED: dict[Platform, tuple[Any, ...]] = {
    Platform.BINARY_SENSOR: BINARY_SENSORS,
    Platform.BUTTON: (*BUTTONS, *AI_BUTTONS),
    Platform.CLIMATE: (THERMOSTAT,),
    Platform.EVENT: (EARNINGS, AI_JOB),
    Platform.NUMBER: (*NUMBERS, *MINER_NUMBERS, *AI_NUMBERS),
    Platform.SELECT: SELECTS,
    Platform.SENSOR: (
        *HEATER_SENSORS,
        *MINER_SENSORS,
        *MONEY_SENSORS,
        *PLANNER_SENSORS,
        *AI_SENSORS,
        *BOARD_SENSORS,
        *FAN_SENSORS,
        *HOME_SENSORS,
        *ACCOUNT_SENSORS,
        *CIRCUIT_SENSORS,
    ),
    Platform.SWITCH: SWITCHES,
}
PLACEHOLDERS = {
    "config_subentries.account.step": {"pool"},
    "config_subentries.executor.error": {"currency"},
    "config_subentries.executor.step.sensor": {"currency"},
    "config_subentries.executor.step.server": {"executor"},
    "config_subentries.template.error": {"word"},
    "config_subentries.template.step": {"close", "currency", "open"},
    "config.error": {"high", "low"},
    "config.flow_title": {"name"},
    "config.step.controlled": {"entity", "high", "low"},
    "config.step.long_tail": {"host"},
    "config.step.miner": {"firmware", "floor", "maximum", "miner"},
    "config.step.reauth_confirm": {"miner"},
    "config.step.reconfigure_miner": {"miner"},
    "entity.sensor": {"circuit", "number"},
    "config.step.pool": {"hash_rate", "kernel"},
    "config.step.price": {"currency", "share_interval"},
    "issues.left_running": {"address", "heater", "power"},
    "exceptions.ai_not_set_up": {"heater"},
    "exceptions.command_not_allowed": {"executor"},
    "exceptions.executor_gone": {"template"},
    "exceptions.executor_unknown": {"executor"},
    "exceptions.no_market": {"executor"},
    "exceptions.job_folder_closed": {"folder"},
    "exceptions.invalid_value": {"field"},
    "exceptions.parameter_": {"choices", "known", "least", "most", "parameter"},
    "exceptions.payout_ambiguous": {"payout"},
    "exceptions.payout_currency": {"currency", "told"},
    "exceptions.payout_not_allowed": {"template"},
    "exceptions.payout_unknown": {"payout"},
    "exceptions.queue_full": {"most"},
    "exceptions.template_unknown": {"known", "template"},
    "exceptions.unknown_job": {"job_id"},
    "exceptions.wrong_state": {"state"},
    "exceptions.target_limits": {"least", "most"},
    "issues.executor_": {"executor", "heater"},
    "issues.job_preempted_too_often": {"heater", "job"},
    "issues.power_limit_": {"executor", "heater"},
    "issues.ray_without_token": {"executor", "heater"},
    "issues": {"account", "figures", "heater", "pool", "sensor"},
    "options.error": {"floor", "maximum"},
    "options.step.entities": {"floor", "maximum"},
    "options.step.electricity": {"currency"},
    "options.step.fuel": {"currency", "unit"},
    "options.step.heat_pump": {"currency"},
    "options.step.market": {"currency"},
    "options.step.resistive": {"currency"},
    "options.step.supply": {"currency"},
    "options.step.tariff": {"currency"},
    "options.step.miner": {"floor", "maximum"},
}


def keyed(platform: Platform) -> dict[str, Any]:
    """Return what needs words of ours; what has none is named by its device class."""
    return {described.translation_key: described for described in DESCRIBED[platform] if described.translation_key}


def tree_of(kind: type[HashwarmError]) -> set[str]:
    """Return the keys of an error and of everything below it in the product."""
    return {kind.key}.union(*(tree_of(child) for child in kind.__subclasses__() if "hashwarm" in child.__module__))


def told_in(english: dict[str, Any], section: str) -> dict[str, Any]:
    for name in section.split("."):
        english = english[name]
    return english


def sources(section: str) -> list[Path]:
    return [INTEGRATION / name for name in FLOWS[section]]


def calls_in(section: str, *names: str) -> list[ast.Call]:
    return [call for path in sources(section) for call in calls(path, *names)]


def calls(path: Path, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names:
            yield node


def argument(call: ast.Call, name: str) -> Any:
    return next((word.value for word in call.keywords if word.arg == name), None)


def forms(section: str) -> dict[str, set[str]]:
    """Return the steps that a flow shows, with the fields of each; fields made from an entity's options have names."""
    shown: dict[str, set[str]] = {}
    for call in calls_in(section, "async_show_form"):
        step, schema = argument(call, "step_id"), argument(call, "data_schema")
        assert isinstance(step, ast.Constant)
        name = (schema.args[0].id if isinstance(schema, ast.Call) else schema.id) if schema is not None else ""
        fields = SCHEMAS[name].schema if name.isupper() else {}
        shown[str(step.value)] = {str(field) for field in fields}
    return shown


def shared_words() -> set[str]:
    """Return the errors of the price form and of entities that cannot be chosen, which both flows show."""
    shared = {INTEGRATION / "home_options_flow.py": "price_errors", INTEGRATION / "doubles.py": "chosen_errors"}
    words: set[str] = set()
    for path, name in shared.items():
        tree = ast.parse(path.read_text())
        words |= words_in(next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name))
    return words


def words_of_errors(section: str) -> set[str]:
    """Return the errors that a flow puts at its fields."""
    words = set() if "." in section else shared_words()
    return words.union(*(words_in(ast.parse(path.read_text())) for path in sources(section)))


def words_in(tree: ast.AST) -> set[str]:
    words: set[str] = set()
    for node in ast.walk(tree):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.Return | ast.Tuple):
            inner = [node.value] if isinstance(node, ast.Return) else node.elts
            values = [value for part in inner if isinstance(part, ast.Dict) for value in part.values]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "errors":
            values = list(node.value.values) if isinstance(node.value, ast.Dict) else []
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            values = [node.value] if getattr(node.targets[0].value, "id", "") == "errors" else []
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and WORD.fullmatch(value.value):
                words.add(value.value)
            elif isinstance(value, ast.Attribute) and value.attr == "key":
                owner = value.value.id
                words |= tree_of(PoolError) if owner == "error" else {error_named(owner).key}
    return words


def error_named(name: str) -> type[HashwarmError]:
    from custom_components.hashwarm.engine.model import errors

    return getattr(errors, name)


@pytest.mark.parametrize("section", FLOWS)
def test_every_form_and_field_is_explained(english: dict[str, Any], section: str):
    steps = dict(told_in(english, section)["step"])
    for call in calls_in(section, "async_show_menu"):
        menu = steps.pop(argument(call, "step_id").value)
        assert set(menu["menu_options"]) == set(ast.literal_eval(argument(call, "menu_options")))
    shown = forms(section)
    assert set(steps) == set(shown)
    for step, fields in shown.items():
        assert steps[step]["title"], step
        parts = steps[step].get("sections", {})
        assert {*parts, *steps[step].get("data", {})} == fields, step
        assert set(steps[step].get("data_description", {})) == fields - set(parts), step
        for name, part in parts.items():
            inside = {str(field) for field in SECTIONS[name].schema}
            assert part["name"], name
            assert set(part["data"]) == set(part["data_description"]) == inside, name


@pytest.mark.parametrize("section", FLOWS)
def test_every_error_is_explained(english: dict[str, Any], section: str):
    assert set(told_in(english, section)["error"]) == words_of_errors(section)


def test_every_abort_is_explained(english: dict[str, Any]):
    reasons = {argument(call, "reason").value for call in calls_in("config", "async_abort")}
    if calls_in("config", "_abort_if_unique_id_configured"):
        reasons.add("already_configured")
    if calls_in("config", "async_update_reload_and_abort"):
        reasons |= {"reconfigure_successful", "reauth_successful"}
    assert set(english["config"]["abort"]) == reasons


def test_every_platform_is_looked_at(english: dict[str, Any]):
    assert set(DESCRIBED) == {*HEATER_PLATFORMS, *HOME_PLATFORMS}
    assert set(english["entity"]) == {platform.value for platform in DESCRIBED}
    files = {path.stem for path in INTEGRATION.glob("*.py")}
    assert files & {platform.value for platform in Platform} == set(english["entity"])


@pytest.mark.parametrize("platform", DESCRIBED)
def test_every_entity_has_its_words(english: dict[str, Any], platform: Platform):
    told = english["entity"][platform]
    assert set(told) == set(keyed(platform))
    for key, described in keyed(platform).items():
        if platform is not Platform.CLIMATE:
            assert told[key]["name"], key
        options = getattr(described, "options", None)
        assert set(told[key].get("state", {})) == set(options or ()), key


def test_presets_of_our_own_have_words(english: dict[str, Any]):
    known_to_home_assistant = {"none", "eco", "away", "boost", "comfort", "home", "sleep", "activity"}
    told = english["entity"]["climate"]["heater"]["state_attributes"]["preset_mode"]["state"]
    assert set(told) == set(THERMOSTAT.preset_modes) - known_to_home_assistant


@pytest.mark.parametrize("platform", DESCRIBED)
def test_icons(icons: dict[str, Any], platform: Platform):
    shown = icons["entity"].get(platform, {})
    assert set(shown) <= set(keyed(platform))
    for key, described in keyed(platform).items():
        if getattr(described, "device_class", None) is None and platform is not Platform.CLIMATE:
            assert "default" in shown.get(key, {}), f"{key} has neither a device class nor an icon"
        states = set(shown.get(key, {}).get("state", {}))
        options = (
            {"on", "off"} if platform is Platform.BINARY_SENSOR else set(getattr(described, "options", None) or ())
        )
        assert states <= options, key


def test_icons_are_of_the_one_set(icons: dict[str, Any]):
    def names(part: Any) -> Iterator[str]:
        for value in part.values():
            if isinstance(value, str):
                yield value
            else:
                yield from names(value)

    assert all(re.fullmatch(r"mdi:[a-z0-9-]+", name) for name in names(icons))


def test_every_exception_is_explained(english: dict[str, Any]):
    keys: set[str] = set()
    for path in INTEGRATION.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and argument(node, "translation_domain") is not None:
                key = argument(node, "translation_key")
                keys |= {key.value} if isinstance(key, ast.Constant) else set()
    from custom_components.hashwarm.engine.model.errors import StoreError

    assert StoreNewerError.key in tree_of(StoreError)
    # Errors that the flows of the house show stand at their fields.
    jobs = tree_of(JobError) | tree_of(ExecutorError) | {InvalidValueError.key}
    templates = {call.args[0].value for call in calls(INTEGRATION / "templates.py", "TemplateError")}
    assert set(english["exceptions"]) == keys | tree_of(BackendError) | tree_of(StoreError) | jobs | templates


def test_every_repair_is_explained(english: dict[str, Any]):
    disobedience = {Why.NOT_OBEYING, Why.HEAT_WITHOUT_COMMAND}
    keys = {*POOL_PROBLEMS, *KERNEL_PROBLEMS, *MINER_PROBLEMS, *ThermalLoop, *Problem, *disobedience}
    for node in ast.walk(ast.parse((INTEGRATION / "repairs.py").read_text())):
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "problems":
            keys |= {node.slice.value} if isinstance(node.slice, ast.Constant) else set()
        elif isinstance(node, ast.Dict):
            told = zip(node.keys, node.values, strict=True)
            keys |= {key.value for key, value in told if isinstance(value, ast.Dict) and isinstance(key, ast.Constant)}
    ai = {
        ExecutorAuthError.key,
        ExecutorUnreachableError.key,
        PREEMPTED_TOO_OFTEN,
        RAY_WITHOUT_TOKEN,
        *tree_of(CapError),
    }
    assert set(english["issues"]) == {str(key) for key in keys} | ai | {LEFT_RUNNING}
    for key, issue in english["issues"].items():
        assert issue["title"], key
        assert ("description" in issue) is not ("fix_flow" in issue), key


def actions() -> dict[str, Any]:
    return load_yaml_dict(str(INTEGRATION / "services.yaml"))


async def test_every_action_is_explained(hass: HomeAssistant, english: dict[str, Any], icons: dict[str, Any]):
    async_register(hass)
    told = actions()
    assert (
        set(told) == set(english["services"]) == set(icons["services"]) == set(hass.services.async_services()[DOMAIN])
    )
    for name, action in told.items():
        words = english["services"][name]
        assert words["name"], name
        assert words["description"], name
        assert list(words["fields"]) == list(action["fields"]), name
        assert all(field["name"] and field["description"] for field in words["fields"].values()), name


async def test_every_field_of_an_action_is_taken(hass: HomeAssistant):
    async_register(hass)
    for name, service in hass.services.async_services_for_domain(DOMAIN).items():
        schema: Any = service.schema
        fields = getattr(schema, "schema", None) or schema.validators[0].schema
        told = actions()[name]["fields"]
        assert {str(field) for field in fields} == set(told), name
        required = {str(field) for field in fields if isinstance(field, vol.Required)}
        assert required == {field for field, asked in told.items() if asked.get("required")}, name


def test_every_trigger_is_explained(english: dict[str, Any]):
    assert set(english["device_automation"]) == {"trigger_type"}
    assert set(english["device_automation"]["trigger_type"]) == set(TRIGGERS)


def test_every_kind_of_news_is_explained(english: dict[str, Any], icons: dict[str, Any]):
    for described in DESCRIBED[Platform.EVENT]:
        attributes = english["entity"]["event"][described.translation_key]["state_attributes"]
        assert set(attributes["event_type"]["state"]) == set(described.event_types)
        shown = icons["entity"]["event"][described.translation_key].get("state_attributes", {}).get("event_type", {})
        assert set(shown.get("state", {})) <= set(described.event_types)


def told_selectors(selectors: Iterable[Any]) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield the key of everything that offers words of ours, with what they are said for."""
    for selector in selectors:
        config = getattr(selector, "config", {})
        fields = config.get("fields", {})
        if "translation_key" in config:
            yield config["translation_key"], fields or config["options"]
        yield from told_selectors(field["selector"] for field in fields.values())


def selectors_in(described: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Yield the same of the fields of actions."""
    if "translation_key" in described:
        yield described["translation_key"], set(described["options"])
    for part in described.values():
        if isinstance(part, dict):
            yield from selectors_in(part)


def test_selectors_devices_and_health(english: dict[str, Any]):
    schemas = [schema for schema in (*SCHEMAS.values(), *SECTIONS.values()) if isinstance(schema, vol.Schema)]
    selectors = {key: set(words) for schema in schemas for key, words in told_selectors(schema.schema.values())}
    selectors |= dict(selectors_in(load_yaml_dict(str(INTEGRATION / "services.yaml"))))
    said = {key: set(told.get("options") or told["fields"]) for key, told in english["selector"].items()}
    assert said == selectors
    devices = {argument(call, "translation_key") for call in calls(INTEGRATION / "entity.py", "DeviceInfo")} - {None}
    assert set(english["device"]) == {key.value for key in devices}
    health = (INTEGRATION / "system_health.py").read_text()
    assert set(english["system_health"]["info"]) == set(
        re.findall(r'(?:^\s+|info\[)"(\w+)"(?::|\])', health, re.MULTILINE)
    )


def test_placeholders_are_those_that_are_filled_in(english: dict[str, Any]):
    def texts(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
        for name, value in part.items():
            below = f"{path}.{name}".lstrip(".")
            if isinstance(value, str):
                yield below, value
            else:
                yield from texts(value, below)

    for path, text in texts(english):
        allowed = next((names for start, names in PLACEHOLDERS.items() if path.startswith(start)), set())
        assert set(re.findall(r"\{(\w+)\}", text)) <= allowed, path
        assert "[%key:" not in text, path
        assert text == text.strip(), path


def test_every_language_says_the_same(english: dict[str, Any]):
    def leaves(part: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
        found: dict[tuple[str, ...], str] = {}
        for name, value in part.items():
            found |= leaves(value, (*path, name)) if isinstance(value, dict) else {(*path, name): value}
        return found

    said = leaves(english)
    for path in (INTEGRATION / "translations").glob("*.json"):
        other = leaves(read_json(path))
        assert set(other) <= set(said), path.name
        for key, text in other.items():
            assert re.findall(r"\{\w+\}", text) == [] or sorted(re.findall(r"\{\w+\}", text)) == sorted(
                re.findall(r"\{\w+\}", said[key])
            ), (path.name, key)
    assert not (INTEGRATION / "strings.json").exists()


def test_every_reason_of_a_job_has_words(english: dict[str, Any]):
    problems = set(ray_answers._PROBLEMS.values()) | {"ray_log_too_long"}
    kinds = (ExecutorError, *ExecutorError.__subclasses__(), *ExecutorRefusedError.__subclasses__())
    wanted = {reason.value for reason in Reason} | problems | {kind.key for kind in kinds}
    for platform, key in (("sensor", "ai_status"), ("event", "ai_job")):
        assert set(english["entity"][platform][key]["state_attributes"]["reason"]["state"]) == wanted
