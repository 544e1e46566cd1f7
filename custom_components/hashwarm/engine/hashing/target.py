"""Targets and difficulties, exactly; light enough for the child process."""

from math import inf

from ..model.errors import InvalidValueError

DIFFICULTY_1_TARGET = 0xFFFF << 208
MAXIMUM_TARGET = (1 << 256) - 1
_MANTISSA_BYTES = 3


def target_from_difficulty(difficulty: float) -> int:
    """Turn a pool's difficulty into a 256-bit target, floor(0xffff * 2^208 / difficulty) without rounding in between.

    A difficulty so small that every hash counts gives the greatest target. Raises InvalidValueError for zero, negative
    and infinite numbers, NaN, what is no number, and difficulties so great that no hash could meet them.
    """
    if isinstance(difficulty, bool) or not isinstance(difficulty, int | float):
        raise InvalidValueError(f"difficulty {difficulty!r} is no number", value=repr(difficulty)[:40])
    try:
        numerator, denominator = difficulty.as_integer_ratio()
    except (ValueError, OverflowError) as error:
        raise InvalidValueError(f"difficulty {difficulty} is not finite", value=str(difficulty)) from error
    if numerator <= 0:
        raise InvalidValueError(f"difficulty {difficulty} is not above zero", value=str(difficulty))
    target = DIFFICULTY_1_TARGET * denominator // numerator
    if target == 0:
        raise InvalidValueError("difficulty is beyond any hash", value=f"{float(min(difficulty, 1e300)):g}")
    return min(target, MAXIMUM_TARGET)


def difficulty_from_target(target: int) -> float:
    """Return how many times harder than difficulty 1 a target, or a digest taken as one, is."""
    if target <= 0:
        return inf
    return DIFFICULTY_1_TARGET / target


def target_from_nbits(nbits: int) -> int:
    """Expand the compact form of a header. Raises InvalidValueError for negative and oversized forms."""
    exponent, mantissa = nbits >> 24, nbits & 0x007FFFFF
    shift = 8 * (exponent - _MANTISSA_BYTES)
    target = mantissa << shift if shift > 0 else mantissa >> -shift
    if nbits & 0x00800000 or not 0 < target <= MAXIMUM_TARGET:
        raise InvalidValueError(f"nbits {nbits:#x} is no target", value=f"{nbits:#x}")
    return target
