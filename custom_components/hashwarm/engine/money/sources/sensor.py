"""A price that somebody at home knows already: any sensor in currency per bitcoin."""

from collections.abc import Callable
import math

from ..figures import FigureKind, NothingNowError
from ..quantities import MAX_PRICE

NAME = "sensor"


class PriceSensor:
    """Asks a callable, which returns the price in the home's currency, None while it knows none."""

    name = NAME
    requests = (frozenset({FigureKind.BTC_PRICE}),)

    def __init__(self, price: Callable[[], float | None]) -> None:
        self._price = price

    async def fetch(self, kinds: frozenset[FigureKind]) -> dict[FigureKind, float]:
        """Return the price. Errors: NothingNowError."""
        price = self._price()
        if price is None or not math.isfinite(price) or not 0 < price <= MAX_PRICE or kinds != self.requests[0]:
            raise NothingNowError("The sensor tells no price")
        return {FigureKind.BTC_PRICE: price}
