"""Job templates as an administrator defined them, and the jobs that come of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite, nan
import re
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from .ai_const import (
    CONF_ATTEMPTS,
    CONF_CHECKPOINT_INTERVAL,
    CONF_CHECKPOINTING,
    CONF_COMMAND,
    CONF_CPUS,
    CONF_ENVIRONMENT,
    CONF_EXECUTOR,
    CONF_EXPECTED_POWER,
    CONF_FLEXIBILITY,
    CONF_GPUS,
    CONF_GRACE,
    CONF_MAXIMUM_RUNTIME,
    CONF_MEMORY,
    CONF_OPTION_VALUES,
    CONF_PARAMETERS,
    CONF_PAYOUT,
    CONF_PAYOUT_CURRENCY,
    CONF_PAYOUT_PER,
    CONF_PRIORITY,
    CONF_RESTARTABLE,
    SUBENTRY_EXECUTOR,
    SUBENTRY_TEMPLATE,
    ParameterType,
)
from .engine.jobs import Checkpointing, Flexibility, JobSpec, Payout, PayoutPer, Requirements
from .engine.model.errors import TemplateError
from .template_text import filled, first_placeholder, has_control, variables_of, words_of

LONGEST_VALUE = 4000
LONGEST_NAME = 200
_LARGEST_WHOLE = 1e15
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_S_PER_MIN = 60.0
_S_PER_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One that a template declares; a default makes it optional. Limits hold for numbers, choices for choices."""

    name: str
    kind: ParameterType = ParameterType.TEXT
    default: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def may_be_anything(self) -> bool:
        """Whether a value may be text of somebody's own, or an option among the administrator's choices."""
        is_option = any(choice.startswith(("-", "+")) for choice in self.choices)
        return self.kind is ParameterType.TEXT or (self.kind is ParameterType.CHOICE and is_option)

    def text(self, value: Any) -> str:
        """Return a value as it goes into the command. Errors: TemplateError."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise TemplateError("parameter_no_value", parameter=self.name)
        text = _as_written(value)
        if len(text) > LONGEST_VALUE:
            raise TemplateError("parameter_too_long", parameter=self.name, most=str(LONGEST_VALUE))
        if has_control(text):
            raise TemplateError("parameter_control", parameter=self.name)
        if self.kind is ParameterType.NUMBER:
            return self._number(text.strip())
        if self.kind is ParameterType.CHOICE and text not in self.choices:
            raise TemplateError("parameter_choice", parameter=self.name, choices=", ".join(self.choices))
        return text

    def _number(self, text: str) -> str:
        value = float(text) if _NUMBER.fullmatch(text) is not None else nan
        if not isfinite(value):
            raise TemplateError("parameter_not_number", parameter=self.name)
        if (self.minimum is not None and value < self.minimum) or (self.maximum is not None and value > self.maximum):
            least, most = (_limit(limit) for limit in (self.minimum, self.maximum))
            raise TemplateError("parameter_range", parameter=self.name, least=least, most=most)
        return text


def _as_written(value: str | float) -> str:
    """Return a value as a person would write it: what comes through JSON as 3.0 was meant as 3."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE
    return str(int(value) if whole else value)


def _limit(limit: float | None) -> str:
    return "…" if limit is None else f"{limit:g}"


