"""Adds a heater, changes what it is connected to, and holds the options of heaters and of the home."""

import time
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import callback
from homeassistant.helpers import instance_id
from homeassistant.util.ssl import get_default_context

from .account_flow import AccountFlow
from .ai_const import SUBENTRY_EXECUTOR, SUBENTRY_TEMPLATE
from .circuit_flow import CircuitFlow
from .const import (
    AGENT,
    CONF_BACKUP_POOL,
    CONF_KIND,
    CONF_POOL,
    CONF_POOL_USER,
    CONF_POOLS,
    DOMAIN,
    HOME_UNIQUE_ID,
    KIND_ENTITIES,
    KIND_HOME,
    KIND_LOCAL_WORKER,
    KIND_NETWORKED_MINER,
    LOGGER,
    SUBENTRIES,
    SUBENTRY_ACCOUNT,
    SUBENTRY_CIRCUIT,
)
from .engine.heater import BenchmarkResult, quick_benchmark
from .engine.model.errors import InvalidValueError, PoolError, WorkerBusyError, WorkerError
from .engine.model.pool import PoolAddress, PoolConfig
from .engine.stratum import PoolFacts, try_pool
from .entity_flow import EntitySteps
from .executor_flow import ExecutorFlow
from .flow_base import room_errors
from .flow_schemas import POOL, PRICE, ROOM
from .helpers import has_home, pool_from_dict
from .home_options_flow import HomeOptionsFlow, price_errors
from .miner_flow import MinerSteps
from .options_flow import HeaterOptionsFlow
from .template_flow import TemplateFlow


