"""Reads fields out of answers that nobody promised to be right; what is missing or absurd is None, never an error."""

from collections.abc import Mapping
from math import isfinite
import re
from typing import Any

_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_LONGEST_TEXT = 200
_HIGHEST = 1e21
GIGA, MEGA, TERA = 1e9, 1e6, 1e12
DIFFICULTY_HASHES = 2**32


def at(source: Any, *path: str | int) -> Any:
    """Return what lies at a path of keys and indices, None where the path ends early."""
    for step in path:
        # The abstract class is asked last: it takes ten times as long, and hundreds of fields are read a second.
        if isinstance(step, str) and isinstance(source, dict | Mapping):
            source = source.get(step)
        elif isinstance(step, int) and isinstance(source, list) and -len(source) <= step < len(source):
            source = source[step]
        else:
            return None
    return source


def number(source: Any, *path: str | int, least: float = -_HIGHEST, most: float = _HIGHEST) -> float | None:
    """Return a finite number within bounds, also from text that begins with one ("812 W"); a bool is no number."""
    value = at(source, *path)
    if isinstance(value, str):
        found = _NUMBER.match(value[:_LONGEST_TEXT])
        value = float(found[1]) if found else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if isfinite(value) and least <= value <= most else None


def whole(source: Any, *path: str | int, least: int = 0, most: int = 2**63) -> int | None:
    """Return a whole number within bounds."""
    value = number(source, *path, least=least, most=most)
    return int(value) if value is not None else None


def positive(source: Any, *path: str | int, most: float = _HIGHEST) -> float | None:
    """Return a number that is zero or more."""
    return number(source, *path, least=0.0, most=most)


def celsius(source: Any, *path: str | int) -> float | None:
    """Return a temperature that a running device can have; the zero and -1 of a missing sensor are unknown."""
    value = number(source, *path, least=-40.0, most=200.0)
    return None if value in {0.0, -1.0} else value


def text(source: Any, *path: str | int) -> str | None:
    """Return a text that is not empty, cut to a sane length and without control characters."""
    value = at(source, *path)
    if not isinstance(value, str):
        return None
    return "".join(character for character in value[:_LONGEST_TEXT] if character.isprintable()).strip() or None


def flag(source: Any, *path: str | int) -> bool | None:
    """Return a yes or no, also from 0 and 1."""
    value = at(source, *path)
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int | float) and value in {0, 1} else None


def items(source: Any, *path: str | int) -> list[Any]:
    """Return a list, empty where there is none."""
    value = at(source, *path)
    return value if isinstance(value, list) else []


def mapping(source: Any, *path: str | int) -> Mapping[str, Any]:
    """Return an object, empty where there is none."""
    value = at(source, *path)
    return value if isinstance(value, Mapping) else {}


def mac(source: Any, *path: str | int) -> str | None:
    """Return a MAC as aa:bb:cc:dd:ee:ff from any usual spelling; all zeros or ones is none."""
    value = at(source, *path)
    if not isinstance(value, str):
        return None
    digits = re.sub(r"[^0-9a-f]", "", value.lower()[:_LONGEST_TEXT])
    spelt = ":".join(digits[start : start + 2] for start in range(0, len(digits), 2))
    return spelt if _MAC.fullmatch(spelt) and digits not in {"0" * 12, "f" * 12} else None


def endpoint(source: Any, *path: str | int) -> str | None:
    """Return host:port of a pool's URL, without scheme, path or key."""
    url = text(source, *path)
    return (url.rpartition("://")[2].partition("/")[0] or None) if url else None


def scaled(value: float | None, factor: float) -> float | None:
    """Return a value in another unit."""
    return None if value is None else value * factor


def share_work(shares: float | None, difficulty: float | None) -> int | None:
    """Return the hashes that accepted shares stand for."""
    return None if shares is None or difficulty is None else int(shares * difficulty * DIFFICULTY_HASHES)
