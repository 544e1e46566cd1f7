"""The forms of a pool account; which of them is shown depends on what the pool has to be given."""

from homeassistant.const import CONF_ADDRESS, CONF_NAME, CONF_USERNAME, PERCENTAGE
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .const import (
    CONF_FEE,
    CONF_HEATERS,
    CONF_OTHERS_FEED,
    CONF_POOL_KIND,
    CONF_POOL_URL,
    CONF_SCHEME,
    CONF_SECRET,
    DOMAIN,
)
from .engine.home import Scheme
from .engine.money import POOLS
from .flow_schemas import ServerSelector, number

_PLAIN = TextSelector(TextSelectorConfig(autocomplete="off"))
_SECRET = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
_THERMOSTATS = EntitySelector(EntitySelectorConfig(integration=DOMAIN, domain="climate", multiple=True))
_POOLS = SelectSelector(
    SelectSelectorConfig(
        options=[SelectOptionDict(value=kind.value, label=info.label) for kind, info in POOLS.items()],
        mode=SelectSelectorMode.LIST,
    )
)
_SCHEMES = SelectSelector(
    SelectSelectorConfig(
        options=[scheme.value for scheme in Scheme if scheme is not Scheme.NONE],
        translation_key="scheme",
        mode=SelectSelectorMode.DROPDOWN,
    )
)
_HOW_IT_PAYS = {
    vol.Required(CONF_HEATERS): _THERMOSTATS,
    vol.Required(CONF_SCHEME): _SCHEMES,
    vol.Required(CONF_FEE): number(0, 100, 0.01, PERCENTAGE),
    vol.Required(CONF_OTHERS_FEED): BooleanSelector(),
    vol.Optional(CONF_POOL_URL): ServerSelector(TextSelectorConfig(type=TextSelectorType.URL)),
}

ACCOUNT = vol.Schema({vol.Required(CONF_POOL_KIND): _POOLS})
ACCOUNT_ADDRESS = vol.Schema(
    {vol.Required(CONF_NAME): _PLAIN, vol.Required(CONF_ADDRESS): _PLAIN, **_HOW_IT_PAYS},
)
ACCOUNT_TOKEN = vol.Schema({vol.Required(CONF_NAME): _PLAIN, vol.Optional(CONF_SECRET): _SECRET, **_HOW_IT_PAYS})
ACCOUNT_USER = vol.Schema(
    {
        vol.Required(CONF_NAME): _PLAIN,
        vol.Required(CONF_USERNAME): _PLAIN,
        vol.Optional(CONF_SECRET): _SECRET,
        **_HOW_IT_PAYS,
    }
)
