"""Mends an executor that refuses its token, key or password: asks for another one, tries it and keeps it."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
import voluptuous as vol

from .ai_const import CONF_EXECUTOR_KIND, ExecutorKind
from .coordinator import HeaterCoordinator
from .engine.model.errors import ExecutorAuthError
from .executor_flow import SECRET_OF, errors_of

CONF_SECRET = "secret"  # noqa: S105 - the name of a field
_ASKED = vol.Schema(
    {vol.Required(CONF_SECRET): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))}
)


class ExecutorAuthRepair(RepairsFlow):
    """Asks for each secret that is refused, one after the other."""

    def __init__(self, entry_id: str) -> None:
        self._entry_id = entry_id
        self._mended: set[str] = set()

    async def async_step_init(self, _: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask for the secret of the first executor that refuses its own, and try it."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        executor = self._refusing(entry) if entry is not None else None
        if entry is None or executor is None:
            return self.async_abort(reason="no_longer_refused")
        errors = await self._errors(entry, executor, user_input) if user_input is not None else {}
        if user_input is not None and not errors:
            self._mended.add(executor.subentry_id)
            executor = self._refusing(entry)
            if executor is None:
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=_ASKED,
            errors=errors,
            description_placeholders={"heater": entry.title, "executor": executor.title},
        )

    def _refusing(self, entry: ConfigEntry[Any]) -> ConfigSubentry | None:
        """Return an executor that refused its secret and was not given another one here."""
        if entry.state is not ConfigEntryState.LOADED:
            return None
        coordinator: HeaterCoordinator = entry.runtime_data
        standings = coordinator.ai.executors if coordinator.ai is not None else {}
        for executor_id, executor in entry.subentries.items():
            standing = standings.get(executor_id)
            refuses = standing is not None and standing.problem == ExecutorAuthError.key
            if refuses and executor_id not in self._mended and _kind(executor) in SECRET_OF:
                return executor
        return None

    async def _errors(self, entry: ConfigEntry[Any], executor: ConfigSubentry, told: dict[str, Any]) -> dict[str, str]:
        """Return what is wrong with a secret; keep it where nothing is."""
        kind = _kind(executor)
        data = {**executor.data, SECRET_OF[kind]: told[CONF_SECRET]}
        errors = await errors_of(self.hass, kind, data)
        if not errors:
            self.hass.config_entries.async_update_subentry(entry, executor, data=data)
        return {CONF_SECRET if field == SECRET_OF[kind] else field: error for field, error in errors.items()}


def _kind(executor: ConfigSubentry) -> ExecutorKind:
    return ExecutorKind(executor.data[CONF_EXECUTOR_KIND])
