"""What heaters of different entries share: circuits as the home entry describes them, and rooms."""

from collections.abc import Callable
from math import inf
from typing import Any

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from .adapters.power import EntityPowerMeter
from .backends import known_profile
from .const import (
    CONF_CIRCUIT_LIMIT,
    CONF_HEATERS,
    CONF_KIND,
    CONF_MAXIMUM_POWER,
    CONF_OTHER_LOADS,
    CONF_PARTING,
    DOMAIN,
    KIND_HOME,
    KIND_LOCAL_WORKER,
    SUBENTRY_CIRCUIT,
)
from .engine.home import Circuit, Neighbourhood
from .engine.miners import Parting
from .engine.model.errors import InvalidValueError
from .helpers import home_entry
from .option_defaults import heater_options


class Wiring:
    """Keeps the engine's circuits as a person describes them, whether or not the ledger of the home can be opened."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.neighbourhood = Neighbourhood()
        self._hass = hass
        self._meters: dict[str, EntityPowerMeter] = {}
        self._circuits: list[Circuit] = []
        self._holders = 0
        self._unsubscribe: Callable[[], None] | None = None

    @callback
    def hold(self) -> Callable[[], None]:
        """Follow the entries for as long as anyone holds on; returns how to let go."""
        self._holders += 1
        if self._unsubscribe is None:
            self._unsubscribe = async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._changed)
        self._look()
        return self._let_go

    @callback
    def _let_go(self) -> None:
        self._holders -= 1
        if self._holders == 0 and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @callback
    def _changed(self, _change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        if entry.domain == DOMAIN:
            self._look()

    @callback
    def _look(self) -> None:
        """Tell the engine of circuits that changed."""
        circuits = [self._circuit(subentry) for subentry in circuits_of(self._hass)]
        if circuits != self._circuits:
            self._circuits = circuits
            self.neighbourhood.circuits.configure(circuits)

    def _circuit(self, subentry: ConfigSubentry) -> Circuit:
        meter = subentry.data.get(CONF_OTHER_LOADS)
        return Circuit(
            circuit_id=subentry.subentry_id,
            limit_w=subentry.data[CONF_CIRCUIT_LIMIT],
            assumed_w={
                entry.unique_id: assumed_w(entry)
                for entry in self._hass.config_entries.async_entries(DOMAIN)
                if entry.unique_id is not None and entry.unique_id in subentry.data[CONF_HEATERS]
            },
            other_loads=self._meter(meter) if meter is not None else None,
        )

    def _meter(self, entity_id: str) -> EntityPowerMeter:
        """Return the meter of an entity, the same one each time: the engine remembers what it saw of it."""
        return self._meters.setdefault(entity_id, EntityPowerMeter(self._hass, entity_id))


WIRING: HassKey[Wiring] = HassKey(f"{DOMAIN}_wiring")


@callback
def wiring(hass: HomeAssistant) -> Wiring:
    """Return the one wiring of this Home Assistant; it outlives every entry, and so do the watts that are granted."""
    if WIRING not in hass.data:
        hass.data[WIRING] = Wiring(hass)
    return hass.data[WIRING]


def circuits_of(hass: HomeAssistant) -> list[ConfigSubentry]:
    """Return the circuits that a person described."""
    home = home_entry(hass)
    subentries = home.subentries.values() if home is not None else ()
    return [subentry for subentry in subentries if subentry.subentry_type == SUBENTRY_CIRCUIT]


def assumed_w(entry: ConfigEntry[Any]) -> float:
    """Return what a heater counts at while nothing was heard of it, in W.

    The worker on this host draws nothing without us. Any other device may run as it was left, and one whose heater is
    disabled as its owner wanted it left; one whose profile cannot be read may draw anything.
    """
    if entry.data[CONF_KIND] in {KIND_HOME, KIND_LOCAL_WORKER}:
        return 0.0
    options = heater_options(entry)
    try:
        levels = known_profile(entry, {}).levels
    except InvalidValueError:
        return inf
    maximum_w: float = min(levels[-1].power_w, options.get(CONF_MAXIMUM_POWER, levels[-1].power_w))
    left = Parting(options[CONF_PARTING]) if entry.disabled_by is not None else Parting.LEAVE
    return {Parting.LEAVE: maximum_w, Parting.FLOOR: levels[0].power_w, Parting.OFF: 0.0}[left]
