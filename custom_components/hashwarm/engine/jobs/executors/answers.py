"""Reads what servers answer: whatever is not what it should be is None, never a guess."""

import json
import math
from typing import Any

from ...model.errors import ExecutorError

LONGEST_TEXT = 200


class GarbageError(ExecutorError):
    """It answered what its protocol does not know."""


class TooLongError(GarbageError):
    """It answered more than anybody would read."""


def parsed(raw: bytes | str) -> Any:
    """Return JSON in which NaN and the infinities are None. Errors: GarbageError."""
    try:
        return json.loads(raw, parse_constant=lambda _name: None)
    except (ValueError, RecursionError) as error:
        raise GarbageError(f"no JSON: {type(error).__name__}") from None


def record(value: Any) -> dict[str, Any]:
    """Return the JSON object, an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Return the JSON array, an empty one where it is none."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """Return a finite number, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def amount(value: Any) -> float | None:
    """Return a finite number that is not negative, None where it is none."""
    found = number(value)
    return None if found is None or found < 0 else found


def share(value: Any) -> float | None:
    """Return a number between 0 and 1, None where it is none."""
    found = amount(value)
    return None if found is None or found > 1 else found


def text(value: Any, longest: int = LONGEST_TEXT) -> str | None:
    """Return a printable line of limited length, None where there is none."""
    if not isinstance(value, str):
        return None
    line = "".join(letter if letter.isprintable() else " " for letter in value[: longest * 4]).strip()
    return line[:longest] or None
