"""Names of jobs that sort by the time they were given out (ULID: 48 bits of time in ms, 80 bits of chance)."""

from collections.abc import Callable
from datetime import datetime
import re

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = 26
_RANDOM_BYTES = 10
_PATTERN = re.compile(rf"[0-7][{_ALPHABET}]{{{_LETTERS - 1}}}")

type Randomness = Callable[[int], bytes]
"""So many bytes of chance."""


class UlidSource:
    """Gives out names; two of the same millisecond, or of a clock set back, still sort as they came."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._last = 0

    def after(self, name: str) -> None:
        """Give out names that sort after this one, which an earlier life gave out; its clock may have been ahead."""
        if is_ulid(name):
            self._last = max(self._last, _number(name))

    def next(self, now: datetime) -> str:
        """Return a name that sorts after all that were given out before."""
        fresh = (int(now.timestamp() * 1000) << 80) | int.from_bytes(self._randomness(_RANDOM_BYTES))
        self._last = max(fresh, self._last + 1)
        return _text(self._last)


def is_ulid(text: str) -> bool:
    """Tell whether that can be the name of a job; such a name is safe as the name of a file."""
    return _PATTERN.fullmatch(text) is not None


def _number(name: str) -> int:
    number = 0
    for letter in name:
        number = number << 5 | _ALPHABET.index(letter)
    return number


def _text(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_LETTERS - 1), -1, -5))
