"""What a person submitted, as JSON for the queue's table, and whether it can be."""

from dataclasses import asdict
from datetime import datetime
import json
from math import isfinite
import re
from typing import Any

from ..model.errors import InvalidValueError
from .job import Checkpointing, Flexibility, JobSpec, Payout, PayoutPer, Requirements

_NAME_LENGTH = 200
_MOST_WORDS = 256
_WORD_LENGTH = 4096
_MOST_VARIABLES = 128
_MOST_ATTEMPTS = 100
_MOST_S = 366 * 86400.0
_GRACE_MOST_S = 600.0
_MOST_W = 100_000.0
_MOST_PAYOUT = 1e6
_HIGHEST_PRIORITY = 100
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def spec_to_text(spec: JobSpec) -> str:
    """Return the JSON that `spec_from_text` reads."""
    return json.dumps(asdict(spec), default=datetime.isoformat, separators=(",", ":"))


def spec_from_text(text: str) -> JobSpec:
    """Read what was submitted. Errors: ValueError, KeyError, TypeError and AttributeError for what is none."""
    fields: dict[str, Any] = json.loads(text)
    payout = fields.pop("payout")
    fields |= {name: datetime.fromisoformat(fields[name]) for name in ("deadline", "not_before") if fields[name]}
    fields |= {
        "command": tuple(fields["command"]),
        "flexibility": Flexibility(fields["flexibility"]),
        "checkpointing": Checkpointing(fields["checkpointing"]),
        "requires": Requirements(**fields["requires"]),
        "payout": payout and Payout(amount=payout["amount"], per=PayoutPer(payout["per"])),
    }
    return JobSpec(**fields)


def check(spec: JobSpec) -> None:
    """Refuse what cannot be run, or is longer than anybody means it. Errors: InvalidValueError."""
    _require(0 < len(spec.name.strip()) <= len(spec.name) <= _NAME_LENGTH, "name")
    _check_command(spec.command)
    _check_environment(spec.environment)
    _require(0 <= spec.priority <= _HIGHEST_PRIORITY, "priority")
    _require(1 <= spec.max_attempts <= _MOST_ATTEMPTS, "max_attempts")
    _check_number("grace_s", spec.grace_s, _GRACE_MOST_S)
    _check_number("max_runtime_s", spec.max_runtime_s, _MOST_S)
    _check_number("checkpoint_interval_s", spec.checkpoint_interval_s, _MOST_S)
    _check_number("expected_power_w", spec.expected_power_w, _MOST_W)
    _check_number("payout", None if spec.payout is None else spec.payout.amount, _MOST_PAYOUT)
    _check_number("cpus", spec.requires.cpus, 4096)
    _check_number("gpus", spec.requires.gpus, 4096)
    _require(spec.requires.memory_mb is None or 0 < spec.requires.memory_mb < 1 << 30, "memory_mb")
    for name in ("deadline", "not_before"):
        moment = getattr(spec, name)
        _require(moment is None or moment.tzinfo is not None, name)


def check_priority(value: int) -> None:
    """Refuse a priority that there is none of. Errors: InvalidValueError."""
    _require(0 <= value <= _HIGHEST_PRIORITY, "priority")


def _check_command(command: tuple[str, ...]) -> None:
    _require(0 < len(command) <= _MOST_WORDS and bool(command[0]), "command")
    _require(all(len(word) <= _WORD_LENGTH and "\0" not in word for word in command), "command")


def _check_environment(environment: dict[str, str]) -> None:
    _require(len(environment) <= _MOST_VARIABLES, "environment")
    for name, value in environment.items():
        contract = name.startswith("HASHWARM_")
        _require(_VARIABLE.fullmatch(name) is not None and not contract, "environment")
        _require(len(value) <= _WORD_LENGTH and "\0" not in value, "environment")


def _check_number(name: str, value: float | None, most: float) -> None:
    _require(value is None or (isfinite(value) and 0 <= value <= most), name)


def _require(fine: bool, field: str) -> None:  # noqa: FBT001 - a condition, clear where it stands
    if not fine:
        raise InvalidValueError(f"{field} of a job", field=field)
