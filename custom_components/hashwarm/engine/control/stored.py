"""Reads what control kept of itself; what cannot be read is an error that forgets it."""

from math import isfinite
from typing import Any

from .shaper import ShaperState


def finite(value: Any) -> float:
    """Return a stored number. Errors: TypeError, ValueError."""
    number = float(value)
    if not isfinite(number):
        raise ValueError("not a number")
    return number


def shaper_state(stored: dict[str, Any]) -> ShaperState:
    """Read what the shaper kept. Errors: TypeError, ValueError, KeyError."""
    changed_at, written_at = stored["changed_at"], stored.get("written_at")
    return ShaperState(
        written_at=None if written_at is None else finite(written_at),
        power_w=finite(stored["power_w"]),
        changed_at=None if changed_at is None else finite(changed_at),
        starts_at=[finite(start) for start in stored["starts_at"]],
    )
