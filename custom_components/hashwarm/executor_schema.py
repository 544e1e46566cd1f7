"""The forms of an AI executor; which of them is shown depends on what it is."""

from typing import Any

from homeassistant.const import (
    CONF_API_KEY,
    CONF_HOST,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_TOKEN,
    CONF_URL,
    UnitOfInformation,
    UnitOfPower,
)
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .ai_const import (
    CONF_AS_NOBODY,
    CONF_BUSY_SENSOR,
    CONF_CHECKPOINT_ROOT,
    CONF_EXECUTOR_KIND,
    CONF_EXPECTED_POWER,
    CONF_GPU_INDEX,
    CONF_HEATS_ROOM,
    CONF_MACHINE_ID,
    CONF_MEMORY_LIMIT,
    CONF_METERED_TOGETHER,
    CONF_POWER_CONTROL,
    CONF_POWER_SENSOR,
    CONF_RAW_COMMANDS,
    CONF_REVENUE_SENSOR,
    CONF_SAME_CHIP,
    CONF_SLOTS,
    ExecutorKind,
    PowerControl,
)
from .flow_schemas import number

_PLAIN = TextSelector(TextSelectorConfig(autocomplete="off"))
_URL = TextSelector(TextSelectorConfig(type=TextSelectorType.URL, autocomplete="off"))
_SECRET = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
_WATTS = number(1, 20_000, 1, str(UnitOfPower.WATT))
_SLOTS = number(1, 64, 1)
_POWER = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="power"))
_MONEY = EntitySelector(EntitySelectorConfig(domain="sensor", device_class="monetary"))
_BUSY = EntitySelector(EntitySelectorConfig(domain=["binary_sensor", "switch", "input_boolean"]))
_CONTROL = SelectSelector(
    SelectSelectorConfig(options=[way.value for way in PowerControl], translation_key=CONF_POWER_CONTROL)
)

EXECUTOR = vol.Schema(
    {
        vol.Required(CONF_EXECUTOR_KIND): SelectSelector(
            SelectSelectorConfig(
                options=[kind.value for kind in ExecutorKind],
                translation_key="executor_kind",
                mode=SelectSelectorMode.LIST,
            )
        )
    }
)

_HEAT = {
    vol.Required(CONF_HEATS_ROOM): BooleanSelector(),
    vol.Required(CONF_EXPECTED_POWER): _WATTS,
    vol.Optional(CONF_POWER_SENSOR): _POWER,
    vol.Required(CONF_SAME_CHIP): BooleanSelector(),
    vol.Required(CONF_METERED_TOGETHER): BooleanSelector(),
}


def _of(fields: dict[Any, Any]) -> vol.Schema:
    return vol.Schema({vol.Required(CONF_NAME): _PLAIN, **fields, **_HEAT})


LOCAL = _of(
    {
        vol.Required(CONF_SLOTS): _SLOTS,
        vol.Required(CONF_POWER_CONTROL): _CONTROL,
        vol.Optional(CONF_GPU_INDEX): number(0, 63, 1),
        vol.Optional(CONF_MEMORY_LIMIT): number(64, 10_000_000, 1, str(UnitOfInformation.MEGABYTES)),
        vol.Required(CONF_RAW_COMMANDS): BooleanSelector(),
        vol.Required(CONF_AS_NOBODY): BooleanSelector(),
    }
)
RAY = _of(
    {
        vol.Required(CONF_URL): _URL,
        vol.Optional(CONF_TOKEN): _SECRET,
        vol.Required(CONF_SLOTS): _SLOTS,
        vol.Required(CONF_CHECKPOINT_ROOT): _PLAIN,
        vol.Required(CONF_RAW_COMMANDS): BooleanSelector(),
    }
)
BOINC = _of(
    {
        vol.Required(CONF_HOST): _PLAIN,
        vol.Required(CONF_PORT): number(1, 65_535, 1),
        vol.Optional(CONF_PASSWORD): _SECRET,
    }
)
FOLDING = _of({vol.Required(CONF_URL): _URL})
VAST = _of({vol.Required(CONF_MACHINE_ID): number(1, 1e12, 1), vol.Optional(CONF_API_KEY): _SECRET})
SERVER = _of({vol.Required(CONF_URL): _URL, vol.Optional(CONF_TOKEN): _SECRET})
SENSOR = _of({vol.Required(CONF_REVENUE_SENSOR): _MONEY, vol.Optional(CONF_BUSY_SENSOR): _BUSY})