class HashwarmConfigFlow(MinerSteps, EntitySteps, domain=DOMAIN):
    """Walks a person from what heats to the room, to the pool and to the price."""

    VERSION = 1

    def __init__(self) -> None:
        super().__init__()
        self._speed: BenchmarkResult | None = None
        self._facts: PoolFacts | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        return HomeOptionsFlow() if config_entry.data[CONF_KIND] == KIND_HOME else HeaterOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        if config_entry.data[CONF_KIND] != KIND_HOME:
            return {SUBENTRY_EXECUTOR: ExecutorFlow, SUBENTRY_TEMPLATE: TemplateFlow}
        return {SUBENTRY_ACCOUNT: AccountFlow, SUBENTRY_CIRCUIT: CircuitFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what heats."""
        return self.async_show_menu(step_id="user", menu_options=["this_machine", "networked_miner", "entities"])

    async def async_step_system(self, options: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Make the home entry, on behalf of the first heater."""
        await self.async_set_unique_id(HOME_UNIQUE_ID)
        self._abort_if_unique_id_configured()
        kept = dict(options or {})
        subentries = kept.pop(SUBENTRIES, ())
        return self.async_create_entry(title="Home", data={CONF_KIND: KIND_HOME}, options=kept, subentries=subentries)

    async def async_step_this_machine(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Pick the room, and see that this machine can hash."""
        await self.async_set_unique_id(await instance_id.async_get(self.hass))
        self._abort_if_unique_id_configured()
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = room_errors(self.hass, user_input)
            if not errors:
                errors = await self._try_hashing()
            if not errors:
                self._data = {CONF_KIND: KIND_LOCAL_WORKER, **user_input}
                return await self.async_step_pool()
        return self.async_show_form(
            step_id="this_machine",
            data_schema=self.add_suggested_values_to_schema(ROOM, user_input),
            errors=errors,
        )

    async def _try_hashing(self) -> dict[str, str]:
        try:
            self._speed = await quick_benchmark()
        except WorkerBusyError:
            return {"base": WorkerBusyError.key}
        except WorkerError as error:
            LOGGER.error("The hashing worker failed its trial: %s", error)
            return {"base": WorkerError.key}
        return {}

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the sensors, then the pool; history stays."""
        entry = self._get_reconfigure_entry()
        if entry.data[CONF_KIND] == KIND_HOME:
            return self.async_abort(reason="home_has_options")
        if entry.data[CONF_KIND] == KIND_NETWORKED_MINER:
            return await self.async_step_reconfigure_miner(user_input)
        if entry.data[CONF_KIND] == KIND_ENTITIES:
            return await self.async_step_reconfigure_entities(user_input)
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := room_errors(self.hass, user_input)):
            self._data = {CONF_KIND: entry.data[CONF_KIND], **user_input}
            return await self.async_step_reconfigure_pool()
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(ROOM, user_input or entry.data),
            errors=errors,
        )

    async def async_step_pool(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Name a pool and a spare one, or none: the heater then heats and earns nothing."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := await self._take_pools(user_input, [])):
            if has_home(self.hass):
                return self._create_heater()
            paid = self._share_interval_s is not None
            return await (self.async_step_price() if paid else self.async_step_price_alone())
        assert self._speed is not None
        return self.async_show_form(
            step_id="pool",
            data_schema=self.add_suggested_values_to_schema(POOL, user_input),
            errors=errors,
            description_placeholders={
                "hash_rate": f"{self._speed.hash_rate_hs / 1e6:.1f} MH/s",
                "kernel": self._speed.kernel,
            },
        )

    async def async_step_reconfigure_pool(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the pools; a password left empty stays with the pool it was given for."""
        entry = self._get_reconfigure_entry()
        known = [pool_from_dict(stored) for stored in entry.data.get(CONF_POOLS, [])]
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := await self._take_pools(user_input, known)):
            return self.async_update_reload_and_abort(entry, data=self._data)
        return self.async_show_form(
            step_id="reconfigure_pool",
            data_schema=self.add_suggested_values_to_schema(POOL, user_input or _as_input(known)),
            errors=errors,
        )

    async def _take_pools(self, user_input: dict[str, Any], known: list[PoolConfig]) -> dict[str, str]:
        """Try the pools that a form names and keep them; returns what is wrong with them."""
        pools, errors = _pools(user_input, known)
        errors = errors or await self._try_pools(pools)
        if not errors:
            self._data[CONF_POOLS] = [_as_dict(pool) for pool in pools]
        return errors

    async def async_step_price(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what electricity costs; asked once, with the first heater."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := price_errors(self.hass, user_input)):
            return await self._create_home_and_heater(user_input)
        return self.async_show_form(
            step_id="price",
            data_schema=self.add_suggested_values_to_schema(PRICE, user_input),
            errors=errors,
            description_placeholders={
                "currency": self.hass.config.currency,
                "share_interval": f"{max(self._share_interval_s or 0.0, 1.0):,.0f} s",
            },
        )

    async def _try_pools(self, pools: list[PoolConfig]) -> dict[str, str]:
        """Shake hands with each; a spare pool that fails is an error of its own field."""
        self._facts = None
        for pool, field in zip(pools, (CONF_POOL, CONF_BACKUP_POOL), strict=False):
            try:
                facts = await try_pool(
                    pool,
                    agent=AGENT,
                    clock=time.monotonic,
                    hash_rate_hs=self._speed.hash_rate_hs if self._speed else None,
                    ssl_context=get_default_context,
                )
            except PoolError as error:
                LOGGER.debug("The trial of %s failed: %s", pool.name, error)
                return {field: error.key}
            self._facts = self._facts or facts
        return {}

    @property
    def _share_interval_s(self) -> float | None:
        return self._facts.share_interval_s if self._facts is not None else None


def _pools(user_input: dict[str, Any], known: list[PoolConfig]) -> tuple[list[PoolConfig], dict[str, str]]:
    """Return the pools that a form names, and what is wrong with it."""
    pools: list[PoolConfig] = []
    for field in (CONF_POOL, CONF_BACKUP_POOL):
        text = user_input.get(field, "").strip()
        if not text:
            continue
        try:
            address = PoolAddress.parse(text)
        except InvalidValueError:
            return [], {field: "pool_address"}
        user = user_input.get(CONF_POOL_USER, "").strip()
        if not user:
            return [], {CONF_POOL_USER: "pool_user_missing"}
        password = user_input.get(CONF_PASSWORD) or _known_password(address, known)
        pools.append(PoolConfig(host=address.host, port=address.port, tls=address.tls, user=user, password=password))
    if user_input.get(CONF_BACKUP_POOL, "").strip() and not user_input.get(CONF_POOL, "").strip():
        return [], {CONF_POOL: "pool_address"}
    return pools, {}


def _known_password(address: PoolAddress, known: list[PoolConfig]) -> str:
    """Return the password that this host was given before; no other host gets to see it."""
    return next((pool.password for pool in known if pool.host == address.host), "x")


def _as_input(pools: list[PoolConfig]) -> dict[str, Any]:
    """Return what the form shows of known pools; a password never goes back to the browser."""
    shown = dict(zip((CONF_POOL, CONF_BACKUP_POOL), map(_address, pools), strict=False))
    return {**shown, CONF_POOL_USER: pools[0].user} if pools else {}


def _address(pool: PoolConfig) -> str:
    return str(PoolAddress(host=pool.host, port=pool.port, tls=pool.tls))


def _as_dict(pool: PoolConfig) -> dict[str, Any]:
    return {"host": pool.host, "port": pool.port, "tls": pool.tls, "user": pool.user, CONF_PASSWORD: pool.password}
