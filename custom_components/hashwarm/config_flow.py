"""Adds a heater, changes what it is connected to, and holds the options of heaters and of the home."""

import time
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_SYSTEM,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import callback
from homeassistant.helpers import instance_id
from homeassistant.util.ssl import get_default_context

from .const import (
    AGENT,
    CONF_BACKUP_POOL,
    CONF_KIND,
    CONF_POOL,
    CONF_POOL_USER,
    CONF_POOLS,
    CONF_ROOM_SENSOR,
    CONF_SECOND_ROOM_SENSOR,
    DOMAIN,
    HOME_UNIQUE_ID,
    KIND_HOME,
    KIND_LOCAL_WORKER,
    LOGGER,
)
from .engine.heater import BenchmarkResult, quick_benchmark
from .engine.model.errors import InvalidValueError, PoolError, WorkerBusyError, WorkerError
from .engine.model.pool import PoolAddress, PoolConfig
from .engine.stratum import PoolFacts, try_pool
from .flow_schemas import POOL, PRICE, ROOM
from .helpers import has_home, pool_from_dict
from .options_flow import HeaterOptionsFlow, HomeOptionsFlow, price_errors


class HashwarmConfigFlow(ConfigFlow, domain=DOMAIN):
    """Walks a person from the room sensor to the pool to the price."""

    VERSION = 1

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self._speed: BenchmarkResult | None = None
        self._facts: PoolFacts | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        return HomeOptionsFlow() if config_entry.data[CONF_KIND] == KIND_HOME else HeaterOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what heats."""
        return self.async_show_menu(step_id="user", menu_options=["this_machine"])

    async def async_step_system(self, options: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Make the home entry, on behalf of the first heater."""
        await self.async_set_unique_id(HOME_UNIQUE_ID)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title="Home", data={CONF_KIND: KIND_HOME}, options=options or {})

    async def async_step_this_machine(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Pick the room, and see that this machine can hash."""
        await self.async_set_unique_id(await instance_id.async_get(self.hass))
        self._abort_if_unique_id_configured()
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = _room_errors(user_input)
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
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := _room_errors(user_input)):
            self._data = {CONF_KIND: entry.data[CONF_KIND], **user_input}
            return await self.async_step_pool()
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(ROOM, user_input or entry.data),
            errors=errors,
        )

    async def async_step_pool(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Name a pool and a spare one, or none: the heater then heats and earns nothing."""
        errors: dict[str, str] = {}
        if user_input is not None:
            pools, errors = _pools(user_input)
            if not errors:
                errors = await self._try_pools(pools)
            if not errors:
                self._data[CONF_POOLS] = [_as_dict(pool) for pool in pools]
                return await self._after_pool()
        return self.async_show_form(
            step_id="pool",
            data_schema=self.add_suggested_values_to_schema(POOL, user_input or self._known_pools()),
            errors=errors,
            description_placeholders=self._speed_words(),
        )

    async def _after_pool(self) -> ConfigFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(self._get_reconfigure_entry(), data=self._data)
        if has_home(self.hass):
            return self._create_heater()
        return await self.async_step_price()

    async def async_step_price(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what electricity costs; asked once, with the first heater."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := price_errors(self.hass, user_input)):
            await self.hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_SYSTEM}, data=user_input)
            return self._create_heater()
        return self.async_show_form(
            step_id="price",
            data_schema=self.add_suggested_values_to_schema(PRICE, user_input),
            errors=errors,
            description_placeholders={"currency": self.hass.config.currency, **self._pool_words()},
        )

    def _create_heater(self) -> ConfigFlowResult:
        return self.async_create_entry(title="Hashwarm heater", data=self._data)

    async def _try_pools(self, pools: list[PoolConfig]) -> dict[str, str]:
        """Shake hands with each; a spare pool that fails is an error of its own field."""
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

    def _known_pools(self) -> dict[str, Any]:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        pools = [pool_from_dict(stored) for stored in self._get_reconfigure_entry().data.get(CONF_POOLS, [])]
        if not pools:
            return {}
        known: dict[str, Any] = {CONF_POOL: _address(pools[0]), CONF_POOL_USER: pools[0].user}
        known[CONF_PASSWORD] = pools[0].password
        if len(pools) > 1:
            known[CONF_BACKUP_POOL] = _address(pools[1])
        return known

    def _speed_words(self) -> dict[str, str]:
        if self._speed is None:
            return {"hash_rate": "?", "kernel": "?"}
        return {"hash_rate": f"{self._speed.hash_rate_hs / 1e6:.1f} MH/s", "kernel": self._speed.kernel}

    def _pool_words(self) -> dict[str, str]:
        if self._facts is None or self._facts.share_interval_s is None:
            return {"share_interval": "?"}
        return {"share_interval": f"{max(self._facts.share_interval_s, 1.0):,.0f} s"}


def _room_errors(user_input: dict[str, Any]) -> dict[str, str]:
    if user_input[CONF_ROOM_SENSOR] == user_input.get(CONF_SECOND_ROOM_SENSOR):
        return {CONF_SECOND_ROOM_SENSOR: "same_sensor"}
    return {}


def _pools(user_input: dict[str, Any]) -> tuple[list[PoolConfig], dict[str, str]]:
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
        user, password = user_input.get(CONF_POOL_USER, "").strip(), user_input.get(CONF_PASSWORD) or "x"
        if not user:
            return [], {CONF_POOL_USER: "pool_user_missing"}
        pools.append(PoolConfig(host=address.host, port=address.port, tls=address.tls, user=user, password=password))
    if user_input.get(CONF_BACKUP_POOL, "").strip() and not user_input.get(CONF_POOL, "").strip():
        return [], {CONF_POOL: "pool_address"}
    return pools, {}


def _address(pool: PoolConfig) -> str:
    return str(PoolAddress(host=pool.host, port=pool.port, tls=pool.tls))


def _as_dict(pool: PoolConfig) -> dict[str, Any]:
    return {"host": pool.host, "port": pool.port, "tls": pool.tls, "user": pool.user, CONF_PASSWORD: pool.password}
