"""Share difficulty as a pool may set it, and what a share of it is worth."""

from fractions import Fraction
from typing import Any

from ..model.errors import PoolGarbageError

HASHES_PER_DIFFICULTY = 1 << 32
MIN_DIFFICULTY = 1e-9
"""Below this nearly every hash would be a share."""
MAX_DIFFICULTY = 1e20
"""A million times today's network; above it no share would ever be found."""


def checked_difficulty(value: Any) -> float:
    """Return a difficulty as a pool may set it. Errors: PoolGarbageError for 0, negative, NaN, absurd or no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PoolGarbageError("a difficulty that is no number")
    if not MIN_DIFFICULTY <= value <= MAX_DIFFICULTY:
        raise PoolGarbageError("a difficulty out of bounds")
    return float(value)


def share_work_of(difficulty: float) -> int:
    """Return the hashes that a share of this difficulty stands for on average."""
    return int(Fraction(difficulty) * HASHES_PER_DIFFICULTY)


def share_interval_s(difficulty: float, hash_rate_hs: float | None) -> float | None:
    """Return the mean seconds between shares, None while the hash rate is unknown or nothing is hashed."""
    if hash_rate_hs is None or hash_rate_hs <= 0:
        return None
    return difficulty * HASHES_PER_DIFFICULTY / hash_rate_hs


def suggested_difficulty(hash_rate_hs: float, interval_s: float) -> float:
    """Return the difficulty at which that hash rate finds a share every `interval_s`."""
    return max(hash_rate_hs * interval_s / HASHES_PER_DIFFICULTY, MIN_DIFFICULTY)
