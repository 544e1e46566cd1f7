"""The price of a bitcoin from any sensor of the home, in its currency."""

from math import isfinite

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant

_BITCOIN = frozenset({"btc", "xbt", "₿", "bitcoin"})
_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "fr.": "CHF", "kč": "CZK", "zł": "PLN"}


class BtcPriceSensor:
    """A sensor in the home's currency, per bitcoin; unknown while it is gone, no number or in another unit."""

    def __init__(self, hass: HomeAssistant, entity_id: str, currency: str) -> None:
        self._hass = hass
        self._entity_id = entity_id
        self._currency = currency

    def read(self) -> float | None:
        """Return the price, None when unknown."""
        state = self._hass.states.get(self._entity_id)
        if state is None or not is_price_of_bitcoin(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT), self._currency):
            return None
        try:
            price = float(state.state)
        except ValueError:
            return None
        return price if isfinite(price) and price > 0.0 else None


def is_price_of_bitcoin(unit: str | None, currency: str) -> bool:
    """Return whether a figure in this unit is a price in that currency, for one bitcoin where it says for what."""
    money, separator, per = (unit or "").strip().partition("/")
    if separator and per.strip().lower() not in _BITCOIN:
        return False
    money = money.strip()
    return money.upper() == currency or _SYMBOLS.get(money.lower()) == currency


def unit_refused(hass: HomeAssistant, entity_id: str, currency: str) -> bool:
    """Return whether a sensor tells something that is no such price; one that tells nothing yet may."""
    state = hass.states.get(entity_id)
    if state is None or state.state in {"unavailable", "unknown"}:
        return False
    return not is_price_of_bitcoin(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT), currency)
