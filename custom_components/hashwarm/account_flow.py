"""Adds a pool account to the home and changes it; the pool is asked once before anything is kept."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentry, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_ADDRESS, CONF_NAME, CONF_USERNAME
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util.dt import utcnow

from .account_schema import ACCOUNT, ACCOUNT_ADDRESS, ACCOUNT_TOKEN, ACCOUNT_USER
from .accounts import accounts_of, credentials_of
from .circuit_flow import thermostat
from .const import (
    CONF_FEE,
    CONF_HEATERS,
    CONF_OTHERS_FEED,
    CONF_POOL_KIND,
    CONF_POOL_URL,
    CONF_SCHEME,
    CONF_SECRET,
    LOGGER,
)
from .doubles import is_own
from .engine.home import Scheme
from .engine.model.errors import (
    AccountRefusedError,
    AccountUnknownError,
    AddressChecksumError,
    AddressError,
    AddressLightningError,
    AddressNetworkError,
    SourceError,
)
from .engine.money import POOLS, Need, PoolInfo, PoolKind, Tells, build_reader, parse_address

_PPM_PER_PERCENT = 10_000
_SECRETS = (CONF_ADDRESS, CONF_USERNAME, CONF_SECRET)


class AccountFlow(ConfigSubentryFlow):
    """Asks for the pool, for what it has to be given, and for the heaters that work for it."""

    def __init__(self) -> None:
        super().__init__()
        self._kind: PoolKind | None = None

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the pool."""
        if user_input is not None:
            self._kind = PoolKind(user_input[CONF_POOL_KIND])
            return await self._show()
        return self.async_show_form(step_id="user", data_schema=ACCOUNT)

    async def async_step_reconfigure(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change an account; the pool stays."""
        self._kind = PoolKind(self._get_reconfigure_subentry().data[CONF_POOL_KIND])
        return await self._show()

    async def _show(self) -> SubentryFlowResult:
        need = self._info.needs
        if need is Need.ADDRESS:
            return await self.async_step_address()
        return await (self.async_step_token() if need is Need.TOKEN else self.async_step_account())

    async def async_step_address(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the address that is paid."""
        errors = await self._errors(user_input) if user_input is not None else {}
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="address",
            data_schema=self.add_suggested_values_to_schema(ACCOUNT_ADDRESS, user_input or self._shown),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_token(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a key that may read the account."""
        errors = await self._errors(user_input) if user_input is not None else {}
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="token",
            data_schema=self.add_suggested_values_to_schema(ACCOUNT_TOKEN, self._without_secret(user_input)),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_account(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a user and a key that may read the account."""
        errors = await self._errors(user_input) if user_input is not None else {}
        if user_input is not None and not errors:
            return self._keep(user_input)
        return self.async_show_form(
            step_id="account",
            data_schema=self.add_suggested_values_to_schema(ACCOUNT_USER, self._without_secret(user_input)),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    @property
    def _info(self) -> PoolInfo:
        assert self._kind is not None
        return POOLS[self._kind]

    @property
    def _placeholders(self) -> dict[str, str]:
        return {"pool": self._info.label}

    @property
    def _changed(self) -> ConfigSubentry | None:
        return self._get_reconfigure_subentry() if self.source == SOURCE_RECONFIGURE else None

    def _without_secret(self, user_input: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what the form shows; a key never goes back to the browser."""
        return {name: value for name, value in (user_input or self._shown).items() if name != CONF_SECRET}

    @property
    def _shown(self) -> dict[str, Any]:
        if (account := self._changed) is not None:
            heaters = [thermostat(self.hass, heater_id) for heater_id in account.data[CONF_HEATERS]]
            return {**account.data, CONF_NAME: account.title, CONF_HEATERS: [known for known in heaters if known]}
        info = self._info
        fee = {} if info.fee_ppm is None else {CONF_FEE: info.fee_ppm / _PPM_PER_PERCENT}
        scheme = {} if info.scheme is None else {CONF_SCHEME: info.scheme.value}
        return {CONF_NAME: info.label, CONF_OTHERS_FEED: False, **fee, **scheme}

    async def _errors(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Return what is wrong with an answer; the pool itself is asked last."""
        data = self._data(user_input)
        return (
            self._name_errors(user_input)
            or self._heater_errors(user_input, data)
            or self._credential_errors(data)
            or await self._asked(data)
        )

    @property
    def _others(self) -> list[ConfigSubentry]:
        return [account for account in accounts_of(self._get_entry()) if account is not self._changed]

    def _name_errors(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        if user_input[CONF_NAME].strip() in {"", *(account.title for account in self._others)}:
            return {CONF_NAME: "account_name"}
        return {}

    def _heater_errors(self, user_input: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, str]:
        if not user_input[CONF_HEATERS]:
            return {CONF_HEATERS: "no_heaters"}
        if not all(is_own(self.hass, entity_id) for entity_id in user_input[CONF_HEATERS]):
            return {CONF_HEATERS: "foreign_heater"}
        if any(set(data[CONF_HEATERS]) & set(account.data[CONF_HEATERS]) for account in self._others):
            # Whatever it earned would be booked twice.
            return {CONF_HEATERS: "heater_feeds_other"}
        return {}

    def _credential_errors(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with an address or key, before anybody is asked."""
        errors = _address_errors(data[CONF_ADDRESS]) if self._info.needs is Need.ADDRESS else _secret_errors(data)
        if not errors and self._known_already(data):
            return {"base": "account_twice"}
        if not errors and data[CONF_OTHERS_FEED] and Tells.HASH_RATE not in self._info.tells:
            return {CONF_OTHERS_FEED: "others_unknown"}
        return errors

    def _known_already(self, data: Mapping[str, Any]) -> bool:
        """Return whether another account is of the same address, at whatever pool, or of the same user and key."""
        if CONF_ADDRESS in data:
            return any(account.data.get(CONF_ADDRESS) == data[CONF_ADDRESS] for account in self._others)
        mine = (data[CONF_POOL_KIND], *(data.get(name) for name in _SECRETS))
        return any(
            mine == (account.data[CONF_POOL_KIND], *(account.data.get(name) for name in _SECRETS))
            for account in self._others
        )

    async def _asked(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Ask the pool; an account that it does not know yet gets its first share later."""
        assert self._kind is not None
        reader = build_reader(
            self._kind,
            async_get_clientsession(self.hass),
            credentials_of(data),
            now=utcnow,
            base_url=data.get(CONF_POOL_URL),
        )
        try:
            await reader.read(utcnow() - timedelta(days=1))
        except AccountUnknownError:
            return {}
        except AccountRefusedError:
            return {"base": AccountRefusedError.key}
        except SourceError as failure:
            LOGGER.debug("The trial of a pool account failed: %s", failure)
            return {"base": SourceError.key}
        return {}

    def _data(self, user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept: heaters by their own ids, and the key that is known where none is given."""
        registry = er.async_get(self.hass)
        entries = [registry.async_get(entity_id) for entity_id in user_input[CONF_HEATERS]]
        data = {name: value for name, value in user_input.items() if name != CONF_NAME}
        data[CONF_HEATERS] = [entry.unique_id for entry in entries if entry is not None]
        data[CONF_POOL_KIND] = self._kind
        if CONF_ADDRESS in data:
            data[CONF_ADDRESS] = _in_one_form(data[CONF_ADDRESS])
        changed = self._changed
        if changed is not None and not data.get(CONF_SECRET) and CONF_SECRET in changed.data:
            data[CONF_SECRET] = changed.data[CONF_SECRET]
        if Scheme(data[CONF_SCHEME]) is Scheme.SOLO:
            # Whoever finds a block alone has found it for this address alone.
            data[CONF_OTHERS_FEED] = False
        return data

    def _keep(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        data, title = self._data(user_input), user_input[CONF_NAME].strip()
        if (changed := self._changed) is not None:
            return self.async_update_and_abort(self._get_entry(), changed, title=title, data=data)
        return self.async_create_entry(title=title, data=data)


def _in_one_form(text: str) -> str:
    """Return an address as servers write it, so that none is added twice; what is none stays as it was typed."""
    try:
        return parse_address(text).text
    except AddressError:
        return text.strip()


def _secret_errors(data: Mapping[str, Any]) -> dict[str, str]:
    if not data.get(CONF_SECRET):
        return {CONF_SECRET: "secret_missing"}
    return {}


def _address_errors(text: str) -> dict[str, str]:
    """Return what is wrong with an address."""
    try:
        parse_address(text)
    except AddressChecksumError:
        return {CONF_ADDRESS: AddressChecksumError.key}
    except AddressNetworkError:
        return {CONF_ADDRESS: AddressNetworkError.key}
    except AddressLightningError:
        return {CONF_ADDRESS: AddressLightningError.key}
    except AddressError:
        return {CONF_ADDRESS: AddressError.key}
    return {}