@dataclass(frozen=True, kw_only=True)
class JobTemplate:
    """What jobs of a kind have in common. Times in s, power in W."""

    template_id: str
    title: str
    executor_id: str
    executor_exists: bool
    command: tuple[str, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    option_values: bool = False
    """A value may begin with a dash where an argument begins with it, and so be taken for an option."""
    priority: int = 50
    flexibility: Flexibility = Flexibility.MEDIUM
    checkpointing: Checkpointing = Checkpointing.SIGNAL
    checkpoint_interval_s: float | None = None
    grace_s: float = 30.0
    max_runtime_s: float | None = None
    restartable: bool = True
    max_attempts: int = 5
    expected_power_w: float | None = None
    payout: Payout | None = None
    payout_currency: str | None = None
    """What it was told in; None where nobody noted that."""
    requires: Requirements = field(default_factory=Requirements)

    def job(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        priority: int | None = None,
        flexibility: Flexibility | None = None,
        deadline: datetime | None = None,
        not_before: datetime | None = None,
        payout: Payout | None = None,
    ) -> JobSpec:
        """Return a job with these values of its parameters. Errors: TemplateError, which is an InvalidValueError."""
        if not self.executor_exists:
            raise TemplateError("executor_gone", template=self.title)
        return JobSpec(
            name=(name or self.title).strip()[:LONGEST_NAME] or self.title,
            executor_id=self.executor_id,
            command=self._command(self._values(parameters or {})),
            template_id=self.template_id,
            environment=dict(self.environment),
            priority=self.priority if priority is None else priority,
            flexibility=flexibility or self.flexibility,
            restartable=self.restartable,
            checkpointing=self.checkpointing,
            checkpoint_interval_s=self.checkpoint_interval_s,
            grace_s=self.grace_s,
            max_runtime_s=self.max_runtime_s,
            max_attempts=self.max_attempts,
            deadline=deadline,
            not_before=not_before,
            requires=self.requires,
            expected_power_w=self.expected_power_w,
            payout=payout or self.payout,
        )

    def _values(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return every parameter's value as text. Errors: TemplateError."""
        if unknown := [name for name in given if name not in self.parameters]:
            known = ", ".join(self.parameters) or "-"
            raise TemplateError("parameter_unknown", parameter=str(unknown[0])[:LONGEST_NAME], known=known)
        values: dict[str, str] = {}
        for name, parameter in self.parameters.items():
            value = given.get(name)
            value = parameter.default if value is None else value
            if value is None:
                raise TemplateError("parameter_missing", parameter=name)
            values[name] = parameter.text(value)
        return values

    def _command(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """Return the command, each argument of the template still one. Errors: TemplateError."""
        return tuple(self._word(word, values) for word in self.command)

    def _word(self, word: str, values: Mapping[str, str]) -> str:
        text = filled(word, values)
        first = first_placeholder(word)
        if text.startswith("-") and first is not None and not self._may_be_option(first):
            raise TemplateError("parameter_option", parameter=first)
        return text

    def _may_be_option(self, name: str) -> bool:
        """Return whether a value may begin with a dash: the administrator allowed it or wrote it, or it is a minus."""
        return self.option_values or self.parameters[name].kind is not ParameterType.TEXT


def templates_of(entry: ConfigEntry[Any]) -> dict[str, JobTemplate]:
    """Return a heater's templates by the id of their subentry."""
    executors = {found.subentry_id for found in entry.subentries.values() if found.subentry_type == SUBENTRY_EXECUTOR}
    return {
        found.subentry_id: _template(found, executors)
        for found in entry.subentries.values()
        if found.subentry_type == SUBENTRY_TEMPLATE
    }


def _template(subentry: ConfigSubentry, executors: set[str]) -> JobTemplate:
    data = subentry.data
    return JobTemplate(
        template_id=subentry.subentry_id,
        title=subentry.title,
        executor_id=data[CONF_EXECUTOR],
        executor_exists=data[CONF_EXECUTOR] in executors,
        command=tuple(words_of(data[CONF_COMMAND])),
        parameters={told["name"]: parameter_of(told) for told in data.get(CONF_PARAMETERS, ())},
        environment=variables_of(data.get(CONF_ENVIRONMENT, "")) or {},
        option_values=data[CONF_OPTION_VALUES],
        priority=int(data[CONF_PRIORITY]),
        flexibility=Flexibility(data[CONF_FLEXIBILITY]),
        checkpointing=Checkpointing(data[CONF_CHECKPOINTING]),
        checkpoint_interval_s=_times(data.get(CONF_CHECKPOINT_INTERVAL), _S_PER_MIN),
        grace_s=data[CONF_GRACE],
        max_runtime_s=_times(data.get(CONF_MAXIMUM_RUNTIME), _S_PER_HOUR),
        restartable=data[CONF_RESTARTABLE],
        max_attempts=int(data[CONF_ATTEMPTS]),
        expected_power_w=data.get(CONF_EXPECTED_POWER),
        payout=_payout(data),
        payout_currency=data.get(CONF_PAYOUT_CURRENCY),
        requires=_requirements(data),
    )


def parameter_of(told: Mapping[str, Any]) -> Parameter:
    """Return a parameter as the form tells of it."""
    return Parameter(
        name=told["name"],
        kind=ParameterType(told["type"]),
        default=told.get("default") or None,
        minimum=_figure(told.get("minimum")),
        maximum=_figure(told.get("maximum")),
        choices=tuple(told.get("choices") or ()),
    )


def _figure(told: Any) -> float | None:
    """Return a limit; a field within a list comes as it was typed."""
    return None if told in {None, ""} else float(told)


def _times(value: float | None, seconds: float) -> float | None:
    return None if value is None else value * seconds


def _payout(data: Mapping[str, Any]) -> Payout | None:
    amount = data.get(CONF_PAYOUT)
    return Payout(amount=amount, per=PayoutPer(data[CONF_PAYOUT_PER])) if amount else None


def _requirements(data: Mapping[str, Any]) -> Requirements:
    memory = data.get(CONF_MEMORY)
    return Requirements(cpus=data[CONF_CPUS], gpus=data[CONF_GPUS], memory_mb=None if memory is None else round(memory))
