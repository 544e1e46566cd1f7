"""Coinbase's spot price: many currencies that mempool.space lacks (public API v2)."""

import aiohttp

from ...model.errors import SourceError
from ..figures import FigureKind
from ..quantities import MAX_PRICE
from .http import JsonReader, member, number

DEFAULT_URL = "https://api.coinbase.com"


def parse_spot(answer: object, currency: str) -> dict[FigureKind, float]:
    """Read /v2/prices/BTC-CUR/spot. Errors: SourceError."""
    data = member(answer, "data")
    if member(data, "base") != "BTC" or member(data, "currency") != currency:
        raise SourceError(f"The price is not that of BTC in {currency}")
    value = number(member(data, "amount"), 0, MAX_PRICE, "amount")
    if value <= 0:
        raise SourceError("amount is 0")
    return {FigureKind.BTC_PRICE: value}


class Coinbase:
    """A thin client."""

    name = "coinbase.com"
    requests = (frozenset({FigureKind.BTC_PRICE}),)

    def __init__(self, session: aiohttp.ClientSession, *, currency: str, base_url: str = DEFAULT_URL) -> None:
        self._reader = JsonReader(session)
        self._currency = currency
        self._base_url = base_url.rstrip("/")

    async def fetch(self, kinds: frozenset[FigureKind]) -> dict[FigureKind, float]:
        """Return the spot price. Errors: SourceError."""
        if kinds != self.requests[0]:
            raise SourceError("Only the price is told here")
        url = f"{self._base_url}/v2/prices/BTC-{self._currency}/spot"
        return parse_spot(await self._reader.get(url), self._currency)
