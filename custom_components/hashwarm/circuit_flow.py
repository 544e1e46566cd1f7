"""Adds a breaker circuit to the home and changes it."""

from typing import Any

from homeassistant.components.climate import DOMAIN as CLIMATE_DOMAIN
from homeassistant.config_entries import ConfigSubentry, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import CONF_CIRCUIT_LIMIT, CONF_HEATERS, CONF_OTHER_LOADS, DOMAIN
from .doubles import is_own
from .flow_schemas import CIRCUIT

# 80 % of volts times amps: what a breaker carries for hours. In the countries named, 120 V and 15 A; else 230 V, 16 A.
LIMIT_W = 2944
LIMIT_120_V_W = 1440
AT_120_V = {"CA", "JP", "MX", "TW", "US"}


class CircuitFlow(ConfigSubentryFlow):
    """Asks for the circuit's name, what it carries, and what hangs on it."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a circuit."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._errors(user_input)):
            data = self._data(user_input)
            return self.async_create_entry(title=data.pop(CONF_NAME), data=data)
        known = user_input or {CONF_CIRCUIT_LIMIT: LIMIT_120_V_W if self.hass.config.country in AT_120_V else LIMIT_W}
        return self.async_show_form(
            step_id="user", data_schema=self.add_suggested_values_to_schema(CIRCUIT, known), errors=errors
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change a circuit."""
        circuit = self._get_reconfigure_subentry()
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._errors(user_input, circuit)):
            data = self._data(user_input)
            return self.async_update_and_abort(self._get_entry(), circuit, title=data.pop(CONF_NAME), data=data)
        known = user_input or self._shown(circuit)
        return self.async_show_form(
            step_id="reconfigure", data_schema=self.add_suggested_values_to_schema(CIRCUIT, known), errors=errors
        )

    def _errors(self, user_input: dict[str, Any], changed: ConfigSubentry | None = None) -> dict[str, str]:
        others = [circuit for circuit in self._get_entry().subentries.values() if circuit is not changed]
        if user_input[CONF_NAME].strip() in {"", *(circuit.title for circuit in others)}:
            return {CONF_NAME: "circuit_name"}
        if not user_input[CONF_HEATERS]:
            return {CONF_HEATERS: "no_heaters"}
        if not all(is_own(self.hass, entity_id) for entity_id in user_input[CONF_HEATERS]):
            # One that nobody commands cannot be kept within the limit.
            return {CONF_HEATERS: "foreign_heater"}
        if (meter := user_input.get(CONF_OTHER_LOADS)) is not None and is_own(self.hass, meter):
            return {CONF_OTHER_LOADS: "own_entity"}
        return {}

    def _data(self, user_input: dict[str, Any]) -> dict[str, Any]:
        """Return what is kept: heaters by their own ids, for entities may be renamed."""
        registry = er.async_get(self.hass)
        entries = [registry.async_get(entity_id) for entity_id in user_input[CONF_HEATERS]]
        heaters = [entry.unique_id for entry in entries if entry is not None]
        return {**user_input, CONF_NAME: user_input[CONF_NAME].strip(), CONF_HEATERS: heaters}

    def _shown(self, circuit: ConfigSubentry) -> dict[str, Any]:
        heaters = [thermostat(self.hass, heater_id) for heater_id in circuit.data[CONF_HEATERS]]
        return {**circuit.data, CONF_NAME: circuit.title, CONF_HEATERS: [known for known in heaters if known]}


def thermostat(hass: HomeAssistant, heater_id: str) -> str | None:
    """Return the entity id of a heater's thermostat, None where the heater is gone."""
    return er.async_get(hass).async_get_entity_id(CLIMATE_DOMAIN, DOMAIN, heater_id)
