"""Adds an AI executor to a heater and changes it; what can be asked is asked once before anything is kept."""

from collections.abc import Mapping
import os
from pathlib import PurePosixPath
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_API_KEY, CONF_HOST, CONF_NAME, CONF_PASSWORD, CONF_PORT, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
import voluptuous as vol

from .adapters.compute import is_in_currency, last_reset_of, money_of
from .ai_const import (
    CONF_AS_NOBODY,
    CONF_BUSY_SENSOR,
    CONF_CHECKPOINT_ROOT,
    CONF_EXECUTOR_KIND,
    CONF_EXPECTED_POWER,
    CONF_GPU_INDEX,
    CONF_HEATS_ROOM,
    CONF_MACHINE_ID,
    CONF_METERED_TOGETHER,
    CONF_POWER_CONTROL,
    CONF_POWER_SENSOR,
    CONF_RAW_COMMANDS,
    CONF_REVENUE_BEFORE,
    CONF_REVENUE_RESET,
    CONF_REVENUE_SENSOR,
    CONF_SAME_CHIP,
    CONF_SLOTS,
    ExecutorKind,
    PowerControl,
)
from .const import CONF_KIND, CONF_POWER_METER, DOMAIN, KIND_LOCAL_WORKER, LOGGER
from .coordinator import HeaterCoordinator
from .doubles import is_own
from .engine.jobs import base_url
from .engine.model.errors import (
    ExecutorAuthError,
    ExecutorError,
    ExecutorRefusedError,
    ExecutorUnreachableError,
    InvalidValueError,
)
from .executor_schema import BOINC, EXECUTOR, FOLDING, LOCAL, RAY, SENSOR, SERVER, VAST
from .executors import ask_once, executors_of
from .helpers import parse_host

_LONGEST_PATH = 500
_LABELS = {
    ExecutorKind.LOCAL: "This machine",
    ExecutorKind.RAY: "Ray",
    ExecutorKind.BOINC: "BOINC",
    ExecutorKind.FOLDING: "Folding@home",
    ExecutorKind.VAST: "vast.ai",
    ExecutorKind.OLLAMA: "Ollama",
    ExecutorKind.LLAMA_CPP: "llama.cpp",
    ExecutorKind.VLLM: "vLLM",
    ExecutorKind.COMFYUI: "ComfyUI",
    ExecutorKind.SENSOR: "AI revenue",
}
SECRET_OF = {
    ExecutorKind.RAY: CONF_TOKEN,
    ExecutorKind.BOINC: CONF_PASSWORD,
    ExecutorKind.VAST: CONF_API_KEY,
    ExecutorKind.OLLAMA: CONF_TOKEN,
    ExecutorKind.LLAMA_CPP: CONF_TOKEN,
    ExecutorKind.VLLM: CONF_TOKEN,
    ExecutorKind.COMFYUI: CONF_TOKEN,
}
_SECRETS = frozenset(SECRET_OF.values())
_PLACE = (CONF_URL, CONF_HOST, CONF_PORT)
_IDENTITY = (*_PLACE, CONF_MACHINE_ID, CONF_REVENUE_SENSOR)
_ENTITIES = (CONF_POWER_SENSOR, CONF_REVENUE_SENSOR, CONF_BUSY_SENSOR)
_WHOLE = (CONF_SLOTS, CONF_PORT, CONF_MACHINE_ID, CONF_GPU_INDEX)
_DEFAULTS: dict[ExecutorKind, dict[str, Any]] = {
    ExecutorKind.LOCAL: {CONF_SLOTS: 1, CONF_POWER_CONTROL: PowerControl.AUTO.value, CONF_RAW_COMMANDS: False},
    ExecutorKind.RAY: {CONF_SLOTS: 1, CONF_CHECKPOINT_ROOT: "/tmp/hashwarm", CONF_RAW_COMMANDS: False},  # noqa: S108
    ExecutorKind.BOINC: {CONF_PORT: 31416},
    ExecutorKind.FOLDING: {CONF_URL: "http://127.0.0.1:7396"},
}


