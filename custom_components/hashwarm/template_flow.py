"""Adds a job template to a heater and changes it; only administrators get here."""

from collections.abc import Mapping
from math import isfinite
import os
from pathlib import Path
import shutil
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentry, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
import voluptuous as vol

from .ai_const import (
    CONF_COMMAND,
    CONF_ENVIRONMENT,
    CONF_EXECUTOR,
    CONF_EXECUTOR_KIND,
    CONF_OPTION_VALUES,
    CONF_PARAMETERS,
    CONF_PAYOUT,
    CONF_PAYOUT_CURRENCY,
    SUBENTRY_TEMPLATE,
    ExecutorKind,
    ParameterType,
)
from .engine.jobs import JOB_PATH, SECRET
from .engine.model.errors import TemplateError
from .executors import executors_of
from .local_machine import secrets_of
from .template_code import runs_as_code
from .template_schema import SECTIONS, TEMPLATE, with_executors
from .template_text import NAME, command_fits, has_control, placeholders, variables_of, words_of
from .templates import LONGEST_NAME, parameter_of

_MOST_PARAMETERS = 64

type Errors = dict[str, str]
type Told = Mapping[str, Any]


class TemplateFlow(ConfigSubentryFlow):
    """Asks what is run, where, and what may be chosen when it is submitted."""

    def __init__(self) -> None:
        super().__init__()
        self._doubted: tuple[str, str] | None = None
        self._word = ""
        """What an error is about."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a template."""
        if not self._executors:
            return self.async_abort(reason="no_executor")
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="user",
            data_schema=self._filled(TEMPLATE, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change a template; jobs that were submitted stay as they are."""
        if not self._executors:
            return self.async_abort(reason="no_executor")
        errors = await self._wrong(user_input)
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self._filled(TEMPLATE, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    def _filled(self, schema: vol.Schema, user_input: Told | None) -> vol.Schema:
        return self.add_suggested_values_to_schema(with_executors(schema, self._executors), user_input or self._shown)

    @property
    def _placeholders(self) -> dict[str, str]:
        return {"currency": self.hass.config.currency, "open": "{", "close": "}", "word": self._word}

    async def _wrong(self, user_input: Told | None) -> Errors:
        """Return what is wrong with an answer; what only a look at the disk shows comes last."""
        if user_input is None:
            return {}
        return self._errors(user_input) or await self._doubts(user_input)

    @property
    def _executors(self) -> list[ConfigSubentry]:
        """The executors of this heater that take jobs."""
        found = executors_of(self._get_entry())
        return [executor for executor in found if ExecutorKind(executor.data[CONF_EXECUTOR_KIND]).takes_jobs]

    @property
    def _changed(self) -> ConfigSubentry | None:
        return self._get_reconfigure_subentry() if self.source == SOURCE_RECONFIGURE else None

    @property
    def _shown(self) -> dict[str, Any]:
        if (changed := self._changed) is None:
            return {CONF_EXECUTOR: self._executors[0].subentry_id}
        data = changed.data
        folded = {
            name: {str(field): data[field] for field in schema.schema if str(field) in data}
            for name, schema in SECTIONS.items()
        }
        known = data[CONF_EXECUTOR] in {executor.subentry_id for executor in self._executors}
        shown = {name: value for name, value in data.items() if known or name != CONF_EXECUTOR}
        return {**shown, **folded, CONF_NAME: changed.title}

    def _errors(self, told: Told) -> Errors:
        """Return what is wrong with an answer by itself."""
        name = told[CONF_NAME].strip()
        others = [found for found in self._get_entry().subentries.values() if found is not self._changed]
        titles = {found.title for found in others if found.subentry_type == SUBENTRY_TEMPLATE}
        if not name or name in titles or len(name) > LONGEST_NAME or has_control(name):
            return {CONF_NAME: "template_name"}
        parameters = told.get(CONF_PARAMETERS) or []
        declared = {each["name"] for each in parameters}
        errors = self._parameter_errors(parameters) or self._command_errors(told, declared)
        if not errors and variables_of(told.get(CONF_ENVIRONMENT, "")) is None:
            errors = {CONF_ENVIRONMENT: "environment"}
        return errors

    def _parameter_errors(self, parameters: list[dict[str, Any]]) -> Errors:
        """Return what is wrong with what is declared."""
        names = [told["name"] for told in parameters]
        if len(names) > _MOST_PARAMETERS:
            return {CONF_PARAMETERS: "parameters_many"}
        for told in parameters:
            self._word = told["name"]
            if NAME.fullmatch(told["name"]) is None or names.count(told["name"]) > 1:
                return {CONF_PARAMETERS: "parameter_name"}
            if errors := _declaration_errors(told):
                return errors
        return {}

    def _command_errors(self, told: Told, declared: set[str]) -> Errors:
        """Return what is wrong with a command and its placeholders."""
        words = words_of(told[CONF_COMMAND])
        if not command_fits(words):
            return {CONF_COMMAND: "command"}
        if placeholders(words[0]):
            # Whoever submits a job chooses its parameters, never the program.
            return {CONF_COMMAND: "program_fixed"}
        used = [name for word in words for name in placeholders(word)]
        if unknown := [name for name in used if name not in declared]:
            self._word = unknown[0]
            return {CONF_COMMAND: "placeholder_unknown"}
        if _runs_as_code(words, told):
            return {CONF_COMMAND: "placeholder_code"}
        if unused := sorted(declared - set(used)):
            self._word = unused[0]
            return {CONF_PARAMETERS: "parameter_unused"}
        return {}

    async def _doubts(self, told: Told) -> Errors:
        """Return what only a look at the disk shows to be wrong."""
        variables = variables_of(told.get(CONF_ENVIRONMENT, "")) or {}
        missing = await self.hass.async_add_executor_job(self._missing_secret, variables)
        if missing is not None:
            self._word = missing
            return {CONF_ENVIRONMENT: "secret_unknown"}
        return await self._program_errors(told, variables.get("PATH", JOB_PATH))

    def _missing_secret(self, variables: dict[str, str]) -> str | None:
        """Return the name of a secret that there is none of. Blocking."""
        named = [value.removeprefix(SECRET).strip() for value in variables.values() if value.startswith(SECRET)]
        find = secrets_of(self.hass)
        return next((name for name in named if find(name) is None), None)

    async def _program_errors(self, told: Told, path: str) -> Errors:
        """Return an error the first time that a program is not found here; who insists may install it later."""
        program = words_of(told[CONF_COMMAND])[0]
        doubted = (told[CONF_EXECUTOR], program)
        executor = self._get_entry().subentries[told[CONF_EXECUTOR]]
        is_here = executor.data[CONF_EXECUTOR_KIND] == ExecutorKind.LOCAL
        if not is_here or self._doubted == doubted:
            return {}
        if await self.hass.async_add_executor_job(_is_program, program, path):
            return {}
        self._doubted, self._word = doubted, program
        return {CONF_COMMAND: "program_missing"}

    def _keep(self, told: dict[str, Any]) -> SubentryFlowResult:
        data = {name: value for name, value in told.items() if name not in {CONF_NAME, *SECTIONS}}
        for name in SECTIONS:
            data |= told[name]
        if data.get(CONF_PAYOUT):
            data[CONF_PAYOUT_CURRENCY] = self.hass.config.currency
        title = told[CONF_NAME].strip()
        if (changed := self._changed) is not None:
            return self.async_update_and_abort(self._get_entry(), changed, title=title, data=data)
        return self.async_create_entry(title=title, data=data)


def _runs_as_code(words: list[str], told: Told) -> bool:
    """Return whether whoever submits a job could have anything run; a choice is the administrator's own words."""
    parameters = [parameter_of(each) for each in told.get(CONF_PARAMETERS) or []]
    free = {each.name for each in parameters if each.may_be_anything}
    figures = {each.name for each in parameters if each.kind is ParameterType.NUMBER}
    return runs_as_code(words, free=free, figures=figures, options=told[CONF_OPTION_VALUES])


def _is_program(program: str, path: str) -> bool:
    """Return whether a job would find this; it begins in an empty folder of its own. Blocking."""
    if os.sep in program:
        return Path(program).is_absolute() and os.access(program, os.X_OK)
    return shutil.which(program, path=path) is not None


def _declaration_errors(told: Told) -> Errors:
    """Return why a parameter could never be given, or its default not be taken."""
    parameter = parameter_of(told)
    if parameter.kind is ParameterType.CHOICE and not parameter.choices:
        return {CONF_PARAMETERS: "parameter_choices"}
    least, most = parameter.minimum, parameter.maximum
    if any(limit is not None and not isfinite(limit) for limit in (least, most)):
        return {CONF_PARAMETERS: "parameter_limits"}
    if least is not None and most is not None and least > most:
        return {CONF_PARAMETERS: "parameter_limits"}
    try:
        if parameter.default is not None:
            parameter.text(parameter.default)
        for choice in parameter.choices:
            parameter.text(choice)
    except TemplateError:
        return {CONF_PARAMETERS: "parameter_default"}
    return {}
