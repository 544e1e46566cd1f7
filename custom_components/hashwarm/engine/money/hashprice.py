"""What share work is worth: closed formulas; difficulty and reward as the network has them.

Source of hashprice: docs.luxor.tech/hashrateindex/hashprice, a PH/s for a day at the mean reward of 144 blocks.
"""

import math

from .quantities import HASHES_PER_DIFFICULTY, SAT_PER_BTC

_DAY_S = 86_400
_DAYS_PER_YEAR = 365.25
_PETA = 1e15
_J_PER_KWH = 3.6e6


def expected_sat(share_work: float, difficulty: float, reward_sat: float, fee: float = 0.0) -> float:
    """Return the expected earnings of share work in hashes, in sat; the fee as a part of one."""
    return share_work / (difficulty * HASHES_PER_DIFFICULTY) * reward_sat * (1 - fee)


def hashprice_btc(difficulty: float, reward_sat: float) -> float:
    """Return the hashprice in BTC/PH/day."""
    return expected_sat(_PETA * _DAY_S, difficulty, reward_sat) / SAT_PER_BTC


def expected_sat_per_day(hash_rate_hs: float, difficulty: float, reward_sat: float, fee: float = 0.0) -> float:
    """Return the expected earnings of a day at a steady hash rate, in sat."""
    return expected_sat(hash_rate_hs * _DAY_S, difficulty, reward_sat, fee)


def block_odds(hash_rate_hs: float, difficulty: float, days: float) -> float:
    """Return the probability of at least one block in so many days; tiny odds keep their digits."""
    return -math.expm1(-hash_rate_hs * _DAY_S * days / (difficulty * HASHES_PER_DIFFICULTY))


def block_odds_per_day(hash_rate_hs: float, difficulty: float) -> float:
    """Return the probability of finding a block within a day."""
    return block_odds(hash_rate_hs, difficulty, 1)


def block_odds_per_year(hash_rate_hs: float, difficulty: float) -> float:
    """Return the probability of finding a block within a year."""
    return block_odds(hash_rate_hs, difficulty, _DAYS_PER_YEAR)


def value_per_kwh(
    efficiency_j_th: float, difficulty: float, reward_sat: float, btc_price: float, fee: float = 0.0
) -> float:
    """Return what a kWh of mining earns in currency; the efficiency in J/TH.

    This is also the break-even electricity price: below it, mining pays even without need of heat.
    """
    hashes = _J_PER_KWH / efficiency_j_th * 1e12
    return expected_sat(hashes, difficulty, reward_sat, fee) / SAT_PER_BTC * btc_price


def heat_cost_per_kwh(electricity_price: float, earned_per_kwh: float) -> float:
    """Return the cost of a kWh of heat after earnings; negative when mining pays for more than the electricity."""
    return electricity_price - earned_per_kwh