class ExecutorFlow(ConfigSubentryFlow):
    """Asks what runs AI work, how it is reached, and what its watts are to the room."""

    def __init__(self) -> None:
        super().__init__()
        self._kind = ExecutorKind.LOCAL
        self._data: dict[str, Any] = {}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what it is."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._kind = ExecutorKind(user_input[CONF_EXECUTOR_KIND])
            if self._kind is not ExecutorKind.LOCAL or not self._known_already({}):
                return await self._show()
            errors = {CONF_EXECUTOR_KIND: "executor_twice"}
        return self.async_show_form(step_id="user", data_schema=EXECUTOR, errors=errors)

    async def async_step_reconfigure(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change an executor; what it is stays."""
        self._kind = ExecutorKind(self._get_reconfigure_subentry().data[CONF_EXECUTOR_KIND])
        return await self._show()

    async def _show(self) -> SubentryFlowResult:
        steps = {
            ExecutorKind.LOCAL: self.async_step_local,
            ExecutorKind.RAY: self.async_step_ray,
            ExecutorKind.BOINC: self.async_step_boinc,
            ExecutorKind.FOLDING: self.async_step_folding,
            ExecutorKind.VAST: self.async_step_vast,
            ExecutorKind.SENSOR: self.async_step_sensor,
        }
        return await steps.get(self._kind, self.async_step_server)()

    async def async_step_local(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask how jobs run on this machine."""
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="local",
            data_schema=self._filled(LOCAL, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_ray(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the head of a Ray cluster."""
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="ray",
            data_schema=self._filled(RAY, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_boinc(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a BOINC client."""
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="boinc",
            data_schema=self._filled(BOINC, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_folding(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a Folding@home client."""
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="folding",
            data_schema=self._filled(FOLDING, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_vast(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a machine on vast.ai."""
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="vast",
            data_schema=self._filled(VAST, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_server(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for an inference server."""
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="server",
            data_schema=self._filled(SERVER, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_sensor(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the sensor that tells what was earned."""
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="sensor",
            data_schema=self._filled(SENSOR, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    def _filled(self, schema: vol.Schema, user_input: Mapping[str, Any] | None) -> vol.Schema:
        """Return a form with what is known. A token or password never goes back to the browser."""
        hidden = {CONF_AS_NOBODY} if os.geteuid() != 0 else {}
        fields = {field: value for field, value in schema.schema.items() if field not in hidden}
        told = {name: value for name, value in (user_input or self._shown).items() if name not in _SECRETS}
        return self.add_suggested_values_to_schema(vol.Schema(fields), told)

    @property
    def _placeholders(self) -> dict[str, str]:
        return {"executor": _LABELS[self._kind], "currency": self.hass.config.currency}

    @property
    def _changed(self) -> ConfigSubentry | None:
        return self._get_reconfigure_subentry() if self.source == SOURCE_RECONFIGURE else None

    @property
    def _shown(self) -> dict[str, Any]:
        if (changed := self._changed) is not None:
            return {**changed.data, CONF_NAME: changed.title}
        is_here = self._kind is ExecutorKind.LOCAL and self._get_entry().data[CONF_KIND] == KIND_LOCAL_WORKER
        maximum_w = self._maximum_w if is_here else None
        return {
            CONF_NAME: _LABELS[self._kind],
            CONF_HEATS_ROOM: True,
            CONF_SAME_CHIP: is_here,
            CONF_METERED_TOGETHER: is_here and bool(self._get_entry().options.get(CONF_POWER_METER)),
            **({} if maximum_w is None else {CONF_EXPECTED_POWER: maximum_w}),
            **({CONF_AS_NOBODY: True} if self._kind is ExecutorKind.LOCAL else {}),
            **_DEFAULTS.get(self._kind, {}),
        }

    @property
    def _maximum_w(self) -> float | None:
        """What the heater's own chip draws at most: a job that keeps all of it busy draws as much."""
        entry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return None
        coordinator: HeaterCoordinator = entry.runtime_data
        return max(round(coordinator.heater.backend.capabilities.maximum_w), 1)

    async def _wrong(self, user_input: Mapping[str, Any] | None) -> dict[str, str]:
        """Return what is wrong with an answer, and remember what of it would be kept; who is meant is asked last."""
        if user_input is None:
            return {}
        errors = self._take(user_input)
        return (
            errors
            or self._errors(user_input[CONF_NAME].strip(), self._data)
            or await errors_of(self.hass, self._kind, self._data)
        )

    def _take(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        """Bring an answer into the form in which it is kept; returns what is wrong with it."""
        data = {name: value for name, value in user_input.items() if name != CONF_NAME}
        data[CONF_EXECUTOR_KIND] = self._kind.value
        data |= {name: round(data[name]) for name in _WHOLE if name in data}
        for field, bring in ((CONF_URL, _url), (CONF_HOST, _host), (CONF_CHECKPOINT_ROOT, _folder)):
            told, errors = bring(data[field]) if field in data else ({}, {})
            if errors:
                return errors
            data |= told
        if self._kind is ExecutorKind.LOCAL:
            data.setdefault(CONF_AS_NOBODY, True if self._changed is None else self._changed.data[CONF_AS_NOBODY])
        told, errors = self._told_before(data)
        self._data = data | self._known_secret(data) | told
        return errors

    def _known_secret(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the secret that is known where none is given; it stays with the server that it was given for."""
        changed, secret = self._changed, SECRET_OF.get(self._kind, "")
        if changed is None or secret not in changed.data or data.get(secret) or _place(changed.data) != _place(data):
            return {}
        return {secret: changed.data[secret]}

    def _told_before(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what a revenue sensor has told already, which was not earned here, and what is wrong with it."""
        if self._kind is not ExecutorKind.SENSOR:
            return {}, {}
        sensor, changed = data[CONF_REVENUE_SENSOR], self._changed
        if changed is not None and changed.data[CONF_REVENUE_SENSOR] == sensor:
            return {name: changed.data[name] for name in (CONF_REVENUE_BEFORE, CONF_REVENUE_RESET)}, {}
        state = self.hass.states.get(sensor)
        total = money_of(state)
        if state is None or total is None:
            return {}, {CONF_REVENUE_SENSOR: "sensor_unknown"}
        if not is_in_currency(state, self.hass.config.currency):
            return {}, {CONF_REVENUE_SENSOR: "sensor_currency"}
        return {CONF_REVENUE_BEFORE: total, CONF_REVENUE_RESET: last_reset_of(state)}, {}

    def _errors(self, name: str, data: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with an answer, before anybody is asked."""
        others = [executor for executor in executors_of(self._get_entry()) if executor is not self._changed]
        if name in {"", *(executor.title for executor in others)}:
            return {CONF_NAME: "executor_name"}
        if own := [field for field in _ENTITIES if field in data and is_own(self.hass, data[field])]:
            return {own[0]: "own_entity"}
        if self._known_already(data):
            return {"base": "executor_twice"}
        if self._kind is ExecutorKind.VAST and not data.get(CONF_API_KEY):
            return {CONF_API_KEY: "secret_missing"}
        return {}

    def _known_already(self, data: Mapping[str, Any]) -> bool:
        """Return whether a heater has this machine already: its work would be counted twice.

        Jobs for the same Ray cluster may come from several heaters; every job counts at its own.
        """
        entries = self.hass.config_entries.async_entries(DOMAIN)
        entries = [self._get_entry()] if self._kind is ExecutorKind.RAY else entries
        changed_id = self._changed.subentry_id if self._changed is not None else None
        return any(
            executor.data[CONF_EXECUTOR_KIND] == self._kind and _identity(executor.data) == _identity(data)
            for entry in entries
            for executor in executors_of(entry)
            if executor.subentry_id != changed_id
        )

    def _keep(self, user_input: Mapping[str, Any]) -> SubentryFlowResult:
        title = user_input[CONF_NAME].strip()
        if (changed := self._changed) is not None:
            return self.async_update_and_abort(self._get_entry(), changed, title=title, data=self._data)
        return self.async_create_entry(title=title, data=self._data)


async def errors_of(hass: HomeAssistant, kind: ExecutorKind, data: Mapping[str, Any]) -> dict[str, str]:
    """Ask a server or client once how it stands, and return what a person has to mend, by field."""
    try:
        await ask_once(hass, kind, data)
    except ExecutorAuthError:
        return {SECRET_OF.get(kind, "base"): "invalid_auth"}
    except ExecutorUnreachableError:
        return {"base": "cannot_connect"}
    except ExecutorRefusedError as refusal:
        LOGGER.debug("The trial of an AI executor was refused: %s", refusal)
        return {"base": "executor_refused"}
    except ExecutorError as failure:
        LOGGER.debug("The trial of an AI executor failed: %s", failure)
        return {"base": "not_that_kind"}
    return {}


def _url(text: str) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        return {CONF_URL: str(base_url(text)).rstrip("/")}, {}
    except InvalidValueError:
        return {}, {CONF_URL: "url_invalid"}


def _host(text: str) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        host, port = parse_host(text)
    except InvalidValueError:
        return {}, {CONF_HOST: "host_invalid"}
    return {CONF_HOST: host} | ({} if port is None else {CONF_PORT: port}), {}


def _folder(text: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return an absolute path on the cluster's machines that leads nowhere else."""
    path = PurePosixPath(text.strip())
    if len(text) > _LONGEST_PATH or not text.isprintable() or not path.is_absolute() or ".." in path.parts:
        return {}, {CONF_CHECKPOINT_ROOT: "path_invalid"}
    return {CONF_CHECKPOINT_ROOT: str(path)}, {}


def _place(data: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(data.get(name) for name in _PLACE)


def _identity(data: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(data.get(name) for name in _IDENTITY)
