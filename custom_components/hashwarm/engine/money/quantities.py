"""Integer units of the ledger: mJ, 1e-9 currency, hashes, 1e-6 sat; and the exact ways between them."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
import math

MJ_PER_KWH = 3_600_000_000
NANO = 1_000_000_000
MAX_PRICE = 9e9
"""In 1e-9 it still fits into 64 bits; a bitcoin costs 2e9 in the smallest currencies."""
HASHES_PER_DIFFICULTY = 2**32
SAT_PER_BTC = 100_000_000
MICRO_SAT_PER_SAT = 1_000_000
MICRO_SAT_PER_BTC = SAT_PER_BTC * MICRO_SAT_PER_SAT
PPM = 1_000_000
_RATE_BITS = 96
RATE_ONE = 1 << _RATE_BITS
"""One whole micro-sat in the fixed point of an earning rate: a rate of 1e-10 keeps twenty digits."""
_WORD_BITS = 40
_WORD = 1 << _WORD_BITS


def nano(amount: float | None) -> int | None:
    """Return an amount in 1e-9, exactly as its decimal form reads; None for none and for what is no price."""
    if amount is None or not math.isfinite(amount) or abs(amount) > MAX_PRICE:
        return None
    return int((Decimal(repr(float(amount))) * NANO).to_integral_value())


@lru_cache(maxsize=64)
def earning_rate(difficulty: float, reward_sat: int, fee_ppm: int) -> int:
    """Return micro-sat per hash, times RATE_ONE, that share work is expected to earn."""
    paid = Fraction(reward_sat * MICRO_SAT_PER_SAT * (PPM - fee_ppm), PPM)
    return round(paid * RATE_ONE / (Fraction(difficulty) * HASHES_PER_DIFFICULTY))


def split(count: int) -> tuple[int, int]:
    """Return a count as high and low part, so that sums of both stay within SQLite's 64 bits."""
    return divmod(count, _WORD)


def joined(high: int, low: int) -> int:
    """Return the count of which the sums of both parts are given."""
    return high * _WORD + low
