"""mempool.space, or a server of one's own with the same API (mempool/mempool mining-routes.ts)."""

from datetime import datetime

import aiohttp

from ...model.errors import SourceError
from ..figures import MAX_DIFFICULTY, FigureKind, NothingNowError
from ..quantities import MAX_PRICE
from .http import JsonReader, member, number, shown

DEFAULT_URL = "https://mempool.space"
_BLOCKS = 144
_MIN_REWARD_SAT = 1e4
_MAX_REWARD_SAT = 1e11
_MAX_CHANGE_PERCENT = 400.0
_MS_PER_S = 1000
_MAX_EPOCH_S = 1e11
_MAX_OFF_S = 36 * 3600.0
"""Prices of long ago are kept by the day."""

_DIFFICULTY = frozenset({FigureKind.DIFFICULTY})
_REWARD = frozenset({FigureKind.REWARD_SAT})
_PRICE = frozenset({FigureKind.BTC_PRICE})
_ADJUSTMENT = frozenset({FigureKind.ADJUSTMENT_PERCENT, FigureKind.ADJUSTMENT_AT})


def parse_hashrate(answer: object) -> dict[FigureKind, float]:
    """Read /api/v1/mining/hashrate/3d. Errors: SourceError."""
    value = number(member(answer, "currentDifficulty"), 0, MAX_DIFFICULTY, "currentDifficulty")
    if value <= 0:
        raise SourceError("currentDifficulty is 0")
    return {FigureKind.DIFFICULTY: value}


def parse_reward_stats(answer: object) -> dict[FigureKind, float]:
    """Read /api/v1/mining/reward-stats/144: the mean reward of those blocks. Errors: SourceError."""
    start = number(member(answer, "startBlock"), 0, 1e9, "startBlock")
    end = number(member(answer, "endBlock"), 0, 1e9, "endBlock")
    blocks = end - start + 1
    if not 1 <= blocks <= _BLOCKS + 1:
        raise SourceError(f"The rewards of {blocks} blocks were told, not of {_BLOCKS}")
    total = number(member(answer, "totalReward"), 0, _MAX_REWARD_SAT * blocks, "totalReward")
    return {FigureKind.REWARD_SAT: number(total / blocks, _MIN_REWARD_SAT, _MAX_REWARD_SAT, "mean reward")}


def parse_prices(answer: object, currency: str) -> dict[FigureKind, float]:
    """Read /api/v1/prices. Errors: SourceError, also for a currency that it lacks and for the -1 of no data."""
    value = number(member(answer, currency), 0, MAX_PRICE, currency)
    if value <= 0:
        raise SourceError(f"{currency} is 0")
    return {FigureKind.BTC_PRICE: value}


def parse_adjustment(answer: object) -> dict[FigureKind, float]:
    """Read /api/v1/difficulty-adjustment; its times are in ms. Errors: SourceError."""
    change = number(member(answer, "difficultyChange"), -100, _MAX_CHANGE_PERCENT, "difficultyChange")
    at_ms = number(member(answer, "estimatedRetargetDate"), 0, _MAX_EPOCH_S * _MS_PER_S, "estimatedRetargetDate")
    return {FigureKind.ADJUSTMENT_PERCENT: change, FigureKind.ADJUSTMENT_AT: at_ms / _MS_PER_S}


def parse_historical_price(answer: object, currency: str, at: datetime) -> float:
    """Read /api/v1/historical-price. Errors: NothingNowError where it holds none of that day, SourceError."""
    prices = member(answer, "prices")
    if not isinstance(prices, list) or not prices:
        raise NothingNowError("no price is held")
    told_at_s = number(member(prices[0], "time"), 0, _MAX_EPOCH_S, "time")
    value = number(member(prices[0], currency), -1, MAX_PRICE, currency)
    if value <= 0 or abs(told_at_s - at.timestamp()) > _MAX_OFF_S:
        raise NothingNowError("no price of that day is held")
    return value


class Mempool:
    """A thin client; each figure is one request."""

    requests = (_DIFFICULTY, _REWARD, _PRICE, _ADJUSTMENT)

    def __init__(self, session: aiohttp.ClientSession, *, currency: str, base_url: str = DEFAULT_URL) -> None:
        self._reader = JsonReader(session)
        self._currency = currency
        self._base_url = base_url.rstrip("/")
        self.name = shown(base_url)

    async def fetch(self, kinds: frozenset[FigureKind]) -> dict[FigureKind, float]:
        """Make the request that brings these figures. Errors: SourceError."""
        if kinds == _DIFFICULTY:
            return parse_hashrate(await self._get("mining/hashrate/3d"))
        if kinds == _REWARD:
            return parse_reward_stats(await self._get(f"mining/reward-stats/{_BLOCKS}"))
        if kinds == _PRICE:
            return parse_prices(await self._get("prices"), self._currency)
        return parse_adjustment(await self._get("difficulty-adjustment"))

    async def historical_price(self, at: datetime) -> float:
        """Return the price of a bitcoin at that moment. Errors: SourceError."""
        path = f"historical-price?currency={self._currency}&timestamp={int(at.timestamp())}"
        return parse_historical_price(await self._get(path), self._currency, at)

    async def _get(self, path: str) -> object:
        """Return one answer of the API."""
        return await self._reader.get(f"{self._base_url}/api/v1/{path}")
