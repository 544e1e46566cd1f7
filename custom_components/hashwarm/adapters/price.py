"""The price of electricity from a number or a sensor, in currency per kWh."""

from dataclasses import dataclass
from math import isfinite
from time import monotonic

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant

from ..engine.model.protocols import Monotonic
from .price_belief import PriceBelief

ENERGY_FACTORS = {"kwh": 1.0, "mwh": 1e-3, "wh": 1e3}
_DOLLARS = frozenset({"AUD", "CAD", "HKD", "NZD", "SGD", "USD"})
_CENTS = _DOLLARS | {"EUR", "ZAR"}
_KRONER = frozenset({"DKK", "NOK"})
HUNDREDTHS = {
    **dict.fromkeys(("c", "ct", "cent", "cents", "¢"), _CENTS),
    **dict.fromkeys(("p", "pence"), frozenset({"GBP"})),
    **dict.fromkeys(("gr", "grosz", "groszy"), frozenset({"PLN"})),
    "ore": _KRONER | {"SEK"},
    "rp": frozenset({"CHF"}),
    "öre": frozenset({"SEK"}),
    "øre": _KRONER,
}
"""The currencies that have a hundredth of that name; in any other it is no price of ours."""
SYMBOLS = {
    "$": _DOLLARS,
    "fr.": frozenset({"CHF"}),
    "kr": _KRONER | {"ISK", "SEK"},
    "kč": frozenset({"CZK"}),
    "zł": frozenset({"PLN"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"CNY", "JPY"}),
    "€": frozenset({"EUR"}),
}


class FixedPrice:
    """A number that a person gave."""

    def __init__(self, per_kwh: float) -> None:
        self._per_kwh = per_kwh

    def price_now(self) -> float:
        """Return the price per kWh."""
        return self._per_kwh


@dataclass(frozen=True, kw_only=True)
class Charges:
    """What comes on top of a sensor's price: taxes as a factor, fees per kWh."""

    factor: float = 1.0
    offset: float = 0.0

    def on(self, per_kwh: float) -> float:
        """Return what is paid for a kWh."""
        return per_kwh * self.factor + self.offset


NO_CHARGES = Charges()


class SensorPrice:
    """A price sensor; unknown while it is gone, not a number, in a unit that is not ours, or not believed."""

    def __init__(
        self,
        hass: HomeAssistant,
        entity_id: str,
        currency: str,
        charges: Charges = NO_CHARGES,
        *,
        clock: Monotonic = monotonic,
    ) -> None:
        self._hass = hass
        self._currency = currency
        self._belief = PriceBelief()
        self._clock = clock
        self.charges = charges
        self.entity_id = entity_id

    def price_now(self) -> float | None:
        """Return what a kWh costs in the home's currency, charges included; None when unknown."""
        told = self.told_now()
        return None if told is None else self.charges.on(told)

    def told_now(self) -> float | None:
        """Return the price as the sensor tells it, per kWh in the home's currency."""
        told = self._read()
        return None if told is None else self._belief.take(told, self._clock())

    def _read(self) -> float | None:
        state = self._hass.states.get(self.entity_id)
        if state is None:
            return None
        factor = unit_factor(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT), self._currency)
        try:
            value = float(state.state)
        except ValueError:
            return None
        return value * factor if factor is not None and isfinite(value) else None


def unit_factor(unit: str | None, currency: str) -> float | None:
    """Return what a price in this unit is multiplied by to be in currency/kWh; None for any other unit."""
    money, separator, energy = (unit or "").strip().partition("/")
    energy_factor = ENERGY_FACTORS.get(energy.strip().lower())
    if not separator or energy_factor is None:
        return None
    money = money.strip().lower()
    if money in HUNDREDTHS:
        return energy_factor / 100.0 if currency in HUNDREDTHS[money] else None
    ours = currency in SYMBOLS[money] if money in SYMBOLS else money == currency.lower()
    return energy_factor if ours else None


def unit_refused(hass: HomeAssistant, entity_id: str, currency: str) -> bool:
    """Return whether a sensor tells something that is no price in this currency; one that tells nothing yet may."""
    state = hass.states.get(entity_id)
    if state is None or state.state in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
        return False
    return unit_factor(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT), currency) is None
